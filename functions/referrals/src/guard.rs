//! Limits on what strangers may ask: codes are short enough to be tried, and every search is kept.

use std::time::Duration;

use casa_web::{
    ApiError, ApiResult, AppState,
    guard::{Guard, Limit},
};
use http::StatusCode;
use serde_json::json;

/// What an address may ask of one kind. Generous, since many guests can share an address.
const ASKED: Limit = Limit { most: 300, window: Duration::from_secs(15 * 60) };

/// Counts something that an address asks.
///
/// # Errors
/// 429 with what the documented errors of these endpoints have.
pub(crate) async fn ask(state: &AppState, kind: &'static str, address: &str) -> ApiResult<()> {
    Guard::of(kind).per_address(address, ASKED).obey(&state.store, too_many).await
}

fn too_many(seconds: u64) -> ApiError {
    let text = "Demasiadas solicitudes. Intente de nuevo en unos minutos.";
    let body = json!({ "success": false, "message": text, "error": text, "errors": text, "detail": text });
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, body).retry_after(seconds)
}
