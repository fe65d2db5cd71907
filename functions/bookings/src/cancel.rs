//! `POST clients/reservations/{id}/cancel/`: a guest calls a booking off (ours, not the original's).

use axum::{Json, extract::State};
use casa_domain::{
    Reservation, Status, event,
    event::What,
    money::{displayed::number, fixed2},
    pricing::policy::policy,
};
use casa_jobs::ending;
use casa_store::{StoreError, reservations::Change};
use casa_web::{
    ApiResult, AppState, Guest, error,
    openapi::{Detail, ForGuests, Racing},
};
use http::StatusCode;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    refusal::{self, BookingRefusal},
    voucher::{OwnId, own},
};

/// Tries after losing a race against another change.
const TRIES: usize = 6;

/// A booking that was called off.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookingCancelled {
    /// Always true.
    success: bool,
    /// In words.
    message: String,
    /// The booking.
    reservation_id: Uuid,
    /// `cancelled`.
    status: &'static str,
    /// Points given back, two decimals.
    points_returned: String,
    /// Soles that had been paid, two decimals.
    paid_sol: String,
    /// Percent of it that the house gives back according to its policy; null where it has none.
    refund_percentage: Option<f64>,
}

/// Calls a booking of the guest who asks off: its nights are free again, its points and the use of its code go back. Only
/// before the day of arrival. What was paid goes back by hand, as the house's policy says. Calling off again changes
/// nothing.
#[utoipa::path(
    post,
    path = "/api/v1/clients/reservations/{id}/cancel/",
    tag = "bookings",
    operation_id = "bookings_cancel",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "Called off", body = BookingCancelled),
        (status = 400, description = "Too late, or not a booking that can be called off", body = BookingRefusal),
        (status = 404, description = "The guest has no such booking", body = BookingRefusal),
        (status = 503, description = "The table does not answer", body = Detail),
        ForGuests,
        Racing,
    ),
    security(("client" = []))
)]
pub(crate) async fn cancel(
    Guest(guest): Guest,
    State(state): State<AppState>,
    OwnId(id): OwnId,
) -> ApiResult<Json<BookingCancelled>> {
    let id = id.ok_or_else(refusal::missing)?;
    for _ in 0..TRIES {
        let stored = own(&state, &guest.client, id).await?.ok_or_else(refusal::missing)?;
        let before = &stored.booked.reservation;
        if before.status == Status::Cancelled {
            return told(&state, before, Decimal::ZERO).await;
        }
        allowed(&state, before)?;
        if stored.booked.paying.is_some() {
            let text = "Hay un pago en curso de esta reserva. Espere su resultado e intente de nuevo.";
            return Err(refusal::plain(StatusCode::CONFLICT, text));
        }
        let now = state.clock.now();
        let mut after = before.clone();
        (after.status, after.updated) = (Status::Cancelled, now);
        after.payment_voucher_deadline = None;
        let points = ending::points_back(&state.store, &mut after).await?;
        let returned = points.as_ref().map(|points| -points.points).unwrap_or_default();
        let mut facts = event::facts(Some(before), &after, Decimal::ZERO);
        facts.push(What::ReservationCalledOff { reservation: id, points_returned: returned });
        let card = stored.booked.client.clone();
        let change = Change { points, facts, ..Change::new(Some(&stored), after, card) };
        match state.store.reservations().commit(change, now).await {
            Ok(stored) => return told(&state, &stored.booked.reservation, returned).await,
            Err(StoreError::Changed) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}

fn allowed(state: &AppState, one: &Reservation) -> ApiResult<()> {
    let refuse = |text| Err(refusal::plain(StatusCode::BAD_REQUEST, text));
    if !one.status.blocks() {
        return refuse("Esta reserva ya no está activa.");
    }
    if !one.may_be_called_off(state.clock.today()) {
        return refuse("La reserva ya no se puede cancelar en línea. Escríbanos y la vemos juntos.");
    }
    Ok(())
}

async fn told(state: &AppState, one: &Reservation, returned: Decimal) -> ApiResult<Json<BookingCancelled>> {
    let book = state.store.prices().book().await?;
    let days = (one.check_in_date - state.clock.today()).num_days();
    let policy = policy(&book, one.house, Some(days));
    let paid = one.paid_in_soles();
    let message = if paid > Decimal::ZERO {
        "Reserva cancelada. Nuestro equipo se comunicará con usted por la devolución de su pago."
    } else {
        "Reserva cancelada."
    };
    Ok(Json(BookingCancelled {
        success: true,
        message: message.to_owned(),
        reservation_id: one.id.0,
        status: one.status.as_str(),
        points_returned: fixed2(returned),
        paid_sol: fixed2(paid),
        refund_percentage: policy.map(|policy| number(policy.refund_percentage)),
    }))
}
