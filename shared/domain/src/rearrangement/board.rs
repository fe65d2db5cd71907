//! The houses of one swap group with their stays, indexed for the search.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use chrono::Datelike;
use rust_decimal::Decimal;

use super::{MOST_MOVES, Place, Placed};
use crate::stay::Stay;

/// Nights as numbers of days, half open.
pub(super) type Nights = (i32, i32);

/// The nights of a stay.
pub(super) fn nights(stay: Stay) -> Nights {
    (stay.check_in().num_days_from_ce(), stay.check_out().num_days_from_ce())
}

pub(super) fn overlap(one: Nights, other: Nights) -> bool {
    one.0 < other.1 && one.1 > other.0
}

/// Who is in the way of a stay in a house: nobody, some movable stays, or what cannot be helped.
#[derive(Clone, Copy, Debug)]
pub(super) struct InTheWay {
    stays: [u32; MOST_MOVES],
    /// How many; more than [`MOST_MOVES`] means it cannot be helped.
    count: u8,
}

impl InTheWay {
    const HOPELESS: Self = Self { stays: [0; MOST_MOVES], count: u8::MAX };

    pub fn stays(&self) -> &[u32] {
        self.stays.get(..usize::from(self.count)).unwrap_or_default()
    }

    pub fn is_hopeless(&self) -> bool {
        usize::from(self.count) > MOST_MOVES
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// A stay's row: for every house who is in the way, and the houses that are free.
#[derive(Debug)]
pub(super) struct Row {
    pub by_house: Vec<InTheWay>,
    pub free: Vec<u32>,
}

/// What a stay's price differs from house to house.
pub(super) type Price<'a> = dyn Fn(&Placed, crate::ids::HouseId) -> Decimal + 'a;

/// The houses of one swap group with their stays.
pub(super) struct Board<'a> {
    /// By name, then id.
    pub houses: Vec<&'a Place>,
    /// By id.
    pub stays: Vec<&'a Placed>,
    pub home: Vec<u32>,
    pub nights: Vec<Nights>,
    /// Stays of each house by check-in.
    by_house: Vec<Vec<u32>>,
    rows: Vec<OnceCell<Row>>,
    price: &'a Price<'a>,
    differences: RefCell<HashMap<(u32, u32), Decimal>>,
}

impl<'a> Board<'a> {
    /// The board of these houses; stays of other houses are left out.
    pub fn new(mut houses: Vec<&'a Place>, stays: &'a [Placed], price: &'a Price<'a>) -> Self {
        houses.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        let index: HashMap<_, u32> = (0u32..).zip(&houses).map(|(at, house)| (house.id, at)).collect();
        let mut stays: Vec<_> = stays.iter().filter(|stay| index.contains_key(&stay.house)).collect();
        stays.sort_by_key(|stay| stay.id);
        let home: Vec<u32> = stays.iter().filter_map(|stay| index.get(&stay.house).copied()).collect();
        let nights: Vec<_> = stays.iter().map(|stay| nights(stay.stay)).collect();
        let mut by_house = vec![Vec::new(); houses.len()];
        for (at, house) in (0u32..).zip(&home) {
            if let Some(list) = by_house.get_mut(*house as usize) {
                list.push(at);
            }
        }
        for list in &mut by_house {
            list.sort_by_key(|at| nights.get(*at as usize).copied());
        }
        let rows = (0..stays.len()).map(|_| OnceCell::new()).collect();
        Self { houses, stays, home, nights, by_house, rows, price, differences: RefCell::default() }
    }

    /// Who is in the way of these nights in a house.
    pub fn in_the_way(&self, house: usize, wanted: Nights) -> InTheWay {
        let list = &self.by_house[house];
        let first = list.partition_point(|at| self.nights[*at as usize].1 <= wanted.0);
        let mut found = InTheWay { stays: [0; MOST_MOVES], count: 0 };
        for at in &list[first..] {
            if self.nights[*at as usize].0 >= wanted.1 {
                break;
            }
            let place = usize::from(found.count);
            if !self.stays[*at as usize].movable || place >= MOST_MOVES {
                return InTheWay::HOPELESS;
            }
            found.stays[place] = *at;
            found.count += 1;
        }
        found
    }

    /// The row of a stay, worked out once.
    pub fn row(&self, stay: u32) -> &Row {
        self.rows[stay as usize].get_or_init(|| {
            let (own, home) = (self.nights[stay as usize], self.home[stay as usize] as usize);
            let guests = i64::from(self.stays[stay as usize].guests);
            let by_house: Vec<_> = (0..self.houses.len())
                .map(|house| {
                    let small = self.houses[house].capacity.is_some_and(|most| guests > most);
                    if house == home || small { InTheWay::HOPELESS } else { self.in_the_way(house, own) }
                })
                .collect();
            let free = (0u32..).zip(&by_house).filter(|(_, way)| way.is_empty()).map(|(at, _)| at).collect();
            Row { by_house, free }
        })
    }

    /// What the stay's price in the house differs from its price at home, dollars.
    pub fn difference(&self, stay: u32, house: u32) -> Decimal {
        *self
            .differences
            .borrow_mut()
            .entry((stay, house))
            .or_insert_with(|| (self.price)(self.stays[stay as usize], self.houses[house as usize].id))
    }
}
