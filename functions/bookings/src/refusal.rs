//! How these endpoints refuse: with a `message`, which the site shows (contract 03 §3.11, §3.14).

use std::collections::HashMap;

use casa_web::{ApiError, openapi::TextOrTexts};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// What is wrong with a booking, in Spanish.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes errors, which are built by hand
pub(crate) struct BookingRefusal {
    /// False.
    success: Option<bool>,
    /// For the guest.
    message: Option<String>,
    /// What is wrong, by field; rules over several fields under `detail`.
    errors: Option<HashMap<String, Vec<String>>>,
    /// Where a price was wrong: the right one in soles.
    price_sol: Option<String>,
    /// Where a price was wrong: the right one in dollars.
    price_usd: Option<String>,
    /// For bodies that cannot be read, lost races and outages.
    detail: Option<TextOrTexts>,
}

/// What is wrong, in Spanish.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes errors, which are built by hand
pub(crate) struct VoucherRefusal {
    /// For the guest.
    message: Option<String>,
    /// The same, and for lost races and outages.
    detail: Option<TextOrTexts>,
}

/// `{success: false, message, errors}`.
fn refused(status: StatusCode, message: &str, errors: Map<String, Value>) -> ApiError {
    ApiError::new(status, json!({ "success": false, "message": message, "errors": errors }))
}

/// 400 for a rule over several fields.
pub(crate) fn rule(text: &str) -> ApiError {
    field("detail", text)
}

/// 400 for one field.
pub(crate) fn field(name: &str, text: &str) -> ApiError {
    refused(StatusCode::BAD_REQUEST, text, Map::from_iter([(name.to_owned(), json!([text]))]))
}

/// A price that is not the one of the quote: 400 with the right ones in soles and dollars (decision 9).
pub(crate) fn wrong_price(field: &str, sol: &str, usd: &str) -> ApiError {
    let text = format!("El precio no coincide con la cotización: S/ {sol} ($ {usd}).");
    let errors = Map::from_iter([(field.to_owned(), json!([text]))]);
    let body = json!({
        "success": false, "message": text, "errors": errors, "price_sol": sol, "price_usd": usd,
    });
    ApiError::new(StatusCode::BAD_REQUEST, body)
}

/// The errors of a body's fields in the shape of these endpoints.
pub(crate) fn of_fields(refusal: ApiError) -> ApiError {
    let Value::Object(mut errors) = refusal.body().clone() else { return refusal };
    if refusal.status() != StatusCode::BAD_REQUEST {
        return refusal;
    }
    match errors.get("detail") {
        // The summary for dialogs of the staff panel.
        Some(Value::String(_)) if errors.len() > 1 => drop(errors.remove("detail")),
        Some(Value::String(text)) => {
            let texts = json!([text]);
            errors.insert("detail".to_owned(), texts);
        }
        _ => {}
    }
    refused(StatusCode::BAD_REQUEST, "Revise los datos de la reserva.", errors)
}

/// `{success: false, message}` with any status.
pub(crate) fn plain(status: StatusCode, message: &str) -> ApiError {
    ApiError::new(status, json!({ "success": false, "message": message, "detail": message }))
}

/// `{message}` with any status: the vouchers' shape.
pub(crate) fn message(status: StatusCode, text: &str) -> ApiError {
    ApiError::new(status, json!({ "message": text, "detail": text }))
}

/// 404: no such reservation of this guest.
pub(crate) fn missing() -> ApiError {
    plain(StatusCode::NOT_FOUND, "No encontramos esa reserva.")
}

/// 429: too often.
pub(crate) fn wait(seconds: u64) -> ApiError {
    let text = format!("Demasiados intentos. Intente de nuevo en {} min.", seconds.div_ceil(60));
    plain(StatusCode::TOO_MANY_REQUESTS, &text).retry_after(seconds)
}
