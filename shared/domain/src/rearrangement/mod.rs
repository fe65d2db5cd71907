//! Finds room for a stay by moving other stays between houses (decision 18; contract 05 §3.12 with defect 17 of §8).
//!
//! Every house is answered: free, to be freed by a plan of as few moves as possible, or impossible within the bound. A
//! moved stay keeps all its dates and goes to another house of the same swap group with room for its guests. Chains and
//! swaps count: all moves of a plan are carried out at once.
//!
//! The search is exact. In a plan with the fewest moves every moved stay is in the way of the wanted stay or of another
//! moved one (whatever else moved could stay), so following who displaces whom from the wanted nights reaches every such
//! plan; [`search`] does so for one move, then two, and so on, and compares all plans of the first number that has any.

mod board;
mod order;
mod search;

use rust_decimal::Decimal;

use crate::{
    ids::{HouseId, ReservationId},
    stay::Stay,
};

pub use search::search;

/// Most moves of a plan unless a setting says otherwise.
pub const DEFAULT_MOVES: usize = 4;
/// More moves than this are not searched for, whatever the setting.
pub const MOST_MOVES: usize = 7;

/// A house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub id: HouseId,
    /// Its name, the last but one way to settle ties.
    pub name: String,
    /// Houses of the same group may host each other's guests; without one a house swaps with none.
    pub group: Option<String>,
    /// Most guests of a stay that moves in; `None` takes any.
    pub capacity: Option<i64>,
}

/// A stay where it is. Stays of one house must not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its reservation.
    pub id: ReservationId,
    /// Its house.
    pub house: HouseId,
    /// Its nights.
    pub stay: Stay,
    /// Its guests.
    pub guests: u32,
    /// Whether it may move at all (see [`crate::Reservation::may_move`]).
    pub movable: bool,
}

/// What can be done for a house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    /// Nobody holds a wanted night.
    Free,
    /// These moves make it free.
    Plan(Plan),
    /// No plan within the bound does.
    Impossible,
}

/// Moves that make a house free, all together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// In an order in which each target is free when its turn comes; where stays swap, as many as can be are.
    pub moves: Vec<Move>,
    /// Dollars: the sum of what each moved stay's price differs, signs left out.
    pub difference: Decimal,
}

/// A stay that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Its reservation.
    pub reservation: ReservationId,
    /// Where it is.
    pub from: HouseId,
    /// Where it goes.
    pub to: HouseId,
    /// Dollars: its price there less its price here.
    pub difference: Decimal,
}
