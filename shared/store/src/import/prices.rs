//! Rates and special dates become one tariff per house; discount codes become items with their uses counted beside them.

use std::collections::BTreeMap;

use casa_domain::{
    HouseId,
    pricing::{
        book::{Rates, SpecialDate, Tariff},
        code::DiscountCode,
    },
};
use serde_json::Value;

use super::{Importer, Progress, Row};
use crate::{StoreError, codes, keys};

impl Importer {
    /// Rows of rates, special dates and codes, in this order.
    pub(super) async fn prices(
        &mut self,
        rows: &mut [Vec<Row>; 3],
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let [rates, dates, codes] = rows;
        let mut tariffs: BTreeMap<HouseId, (Vec<Rates>, Vec<SpecialDate>)> = BTreeMap::new();
        for row in rates.iter().filter(|row| !is(row, "deleted")) {
            if let Some((house, rates)) = self.of_house::<Rates>(row) {
                tariffs.entry(house).or_default().0.push(rates);
            }
        }
        for row in dates.iter_mut() {
            // What the original kept charging although it was deleted stays, switched off (defect 14 of 04 §8).
            if is(row, "deleted") {
                row.fields.insert("is_active".to_owned(), Value::Bool(false));
            }
            if let Some((house, date)) = self.of_house::<SpecialDate>(row) {
                tariffs.entry(house).or_default().1.push(date);
            }
        }
        let mut added = (0, 0);
        for (house, (rates, dates)) in tariffs {
            let new = self.store.prices().edit_tariff(house, |tariff| add(tariff, &rates, &dates)).await?;
            added = (added.0 + new.0, added.1 + new.1);
            self.report.unchanged += rates.len() + dates.len() - new.0 - new.1;
        }
        self.imported("property.propertypricing", added.0);
        self.imported("property.specialdatepricing", added.1);
        self.step(rates.len() + dates.len(), progress);

        for code in self.fresh::<DiscountCode>(codes, |code| keys::code(&code.code)).await? {
            self.store.put(codes::to_item(&code)?).await?;
            self.imported("property.discountcode", 1);
        }
        self.step(codes.len(), progress);
        Ok(())
    }

    fn of_house<T: serde::de::DeserializeOwned>(&mut self, row: &Row) -> Option<(HouseId, T)> {
        let house = row.fields.get("property").and_then(Value::as_str).and_then(|id| id.parse().ok());
        match (house, row.value::<T>()) {
            (Some(house), Ok(value)) => return Some((house, value)),
            (None, _) => self.reject(&row.model, &row.pk, "no house"),
            (_, Err(reason)) => self.reject(&row.model, &row.pk, reason),
        }
        None
    }
}

fn is(row: &Row, column: &str) -> bool {
    row.fields.get(column).and_then(Value::as_bool).unwrap_or_default()
}

/// Adds what the tariff does not have yet, and tells how many rates and special dates that were.
fn add(tariff: &mut Tariff, rates: &[Rates], dates: &[SpecialDate]) -> (usize, usize) {
    let mut added = (0, 0);
    if tariff.rates.is_none()
        && let Some(first) = rates.first()
    {
        tariff.rates = Some(first.clone());
        added.0 = 1;
    }
    for date in dates {
        let known = tariff.special_dates.iter().any(|one| (one.month, one.day) == (date.month, date.day));
        if !known {
            tariff.special_dates.push(date.clone());
            added.1 += 1;
        }
    }
    tariff.special_dates.sort_by_key(|date| (date.month, date.day));
    added
}
