//! Which cleaning each departure must have: the rules T, N and X of contract 10 §4.6 to §4.9 as one function of the state,
//! with defects 5, 7, 8, 9, 12 and 13 of §8 repaired. Whatever happened to bookings, carrying out what [`wanted`] asks
//! for makes it ask for nothing more, so it may run after every change, twice, late, or nightly.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use chrono::NaiveDate;

use crate::{
    ids::{HouseId, ReservationId, TaskId},
    reservation::{Reservation, Status},
};

use super::{
    priority::{next_check_in, priority},
    task::{Priority, TaskStatus, TaskType, WorkTask},
};

/// What a cleaning of a departure is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleaning {
    /// The booking that departs.
    pub reservation: ReservationId,
    /// Its house.
    pub house: HouseId,
    /// Its check-out.
    pub departure: NaiveDate,
    /// Its guests.
    pub guests: u32,
    /// The day of the cleaning.
    pub date: NaiveDate,
    /// How urgent it is.
    pub priority: Priority,
}

/// What must happen to the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A cleaning is missing (rule T).
    Create(Cleaning),
    /// A waiting cleaning is to be this (rules N and X). Its person and status stay.
    Update(TaskId, Cleaning),
    /// A waiting cleaning has no departure any more (contract 10 §8, defect 9), or is one too many (defect 5).
    Cancel(TaskId),
}

/// The changes that give each departure of an approved booking its one cleaning. `tasks` must hold all tasks of the
/// bookings in `stays`, and `stays` those of the waiting cleanings and all approved ones of their houses from `today` on.
/// Departures before `today` get no new cleaning (contract 10 §6).
pub fn wanted(stays: &[Reservation], tasks: &[WorkTask], today: NaiveDate) -> Vec<Change> {
    let mut changes = Vec::new();
    let live: BTreeMap<ReservationId, &Reservation> = stays
        .iter()
        .filter(|stay| !stay.deleted && stay.status == Status::Approved)
        .map(|stay| (stay.id, stay))
        .collect();
    let mut cleanings: Vec<&WorkTask> = tasks
        .iter()
        .filter(|task| task.cleaning() && task.status != TaskStatus::Cancelled && task.reservation.is_some())
        .collect();
    // Of several cleanings of one departure the one that is furthest stays.
    cleanings.sort_by_key(|task| (task.reservation, task.status.open(), Reverse(task.status), task.id));
    let mut served = BTreeSet::new();
    for task in cleanings {
        let Some(reservation) = task.reservation else { continue };
        let first = served.insert(reservation);
        if !task.open() {
            continue;
        }
        match live.get(&reservation) {
            Some(stay) if first => {
                let cleaning = current(stays, stay, task, today);
                if cleaning != told(task, &cleaning) {
                    changes.push(Change::Update(task.id, cleaning));
                }
            }
            Some(_) | None => changes.push(Change::Cancel(task.id)),
        }
    }
    let missing = live.values().filter(|stay| stay.check_out_date >= today && !served.contains(&stay.id));
    changes.extend(missing.map(|stay| {
        let date = stay.check_out_date;
        let priority = priority(date, next_check_in(stays, stay.house, date));
        Change::Create(Cleaning { date, priority, ..of(stay) })
    }));
    changes
}

fn of(stay: &Reservation) -> Cleaning {
    Cleaning {
        reservation: stay.id,
        house: stay.house,
        departure: stay.check_out_date,
        guests: stay.guests,
        date: stay.check_out_date,
        priority: Priority::default(),
    }
}

/// What a task says now, in the words of what it is to be.
fn told(task: &WorkTask, cleaning: &Cleaning) -> Cleaning {
    Cleaning {
        reservation: cleaning.reservation,
        house: task.house,
        departure: task.departure.unwrap_or(NaiveDate::MIN),
        guests: task.guests.unwrap_or(0),
        date: task.date,
        priority: task.priority,
    }
}

/// What a waiting cleaning of `stay` is to be.
fn current(stays: &[Reservation], stay: &Reservation, task: &WorkTask, today: NaiveDate) -> Cleaning {
    let departure = stay.check_out_date;
    let followed = task.departure.is_some_and(|old| old != departure && old == task.date);
    let limit = next_check_in(stays, stay.house, departure);
    // The next guest now comes before a deferred cleaning: back to the departure (rule F, step 2), never into the past.
    let late = !task.by_hand && limit.is_some_and(|limit| limit < task.date && limit >= today);
    let date = if followed || late || task.date < departure { departure.max(today) } else { task.date };
    let rated = date.max(today);
    let priority = priority(rated, next_check_in(stays, stay.house, rated));
    Cleaning { date, priority, ..of(stay) }
}

/// Carries changes out on `tasks`; `new_id` gives the ids of the tasks that are created.
pub fn apply(tasks: &mut Vec<WorkTask>, changes: &[Change], mut new_id: impl FnMut(&Cleaning) -> TaskId) {
    for change in changes {
        match change {
            Change::Create(cleaning) => {
                let id = new_id(cleaning);
                let mut task = WorkTask::new(id, cleaning.house, TaskType::CheckoutCleaning, cleaning.date);
                task.reservation = Some(cleaning.reservation);
                cleaning.write(&mut task);
                tasks.push(task);
            }
            Change::Update(id, cleaning) => {
                tasks.iter_mut().filter(|task| task.id == *id).for_each(|task| cleaning.write(task));
            }
            Change::Cancel(id) => {
                for task in tasks.iter_mut().filter(|task| task.id == *id) {
                    task.status = TaskStatus::Cancelled;
                }
            }
        }
    }
}

impl Cleaning {
    /// Makes a task this; person and status stay.
    pub fn write(&self, task: &mut WorkTask) {
        task.house = self.house;
        task.departure = Some(self.departure);
        task.guests = Some(self.guests);
        task.date = self.date;
        task.priority = self.priority;
    }
}
