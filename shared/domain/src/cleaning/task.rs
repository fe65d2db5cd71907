//! Work tasks: their record and what may happen to them (contract 10 §2.2, §3.2).

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{HouseId, PersonId, ReservationId, TaskId},
    reservation::choices,
};

/// Minutes of a cleaning that the engine creates (contract 10 §4.6, step 2), and of a task that does not say.
pub const CLEANING_MINUTES: u32 = 120;
/// More guests than this make a house large: one such house fills a day (rules A3 and A4).
pub const MOST_GUESTS_OF_SMALL: u32 = 2;

choices! {
    /// What is to be done (contract 10 §2.2; the last two by decision 13).
    TaskType {
        /// Cleaning after a departure; the only one the engine creates and moves.
        CheckoutCleaning = "checkout_cleaning",
        /// Preparation of an arrival.
        CheckinPreparation = "checkin_preparation",
        /// Repair.
        MaintenanceRepair = "maintenance_repair",
        /// Prevention.
        MaintenancePreventive = "maintenance_preventive",
        /// Thorough cleaning.
        DeepCleaning = "deep_cleaning",
        /// Pool.
        PoolMaintenance = "pool_maintenance",
        /// Garden.
        GardenMaintenance = "garden_maintenance",
        /// Anything else.
        #[default]
        Custom = "custom",
        /// Maintenance of any kind.
        Maintenance = "maintenance",
        /// Inspection.
        Inspection = "inspection",
    }
}

choices! {
    /// How urgent a task is; ordered by urgency, not by text (contract 10 §8, defect 11).
    Priority {
        /// Nobody arrives within three days.
        Low = "low",
        /// Somebody arrives in two or three days.
        #[default]
        Medium = "medium",
        /// Somebody arrives tomorrow.
        High = "high",
        /// Somebody arrives the same day.
        Urgent = "urgent",
    }
}

choices! {
    /// Where a task stands (contract 10 §2.2).
    TaskStatus {
        /// Nobody does it yet.
        #[default]
        Pending = "pending",
        /// Somebody is to do it.
        Assigned = "assigned",
        /// Begun.
        InProgress = "in_progress",
        /// Done.
        Completed = "completed",
        /// Called off.
        Cancelled = "cancelled",
        /// Done, to be looked at.
        NeedsReview = "needs_review",
    }
}

impl TaskStatus {
    /// Whether such a task fills a place of its person's day (rule A2).
    pub fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Assigned | Self::InProgress)
    }

    /// Whether the engine may still change such a task (contract 10 §4.8 to §4.10).
    pub fn open(self) -> bool {
        matches!(self, Self::Pending | Self::Assigned)
    }
}

/// A work task: the columns that planning needs (contract 10 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkTask {
    /// Its id.
    pub id: TaskId,
    /// Removed, kept for history.
    #[serde(default)]
    pub deleted: bool,
    /// Who is to do it.
    #[serde(rename = "staff_member")]
    pub person: Option<PersonId>,
    /// Where.
    #[serde(rename = "building_property")]
    pub house: HouseId,
    /// The booking whose departure it follows.
    pub reservation: Option<ReservationId>,
    /// Guests of that booking, copied and kept current by [`super::departures::wanted`]; `None` without a booking, which
    /// counts as a small house (rule A4).
    pub guests: Option<u32>,
    /// What is to be done.
    pub task_type: TaskType,
    /// The day on which it is to be done.
    #[serde(rename = "scheduled_date")]
    pub date: NaiveDate,
    /// The departure it was made for. A task on another date is deferred (ours, not the original's: it tells a deferred
    /// task from one that must follow a moved check-out).
    pub departure: Option<NaiveDate>,
    /// Estimated minutes.
    #[serde(rename = "estimated_minutes")]
    pub minutes: Option<u32>,
    /// How urgent.
    #[serde(default)]
    pub priority: Priority,
    /// Where it stands.
    #[serde(default)]
    pub status: TaskStatus,
    /// Assigned by a person and not by the engine, which leaves it alone (ours, not the original's).
    #[serde(default)]
    pub by_hand: bool,
    /// When it was begun.
    #[serde(rename = "actual_start_time")]
    pub started: Option<DateTime<Utc>>,
    /// When it was done.
    #[serde(rename = "actual_end_time")]
    pub ended: Option<DateTime<Utc>>,
    /// What whoever did it wrote.
    #[serde(default)]
    pub completion_notes: String,
}

/// Why a task does not change as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// Only a pending or assigned task begins.
    #[error("a task begins only when pending or assigned")]
    NotWaiting,
    /// Nobody would begin it (contract 10 §8, defect 4).
    #[error("a task without a person cannot begin")]
    Nobody,
    /// Only a task in progress is completed.
    #[error("a task is completed only when in progress")]
    NotBegun,
    /// Begun, done or called off: it keeps its person and day.
    #[error("a task that is no longer waiting cannot be assigned")]
    Settled,
}

impl WorkTask {
    /// A pending task of a type in a house, medium, of the engine's usual length.
    pub fn new(id: TaskId, house: HouseId, task_type: TaskType, date: NaiveDate) -> Self {
        Self {
            id,
            deleted: false,
            person: None,
            house,
            reservation: None,
            guests: None,
            task_type,
            date,
            departure: None,
            minutes: Some(CLEANING_MINUTES),
            priority: Priority::default(),
            status: TaskStatus::default(),
            by_hand: false,
            started: None,
            ended: None,
            completion_notes: String::new(),
        }
    }

    /// Whether it is a large house, which fills a day (rules A3 and A4).
    pub fn large(&self) -> bool {
        self.guests.is_some_and(|guests| guests > MOST_GUESTS_OF_SMALL)
    }

    /// Whether it is a cleaning after a departure that is not deleted.
    pub fn cleaning(&self) -> bool {
        !self.deleted && self.task_type == TaskType::CheckoutCleaning
    }

    /// Whether the engine may still change it: a cleaning that waits.
    pub fn open(&self) -> bool {
        self.cleaning() && self.status.open()
    }

    /// Whether it fills a place of `person`'s day `date` (rule A2).
    pub fn fills(&self, person: PersonId, date: NaiveDate) -> bool {
        !self.deleted && self.status.counts() && self.date == date && self.person == Some(person)
    }

    /// Begins it (contract 10 §3.2). An end left from an earlier time is cleared, so that no duration is negative.
    ///
    /// # Errors
    /// [`NotNow`] when it is not pending or assigned, or has no person.
    pub fn start(&mut self, now: DateTime<Utc>) -> Result<(), NotNow> {
        if !self.status.open() {
            return Err(NotNow::NotWaiting);
        }
        if self.person.is_none() {
            return Err(NotNow::Nobody);
        }
        (self.status, self.started, self.ended) = (TaskStatus::InProgress, Some(now), None);
        Ok(())
    }

    /// Completes it (contract 10 §3.2); the notes replace earlier ones.
    ///
    /// # Errors
    /// [`NotNow::NotBegun`] when it is not in progress.
    pub fn complete(&mut self, notes: &str, now: DateTime<Utc>) -> Result<(), NotNow> {
        if self.status != TaskStatus::InProgress {
            return Err(NotNow::NotBegun);
        }
        (self.status, self.ended) = (TaskStatus::Completed, Some(now));
        notes.clone_into(&mut self.completion_notes);
        Ok(())
    }

    /// Gives it to a person on a day. Whether they can is for the caller to ask (rule A).
    ///
    /// # Errors
    /// [`NotNow::Settled`] when it no longer waits.
    pub fn assign(&mut self, person: PersonId, date: NaiveDate) -> Result<(), NotNow> {
        if !self.status.open() {
            return Err(NotNow::Settled);
        }
        (self.person, self.date, self.status) = (Some(person), date, TaskStatus::Assigned);
        Ok(())
    }

    /// Takes it from its person (rule C2 for the victim): pending, on the same day, and the engine's again.
    ///
    /// # Errors
    /// [`NotNow::Settled`] when it no longer waits.
    pub fn release(&mut self) -> Result<(), NotNow> {
        if !self.status.open() {
            return Err(NotNow::Settled);
        }
        (self.person, self.status, self.by_hand) = (None, TaskStatus::Pending, false);
        Ok(())
    }
}
