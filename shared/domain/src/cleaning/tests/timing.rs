//! How long a plan of real size takes: `cargo test --release -p casa-domain cleaning -- --ignored --nocapture`.

use std::time::Instant;

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;

/// Fifty houses, each with a guest every few days, and `people` cleaners.
fn busy(random: &mut StdRng, people: usize, even: bool) -> World {
    let names: Vec<String> = (0..people).map(|number| format!("P{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::new("2026-12-16", &names);
    for number in 0..people {
        world.people[number].can_work_weekends = random.random_bool(0.7);
        world.people[number].max_properties_per_day = random.random_range(1..=3);
        if random.random_bool(0.5) {
            let day = world.today + Days::new(random.random_range(0..14));
            world.people[number].days_off.insert(day);
        }
    }
    for number in 0..50 {
        let mut day = world.today - Days::new(random.random_range(0..3));
        while day < world.today + Days::new(18) {
            let to = day + Days::new(random.random_range(1..=4));
            world.enter(number, day, to, random.random_range(1..=6));
            day = to + Days::new(random.random_range(0..=2));
        }
    }
    let changes = wanted(&world.stays, &world.tasks, world.today);
    let mut next = 0;
    departures::apply(&mut world.tasks, &changes, |_| {
        next += 1;
        TaskId(Uuid::from_u128(next))
    });
    if !even {
        for task in &mut world.tasks {
            task.minutes = Some(random.random_range(4..=12) * 15);
        }
    }
    world
}

fn measure(name: &str, world: &mut World) {
    let start = Instant::now();
    let instance = world.instance();
    let found = plan(&instance);
    let took = start.elapsed();
    println!(
        "{name}: {} tasks in {took:?}; proven: {}; {:?}",
        instance.jobs.len(),
        found.proven,
        found.goals
    );
    found.write(&mut world.tasks);
}

#[test]
#[ignore = "a measurement"]
fn fifty_houses_and_thirty_cleaners_for_two_weeks() {
    let mut random = StdRng::seed_from_u64(50);
    for (people, even) in [(30, true), (30, true), (12, true), (30, false), (12, false)] {
        let mut world = busy(&mut random, people, even);
        measure(&format!("{people} people, even {even}, first plan"), &mut world);
        measure("  again", &mut world);
        world.people[3].status = PersonStatus::Sick;
        world.people[5].status = PersonStatus::Vacation;
        for number in (0..world.stays.len()).step_by(9) {
            world.stays[number].status = Status::Cancelled;
        }
        world.react();
        measure("  two ill, some cancelled", &mut world);
        world.today = world.today + Days::new(1);
        world.react();
        measure("  next night", &mut world);
    }
}
