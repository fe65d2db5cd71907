//! Brings the original's `dumpdata` export into the table.
//!
//! Idempotent: rows whose id is there already stay as they are. Rows that cannot be brought in are reported with the
//! reason; imported stays that hold a night twice are entered without nights and reported as conflicts, so that the
//! calendar never shows a night held twice.

mod guests;
mod prices;
mod referrals;
mod report;
mod rows;

use std::collections::{BTreeMap, HashMap, HashSet};

use casa_domain::{
    ClientId, HouseId,
    client::ClientCard,
    house::{Earning, House, Photo},
    ids::ReservationId,
    reservation::{Receipt, Reservation},
    staff::{Group, StaffUser},
    text::slugify,
};
use chrono::Utc;
use serde_json::Value;

pub use report::{Conflict, Rejected, Report};
pub use rows::Row;

use crate::{
    Store, StoreError,
    item::{document, read},
    keys::{self, Key},
    records,
    reservations::{Change, Conflicts},
    transaction::Transaction,
};

/// Told how many rows are done, and how many there are.
pub type Progress<'a> = dyn FnMut(usize, usize) + Send + 'a;

/// Brings exports into a table.
#[derive(Debug)]
pub struct Importer {
    store: Store,
    report: Report,
    done: usize,
    total: usize,
}

/// Models that only the original's framework needs.
const FRAMEWORK: [&str; 4] =
    ["auth.permission", "contenttypes.contenttype", "sessions.session", "token_blacklist.outstandingtoken"];
/// The pair of houses that the original let swap guests by name (decision 18).
const SWAPPING: [&str; 2] = ["Casa Austin 2", "Casa Austin 4"];
/// Houses and photos written in one transaction.
const TOGETHER: usize = 90;

impl Importer {
    /// An importer into this table.
    pub fn new(store: Store) -> Self {
        Self { store, report: Report::default(), done: 0, total: 0 }
    }

    /// Brings in the rows of an export, in the order their references need, and reports.
    ///
    /// # Errors
    /// [`StoreError`] when the table fails; what was written until then stays, and a second run goes on.
    pub async fn run(
        mut self,
        export: Vec<Value>,
        progress: &mut Progress<'_>,
    ) -> Result<Report, StoreError> {
        let mut models: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        self.total = export.len();
        for value in export {
            match Row::read(value) {
                Ok(row) if FRAMEWORK.contains(&row.model.as_str()) => self.count_framework(&row),
                Ok(row) => models.entry(row.model.clone()).or_default().push(row),
                Err(reason) => self.reject("?", "?", reason),
            }
        }
        let mut take = |model: &str| models.remove(model).unwrap_or_default();
        let (groups, users) = (take("auth.group"), take("accounts.customuser"));
        let (houses, photos) = (take("property.property"), take("property.propertyphoto"));
        let (clients, reservations) = (take("clients.clients"), take("reservation.reservation"));
        let reached = take("clients.clientachievement");
        let (receipts, earnings) = (take("reservation.rentalreceipt"), take("property.profitpropertyairbnb"));
        let (searches, rankings) = (take("clients.searchtracking"), take("clients.referralranking"));
        let referring = referrals::clients_of(&clients, &reservations);
        self.people(groups, users, progress).await?;
        self.houses(houses, photos, progress).await?;
        let cards = self.clients(clients, reached, progress).await?;
        self.reservations(reservations, &cards, progress).await?;
        self.receipts(receipts, progress).await?;
        self.earnings(earnings, progress).await?;
        let mut prices = ["property.propertypricing", "property.specialdatepricing", "property.discountcode"]
            .map(|model| models.remove(model).unwrap_or_default());
        self.prices(&mut prices, progress).await?;
        self.searches(&searches, progress).await?;
        self.rankings(&rankings, progress).await?;
        for (model, rows) in models {
            self.records(&model, rows, progress).await?;
        }
        self.referrers(referring).await?;
        let mut transaction = Transaction::default();
        transaction.touch(self.store.table(), keys::PRICES)?;
        transaction.commit(&self.store).await?;
        progress(self.total, self.total);
        Ok(self.report)
    }

    fn reject(&mut self, model: &str, pk: &str, reason: impl Into<String>) {
        self.report.rejected.push(Rejected {
            model: model.to_owned(),
            pk: pk.to_owned(),
            reason: reason.into(),
        });
    }

    fn count_framework(&mut self, row: &Row) {
        *self.report.framework.entry(row.model.clone()).or_default() += 1;
    }

    fn imported(&mut self, model: &str, rows: usize) {
        if rows > 0 {
            *self.report.imported.entry(model.to_owned()).or_default() += rows;
        }
    }

    fn step(&mut self, rows: usize, progress: &mut Progress<'_>) {
        self.done += rows;
        progress(self.done, self.total);
    }

    /// Reads the rows as `T`, leaving out (and counting) those whose key is in the table already.
    async fn fresh<T: serde::de::DeserializeOwned>(
        &mut self,
        rows: &[Row],
        key: impl Fn(&T) -> Key,
    ) -> Result<Vec<T>, StoreError> {
        let mut values: Vec<(Key, T)> = Vec::new();
        let mut seen = HashSet::new();
        for row in rows {
            match row.value::<T>() {
                Ok(value) if seen.insert(key(&value)) => values.push((key(&value), value)),
                Ok(_) => self.reject(&row.model, &row.pk, "another row of the export has the same identity"),
                Err(reason) => self.reject(&row.model, &row.pk, reason),
            }
        }
        let wanted: Vec<_> = values.iter().map(|(key, _)| key.clone()).collect();
        let there = self.store.get_many(&wanted).await?;
        self.report.unchanged += there.len();
        Ok(values.into_iter().filter(|(key, _)| !there.contains_key(key)).map(|(_, value)| value).collect())
    }

    async fn people(
        &mut self,
        groups: Vec<Row>,
        users: Vec<Row>,
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let mut by_id: HashMap<i64, Group> = self
            .store
            .users()
            .directory()
            .await?
            .groups()
            .iter()
            .map(|group| (group.id, group.clone()))
            .collect();
        let mut named = Vec::new();
        for row in &groups {
            match row.value::<Group>() {
                Ok(group) => named.push(group),
                Err(reason) => self.reject(&row.model, &row.pk, reason),
            }
        }
        by_id.extend(named.iter().map(|group| (group.id, group.clone())));
        if !named.is_empty() {
            self.store.users().save_groups(&named).await?;
        }
        self.imported("auth.group", named.len());
        self.step(groups.len(), progress);
        let rows: Vec<_> = users.iter().map(|row| row.with_groups(&by_id)).collect();
        for user in self.fresh::<StaffUser>(&rows, |user| keys::staff(user.id)).await? {
            match self.store.users().enter(&user, &[]).await {
                Ok(()) => self.imported("accounts.customuser", 1),
                Err(StoreError::Taken(what)) => {
                    self.reject("accounts.customuser", &user.id.to_string(), format!("its {what} is taken"));
                }
                Err(error) => return Err(error),
            }
        }
        self.step(users.len(), progress);
        Ok(())
    }

    async fn houses(
        &mut self,
        houses: Vec<Row>,
        photos: Vec<Row>,
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = houses
            .iter()
            .map(|row| row.with_json_texts(&["detalle_dormitorios", "caracteristicas"]))
            .collect();
        let mut fresh = self.fresh::<House>(&rows, |house| keys::house(house.id)).await?;
        let known = self.store.houses().catalogue().await?;
        let mut slugs: HashSet<String> =
            known.all_houses().chain(&fresh).map(|house| house.slug.clone()).collect();
        for house in &mut fresh {
            if house.slug.is_empty() {
                house.slug = free_slug(house, &slugs);
                slugs.insert(house.slug.clone());
            }
            if SWAPPING.contains(&house.name.as_str()) {
                house.swap_group = Some("casa-austin-2-4".to_owned());
            }
        }
        for chunk in fresh.chunks(TOGETHER) {
            self.store.houses().save(chunk, &[]).await?;
        }
        self.imported("property.property", fresh.len());
        self.step(houses.len(), progress);
        let fresh = self.fresh::<Photo>(&photos, |photo| keys::photo(photo.house, photo.id)).await?;
        for chunk in fresh.chunks(TOGETHER) {
            self.store.houses().save(&[], chunk).await?;
        }
        self.imported("property.propertyphoto", fresh.len());
        self.step(photos.len(), progress);
        Ok(())
    }

    async fn reservations(
        &mut self,
        reservations: Vec<Row>,
        cards: &HashMap<ClientId, ClientCard>,
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let mut fresh = self.fresh::<Reservation>(&reservations, |one| keys::reservation(one.id)).await?;
        self.step(reservations.len() - fresh.len(), progress);
        // Earlier bookings keep contested nights, whatever the order of the export.
        fresh.sort_by_key(|one| (one.created, one.id));
        for reservation in fresh {
            self.reservation(reservation, cards).await?;
            self.step(1, progress);
        }
        Ok(())
    }

    async fn reservation(
        &mut self,
        reservation: Reservation,
        cards: &HashMap<ClientId, ClientCard>,
    ) -> Result<(), StoreError> {
        let model = "reservation.reservation";
        let client = match reservation.client {
            None => None,
            Some(id) => match cards.get(&id) {
                Some(card) => Some(card.clone()),
                None => self.store.clients().get(id).await?.map(|stored| stored.client.card()),
            },
        };
        let id = reservation.id;
        if reservation.stay().is_none() && !reservation.deleted && reservation.status.blocks() {
            self.reject(model, &id.to_string(), "entered, but holds no night: its dates do not make a stay");
        }
        let wanted = reservation.wanted_hold();
        let change =
            |conflicts| Change { conflicts, ..Change::new(None, reservation.clone(), client.clone()) };
        let reservations = self.store.reservations();
        match reservations.commit(change(Conflicts::Refuse), Utc::now()).await {
            Ok(_) => self.imported(model, 1),
            Err(StoreError::NightTaken) => {
                let Some(wanted) = wanted else { return Err(StoreError::NightTaken) };
                let holders = reservations.in_the_way(wanted, id).await?;
                reservations.commit(change(Conflicts::HoldNothing), Utc::now()).await?;
                self.conflict(id, wanted.house, holders.into_iter().collect());
                self.imported(model, 1);
            }
            Err(StoreError::Changed) => self.report.unchanged += 1,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn conflict(&mut self, reservation: ReservationId, house: HouseId, held_by: Vec<ReservationId>) {
        self.report.conflicts.push(Conflict { reservation, house, held_by });
    }

    async fn receipts(&mut self, receipts: Vec<Row>, progress: &mut Progress<'_>) -> Result<(), StoreError> {
        let fresh = self.fresh::<Receipt>(&receipts, |receipt| keys::receipt_lookup(receipt.id)).await?;
        let mut items = Vec::new();
        for receipt in &fresh {
            let row = keys::receipt(receipt.reservation, receipt.created, receipt.id);
            items.push(document(&row, receipt)?);
            items.push(document(&keys::receipt_lookup(receipt.id), receipt)?);
        }
        self.store.put_many(items).await?;
        self.imported("reservation.rentalreceipt", fresh.len());
        self.step(receipts.len(), progress);
        Ok(())
    }

    async fn earnings(&mut self, earnings: Vec<Row>, progress: &mut Progress<'_>) -> Result<(), StoreError> {
        let model = "property.profitpropertyairbnb";
        for earning in self.fresh::<Earning>(&earnings, |earning| keys::earning(earning.id)).await? {
            match self.store.houses().save_earning(None, &earning).await {
                Ok(()) => self.imported(model, 1),
                Err(StoreError::Taken(_)) => {
                    self.reject(model, &earning.id.to_string(), "its house has a row for that month");
                }
                Err(error) => return Err(error),
            }
        }
        self.step(earnings.len(), progress);
        Ok(())
    }

    /// Rows of every other model, kept whole; models this system does not know are kept too, and reported.
    async fn records(
        &mut self,
        model: &str,
        rows: Vec<Row>,
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let mut wanted: BTreeMap<Key, crate::Item> = BTreeMap::new();
        let mut unknown = 0;
        for row in &rows {
            // A price row that cannot be read would take every quote down with it, a participant the session.
            let fits = crate::prices::check(model, row.record());
            if let Err(reason) = fits.and_then(|()| crate::music::participants::check(model, row.record())) {
                self.reject(model, &row.pk, reason);
                continue;
            }
            let key = records::key_of(model, &row.pk, &row.fields).unwrap_or_else(|| {
                unknown += 1;
                Key::new(format!("RAW#{model}"), &row.pk)
            });
            let item = document(&key, &row.record())?;
            if wanted.insert(key, item).is_some() {
                self.reject(model, &row.pk, "replaced another row of the export with the same identity");
            }
        }
        if unknown > 0 {
            self.report.unknown_models.insert(model.to_owned(), unknown);
        }
        let keys: Vec<_> = wanted.keys().cloned().collect();
        let companions: BTreeMap<Key, Vec<Key>> = rows
            .iter()
            .filter_map(|row| {
                let key = records::key_of(model, &row.pk, &row.fields)?;
                Some((key, records::companions(model, &row.fields)))
            })
            .collect();
        let there = self.store.get_many(&keys).await?;
        self.report.unchanged += there.len();
        for (key, item) in &there {
            let old: Value = read(item)?;
            let new: Option<Value> = wanted.get(key).map(read).transpose()?;
            if new.is_some_and(|new| new.get("id") != old.get("id")) {
                let id = old.get("id").and_then(Value::as_str).unwrap_or("?").to_owned();
                self.reject(model, &key.sk, format!("row {id} of the table has the same identity"));
            }
        }
        wanted.retain(|key, _| !there.contains_key(key));
        self.imported(model, wanted.len());
        let marks: std::collections::BTreeSet<_> =
            wanted.keys().filter_map(|key| companions.get(key)).flatten().cloned().collect();
        self.store
            .put_many(wanted.into_values().chain(marks.iter().map(crate::item::key_item)).collect())
            .await?;
        self.step(rows.len(), progress);
        Ok(())
    }
}

/// The slug a house gets that has none: from its name, else from its id, numbered until it is free (contract 04 §2).
fn free_slug(house: &House, taken: &HashSet<String>) -> String {
    let mut slug = slugify(&house.name);
    if slug.is_empty() {
        slug = format!("propiedad-{}", house.id);
    }
    let numbered = (1..).map(|number| format!("{slug}-{number}"));
    std::iter::once(slug.clone()).chain(numbered).find(|one| !taken.contains(one)).unwrap_or(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract 04 §9, example 52.
    #[test]
    fn example_52_slugs() {
        let id = "846e44e0-6590-4a1c-8b47-73a85a3a0ef0";
        let house = |name: &str| -> House {
            serde_json::from_value(
                serde_json::json!({"id": id, "created": "2025-01-01T00:00:00Z", "name": name}),
            )
            .unwrap()
        };
        let mut taken = HashSet::new();
        for (name, slug) in [
            ("Casa Uno", "casa-uno".to_owned()),
            ("Casa Uno", "casa-uno-1".to_owned()),
            ("¡¡!!", format!("propiedad-{id}")),
        ] {
            let free = free_slug(&house(name), &taken);
            assert_eq!(free, slug);
            taken.insert(free);
        }
    }
}
