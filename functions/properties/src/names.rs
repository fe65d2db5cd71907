//! Names of photo files in the bucket (contract 04 §2, PropertyPhoto; §4.10).

use casa_domain::{House, text::slugify};

/// Most characters of a stored path.
const LONGEST: usize = 100;

/// Ending of a thumbnail's name.
const THUMBNAIL: &str = "_thumb.webp";

/// The key of a photo: `property_photos/<house id>/<slug(house name)>_<order>_<stem><ending>`, at most 100 characters.
/// `stem` must be a slug; `suffix` sets it apart from a key that is taken.
pub(crate) fn photo_key(house: &House, order: u32, stem: &str, ending: &str, suffix: Option<&str>) -> String {
    let name = format!("{}_{order}_{stem}", slugify(&house.name));
    key(house, &name, ending, suffix)
}

/// The key of the thumbnail of the photo stored under `photo`, in the same folder:
/// `<slug(house name)>_<order>_<slug(stored stem)>_thumb.webp`.
pub(crate) fn thumbnail_key(house: &House, order: u32, photo: &str, suffix: Option<&str>) -> String {
    let file = photo.rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let name = format!("{}_{order}_{}", slugify(&house.name), slugify(stem));
    key(house, &name, THUMBNAIL, suffix)
}

fn key(house: &House, name: &str, ending: &str, suffix: Option<&str>) -> String {
    let folder = format!("property_photos/{}/", house.id);
    let suffix = suffix.map(|suffix| format!("_{suffix}")).unwrap_or_default();
    let room = LONGEST.saturating_sub(folder.len() + suffix.len() + ending.len());
    // Slugs are ASCII, so characters and bytes are the same.
    let name: String = name.chars().take(room).collect();
    format!("{folder}{name}{suffix}{ending}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn house(name: &str) -> House {
        serde_json::from_value(json!({
            "id": "846e44e0-6590-4a1c-8b47-73a85a3a0ef0", "created": "2025-01-01T00:00:00Z", "name": name, "slug": "x",
        }))
        .unwrap()
    }

    #[test]
    fn keys_have_the_documented_form() {
        let house = house("Villa Lúcuma");
        let key = photo_key(&house, 7, "casa", ".png", None);
        assert_eq!(key, "property_photos/846e44e0-6590-4a1c-8b47-73a85a3a0ef0/villa-lucuma_7_casa.png");
        let again = photo_key(&house, 7, "casa", ".png", Some("a1b2c3d"));
        assert_eq!(
            again,
            "property_photos/846e44e0-6590-4a1c-8b47-73a85a3a0ef0/villa-lucuma_7_casa_a1b2c3d.png"
        );
        assert_eq!(
            thumbnail_key(&house, 7, &key, None),
            "property_photos/846e44e0-6590-4a1c-8b47-73a85a3a0ef0/villa-lucuma_7_villa-lucuma_7_casa_thumb.webp"
        );
    }

    #[test]
    fn keys_stay_within_a_hundred_characters() {
        let house = house(&"Casa larga ".repeat(13));
        let key = photo_key(&house, 4_000_000_000, &"x".repeat(60), ".webp", Some("a1b2c3d"));
        assert_eq!(key.len(), 100);
        assert!(key.ends_with("_a1b2c3d.webp"), "{key}");
        let thumbnail = thumbnail_key(&house, 4_000_000_000, &key, Some("e4f5a6b"));
        assert_eq!(thumbnail.len(), 100);
        assert!(thumbnail.ends_with("_e4f5a6b_thumb.webp"), "{thumbnail}");
    }
}
