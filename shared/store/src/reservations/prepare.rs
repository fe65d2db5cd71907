//! What one change of a reservation writes beside nights and counts: the reservation, its rows and look-ups, receipts,
//! points, payment, audit and facts.

use std::collections::BTreeSet;

use casa_domain::{
    calendar::Hold,
    event::Event,
    ids::ReservationId,
    payment::Purpose,
    reservation::Reservation,
    time::{Month, sortable},
};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Booked, Change, Conflicts, Paying, PaymentStep, PointsSpent, Reservations, Stored};
use crate::{
    Item, StoreError, codes,
    item::{document, key_item, n, s},
    keys::{self, Key},
    outbox, payments, points, receipts,
    transaction::{Guards, Transaction, absent, at_version, versioned},
};

/// Days for which the answer to a request with an idempotency key can be asked for again.
const ONCE_DAYS: i64 = 7;

/// A change with what follows from it.
pub(super) struct Prepared<'a> {
    pub before: Option<&'a Stored>,
    pub after: Booked,
    pub version: u64,
}

impl Prepared<'_> {
    pub fn was(&self) -> Option<&Booked> {
        self.before.map(|stored| &stored.booked)
    }
}

impl Reservations<'_> {
    /// Adds what concerns one reservation alone.
    pub(super) fn prepare<'a>(
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
        let paying = paying(before, change.payment.as_ref())?;
        let hold = match (change.conflicts, change.after.wanted_hold()) {
            (Conflicts::Refuse, Some(hold)) if paying.is_some_and(|paying| paying.night) => {
                let stay = hold.stay.longer().ok_or(StoreError::TooLarge)?;
                Some(Hold { stay, ..hold })
            }
            (Conflicts::Refuse, hold) => hold,
            (Conflicts::HoldNothing, _) => None,
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
        let after = Booked { reservation: change.after, client: change.client, hold, code, paying };
        let version = change.before.map_or(0, |stored| stored.version) + 1;

        let guard = change.before.map_or_else(absent, |stored| at_version(stored.version));
        let mut item = versioned(document(&keys::reservation(id), &after)?, version);
        index_deadline(&mut item, &after.reservation);
        transaction.put(table, item, Some(guard), Guards::Version)?;
        let (old_rows, new_rows) = (before.map(row_keys).unwrap_or_default(), row_keys(&after));
        for key in old_rows.difference(&new_rows) {
            transaction.delete(table, key)?;
        }
        for key in &new_rows {
            transaction.put(table, document(key, &after)?, None, Guards::Nothing)?;
        }
        let (old, new) = (before.and_then(external), external(&after));
        if old != new {
            if let Some(key) = old {
                transaction.delete(table, &key)?;
            }
            if let Some(key) = new {
                transaction.put(table, key_item(&key), None, Guards::Nothing)?;
            }
        }
        for receipt in &change.receipts {
            receipts::write(store, transaction, receipt)?;
        }
        if let Some(points) = &change.points {
            write_points(self, transaction, id, points, now)?;
        }
        match &change.payment {
            Some(PaymentStep::Begin(payment)) => payments::begin(store, transaction, payment, now)?,
            Some(PaymentStep::Learn { before, after }) => {
                payments::learn(store, transaction, before, after)?;
            }
            None => {}
        }
        if let Some(once) = &change.once {
            let mut item = key_item(&keys::once(&once.subject));
            item.insert("to".to_owned(), s(id.to_string()));
            item.insert("digest".to_owned(), s(&once.digest));
            item.insert("ttl".to_owned(), n((now + TimeDelta::days(ONCE_DAYS)).timestamp()));
            transaction.put(table, item, Some(absent()), Guards::Unique("once"))?;
        }
        if let Some(audit) = &change.audit {
            audit.write(store, transaction)?;
        }
        for what in change.facts {
            outbox::write(store, transaction, &Event { id: Uuid::now_v7(), at: now, what })?;
        }
        Ok(Prepared { before: change.before, after, version })
    }
}

/// The payment under way after a change: one that starts, or the one there was until its outcome is known.
fn paying(before: Option<&Booked>, step: Option<&PaymentStep>) -> Result<Option<Paying>, StoreError> {
    let paying = before.and_then(|booked| booked.paying);
    match step {
        Some(PaymentStep::Begin(_)) if paying.is_some() => Err(StoreError::Taken("paying")),
        Some(PaymentStep::Begin(payment)) => {
            Ok(Some(Paying { payment: payment.id, night: payment.purpose == Purpose::LateCheckout }))
        }
        Some(PaymentStep::Learn { after, .. }) if !after.is_open() => {
            Ok(paying.filter(|paying| paying.payment != after.id))
        }
        Some(PaymentStep::Learn { .. }) | None => Ok(paying),
    }
}

/// A booking that lapses unpaid stands in an index by its deadline.
fn index_deadline(item: &mut Item, reservation: &Reservation) {
    if let Some(deadline) = reservation.lapses_at() {
        item.insert("gsi1pk".to_owned(), s(keys::DEADLINES));
        item.insert("gsi1sk".to_owned(), s(sortable(deadline)));
    }
}

/// The look-up by the id that another calendar knows a live reservation under.
fn external(booked: &Booked) -> Option<Key> {
    let one = &booked.reservation;
    let uid = one.uuid_external.as_deref().filter(|uid| !uid.is_empty() && !one.deleted)?;
    Some(keys::external(uid, one.id))
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

pub(super) fn years(before: Option<&Booked>, after: &Booked) -> BTreeSet<i32> {
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
