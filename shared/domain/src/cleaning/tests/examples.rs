//! The worked examples of contract 10 §9, with the defects of §8 repaired where they show.

use super::*;

const TODAY: &str = "2026-12-01";
const TUE: &str = "2026-12-22";
const WED: &str = "2026-12-23";
const SAT: &str = "2026-12-26";
const MON: &str = "2026-12-20";

fn at<'a>(person: &'a str, date: &str, priority: Priority) -> (Option<&'a str>, String, Priority) {
    (Some(person), date.to_owned(), priority)
}

#[test]
fn examples_1_and_2_least_loaded_first_then_deferred() {
    let mut world = World::new(TODAY, &["Bea", "Ana"]);
    let one = world.book(1, MON, TUE, 4);
    let two = world.book(2, MON, TUE, 4);
    assert_eq!(world.who(one), at("Ana", TUE, Priority::Low));
    assert_eq!(world.who(two), at("Bea", TUE, Priority::Low));
    let three = world.book(3, MON, TUE, 4);
    assert_eq!(world.who(three), at("Ana", WED, Priority::Low));
    let [gap] = world.gaps.as_slice() else { panic!("{:?}", world.gaps) };
    assert_eq!((gap.date, gap.reason), (date(TUE), GapReason::StaffOverload));
    assert_eq!((gap.rescheduled, gap.days_without_cleaning()), (Some(date(WED)), Some(1)));
    assert_eq!(gap.reason.label(), "Sobrecarga de personal");
}

#[test]
fn example_3_two_small_houses_a_day() {
    let mut world = World::new(TODAY, &["Ana"]);
    let stays = [1, 2, 3].map(|number| world.book(number, MON, TUE, 2));
    assert_eq!(stays.map(|stay| world.who(stay).1), [TUE, TUE, WED]);
}

#[test]
fn example_4_an_urgent_task_takes_a_person() {
    let mut world = World::new("2026-12-15", &["Ana"]);
    let one = world.book(1, MON, TUE, 5);
    world.book(2, TUE, "2026-12-24", 5);
    let urgent = world.book(2, MON, TUE, 5);
    assert_eq!(world.who(urgent), at("Ana", TUE, Priority::Urgent));
    assert_eq!(world.who(one), (None, TUE.to_owned(), Priority::Low));
    assert_eq!((world.task(one).status, world.gaps.len()), (TaskStatus::Pending, 0));
    // What the original leaves behind, the night repairs.
    world.night();
    assert_eq!(world.who(one).1, WED);
}

/// Ana keeps what she has (defect 12), and a check-in on the day itself counts (defect 8).
#[test]
fn examples_5_6_and_7_priorities_follow_the_next_guest() {
    for (next, priority) in [
        (WED, Priority::High),
        (TUE, Priority::Urgent),
        ("2026-12-25", Priority::Medium),
        (SAT, Priority::Low),
    ] {
        let mut world = World::new(TODAY, &["Ana", "Bea"]);
        let one = world.book(1, MON, TUE, 4);
        world.book(1, next, "2026-12-30", 4);
        assert_eq!(world.who(one), at("Ana", TUE, priority));
    }
}

#[test]
fn examples_8_9_and_10_why_a_day_stays_uncleaned() {
    let mut world = World::new(TODAY, &["Ana"]);
    world.people[0].can_work_weekends = false;
    let stay = world.book(1, TUE, SAT, 4);
    assert_eq!(world.who(stay), at("Ana", "2026-12-28", Priority::Low));
    assert_eq!(world.gaps[0].reason, GapReason::WeekendUnavailable);

    let mut world = World::new(TODAY, &["Ana", "Bea"]);
    world.people[0].can_work_weekends = false;
    let mut custom = WorkTask::new(TaskId(Uuid::max()), house(9), TaskType::Custom, date(SAT));
    custom.assign(world.people[1].id, date(SAT)).unwrap();
    world.tasks.push(custom);
    let stay = world.book(1, TUE, SAT, 4);
    assert_eq!(world.who(stay), at("Bea", "2026-12-27", Priority::Low));
    assert_eq!(world.gaps[0].reason, GapReason::CapacityExceeded);

    let mut world = World::new(TODAY, &[]);
    let stay = world.book(1, MON, TUE, 4);
    assert_eq!(world.who(stay), (None, TUE.to_owned(), Priority::Low));
    assert_eq!((world.gaps[0].reason, world.gaps[0].rescheduled), (GapReason::NoStaffAvailable, None));
}

/// Nobody changes places without need (defect 12).
#[test]
fn example_11_the_plan_is_stable() {
    let mut world = World::new("2026-12-15", &["Ana", "Bea"]);
    world.book(1, TUE, WED, 4);
    let one = world.book(1, MON, TUE, 4);
    let before = world.who(one).0.map(str::to_owned);
    for _ in 0..2 {
        assert_eq!(world.night().goals.moved, 0);
        assert_eq!(world.who(one).0.map(str::to_owned), before);
    }
}

/// The least urgent first, whoever asks (defect 11).
#[test]
fn example_12_who_gives_way() {
    let mut world = World::new(TODAY, &["Ana", "Bea"]);
    world.book(2, WED, "2026-12-30", 4);
    let low = world.book(1, MON, TUE, 4);
    let high = world.book(2, MON, TUE, 4);
    let roster = Roster { people: &world.people, tasks: &world.tasks };
    let ids = |level| roster.preemptible(date(TUE), level).iter().map(|task| task.id).collect::<Vec<_>>();
    assert_eq!(ids(Priority::Urgent), [world.task(low).id, world.task(high).id]);
    assert_eq!(ids(Priority::High), [world.task(low).id]);
}

/// Defects 7 and 9: whoever books, the cleaning comes and goes with the booking.
#[test]
fn example_13_one_task_per_approved_booking() {
    for origin in [crate::Origin::Staff, crate::Origin::Client] {
        let mut world = World::new(TODAY, &["Ana"]);
        let stay = world.book(1, MON, TUE, 4);
        (world.stays[stay].status, world.stays[stay].origin) = (Status::Pending, origin);
        world.react();
        assert_eq!(world.tasks.iter().filter(|task| task.open()).count(), 0);
        world.stays[stay].status = Status::Approved;
        for _ in 0..2 {
            world.react();
            assert_eq!(world.tasks.iter().filter(|task| task.open()).count(), 1);
        }
    }
}

#[test]
fn example_14_a_late_check_out_takes_its_cleaning_along() {
    let mut world = World::new(TODAY, &["Ana", "Bea"]);
    let stay = world.book(1, MON, TUE, 4);
    let id = world.task(stay).id;
    world.stays[stay].check_out_date = date(WED);
    world.react();
    assert_eq!((world.who(stay), world.task(stay).id), (at("Ana", WED, Priority::Low), id));
}

#[test]
fn tasks_begin_and_end_in_order() {
    let now = "2026-12-22T14:03:22.123Z".parse().unwrap();
    let mut world = World::new(TODAY, &["Ana"]);
    let stay = world.book(1, MON, TUE, 4);
    let mut task = world.task(stay).clone();
    assert_eq!(task.complete("", now), Err(task::NotNow::NotBegun));
    task.release().unwrap();
    assert_eq!(task.start(now), Err(task::NotNow::Nobody));
    task.assign(world.people[0].id, date(TUE)).unwrap();
    task.start(now).unwrap();
    assert_eq!(task.start(now), Err(task::NotNow::NotWaiting));
    assert_eq!(task.release(), Err(task::NotNow::Settled));
    task.complete("listo", now).unwrap();
    assert_eq!((task.status, task.ended), (TaskStatus::Completed, Some(now)));
}

#[test]
fn each_assignment_has_its_line() {
    let mut world = World::new("2026-12-15", &["Ana"]);
    world.book(1, TUE, WED, 4);
    world.book(1, MON, TUE, 4);
    world.enter(2, date(MON), date(TUE), 4);
    let changes = wanted(&world.stays, &world.tasks, world.today);
    departures::apply(&mut world.tasks, &changes, |_| TaskId(Uuid::max()));
    let instance = world.instance();
    let lines = explain(&instance, &plan(&instance));
    assert_eq!(
        lines,
        [
            "Ana limpia Casa 1 el martes 22 de diciembre: sigue como se anunció; \
             el siguiente llega el martes 22 de diciembre.",
            "Ana limpia Casa 2 el jueves 24 de diciembre: se pospone 2 días para repartir el trabajo; \
             aún no hay siguiente reserva.",
            "Ana limpia Casa 1 el miércoles 23 de diciembre: sigue como se anunció; \
             aún no hay siguiente reserva.",
        ]
    );
}
