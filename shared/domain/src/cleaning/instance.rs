//! What a plan is made from, and what it is measured by.

use std::{cmp::Reverse, collections::BTreeSet};

use chrono::{Days, NaiveDate};

use crate::ids::{HouseId, PersonId, TaskId};

use super::{
    availability::Roster,
    person::StaffMember,
    task::{CLEANING_MINUTES, Priority, TaskStatus, WorkTask},
};

/// Days of the nightly plan, today included.
pub const PLANNED_DAYS: u32 = 14;
/// More minutes than a day has are not planned with.
const MOST_MINUTES: u32 = 24 * 60;

/// Who does a task, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The day.
    pub date: NaiveDate,
    /// The person.
    pub person: PersonId,
}

/// A person who cleans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Their id.
    pub person: PersonId,
    /// Their name, for explanations.
    pub name: String,
    /// Most small houses a day, as in [`StaffMember::max_properties_per_day`].
    pub most_small: u32,
    /// Days of the plan on which they do not work.
    pub days_off: BTreeSet<NaiveDate>,
}

/// A cleaning to be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its task.
    pub task: TaskId,
    /// The name of its house, for explanations.
    pub house: String,
    /// Whether it fills a day (rule A3).
    pub large: bool,
    /// Estimated minutes, at most those of a day.
    pub minutes: u32,
    /// The first day on which it can be done.
    pub departure: NaiveDate,
    /// The last: the next check-in, until 15:00. `None` while nobody is to come.
    pub arrival: Option<NaiveDate>,
    /// Settles ties: the more urgent is planned first.
    pub priority: Priority,
    /// What was announced.
    pub announced: Option<Place>,
}

/// Work that the plan takes as it is: other types of task, what is begun or done, what was assigned by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Who and when.
    pub place: Place,
    /// Whether it is a large house.
    pub large: bool,
    /// Its minutes, which count for the balance.
    pub minutes: u32,
    /// Whether it still fills a place of the day (rule A2); what is completed does not.
    pub fills: bool,
}

/// A problem: some days, the people, what is to be planned and what stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The first day.
    pub first: NaiveDate,
    /// So many days.
    pub days: u32,
    /// The people; their order settles ties, so the same problem has the same plan.
    pub workers: Vec<Worker>,
    /// The cleanings, in the order in which they get their place: ties fall to those further ahead where the flow decides.
    pub jobs: Vec<Job>,
    /// What stands.
    pub fixed: Vec<Fixed>,
}

/// How good a plan is; less is better, the first that differs decides. The first, third and fourth are the three goals;
/// the others settle what these leave open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Goals {
    /// Houses whose next guest comes within the plan (or has come) and that are not cleaned by then.
    pub not_ready: u32,
    /// Other departures without a day in the plan: nobody is to come before its end.
    pub unplanned: u32,
    /// Announced assignments whose person or day is another one, or none.
    pub moved: u32,
    /// Imbalance of hours: the sum, over all people, of the square of their minutes in the plan, fixed work included. For
    /// a given amount of work it is least when all have the same, and it grows with the variance; unlike the difference
    /// between the most and the least it also sees those in between. Minutes².
    pub imbalance: u64,
    /// Days, summed, from the first day on which each task could be done to its day.
    pub delay: u32,
    /// Tasks that are not the first of their person's day ("least loaded first", contract 10 §4.11).
    pub crowded: u32,
}

impl Instance {
    /// The problem of the `days` days from `today` on. `next_check_in` gives the next check-in of a house on or after a
    /// day, `house_name` its name. `tasks` holds all tasks of these days and those that wait from before.
    ///
    /// A task assigned by hand stands as long as its person works that day; other cleanings that wait are planned; the
    /// rest stands. What departs after these days, or is assigned to a day after them, is for a later plan.
    pub fn new(
        today: NaiveDate,
        days: u32,
        people: &[StaffMember],
        tasks: &[WorkTask],
        next_check_in: impl Fn(HouseId, NaiveDate) -> Option<NaiveDate>,
        house_name: impl Fn(HouseId) -> String,
    ) -> Self {
        let dates: Vec<_> =
            (0..days).filter_map(|day| today.checked_add_days(Days::new(day.into()))).collect();
        let mut cleaners: Vec<_> = people.iter().filter(|person| person.cleans()).collect();
        cleaners.sort_by_key(|person| person.order());
        let roster = Roster { people, tasks };
        let stands =
            |task: &WorkTask| !task.open() || task.by_hand && task.date >= today && roster.works(task);
        // What departs after these days, or was put off until then, is for a later plan.
        let last = dates.last().copied().unwrap_or(today);
        let later = |task: &WorkTask| {
            let departs = task.departure.unwrap_or(task.date);
            departs > last || task.date > last && task.status == TaskStatus::Assigned
        };
        let mut planned: Vec<_> =
            tasks.iter().filter(|task| task.open() && !stands(task) && !later(task)).collect();
        planned.sort_by_key(|task| (Reverse(task.priority), task.departure.unwrap_or(task.date), task.id));
        let job = |task: &WorkTask| {
            let departure = task.departure.unwrap_or(task.date);
            Job {
                task: task.id,
                house: house_name(task.house),
                large: task.large(),
                minutes: minutes(task),
                departure,
                arrival: next_check_in(task.house, departure),
                priority: task.priority,
                announced: (task.status == TaskStatus::Assigned)
                    .then_some(task.person)
                    .flatten()
                    .map(|person| Place { date: task.date, person }),
            }
        };
        let fixed = tasks.iter().filter(|task| !task.deleted && task.status != TaskStatus::Cancelled);
        let fixed = fixed.filter(|task| stands(task)).filter_map(|task| {
            let place = Place { date: task.date, person: task.person? };
            Some(Fixed { place, large: task.large(), minutes: minutes(task), fills: task.status.counts() })
        });
        Self {
            first: today,
            days,
            workers: cleaners
                .iter()
                .map(|person| Worker {
                    person: person.id,
                    name: person.full_name(),
                    most_small: person.max_properties_per_day,
                    days_off: dates.iter().copied().filter(|date| !person.works_on(*date)).collect(),
                })
                .collect(),
            jobs: planned.into_iter().map(job).collect(),
            fixed: fixed.filter(|fixed| dates.contains(&fixed.place.date)).collect(),
        }
    }
}

fn minutes(task: &WorkTask) -> u32 {
    task.minutes.filter(|minutes| *minutes > 0).unwrap_or(CLEANING_MINUTES).min(MOST_MINUTES)
}
