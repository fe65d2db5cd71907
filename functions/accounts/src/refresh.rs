//! New access tokens from refresh tokens (contract 01 §3.2).

use axum::{Json, extract::State};
use casa_web::{
    ApiError, ApiResult, AppState, Form, error, guests,
    openapi::{Detail, Invalid, Unauthorized, WithBody},
    tokens,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{LONGEST, text_schema};

/// A refresh token.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct RefreshRequest {
    /// The refresh token of a sign-in.
    #[schema(schema_with = text_schema::<LONGEST>)]
    refresh: String,
}

/// A new access token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefreshAnswer {
    /// The access token. The refresh token stays as it is.
    access: String,
}

/// Gives a new access token for a refresh token of staff or of a guest, which stays valid until its own end (decision
/// 4). Unlike the original, whoever it stands for is looked up: nobody who was switched off, or whose sessions were ended, gets another token
/// (contract 01 §8).
#[utoipa::path(
    post,
    path = "/api/v1/token/refresh/",
    tag = "accounts",
    operation_id = "token_refresh",
    request_body(content(
        (RefreshRequest = "application/json"),
        (RefreshRequest = "application/x-www-form-urlencoded"),
        (RefreshRequest = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "A new access token.", body = RefreshAnswer),
        (status = 400, description = "No token given, or the body cannot be read.", body = Invalid),
        (status = 401, description = "The token is malformed, expired, ended or of the wrong kind.", body = Unauthorized),
        (status = 503, description = "The table does not answer.", body = Detail),
        WithBody,
    ),
)]
pub(crate) async fn refresh(State(state): State<AppState>, form: Form) -> ApiResult<Json<RefreshAnswer>> {
    let mut fields = form.check();
    let given = fields.text("refresh", LONGEST);
    let token = fields.required("refresh", given);
    fields.finish()?;
    let now = state.clock.now();
    let token = token.ok_or_else(worthless)?;
    if let Some(claims) = state.tokens.guest_claims(&token, "refresh", now) {
        let guest = state.store.clients().get(claims.client_id).await?;
        let guest = guests::live(guest, &claims).map_err(|_| worthless())?;
        let access = state.tokens.guest_refreshed(&guest.client, &claims, now)?;
        return Ok(Json(RefreshAnswer { access }));
    }
    let claims = state.tokens.claims(&token, "refresh", now).ok_or_else(worthless)?;
    let user = state.store.users().get(claims.user_id).await?;
    let user = tokens::live(user, &claims).map_err(|_| worthless())?;
    Ok(Json(RefreshAnswer { access: state.tokens.refreshed(&user, &claims, now)? }))
}

/// One answer for every refresh token that does not serve.
fn worthless() -> ApiError {
    error::unauthorized("token_not_valid", "El token no es válido o ha caducado.")
}
