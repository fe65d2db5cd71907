//! The errors of paying: `{success: false, message}` with what a program needs beside it (contract 06 §3.1).

use casa_store::StoredClient;
use casa_web::{ApiError, Guest};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

/// A payment that was not made, or not yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentProblem)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct PaymentProblem {
    /// Always false.
    success: bool,
    /// What is wrong, in Spanish.
    message: String,
    /// The same for programs, such as `TOKEN_ALREADY_USED`.
    error_code: Option<String>,
    /// The gateway's reason as a short word; empty when it gave none.
    payment_detail: Option<String>,
    /// The payment, where one was started.
    payment_id: Option<Uuid>,
    /// The amount that would be right, in soles.
    amount_due: Option<f64>,
}

/// An error in the making.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    body: Map<String, Value>,
}

impl Problem {
    /// An error that says this.
    pub(crate) fn new(status: StatusCode, message: &str) -> Self {
        let body = [("success", json!(false)), ("message", json!(message))];
        Self { status, body: body.map(|(name, value)| (name.to_owned(), value)).into_iter().collect() }
    }

    /// The same with the word for programs.
    pub(crate) fn code(self, code: &str) -> Self {
        self.with("error_code", code)
    }

    /// The same with something beside it.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.insert(name.to_owned(), value.into());
        self
    }

    /// The error itself.
    pub(crate) fn error(self) -> ApiError {
        ApiError::new(self.status, Value::Object(self.body))
    }
}

/// 400 that says this.
pub(crate) fn wrong(message: &str) -> ApiError {
    Problem::new(StatusCode::BAD_REQUEST, message).error()
}

/// 404: no such reservation of this guest.
pub(crate) fn no_reservation() -> ApiError {
    Problem::new(StatusCode::NOT_FOUND, "La reserva no existe o no le pertenece.").error()
}

/// Any other error in the shape of this function, with its own `detail` beside it.
pub(crate) fn shaped(error: ApiError) -> ApiError {
    let detail = error.body()["detail"].as_str().unwrap_or("No se pudo leer la solicitud.").to_owned();
    Problem::new(error.status(), &detail).with("detail", detail.as_str()).error()
}

/// The guest who asks.
///
/// # Errors
/// 401 as everywhere, with `success` where the site shows `message` (contract 06 §3.0).
pub(crate) fn signed_in(guest: Result<Guest, ApiError>) -> Result<StoredClient, ApiError> {
    guest.map(|Guest(guest)| guest).map_err(|refusal| match refusal.body() {
        Value::Object(body) if body.contains_key("message") => {
            let mut body = body.clone();
            body.insert("success".to_owned(), json!(false));
            ApiError::new(refusal.status(), Value::Object(body))
        }
        Value::Object(_) if refusal.status() != StatusCode::UNAUTHORIZED => shaped(refusal),
        _ => refusal,
    })
}
