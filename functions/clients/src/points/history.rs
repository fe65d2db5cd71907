//! `GET clients/points/history/` (contract 02 §3.11).

use axum::{Json, extract::State};
use casa_web::{
    ApiResult, AppState, BaseUrl, PageEnvelope, PageWish, Query, Staff, error,
    openapi::{Detail, ForSellers},
};

use super::{PointsEntry, asked_for};

const PATH: &str = "/api/v1/clients/points/history/";

/// The ledger of the guest who has a document, newest first; an empty page when a parameter is missing.
#[utoipa::path(
    get,
    path = "/api/v1/clients/points/history/",
    tag = "clients",
    operation_id = "points_history",
    params(
        ("document_type" = Option<String>, Query, description = "`dni`, `cex`, `pas` or `ruc`."),
        ("number_doc" = Option<String>, Query, description = "Number of the document."),
        ("page" = Option<String>, Query, description = "From 1, or `last`."),
        ("page_size" = Option<String>, Query, description = "1 to 1000, default 100."),
    ),
    responses(
        (status = 200, description = "A page of the ledger.", body = PageEnvelope<PointsEntry>),
        (status = 404, description = "No such guest or page.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForSellers,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn history(
    Staff(user): Staff,
    State(state): State<AppState>,
    query: Query,
    base: BaseUrl,
) -> ApiResult<Json<PageEnvelope<PointsEntry>>> {
    if !user.may_sell() {
        return Err(error::forbidden());
    }
    let wish = PageWish::read(&query, false)?;
    let entries = match asked_for(&state, &query).await? {
        Some(client) => state.store.points().ledger(client.id, None).await?,
        None => Vec::new(),
    };
    let total = entries.len() as u64;
    let (skip, size) = wish.part(total);
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let shown = entries.iter().skip(whole(skip)).take(whole(size));
    let rows = shown.map(|entry| PointsEntry::new(entry, &state.clock)).collect();
    Ok(Json(PageEnvelope::new(wish, rows, total, &base, PATH, &query)?))
}
