//! The booking transaction: nights, reservation, list rows, counts, receipts, points, audit and outbox together.

use std::collections::BTreeSet;

use casa_domain::{
    calendar::Hold,
    client::ClientCard,
    event::{Event, What},
    ids::ReservationId,
    reservation::{Receipt, Reservation},
    time::Month,
};
use chrono::{DateTime, Datelike, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    Booked, Reservations, Stored,
    counts::{self, Counted},
};
use crate::{
    Audit, StoreError, StoredClient,
    calendar::{self, Shift},
    codes,
    item::document,
    keys::{self, Key},
    outbox, points, receipts,
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
    /// A discount code of which the reservation takes one use, in the same transaction (decision 10). It goes back by
    /// itself when the reservation stops blocking nights.
    pub takes_code: Option<String>,
    /// What to do about held nights.
    pub conflicts: Conflicts,
}

/// A change with what follows from it.
struct Prepared<'a> {
    before: Option<&'a Stored>,
    after: Booked,
    version: u64,
}

impl Prepared<'_> {
    fn was(&self) -> Option<&Booked> {
        self.before.map(|stored| &stored.booked)
    }
}

impl Reservations<'_> {
    /// Carries out a change, all or nothing, and answers the reservation as stored.
    ///
    /// # Errors
    /// [`StoreError::NightTaken`] when a night to be claimed is held by another reservation, [`StoreError::Changed`]
    /// when the reservation (or the guest whose points move) is not as read, [`StoreError::Taken`] with `code` when
    /// the code it takes has no use left, [`StoreError::TooLarge`] when the change does not fit into one transaction
    /// (beside the longest move, 3 receipts fit).
    pub async fn commit(&self, change: Change<'_>, now: DateTime<Utc>) -> Result<Stored, StoreError> {
        let mut stored = self.commit_all(vec![change], now).await?;
        stored.pop().ok_or(StoreError::Changed)
    }

    /// Carries out changes of several (distinct) reservations together, all or nothing, and answers them as stored, in
    /// the same order. A night may pass from one of them to another.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn commit_all(
        &self,
        changes: Vec<Change<'_>>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Stored>, StoreError> {
        let store = self.0;
        let mut transaction = Transaction::default();
        let mut codes = codes::Uses::default();
        let mut prepared = Vec::with_capacity(changes.len());
        for change in changes {
            prepared.push(self.prepare(change, &mut transaction, &mut codes, now)?);
        }
        let shifts: Vec<_> = prepared
            .iter()
            .map(|one| Shift {
                reservation: one.after.reservation.id,
                before: one.was().and_then(|booked| booked.hold),
                after: one.after.hold,
            })
            .collect();
        calendar::write(store, &mut transaction, &shifts)?;
        codes.write(store, &mut transaction)?;
        let row_years: BTreeSet<i32> = prepared.iter().flat_map(|one| years(one.was(), &one.after)).collect();
        let counted: Vec<_> = prepared
            .iter()
            .map(|one| Counted {
                before: one.was().map(|booked| &booked.reservation),
                after: &one.after.reservation,
            })
            .collect();
        counts::write(store, &mut transaction, &counted, &row_years)?;
        transaction.commit(store).await?;
        store.0.years.learn(row_years);
        Ok(prepared.into_iter().map(|one| Stored { booked: one.after, version: one.version }).collect())
    }

    /// Adds what concerns one reservation alone.
    fn prepare<'a>(
        &self,
        change: Change<'a>,
        transaction: &mut Transaction,
        codes: &mut codes::Uses,
        now: DateTime<Utc>,
    ) -> Result<Prepared<'a>, StoreError> {
        let store = self.0;
        let table = store.table();
        let id = change.after.id;
        let before = change.before.map(|stored| &stored.booked);
        let hold = match change.conflicts {
            Conflicts::Refuse => change.after.wanted_hold(),
            Conflicts::HoldNothing => None,
        };
        let blocks = !change.after.deleted && change.after.status.blocks();
        let held_code = before.and_then(|booked| booked.code.clone());
        let code = match (held_code, change.takes_code) {
            // Called off, refused or deleted: the use goes back (decision 10).
            (Some(held), _) if !blocks => {
                codes.give_back(&held);
                None
            }
            (None, Some(wanted)) if blocks => {
                codes.take(&wanted);
                Some(wanted)
            }
            (held, _) => held,
        };
        let after = Booked { reservation: change.after, client: change.client, hold, code };
        let version = change.before.map_or(0, |stored| stored.version) + 1;

        let guard = change.before.map_or_else(absent, |stored| at_version(stored.version));
        let item = versioned(document(&keys::reservation(id), &after)?, version);
        transaction.put(table, item, Some(guard), Guards::Version)?;
        let (old_rows, new_rows) = (before.map(row_keys).unwrap_or_default(), row_keys(&after));
        for key in old_rows.difference(&new_rows) {
            transaction.delete(table, key)?;
        }
        for key in &new_rows {
            transaction.put(table, document(key, &after)?, None, Guards::Nothing)?;
        }
        for receipt in &change.receipts {
            receipts::write(store, transaction, receipt)?;
        }
        if let Some(points) = &change.points {
            write_points(self, transaction, id, points, now)?;
        }
        if let Some(audit) = &change.audit {
            audit.write(store, transaction)?;
        }
        for what in change.facts {
            outbox::write(store, transaction, &Event { id: Uuid::now_v7(), at: now, what })?;
        }
        Ok(Prepared { before: change.before, after, version })
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
    let description = moved.description.clone();
    let movement = if moved.points > Decimal::ZERO {
        casa_domain::points::redeemed(moved.points, description, Some(reservation))
    } else {
        casa_domain::points::refunded(-moved.points, description, reservation)
    };
    let mut client = moved.client.client.clone();
    // The caller decided on the record as read; if it does not suffice, that record is out of date.
    movement.carry_out(&mut client, now).map_err(|_| StoreError::Changed)?;
    let entry = movement.entry(client.id, Uuid::nil(), now);
    points::write(reservations.0, transaction, &moved.client, &client, &entry, Guards::Version)
}
