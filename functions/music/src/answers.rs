//! What several of these endpoints answer and show.

use axum::Json;
use casa_domain::{
    Client,
    music::{Action, Outcome, Reply},
};
use casa_jobs::music;
use casa_web::{ApiResult, AppState};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::refusal;

/// It was done.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MusicDone {
    /// Always true.
    success: bool,
    /// In words.
    message: String,
}

/// `{success: true, message}`.
pub(crate) fn done(message: impl Into<String>) -> Json<MusicDone> {
    Json(MusicDone { success: true, message: message.into() })
}

/// Asks the music server and waits for what it says.
///
/// # Errors
/// 404, 409, 502, 503 or 504, see [`refusal::failed`].
pub(crate) async fn asked(state: &AppState, action: Action, player: Option<&str>) -> ApiResult<Reply> {
    match music::ask(state, action, player.map(str::to_owned)).await {
        Outcome::Done(reply) => Ok(reply),
        Outcome::Failed(why) => Err(refusal::failed(why)),
    }
}

/// Somebody's picture, where a Facebook account is linked and tells one (contract 07 §3.1).
pub(crate) fn picture(guest: &Client) -> Option<String> {
    let profile = guest.facebook_profile_data.as_ref().filter(|_| guest.facebook_linked)?;
    let profile: Value = serde_json::from_str(&profile.0).ok()?;
    let address = profile.pointer("/picture/data/url")?.as_str()?;
    (!address.is_empty()).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pictures_of_linked_accounts() {
        let guest = |linked: bool, profile: &str| -> Client {
            serde_json::from_value(json!({
                "id": uuid::Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
                "document_type": "dni", "number_doc": "11111111", "first_name": "Ana",
                "facebook_linked": linked, "facebook_profile_data": profile,
            }))
            .unwrap()
        };
        let profile = r#"{"picture":{"data":{"url":"https://img.example/a.jpg"}}}"#;
        assert_eq!(picture(&guest(true, profile)).as_deref(), Some("https://img.example/a.jpg"));
        assert_eq!(picture(&guest(false, profile)), None);
        for odd in ["", "no json", "[]", r#"{"picture":{"data":{"url":7}}}"#, r#"{"picture":null}"#] {
            assert_eq!(picture(&guest(true, odd)), None, "{odd}");
        }
    }
}
