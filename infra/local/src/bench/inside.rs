//! Requests to functions in this process.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use casa_web::AppState;
use serde_json::Value;
use tower::ServiceExt as _;

use super::data;
use crate::Failure;

/// The content type of JSON bodies.
pub(super) const JSON: &str = "application/json";

/// Asks with a token, and reads the JSON that comes back; null for a body that is none.
pub(super) async fn ask(
    router: &Router,
    method: Method,
    path: &str,
    token: &str,
    content_type: &str,
    body: Body,
) -> Result<Value, Failure> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, content_type)
        .body(body)
        .map_err(|error| Failure::new(error.to_string()))?;
    let answer = router.clone().oneshot(request).await.map_err(|error| Failure::new(error.to_string()))?;
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
        .await
        .map_err(|error| Failure::new(error.to_string()))?;
    if !status.is_success() {
        let said: String = String::from_utf8_lossy(&bytes).chars().take(300).collect();
        return Err(Failure::new(format!("{path} answered {status}: {said}")));
    }
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

/// A token of an invented guest.
pub(super) async fn guest_token(state: &AppState, number: usize) -> Result<String, Failure> {
    let id = data::guest(number).parse().map_err(|_| Failure::new("a guest's id"))?;
    let guest = state.store.clients().get(id).await?.ok_or_else(|| Failure::new("a guest is missing"))?;
    let pair = state.tokens.guest_pair(&guest.client, state.clock.now());
    Ok(pair.map_err(|_| Failure::new("a token could not be signed"))?.access)
}
