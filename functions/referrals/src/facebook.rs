//! What a guest's stored Facebook profile shows (contract 02 §1.1).

use casa_domain::Client;
use serde::Deserialize;

#[derive(Deserialize)]
struct Profile {
    picture: Option<Picture>,
}

#[derive(Deserialize)]
struct Picture {
    data: Option<PictureData>,
}

#[derive(Deserialize)]
struct PictureData {
    url: Option<String>,
}

/// Whether the account is linked and its profile is stored.
pub(crate) fn is_shown(client: &Client) -> bool {
    let stored = client.facebook_profile_data.as_ref().map(|text| text.0.trim());
    client.facebook_linked && stored.is_some_and(|text| !matches!(text, "" | "null" | "{}"))
}

/// The address of the picture; none of an account that is not linked.
pub(crate) fn picture(client: &Client) -> Option<String> {
    let text = client.facebook_profile_data.as_ref().filter(|_| client.facebook_linked)?;
    let profile: Profile = serde_json::from_str(&text.0).ok()?;
    profile.picture?.data?.url.filter(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_linked_accounts_show_anything() {
        let whole = r#"{"id":"fb1","picture":{"data":{"url":"https://pics.example/1.jpg","width":50}}}"#;
        let seen = |linked: bool, profile: Option<&str>| {
            let client: Client = serde_json::from_value(serde_json::json!({
                "id": uuid::Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
                "document_type": "dni", "number_doc": "1", "facebook_linked": linked,
                "facebook_profile_data": profile,
            }))
            .unwrap();
            (is_shown(&client), picture(&client))
        };
        assert_eq!(seen(true, Some(whole)), (true, Some("https://pics.example/1.jpg".to_owned())));
        assert_eq!(seen(false, Some(whole)), (false, None));
        assert_eq!(seen(true, None), (false, None));
        for profile in [r#"{"id":"fb1"}"#, r#"{"picture":7}"#, r#"{"picture":{"data":{"url":""}}}"#] {
            assert_eq!(seen(true, Some(profile)), (true, None), "{profile}");
        }
        assert_eq!(seen(true, Some("{}")), (false, None));
    }
}
