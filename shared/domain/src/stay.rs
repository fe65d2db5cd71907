//! Stays: half-open ranges of nights.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::time::Month;

/// The longest stay the system accepts, in nights. It keeps every change of a stay, moves between houses
/// included, inside one transaction of the table (100 items).
pub const MAX_NIGHTS: i64 = 366;

/// A stay: the nights from `check_in` up to, not including, `check_out` (contract 05 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stay {
    check_in: NaiveDate,
    check_out: NaiveDate,
}

/// Why two dates do not make a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StayError {
    /// Check-out is not after check-in.
    #[error("check-out must be after check-in")]
    NotAfter,
    /// More than [`MAX_NIGHTS`] nights.
    #[error("a stay has at most {MAX_NIGHTS} nights")]
    TooLong,
}

impl Stay {
    /// A stay of at least one and at most [`MAX_NIGHTS`] nights.
    ///
    /// # Errors
    /// [`StayError`] when the dates are reversed, equal or too far apart.
    pub fn new(check_in: NaiveDate, check_out: NaiveDate) -> Result<Self, StayError> {
        let nights = (check_out - check_in).num_days();
        match nights {
            ..=0 => Err(StayError::NotAfter),
            n if n > MAX_NIGHTS => Err(StayError::TooLong),
            _ => Ok(Self { check_in, check_out }),
        }
    }

    /// The arrival date, which is also the first night.
    pub fn check_in(self) -> NaiveDate {
        self.check_in
    }

    /// The departure date: the first night that is not held.
    pub fn check_out(self) -> NaiveDate {
        self.check_out
    }

    /// How many nights it has.
    pub fn nights(self) -> i64 {
        (self.check_out - self.check_in).num_days()
    }

    /// The same stay with one night more; `None` when it would be too long.
    pub fn longer(self) -> Option<Self> {
        Self::new(self.check_in, self.check_out.succ_opt()?).ok()
    }

    /// Its nights, each named by the date on which it begins.
    pub fn iter(self) -> impl Iterator<Item = NaiveDate> {
        self.check_in.iter_days().take_while(move |night| *night < self.check_out)
    }

    /// The months in which it has a night.
    pub fn months(self) -> impl Iterator<Item = Month> {
        std::iter::successors(Some(Month::of(self.check_in)), |month| Some(month.next()))
            .take_while(move |month| month.first_day() < self.check_out)
    }

    /// Its nights in a month as bits: bit 0 is the 1st.
    pub fn nights_in(self, month: Month) -> u32 {
        let first = self.check_in.max(month.first_day());
        let after = self.check_out.min(month.next().first_day());
        if first >= after {
            return 0;
        }
        let days = (after - first).num_days().unsigned_abs();
        let run = u32::try_from((1u64 << days) - 1).unwrap_or(u32::MAX);
        run << first.day0()
    }

    /// Whether both hold a common night; back to back is not an overlap (contract 05 §4.1).
    pub fn overlaps(self, other: Self) -> bool {
        self.check_in < other.check_out && self.check_out > other.check_in
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, day).unwrap()
    }

    fn stay(from: u32, to: u32) -> Stay {
        Stay::new(day(from), day(to)).unwrap()
    }

    /// Contract 05 §9, example 1.
    #[test]
    fn back_to_back_is_free() {
        let held = stay(10, 12);
        for (from, to, clash) in
            [(12, 13, false), (9, 10, false), (11, 13, true), (9, 11, true), (10, 12, true), (9, 13, true)]
        {
            assert_eq!(held.overlaps(stay(from, to)), clash, "{from} to {to}");
        }
    }

    #[test]
    fn limits() {
        assert_eq!(Stay::new(day(3), day(3)), Err(StayError::NotAfter));
        assert_eq!(Stay::new(day(4), day(3)), Err(StayError::NotAfter));
        let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
        assert!(Stay::new(first, first + Days::new(366)).is_ok());
        assert_eq!(Stay::new(first, first + Days::new(367)), Err(StayError::TooLong));
        assert_eq!(stay(1, 4).iter().collect::<Vec<_>>(), vec![day(1), day(2), day(3)]);
    }
}
