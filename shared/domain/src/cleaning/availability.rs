//! Who can do a cleaning on a day, who does it best, whom it may displace, and why nobody can (rules A, B, C1 and G,
//! contract 10 §4.3 to §4.5, §4.7).

use std::cmp::Reverse;

use chrono::NaiveDate;

use crate::{
    ids::{PersonId, TaskId},
    reservation::choices,
};

use super::{
    person::{PersonStatus, StaffMember, StaffType, weekend},
    task::{MOST_GUESTS_OF_SMALL, Priority, TaskStatus, WorkTask},
};

choices! {
    /// Why a house stays uncleaned on a day (contract 10 §2.6).
    GapReason {
        /// Everybody has enough to do.
        #[default]
        StaffOverload = "staff_overload",
        /// Nobody cleans.
        NoStaffAvailable = "no_staff_available",
        /// Somebody has room, but not for this.
        CapacityExceeded = "capacity_exceeded",
        /// Nobody works at weekends.
        WeekendUnavailable = "weekend_unavailable",
    }
}

impl GapReason {
    /// The label the API shows (contract 10 §2.6).
    pub fn label(self) -> &'static str {
        match self {
            Self::StaffOverload => "Sobrecarga de personal",
            Self::NoStaffAvailable => "Sin personal disponible",
            Self::CapacityExceeded => "Capacidad máxima excedida",
            Self::WeekendUnavailable => "Personal no disponible en fin de semana",
        }
    }
}

/// The places left of a person's day after what fills it (rules A2 to A4): one large house, or so many small ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// A large house fits.
    pub large: bool,
    /// So many small houses fit (instead).
    pub small: u32,
}

impl Places {
    /// What is left of the day of a person who may do `most_small` houses when `filled` tasks fill it, `large` telling
    /// whether one of them is a large house.
    pub fn left(most_small: u32, filled: u32, large: bool) -> Self {
        let limit = if large { 1 } else { most_small.min(2) };
        Self { large: filled == 0, small: limit.saturating_sub(filled) }
    }

    /// Whether a house with so many guests fits.
    pub fn take(self, guests: u32) -> bool {
        if guests > MOST_GUESTS_OF_SMALL { self.large } else { self.small > 0 }
    }
}

/// The personnel and what they have to do.
#[derive(Clone, Copy, Debug)]
pub struct Roster<'a> {
    /// Everybody.
    pub people: &'a [StaffMember],
    /// All tasks of the days in question, of every type.
    pub tasks: &'a [WorkTask],
}

impl<'a> Roster<'a> {
    /// How many tasks fill a person's day (rule A2). The task being planned is not among them (contract 10 §8, defect
    /// 12).
    pub fn load(&self, person: PersonId, date: NaiveDate, planned: Option<TaskId>) -> usize {
        self.filling(person, date, planned).count()
    }

    fn filling(
        &self,
        person: PersonId,
        date: NaiveDate,
        planned: Option<TaskId>,
    ) -> impl Iterator<Item = &'a WorkTask> {
        self.tasks.iter().filter(move |task| task.fills(person, date) && Some(task.id) != planned)
    }

    /// Whether a person can clean a house that had so many guests on `date` (rule A), the task being planned left out of
    /// their load.
    pub fn available(
        &self,
        person: &StaffMember,
        date: NaiveDate,
        guests: u32,
        planned: Option<TaskId>,
    ) -> bool {
        let (mut filled, mut large) = (0, false);
        for task in self.filling(person.id, date, planned) {
            filled += 1;
            large |= task.large();
        }
        person.cleans()
            && person.works_on(date)
            && Places::left(person.max_properties_per_day, filled, large).take(guests)
    }

    /// Whether the person whom a task has can do it on its day, by the rules of the engine.
    pub fn keeps(&self, task: &WorkTask) -> bool {
        self.people.iter().any(|person| {
            Some(person.id) == task.person
                && self.available(person, task.date, task.guests.unwrap_or(1), Some(task.id))
        })
    }

    /// Whether the person whom a task has is at work on its day. Nothing more is asked of what was assigned by hand.
    pub fn works(&self, task: &WorkTask) -> bool {
        self.people
            .iter()
            .any(|person| Some(person.id) == task.person && person.at_work() && person.works_on(task.date))
    }

    /// The best person for a task on `date` (rule B): of those available the one with the least to do that day, then by
    /// name. Whoever has the task on that day keeps it (contract 10 §8, defect 12).
    pub fn best_person(&self, task: &WorkTask, date: NaiveDate) -> Option<&'a StaffMember> {
        let guests = task.guests.unwrap_or(1);
        self.people.iter().filter(|person| self.available(person, date, guests, Some(task.id))).min_by_key(
            |person| {
                let has_it = task.date == date && task.person == Some(person.id);
                (!has_it, self.load(person.id, date, Some(task.id)), person.order())
            },
        )
    }

    /// Tasks of less than `level` that may give their person away on `date` (rule C1): assigned cleanings, the least
    /// urgent first (contract 10 §8, defect 11), then by id. What was assigned by hand is not among them.
    pub fn preemptible(&self, date: NaiveDate, level: Priority) -> Vec<&'a WorkTask> {
        let mut found: Vec<_> = self
            .tasks
            .iter()
            .filter(|task| task.cleaning() && task.status == TaskStatus::Assigned && !task.by_hand)
            .filter(|task| task.person.is_some() && task.date == date && task.priority < level)
            .collect();
        found.sort_by_key(|task| (task.priority, Reverse(task.departure), task.id));
        found
    }

    /// The first task of [`Roster::preemptible`] whose person could do `task` instead on `date`. The original did not
    /// ask whether they could, which booked people beyond their capacity.
    pub fn victim(&self, task: &WorkTask, date: NaiveDate) -> Option<&'a WorkTask> {
        let guests = task.guests.unwrap_or(1);
        let others: Vec<WorkTask> = self.tasks.iter().filter(|other| other.id != task.id).cloned().collect();
        let without = Roster { people: self.people, tasks: &others };
        self.preemptible(date, task.priority).into_iter().filter(|victim| victim.id != task.id).find(
            |victim| {
                self.people.iter().any(|person| {
                    Some(person.id) == victim.person
                        && without.available(person, date, guests, Some(victim.id))
                })
            },
        )
    }

    /// Why nobody can clean a house that had so many guests on `date` (rule G).
    pub fn gap_reason(&self, date: NaiveDate, guests: u32) -> GapReason {
        let cleaners: Vec<_> = self
            .people
            .iter()
            .filter(|person| !person.deleted && person.status == PersonStatus::Active)
            .filter(|person| person.staff_type == StaffType::Cleaning)
            .collect();
        let limit = if guests > MOST_GUESTS_OF_SMALL { 1 } else { 2 };
        if weekend(date) && !cleaners.iter().any(|person| person.can_work_weekends) {
            GapReason::WeekendUnavailable
        } else if cleaners.is_empty() {
            GapReason::NoStaffAvailable
        } else if cleaners.iter().any(|person| self.load(person.id, date, None) < limit) {
            GapReason::CapacityExceeded
        } else {
            GapReason::StaffOverload
        }
    }
}
