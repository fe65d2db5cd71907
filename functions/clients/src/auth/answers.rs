//! How these endpoints refuse: with a `message`, which the site shows (contract 02 §0).

use std::collections::HashMap;

use casa_web::{ApiError, openapi::TextOrTexts};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What is wrong, in Spanish.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes errors, which are built by hand
pub(crate) struct AccountRefusal {
    /// For the guest.
    message: Option<String>,
    /// For bodies that cannot be read, lost races and outages.
    detail: Option<TextOrTexts>,
}

/// That something was done, in Spanish.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountMessage {
    /// For the guest.
    message: String,
}

/// Why nobody was registered, in Spanish.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes errors, which are built by hand
pub(crate) struct RegistrationRefusal {
    /// For the guest.
    message: Option<String>,
    /// False; only with `errors`.
    success: Option<bool>,
    /// What is wrong, by field; rules over several fields under `detail`.
    errors: Option<HashMap<String, Vec<String>>>,
    /// For bodies that cannot be read, lost races and outages.
    detail: Option<TextOrTexts>,
}

impl AccountMessage {
    pub fn new(text: impl Into<String>) -> Self {
        Self { message: text.into() }
    }
}

/// `{"message": text}`.
pub(crate) fn refused(status: StatusCode, text: &str) -> ApiError {
    ApiError::new(status, json!({ "message": text }))
}

/// 400 `{"message": text}`.
pub(crate) fn bad(text: &str) -> ApiError {
    refused(StatusCode::BAD_REQUEST, text)
}

/// 404: no guest who is not deleted has the document.
pub(crate) fn nobody() -> ApiError {
    refused(StatusCode::NOT_FOUND, "No encontramos un cliente con ese documento.")
}

/// 503: a vendor is not configured, or did not do its part.
pub(crate) fn vendor_failed(text: &str) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, json!({ "message": text, "detail": text }))
}

/// 400 `{"success": false, "message", "errors"}` from the errors that a record's rules gave; other answers stay as they
/// are.
pub(crate) fn invalid_record(refusal: ApiError) -> ApiError {
    if refusal.status() != StatusCode::BAD_REQUEST {
        return refusal;
    }
    let mut errors = refusal.body().as_object().cloned().unwrap_or_default();
    // The summary for dialogs of the staff panel; rules over several fields are a list.
    errors.retain(|_, texts| texts.is_array());
    let message = "Revise los datos ingresados.";
    let body = json!({ "success": false, "message": message, "errors": Value::Object(errors) });
    ApiError::new(StatusCode::BAD_REQUEST, body)
}

#[cfg(test)]
mod tests {
    use casa_web::error;

    use super::*;

    #[test]
    fn errors_of_a_record_are_lists_by_field() {
        let of_field = invalid_record(error::field("email", "No sirve."));
        assert_eq!(of_field.body()["errors"], json!({ "email": ["No sirve."] }));
        let of_rule = invalid_record(error::rule("Falta algo."));
        assert_eq!(of_rule.body()["errors"], json!({ "detail": ["Falta algo."] }));
        assert_eq!(of_rule.body()["success"], false);
        assert!(of_rule.body()["message"].is_string());
        assert_eq!(invalid_record(error::changed_meanwhile()), error::changed_meanwhile());
    }
}
