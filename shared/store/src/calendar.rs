//! Who holds which night: one item per house and month, one attribute per night (`n01` to `n31`).

use std::collections::BTreeMap;

use casa_domain::{
    HouseId, ReservationId,
    calendar::{Hold, MonthChange, changes},
    stay::Stay,
    time::Month,
};
use chrono::NaiveDate;

use crate::{
    Store, StoreError,
    item::s,
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
        let mut months = Vec::new();
        let mut month = Month::of(range.check_in());
        while month.first_day() < range.check_out() {
            months.push(month);
            month = month.next();
        }
        let wanted: Vec<_> = months.iter().map(|month| keys::nights(house, *month)).collect();
        let items = self.0.get_many(&wanted).await?;
        let mut held = BTreeMap::new();
        for (month, key) in months.iter().zip(&wanted) {
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
                    held.insert(night, holder);
                }
            }
        }
        Ok(held)
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

use chrono::Datelike as _;

fn attribute(day: u32) -> String {
    format!("n{day:02}")
}

/// Adds the claims and releases that lead from one hold to another. Claims require free nights, releases and kept
/// nights require that the reservation holds them.
pub(crate) fn write(
    store: &Store,
    transaction: &mut Transaction,
    reservation: ReservationId,
    before: Option<Hold>,
    after: Option<Hold>,
) -> Result<(), StoreError> {
    for ((house, month), change) in changes(before, after) {
        let MonthChange { claim, release, keep } = change;
        let sets: Vec<_> = claim.iter().map(|day| format!("{} = :id", attribute(*day))).collect();
        let removes: Vec<_> = release.iter().map(|day| attribute(*day)).collect();
        let mut text = String::new();
        if !sets.is_empty() {
            text.push_str(&format!("SET {}", sets.join(", ")));
        }
        if !removes.is_empty() {
            text.push_str(&format!(" REMOVE {}", removes.join(", ")));
        }
        let free = claim.iter().map(|day| format!("attribute_not_exists({})", attribute(*day)));
        let ours = release.iter().chain(&keep).map(|day| format!("{} = :id", attribute(*day)));
        let when = free.chain(ours).collect::<Vec<_>>().join(" AND ");
        let change = Expression::new(text.trim()).value(":id", s(reservation.to_string()));
        transaction.update(store.table(), &keys::nights(house, month), change, Some(&when), Guards::Night)?;
    }
    Ok(())
}
