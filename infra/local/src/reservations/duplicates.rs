//! Which rows of a sheet are entered already (contract 05 §6, `check_duplicate_reservations`).

use std::collections::HashMap;

use casa_domain::{ReservationId, Status};
use casa_web::AppState;
use serde::Serialize;

use super::import::Refused;
use super::known::{Key, Known, keys};
use super::sheet::Row;
use crate::Failure;

/// What was found.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Duplicates {
    /// Rows that say something.
    rows: usize,
    /// Rows whose guest has a stay in that house with these dates.
    duplicates: Vec<Entered>,
    /// Rows that are not entered.
    new: usize,
    /// Rows that cannot be compared.
    unreadable: Vec<Refused>,
}

/// A row that is entered already.
#[derive(Debug, PartialEq, Serialize)]
struct Entered {
    row: u32,
    reservation: ReservationId,
    status: Status,
}

/// Compares every row with the stays that are not deleted.
pub(super) async fn run(state: &AppState, rows: &[Row], day_first: bool) -> Result<Duplicates, Failure> {
    Ok(compare(rows, &Known::read(state).await?, day_first))
}

fn compare(rows: &[Row], known: &Known, day_first: bool) -> Duplicates {
    let mut stays: HashMap<Key, (ReservationId, Status)> = HashMap::new();
    for stay in &known.stays {
        stays.extend(keys(stay).map(|key| (key, (stay.reservation.id, stay.reservation.status))));
    }
    let mut found = Duplicates { rows: rows.len(), duplicates: Vec::new(), new: 0, unreadable: Vec::new() };
    for row in rows {
        match known.named(row, day_first) {
            Ok(named) => match stays.get(&named.key()) {
                Some((reservation, status)) => {
                    found.duplicates.push(Entered {
                        row: row.number,
                        reservation: *reservation,
                        status: *status,
                    });
                }
                None => found.new += 1,
            },
            Err((reason, detail)) => found.unreadable.push(Refused::new(row.number, reason, detail)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use casa_store::reservations::Booked;

    use super::super::import::{
        Reason,
        tests::{booked, known, row},
    };
    use super::*;

    #[test]
    fn rows_are_found_by_guest_house_and_dates() {
        let mut known = known();
        let mut late: Booked = booked(2, "2023-03-01", "2023-03-03");
        late.reservation.grant_late_checkout();
        known.stays = vec![booked(1, "2023-02-13", "2023-02-15"), late];
        let rows = [
            row(2, ["casa ñandu", "11111111", "13/02/2023", "15/02/2023"]),
            row(3, ["Casa Ñandú", "11111111", "2023-03-01", "2023-03-03"]),
            row(4, ["Casa Ñandú", "11111111", "2023-03-01", "2023-03-04"]),
            row(5, ["Casa Ñandú", "22222222", "13/02/2023", "15/02/2023"]),
            row(6, ["Otra casa", "11111111", "13/02/2023", "15/02/2023"]),
        ];
        let found = compare(&rows, &known, false);
        let rows: Vec<_> =
            found.duplicates.iter().map(|one| (one.row, one.reservation.0.as_u128())).collect();
        assert_eq!(rows, [(2, 1), (3, 2), (4, 2)]);
        assert_eq!((found.rows, found.new), (5, 1));
        assert_eq!(found.unreadable, [Refused::new(6, Reason::PropertyNotFound, "no house has this name")]);
    }
}
