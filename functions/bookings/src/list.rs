//! `GET clients/reservations/list/` (contract 03 §3.12).

use axum::{extract::State, response::Response};
use casa_domain::{Reservation, Status};
use casa_web::{
    ApiResult, AppState, Guest, json,
    openapi::{Detail, ForGuests},
    render,
    reservations::{ReservationBody, Surroundings},
};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// Most bookings of an answer (contract 03 §8, D20).
const MOST: usize = 1000;

/// The bookings of a guest, each group with the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnBookings)]
pub(crate) struct Bookings<'a> {
    /// Decided, and the guest has not left.
    upcoming_reservations: Vec<ReservationBody<'a>>,
    /// Decided, and over.
    past_reservations: Vec<ReservationBody<'a>>,
    /// Nothing or one voucher received.
    pending_reservations: Vec<ReservationBody<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Upcoming,
    Past,
    Pending,
}

impl Group {
    fn of(one: &Reservation, today: NaiveDate) -> Self {
        match one.status {
            Status::Incomplete | Status::Pending => Self::Pending,
            _ if one.is_upcoming(today) => Self::Upcoming,
            _ => Self::Past,
        }
    }
}

/// Bookings of the guest who asks, at most the latest thousand.
#[utoipa::path(
    get,
    path = "/api/v1/clients/reservations/list/",
    tag = "bookings",
    operation_id = "bookings_list",
    responses(
        (status = 200, description = "The bookings.", body = Bookings<'static>),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForGuests,
    ),
    security(("client" = [])),
)]
pub(crate) async fn list(Guest(guest): Guest, State(state): State<AppState>) -> ApiResult<Response> {
    let reservations = state.store.reservations();
    let (mut bookings, around) =
        tokio::try_join!(reservations.of_client(guest.client.id), Surroundings::read(&state))?;
    bookings.sort_by_key(|one| std::cmp::Reverse((one.reservation.created, one.reservation.id)));
    bookings.truncate(MOST);
    let houses = around.houses_of(&bookings);
    let today = state.clock.today();
    let of = |group| {
        bookings
            .iter()
            .filter(|one| Group::of(&one.reservation, today) == group)
            .map(|one| around.shown(one, &houses, &state.clock))
            .collect()
    };
    Ok(json(render(&Bookings {
        upcoming_reservations: of(Group::Upcoming),
        past_reservations: of(Group::Past),
        pending_reservations: of(Group::Pending),
    })?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use casa_domain::{HouseId, ReservationId};
    use uuid::Uuid;

    #[test]
    fn a_stay_that_ends_today_is_past() {
        let day = |day| NaiveDate::from_ymd_opt(2025, 11, day).unwrap();
        let now = "2025-11-01T00:00:00Z".parse().unwrap();
        let mut one =
            Reservation::new(ReservationId(Uuid::nil()), HouseId(Uuid::nil()), day(10), day(12), now);
        for (status, today, group) in [
            (Status::Approved, 11, Group::Upcoming),
            (Status::Approved, 12, Group::Past),
            (Status::UnderReview, 11, Group::Upcoming),
            (Status::Cancelled, 12, Group::Past),
            (Status::Incomplete, 20, Group::Pending),
            (Status::Pending, 1, Group::Pending),
        ] {
            one.status = status;
            assert_eq!(Group::of(&one, day(today)), group, "{status} on {today}");
        }
    }
}
