//! The booking transaction: nights, reservation, list rows, counts, receipts, points, audit and outbox together.

use std::collections::BTreeSet;

use casa_domain::{
    calendar::Hold,
    client::ClientCard,
    event::{Event, What},
    ids::ReservationId,
    money::fixed2,
    reservation::{Receipt, Reservation},
    time::Month,
};
use chrono::{DateTime, Datelike, Utc};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use super::{Booked, Reservations, Stored, counts};
use crate::{
    Audit, Item, StoreError, StoredClient, calendar, clients,
    item::document,
    keys::{self, Key},
    outbox, receipts,
    transaction::{Guards, Transaction, absent, at_version, versioned},
};

/// Points that move between a guest and a reservation with the change.
#[derive(Clone, Debug)]
pub struct PointsSpent {
    /// The guest, as read.
    pub client: StoredClient,
    /// Points taken for the reservation (positive) or given back (negative).
    pub points: Decimal,
    /// Text of the ledger entry.
    pub description: String,
}

/// What to do when imported data holds a night twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// Refuse the change.
    Refuse,
    /// Write the reservation without any night: only for imported stays that lost a night to an older one.
    HoldNothing,
}

/// A change of one reservation.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// As read; `None` enters a new reservation.
    pub before: Option<&'a Stored>,
    /// As it shall be.
    pub after: Reservation,
    /// Its guest.
    pub client: Option<ClientCard>,
    /// Receipts that arrive with the change.
    pub receipts: Vec<Receipt>,
    /// Points that move with it.
    pub points: Option<PointsSpent>,
    /// Facts for the outbox.
    pub facts: Vec<What>,
    /// Entry of the audit log.
    pub audit: Option<Audit>,
    /// What to do about held nights.
    pub conflicts: Conflicts,
}

impl Reservations<'_> {
    /// Carries out a change, all or nothing, and answers the reservation as stored.
    ///
    /// # Errors
    /// [`StoreError::NightTaken`] when a night to be claimed is held by another reservation, [`StoreError::Changed`]
    /// when the reservation (or the guest whose points move) is not as read, [`StoreError::TooLarge`] when the change
    /// does not fit into one transaction (beside the longest move, 13 receipts fit).
    pub async fn commit(&self, change: Change<'_>, now: DateTime<Utc>) -> Result<Stored, StoreError> {
        let store = self.0;
        let table = store.table();
        let id = change.after.id;
        let before = change.before.map(|stored| &stored.booked);
        let held = before.and_then(|booked| booked.hold);
        let hold = match change.conflicts {
            Conflicts::Refuse => change.after.wanted_hold(),
            Conflicts::HoldNothing => None,
        };
        let booked = Booked { reservation: change.after, client: change.client, hold };
        let version = change.before.map_or(0, |stored| stored.version) + 1;
        let mut transaction = Transaction::default();

        let guard = change.before.map_or_else(absent, |stored| at_version(stored.version));
        let item = versioned(document(&keys::reservation(id), &booked)?, version);
        transaction.put(table, item, Some(guard), Guards::Version)?;
        calendar::write(store, &mut transaction, id, held, hold)?;

        let (old_rows, new_rows) = (before.map(row_keys).unwrap_or_default(), row_keys(&booked));
        let row_years = years(before, &booked);
        for key in old_rows.difference(&new_rows) {
            transaction.delete(table, key)?;
        }
        for key in &new_rows {
            transaction.put(table, document(key, &booked)?, None, Guards::Nothing)?;
        }
        let was = before.map(|booked| &booked.reservation);
        counts::write(store, &mut transaction, was, &booked.reservation, &row_years)?;

        for receipt in &change.receipts {
            receipts::write(store, &mut transaction, receipt)?;
        }
        if let Some(points) = &change.points {
            write_points(self, &mut transaction, id, points, now)?;
        }
        if let Some(audit) = &change.audit {
            audit.write(store, &mut transaction)?;
        }
        for what in change.facts {
            outbox::write(store, &mut transaction, &Event { id: Uuid::now_v7(), at: now, what })?;
        }
        transaction.commit(store).await?;
        store.0.years.learn(row_years);
        Ok(Stored { booked, version })
    }

    /// The reservations that hold nights wanted by `hold`, other than `except`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn in_the_way(
        &self,
        hold: Hold,
        except: ReservationId,
    ) -> Result<BTreeSet<ReservationId>, StoreError> {
        let held = self.0.calendar().held(hold.house, hold.stay).await?;
        Ok(held.into_values().filter(|holder| *holder != except).collect())
    }
}

/// The keys of the list rows a reservation has: one where it checks in, one per further month it still stays in, one
/// under the day it was entered and one under its guest. Deleted reservations have none.
fn row_keys(booked: &Booked) -> BTreeSet<Key> {
    let reservation = &booked.reservation;
    let mut keys = BTreeSet::new();
    if reservation.deleted {
        return keys;
    }
    let (check_in, created, id) = (reservation.check_in_date, reservation.created, reservation.id);
    keys.insert(keys::arrival_row(check_in, created, id));
    keys.insert(keys::entered_row(created, id));
    if let Some(client) = reservation.client {
        keys.insert(keys::client_stay_row(client, check_in, created, id));
    }
    for month in later_months(reservation) {
        keys.insert(keys::staying_row(month, check_in, created, id));
    }
    keys
}

/// The months after the one of check-in up to the one that holds the check-out date.
fn later_months(reservation: &Reservation) -> impl Iterator<Item = Month> {
    let last = Month::of(reservation.check_out_date);
    // Imported rows may have absurd dates: what no stay can have gets no more rows than a stay can have.
    std::iter::successors(Some(Month::of(reservation.check_in_date).next()), |month| Some(month.next()))
        .take_while(move |month| *month <= last)
        .take(13)
}

fn years(before: Option<&Booked>, after: &Booked) -> BTreeSet<i32> {
    let mut years = BTreeSet::new();
    for booked in before.into_iter().chain([after]).filter(|booked| !booked.reservation.deleted) {
        years.insert(booked.reservation.check_in_date.year());
        years.extend(later_months(&booked.reservation).map(Month::year));
    }
    years
}

fn write_points(
    reservations: &Reservations<'_>,
    transaction: &mut Transaction,
    reservation: ReservationId,
    moved: &PointsSpent,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut client = moved.client.client.clone();
    client.points_balance -= moved.points;
    client.updated = now;
    if client.points_balance < Decimal::ZERO {
        return Err(StoreError::Changed);
    }
    clients::replace(reservations.0, transaction, &moved.client, &client)?;
    let kind = if moved.points > Decimal::ZERO { "redeemed" } else { "refunded" };
    // One entry per reservation and kind, ever: the key carries no time of its own.
    let key = Key::new(format!("CLIENT#{}", client.id), format!("ONCE#{kind}#{reservation}"));
    transaction.put(reservations.0.table(), crate::item::key_item(&key), Some(absent()), Guards::Version)?;
    let entry_id = Uuid::new_v5(&reservation.0, kind.as_bytes());
    let entry: Item = document(
        &keys::client_points(client.id, now, entry_id),
        &json!({
            "id": entry_id,
            "created": now,
            "updated": now,
            "deleted": false,
            "client": client.id,
            "reservation": reservation,
            "referred_client": null,
            "transaction_type": kind,
            "points": fixed2(-moved.points),
            "description": moved.description,
            "expires_at": null,
        }),
    )?;
    transaction.put(reservations.0.table(), entry, None, Guards::Nothing)
}
