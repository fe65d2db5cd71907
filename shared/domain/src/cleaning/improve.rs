//! Makes a valid placement out of one that may not be, and a better one out of it, step by step. The search does not rely
//! on it for its answer, only for good answers early; where the search is cut short it is what remains.

use super::{
    board::{Board, Slot},
    flow::Cost,
};

/// Rounds of improvement; the last is usually the one that finds nothing.
const MOST_ROUNDS: usize = 6;

struct Draft<'a> {
    board: &'a Board,
    at: Vec<Option<Slot>>,
    small: Vec<u32>,
    large: Vec<u32>,
    minutes: Vec<Cost>,
    work: u64,
}

/// A valid placement that keeps what it can of `placed`, polished if asked. Adds the work done to `work`.
pub(super) fn improve(
    board: &Board,
    placed: &[Option<Slot>],
    polish: bool,
    work: &mut u64,
) -> Vec<Option<Slot>> {
    let slots = board.days * board.workers;
    let mut draft = Draft {
        board,
        at: vec![None; placed.len()],
        small: vec![0; slots],
        large: vec![0; slots],
        minutes: board.base.clone(),
        work: 0,
    };
    for (piece, slot) in placed.iter().enumerate() {
        if let Some(slot) = slot.filter(|slot| draft.fits(piece, *slot)) {
            draft.put(piece, Some(slot));
        }
    }
    let left: Vec<_> = (0..placed.len()).filter(|piece| draft.at[*piece].is_none()).collect();
    for piece in left {
        draft.settle(piece);
    }
    if polish {
        for _ in 0..MOST_ROUNDS {
            let moved = draft.move_each();
            let displaced = draft.displace();
            let swapped = draft.swap_pairs();
            if !moved && !displaced && !swapped {
                break;
            }
        }
    }
    *work += draft.work;
    draft.at
}

impl Draft<'_> {
    fn index(&self, (worker, day): Slot) -> usize {
        worker * self.board.days + day
    }

    /// Whether a piece that is nowhere can go to a slot.
    fn fits(&self, piece: usize, slot: Slot) -> bool {
        let (piece, index, places) = (&self.board.pieces[piece], self.index(slot), self.board.places(slot));
        let open = piece.window.is_some_and(|(from, until)| (from..=until).contains(&slot.1));
        let room = if piece.large {
            places.large && self.small[index] == 0
        } else {
            self.small[index] < places.small
        };
        open && room && self.large[index] == 0
    }

    /// What it costs to put a piece that is nowhere there, or to leave it out.
    fn cost(&self, piece: usize, slot: Option<Slot>) -> Cost {
        let piece = &self.board.pieces[piece];
        let Some(slot) = slot else { return self.board.without(piece) };
        let (weights, minutes, index) = (&self.board.weights, self.minutes[slot.0], self.index(slot));
        let crowded = self.board.filled(slot) + self.small[index] + self.large[index] > 0;
        self.board.within(piece, slot)
            + weights.imbalance * piece.minutes * (2 * minutes + piece.minutes)
            + if crowded { weights.crowded } else { 0 }
    }

    fn put(&mut self, piece: usize, slot: Option<Slot>) {
        self.at[piece] = slot;
        if let Some(slot) = slot {
            let index = self.index(slot);
            self.minutes[slot.0] += self.board.pieces[piece].minutes;
            let count = if self.board.pieces[piece].large { &mut self.large } else { &mut self.small };
            count[index] += 1;
        }
    }

    fn take(&mut self, piece: usize) -> Option<Slot> {
        let slot = self.at[piece].take()?;
        let index = self.index(slot);
        self.minutes[slot.0] -= self.board.pieces[piece].minutes;
        let count = if self.board.pieces[piece].large { &mut self.large } else { &mut self.small };
        count[index] -= 1;
        Some(slot)
    }

    /// Puts a piece that is nowhere where it costs least, and returns that cost.
    fn settle(&mut self, piece: usize) -> Cost {
        let mut best = (self.cost(piece, None), None);
        if let Some((from, until)) = self.board.pieces[piece].window {
            for day in from..=until {
                for worker in 0..self.board.workers {
                    self.work += 1;
                    if self.fits(piece, (worker, day)) {
                        let cost = self.cost(piece, Some((worker, day)));
                        if cost < best.0 {
                            best = (cost, Some((worker, day)));
                        }
                    }
                }
            }
        }
        self.put(piece, best.1);
        best.0
    }

    /// Moves each piece to a better slot.
    fn move_each(&mut self) -> bool {
        let mut better = false;
        for piece in 0..self.at.len() {
            let was = self.take(piece);
            let before = self.cost(piece, was);
            if self.settle(piece) < before {
                better = true;
            } else {
                self.take(piece);
                self.put(piece, was);
            }
        }
        better
    }

    /// Puts what is left out in the place of others that find another, or of less urgent ones.
    fn displace(&mut self) -> bool {
        let mut better = false;
        for piece in 0..self.at.len() {
            let Some((from, until)) = self.board.pieces[piece].window else { continue };
            for number in 0..(until + 1 - from) * self.board.workers {
                if self.at[piece].is_some() {
                    break;
                }
                let slot = (number % self.board.workers, from + number / self.board.workers);
                better |= self.displace_from(piece, slot);
            }
        }
        better
    }

    /// Puts a piece that is nowhere in a slot instead of what is there, if that is better.
    fn displace_from(&mut self, piece: usize, slot: Slot) -> bool {
        self.work += 1;
        let places = self.board.places(slot);
        if !places.take(if self.board.pieces[piece].large { u32::MAX } else { 1 }) {
            return false;
        }
        let there: Vec<_> = (0..self.at.len()).filter(|other| self.at[*other] == Some(slot)).collect();
        self.work += 8;
        let mut before = self.cost(piece, None);
        for other in &there {
            self.take(*other);
            before += self.cost(*other, Some(slot));
        }
        let mut after = self.cost(piece, Some(slot));
        self.put(piece, Some(slot));
        for other in &there {
            after += self.settle(*other);
        }
        if after < before {
            return true;
        }
        for taken in there.iter().chain([&piece]) {
            self.take(*taken);
        }
        for other in there {
            self.put(other, Some(slot));
        }
        false
    }

    /// Lets pairs change places.
    fn swap_pairs(&mut self) -> bool {
        let mut better = false;
        for one in 0..self.at.len() {
            for two in one + 1..self.at.len() {
                let (Some(here), Some(there)) = (self.at[one], self.at[two]) else { continue };
                self.work += 1;
                if here == there {
                    continue;
                }
                self.take(one);
                self.take(two);
                let mut before = self.cost(one, Some(here));
                self.put(one, Some(here));
                before += self.cost(two, Some(there));
                self.take(one);
                if self.fits(one, there) {
                    let mut after = self.cost(one, Some(there));
                    self.put(one, Some(there));
                    if self.fits(two, here) {
                        after += self.cost(two, Some(here));
                        if after < before {
                            self.put(two, Some(here));
                            better = true;
                            continue;
                        }
                    }
                    self.take(one);
                }
                self.put(one, Some(here));
                self.put(two, Some(there));
            }
        }
        better
    }
}
