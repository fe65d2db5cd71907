//! The error bodies of the API, built by small named functions and turned into answers in one place
//! (contract 01 §4.6).

use axum::response::{IntoResponse, Response};
use casa_store::StoreError;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::files::FileError;

/// An answer that is not a success.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    status: StatusCode,
    body: Value,
    challenge: bool,
    retry_after: Option<u64>,
}

/// What handlers answer.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// Any status with any body.
    pub fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body, challenge: status == StatusCode::UNAUTHORIZED, retry_after: None }
    }

    /// The same with the seconds after which to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its body.
    pub fn body(&self) -> &Value {
        &self.body
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        if self.challenge {
            let challenge = HeaderValue::from_static("Bearer realm=\"api\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// `{"detail": text}`.
pub fn detail(status: StatusCode, text: &str) -> ApiError {
    ApiError::new(status, json!({ "detail": text }))
}

/// 400 `{"detail": [text]}`: a rule over several fields (contract 01 §4.6).
pub fn rule(text: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, json!({ "detail": [text] }))
}

/// 400 with a list per field, and all of them as `detail` for dialogs that only show that (contract 11 §7).
pub fn fields(errors: Map<String, Value>) -> ApiError {
    let mut body = errors;
    if !body.contains_key("detail") {
        let texts: Vec<_> = body
            .iter()
            .flat_map(|(field, list)| {
                list.as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(move |text| format!("{field}: {text}"))
            })
            .collect();
        body.insert("detail".to_owned(), Value::String(texts.join(" ")));
    }
    ApiError::new(StatusCode::BAD_REQUEST, Value::Object(body))
}

/// 400 for one field.
pub fn field(name: &str, text: &str) -> ApiError {
    fields(Map::from_iter([(name.to_owned(), json!([text]))]))
}

/// 400 `{<key>: text}` with the same text as `detail`: hand-written checks of query parameters.
pub fn parameter(key: &str, text: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, json!({ key: text, "detail": text }))
}

/// `{"success": false, "error": text}` with `detail` beside it.
pub fn failure(status: StatusCode, text: &str) -> ApiError {
    ApiError::new(status, json!({ "success": false, "error": text, "detail": text }))
}

/// 404: no such row, or not for this caller.
pub fn not_found() -> ApiError {
    detail(StatusCode::NOT_FOUND, "El recurso no existe o no está disponible para usted.")
}

/// 404: page out of range.
pub fn no_such_page() -> ApiError {
    detail(StatusCode::NOT_FOUND, "Página inválida.")
}

/// 403.
pub fn forbidden() -> ApiError {
    detail(StatusCode::FORBIDDEN, "No tiene permiso para realizar esta acción.")
}

/// 401: no credentials.
pub fn unauthenticated() -> ApiError {
    detail(StatusCode::UNAUTHORIZED, "Las credenciales de autenticación no se proveyeron.")
}

/// 401 with a code (`user_not_found`, `user_inactive`, `bad_authorization_header`).
pub fn unauthorized(code: &str, text: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, json!({ "detail": text, "code": code }))
}

/// 401 for a token that is malformed, expired, revoked or of the wrong kind.
pub fn bad_token() -> ApiError {
    let text = "El token no es válido o ha caducado.";
    let message = json!({ "token_class": "AccessToken", "token_type": "access", "message": text });
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        json!({ "detail": text, "code": "token_not_valid", "messages": [message] }),
    )
}

/// 409: the row changed meanwhile.
pub fn changed_meanwhile() -> ApiError {
    detail(StatusCode::CONFLICT, "El registro cambió mientras tanto. Vuelva a cargarlo e intente de nuevo.")
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Changed => changed_meanwhile(),
            StoreError::NightTaken | StoreError::Taken(_) => changed_meanwhile(),
            StoreError::TooLarge => rule("El cambio es demasiado grande para guardarse de una vez."),
            other => {
                tracing::error!(error = %other, "the table failed");
                unavailable()
            }
        }
    }
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        tracing::error!(%error, "the bucket failed");
        unavailable()
    }
}

/// 503: the table or the bucket does not answer.
pub(crate) fn unavailable() -> ApiError {
    detail(
        StatusCode::SERVICE_UNAVAILABLE,
        "El servicio no está disponible en este momento. Intente de nuevo.",
    )
}
