//! Moves of stays as the availability search shows them (contract 05 §3.12), and the plan that carries them out.

use std::collections::BTreeMap;

use casa_domain::{
    HouseId, ReservationId, Stay,
    client::ClientCard,
    money::displayed::shown,
    pricing::book::PriceBook,
    rearrangement::{Move, Plan},
};
use casa_store::{HouseList, reservations::Stored};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What stands for a guest whom the caller may not know, or of whom nothing is known.
const SOMEBODY: &str = "Cliente";

/// A stay that would move.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoveRequired)]
pub(crate) struct MoveBody {
    /// The reservation.
    reservation_id: Uuid,
    /// Its guest's name, for staff; a fixed text for others.
    client_name: String,
    /// Name of the house it is in.
    from_property: String,
    /// Name of the house it would go to.
    to_property: String,
    /// Its dates, which it keeps.
    reservation_dates: MoveDates,
    /// Its status.
    status: &'static str,
}

/// Dates of a stay.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)] // the keys are the contract's (05 §3.12)
struct MoveDates {
    check_in: NaiveDate,
    check_out: NaiveDate,
    nights: i64,
}

/// A plan as `POST reservations/rearrange/` takes it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MovePlan)]
pub(crate) struct PlanBody {
    /// The house that becomes free.
    property_id: Uuid,
    /// First night that becomes free.
    check_in: NaiveDate,
    /// First night after it.
    check_out: NaiveDate,
    /// Names the state of the moved reservations; the plan is refused once it is another.
    version: String,
    /// Dollars: what the moved stays' prices differ in all, signs left out.
    total_price_difference_usd: f64,
    /// Soles: the same.
    total_price_difference_sol: f64,
    /// In the order in which they can be told.
    moves: Vec<PlannedMove>,
}

/// A move of a plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlannedMoveShown)]
struct PlannedMove {
    /// The reservation.
    reservation_id: Uuid,
    /// Where it is.
    from_property_id: Uuid,
    /// Where it goes.
    to_property_id: Uuid,
    /// Dollars: its price there less its price here, before discounts.
    price_difference_usd: f64,
    /// Soles: the same.
    price_difference_sol: f64,
}

impl MoveBody {
    /// The move of a stay; `names` shows its guest's.
    pub fn new(one: &Move, stored: &Stored, houses: &HouseList, names: bool) -> Self {
        let reservation = &stored.booked.reservation;
        let name = |id: HouseId| houses.house(id).map(|house| house.name.clone()).unwrap_or_default();
        Self {
            reservation_id: one.reservation.0,
            client_name: stored
                .booked
                .client
                .as_ref()
                .filter(|_| names)
                .map_or_else(|| SOMEBODY.to_owned(), documented_name),
            from_property: name(one.from),
            to_property: name(one.to),
            reservation_dates: MoveDates {
                check_in: reservation.check_in_date,
                check_out: reservation.check_out_date,
                nights: reservation.nights(),
            },
            status: reservation.status.as_str(),
        }
    }
}

/// First and last name; a missing last name is written `None`, as documented.
fn documented_name(card: &ClientCard) -> String {
    format!("{} {}", card.first_name, card.last_name.as_deref().unwrap_or("None")).trim().to_owned()
}

impl PlanBody {
    /// The plan for a house; its version is that of each moved reservation, in the order of the moves.
    pub fn new(
        house: HouseId,
        stay: Stay,
        plan: &Plan,
        stays: &BTreeMap<ReservationId, Stored>,
        book: &PriceBook,
    ) -> Self {
        let version = |one: &Move| {
            stays.get(&one.reservation).map(|stored| stored.version).unwrap_or_default().to_string()
        };
        Self {
            property_id: house.0,
            check_in: stay.check_in(),
            check_out: stay.check_out(),
            version: plan.moves.iter().map(version).collect::<Vec<_>>().join("."),
            total_price_difference_usd: shown(plan.difference),
            total_price_difference_sol: shown(plan.difference * book.rate),
            moves: plan
                .moves
                .iter()
                .map(|one| PlannedMove {
                    reservation_id: one.reservation.0,
                    from_property_id: one.from.0,
                    to_property_id: one.to.0,
                    price_difference_usd: shown(one.difference),
                    price_difference_sol: shown(one.difference * book.rate),
                })
                .collect(),
        }
    }
}
