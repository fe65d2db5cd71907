//! The chatbot's key: lets the bot do what otherwise only staff may (contract 02 §8.3, 03 §8 D2, 04 §8 D6 and D9).

use axum::extract::FromRequestParts;
use casa_domain::staff::StaffUser;
use http::{StatusCode, request::Parts};
use subtle::ConstantTimeEq;

use crate::{ApiError, AppState, Staff, settings::Secret};

/// The header in which the bot sends its key. Browsers are not told that they may send it (CORS): a page that held the
/// key would give it to everybody.
const HEADER: &str = "x-bot-key";

/// Demands the bot's key or the access token of an active member of staff.
#[derive(Clone, Debug)]
pub enum StaffOrBot {
    /// A member of staff.
    Staff(Box<StaffUser>),
    /// The chatbot.
    Bot,
}

impl FromRequestParts<AppState> for StaffOrBot {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if opens(parts, state.settings.bot_key.as_ref()) {
            return Ok(Self::Bot);
        }
        // A wrong key is answered as no key: it may belong to somebody who also sent a token.
        Staff::from_request_parts(parts, state).await.map(|Staff(user)| Self::Staff(Box::new(user)))
    }
}

/// The member of staff or the bot who asks, on endpoints that are public but do more for them. Every other token or key,
/// or none, counts as nobody (decision 3).
#[derive(Clone, Debug)]
pub struct MaybeStaffOrBot(pub Option<StaffOrBot>);

impl FromRequestParts<AppState> for MaybeStaffOrBot {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        match StaffOrBot::from_request_parts(parts, state).await {
            Ok(known) => Ok(Self(Some(known))),
            Err(refusal) if refusal.status() == StatusCode::UNAUTHORIZED => Ok(Self(None)),
            Err(failure) => Err(failure),
        }
    }
}

/// Whether the request carries the key. Where none is set, none fits.
fn opens(parts: &Parts, key: Option<&Secret>) -> bool {
    let (Some(key), Some(sent)) = (key, parts.headers.get(HEADER)) else { return false };
    // How long the comparison takes tells nothing but the length.
    key.0.as_bytes().ct_eq(sent.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(sent: Option<&str>) -> Parts {
        let mut request = http::Request::builder();
        if let Some(sent) = sent {
            request = request.header("X-Bot-Key", sent);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_the_whole_key_opens() {
        let key = Secret("una-llave-bien-larga".to_owned());
        assert!(opens(&asked(Some("una-llave-bien-larga")), Some(&key)));
        for sent in [None, Some(""), Some("una-llave-bien-larg"), Some("una-llave-bien-larga-"), Some("otra")]
        {
            assert!(!opens(&asked(sent), Some(&key)), "{sent:?}");
        }
    }

    #[test]
    fn without_a_key_nothing_opens() {
        for sent in [None, Some(""), Some("una-llave-bien-larga")] {
            assert!(!opens(&asked(sent), None), "{sent:?}");
        }
    }
}
