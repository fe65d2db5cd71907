//! The nightly plan: who cleans which house on which day of the coming two weeks.
//!
//! Of all plans that keep the rules of availability (contract 10 §4.3) and clean each house from its departure to its next
//! check-in, it takes one with the least [`Goals`]. The search is exact: the cheapest flow of [`super::relaxation`] is a
//! bound, and where the flow breaks a rule that it does not know, the case is divided in two (a person's day is for a
//! large house or for small ones; a task is this person's or not) until it breaks none. Instances of real size are
//! usually solved by the first flow. The search is bounded by work, not by time, so the same night gives the same plan
//! anywhere; [`Plan::proven`] tells whether it came to its end.

use std::collections::BTreeMap;

use chrono::Days;

use crate::ids::TaskId;

use super::{
    availability::GapReason,
    board::{Board, Slot},
    flow::Cost,
    improve::improve,
    instance::{Goals, Instance, Place},
    relaxation::{Only, Relaxed, Rules, relax},
    task::WorkTask,
};

/// So many of the cases looked at first have their plan polished.
const MOST_POLISHED: usize = 3;
/// Arcs, nodes and places looked at before the search settles for the best plan so far.
const MOST_WORK: u64 = 4_000_000;

/// What becomes of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody does it.
    Planned(Place),
    /// Nobody does it within the plan.
    Unplanned(GapReason),
    /// The next guest came before the plan begins.
    TooLate,
}

impl Outcome {
    /// Who does it and when.
    pub fn place(self) -> Option<Place> {
        match self {
            Self::Planned(place) => Some(place),
            Self::Unplanned(_) | Self::TooLate => None,
        }
    }
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What becomes of each task, in the order of [`Instance::jobs`].
    pub outcomes: Vec<(TaskId, Outcome)>,
    /// How good it is.
    pub goals: Goals,
    /// Whether no plan is better. When false the search ended early, and this is the best it found.
    pub proven: bool,
}

impl Plan {
    /// Carries the plan out on tasks: those planned are assigned, those that are not wait without a person. The date of a
    /// task that is not planned stays. Tasks that began meanwhile are left alone.
    pub fn write(&self, tasks: &mut [WorkTask]) {
        let outcomes: BTreeMap<_, _> = self.outcomes.iter().copied().collect();
        for task in tasks.iter_mut().filter(|task| task.open()) {
            // Open tasks take both; nothing is lost with the answer.
            let _ = match outcomes.get(&task.id) {
                Some(Outcome::Planned(place)) => {
                    task.by_hand = false;
                    task.assign(place.person, place.date)
                }
                Some(Outcome::Unplanned(_) | Outcome::TooLate) => task.release(),
                None => Ok(()),
            };
        }
    }
}

/// The best plan for an instance.
pub fn plan(instance: &Instance) -> Plan {
    let board = Board::new(instance);
    let (placed, proven) = search(&board);
    let outcomes = (instance.jobs.iter().zip(&board.pieces).zip(&placed)).map(|((job, piece), slot)| {
        let place = slot.and_then(|(worker, day)| {
            let day = u64::try_from(day).ok()?;
            let date = instance.first.checked_add_days(Days::new(day))?;
            Some(Place { date, person: instance.workers.get(worker)?.person })
        });
        let outcome = match (place, piece.window) {
            (Some(place), _) => Outcome::Planned(place),
            (None, None) if job.arrival.is_some_and(|arrival| arrival < instance.first) => Outcome::TooLate,
            (None, None) => Outcome::Unplanned(GapReason::default()),
            (None, Some(window)) => Outcome::Unplanned(reason(&board, piece.large, window, instance)),
        };
        (job.task, outcome)
    });
    let goals = board.goals(&placed);
    Plan { outcomes: outcomes.collect(), goals, proven }
}

/// Why a task has no place in its window: the words of rule G for many days at once.
fn reason(board: &Board, large: bool, (from, until): (usize, usize), instance: &Instance) -> GapReason {
    let date = |day: usize| instance.first + Days::new(u64::try_from(day).unwrap_or(u64::MAX).min(366));
    let works = |day: usize| instance.workers.iter().any(|worker| !worker.days_off.contains(&date(day)));
    let room = |day: usize| {
        (0..board.workers)
            .map(|worker| board.places((worker, day)))
            .any(|places| places.take(if large { 3 } else { 1 }))
    };
    if board.workers == 0 {
        GapReason::NoStaffAvailable
    } else if !(from..=until).any(works) {
        let weekend = (from..=until).all(|day| super::person::weekend(date(day)));
        if weekend { GapReason::WeekendUnavailable } else { GapReason::NoStaffAvailable }
    } else if (from..=until).any(room) {
        GapReason::StaffOverload
    } else {
        GapReason::CapacityExceeded
    }
}

/// The best placement and whether it is proven to be.
fn search(board: &Board) -> (Vec<Option<Slot>>, bool) {
    let mut work = 0;
    let mut best = improve(board, &vec![None; board.pieces.len()], false, &mut work);
    let mut least = board.cost(&board.goals(&best));
    let mut open = vec![Rules::default()];
    let mut looked = 0;
    while let Some(rules) = open.pop() {
        if work > MOST_WORK {
            return (best, false);
        }
        let Some(relaxed) = relax(board, &rules, &mut work) else { continue };
        if relaxed.bound >= least {
            continue;
        }
        // Polishing pays early; later what it finds is known.
        let mut cost = Cost::MAX;
        for polish in [false, true].into_iter().take(if looked < MOST_POLISHED { 2 } else { 1 }) {
            if cost > relaxed.bound {
                let found = improve(board, &relaxed.placed, polish, &mut work);
                cost = board.cost(&board.goals(&found));
                if cost < least {
                    (best, least) = (found, cost);
                }
            }
        }
        looked += 1;
        if relaxed.bound < least {
            open.extend(divide(board, &rules, &relaxed));
        }
    }
    (best, true)
}

/// The two cases of a flow that is no plan: one more rule, either way. The likelier comes last, to be looked at first.
fn divide(board: &Board, rules: &Rules, relaxed: &Relaxed) -> Vec<Rules> {
    if let Some(slot) = mixed(board, relaxed) {
        let case = |only| {
            let mut rules = rules.clone();
            rules.only.insert(slot, only);
            rules
        };
        return vec![case(Only::Large), case(Only::Small)];
    }
    // The flow is a plan, but its minutes are more than the bound knew: settle who does the longest of its tasks.
    let free = relaxed.placed.iter().enumerate().filter(|(piece, _)| !rules.must.contains_key(piece));
    let longest = free
        .filter_map(|(piece, slot)| Some((piece, (*slot)?.0)))
        .max_by_key(|(piece, _)| (board.pieces[*piece].minutes, std::cmp::Reverse(*piece)));
    let Some((piece, worker)) = longest else { return Vec::new() };
    let mut other = rules.clone();
    other.barred.entry(piece).or_default().push(worker);
    let mut this = rules.clone();
    this.must.insert(piece, worker);
    vec![other, this]
}

/// The first person's day that mixes a large house with others.
fn mixed(board: &Board, relaxed: &Relaxed) -> Option<Slot> {
    let mut kinds: BTreeMap<Slot, (bool, bool)> = BTreeMap::new();
    for (piece, slot) in board.pieces.iter().zip(&relaxed.placed) {
        if let Some(slot) = slot {
            let kind = kinds.entry(*slot).or_default();
            kind.0 |= piece.large;
            kind.1 |= !piece.large;
        }
    }
    kinds.into_iter().find(|(_, kind)| *kind == (true, true)).map(|(slot, _)| slot)
}
