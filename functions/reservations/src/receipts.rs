//! Receipts: files that come with a write, and their removal (contract 05 §3.3; defect 11 of §8).

use axum::extract::State;
use casa_domain::{ReceiptId, ReservationId, reservation::Receipt};
use casa_web::{
    ApiError, ApiResult, AppState, FileKind, Form, IdPath, Staff, Upload, error,
    openapi::{Detail, ForSellers, Racing},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use uuid::Uuid;

/// Largest receipt in bytes.
const LARGEST: usize = 10 * 1024 * 1024;
/// Most receipts in one request.
const MOST: usize = 10;

/// The files of a body, checked.
///
/// # Errors
/// 400 under `file` for anything that is not an image or PDF of a sane size.
pub fn checked(form: &Form) -> ApiResult<Vec<(Upload, FileKind)>> {
    let mut files = Vec::new();
    for upload in form.files("file") {
        if upload.bytes.is_empty() {
            return Err(error::field("file", "El archivo enviado está vacío."));
        }
        if upload.bytes.len() > LARGEST {
            return Err(error::field("file", "Cada archivo puede tener hasta 10 MB."));
        }
        let kind = FileKind::sniff(&upload.bytes).ok_or_else(|| {
            error::field("file", "Solo se aceptan imágenes (JPG, PNG, WebP, GIF, HEIC) o PDF.")
        })?;
        files.push((upload.clone(), kind));
    }
    if files.len() > MOST {
        return Err(error::field("file", "Se aceptan hasta 10 archivos por vez."));
    }
    Ok(files)
}

/// Stores the files and gives the rows to write with the reservation. On failure nothing stays behind.
///
/// # Errors
/// 503 when the bucket fails.
pub async fn store(
    state: &AppState,
    reservation: ReservationId,
    files: Vec<(Upload, FileKind)>,
    now: DateTime<Utc>,
) -> ApiResult<Vec<Receipt>> {
    let mut receipts = Vec::new();
    for (upload, kind) in files {
        let id = ReceiptId(Uuid::new_v4());
        // The id makes the address unguessable and the name unique.
        let file =
            format!("rental_recipt/{reservation}/{}_{}{}", upload.stem(), id.0.simple(), kind.extension());
        if let Err(problem) = state.files.put(&file, upload.bytes, kind.content_type()).await {
            discard(state, &receipts).await;
            return Err(problem.into());
        }
        receipts.push(Receipt { id, reservation, file, created: now });
    }
    Ok(receipts)
}

/// Removes the files of a write that was refused. After a failure of the table the rows may stand, so the files stay.
pub async fn forget(state: &AppState, problem: &ApiError, receipts: &[Receipt]) {
    if problem.status().is_client_error() {
        discard(state, receipts).await;
    }
}

/// Removes stored files that no row names.
async fn discard(state: &AppState, receipts: &[Receipt]) {
    for receipt in receipts {
        if let Err(problem) = state.files.delete(&receipt.file).await {
            tracing::warn!(%problem, "a file without a row stays in the bucket");
        }
    }
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
