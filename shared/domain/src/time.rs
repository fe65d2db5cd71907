//! Instants and the local calendar. The business lives in one zone without daylight saving (Lima, UTC−5).

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An instant as the table stores and sorts it: UTC, always six decimals (`2025-11-12T15:30:00.000000Z`).
pub fn sortable(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// An instant as the API writes it through a serializer: local, with microseconds only when they are not zero
/// (contract 01 §4.8.3).
pub fn local_iso(instant: DateTime<Utc>, zone: FixedOffset) -> String {
    let local = instant.with_timezone(&zone);
    let format =
        if local.timestamp_subsec_micros() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    local.to_rfc3339_opts(format, false)
}

/// An instant in UTC with a numeric offset, as hand-built answers write it (contract 05 §3.8).
pub fn utc_offset_iso(instant: DateTime<Utc>) -> String {
    let format =
        if instant.timestamp_subsec_micros() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    instant.to_rfc3339_opts(format, false)
}

/// A month of the calendar, ordered by time; written `2025-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month of `year`, 1 to 12; `None` outside that, or outside the years 1 to 9999.
    pub fn new(year: i32, month: u32) -> Option<Self> {
        ((1..=9999).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// The month that holds `date`.
    pub fn of(date: NaiveDate) -> Self {
        Self { year: date.year(), month: date.month() }
    }

    /// Its year.
    pub fn year(self) -> i32 {
        self.year
    }

    /// Its number in the year, 1 to 12.
    pub fn number(self) -> u32 {
        self.month
    }

    /// Its first day.
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or(NaiveDate::MIN)
    }

    /// Its last day.
    pub fn last_day(self) -> NaiveDate {
        self.next().first_day().pred_opt().unwrap_or(NaiveDate::MAX)
    }

    /// The month after it.
    pub fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year + 1, month: 1 }
        } else {
            Self { year: self.year, month: self.month + 1 }
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// The text was not `YYYY-MM`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a month: {0}")]
pub struct NotAMonth(String);

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        text.split_once('-')
            .and_then(|(year, month)| Self::new(year.parse().ok()?, month.parse().ok()?))
            .ok_or_else(|| NotAMonth(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_know_their_borders() {
        let december = Month::new(2025, 12).unwrap();
        assert_eq!(december.last_day(), NaiveDate::from_ymd_opt(2025, 12, 31).unwrap());
        assert_eq!(december.next().to_string(), "2026-01");
        assert_eq!(
            "2024-02".parse::<Month>().unwrap().last_day(),
            NaiveDate::from_ymd_opt(2024, 2, 29).unwrap()
        );
        assert!("2024-13".parse::<Month>().is_err());
        assert!(Month::new(0, 1).is_none());
    }

    #[test]
    fn instants_are_written_as_documented() {
        let lima = FixedOffset::west_opt(5 * 3600).unwrap();
        let instant: DateTime<Utc> = "2026-11-22T11:24:37.067806Z".parse().unwrap();
        assert_eq!(local_iso(instant, lima), "2026-11-22T06:24:37.067806-05:00");
        assert_eq!(utc_offset_iso(instant), "2026-11-22T11:24:37.067806+00:00");
        let whole: DateTime<Utc> = "2026-11-22T11:24:37Z".parse().unwrap();
        assert_eq!(local_iso(whole, lima), "2026-11-22T06:24:37-05:00");
    }
}
