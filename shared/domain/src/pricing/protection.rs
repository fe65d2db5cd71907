//! Special dates are sold only within stays of a minimum of nights (contract 04 §4.3; decision 25; defects 3, 4 and
//! 10 of 04 §8).
//!
//! A special date D with a minimum of N nights protects the nights from D − (N − 1) to D + (N − 1): a stay that
//! touches them must have N nights and include D, unless somebody holds D already.

use std::{collections::BTreeSet, fmt};

use chrono::{Datelike, Days, NaiveDate};

use crate::{
    calendar::Occupancy,
    ids::HouseId,
    spanish,
    stay::{MAX_NIGHTS, Stay},
    time::Month,
};

use super::book::{PriceBook, SpecialDate};

/// Why a house is not sold for a stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The special date as configured.
    pub special: SpecialDate,
    /// The night it protects, in the year in question.
    pub date: NaiveDate,
    /// Least nights of a stay near it.
    pub minimum_nights: u32,
    /// The stay has fewer nights; otherwise it is long enough but leaves the night out.
    pub too_short: bool,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = spanish::full_date(self.date);
        let name = match self.special.description.as_deref().map(str::trim) {
            Some(name) if !name.is_empty() => format!("{name} ({date})"),
            _ => date,
        };
        let nights = self.minimum_nights;
        if self.too_short {
            write!(f, "Por la fecha especial {name}, la estadía mínima en esos días es de {nights} noches.")
        } else {
            write!(
                f,
                "Por la fecha especial {name}, la estadía en esos días debe incluir esa noche y tener al menos \
                 {nights} noches."
            )
        }
    }
}

/// The earliest special date that forbids selling the house for the stay. `occupancy` must know the months of
/// [`protected_months`].
pub fn protection(book: &PriceBook, house: HouseId, stay: Stay, occupancy: &Occupancy) -> Option<Violation> {
    let special_dates = book.special_dates(house).iter();
    special_dates
        .flat_map(|special| unmet(special, stay).map(move |date| (special, date)))
        .filter(|(_, date)| !occupancy.is_held(house, *date))
        .min_by_key(|(_, date)| *date)
        .map(|(special, date)| Violation {
            special: special.clone(),
            date,
            minimum_nights: minimum(special),
            too_short: stay.nights() < i64::from(minimum(special)),
        })
}

/// The months whose occupancy [`protection`] may look at for these houses, those of the stay itself included.
pub fn protected_months(
    book: &PriceBook,
    houses: impl IntoIterator<Item = HouseId>,
    stay: Stay,
) -> BTreeSet<Month> {
    let mut months: BTreeSet<Month> = stay.months().collect();
    for house in houses {
        let dates = book.special_dates(house).iter().flat_map(|special| unmet(special, stay));
        months.extend(dates.map(Month::of));
    }
    months
}

fn minimum(special: &SpecialDate) -> u32 {
    special.minimum_consecutive_nights.max(1)
}

/// The dates on which an active special date protects nights of the stay and the stay does not meet its demand.
fn unmet(special: &SpecialDate, stay: Stay) -> impl Iterator<Item = NaiveDate> {
    let minimum = i64::from(minimum(special));
    let last_night = stay.check_out().pred_opt().unwrap_or(stay.check_in());
    // The stay touches the protected nights exactly when D is that close to it; that may be across 31 December, in
    // either direction (decision 25). No stay is longer than MAX_NIGHTS, and D comes every year: farther dates would
    // say nothing new.
    let reach = Days::new((minimum - 1).min(MAX_NIGHTS).unsigned_abs());
    let first = stay.check_in().checked_sub_days(reach).unwrap_or(NaiveDate::MIN);
    let last = last_night.checked_add_days(reach).unwrap_or(NaiveDate::MAX);
    let long_enough = stay.nights() >= minimum;
    // A minimum of one night protects D itself, and a stay with that night has one night.
    let years = if special.is_active && minimum > 1 { first.year()..last.year() + 1 } else { 0..0 };
    let (month, day) = (special.month, special.day);
    years
        // A day that the month does not have is absent (defect 3).
        .filter_map(move |year| NaiveDate::from_ymd_opt(year, month, day))
        .filter(move |date| (first..=last).contains(date))
        .filter(move |date| !(long_enough && (stay.check_in()..=last_night).contains(date)))
}
