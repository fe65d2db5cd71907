//! Who holds which night: one item per house and month, one attribute per night (`n01` to `n31`).

use std::collections::{BTreeMap, BTreeSet};

use casa_domain::{
    HouseId, ReservationId,
    calendar::{Hold, MonthChange, Occupancy, changes},
    stay::Stay,
    time::Month,
};
use chrono::{Datelike, NaiveDate};

use crate::{
    Item, Store, StoreError,
    item::{Span, n, number, s, text},
    keys,
    transaction::{Expression, Guards, Transaction},
};

/// Who holds which night.
#[derive(Debug)]
pub struct Calendar<'a>(pub(crate) &'a Store);

impl Calendar<'_> {
    /// The held nights of a house within `range`, each with its reservation. Reads one small item per month.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held(
        &self,
        house: HouseId,
        range: Stay,
    ) -> Result<BTreeMap<NaiveDate, ReservationId>, StoreError> {
        Ok(self.held_in(&[house], range).await?.remove(&house).unwrap_or_default())
    }

    /// The held nights of several (distinct) houses within `range`, each with its reservation; houses without any are
    /// left out. Reads one small item per house and month, a hundred per request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held_in(
        &self,
        houses: &[HouseId],
        range: Stay,
    ) -> Result<BTreeMap<HouseId, BTreeMap<NaiveDate, ReservationId>>, StoreError> {
        let places: Vec<_> =
            range.months().flat_map(|month| houses.iter().map(move |house| (*house, month))).collect();
        let wanted: Vec<_> = places.iter().map(|(house, month)| keys::nights(*house, *month)).collect();
        let items = self.0.get_many(&wanted).await?;
        let mut held: BTreeMap<HouseId, BTreeMap<NaiveDate, ReservationId>> = BTreeMap::new();
        for ((house, month), key) in places.iter().zip(&wanted) {
            let Some(item) = items.get(key) else { continue };
            for (name, value) in item {
                let Some(day) = name.strip_prefix('n').and_then(|day| day.parse::<u32>().ok()) else {
                    continue;
                };
                let night = month.first_day().with_day(day);
                let holder = value.as_s().ok().and_then(|id| id.parse().ok());
                if let (Some(night), Some(holder)) = (night, holder)
                    && range.check_in() <= night
                    && night < range.check_out()
                {
                    held.entry(*house).or_default().insert(night, holder);
                }
            }
        }
        Ok(held)
    }

    /// The reservations that hold a night of a house on or after `from`. One query of one small item per month that ever
    /// had a night held, from that month on: nothing of the past is read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holders_from(
        &self,
        house: HouseId,
        from: NaiveDate,
    ) -> Result<BTreeSet<ReservationId>, StoreError> {
        let first = Month::of(from);
        let pk = keys::nights(house, first).pk;
        let items = self.0.query(&pk, Span { from: first.to_string(), ..Span::all() }).await?;
        let mut holders = BTreeSet::new();
        for item in &items {
            let is_first = text(item, "sk") == Some(first.to_string().as_str());
            for (name, value) in item {
                let Some(day) = name.strip_prefix('n').and_then(|day| day.parse::<u32>().ok()) else {
                    continue;
                };
                if !is_first || day >= from.day() {
                    holders.extend(value.as_s().ok().and_then(|id| id.parse::<ReservationId>().ok()));
                }
            }
        }
        Ok(holders)
    }

    /// Whether every night of `stay` is free in `house`, not counting what `except` holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_free(
        &self,
        house: HouseId,
        stay: Stay,
        except: Option<ReservationId>,
    ) -> Result<bool, StoreError> {
        Ok(self.held(house, stay).await?.values().all(|holder| Some(*holder) == except))
    }
}

fn attribute(day: u32) -> String {
    format!("n{day:02}")
}

/// What one reservation held and shall hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    pub reservation: ReservationId,
    pub before: Option<Hold>,
    pub after: Option<Hold>,
}

/// What several reservations do to one month of one house.
#[derive(Debug, Default)]
struct Nights {
    claim: BTreeMap<u32, usize>,
    release: BTreeMap<u32, usize>,
    keep: BTreeMap<u32, usize>,
}

/// Adds the claims and releases of all shifts together: a night may pass from one reservation to another. Claims
/// require nights that are free or released here, releases and kept nights require that the reservation holds them.
pub(crate) fn write(
    store: &Store,
    transaction: &mut Transaction,
    shifts: &[Shift],
) -> Result<(), StoreError> {
    let mut months: BTreeMap<(HouseId, Month), Nights> = BTreeMap::new();
    for (who, shift) in shifts.iter().enumerate() {
        for (place, change) in changes(shift.before, shift.after) {
            let MonthChange { claim, release, keep } = change;
            let nights = months.entry(place).or_default();
            for day in claim {
                // Two of the same transaction want the night.
                if nights.claim.insert(day, who).is_some() {
                    return Err(StoreError::NightTaken);
                }
            }
            nights.release.extend(release.into_iter().map(|day| (day, who)));
            nights.keep.extend(keep.into_iter().map(|day| (day, who)));
        }
    }
    let mut occupied: BTreeMap<Month, BTreeMap<HouseId, i64>> = BTreeMap::new();
    for ((house, month), nights) in months {
        let delta = bits(nights.claim.keys()) - bits(nights.release.keys());
        if delta != 0 {
            occupied.entry(month).or_default().insert(house, delta);
        }
        let change = nights.expression(shifts);
        let when = nights.condition();
        transaction.update(store.table(), &keys::nights(house, month), change, Some(&when), Guards::Night)?;
    }
    for (month, houses) in occupied {
        let mut parts = Vec::new();
        let mut change = Expression::default();
        for (index, (house, delta)) in houses.into_iter().enumerate() {
            parts.push(format!("#h{index} :d{index}"));
            change =
                change.name(format!("#h{index}"), house.to_string()).value(format!(":d{index}"), n(delta));
        }
        change.text = format!("ADD {}", parts.join(", "));
        transaction.update(store.table(), &keys::occupancy(month), change, None, Guards::Nothing)?;
    }
    Ok(())
}

/// Days of a month as a number: bit 0 is the 1st. Adding the claimed and subtracting the released days keeps the sum
/// right because each claim and release is conditional on the night itself, in the same transaction.
fn bits<'a>(days: impl Iterator<Item = &'a u32>) -> i64 {
    days.map(|day| 1i64 << (day - 1)).sum()
}

impl Nights {
    fn expression(&self, shifts: &[Shift]) -> Expression {
        let sets: Vec<_> =
            self.claim.iter().map(|(day, who)| format!("{} = :r{who}", attribute(*day))).collect();
        let freed = self.release.keys().filter(|day| !self.claim.contains_key(day));
        let removes: Vec<_> = freed.map(|day| attribute(*day)).collect();
        let mut text = String::new();
        if !sets.is_empty() {
            text.push_str(&format!("SET {}", sets.join(", ")));
        }
        if !removes.is_empty() {
            text.push_str(&format!(" REMOVE {}", removes.join(", ")));
        }
        let mut expression = Expression::new(text.trim());
        let named: BTreeSet<usize> =
            self.claim.values().chain(self.release.values()).chain(self.keep.values()).copied().collect();
        for who in named {
            if let Some(shift) = shifts.get(who) {
                expression = expression.value(format!(":r{who}"), s(shift.reservation.to_string()));
            }
        }
        expression
    }

    fn condition(&self) -> String {
        let claimed = self.claim.keys().filter(|day| !self.release.contains_key(day));
        let free = claimed.map(|day| format!("attribute_not_exists({})", attribute(*day)));
        let held = self.release.iter().chain(&self.keep);
        let ours = held.map(|(day, who)| format!("{} = :r{who}", attribute(*day)));
        free.chain(ours).collect::<Vec<_>>().join(" AND ")
    }
}

/// The held nights that occupancy items tell, of the houses in them.
pub(crate) fn read_occupancy(occupancy: &mut Occupancy, month: Month, item: &Item) {
    for name in item.keys() {
        if let (Ok(house), Some(nights)) = (name.parse(), number::<u32>(item, name)) {
            occupancy.note(house, month, nights);
        }
    }
}
