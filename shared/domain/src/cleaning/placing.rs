//! One cleaning at a time, as the original's engine places it the moment a booking is approved (rules T from step 4 on,
//! and D; contract 10 §4.6, §4.7). The nightly plan ([`mod@super::plan`]) does better; until it runs, this keeps every
//! answer of the API as documented.

use chrono::{Days, NaiveDate};

use crate::ids::{HouseId, PersonId, ReservationId, TaskId};

use super::{
    availability::{GapReason, Roster},
    task::{Priority, WorkTask},
};

/// A task is deferred by at most so many days (rule D, step 2).
pub const MOST_DAYS_DEFERRED: u64 = 7;

/// What becomes of a cleaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Somebody does it on its day.
    Assigned {
        /// Who.
        person: PersonId,
        /// When: its day, or today when that is past.
        date: NaiveDate,
    },
    /// It takes the person of a less urgent task, which waits again (rule C2).
    Preempts {
        /// Who.
        person: PersonId,
        /// When.
        date: NaiveDate,
        /// The task that waits again.
        victim: TaskId,
    },
    /// Somebody does it on a later day, before the next guest comes.
    Deferred {
        /// Who.
        person: PersonId,
        /// When.
        date: NaiveDate,
        /// Why not on its day.
        reason: GapReason,
    },
    /// Nobody can do it before the next guest comes.
    Unplaced {
        /// Why not on its day.
        reason: GapReason,
    },
}

/// A day on which a house stays uncleaned: what the row of contract 10 §2.6 says. The row of the same house, day and
/// reason is overwritten (§8, defect 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Where.
    pub house: HouseId,
    /// The booking that departed.
    pub reservation: Option<ReservationId>,
    /// The day that stays uncleaned.
    pub date: NaiveDate,
    /// Why.
    pub reason: GapReason,
    /// The day of the cleaning; the gap is resolved when there is one.
    pub rescheduled: Option<NaiveDate>,
}

impl Gap {
    /// Days from the departure to the cleaning; `None` while there is none.
    pub fn days_without_cleaning(&self) -> Option<i64> {
        self.rescheduled.map(|rescheduled| (rescheduled - self.date).num_days())
    }
}

impl Placement {
    /// The gap to be written with this placement of `task` (rule D, step 1).
    pub fn gap(&self, task: &WorkTask) -> Option<Gap> {
        let gap = |reason, rescheduled| Gap {
            house: task.house,
            reservation: task.reservation,
            date: task.date,
            reason,
            rescheduled,
        };
        match *self {
            Self::Deferred { date, reason, .. } => Some(gap(reason, Some(date))),
            Self::Unplaced { reason } => Some(gap(reason, None)),
            Self::Assigned { .. } | Self::Preempts { .. } => None,
        }
    }

    /// Carries it out on `tasks` for the task `id`. Nothing happens to tasks that no longer wait.
    pub fn write(&self, tasks: &mut [WorkTask], id: TaskId) {
        for task in tasks {
            // A task that no longer waits refuses both, which is what is wanted.
            let _ = match *self {
                Self::Preempts { victim, .. } if task.id == victim => task.release(),
                Self::Assigned { person, date }
                | Self::Preempts { person, date, .. }
                | Self::Deferred { person, date, .. }
                    if task.id == id =>
                {
                    task.assign(person, date)
                }
                Self::Unplaced { .. } if task.id == id => task.release(),
                _ => Ok(()),
            };
        }
    }
}

/// Where a waiting cleaning goes; `next_check_in` is that of its house from its departure on.
///
/// On its day if anybody can; if it is urgent or high, in place of a less urgent task; else on the first later day (at
/// most [`MOST_DAYS_DEFERRED`] on) that is not after the next check-in; and when there is none, the house would not be
/// ready, so on the first of these days on which a less urgent task gives way. Never on a day before `today` or after
/// the next check-in (contract 10 §8, defect 13).
pub fn place(
    roster: Roster<'_>,
    task: &WorkTask,
    next_check_in: Option<NaiveDate>,
    today: NaiveDate,
) -> Placement {
    let date = task.date.max(today);
    let reason = roster.gap_reason(date, task.guests.unwrap_or(1));
    let fits = |date: &NaiveDate| next_check_in.is_none_or(|next| *date <= next);
    if fits(&date) {
        if let Some(person) = roster.best_person(task, date) {
            return Placement::Assigned { person: person.id, date };
        }
        if task.priority >= Priority::High
            && let Some(placement) = preempt(roster, task, date)
        {
            return placement;
        }
    }
    if let Some((date, person)) = defer(roster, task, date, next_check_in) {
        return Placement::Deferred { person, date, reason };
    }
    let window = (0..=MOST_DAYS_DEFERRED).filter_map(|days| date.checked_add_days(Days::new(days)));
    let preempted =
        next_check_in.and_then(|_| window.take_while(fits).find_map(|date| preempt(roster, task, date)));
    preempted.unwrap_or(Placement::Unplaced { reason })
}

/// The first day after `date` on which somebody can do a task, not after the next check-in, and who (rule D, step 2).
pub fn defer(
    roster: Roster<'_>,
    task: &WorkTask,
    date: NaiveDate,
    next_check_in: Option<NaiveDate>,
) -> Option<(NaiveDate, PersonId)> {
    (1..=MOST_DAYS_DEFERRED)
        .filter_map(|days| date.checked_add_days(Days::new(days)))
        .take_while(|date| next_check_in.is_none_or(|next| *date <= next))
        .find_map(|date| Some((date, roster.best_person(task, date)?.id)))
}

fn preempt(roster: Roster<'_>, task: &WorkTask, date: NaiveDate) -> Option<Placement> {
    let victim = roster.victim(task, date)?;
    Some(Placement::Preempts { person: victim.person?, date, victim: victim.id })
}
