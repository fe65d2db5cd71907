//! Ties between plans of as many moves, and the order in which a plan's moves are told.

use std::cmp::Reverse;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    Move, Plan,
    board::{Board, overlap},
};
use crate::ids::{HouseId, ReservationId};

/// Smaller is better: the total price difference, later check-ins, names of the new houses, ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank<'a> {
    total: Decimal,
    check_ins: Reverse<Vec<NaiveDate>>,
    names: Vec<&'a str>,
    ids: Vec<(ReservationId, HouseId)>,
}

impl<'a> Rank<'a> {
    /// The rank of a plan whose differences add up to `total`. `moves` get the order that ranks compare: latest
    /// check-in first, then id.
    pub fn new(board: &Board<'a>, total: Decimal, moves: &mut [(u32, u32)]) -> Self {
        moves.sort_by_key(|(stay, _)| (Reverse(board.nights[*stay as usize].0), *stay));
        Self {
            total,
            check_ins: Reverse(
                moves.iter().map(|(stay, _)| board.stays[*stay as usize].stay.check_in()).collect(),
            ),
            names: moves.iter().map(|(_, house)| board.houses[*house as usize].name.as_str()).collect(),
            ids: moves
                .iter()
                .map(|(stay, house)| (board.stays[*stay as usize].id, board.houses[*house as usize].id))
                .collect(),
        }
    }

    /// The total of the differences, signs left out, dollars.
    pub fn total(&self) -> Decimal {
        self.total
    }
}

/// The plan of these moves: each comes once its target is free of stays that are still to move. Where stays swap, as few
/// as possible come before that.
pub(super) fn told(board: &Board<'_>, total: Decimal, moves: Vec<(u32, u32)>) -> Plan {
    // Sets of moves are bits; there are at most MOST_MOVES of them.
    let waits_for: Vec<usize> = moves
        .iter()
        .map(|(stay, house)| {
            let holds = |other: &u32| {
                other != stay
                    && board.home[*other as usize] == *house
                    && overlap(board.nights[*other as usize], board.nights[*stay as usize])
            };
            (0..moves.len()).filter(|at| holds(&moves[*at].0)).map(|at| 1 << at).sum()
        })
        .collect();
    let all = (1usize << moves.len()) - 1;
    // How few moves of each set must come too early, and the first of the set in such an order.
    let mut fewest = vec![(0, 0); all + 1];
    for left in 1..=all {
        let early = |at: usize| fewest[left & !(1 << at)].0 + usize::from(waits_for[at] & left != 0);
        let choices = (0..moves.len()).filter(|at| left & (1 << at) != 0).map(|at| (early(at), at));
        fewest[left] = choices.min().unwrap_or_default();
    }
    let mut ordered = Vec::with_capacity(moves.len());
    let mut left = all;
    while left != 0 {
        let next = fewest[left].1;
        left &= !(1 << next);
        let (stay, house) = moves[next];
        let placed = board.stays[stay as usize];
        ordered.push(Move {
            reservation: placed.id,
            from: placed.house,
            to: board.houses[house as usize].id,
            difference: board.difference(stay, house),
        });
    }
    Plan { moves: ordered, difference: total }
}
