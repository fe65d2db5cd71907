//! Receipts: the files that staff send with a reservation, and their removal (contract 05 §3.3; defect 11 of §8).

use axum::extract::State;
use casa_domain::ReceiptId;
use casa_web::{
    ApiResult, AppState, Form, IdPath, Staff, error,
    openapi::{Detail, ForSellers, Racing},
    receipts::{CheckedFile, checked, discard},
};
use http::StatusCode;

/// Most receipts in one request.
const MOST: usize = 10;

/// The receipts that came with a body, made safe to store.
///
/// # Errors
/// 400 under `file` for anything that is not an image or PDF of a sane size.
pub async fn sent(form: &Form) -> ApiResult<Vec<CheckedFile>> {
    checked(form, "file", MOST).await
}

/// Removes a receipt and its file.
#[utoipa::path(
    delete,
    path = "/api/v1/recipt/{id}/",
    tag = "reservations",
    operation_id = "receipts_delete",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "No such receipt, or not for this user", body = Detail),
        ForSellers,
        Racing,
    ),
    security(("staff" = []))
)]
pub async fn delete(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<ReceiptId>,
) -> ApiResult<StatusCode> {
    if !user.may_sell() {
        return Err(error::forbidden());
    }
    let receipt = state.store.receipts().get(id).await?.ok_or_else(error::not_found)?;
    let stored = state.store.reservations().get(receipt.reservation).await?.ok_or_else(error::not_found)?;
    if !user.may_change(&stored.booked.reservation) {
        return Err(error::not_found());
    }
    state.store.receipts().delete(&receipt).await?;
    discard(&state, std::slice::from_ref(&receipt)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a receipt and its file (the address the staff panel calls).
#[utoipa::path(
    delete,
    path = "/api/v1/delete-recipe/{id}/",
    tag = "reservations",
    operation_id = "receipts_delete_as_panel",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "No such receipt, or not for this user", body = Detail),
        ForSellers,
        Racing,
    ),
    security(("staff" = []))
)]
pub async fn delete_as_panel(
    staff: Staff,
    state: State<AppState>,
    id: IdPath<ReceiptId>,
) -> ApiResult<StatusCode> {
    delete(staff, state, id).await
}
