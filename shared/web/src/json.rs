//! Answers that borrow what they show: written where it still stands.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use serde::Serialize;

use crate::{ApiResult, error};

/// The body of an answer.
///
/// # Errors
/// 503 when it cannot be written.
pub fn render<T: Serialize>(value: &T) -> ApiResult<Bytes> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|problem| {
        tracing::error!(%problem, "an answer could not be written");
        error::unavailable()
    })
}

/// A body of JSON that is rendered already.
pub fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
