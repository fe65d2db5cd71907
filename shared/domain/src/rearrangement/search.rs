//! The search itself: depth first over displaced stays, one more move at a time.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    MOST_MOVES, Place, Placed, Plan, Room,
    board::{Board, InTheWay, Nights, nights, overlap},
    order::{Rank, told},
};
use crate::{ids::HouseId, stay::Stay};

/// What can be done for each of the (distinct) houses, in the order given, so that `wanted` fits. Plans have at most
/// `most` moves ([`super::DEFAULT_MOVES`]); among those with the fewest, the one with the smallest total price
/// difference counts, then the one whose moved stays check in latest, then names, then ids. `difference` tells the
/// dollars by which a stay's price in another house exceeds its price where it is.
///
/// The guests who want the nights are not counted against a house's capacity: for bookings it is only advice.
pub fn search(
    places: &[Place],
    stays: &[Placed],
    wanted: Stay,
    most: usize,
    difference: impl Fn(&Placed, HouseId) -> Decimal,
) -> Vec<(HouseId, Room)> {
    let mut groups: BTreeMap<(Option<&str>, Option<HouseId>), Vec<&Place>> = BTreeMap::new();
    for place in places {
        // A house without group is a group of its own.
        let alone = place.group.is_none().then_some(place.id);
        groups.entry((place.group.as_deref(), alone)).or_default().push(place);
    }
    let mut rooms: BTreeMap<HouseId, Room> = BTreeMap::new();
    for houses in groups.into_values() {
        let board = Board::new(houses, stays, &difference);
        for target in 0..board.houses.len() {
            rooms.insert(board.houses[target].id, room(&board, target, nights(wanted), most.min(MOST_MOVES)));
        }
    }
    places.iter().map(|place| (place.id, rooms.remove(&place.id).unwrap_or(Room::Impossible))).collect()
}

fn room(board: &Board<'_>, target: usize, wanted: Nights, most: usize) -> Room {
    let way = board.in_the_way(target, wanted);
    if way.is_empty() {
        return Room::Free;
    }
    let fewest = way.stays().len().max(1);
    if way.is_hopeless() {
        return Room::Impossible;
    }
    for moves in fewest..=most {
        let mut attempt = Attempt::new(board, target, wanted, moves, &way);
        attempt.place_next(Decimal::ZERO);
        if let Some((rank, moves)) = attempt.best {
            return Room::Plan(told(board, rank.total(), moves));
        }
    }
    Room::Impossible
}

/// The search for the best plan of exactly so many moves.
struct Attempt<'b, 'a> {
    board: &'b Board<'a>,
    target: u32,
    wanted: Nights,
    moves: usize,
    /// Stays that must leave their house, in the order in which that turned out; the first ones have a new house.
    displaced: Vec<u32>,
    /// The new houses of the first displaced stays.
    placed: Vec<u32>,
    best: Option<(Rank<'a>, Vec<(u32, u32)>)>,
}

impl<'b, 'a> Attempt<'b, 'a> {
    fn new(board: &'b Board<'a>, target: usize, wanted: Nights, moves: usize, way: &InTheWay) -> Self {
        let target = u32::try_from(target).unwrap_or(u32::MAX);
        Self { board, target, wanted, moves, displaced: way.stays().to_vec(), placed: Vec::new(), best: None }
    }

    /// Places the next displaced stay in every possible house, and so on; `total` is what the placed ones differ.
    fn place_next(&mut self, total: Decimal) {
        if self.best.as_ref().is_some_and(|(best, _)| total > best.total()) {
            return;
        }
        let Some(stay) = self.displaced.get(self.placed.len()).copied() else {
            self.compare(total);
            return;
        };
        if !self.hopeful() {
            return;
        }
        let board = self.board;
        let row = board.row(stay);
        let left = self.moves - self.displaced.len();
        if left == 0 {
            // Nobody else may move: only free houses, and those that displaced stays leave.
            for house in row.free.iter().copied() {
                self.try_house(stay, house, &row.by_house[house as usize], total);
            }
            for house in self.left_houses() {
                let way = &row.by_house[house as usize];
                if !way.is_empty() {
                    self.try_house(stay, house, way, total);
                }
            }
            return;
        }
        for (house, way) in (0u32..).zip(&row.by_house) {
            self.try_house(stay, house, way, total);
        }
    }

    fn try_house(&mut self, stay: u32, house: u32, way: &InTheWay, total: Decimal) {
        if way.is_hopeless() || !self.is_open(stay, house) {
            return;
        }
        let before = self.displaced.len();
        for other in way.stays() {
            if !self.displaced.contains(other) {
                self.displaced.push(*other);
            }
        }
        if self.displaced.len() <= self.moves {
            self.placed.push(house);
            self.place_next(total + self.board.difference(stay, house).abs());
            self.placed.pop();
        }
        self.displaced.truncate(before);
    }

    /// Whether neither the wanted stay nor a stay that was placed takes the nights in the house.
    fn is_open(&self, stay: u32, house: u32) -> bool {
        let own = self.board.nights[stay as usize];
        if house == self.target && overlap(own, self.wanted) {
            return false;
        }
        self.displaced
            .iter()
            .zip(&self.placed)
            .all(|(other, at)| *at != house || !overlap(own, self.board.nights[*other as usize]))
    }

    /// The houses that displaced stays leave, each once.
    fn left_houses(&self) -> Vec<u32> {
        let mut houses: Vec<u32> = Vec::with_capacity(self.displaced.len());
        for stay in &self.displaced {
            let home = self.board.home[*stay as usize];
            if !houses.contains(&home) {
                houses.push(home);
            }
        }
        houses
    }

    /// Whether every stay that has no house yet could get one with the moves that are left. Only what is certain is
    /// refused: a house is open as long as enough moves are left for those in the way there who have not moved.
    fn hopeful(&self) -> bool {
        let left = self.moves - self.displaced.len();
        self.displaced.iter().skip(self.placed.len()).all(|stay| self.could_be_placed(*stay, left))
    }

    fn could_be_placed(&self, stay: u32, left: usize) -> bool {
        let row = self.board.row(stay);
        if row.free.iter().any(|house| self.is_open(stay, *house)) {
            return true;
        }
        let fits = |house: u32, way: &InTheWay| {
            let new = way.stays().iter().filter(|other| !self.displaced.contains(other)).count();
            !way.is_hopeless() && new <= left && self.is_open(stay, house)
        };
        if left == 0 {
            return self.left_houses().into_iter().any(|house| fits(house, &row.by_house[house as usize]));
        }
        (0u32..).zip(&row.by_house).any(|(house, way)| fits(house, way))
    }

    fn compare(&mut self, total: Decimal) {
        // Fewer moves would have been found before.
        if self.displaced.len() != self.moves {
            return;
        }
        let mut moves: Vec<_> = self.displaced.iter().copied().zip(self.placed.iter().copied()).collect();
        let rank = Rank::new(self.board, total, &mut moves);
        if self.best.as_ref().is_none_or(|(best, _)| rank < *best) {
            self.best = Some((rank, moves));
        }
    }
}

/// The plan, if that is what can be done.
impl Room {
    /// The moves that make the house free; `None` when it is free already or cannot be.
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Plan(plan) => Some(plan),
            Self::Free | Self::Impossible => None,
        }
    }
}
