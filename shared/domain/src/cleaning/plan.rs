//! The nightly plan: who cleans which house on which day of the coming two weeks.
//!
//! Of all plans that keep the rules of availability (contract 10 §4.3) and clean each house from its departure to its next
//! check-in, it takes one with the least [`Goals`]. The search is exact: the cheapest flow of `relaxation` is a
//! bound, and where the flow breaks a rule that it does not know, the case is divided in two (a person's day is for a
//! large house or for small ones; a task is this person's or not) until it breaks none. Instances of real size are
//! usually solved by the first flow, or soon after, when tasks take equally long and there are people enough. Where
//! durations differ, or many houses stay uncleaned, the search may be too long: it is bounded by work (not by time, so
//! the same night gives the same plan anywhere), and [`Plan::proven`] tells whether it came to its end.

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

/// So many flows are followed for a first plan.
const MOST_DEEP: usize = 12;
/// Arcs, nodes and places looked at before the search settles for the best plan so far.
const MOST_WORK: u64 = 6_000_000;

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

/// The best placement so far.
struct Best<'a> {
    board: &'a Board,
    placed: Vec<Option<Slot>>,
    cost: Cost,
    work: u64,
}

impl Best<'_> {
    /// Makes a plan out of a flow, takes it if it is better, and returns what it costs.
    fn offer(&mut self, placed: &[Option<Slot>], polish: bool) -> Cost {
        let found = improve(self.board, placed, polish, &mut self.work);
        let cost = self.board.cost(&self.board.goals(&found));
        if cost < self.cost {
            (self.placed, self.cost) = (found, cost);
        }
        cost
    }

    /// Looks for a good plan before the search begins, for when that is too long to end: from the flow with one house a
    /// day each, and from the flow without rules.
    fn prepare(&mut self, bound: Cost) {
        if let Some(single) = relax(self.board, &Rules { single: true, ..Rules::default() }, &mut self.work) {
            self.offer(&single.placed, true);
        }
        self.descend(Rules::default());
        // In turns: the best plan with each person's day for what it is for now, and step by step other such days.
        let mut before = Cost::MAX;
        while self.cost < before && self.cost > bound && self.work <= MOST_WORK {
            before = self.cost;
            let mut small: BTreeMap<Slot, u32> = BTreeMap::new();
            let mut rules = Rules::default();
            for (piece, slot) in self.board.pieces.iter().zip(&self.placed) {
                let Some(slot) = slot else { continue };
                if piece.large {
                    rules.only.insert(*slot, Only::Large);
                } else {
                    *small.entry(*slot).or_default() += 1;
                }
            }
            // A day with one small house is open to a large one, should the small one find another place.
            rules
                .only
                .extend(small.iter().filter(|(_, small)| **small > 1).map(|(slot, _)| (*slot, Only::Small)));
            self.descend(rules);
        }
    }

    /// Settles all mixed days of a flow at once, and again, until there are none: two small houses stay where they are, one
    /// gives way to the large one.
    fn descend(&mut self, mut rules: Rules) {
        for _ in 0..MOST_DEEP {
            let Some(relaxed) = relax(self.board, &rules, &mut self.work) else { return };
            let mixed = mixed(self.board, &relaxed.placed);
            if mixed.is_empty() || self.work > MOST_WORK {
                self.offer(&relaxed.placed, true);
                return;
            }
            let only = |small| if small > 1 { Only::Small } else { Only::Large };
            rules.only.extend(mixed.iter().map(|(slot, small)| (*slot, only(*small))));
        }
    }
}

/// The best placement and whether it is proven to be.
fn search(board: &Board) -> (Vec<Option<Slot>>, bool) {
    let mut best = Best { board, placed: vec![None; board.pieces.len()], cost: Cost::MAX, work: 0 };
    best.offer(&vec![None; board.pieces.len()], false);
    let mut open = vec![Rules::default()];
    let mut looked = 0;
    while let Some(rules) = open.pop() {
        if best.work > MOST_WORK {
            return (best.placed, false);
        }
        let Some(relaxed) = relax(board, &rules, &mut best.work) else { continue };
        if relaxed.bound >= best.cost {
            continue;
        }
        let cost = best.offer(&relaxed.placed, false);
        if looked == 0 && cost > relaxed.bound {
            best.offer(&relaxed.placed, true);
            if !mixed(board, &relaxed.placed).is_empty() {
                best.prepare(relaxed.bound);
            }
        }
        looked += 1;
        if relaxed.bound < best.cost {
            open.extend(divide(board, &rules, &relaxed));
        }
    }
    (best.placed, true)
}

/// The two cases of a flow that is no plan: one more rule, either way. The likelier comes last, to be looked at first.
fn divide(board: &Board, rules: &Rules, relaxed: &Relaxed) -> Vec<Rules> {
    if let Some((slot, _)) = mixed(board, &relaxed.placed).pop_first() {
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

/// The people's days that mix a large house with small ones, and how many of those.
fn mixed(board: &Board, placed: &[Option<Slot>]) -> BTreeMap<Slot, u32> {
    let mut kinds: BTreeMap<Slot, (bool, u32)> = BTreeMap::new();
    for (piece, slot) in board.pieces.iter().zip(placed) {
        if let Some(slot) = slot {
            let kind = kinds.entry(*slot).or_default();
            kind.0 |= piece.large;
            kind.1 += u32::from(!piece.large);
        }
    }
    kinds
        .into_iter()
        .filter(|(_, (large, small))| *large && *small > 0)
        .map(|(slot, kind)| (slot, kind.1))
        .collect()
}
