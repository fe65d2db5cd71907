//! What the paths name. A text that is no id is nobody's id; a player's id is any text.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use casa_domain::{ReservationId, ids::ParticipantId};
use http::request::Parts;

/// The music server's id of a player; empty for what cannot be decoded, which no player is called.
pub(crate) struct PlayerPath(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PlayerPath {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(text)| text).unwrap_or_default()))
    }
}

/// The stay of a session.
pub(crate) struct StayPath(pub Option<ReservationId>);

impl<S: Send + Sync> FromRequestParts<S> for StayPath {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.ok().and_then(|Path(text)| text.parse().ok())))
    }
}

/// The stay of a session and the row of somebody who asked to join it.
pub(crate) struct RowPath(pub Option<ReservationId>, pub Option<ParticipantId>);

impl<S: Send + Sync> FromRequestParts<S> for RowPath {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let (stay, row) = path.map(|Path(texts)| texts).unwrap_or_default();
        Ok(Self(stay.parse().ok(), row.parse().ok()))
    }
}
