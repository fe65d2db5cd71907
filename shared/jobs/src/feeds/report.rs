//! What reading a calendar did. Reports end up in logs: no title and no name of an event is in them.

use std::collections::BTreeSet;

use casa_domain::feed::Feed;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What reading a calendar did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct FeedReport {
    /// The calendar.
    pub id: Uuid,
    /// Its house.
    pub property: Uuid,
    /// What staff call it.
    pub name: String,
    /// The server said that nothing changed since the last time.
    pub not_modified: bool,
    /// Why it could not be read, in Spanish; then nothing was done.
    pub problem: Option<String>,
    /// Events from today on.
    pub events: usize,
    /// Stays that are our own export.
    pub own: usize,
    /// Stays that are as the calendar has them.
    pub unchanged: usize,
    /// Stays that staff decided otherwise about.
    pub left: usize,
    /// Reservations entered.
    pub created: usize,
    /// Reservations moved to other dates, or approved.
    pub moved: usize,
    /// Reservations that came back.
    pub revived: usize,
    /// Reservations called off, because their events vanished.
    pub cancelled: usize,
    /// Events that could not be understood.
    pub skipped: usize,
    /// Why, in Spanish, each reason once.
    pub reasons: BTreeSet<String>,
    /// Events whose nights others hold.
    pub conflicts: Vec<FeedConflict>,
}

/// An event whose nights others hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeedConflict {
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// The reservations that hold nights of it.
    pub held_by: Vec<Uuid>,
}

impl FeedReport {
    /// Nothing done yet.
    pub(super) fn of(feed: &Feed) -> Self {
        Self { id: feed.id.0, property: feed.house.0, name: feed.name.clone(), ..Self::default() }
    }

    /// Notes an event that could not be understood.
    pub(super) fn skip(&mut self, why: &str) {
        self.skipped += 1;
        self.reasons.insert(why.to_owned());
    }
}
