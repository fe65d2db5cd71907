//! What arrivals were billed, in cents of soles per house and month: moved in the booking's own transaction, so that a
//! year's totals are read without its reservations (contract 05 §4.8).

use std::collections::BTreeMap;

use casa_domain::{HouseId, reservation::Reservation, time::Month};
use chrono::Datelike;
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{Reservations, counts::Counted};
use crate::{
    Store, StoreError,
    item::{Span, n, number, text},
    keys::{self, Key},
    transaction::{Expression, Guards, Transaction},
};

/// Soles billed for the arrivals of a month in a house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billed {
    /// The house; deleted ones too.
    pub house: HouseId,
    /// The month of arrival.
    pub month: Month,
    /// Soles.
    pub soles: Decimal,
}

impl Reservations<'_> {
    /// What the arrivals of a year were billed, by house and month, in every status and from everywhere; months without any
    /// are left out. One query, one small item per house.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn billed(&self, year: i32) -> Result<Vec<Billed>, StoreError> {
        let items = self.0.query(&keys::billed_pk(year), Span::all()).await?;
        let mut billed = Vec::new();
        for item in &items {
            let Some(house) = text(item, "sk").and_then(|house| house.parse().ok()) else { continue };
            for month in (1..=12).filter_map(|month| Month::new(year, month)) {
                if let Some(cents) = number::<i64>(item, &attribute(month)).filter(|cents| *cents != 0) {
                    billed.push(Billed { house, month, soles: Decimal::new(cents, 2) });
                }
            }
        }
        Ok(billed)
    }
}

fn attribute(month: Month) -> String {
    format!("m{:02}", month.number())
}

/// Where a live reservation is billed, and how many cents.
fn cents(reservation: &Reservation) -> Option<(Key, Month, i64)> {
    if reservation.deleted {
        return None;
    }
    let month = Month::of(reservation.check_in_date);
    let soles = casa_domain::money::to_cents(reservation.price_sol.unwrap_or_default());
    // Amounts beyond what fits are no prices.
    let cents = (soles * Decimal::ONE_HUNDRED).to_i64().unwrap_or_default();
    Some((keys::billed(reservation.check_in_date.year(), reservation.house), month, cents))
}

/// Adds to a transaction what the changes do to the totals.
pub(super) fn write(
    store: &Store,
    transaction: &mut Transaction,
    changes: &[Counted<'_>],
) -> Result<(), StoreError> {
    let mut by_key: BTreeMap<Key, BTreeMap<String, i64>> = BTreeMap::new();
    for Counted { before, after } in changes {
        let sides = before.and_then(cents).map(|side| (side, -1)).into_iter();
        for ((key, month, cents), sign) in sides.chain(cents(after).map(|side| (side, 1))) {
            *by_key.entry(key).or_default().entry(attribute(month)).or_default() += sign * cents;
        }
    }
    for (key, months) in by_key {
        let mut change = Expression::default();
        let mut parts = Vec::new();
        for (month, delta) in months.into_iter().filter(|(_, delta)| *delta != 0) {
            parts.push(format!("{month} :{month}"));
            change = change.value(format!(":{month}"), n(delta));
        }
        if parts.is_empty() {
            continue;
        }
        change.text = format!("ADD {}", parts.join(", "));
        transaction.update(store.table(), &key, change, None, Guards::Nothing)?;
    }
    Ok(())
}
