//! What guests see of their own points and reservations (contract 02 §3.8, §3.10; 03 §3.13).

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use casa_domain::{Reservation, ReservationId, money::displayed};
use casa_web::{
    ApiError, ApiResult, AppState, BaseUrl, Clock, Guest, json,
    openapi::{Detail, ForGuests},
    render,
    reservations::{ReceiptBody, ReservationBody, Surroundings},
};
use chrono::NaiveTime;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::points::PointsEntry;

/// Entries shown beside a guest's points.
const SHOWN: usize = 10;
/// Most reservations of an answer (contract 03 §8, D20).
const MOST: usize = 1000;
/// On the day of check-out a stay counts as coming until this time (contract 02 §3.8).
const LEAVE_AT: NaiveTime = match NaiveTime::from_hms_opt(11, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// Points of the guest who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnPoints {
    /// Points that can be spent now.
    total_points: f64,
    /// The newest ten entries of the ledger, newest first.
    recent_transactions: Vec<PointsEntry>,
}

/// Points are not taken here.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct NotRedeemed {
    /// Why, in Spanish.
    message: String,
    /// Always 0.
    points_redeemed: f64,
    /// Points that can be spent now.
    new_balance: f64,
}

/// Points of the guest who asks.
#[utoipa::path(
    get,
    path = "/api/v1/clients/client-auth/points/",
    tag = "clients",
    operation_id = "own_points",
    responses(
        (status = 200, description = "The points.", body = OwnPoints),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForGuests,
    ),
    security(("client" = [])),
)]
pub(crate) async fn points(Guest(guest): Guest, State(state): State<AppState>) -> ApiResult<Json<OwnPoints>> {
    let entries = state.store.points().ledger(guest.client.id, Some(SHOWN)).await?;
    Ok(Json(OwnPoints {
        total_points: displayed::number(guest.client.available_points(state.clock.now())),
        recent_transactions: entries.iter().map(|entry| PointsEntry::new(entry, &state.clock)).collect(),
    }))
}

/// Takes no points: guests spend them by booking. The original said it had taken them and had not; this says so
/// (contract 02 §8, defect 8).
#[utoipa::path(
    post,
    path = "/api/v1/clients/client-auth/redeem-points/",
    tag = "clients",
    operation_id = "own_points_redeem",
    responses(
        (status = 400, description = "Points are spent by booking, not here.", body = NotRedeemed),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForGuests,
    ),
    security(("client" = [])),
)]
pub(crate) async fn redeem(Guest(guest): Guest, State(state): State<AppState>) -> ApiError {
    let available = displayed::number(guest.client.available_points(state.clock.now()));
    let text = "Los puntos se canjean al hacer una reserva.";
    let body = json!({ "message": text, "points_redeemed": 0.0, "new_balance": available, "detail": text });
    ApiError::new(StatusCode::BAD_REQUEST, body)
}

/// Reservations of the guest who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnReservations<'a> {
    /// Those that are not over, the latest check-in first.
    upcoming_reservations: Vec<ReservationBody<'a>>,
    /// Those that are over, the latest check-in first.
    past_reservations: Vec<ReservationBody<'a>>,
}

/// A reservation of the guest who asks, with its receipts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnReservation<'a> {
    /// Always true.
    success: bool,
    /// The reservation.
    reservation: ReservationBody<'a>,
}

/// No such reservation.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct OwnReservationMissing {
    /// Always false.
    success: bool,
    /// What is wrong, in Spanish.
    message: String,
}

/// Reservations of the guest who asks, in any status, at most the latest thousand. A stay is over from 11:00 of its day
/// of check-out on.
#[utoipa::path(
    get,
    path = "/api/v1/clients/client-auth/reservations/",
    tag = "clients",
    operation_id = "own_reservations",
    responses(
        (status = 200, description = "The reservations.", body = OwnReservations<'static>),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForGuests,
    ),
    security(("client" = [])),
)]
pub(crate) async fn reservations(Guest(guest): Guest, State(state): State<AppState>) -> ApiResult<Response> {
    let reservations = state.store.reservations();
    let (mut stays, around) =
        tokio::try_join!(reservations.of_client(guest.client.id), Surroundings::read(&state))?;
    stays.reverse();
    stays.truncate(MOST);
    let houses = around.houses_of(&stays);
    let body = |stay| around.shown(stay, &houses, &state.clock);
    let (upcoming, past): (Vec<_>, Vec<_>) =
        stays.iter().partition(|stay| is_coming(&stay.reservation, &state.clock));
    Ok(json(render(&OwnReservations {
        upcoming_reservations: upcoming.into_iter().map(body).collect(),
        past_reservations: past.into_iter().map(body).collect(),
    })?))
}

fn is_coming(one: &Reservation, clock: &Clock) -> bool {
    let now = clock.now().with_timezone(&clock.zone());
    let today = now.date_naive();
    one.check_out_date > today || (one.check_out_date == today && now.time() < LEAVE_AT)
}

/// A reservation of the guest who asks, by its id or its id elsewhere, with its receipts.
#[utoipa::path(
    get,
    path = "/api/v1/clients/client-auth/reservations/{id}/",
    tag = "clients",
    operation_id = "own_reservation",
    params(("id" = String, Path, description = "Its id, or its `uuid_external`.")),
    responses(
        (status = 200, description = "The reservation.", body = OwnReservation<'static>),
        (status = 404, description = "The guest has no such reservation.", body = OwnReservationMissing),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForGuests,
    ),
    security(("client" = [])),
)]
pub(crate) async fn reservation(
    Guest(guest): Guest,
    State(state): State<AppState>,
    base: BaseUrl,
    id: Result<Path<String>, PathRejection>,
) -> ApiResult<Response> {
    let Path(id) = id.map_err(|_| missing())?;
    let stays = state.store.reservations().of_client(guest.client.id).await?;
    let own: Option<ReservationId> = id.parse().ok();
    let bare = |text: &str| text.replace('-', "");
    let elsewhere =
        |one: &Reservation| one.uuid_external.as_deref().is_some_and(|other| bare(other) == bare(&id));
    let found = stays
        .iter()
        .find(|stay| Some(stay.reservation.id) == own)
        .or_else(|| stays.iter().find(|stay| !id.is_empty() && elsewhere(&stay.reservation)))
        .ok_or_else(missing)?;
    let receipts = state.store.receipts();
    let (around, receipts) = tokio::try_join!(Surroundings::read(&state), receipts.of(found.reservation.id))?;
    let houses = around.houses_of(std::slice::from_ref(found));
    let mut reservation = around.shown(found, &houses, &state.clock);
    let now = state.clock.now();
    reservation.recipts =
        Some(receipts.iter().map(|receipt| ReceiptBody::new(receipt, &state.files, &base, now)).collect());
    Ok(json(render(&OwnReservation { success: true, reservation })?))
}

fn missing() -> ApiError {
    let message = "No encontramos esa reserva.";
    ApiError::new(StatusCode::NOT_FOUND, json!({ "success": false, "message": message }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(check_out: &str) -> Reservation {
        serde_json::from_value(json!({
            "id": uuid::Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "property": uuid::Uuid::nil(), "check_in_date": "2025-11-01", "check_out_date": check_out, "guests": 1,
        }))
        .unwrap()
    }

    #[test]
    fn a_stay_is_over_at_eleven() {
        for (now, coming) in [
            ("2025-11-12T10:59:59-05:00", true),
            ("2025-11-12T11:00:00-05:00", false),
            ("2025-11-11T23:59:59-05:00", true),
            ("2025-11-13T00:00:00-05:00", false),
        ] {
            let clock = Clock::frozen_at(now.parse().unwrap(), "America/Lima".parse().unwrap());
            assert_eq!(is_coming(&stay("2025-11-12"), &clock), coming, "{now}");
        }
    }
}
