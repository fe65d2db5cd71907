//! Tests of the module as a whole, and the small world they play in.

mod events;
mod examples;
mod timing;

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::*;
use crate::{
    ids::{HouseId, PersonId, ReservationId, TaskId},
    reservation::{Reservation, Status},
};

/// Bookings, people and tasks.
struct World {
    today: NaiveDate,
    stays: Vec<Reservation>,
    people: Vec<StaffMember>,
    tasks: Vec<WorkTask>,
    gaps: Vec<Gap>,
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn house(number: usize) -> HouseId {
    HouseId(Uuid::from_u128(number as u128))
}

fn person(name: &str) -> StaffMember {
    let number = name.bytes().fold(0u128, |number, byte| number * 256 + u128::from(byte));
    StaffMember::new(PersonId(Uuid::from_u128(number)), name, "")
}

impl World {
    fn new(today: &str, names: &[&str]) -> Self {
        let people = names.iter().map(|name| person(name)).collect();
        Self { today: date(today), stays: Vec::new(), people, tasks: Vec::new(), gaps: Vec::new() }
    }

    /// An approved booking, before anything follows from it.
    fn enter(&mut self, at: usize, from: NaiveDate, to: NaiveDate, guests: u32) -> usize {
        let id = ReservationId(Uuid::from_u128(self.stays.len() as u128));
        let mut stay = Reservation::new(id, house(at), from, to, "2026-01-01T00:00:00Z".parse().unwrap());
        (stay.status, stay.guests) = (Status::Approved, guests);
        self.stays.push(stay);
        self.stays.len() - 1
    }

    fn book(&mut self, at: usize, from: &str, to: &str, guests: u32) -> usize {
        let number = self.enter(at, date(from), date(to), guests);
        self.react();
        number
    }

    fn react(&mut self) {
        let mut next = self.tasks.len() as u128;
        let new_id = |_: &_| {
            next += 1;
            TaskId(Uuid::from_u128(next))
        };
        self.gaps = react(&self.stays, &self.people, &mut self.tasks, self.today, new_id);
    }

    fn instance(&self) -> Instance {
        let next = |house, date| next_check_in(&self.stays, house, date);
        let name = |house: HouseId| format!("Casa {}", house.0.as_u128());
        Instance::new(self.today, PLANNED_DAYS, &self.people, &self.tasks, next, name)
    }

    fn night(&mut self) -> Plan {
        let plan = plan(&self.instance());
        plan.write(&mut self.tasks);
        plan
    }

    /// The cleaning of a booking that is not called off.
    fn task(&self, stay: usize) -> &WorkTask {
        let id = Some(self.stays[stay].id);
        self.tasks.iter().find(|task| task.reservation == id && task.status != TaskStatus::Cancelled).unwrap()
    }

    /// Who cleans after a booking, when, and how urgent that is.
    fn who(&self, stay: usize) -> (Option<&str>, String, Priority) {
        let task = self.task(stay);
        let person = self.people.iter().find(|person| Some(person.id) == task.person);
        (person.map(|person| person.first_name.as_str()), task.date.to_string(), task.priority)
    }
}
