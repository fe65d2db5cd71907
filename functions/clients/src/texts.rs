//! Small texts beside the book of guests (contract 03 §3.2).

use axum::{Json, extract::State};
use casa_web::{
    ApiResult, AppState, Staff, error,
    openapi::{Detail, ForStaff},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The loyalty message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoyaltyMessage {
    /// The newest active one; empty where there is none.
    mensaje: String,
}

/// The token of the look-up of documents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LookupToken {
    /// The newest one.
    token: String,
}

/// The loyalty message that the site shows.
#[utoipa::path(
    get,
    path = "/api/v1/mensaje-fidelidad/",
    tag = "clients",
    operation_id = "loyalty_message",
    responses(
        (status = 200, description = "The message.", body = LoyaltyMessage),
        (status = 503, description = "The table does not answer.", body = Detail),
    ),
)]
pub(crate) async fn loyalty_message(State(state): State<AppState>) -> ApiResult<Json<LoyaltyMessage>> {
    let mensaje = state.store.texts().loyalty_message().await?.unwrap_or_default();
    Ok(Json(LoyaltyMessage { mensaje }))
}

/// The token with which the panel looks up documents elsewhere. Without one the panel falls back to its own, but only
/// when this fails (contract 11 §8, row 15); so it does.
#[utoipa::path(
    get,
    path = "/api/v1/get-api-token-clients/",
    tag = "clients",
    operation_id = "lookup_token",
    responses(
        (status = 200, description = "The token.", body = LookupToken),
        (status = 404, description = "There is none.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn lookup_token(_: Staff, State(state): State<AppState>) -> ApiResult<Json<LookupToken>> {
    let token = state.store.texts().lookup_token().await?.filter(|token| !token.is_empty());
    let none = || error::detail(StatusCode::NOT_FOUND, "No hay un token de consulta configurado.");
    Ok(Json(LookupToken { token: token.ok_or_else(none)? }))
}
