//! How many reservations check in per month, origin and status: one small item per year, moved in the same
//! transaction as the rows it counts, so that a list knows its total and where a page begins without reading rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use casa_domain::{
    reservation::{Origin, Reservation, Status},
    time::Month,
};
use chrono::Datelike;

use super::Reservations;
use crate::{
    Catalogue, Item, StaffDirectory, Store, StoreError,
    item::{n, number},
    keys::{self, Key},
    transaction::{Expression, Guards, Transaction},
};

/// What a row is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub month: Month,
    pub origin: Origin,
    pub status: Status,
}

impl Slot {
    /// The slot of a live reservation; deleted ones are not counted.
    pub fn of(reservation: &Reservation) -> Option<Self> {
        (!reservation.deleted).then(|| Self {
            month: Month::of(reservation.check_in_date),
            origin: reservation.origin,
            status: reservation.status,
        })
    }

    fn attribute(self) -> String {
        format!("{:02}-{}-{}", self.month.number(), self.origin, self.status)
    }

    fn parse(year: i32, attribute: &str) -> Option<Self> {
        let mut parts = attribute.splitn(3, '-');
        let month = Month::new(year, parts.next()?.parse().ok()?)?;
        Some(Self { month, origin: parts.next()?.parse().ok()?, status: parts.next()?.parse().ok()? })
    }
}

/// The counts of all years.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts(BTreeMap<Slot, u64>);

impl Counts {
    /// The months that have any row in a wanted slot, with how many, in order of time.
    pub fn by_month(&self, wanted: impl Fn(&Slot) -> bool) -> BTreeMap<Month, u64> {
        let mut months = BTreeMap::new();
        for (slot, count) in self.0.iter().filter(|(slot, count)| **count > 0 && wanted(slot)) {
            *months.entry(slot.month).or_default() += count;
        }
        months
    }

    fn add_item(&mut self, year: i32, item: &Item) {
        for name in item.keys() {
            if let (Some(slot), Some(count)) = (Slot::parse(year, name), number::<u64>(item, name)) {
                *self.0.entry(slot).or_default() += count;
            }
        }
    }
}

/// The small items a list starts from, all read in one request: which years exist, how many rows each has, and the
/// versions of everything a list shows.
#[derive(Clone, Debug)]
pub struct Heads {
    pub(crate) counts: Counts,
    pub(crate) years: BTreeMap<i32, u64>,
    catalogue: Arc<Catalogue>,
    staff: Arc<StaffDirectory>,
    version: String,
}

impl Heads {
    /// Names the state of all rows, houses, photos and staff: equal texts mean equal lists.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The houses at that state.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The staff at that state.
    pub fn staff(&self) -> &Arc<StaffDirectory> {
        &self.staff
    }
}

impl Reservations<'_> {
    /// Reads the heads: one request (a second one when another process has begun a year this one does not know, and a
    /// query each for houses and staff when a warm copy is out of date).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn heads(&self) -> Result<Heads, StoreError> {
        let store = self.0;
        let catalogue = Key::new(keys::CATALOGUE, keys::VERSION);
        let staff = Key::new(keys::STAFF, keys::VERSION);
        loop {
            let known = store.0.years.known();
            let mut wanted = vec![catalogue.clone(), staff.clone(), keys::years()];
            wanted.extend(known.iter().map(|year| keys::counts(*year)));
            let items = store.get_many(&wanted).await?;
            let years = items.get(&keys::years()).map(years_of).unwrap_or_default();
            if !years.is_subset(&known) {
                store.0.years.learn(years);
                continue;
            }
            let version_of =
                |key: &Key| items.get(key).and_then(|item| number::<u64>(item, "v")).unwrap_or_default();
            let mut counts = Counts::default();
            let mut version = format!("{}.{}", version_of(&catalogue), version_of(&staff));
            let mut versions = BTreeMap::new();
            for year in years {
                let key = keys::counts(year);
                versions.insert(year, version_of(&key));
                version.push_str(&format!(".{year}:{}", version_of(&key)));
                if let Some(item) = items.get(&key) {
                    counts.add_item(year, item);
                }
            }
            return Ok(Heads {
                counts,
                years: versions,
                catalogue: store.houses().catalogue_at(version_of(&catalogue)).await?,
                staff: store.users().directory_at(version_of(&staff)).await?,
                version,
            });
        }
    }
}

fn years_of(item: &Item) -> BTreeSet<i32> {
    let years = item.get("years").and_then(|years| years.as_ns().ok());
    years.into_iter().flatten().filter_map(|year| year.parse().ok()).collect()
}

/// What one change means to the counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted<'a> {
    pub before: Option<&'a Reservation>,
    pub after: &'a Reservation,
}

/// Adds to a transaction what the changes do to the counts: the slots left, the slots entered, and a new version of
/// every year in which a row of the reservations stands; and the same per guest and status.
pub(crate) fn write(
    store: &Store,
    transaction: &mut Transaction,
    changes: &[Counted<'_>],
    row_years: &BTreeSet<i32>,
) -> Result<(), StoreError> {
    let mut by_key: BTreeMap<Key, BTreeMap<String, i64>> = BTreeMap::new();
    for year in row_years {
        by_key.entry(keys::counts(*year)).or_default().insert("v".to_owned(), 1);
    }
    for Counted { before, after } in changes {
        let sides = before.iter().map(|one| (*one, -1)).chain([(*after, 1)]);
        for (reservation, delta) in sides {
            let Some(slot) = Slot::of(reservation) else { continue };
            let year = keys::counts(reservation.check_in_date.year());
            let counts = by_key.entry(year).or_default();
            counts.insert("v".to_owned(), 1);
            *counts.entry(slot.attribute()).or_default() += delta;
            if let Some(client) = reservation.client {
                let counts = by_key.entry(keys::client_counts(client)).or_default();
                *counts.entry(reservation.status.to_string()).or_default() += delta;
            }
        }
    }
    for (key, slots) in by_key {
        let changed: Vec<_> = slots.into_iter().filter(|(_, delta)| *delta != 0).collect();
        if changed.is_empty() {
            continue;
        }
        let mut parts = Vec::new();
        let mut expression = Expression::default();
        for (index, (attribute, delta)) in changed.into_iter().enumerate() {
            parts.push(format!("#s{index} :s{index}"));
            expression =
                expression.name(format!("#s{index}"), attribute).value(format!(":s{index}"), n(delta));
        }
        expression.text = format!("ADD {}", parts.join(", "));
        transaction.update(store.table(), &key, expression, None, Guards::Nothing)?;
    }
    let unknown: Vec<_> = row_years.difference(&store.0.years.known()).map(ToString::to_string).collect();
    if !unknown.is_empty() {
        let set = aws_sdk_dynamodb::types::AttributeValue::Ns(unknown);
        let change = Expression::new("ADD years :years").value(":years", set);
        transaction.update(store.table(), &keys::years(), change, None, Guards::Nothing)?;
    }
    Ok(())
}

/// A client's reservations that are not deleted: in any status, and approved ones.
pub(crate) fn of_client(item: &Item) -> (u64, u64) {
    let count = |status: &Status| number::<u64>(item, status.as_str()).unwrap_or_default();
    (Status::ALL.iter().map(count).sum(), count(&Status::Approved))
}
