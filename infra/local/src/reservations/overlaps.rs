//! Which reservations of a house share nights (contract 05 §6, `find_overlapping_reservations`). Only imported data can have
//! such.

use std::collections::BTreeMap;

use casa_domain::{HouseId, Reservation, ReservationId, Status};
use casa_store::Catalogue;
use casa_store::reservations::{Page, Wish};
use casa_web::AppState;
use chrono::NaiveDate;
use serde::Serialize;

use super::args::{Compared, OverlapsArgs};
use super::sheet::name;
use crate::Failure;

/// What was found.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Overlaps {
    /// Reservations that were compared.
    reservations: usize,
    /// Pairs that share nights, by house and date.
    overlaps: Vec<Pair>,
}

/// Two reservations of a house that share nights.
#[derive(Debug, PartialEq, Serialize)]
struct Pair {
    house: HouseId,
    house_name: String,
    first: Half,
    second: Half,
    /// How many nights they share.
    nights: i64,
}

/// One of the two.
#[derive(Debug, PartialEq, Serialize)]
struct Half {
    id: ReservationId,
    check_in: NaiveDate,
    check_out: NaiveDate,
    status: Status,
}

/// Compares the reservations of every house, or of one.
pub(super) async fn run(state: &AppState, arguments: &OverlapsArgs) -> Result<Overlaps, Failure> {
    let heads = state.store.reservations().heads().await?;
    let only = arguments.house.as_deref().map(|wanted| house(heads.catalogue(), wanted)).transpose()?;
    let all = Wish::default();
    let listed = Box::pin(state.store.reservations().list(&heads, &all, Page::Everything)).await?;
    let compared = listed.rows.into_iter().map(|row| row.reservation).filter(|one| {
        only.is_none_or(|house| one.house == house)
            && match arguments.status {
                Compared::Approved => one.status == Status::Approved,
                Compared::All => one.status != Status::Cancelled,
            }
    });
    Ok(compare(compared.collect(), heads.catalogue()))
}

/// The house with this id or name; case and accents do not matter.
fn house(catalogue: &Catalogue, wanted: &str) -> Result<HouseId, Failure> {
    let id = wanted.trim().parse::<HouseId>().ok();
    let mut fits =
        catalogue.all_houses().filter(|house| Some(house.id) == id || name(&house.name) == name(wanted));
    match (fits.next(), fits.next()) {
        (Some(house), None) => Ok(house.id),
        (Some(_), Some(_)) => {
            Err(Failure::new(format!("several houses are called {wanted}; name one by its id")))
        }
        _ => Err(Failure::new(format!("there is no house {wanted}"))),
    }
}

fn compare(reservations: Vec<Reservation>, catalogue: &Catalogue) -> Overlaps {
    let count = reservations.len();
    let mut houses: BTreeMap<(String, HouseId), Vec<Reservation>> = BTreeMap::new();
    for one in reservations {
        let named = catalogue.house(one.house).map(|house| house.name.clone()).unwrap_or_default();
        houses.entry((named, one.house)).or_default().push(one);
    }
    let mut overlaps = Vec::new();
    for ((house_name, house), mut stays) in houses {
        stays.sort_by_key(|one| (one.check_in_date, one.created, one.id));
        for (place, one) in stays.iter().enumerate() {
            let following = stays.iter().skip(place + 1);
            for other in following.take_while(|other| other.check_in_date < one.check_out_date) {
                // Imported dates may be reversed.
                if one.check_in_date < other.check_out_date {
                    let until = one.check_out_date.min(other.check_out_date);
                    let nights = (until - other.check_in_date).num_days();
                    let (first, second) = (Half::of(one), Half::of(other));
                    overlaps.push(Pair { house, house_name: house_name.clone(), first, second, nights });
                }
            }
        }
    }
    Overlaps { reservations: count, overlaps }
}

impl Half {
    fn of(one: &Reservation) -> Self {
        Self { id: one.id, check_in: one.check_in_date, check_out: one.check_out_date, status: one.status }
    }
}

#[cfg(test)]
mod tests {
    use super::super::import::tests::booked;
    use super::*;

    #[test]
    fn pairs_share_nights() {
        let stays = [
            booked(1, "2023-02-10", "2023-02-20"),
            booked(2, "2023-02-12", "2023-02-14"),
            booked(3, "2023-02-13", "2023-02-25"),
            booked(4, "2023-02-25", "2023-02-26"),
        ];
        let mut stays: Vec<_> = stays.into_iter().map(|booked| booked.reservation).collect();
        let mut elsewhere = stays[0].clone();
        elsewhere.house = HouseId(uuid::Uuid::from_u128(77));
        stays.push(elsewhere);
        let found = compare(stays, &Catalogue::default());
        let id = |half: &Half| half.id.0.as_u128();
        let pairs: Vec<_> =
            found.overlaps.iter().map(|pair| (id(&pair.first), id(&pair.second), pair.nights)).collect();
        assert_eq!(pairs, [(1, 2, 2), (1, 3, 7), (2, 3, 1)]);
        assert_eq!(found.reservations, 5);
    }
}
