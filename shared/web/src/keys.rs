//! Keys of machines. The chatbot's lets it do what otherwise only staff may (contract 02 §8.3, 03 §8 D2, 04 §8 D6 and D9);
//! the home automation's, where one is set, keeps strangers from asking who is in a house (contract 05 §8, defect 1); that
//! of a clock elsewhere lets it switch players of music on (contract 07 §8, defect 4).

use axum::extract::FromRequestParts;
use casa_domain::staff::StaffUser;
use http::{StatusCode, request::Parts};
use subtle::ConstantTimeEq;

use crate::{ApiError, AppState, Staff, settings::Secret};

/// The header in which the bot sends its key. Browsers are not told that they may send it (CORS): a page that held the
/// key would give it to everybody.
const BOT_HEADER: &str = "x-bot-key";
/// The header in which the home automation sends its key; not for browsers either.
const HOME_HEADER: &str = "x-home-key";
/// The header in which a clock that switches players on sends its key; not for browsers either.
const MUSIC_HEADER: &str = "x-music-key";

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
        if opens(parts, BOT_HEADER, state.settings.bot_key.as_ref()) {
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

/// Demands the home automation's key or the access token of an active member of staff where a key is set. Where none is,
/// everybody may ask, as the original let everybody.
#[derive(Clone, Copy, Debug)]
pub struct HomeAutomation;

impl FromRequestParts<AppState> for HomeAutomation {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let key = state.settings.home_key.as_ref();
        if key.is_none() || opens(parts, HOME_HEADER, key) {
            return Ok(Self);
        }
        Staff::from_request_parts(parts, state).await.map(|_| Self)
    }
}

/// Demands the key of the clock that switches players on, or the access token of an active member of staff.
#[derive(Clone, Copy, Debug)]
pub struct MusicMachine;

impl FromRequestParts<AppState> for MusicMachine {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        if opens(parts, MUSIC_HEADER, state.settings.music_key.as_ref()) {
            return Ok(Self);
        }
        Staff::from_request_parts(parts, state).await.map(|_| Self)
    }
}

/// Whether the request carries the key in the header. Where none is set, none fits.
fn opens(parts: &Parts, header: &str, key: Option<&Secret>) -> bool {
    let (Some(key), Some(sent)) = (key, parts.headers.get(header)) else { return false };
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
        assert!(opens(&asked(Some("una-llave-bien-larga")), BOT_HEADER, Some(&key)));
        assert!(!opens(&asked(Some("una-llave-bien-larga")), HOME_HEADER, Some(&key)), "another header");
        for sent in [None, Some(""), Some("una-llave-bien-larg"), Some("una-llave-bien-larga-"), Some("otra")]
        {
            assert!(!opens(&asked(sent), BOT_HEADER, Some(&key)), "{sent:?}");
        }
    }

    #[test]
    fn without_a_key_nothing_opens() {
        for sent in [None, Some(""), Some("una-llave-bien-larga")] {
            assert!(!opens(&asked(sent), BOT_HEADER, None), "{sent:?}");
        }
    }
}
