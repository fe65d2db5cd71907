//! The booking transaction: nights, reservation, list rows, counts, receipts, points, audit and outbox together.

use std::collections::BTreeSet;

use casa_domain::{
    calendar::Hold,
    client::ClientCard,
    event::What,
    ids::ReservationId,
    payment::Payment,
    reservation::{Receipt, Reservation},
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::{
    Booked, Reservations, Stored, billed,
    counts::{self, Counted},
    prepare::years,
};
use crate::{
    Audit, StoreError, StoredClient, StoredPayment,
    calendar::{self, Shift},
    codes,
    transaction::Transaction,
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

/// A step of a card payment.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a change has one at most")]
pub enum PaymentStep {
    /// It starts: its record is written, its card token is used up, and nothing else may pay the reservation meanwhile.
    Begin(Payment),
    /// Something became known of it.
    Learn {
        /// As read.
        before: StoredPayment,
        /// As it shall be.
        after: Payment,
    },
}

/// A request that must not be carried out twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// Who asks, and the key they sent.
    pub subject: String,
    /// Digest of what was asked: the same key with something else is an error of the caller.
    pub digest: String,
}

/// What to do when imported data holds a night twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// Refuse the change.
    Refuse,
    /// Write the reservation without any night: only for imported stays that lost a night to an older one.
    HoldNothing,
}

impl Conflicts {
    /// What a change of anything but nights does: an imported stay that lost its nights to another one still holds none.
    pub fn as_held(booked: &Booked) -> Self {
        let lost = booked.hold.is_none() && booked.reservation.wanted_hold().is_some();
        if lost { Self::HoldNothing } else { Self::Refuse }
    }
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
    /// A step of a card payment that is written with it.
    pub payment: Option<PaymentStep>,
    /// Remembers that a request with an idempotency key was carried out.
    pub once: Option<Once>,
    /// A discount code of which the reservation takes one use, in the same transaction (decision 10). It goes back by
    /// itself when the reservation stops blocking nights.
    pub takes_code: Option<String>,
    /// What to do about held nights.
    pub conflicts: Conflicts,
}

impl<'a> Change<'a> {
    /// A change to `after`, whose guest has this card, that brings nothing with it.
    pub fn new(before: Option<&'a Stored>, after: Reservation, client: Option<ClientCard>) -> Self {
        Self {
            before,
            after,
            client,
            receipts: Vec::new(),
            points: None,
            facts: Vec::new(),
            audit: None,
            payment: None,
            once: None,
            takes_code: None,
            conflicts: Conflicts::Refuse,
        }
    }
}

impl Reservations<'_> {
    /// Carries out a change, all or nothing, and answers the reservation as stored.
    ///
    /// # Errors
    /// [`StoreError::NightTaken`] when a night to be claimed is held by another reservation, [`StoreError::Changed`]
    /// when the reservation (or the guest whose points move, or the payment) is not as read, [`StoreError::Taken`] with
    /// `code` when the code it takes has no use left, with `once` when the request was carried out before, with `token`
    /// when the card token was used, with `paying` when another payment is under way, [`StoreError::TooLarge`] when the change does not fit into one transaction
    /// (beside the longest move, 2 receipts fit).
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
        billed::write(store, &mut transaction, &counted)?;
        transaction.commit(store).await?;
        store.0.years.learn(row_years);
        Ok(prepared.into_iter().map(|one| Stored { booked: one.after, version: one.version }).collect())
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
