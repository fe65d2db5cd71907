//! Who may steer the music of a house, and when. A stay is its own session: it has a host, and guests whom the host let
//! in (contract 07 §2.1, §3.11, §3.12, §4.1, §4.2).

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ClientId, ParticipantId, ReservationId},
    presence::{CHECK_IN_TIME, CHECK_OUT_TIME},
    reservation::{Reservation, Status},
};

/// How long somebody whom the host turned down waits before asking again (contract 07 §8, defect 16). A day: nobody is
/// pestered during an evening, and a mistake can be mended during a stay of some days.
pub const PAUSE: TimeDelta = TimeDelta::hours(24);
/// Most open requests of a stay (ours, not the original's): whoever knows an id must not be able to flood its host.
pub const MOST_OPEN: u32 = 50;

/// Where the session of a stay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Before check-in.
    NotStarted,
    /// From check-in to check-out.
    Active,
    /// After check-out.
    Ended,
}

impl State {
    /// The label the API shows (contract 07 §3.12).
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }
}

/// The local moment from which on the session of a stay is active: 15:00 of the day of arrival.
#[must_use]
pub fn starts(stay: &Reservation) -> NaiveDateTime {
    stay.check_in_date.and_time(CHECK_IN_TIME)
}

/// The local moment from which on it is over: 11:00 of the day of departure.
#[must_use]
pub fn ends(stay: &Reservation) -> NaiveDateTime {
    stay.check_out_date.and_time(CHECK_OUT_TIME)
}

/// Where the session of a stay stands at the local moment `local`. A stay whose dates are no stay has not started until
/// it has ended.
#[must_use]
pub fn state(stay: &Reservation, local: NaiveDateTime) -> State {
    if local < starts(stay) {
        State::NotStarted
    } else if local < ends(stay) {
        State::Active
    } else {
        State::Ended
    }
}

/// Whether a stay has a session that guests may ask to join: it blocks its nights and is not over (contract 07 §3.11 and
/// §8, defect 15).
#[must_use]
pub fn may_be_joined(stay: &Reservation, local: NaiveDateTime) -> bool {
    !stay.deleted && stay.status.blocks() && state(stay, local) != State::Ended
}

/// The stay whose people steer the player of a house at the local moment `local`; `stays` are those of the house. Only an
/// approved one counts: a hold that nobody paid gives no control (contract 07 §8, defect 3). Of imported stays that overlap
/// it is the one that arrived last, of those the one entered first (defect 12).
pub fn current<'a>(
    stays: impl IntoIterator<Item = &'a Reservation>,
    local: NaiveDateTime,
) -> Option<&'a Reservation> {
    stays
        .into_iter()
        .filter(|stay| {
            !stay.deleted && stay.status == Status::Approved && state(stay, local) == State::Active
        })
        .min_by_key(|stay| (Reverse(stay.check_in_date), stay.created, stay.id))
}

/// What somebody is in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The guest of the stay.
    Host,
    /// Somebody whom the host let in.
    Joined,
}

/// What `who` is in the session of a stay, given who asked to join it; `None` for a stranger. A stay without a guest has no
/// host (contract 07 §4.2 and §8, defect 17).
#[must_use]
pub fn role<'a>(
    stay: &Reservation,
    participants: impl IntoIterator<Item = &'a Participant>,
    who: ClientId,
) -> Option<Role> {
    if stay.client == Some(who) {
        return Some(Role::Host);
    }
    let joined =
        |one: &Participant| one.reservation == stay.id && one.client == who && one.is(Access::Accepted);
    participants.into_iter().any(joined).then_some(Role::Joined)
}

crate::reservation::choices! {
    /// What became of a request to join.
    Access {
        /// The host has not decided.
        #[default]
        Pending = "pending",
        /// The host let them in.
        Accepted = "accepted",
        /// The host turned them down.
        Rejected = "rejected",
    }
}

impl Access {
    /// The label the original's forms show (contract 07 §2.1).
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "Pendiente",
            Self::Accepted => "Aceptado",
            Self::Rejected => "Rechazado",
        }
    }
}

/// Somebody who asked to take part in the music of a stay, every column of the original (contract 07 §2.1). There is one
/// row per stay and guest, however often they ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Its id, for good.
    pub id: ParticipantId,
    /// When they asked first.
    pub created: DateTime<Utc>,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// The host took them out.
    #[serde(default)]
    pub deleted: bool,
    /// The stay.
    pub reservation: ReservationId,
    /// Who asked.
    pub client: ClientId,
    /// What became of it.
    #[serde(default)]
    pub status: Access,
    /// When they asked last.
    pub requested_at: DateTime<Utc>,
    /// When the host let them in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<DateTime<Utc>>,
    /// When the host turned them down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<DateTime<Utc>>,
}

/// Asking changes nothing: there is a request, or an answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request is {}", .0.as_str())]
pub struct Asked(pub Access);

/// Only a request without an answer can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no open request")]
pub struct NotPending;

impl Participant {
    /// A first request.
    #[must_use]
    pub fn new(id: ParticipantId, reservation: ReservationId, client: ClientId, now: DateTime<Utc>) -> Self {
        Self {
            id,
            created: now,
            updated: now,
            deleted: false,
            reservation,
            client,
            status: Access::Pending,
            requested_at: now,
            accepted_at: None,
            rejected_at: None,
        }
    }

    /// Whether it stands, with this status.
    #[must_use]
    pub fn is(&self, status: Access) -> bool {
        !self.deleted && self.status == status
    }

    /// Asks again: after the host took them out at once, after a refusal once [`PAUSE`] is over.
    ///
    /// # Errors
    /// [`Asked`] while there is a request, or an answer that stands.
    pub fn asked_again(&self, now: DateTime<Utc>) -> Result<Self, Asked> {
        let since = self.rejected_at.unwrap_or(self.updated);
        let rested = self.status == Access::Rejected && now - since >= PAUSE;
        if !self.deleted && !rested {
            return Err(Asked(self.status));
        }
        Ok(Self {
            deleted: false,
            status: Access::Pending,
            updated: now,
            requested_at: now,
            accepted_at: None,
            rejected_at: None,
            ..self.clone()
        })
    }

    /// The host lets them in.
    ///
    /// # Errors
    /// [`NotPending`].
    pub fn accepted(&self, now: DateTime<Utc>) -> Result<Self, NotPending> {
        self.open()?;
        Ok(Self { status: Access::Accepted, accepted_at: Some(now), updated: now, ..self.clone() })
    }

    /// The host turns them down.
    ///
    /// # Errors
    /// [`NotPending`].
    pub fn rejected(&self, now: DateTime<Utc>) -> Result<Self, NotPending> {
        self.open()?;
        Ok(Self { status: Access::Rejected, rejected_at: Some(now), updated: now, ..self.clone() })
    }

    /// The host takes them out, whatever the status; it stays on record.
    #[must_use]
    pub fn expelled(&self, now: DateTime<Utc>) -> Self {
        Self { deleted: true, updated: now, ..self.clone() }
    }

    fn open(&self) -> Result<(), NotPending> {
        if self.is(Access::Pending) { Ok(()) } else { Err(NotPending) }
    }
}

#[cfg(test)]
mod tests;
