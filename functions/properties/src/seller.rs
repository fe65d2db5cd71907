//! Who may write, and bodies that must be forms.

use axum::extract::{FromRequest, FromRequestParts, Request};
use casa_web::{ApiError, AppState, Form, Staff, error};
use http::{StatusCode, header, request::Parts};

/// Demands a member of staff who may write business data (contract 04 §8, D5): 401 for anybody else's token, 403 for
/// staff without that right. Runs before the body is read.
#[derive(Debug)]
pub(crate) struct Seller;

impl FromRequestParts<AppState> for Seller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Staff(user) = Staff::from_request_parts(parts, state).await?;
        if user.may_sell() { Ok(Self) } else { Err(error::forbidden()) }
    }
}

/// A form or multipart body; JSON is a 415 on the photo endpoints (contract 04 §3.2).
#[derive(Debug)]
pub(crate) struct FormOnly(pub Form);

impl<S: Send + Sync> FromRequest<S> for FormOnly {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/json") {
            return Err(error::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Tipo de contenido no admitido."));
        }
        Form::from_request(request, state).await.map(Self)
    }
}
