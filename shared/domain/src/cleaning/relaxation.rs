//! The plan as a cheapest flow: from each task through a day to a person's day, and through that person to the end.
//!
//! ```text
//! task ─┬─ day, for small (large) houses ── person's day for small (large) ── person's day ── person ── end
//!       ├─ the person's day that was announced (not moved)
//!       └─ end (left out)
//! ```
//!
//! The last arc of a person has one unit per task, and the n-th costs what the square of their minutes grows by with the
//! n-th shortest task: exact when all tasks take as long, a lower bound else. A person's day may mix a large and a small
//! house here, which it must not. So the flow costs at most as much as the best plan, and as much when it breaks neither;
//! [`mod@super::plan`] divides the cases in which it does by the [`Rules`] below.

use std::collections::BTreeMap;

use super::{
    board::{Board, Slot},
    flow::{Cost, Network},
};

/// What a person's day is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Only {
    Large,
    Small,
}

/// What is settled in a part of the search.
#[derive(Clone, Default)]
pub(super) struct Rules {
    /// Person's days that are for one kind of house only.
    pub(super) only: BTreeMap<Slot, Only>,
    /// Tasks that this person must do.
    pub(super) must: BTreeMap<usize, usize>,
    /// People who must not do a task.
    pub(super) barred: BTreeMap<usize, Vec<usize>>,
    /// Nobody does more than one house a day. No case of the search, but a flow that never mixes, to start from.
    pub(super) single: bool,
}

impl Rules {
    fn allow(&self, piece: usize, worker: usize) -> bool {
        match self.must.get(&piece) {
            Some(must) => *must == worker,
            None => !self.barred.get(&piece).is_some_and(|barred| barred.contains(&worker)),
        }
    }

    fn settles(&self, piece: usize) -> bool {
        self.must.contains_key(&piece) || self.barred.contains_key(&piece)
    }
}

/// The cheapest flow.
pub(super) struct Relaxed {
    /// What it costs: no plan under the same rules costs less.
    pub(super) bound: Cost,
    /// Where it puts each task.
    pub(super) placed: Vec<Option<Slot>>,
}

/// Nodes of a person's day by the size of house.
struct Doors {
    small: BTreeMap<Slot, usize>,
    large: BTreeMap<Slot, usize>,
}

impl Doors {
    fn of(&self, large: bool) -> &BTreeMap<Slot, usize> {
        if large { &self.large } else { &self.small }
    }
}

/// Solves the flow under some rules; `None` when they cannot be kept. Adds the work done to `work`.
pub(super) fn relax(board: &Board, rules: &Rules, work: &mut u64) -> Option<Relaxed> {
    let mut network = Network::default();
    let end = network.node();
    let (people, mut bound) = people(board, rules, &mut network, end);
    let doors = slots(board, rules, &mut network, &people);
    let crowds = crowds(board, rules, &mut network, &doors);

    let forbidden = board.weights.forbidden(board.pieces.len());
    let mut sources = Vec::with_capacity(board.pieces.len());
    for (number, piece) in board.pieces.iter().enumerate() {
        let source = network.node();
        let out = if rules.must.contains_key(&number) { forbidden } else { board.without(piece) };
        let mut ways = Vec::new();
        network.arc(source, end, 1, out);
        if let Some((from, until)) = piece.window {
            let doors = doors.of(piece.large);
            let slots: Vec<Slot> = if rules.settles(number) {
                doors.keys().copied().filter(|(worker, _)| rules.allow(number, *worker)).collect()
            } else {
                piece.announced.flatten().into_iter().collect()
            };
            for slot in slots.into_iter().filter(|(_, day)| (from..=until).contains(day)) {
                if let Some(door) = doors.get(&slot) {
                    ways.push((network.arc(source, *door, 1, board.within(piece, slot)), Some(slot)));
                }
            }
            if !rules.settles(number) {
                let moved = if piece.announced.is_some() { board.weights.moved } else { 0 };
                for day in from..=until {
                    if let Some(crowd) = crowds.get(&(piece.large, day)) {
                        let delay = board.weights.delay * super::board::cost(day - from);
                        ways.push((network.arc(source, crowd.node, 1, delay + moved), None));
                    }
                }
            }
        }
        sources.push((source, ways));
    }
    for (source, _) in &sources {
        bound += network.send(*source, end)?;
    }
    *work += network.work;
    if bound >= forbidden {
        return None;
    }
    Some(Relaxed { bound, placed: read(&network, &sources, crowds) })
}

/// A node per person and its arcs to the end; and the cost of what stands anyway.
fn people(board: &Board, rules: &Rules, network: &mut Network, end: usize) -> (Vec<usize>, Cost) {
    let mut free: Vec<_> = (board.pieces.iter().enumerate())
        .filter(|(number, _)| !rules.must.contains_key(number))
        .map(|(_, piece)| piece.minutes)
        .collect();
    free.sort_unstable();
    let weight = board.weights.imbalance;
    let mut settled = 0;
    let nodes = (0..board.workers).map(|worker| {
        let node = network.node();
        let must = || rules.must.iter().filter(move |(_, must)| **must == worker);
        let mut minutes =
            board.base[worker] + must().map(|(piece, _)| board.pieces[*piece].minutes).sum::<Cost>();
        settled += weight * minutes * minutes;
        let count = must().count();
        let room = (0..board.days).map(|day| board.places((worker, day)));
        let room: u32 = room.map(|places| places.small.max(u32::from(places.large))).sum();
        if count > 0 {
            network.arc(node, end, u32::try_from(count).unwrap_or(u32::MAX), 0);
        }
        for more in free.iter().take(room as usize) {
            network.arc(node, end, 1, weight * ((minutes + more) * (minutes + more) - minutes * minutes));
            minutes += more;
        }
        node
    });
    (nodes.collect(), settled)
}

/// The nodes of each person's day.
fn slots(board: &Board, rules: &Rules, network: &mut Network, people: &[usize]) -> Doors {
    let mut doors = Doors { small: BTreeMap::new(), large: BTreeMap::new() };
    for (worker, person) in people.iter().enumerate() {
        for day in 0..board.days {
            let slot = (worker, day);
            let (places, only) = (board.places(slot), rules.only.get(&slot));
            let small = if only == Some(&Only::Large) { 0 } else { places.small };
            let large = u32::from(places.large && only != Some(&Only::Small));
            let room = if rules.single { small.max(large).min(1) } else { small.max(large) };
            if room == 0 {
                continue;
            }
            let inside = network.node();
            let first = u32::from(board.filled(slot) == 0);
            network.arc(inside, *person, first, 0);
            if room > first {
                network.arc(inside, *person, room - first, board.weights.crowded);
            }
            for (room, doors) in [(small, &mut doors.small), (large, &mut doors.large)] {
                if room > 0 {
                    let door = network.node();
                    network.arc(door, inside, room, 0);
                    doors.insert(slot, door);
                }
            }
        }
    }
    doors
}

/// A day for houses of one size: its node and its ways to the slots.
struct Crowd {
    node: usize,
    ways: Vec<(usize, Slot)>,
}

/// The days on which tasks without rules of their own can be done, by size.
fn crowds(
    board: &Board,
    rules: &Rules,
    network: &mut Network,
    doors: &Doors,
) -> BTreeMap<(bool, usize), Crowd> {
    let mut crowds = BTreeMap::new();
    for large in [false, true] {
        for day in 0..board.days {
            let comes = (board.pieces.iter().enumerate()).any(|(number, piece)| {
                piece.large == large
                    && !rules.settles(number)
                    && piece.window.is_some_and(|(from, until)| (from..=until).contains(&day))
            });
            if !comes {
                continue;
            }
            let node = network.node();
            let ways = (0..board.workers).filter_map(|worker| {
                let door = doors.of(large).get(&(worker, day))?;
                Some((network.arc(node, *door, if large { 1 } else { 2 }, 0), (worker, day)))
            });
            crowds.insert((large, day), Crowd { ways: ways.collect(), node });
        }
    }
    crowds
}

/// An arc out of a task, and where it puts it; `None` through a day.
type Way = (usize, Option<Slot>);

/// Reads who goes where from a flow. Who takes which way out of a day costs the same, so they go in order.
fn read(
    network: &Network,
    sources: &[(usize, Vec<Way>)],
    crowds: BTreeMap<(bool, usize), Crowd>,
) -> Vec<Option<Slot>> {
    let mut exits: BTreeMap<usize, Vec<Slot>> = BTreeMap::new();
    for crowd in crowds.into_values() {
        let taken = crowd
            .ways
            .iter()
            .rev()
            .flat_map(|(arc, slot)| std::iter::repeat_n(*slot, network.flow(*arc) as usize));
        exits.insert(crowd.node, taken.collect());
    }
    let placed = sources.iter().map(|(_, ways)| {
        let (arc, slot) = ways.iter().find(|(arc, _)| network.flow(*arc) > 0)?;
        slot.or_else(|| exits.get_mut(&network.target(*arc))?.pop())
    });
    placed.collect()
}
