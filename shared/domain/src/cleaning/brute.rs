//! Tries every plan of small instances.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use super::{
    instance::{Fixed, Goals, Instance, Job, Place, Worker},
    plan::{Outcome, plan},
    task::Priority,
};
use crate::ids::{PersonId, TaskId};

fn day(instance: &Instance, day: u32) -> NaiveDate {
    instance.first + Days::new(day.into())
}

/// Whether a job may be at a place when these (large or not) are there too: written from contract 10 §4.3, not from the
/// planner.
fn allowed(instance: &Instance, job: &Job, place: Place, others: &[bool]) -> bool {
    let worker = instance.workers.iter().find(|worker| worker.person == place.person).unwrap();
    let last = day(instance, instance.days - 1);
    let in_time = place.date >= job.departure
        && place.date >= instance.first
        && place.date <= last
        && job.arrival.is_none_or(|arrival| place.date <= arrival);
    let limit = match (job.large, others.contains(&true)) {
        (true, _) | (false, true) => 1,
        (false, false) => worker.most_small.min(2) as usize,
    };
    in_time && !worker.days_off.contains(&place.date) && others.len() < limit
}

/// The goals of a plan, or `None` when it breaks a rule.
pub(super) fn judge(instance: &Instance, places: &[Option<Place>]) -> Option<Goals> {
    let mut goals = Goals::default();
    let mut slots: BTreeMap<Place, Vec<bool>> = BTreeMap::new();
    let mut minutes: BTreeMap<PersonId, u64> = BTreeMap::new();
    let last = day(instance, instance.days - 1);
    for fixed in &instance.fixed {
        *minutes.entry(fixed.place.person).or_default() += u64::from(fixed.minutes);
        if fixed.fills {
            slots.entry(fixed.place).or_default().push(fixed.large);
        }
    }
    for (job, place) in instance.jobs.iter().zip(places) {
        goals.moved += u32::from(job.announced.is_some() && job.announced != *place);
        let Some(place) = place else {
            let due = job.arrival.is_some_and(|arrival| arrival <= last);
            *(if due { &mut goals.not_ready } else { &mut goals.unplanned }) += 1;
            continue;
        };
        let slot = slots.entry(*place).or_default();
        if !allowed(instance, job, *place, slot) {
            return None;
        }
        goals.crowded += u32::from(!slot.is_empty());
        slot.push(job.large);
        *minutes.entry(place.person).or_default() += u64::from(job.minutes);
        goals.delay += u32::try_from((place.date - job.departure.max(instance.first)).num_days()).unwrap();
    }
    goals.imbalance = minutes.values().map(|minutes| minutes * minutes).sum();
    Some(goals)
}

fn options(instance: &Instance, job: &Job) -> Vec<Option<Place>> {
    let mut options = vec![None];
    for worker in &instance.workers {
        for number in 0..instance.days {
            let place = Place { date: day(instance, number), person: worker.person };
            if allowed(instance, job, place, &[]) {
                options.push(Some(place));
            }
        }
    }
    options
}

fn best(
    instance: &Instance,
    options: &[Vec<Option<Place>>],
    chosen: &mut Vec<Option<Place>>,
) -> Option<Goals> {
    if chosen.len() == options.len() {
        return judge(instance, chosen);
    }
    let mut least = None;
    for option in &options[chosen.len()] {
        chosen.push(*option);
        if let Some(goals) = best(instance, options, chosen)
            && least.is_none_or(|known| goals < known)
        {
            least = Some(goals);
        }
        chosen.pop();
    }
    least
}

/// A random instance with so few plans that all can be tried.
fn small(random: &mut StdRng, most_plans: usize) -> Instance {
    loop {
        let first = NaiveDate::from_ymd_opt(2026, 12, 20).unwrap();
        let days = random.random_range(1..=4);
        let even = random.random_bool(0.5);
        let person = |number: u128| PersonId(Uuid::from_u128(number));
        let people = random.random_range(1..=3u128);
        let date = |random: &mut StdRng, from: i64, to: i64| {
            first + chrono::Duration::days(random.random_range(from..=to))
        };
        let mut instance = Instance { first, days, workers: Vec::new(), jobs: Vec::new(), fixed: Vec::new() };
        for number in 0..people {
            let days_off =
                (0..days).filter(|_| random.random_bool(0.2)).map(|day| first + Days::new(day.into()));
            instance.workers.push(Worker {
                person: person(number),
                name: number.to_string(),
                days_off: days_off.collect(),
                most_small: *[0, 1, 2, 2, 3].get(random.random_range(0..5)).unwrap(),
            });
        }
        let last = i64::from(days) - 1;
        for number in 0..random.random_range(1..=7u128) {
            let departure = date(random, -1, last);
            let length = random.random_range(0..4);
            instance.jobs.push(Job {
                task: TaskId(Uuid::from_u128(number)),
                house: String::new(),
                large: random.random_bool(0.4),
                minutes: if even { 120 } else { *[60, 90, 120, 200].get(random.random_range(0..4)).unwrap() },
                departure,
                arrival: random.random_bool(0.7).then(|| departure + Days::new(length)),
                priority: Priority::Low,
                announced: random.random_bool(0.5).then(|| Place {
                    date: date(random, -1, last),
                    person: person(random.random_range(0..=people)),
                }),
            });
        }
        for _ in 0..random.random_range(0..=2) {
            instance.fixed.push(Fixed {
                place: Place { date: date(random, 0, last), person: person(random.random_range(0..people)) },
                large: random.random_bool(0.4),
                minutes: random.random_range(1..=4) * 60,
                fills: random.random_bool(0.7),
            });
        }
        let plans = instance.jobs.iter().map(|job| options(&instance, job).len()).product::<usize>();
        if plans <= most_plans {
            return instance;
        }
    }
}

/// The planner finds what trying everything finds, in all goals.
#[test]
fn the_plan_is_the_best_of_all() {
    let mut random = StdRng::seed_from_u64(10);
    let (mut jobs, mut late, mut moved) = (0, 0, 0);
    for number in 0..5_000 {
        let instance = small(&mut random, 2_000);
        let plan = plan(&instance);
        let places: Vec<_> =
            plan.outcomes.iter().map(|(_, outcome): &(_, Outcome)| outcome.place()).collect();
        assert_eq!(
            judge(&instance, &places),
            Some(plan.goals),
            "{number}: valid and rightly counted: {instance:?}"
        );
        let options: Vec<_> = instance.jobs.iter().map(|job| options(&instance, job)).collect();
        let least = best(&instance, &options, &mut Vec::new()).unwrap();
        assert_eq!(plan.goals, least, "{number}: {instance:?}");
        assert!(plan.proven, "{number}");
        jobs += instance.jobs.len();
        late += usize::from(plan.goals.not_ready > 0);
        moved += usize::from(plan.goals.moved > 0);
    }
    println!("{jobs} tasks; {late} instances with a house not ready, {moved} with a move");
}
