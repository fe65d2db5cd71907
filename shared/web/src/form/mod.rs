//! Request bodies: JSON, form or multipart, read into one shape and checked field by field.

mod checked;

use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use casa_domain::text::is_junk;
use http::{StatusCode, header};
use serde_json::{Map, Value};

use crate::{ApiError, Upload, error};

pub use checked::{Checked, Given};

/// Most fields of a form (contract 01 §4.8.5).
const MOST_FIELDS: usize = 1000;

/// A request body, whatever its encoding. Of a repeated scalar field the last value counts (contract 11 §12).
#[derive(Clone, Debug, Default)]
pub struct Form {
    values: Map<String, Value>,
    files: Vec<(String, Upload)>,
    is_json: bool,
}

impl Form {
    /// Whether the body was JSON, where `""` and absent differ for some fields.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// The field's value, unless absent. In forms, the texts JavaScript writes for "nothing" count as absent
    /// (decision 13).
    pub fn get(&self, name: &str) -> Option<&Value> {
        let junk = |value: &&Value| !self.is_json && value.as_str().is_some_and(is_junk);
        self.values.get(name).filter(|value| !junk(value))
    }

    /// Whether the field is there at all, junk included.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The files sent under a name, in order.
    pub fn files(&self, name: &str) -> impl Iterator<Item = &Upload> {
        self.files.iter().filter(move |(field, _)| field == name).map(|(_, file)| file)
    }

    /// Starts checking fields.
    pub fn check(&self) -> Checked<'_> {
        Checked::new(self)
    }

    /// A form of these values, as if sent as JSON.
    pub fn from_json(values: Map<String, Value>) -> Self {
        Self { values, files: Vec::new(), is_json: true }
    }

    fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        let values = pairs.into_iter().map(|(name, text)| (name, Value::String(text))).collect();
        Self { values, files: Vec::new(), is_json: false }
    }

    async fn from_multipart(mut parts: Multipart) -> Result<Self, ApiError> {
        let mut form = Self::default();
        let broken = |problem: axum::extract::multipart::MultipartError| {
            error::detail(problem.status(), "No se pudo leer el formulario.")
        };
        let mut count = 0;
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            count += 1;
            if count > MOST_FIELDS {
                return Err(error::detail(StatusCode::BAD_REQUEST, "El formulario tiene demasiados campos."));
            }
            let Some(name) = part.name().map(str::to_owned) else { continue };
            let file_name = part.file_name().map(str::to_owned);
            let content_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes: Bytes = part.bytes().await.map_err(broken)?;
            match file_name {
                Some(file_name) => form.files.push((name, Upload { file_name, content_type, bytes })),
                None => {
                    let text = String::from_utf8(bytes.to_vec())
                        .map_err(|_| error::field(&name, "El texto no está en UTF-8."))?;
                    form.values.insert(name, Value::String(text));
                }
            }
        }
        Ok(form)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        let mut parameters = content_type.split(';').map(str::trim);
        let media = parameters.next().unwrap_or_default();
        let unreadable =
            || error::detail(StatusCode::BAD_REQUEST, "No se pudo leer el cuerpo de la solicitud.");
        if media == "multipart/form-data" {
            // With an empty boundary (RFC 2046 wants 1 to 70 characters) dashes alone would pass as an empty form.
            if parameters.any(|one| matches!(one, "boundary=" | "boundary=\"\"")) {
                return Err(unreadable());
            }
            let parts = Multipart::from_request(request, state).await.map_err(|_| unreadable())?;
            return Self::from_multipart(parts).await;
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|problem| {
            error::detail(problem.status(), "No se pudo leer el cuerpo de la solicitud.")
        })?;
        match media {
            "application/json" => {
                if bytes.is_empty() {
                    return Ok(Self { is_json: true, ..Self::default() });
                }
                match serde_json::from_slice(&bytes) {
                    Ok(Value::Object(values)) => Ok(Self::from_json(values)),
                    Ok(_) => Err(error::rule("Datos inválidos. Se esperaba un objeto.")),
                    Err(_) => Err(error::detail(StatusCode::BAD_REQUEST, "El JSON está mal formado.")),
                }
            }
            "application/x-www-form-urlencoded" => {
                Ok(Self::from_pairs(serde_urlencoded::from_bytes(&bytes).map_err(|_| unreadable())?))
            }
            "" if bytes.is_empty() => Ok(Self::default()),
            _ => Err(error::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Tipo de contenido no admitido.")),
        }
    }
}
