//! The calendar: which nights a change of a reservation claims and releases, month by month.
//!
//! Nights are sold, not ranges: the store keeps one item per house and month and turns each [`MonthChange`] into
//! one conditional write of one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{ids::HouseId, stay::Stay, time::Month};

/// The nights of one house that a reservation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The house.
    pub house: HouseId,
    /// Its nights.
    pub stay: Stay,
}

/// Which nights are held by anybody, for the months that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occupancy(HashMap<(HouseId, Month), u32>);

impl Occupancy {
    /// Notes the held nights of a house in a month: bit 0 is the 1st.
    pub fn note(&mut self, house: HouseId, month: Month, nights: u32) {
        *self.0.entry((house, month)).or_default() |= nights;
    }

    /// Whether somebody holds the night.
    pub fn is_held(&self, house: HouseId, night: NaiveDate) -> bool {
        self.0.get(&(house, Month::of(night))).is_some_and(|nights| nights >> night.day0() & 1 == 1)
    }

    /// Whether nobody holds any night of the stay.
    pub fn is_free(&self, house: HouseId, stay: Stay) -> bool {
        stay.months().all(|month| {
            let held = self.0.get(&(house, month)).copied().unwrap_or_default();
            held & stay.nights_in(month) == 0
        })
    }
}

/// What one change does to one month of one house. Days are days of the month, 1 to 31.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonthChange {
    /// Nights that must be free and become held.
    pub claim: BTreeSet<u32>,
    /// Nights that must be held by this reservation and become free.
    pub release: BTreeSet<u32>,
    /// Nights that are held before and after.
    pub keep: BTreeSet<u32>,
}

/// The claims and releases that lead from one hold to another (either may be absent), by house and month.
/// Months in which nothing changes are left out.
pub fn changes(before: Option<Hold>, after: Option<Hold>) -> BTreeMap<(HouseId, Month), MonthChange> {
    let mut months: BTreeMap<(HouseId, Month), MonthChange> = BTreeMap::new();
    if let Some(hold) = before {
        for night in hold.stay.iter() {
            months.entry((hold.house, Month::of(night))).or_default().release.insert(night.day());
        }
    }
    if let Some(hold) = after {
        for night in hold.stay.iter() {
            let month = months.entry((hold.house, Month::of(night))).or_default();
            if month.release.remove(&night.day()) {
                month.keep.insert(night.day());
            } else {
                month.claim.insert(night.day());
            }
        }
    }
    months.retain(|_, month| !month.claim.is_empty() || !month.release.is_empty());
    months
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn hold(house: u128, from: i64, nights: i64) -> Hold {
        let first = NaiveDate::from_ymd_opt(2025, 12, 1).unwrap() + chrono::TimeDelta::days(from);
        Hold {
            house: HouseId(Uuid::from_u128(house)),
            stay: Stay::new(first, first + chrono::TimeDelta::days(nights)).unwrap(),
        }
    }

    #[test]
    fn an_extension_keeps_what_is_held() {
        let change = changes(Some(hold(1, 29, 3)), Some(hold(1, 30, 3)));
        let december = &change[&(hold(1, 0, 1).house, Month::new(2025, 12).unwrap())];
        assert_eq!(december.release, BTreeSet::from([30]));
        assert_eq!(december.keep, BTreeSet::from([31]));
        let january = &change[&(hold(1, 0, 1).house, Month::new(2026, 1).unwrap())];
        assert_eq!((january.keep.clone(), january.claim.clone()), (BTreeSet::from([1]), BTreeSet::from([2])));
        assert!(changes(Some(hold(1, 3, 2)), Some(hold(1, 3, 2))).is_empty());
    }

    proptest! {
        /// A stay is free exactly when none of its nights is held.
        #[test]
        fn occupancy_agrees_night_by_night(
            held in proptest::collection::vec((1u128..3, 0i64..90, 1i64..9), 0..6),
            wanted in (1u128..3, 0i64..90, 1i64..40),
        ) {
            let mut occupancy = Occupancy::default();
            for (house, from, nights) in held {
                let hold = hold(house, from, nights);
                for month in hold.stay.months() {
                    occupancy.note(hold.house, month, hold.stay.nights_in(month));
                }
                prop_assert!(hold.stay.iter().all(|night| occupancy.is_held(hold.house, night)));
            }
            let wanted = hold(wanted.0, wanted.1, wanted.2);
            let free = wanted.stay.iter().all(|night| !occupancy.is_held(wanted.house, night));
            prop_assert_eq!(occupancy.is_free(wanted.house, wanted.stay), free);
        }

        /// Applying the changes to the nights of `before` gives the nights of `after`, and never touches others.
        #[test]
        fn changes_lead_from_before_to_after(
            a in proptest::option::of((1u128..3, 0i64..60, 1i64..80)),
            b in proptest::option::of((1u128..3, 0i64..60, 1i64..80)),
        ) {
            let nights = |hold: Option<Hold>| -> BTreeSet<(HouseId, Month, u32)> {
                hold.into_iter()
                    .flat_map(|h| h.stay.iter().map(move |n| (h.house, Month::of(n), n.day())))
                    .collect()
            };
            let (before, after) = (a.map(|(h, f, n)| hold(h, f, n)), b.map(|(h, f, n)| hold(h, f, n)));
            let mut held = nights(before);
            for ((house, month), change) in changes(before, after) {
                for day in change.release { prop_assert!(held.remove(&(house, month, day))); }
                for day in change.keep { prop_assert!(held.contains(&(house, month, day))); }
                for day in change.claim { prop_assert!(held.insert((house, month, day))); }
            }
            prop_assert_eq!(held, nights(after));
        }
    }
}
