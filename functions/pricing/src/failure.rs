//! Numbered failures of the quoting endpoints (contract 04 §3.5 to §3.8).

use casa_web::ApiError;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// A failed check of a quote.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct QuoteFailure {
    /// Which check.
    error: u32,
    /// What is wrong, in Spanish.
    error_message: String,
}

/// A failed check elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct NumberedFailure {
    /// Always false.
    success: bool,
    /// Which check.
    error: u32,
    /// What is wrong, in Spanish.
    message: String,
}

/// 400 or 404 of a quote: `{"error", "error_message"}`.
pub(crate) fn of_quote(status: StatusCode, error: u32, text: &str) -> ApiError {
    ApiError::new(status, json!({ "error": error, "error_message": text }))
}

/// 400 of a quote.
pub(crate) fn bad_quote(error: u32, text: &str) -> ApiError {
    of_quote(StatusCode::BAD_REQUEST, error, text)
}

/// `{"success": false, "error", "message"}`.
pub(crate) fn numbered(status: StatusCode, error: u32, text: &str) -> ApiError {
    ApiError::new(status, json!({ "success": false, "error": error, "message": text }))
}

/// 400 `{"success": false, "error", "message"}`.
pub(crate) fn bad(error: u32, text: &str) -> ApiError {
    numbered(StatusCode::BAD_REQUEST, error, text)
}
