//! One clock for the whole application: the system's, or one that stands still for tests and demonstrations.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

/// The time as the business sees it, and the zone in which it has dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    frozen: Option<DateTime<Utc>>,
    zone: Tz,
}

impl Clock {
    /// The system's clock, dates in `zone`.
    pub fn system(zone: Tz) -> Self {
        Self { frozen: None, zone }
    }

    /// A clock that always shows `instant`.
    pub fn frozen_at(instant: DateTime<FixedOffset>, zone: Tz) -> Self {
        Self { frozen: Some(instant.with_timezone(&Utc)), zone }
    }

    /// The zone in which it has dates.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Whether it stands still.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.frozen.unwrap_or_else(Utc::now)
    }

    /// The local date now (decision 6).
    pub fn today(&self) -> NaiveDate {
        self.local_date(self.now())
    }

    /// The local date of an instant.
    pub fn local_date(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }

    /// The local date and time now.
    pub fn local_now(&self) -> NaiveDateTime {
        self.local(self.now())
    }

    /// The local date and time of an instant.
    pub fn local(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        instant.with_timezone(&self.zone).naive_local()
    }

    /// The zone's distance from UTC at an instant.
    pub fn offset(&self, instant: DateTime<Utc>) -> FixedOffset {
        self.zone.offset_from_utc_datetime(&instant.naive_utc()).fix()
    }

    /// The instant at which a local day begins.
    pub fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        self.zone
            .from_local_datetime(&midnight)
            .earliest()
            .map_or_else(|| midnight.and_utc(), |local| local.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_local() {
        let clock = Clock::frozen_at("2025-11-12T23:30:00-05:00".parse().unwrap(), chrono_tz::America::Lima);
        assert_eq!(clock.now().to_rfc3339(), "2025-11-13T04:30:00+00:00");
        assert_eq!(clock.today().to_string(), "2025-11-12");
        assert_eq!(clock.start_of(clock.today()).to_rfc3339(), "2025-11-12T05:00:00+00:00");
        assert_eq!(clock.offset(clock.now()).local_minus_utc(), -5 * 3600);
    }
}
