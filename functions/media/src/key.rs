//! Which paths can be keys of the bucket.

/// Longest key a bucket takes, in bytes.
const LONGEST: usize = 1024;

/// Whether a path can name an object: no empty, `.` or `..` part, no backslash or control character, not too long.
pub(crate) fn is_sound(key: &str) -> bool {
    key.len() <= LONGEST
        && !key.contains('\\')
        && !key.chars().any(char::is_control)
        && key.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether the last part has an ending, as every stored image has: a bucket that is a folder on one machine has
/// folders under the other names.
pub(crate) fn names_a_file(key: &str) -> bool {
    key.rsplit('/').next().is_some_and(|name| name.trim_start_matches('.').contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tricks_are_refused() {
        for good in ["property_photos/x/casa_0.png", "rental_recipt/x/a b (1).PDF", "events/ñandú..webp"] {
            assert!(is_sound(good), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "a/../b",
            "..",
            "a//b",
            "a/",
            "a/./b",
            "a\\..\\b",
            "a\0.png",
            "a\n.png",
            &"x".repeat(1025),
        ] {
            assert!(!is_sound(bad), "{bad:?}");
        }
    }

    #[test]
    fn folders_are_no_files() {
        assert!(names_a_file("property_photos/x/casa_0.png"));
        for folder in
            ["property_photos/846e44e0-6590-4a1c-8b47-73a85a3a0ef0", "events/thumbnails", "events/.hidden"]
        {
            assert!(!names_a_file(folder), "{folder}");
        }
    }
}
