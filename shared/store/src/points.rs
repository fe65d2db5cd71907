//! Loyalty points: a ledger beside each guest, and the balance in the guest's record, moved in one transaction.

use casa_domain::{
    Client, ClientId, ReservationId,
    event::{Event, What},
    points::{self, Entry, Kind, Movement, PointsError},
    reservation::Reservation,
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    Store, StoreError, StoredClient, clients,
    item::{Span, document, key_item, read},
    keys, outbox,
    transaction::{Guards, Transaction, absent},
};

/// Tries after losing a race for a guest's record.
const TRIES: usize = 24;
/// How the sort keys of the ledger begin.
const LEDGER: &str = "POINTS#";

/// What became of a wish to move points.
#[derive(Clone, Debug, PartialEq)]
pub enum Moved {
    /// They moved: the guest's record after it, and the entry.
    Done(Box<Client>, Entry),
    /// The same cause moved them before, or there is nothing to move.
    Nothing,
    /// They cannot move.
    Refused(PointsError),
    /// There is no such guest.
    NoGuest,
}

/// What an award needs to know beside the reservation.
#[derive(Clone, Copy, Debug)]
pub struct Award<'a> {
    /// Name of the house.
    pub house: &'a str,
    /// When points of this stay lapse: the beginning of the local day [`points::last_day`].
    pub lapses: DateTime<Utc>,
    /// Percentage for the referrer; `None` pays nothing.
    pub share: Option<Decimal>,
    /// First names of the house's own clients, who earn nothing.
    pub never_for: [&'a str; 2],
    /// Now.
    pub now: DateTime<Utc>,
}

/// Loyalty points.
#[derive(Debug)]
pub struct Points<'a>(pub(crate) &'a Store);

impl Points<'_> {
    /// A guest's ledger, newest first; all of it, or the `most` newest entries. One query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger(&self, client: ClientId, most: Option<usize>) -> Result<Vec<Entry>, StoreError> {
        let span = Span { limit: most, backwards: true, ..Span::prefix(LEDGER) };
        let items = self.0.query(&format!("CLIENT#{client}"), span).await?;
        let mut entries = items.iter().map(read::<Entry>).collect::<Result<Vec<_>, _>>()?;
        entries.retain(|entry| !entry.deleted);
        Ok(entries)
    }

    /// Whether points of this kind moved for a reservation already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn happened(
        &self,
        client: ClientId,
        kind: Kind,
        reservation: ReservationId,
    ) -> Result<bool, StoreError> {
        Ok(self.0.get(&keys::points_once(client, kind.as_str(), reservation)).await?.is_some())
    }

    /// Moves points of a guest who is not deleted: `decide` is given the record as it stands and says what moves; it may
    /// run again after a lost race.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when races kept being lost, else [`StoreError`].
    pub async fn move_points(
        &self,
        client: ClientId,
        now: DateTime<Utc>,
        mut decide: impl FnMut(&Client) -> Option<Movement>,
    ) -> Result<Moved, StoreError> {
        let id = Uuid::new_v4();
        for _ in 0..TRIES {
            let seen = self.0.clients().get(client).await?;
            let Some(seen) = seen.filter(|seen| !seen.client.deleted) else { return Ok(Moved::NoGuest) };
            let Some(movement) = decide(&seen.client) else { return Ok(Moved::Nothing) };
            let mut after = seen.client.clone();
            if let Err(refusal) = movement.carry_out(&mut after, now) {
                return Ok(Moved::Refused(refusal));
            }
            let entry = movement.entry(client, id, now);
            let mut transaction = Transaction::default();
            write(self.0, &mut transaction, &seen, &after, &entry, Guards::Unique("movement"))?;
            match transaction.commit(self.0).await {
                Ok(()) => return Ok(Moved::Done(Box::new(after), entry)),
                Err(StoreError::Taken(_)) => return Ok(Moved::Nothing),
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Changed)
    }

    /// What crediting a finished stay moves now: its guest's points and, behind them, the referrer's share, each with the
    /// record it is decided on. Nothing when it was credited before, brings nothing, or its guest is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn planned(
        &self,
        stay: &Reservation,
        award: Award<'_>,
    ) -> Result<Vec<(StoredClient, Movement)>, StoreError> {
        let Award { house, lapses, share, never_for, now } = award;
        let Some(client) = stay.client else { return Ok(Vec::new()) };
        if self.happened(client, Kind::Earned, stay.id).await? {
            return Ok(Vec::new());
        }
        let Some(guest) = self.live(client).await? else { return Ok(Vec::new()) };
        if never_for.contains(&guest.client.first_name.as_str()) {
            return Ok(Vec::new());
        }
        let Some(earned) = points::earned(stay, house, lapses, now) else { return Ok(Vec::new()) };
        let mut moves = vec![(guest.clone(), earned)];
        if let (Some(share), Some(referrer)) = (share, guest.client.referred_by)
            && referrer != client
            && let Some(referrer) = self.live(referrer).await?
            // A stay that passed from one guest of the same referrer to another has brought its share already.
            && !self.happened(referrer.client.id, Kind::Referral, stay.id).await?
            && let Some(movement) = points::for_referrer(stay, &guest.client, share, lapses, now)
        {
            moves.push((referrer, movement));
        }
        Ok(moves)
    }

    /// Credits a finished stay to its guest and the referrer's share to the referrer, both or neither, once ever. Answers
    /// the entries written: none where nothing is [planned](Self::planned).
    ///
    /// # Errors
    /// [`StoreError::Changed`] when races kept being lost, else [`StoreError`].
    pub async fn award(&self, stay: &Reservation, award: Award<'_>) -> Result<Vec<Entry>, StoreError> {
        let now = award.now;
        for _ in 0..TRIES {
            let moves = self.planned(stay, award).await?;
            let mut transaction = Transaction::default();
            let mut entries = Vec::new();
            for (seen, movement) in moves {
                let mut after = seen.client.clone();
                if movement.carry_out(&mut after, now).is_err() {
                    // More points than a balance holds: nothing that a later try could mend, and no share without it.
                    break;
                }
                let entry = movement.entry(seen.client.id, Uuid::nil(), now);
                write(self.0, &mut transaction, &seen, &after, &entry, Guards::Unique("movement"))?;
                let what = What::PointsEarned {
                    client: entry.client,
                    reservation: stay.id,
                    points: entry.points,
                    referred: entry.referred_client,
                };
                outbox::write(self.0, &mut transaction, &Event { id: Uuid::now_v7(), at: now, what })?;
                entries.push(entry);
            }
            if entries.is_empty() {
                return Ok(entries);
            }
            match transaction.commit(self.0).await {
                Ok(()) => return Ok(entries),
                // Credited by somebody else a moment ago, or a record moved on: the next look tells.
                Err(StoreError::Taken(_) | StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Changed)
    }

    /// Makes the balance what the ledger adds up to, without an entry; answers whether it differed. A ledger that adds up to
    /// less than nothing makes it zero.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when races kept being lost, else [`StoreError`].
    pub async fn settle(&self, client: ClientId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            // Entries move the record's version, so a ledger read after the record is the record's own or newer: then the
            // version no longer fits.
            let Some(seen) = self.0.clients().get(client).await? else { return Ok(false) };
            let sum = points::sum(&self.ledger(client, None).await?).max(Decimal::ZERO);
            if sum == seen.client.points_balance {
                return Ok(false);
            }
            let after = Client { points_balance: sum, updated: now, ..seen.client.clone() };
            let mut transaction = Transaction::default();
            clients::replace(self.0, &mut transaction, &seen, &after)?;
            match transaction.commit(self.0).await {
                Ok(()) => return Ok(true),
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Changed)
    }

    async fn live(&self, client: ClientId) -> Result<Option<StoredClient>, StoreError> {
        Ok(self.0.clients().get(client).await?.filter(|seen| !seen.client.deleted))
    }
}

/// Adds a movement to a transaction: the guest's record, the entry, and the mark that keeps its cause from moving points
/// twice; `once` says what it means that the mark is there.
pub(crate) fn write(
    store: &Store,
    transaction: &mut Transaction,
    seen: &StoredClient,
    after: &Client,
    entry: &Entry,
    once: Guards,
) -> Result<(), StoreError> {
    clients::replace(store, transaction, seen, after)?;
    if let Some(reservation) = entry.reservation {
        let mark = keys::points_once(entry.client, entry.transaction_type.as_str(), reservation);
        transaction.put(store.table(), key_item(&mark), Some(absent()), once)?;
    }
    let key = keys::client_points(entry.client, entry.created, entry.id);
    transaction.put(store.table(), document(&key, entry)?, None, Guards::Nothing)
}
