//! Vouchers: `POST clients/voucher/upload/{id}/` and `GET clients/voucher/status/{id}/` (contract 03 §3.14, 06 §3.3, §3.4).

use axum::extract::{FromRequestParts, Path};
use axum::{Json, extract::State};
use casa_domain::{
    Client, ReservationId, event,
    event::What,
    reservation::{NotTaken, Receipt},
};
use casa_store::{
    StoreError,
    reservations::{Change, Stored},
};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Guest, error,
    guard::{Guard, Limit},
    openapi::{Detail, ForGuests, Racing, WithBody},
    receipts,
};
use http::{StatusCode, request::Parts};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use std::{convert::Infallible, time::Duration};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::refusal::{self, VoucherRefusal};

/// Most receipts of a reservation to which a guest may add.
const MOST: usize = 10;
/// Vouchers a guest may send in a quarter of an hour.
const SENDS: Limit = Limit { most: 20, window: Duration::from_secs(15 * 60) };
/// Tries after losing a race against another change.
const TRIES: usize = 6;

/// The id of a path: `None` for anything that is no id, which nobody has.
pub(crate) struct OwnId(pub Option<ReservationId>);

impl<S: Send + Sync> FromRequestParts<S> for OwnId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.ok().and_then(|Path(text)| text.parse().ok())))
    }
}

/// The live reservation with this id, if it is this guest's.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn own(
    state: &AppState,
    guest: &Client,
    id: ReservationId,
) -> Result<Option<Stored>, StoreError> {
    let stored = state.store.reservations().get(id).await?;
    Ok(stored.filter(|stored| stored.booked.reservation.is_of(guest.id)))
}

fn missing() -> ApiError {
    refusal::message(StatusCode::NOT_FOUND, "No encontramos esa reserva.")
}

/// A voucher to send.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes the body, which is read field by field
pub(crate) struct VoucherNew {
    /// Image (JPG, PNG, WebP, GIF) or PDF, up to 10 MB.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    voucher: String,
    /// The guest says that everything is paid.
    payment_confirmed: Option<String>,
    /// Anything; not used.
    voucher_type: Option<String>,
}

/// A voucher that arrived.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VoucherTaken {
    /// In words.
    message: String,
    /// The reservation.
    reservation_id: Uuid,
    /// How many there are with it, those of staff included.
    vouchers_uploaded: usize,
    /// `Primer voucher`, `Segundo voucher`, `Voucher #3`, …
    voucher_description: String,
    /// What the guest said.
    payment_confirmed: bool,
}

/// Takes a voucher of a transfer for a booking made on the site. The first one makes the booking pending, later ones put it
/// under review; the deadline is over. Images are stored anew, without what the camera noted.
#[utoipa::path(
    post,
    path = "/api/v1/clients/voucher/upload/{id}/",
    tag = "bookings",
    operation_id = "vouchers_upload",
    params(("id" = String, Path, description = "The reservation's id")),
    request_body(content((VoucherNew = "multipart/form-data"))),
    responses(
        (status = 200, description = "Taken", body = VoucherTaken),
        (status = 400, description = "No usable file, too late, or nothing is waited for", body = VoucherRefusal),
        (status = 404, description = "The guest has no such reservation", body = VoucherRefusal),
        (status = 429, description = "Too many tries", body = VoucherRefusal),
        ForGuests,
        WithBody,
        Racing,
    ),
    security(("client" = []))
)]
pub(crate) async fn upload(
    Guest(guest): Guest,
    State(state): State<AppState>,
    OwnId(id): OwnId,
    form: Form,
) -> ApiResult<Json<VoucherTaken>> {
    let id = id.ok_or_else(missing)?;
    let now = state.clock.now();
    let stored = own(&state, &guest.client, id).await?.ok_or_else(missing)?;
    stored.booked.reservation.takes_voucher(now).map_err(not_taken)?;
    let who = guest.client.id.to_string();
    let guard = Guard::of("voucher").per_subject(&state.settings.secret, &who, SENDS);
    guard.obey(&state.store, refusal::wait).await?;
    let confirmed = confirmed(&form)?;
    let files = receipts::checked(&form, "voucher", 1).await.map_err(as_message)?;
    if files.is_empty() {
        return Err(refusal::message(StatusCode::BAD_REQUEST, "Adjunte el voucher de pago."));
    }
    let receipts = receipts::store(&state, id, files, now).await?;
    match write(&state, &guest.client, stored, &receipts, confirmed).await {
        Ok(number) => {
            let description = description(number);
            Ok(Json(VoucherTaken {
                message: format!("{description} recibido correctamente."),
                reservation_id: id.0,
                vouchers_uploaded: number,
                voucher_description: description,
                payment_confirmed: confirmed,
            }))
        }
        Err(problem) => {
            receipts::forget(&state, &problem, &receipts).await;
            Err(problem)
        }
    }
}

/// Writes the voucher with the booking, as it was read before; answers how many receipts there are then.
async fn write(
    state: &AppState,
    guest: &Client,
    mut stored: Stored,
    receipts: &[Receipt],
    confirmed: bool,
) -> ApiResult<usize> {
    let id = stored.booked.reservation.id;
    for _ in 0..TRIES {
        let now = state.clock.now();
        let (reservations, stored_receipts) = (state.store.reservations(), state.store.receipts());
        // After the booking: a receipt that arrives in between moves its version.
        let number = stored_receipts.of(id).await?.len() + receipts.len();
        let before = &stored.booked.reservation;
        before.takes_voucher(now).map_err(not_taken)?;
        if number > MOST {
            let text = format!("Una reserva puede tener hasta {MOST} vouchers.");
            return Err(refusal::message(StatusCode::BAD_REQUEST, &text));
        }
        let mut after = before.clone();
        after.take_voucher(number, confirmed);
        after.updated = now;
        let mut facts = event::facts(Some(before), &after, Decimal::ZERO);
        facts.extend(receipts.iter().map(|receipt| What::VoucherReceived {
            reservation: id,
            receipt: receipt.id,
            number,
        }));
        let card = stored.booked.client.clone();
        let change = Change { receipts: receipts.to_vec(), facts, ..Change::new(Some(&stored), after, card) };
        match reservations.commit(change, now).await {
            Ok(_) => return Ok(number),
            Err(StoreError::Changed) => stored = own(state, guest, id).await?.ok_or_else(missing)?,
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}

fn not_taken(reason: NotTaken) -> ApiError {
    refusal::message(StatusCode::BAD_REQUEST, &reason.to_string())
}

/// Whether the guest says that everything is paid: absent and empty are no (defect 18 of contract 06 §8).
fn confirmed(form: &Form) -> ApiResult<bool> {
    let mut checked = form.check();
    let given = checked.boolean("payment_confirmed").value().unwrap_or_default();
    checked.finish().map_err(as_message)?;
    Ok(given)
}

/// The errors of fields in the vouchers' shape.
fn as_message(problem: ApiError) -> ApiError {
    if problem.status() != StatusCode::BAD_REQUEST {
        return problem;
    }
    let texts: Vec<&str> = match problem.body() {
        Value::Object(body) => body
            .iter()
            .filter(|(key, _)| *key != "detail")
            .filter_map(|(_, texts)| texts.as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
        _ => Vec::new(),
    };
    refusal::message(StatusCode::BAD_REQUEST, &texts.join(" "))
}

fn description(number: usize) -> String {
    match number {
        1 => "Primer voucher".to_owned(),
        2 => "Segundo voucher".to_owned(),
        number => format!("Voucher #{number}"),
    }
}

/// Where the vouchers of a reservation stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VoucherStatus {
    /// The reservation.
    reservation_id: Uuid,
    /// Its status.
    status: &'static str,
    /// Whether a voucher arrived.
    payment_voucher_uploaded: bool,
    /// What the guest said.
    payment_confirmed: bool,
    /// Whole seconds until the deadline, never negative; null without one.
    time_remaining_seconds: Option<i64>,
    /// Whether less than a second is left; null without a deadline.
    deadline_expired: Option<bool>,
}

/// Where the vouchers of a reservation of the guest who asks stand.
#[utoipa::path(
    get,
    path = "/api/v1/clients/voucher/status/{id}/",
    tag = "bookings",
    operation_id = "vouchers_status",
    params(("id" = String, Path, description = "The reservation's id")),
    responses(
        (status = 200, description = "Where they stand", body = VoucherStatus),
        (status = 404, description = "The guest has no such reservation", body = VoucherRefusal),
        (status = 503, description = "The table does not answer", body = Detail),
        ForGuests,
    ),
    security(("client" = []))
)]
pub(crate) async fn status(
    Guest(guest): Guest,
    State(state): State<AppState>,
    OwnId(id): OwnId,
) -> ApiResult<Json<VoucherStatus>> {
    let id = id.ok_or_else(missing)?;
    let stored = own(&state, &guest.client, id).await?.ok_or_else(missing)?;
    let one = &stored.booked.reservation;
    let now = state.clock.now();
    let left = one.payment_voucher_deadline.map(|deadline| (deadline - now).num_seconds().max(0));
    Ok(Json(VoucherStatus {
        reservation_id: id.0,
        status: one.status.as_str(),
        payment_voucher_uploaded: one.payment_voucher_uploaded,
        payment_confirmed: one.payment_confirmed,
        time_remaining_seconds: left,
        deadline_expired: left.map(|left| left == 0),
    }))
}
