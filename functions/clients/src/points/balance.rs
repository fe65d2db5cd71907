//! `GET clients/points/balance/` (contract 02 §3.11).

use axum::{Json, extract::State};
use casa_web::{
    ApiError, ApiResult, AppState, Query, Staff, error,
    openapi::{Detail, ForSellers},
};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Balance, PointsEntry, asked_for};

/// Entries shown beside a balance.
const SHOWN: usize = 5;

/// Points of a guest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PointsBalance {
    /// The balance.
    #[serde(flatten)]
    balance: Balance,
    /// The newest five entries of the ledger, newest first.
    recent_transactions: Vec<PointsEntry>,
}

/// The balance of the guest who has a document.
#[utoipa::path(
    get,
    path = "/api/v1/clients/points/balance/",
    tag = "clients",
    operation_id = "points_balance",
    params(
        ("document_type" = Option<String>, Query, description = "`dni`, `cex`, `pas` or `ruc`. Required."),
        ("number_doc" = Option<String>, Query, description = "Number of the document. Required."),
    ),
    responses(
        (status = 200, description = "The points.", body = PointsBalance),
        (status = 400, description = "A parameter is missing.", body = Vec<String>),
        (status = 404, description = "No such guest.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForSellers,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn balance(
    Staff(user): Staff,
    State(state): State<AppState>,
    query: Query,
) -> ApiResult<Json<PointsBalance>> {
    if !user.may_sell() {
        return Err(error::forbidden());
    }
    let Some(client) = asked_for(&state, &query).await? else {
        let text = "Indique el tipo y el número de documento.";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, json!([text])));
    };
    let entries = state.store.points().ledger(client.id, Some(SHOWN)).await?;
    Ok(Json(PointsBalance {
        balance: Balance::new(&client, &state.clock),
        recent_transactions: entries.iter().map(|entry| PointsEntry::new(entry, &state.clock)).collect(),
    }))
}
