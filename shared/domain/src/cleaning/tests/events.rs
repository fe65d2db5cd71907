//! Whatever happens, in whatever order: the rules hold after each event.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Event {
    Book { house: usize, from: u64, nights: u64, guests: u32 },
    Cancel(usize),
    Approve(usize),
    Shift { stay: usize, from: i64, to: i64 },
    MoveTo { stay: usize, house: usize },
    LateCheckOut(usize),
    Guests { stay: usize, guests: u32 },
    DayOff { person: usize, day: u64 },
    Status { person: usize, status: PersonStatus },
    Start(usize),
    Complete(usize),
    ByHand { task: usize, person: usize },
    Night,
    Tomorrow,
}

fn event() -> impl Strategy<Value = Event> {
    let (stay, task, house, person) = (0..12usize, 0..12usize, 0..4usize, 0..3usize);
    let status = prop_oneof![
        3 => Just(PersonStatus::Active),
        1 => Just(PersonStatus::Sick),
        1 => Just(PersonStatus::Vacation)
    ];
    prop_oneof![
        8 => (house.clone(), 0..16u64, 1..5u64, 1..5u32)
            .prop_map(|(house, from, nights, guests)| Event::Book { house, from, nights, guests }),
        1 => stay.clone().prop_map(Event::Cancel),
        1 => stay.clone().prop_map(Event::Approve),
        2 => (stay.clone(), -2..3i64, -2..3i64).prop_map(|(stay, from, to)| Event::Shift { stay, from, to }),
        1 => (stay.clone(), house).prop_map(|(stay, house)| Event::MoveTo { stay, house }),
        2 => stay.clone().prop_map(Event::LateCheckOut),
        1 => (stay, 1..5u32).prop_map(|(stay, guests)| Event::Guests { stay, guests }),
        2 => (person.clone(), 0..10u64).prop_map(|(person, day)| Event::DayOff { person, day }),
        1 => (person.clone(), status).prop_map(|(person, status)| Event::Status { person, status }),
        2 => task.clone().prop_map(Event::Start),
        1 => task.clone().prop_map(Event::Complete),
        1 => (task, person).prop_map(|(task, person)| Event::ByHand { task, person }),
        3 => Just(Event::Night),
        2 => Just(Event::Tomorrow),
    ]
}

impl World {
    /// Changes a booking if its house is free then; what has begun to be cleaned stays as it is.
    fn change(&mut self, number: usize, change: impl FnOnce(&mut Reservation)) {
        let Some(old) = self.stays.get(number) else { return };
        let mut stay = old.clone();
        change(&mut stay);
        let begun = self.tasks.iter().any(|task| {
            task.reservation == Some(stay.id) && !task.status.open() && task.status != TaskStatus::Cancelled
        });
        let free = self.stays.iter().enumerate().all(|(other, taken)| {
            other == number
                || taken.status != Status::Approved
                || taken.house != stay.house
                || taken.check_in_date >= stay.check_out_date
                || taken.check_out_date <= stay.check_in_date
        });
        if stay.check_in_date < stay.check_out_date && !begun && (free || stay.status != Status::Approved) {
            self.stays[number] = stay;
        }
    }

    fn happen(&mut self, event: &Event) {
        let now = "2026-12-22T14:00:00Z".parse().unwrap();
        match *event {
            Event::Book { house, from, nights, guests } => {
                let from = self.today + Days::new(from);
                let number = self.enter(house, from, from + Days::new(nights), guests);
                self.stays[number].status = Status::Pending;
                self.change(number, |stay| stay.status = Status::Approved);
            }
            Event::Cancel(stay) => self.change(stay, |stay| stay.status = Status::Cancelled),
            Event::Approve(stay) => self.change(stay, |stay| stay.status = Status::Approved),
            Event::Shift { stay, from, to } => self.change(stay, |stay| {
                stay.check_in_date += chrono::Duration::days(from);
                stay.check_out_date += chrono::Duration::days(to);
            }),
            Event::MoveTo { stay, house: number } => self.change(stay, |stay| stay.house = house(number)),
            Event::LateCheckOut(stay) => {
                self.change(stay, |stay| stay.check_out_date += chrono::Duration::days(1))
            }
            Event::Guests { stay, guests } => self.change(stay, |stay| stay.guests = guests),
            Event::DayOff { person, day } => {
                let date = self.today + Days::new(day);
                self.people[person].days_off.insert(date);
            }
            Event::Status { person, status } => self.people[person].status = status,
            Event::Start(task) => {
                let _ = self.tasks.get_mut(task).map(|task| task.start(now));
            }
            Event::Complete(task) => {
                let _ = self.tasks.get_mut(task).map(|task| task.complete("", now));
            }
            Event::ByHand { task, person } => {
                let (people, tasks) = (&self.people, &self.tasks);
                let Some(found) = tasks.get(task).filter(|task| task.open()) else { return };
                let roster = Roster { people, tasks };
                let guests = found.guests.unwrap_or(1);
                if roster.available(&people[person], found.date, guests, Some(found.id)) {
                    let (person, date) = (people[person].id, found.date);
                    self.tasks[task].assign(person, date).unwrap();
                    self.tasks[task].by_hand = true;
                }
            }
            Event::Night => {
                self.react();
                self.night();
                let again = plan(&self.instance());
                assert!(again.goals.moved == 0 || !again.proven, "a plan made twice moves nothing");
            }
            Event::Tomorrow => self.today = self.today + Days::new(1),
        }
        self.react();
    }

    fn check(&self) {
        assert_eq!(wanted(&self.stays, &self.tasks, self.today), [], "nothing is left to do");
        for stay in &self.stays {
            let tasks: Vec<_> = self
                .tasks
                .iter()
                .filter(|task| task.reservation == Some(stay.id) && task.status != TaskStatus::Cancelled)
                .collect();
            assert!(tasks.len() <= 1, "one cleaning per departure: {tasks:?}");
            match stay.status {
                Status::Approved if stay.check_out_date >= self.today => assert_eq!(tasks.len(), 1),
                Status::Approved => {}
                _ => assert!(tasks.iter().all(|task| !task.open()), "no departure, no cleaning"),
            }
        }
        let mut days: BTreeMap<_, Vec<&WorkTask>> = BTreeMap::new();
        for task in self.tasks.iter().filter(|task| task.status.counts() && task.date >= self.today) {
            assert_eq!(task.status == TaskStatus::Pending, task.person.is_none());
            let Some(id) = task.person else { continue };
            let person = self.people.iter().find(|person| person.id == id).unwrap();
            if task.open() {
                assert!(person.cleans() && person.works_on(task.date), "no work on a day off: {task:?}");
                assert!(task.departure.unwrap() <= task.date, "nobody is in the house");
            }
            days.entry((id, task.date)).or_default().push(task);
        }
        for ((id, _), tasks) in days {
            let person = self.people.iter().find(|person| person.id == id).unwrap();
            let most =
                if tasks.iter().any(|task| task.large()) { 1 } else { person.max_properties_per_day.min(2) };
            assert!(tasks.len() <= most as usize, "nobody is booked beyond what they can do: {tasks:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_hold_after_each_event(events in prop::collection::vec(event(), 1..40)) {
        let mut world = World::new("2026-12-16", &["Ana", "Bea", "Caro"]);
        world.people[1].can_work_weekends = false;
        world.people[2].max_properties_per_day = 1;
        for event in &events {
            world.happen(event);
            world.check();
        }
    }
}
