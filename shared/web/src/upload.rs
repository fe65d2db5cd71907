//! Uploaded files: what they really are, told from their first bytes, and names that are safe to store.

use bytes::Bytes;

/// A file that came with a form.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its name as sent.
    pub file_name: String,
    /// Its media type as sent; not to be trusted.
    pub content_type: String,
    /// Its content.
    pub bytes: Bytes,
}

/// Kinds of files we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// JPEG image.
    Jpeg,
    /// PNG image.
    Png,
    /// WebP image.
    Webp,
    /// GIF image.
    Gif,
    /// HEIC image, as phones take.
    Heic,
    /// PDF document.
    Pdf,
}

impl FileKind {
    /// The kind that the first bytes say; `None` for anything else.
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        let heic = |brand: &[u8]| matches!(brand, b"heic" | b"heix" | b"mif1" | b"msf1" | b"hevc");
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if brand.len() >= 4 && heic(&brand[..4]) => {
                Some(Self::Heic)
            }
            _ => None,
        }
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Heic => "image/heic",
            Self::Pdf => "application/pdf",
        }
    }

    /// The ending of its name, with the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => ".jpg",
            Self::Png => ".png",
            Self::Webp => ".webp",
            Self::Gif => ".gif",
            Self::Heic => ".heic",
            Self::Pdf => ".pdf",
        }
    }
}

impl Upload {
    /// The name without folder and ending, reduced to letters, digits, `-` and `_`; `archivo` when nothing is left.
    pub fn stem(&self) -> String {
        let name = self.file_name.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let slug: String = casa_domain::text::slugify(stem).chars().take(60).collect();
        if slug.is_empty() { "archivo".to_owned() } else { slug }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_come_from_the_content() {
        assert_eq!(FileKind::sniff(b"\x89PNG\r\n\x1a\n...."), Some(FileKind::Png));
        assert_eq!(FileKind::sniff(b"RIFF....WEBPVP8 "), Some(FileKind::Webp));
        assert_eq!(FileKind::sniff(b"\0\0\0\x18ftypheic...."), Some(FileKind::Heic));
        assert_eq!(FileKind::sniff(b"%PDF-1.7"), Some(FileKind::Pdf));
        for junk in [&b""[..], b"<svg", b"MZ", b"\0\0\0\x18ftyp"] {
            assert_eq!(FileKind::sniff(junk), None);
        }
    }

    #[test]
    fn names_are_safe() {
        let named = |name: &str| {
            Upload { file_name: name.into(), content_type: String::new(), bytes: Bytes::new() }.stem()
        };
        assert_eq!(named("../../etc/Mí voucher (1).png"), "mi-voucher-1");
        assert_eq!(named("C:\\x\\..."), "archivo");
    }
}
