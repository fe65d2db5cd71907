//! The stays of a day: those whose guests are in their houses at some time of it.

use std::collections::{BTreeMap, BTreeSet};

use casa_domain::{HouseId, stay::Stay};
use chrono::{Days, NaiveDate};

use super::{Booked, Reservations};
use crate::StoreError;

impl Reservations<'_> {
    /// The reservations that hold last night or this one, as seen on `day`, in these (distinct) houses: at most two per
    /// house. One request per hundred houses (two over the turn of a month), then one per hundred stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn around(&self, houses: &[HouseId], day: NaiveDate) -> Result<Vec<Booked>, StoreError> {
        let last_night_and_this = day
            .checked_sub_days(Days::new(1))
            .zip(day.checked_add_days(Days::new(1)))
            .and_then(|(yesterday, tomorrow)| Stay::new(yesterday, tomorrow).ok());
        let Some(nights) = last_night_and_this.filter(|_| !houses.is_empty()) else {
            return Ok(Vec::new());
        };
        let held = self.0.calendar().held_in(houses, nights).await?;
        let ids: BTreeSet<_> = held.values().flat_map(BTreeMap::values).copied().collect();
        let found = self.get_many(&ids.into_iter().collect::<Vec<_>>()).await?;
        Ok(found.into_values().map(|stored| stored.booked).collect())
    }
}
