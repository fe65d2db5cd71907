//! iCalendar, the format in which booking platforms tell each other which nights are taken (RFC 5545).
//!
//! [`write()`] makes the calendar of one house that others fetch (contract 05 §4.6); [`read`] makes stays of the calendar
//! that another platform keeps of it (contract 05 §4.7). Neither knows the table or the network.
//!
//! The lines are taken apart here and not by a parser crate: those at hand give up the whole calendar for one odd line,
//! or recurse as deep as the sender likes, and a feed comes from outside. Recurrence is the work of `rrule`.

mod event;
mod lines;
mod read;
mod repeat;
mod write;
mod zones;

pub use read::read;
pub use write::{ExportedStay, write};

use chrono::NaiveDate;

/// Most events that a calendar may hold, as written and after recurrences are spelt out.
pub const MOST_EVENTS: usize = 5_000;

/// What a calendar says of the nights of a house.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// Every event that holds nights of the window, by check-in. No uid comes twice.
    pub events: Vec<FeedEvent>,
    /// Events that could not be understood. They may hold nights all the same.
    pub skipped: Vec<Skipped>,
}

impl Feed {
    /// Whether the calendar still has an event, understood or not. A stay that was imported under `uid` may be given
    /// back only where this is false, and only when it has nights in the window that was read.
    pub fn has(&self, uid: &str) -> bool {
        let series = uid.rsplit_once('#').map_or(uid, |(series, _)| series);
        self.events.iter().any(|event| event.uid == uid)
            || self.skipped.iter().any(|skipped| skipped.uid == uid || skipped.uid == series)
    }
}

/// An event that holds nights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    /// The event's own name, or `<uid>#<YYYYMMDD>` for one occurrence of a series, with the day on which the series puts
    /// it. The same in every reading, at most 255 bytes.
    pub uid: String,
    /// First night, a local date of the business.
    pub check_in: NaiveDate,
    /// Day of departure, a local date; after `check_in`, at least one night.
    pub check_out: NaiveDate,
    /// Title, in full. It may name a guest: never log it.
    pub summary: Option<String>,
}

/// An event that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The event's own name; of a series the name without a day.
    pub uid: String,
    /// Why, in Spanish for staff; without anything from the calendar.
    pub why: &'static str,
}

/// The text cannot be trusted as a whole. Nothing may be concluded from it, least of all that events have vanished.
/// The texts are for staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IcalError {
    /// A web page, an error message, nothing at all.
    #[error("La respuesta no es un calendario iCalendar.")]
    NotACalendar,
    /// It ends too early.
    #[error("El calendario llegó incompleto.")]
    Truncated,
    /// Its parts do not fit into each other.
    #[error("El calendario está mal formado.")]
    Broken,
    /// More than [`MOST_EVENTS`].
    #[error("El calendario tiene demasiados eventos.")]
    TooManyEvents,
}

#[cfg(test)]
mod tests;
