//! Cheapest flow from several sources to one sink, by successive cheapest paths.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

/// A cost; several goals are packed into one number, the first in the highest digits.
pub(super) type Cost = i128;

#[derive(Clone, Copy)]
struct Arc {
    to: u32,
    room: u32,
    cost: Cost,
}

/// A network. Arcs are numbered in the order of [`Network::arc`]; the odd number after each is its way back.
#[derive(Default)]
pub(super) struct Network {
    arcs: Vec<Arc>,
    out: Vec<Vec<u32>>,
    /// How many arcs and nodes were looked at so far: the measure of the work done, which unlike time is the same everywhere.
    pub(super) work: u64,
    potential: Vec<Cost>,
}

impl Network {
    /// A new node.
    pub(super) fn node(&mut self) -> usize {
        self.out.push(Vec::new());
        self.potential.push(0);
        self.out.len() - 1
    }

    /// An arc with room for so many units at a cost each, which must not be negative.
    pub(super) fn arc(&mut self, from: usize, to: usize, room: u32, cost: Cost) -> usize {
        let number = self.arcs.len();
        self.arcs.push(Arc { to: index(to), room, cost });
        self.arcs.push(Arc { to: index(from), room: 0, cost: -cost });
        self.out[from].push(index(number));
        self.out[to].push(index(number + 1));
        number
    }

    /// Units that flow through an arc.
    pub(super) fn flow(&self, arc: usize) -> u32 {
        self.arcs[arc + 1].room
    }

    /// Where an arc leads.
    pub(super) fn target(&self, arc: usize) -> usize {
        self.arcs[arc].to as usize
    }

    /// Sends one more unit from `source` to `sink` at the least cost of all units together, and returns what the total
    /// grew by; `None` without a way.
    pub(super) fn send(&mut self, source: usize, sink: usize) -> Option<Cost> {
        let mut reached: Vec<Option<Cost>> = vec![None; self.out.len()];
        let mut by = vec![u32::MAX; self.out.len()];
        let mut settled = vec![false; self.out.len()];
        self.work += self.out.len() as u64;
        let mut heap = BinaryHeap::new();
        let mut equal = VecDeque::new();
        reached[source] = Some(0);
        equal.push_back((0, source));
        // Most reduced costs are zero: what costs nothing more goes round the heap.
        while let Some((cost, node)) = equal.pop_front().or_else(|| heap.pop().map(|Reverse(entry)| entry)) {
            if settled[node] {
                continue;
            }
            settled[node] = true;
            if node == sink {
                break;
            }
            for number in &self.out[node] {
                self.work += 1;
                let arc = self.arcs[*number as usize];
                let to = arc.to as usize;
                if arc.room == 0 || settled[to] {
                    continue;
                }
                let next = cost + arc.cost + self.potential[node] - self.potential[to];
                if reached[to].is_none_or(|known| next < known) {
                    reached[to] = Some(next);
                    by[to] = *number;
                    if next == cost { equal.push_back((next, to)) } else { heap.push(Reverse((next, to))) }
                }
            }
        }
        let total = reached[sink].filter(|_| settled[sink])?;
        for (node, potential) in self.potential.iter_mut().enumerate() {
            *potential += if settled[node] { reached[node].unwrap_or(total) } else { total };
        }
        let (mut node, mut grown) = (sink, 0);
        while node != source {
            let number = by[node] as usize;
            grown += self.arcs[number].cost;
            self.arcs[number].room -= 1;
            self.arcs[number ^ 1].room += 1;
            node = self.arcs[number ^ 1].to as usize;
        }
        Some(grown)
    }
}

fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
