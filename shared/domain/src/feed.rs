//! Calendars elsewhere whose stays are brought into our houses, and what to make of what they say (contract 05 §4.7 with
//! the repairs of defect 14 in §8).

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    house::House,
    ids::{FeedId, HouseId, ReservationId},
    reservation::{Origin, Reservation, Status},
    stay::Stay,
};

/// Longest address of a calendar, in characters.
pub const LONGEST_ADDRESS: usize = 2_000;
/// Failures in a row after which staff are told.
pub const FAILURES_TO_TELL: u32 = 3;
/// Hours after which a calendar is read whole although it has not changed: our side may have.
const FRESH_HOURS: i64 = 6;
/// Letters of an address that are shown of its end.
const SHOWN_END: usize = 4;

/// Address of a calendar. Whoever knows it can read the calendar, so it shows itself nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeedAddress(String);

/// A text is no address of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// It is not on the web.
    #[error("La dirección debe empezar con http:// o https://.")]
    NotWeb,
    /// It is longer than [`LONGEST_ADDRESS`].
    #[error("La dirección puede tener hasta {LONGEST_ADDRESS} caracteres.")]
    TooLong,
}

impl fmt::Debug for FeedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedAddress(…)")
    }
}

impl FeedAddress {
    /// The address that a text gives: one of the web with a host, without blanks.
    ///
    /// # Errors
    /// [`NotAnAddress`].
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim();
        if text.chars().count() > LONGEST_ADDRESS {
            return Err(NotAnAddress::TooLong);
        }
        let clean = !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
        let address = Self(text.to_owned());
        if clean && !address.host().is_empty() { Ok(address) } else { Err(NotAnAddress::NotWeb) }
    }

    /// The whole address: for fetching only.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// The host, with its port where one is given; empty for what is not on the web.
    pub fn host(&self) -> &str {
        let Some((scheme, rest)) = self.0.split_once("://") else { return "" };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return "";
        }
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        // A name and password before the host are no part of it.
        authority.rsplit('@').next().unwrap_or_default()
    }

    /// What may be shown of it: the host, and the last letters so that two can be told apart.
    pub fn shown(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        let end: String = letters.iter().skip(letters.len().saturating_sub(SHOWN_END)).collect();
        format!("{}/…{end}", self.host())
    }
}

/// A calendar elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// Its id; that of the house where the address is the house's own.
    pub id: FeedId,
    /// The house whose stays it tells.
    pub house: HouseId,
    /// What staff call it.
    pub name: String,
    /// Where it is.
    pub url: FeedAddress,
    /// When it was entered.
    pub created: DateTime<Utc>,
    /// The address is kept with the house, not here.
    #[serde(default)]
    pub of_house: bool,
    /// What the server named the calendar that was read last; absent where it is to be read whole next time.
    #[serde(default)]
    pub etag: Option<String>,
    /// When the server said it changed last.
    #[serde(default)]
    pub last_modified: Option<String>,
    /// When it was asked for last.
    #[serde(default)]
    pub checked: Option<DateTime<Utc>>,
    /// When its stays were brought in last.
    #[serde(default)]
    pub brought: Option<DateTime<Utc>>,
    /// Why it could not be read last time, in Spanish for staff.
    #[serde(default)]
    pub problem: Option<String>,
    /// How often in a row it could not be read.
    #[serde(default)]
    pub failures: u32,
    /// Conflicts that staff were told of and that still stand.
    #[serde(default)]
    pub told: Vec<String>,
}

impl Feed {
    /// A calendar that was never asked for.
    pub fn new(id: FeedId, house: HouseId, name: String, url: FeedAddress, now: DateTime<Utc>) -> Self {
        Self {
            id,
            house,
            name,
            url,
            created: now,
            of_house: false,
            etag: None,
            last_modified: None,
            checked: None,
            brought: None,
            problem: None,
            failures: 0,
            told: Vec::new(),
        }
    }

    /// The calendar at the house's own address (`airbnb_url`), where that is one by itself. Imported houses may keep the
    /// end of another service's address there, which leads nowhere.
    pub fn of_house(house: &House) -> Option<Self> {
        let address = FeedAddress::parse(house.airbnb_url.as_deref()?).ok()?;
        let path = address.secret().split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        if !path.ends_with(".ics") && !path.contains("/calendar/ical/") {
            return None;
        }
        let own = Self::new(FeedId(house.id.0), house.id, "Airbnb".to_owned(), address, house.created);
        Some(Self { of_house: true, ..own })
    }

    /// Validators for the next request: none where the calendar is to be read whole.
    pub fn validators(&self, now: DateTime<Utc>) -> (Option<&str>, Option<&str>) {
        let fresh = self.brought.is_some_and(|brought| now - brought < TimeDelta::hours(FRESH_HOURS));
        if fresh { (self.etag.as_deref(), self.last_modified.as_deref()) } else { (None, None) }
    }

    /// Notes that it could not be read.
    pub fn fail(&mut self, problem: String, now: DateTime<Utc>) {
        self.checked = Some(now);
        self.problem = Some(problem);
        self.failures = self.failures.saturating_add(1);
        (self.etag, self.last_modified) = (None, None);
    }

    /// Notes that it was read, or that it has not changed.
    pub fn succeed(&mut self, now: DateTime<Utc>) {
        self.checked = Some(now);
        self.problem = None;
        self.failures = 0;
    }
}

/// What a calendar said of an event last, and the reservation that stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// The reservation.
    pub reservation: ReservationId,
    /// First night, as the calendar has it.
    pub check_in: NaiveDate,
    /// Day of departure, as the calendar has it.
    pub check_out: NaiveDate,
}

/// What an event does to the reservation that is known for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing.
    Keep,
    /// It is to become this.
    Change(Box<Reservation>),
}

/// What an event with these nights does to the live reservation `one` that stands for it. `told` is what the calendar
/// said of it before, absent when it did not tell of it.
///
/// * The calendar's dates move the stay when the calendar changed them. A stay that staff moved stays where they put it.
/// * An event that is new to the calendar, or came back, approves its stay. One that staff called off while the calendar
///   had it stays called off.
/// * A stay that staff gave another origin is theirs.
pub fn step(one: &Reservation, event: Stay, told: Option<&Brought>, now: DateTime<Utc>) -> Step {
    if one.origin != Origin::Airbnb || (told.is_some() && !one.status.blocks()) {
        return Step::Keep;
    }
    let mut after = one.clone();
    if told.is_none() {
        after.status = Status::Approved;
    }
    let agreed = (one.check_in_date, one.late_check_out_date.unwrap_or(one.check_out_date));
    let said = told.map_or(agreed, |told| (told.check_in, told.check_out));
    if said != (event.check_in(), event.check_out()) {
        let late = after.late_checkout;
        after.revoke_late_checkout();
        (after.check_in_date, after.check_out_date) = (event.check_in(), event.check_out());
        if late {
            after.grant_late_checkout();
        }
    }
    if after == *one {
        return Step::Keep;
    }
    after.updated = now;
    Step::Change(Box::new(after))
}

/// What becomes of the stay `one` when its event has vanished from the calendar, on the local date `today`: it is called
/// off unless it has begun, is staff's own by now, or holds nothing anyway.
pub fn vanished(one: &Reservation, today: NaiveDate, now: DateTime<Utc>) -> Option<Reservation> {
    let ends =
        !one.deleted && one.origin == Origin::Airbnb && one.status.blocks() && one.check_in_date >= today;
    ends.then(|| Reservation { status: Status::Cancelled, updated: now, ..one.clone() })
}

#[cfg(test)]
mod tests;
