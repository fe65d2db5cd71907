//! What decides a guest's levels (the original's "achievements", contract 02 §4.9). The levels themselves come with the
//! price book; which of them a guest reached stands in the guest's record.

use casa_domain::{
    Client, ClientId,
    event::{Event, What},
    level::{self, Review, Standing},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    Store, StoreError, clients,
    item::{Span, text},
    keys, outbox,
    reservations::counts,
    transaction::Transaction,
};

/// Tries after losing a race for a guest's record.
const TRIES: usize = 8;

/// Where a guest stands, and whom the guest referred.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circle {
    /// What levels are reached by.
    pub standing: Standing,
    /// The guests referred, deleted ones included, by id.
    pub referred: Vec<Referred>,
}

/// A guest whom another referred.
#[derive(Clone, Debug, PartialEq)]
pub struct Referred {
    /// The guest.
    pub client: Client,
    /// Their reservations that are not deleted, in any status.
    pub reservations: u64,
    /// Those that are approved.
    pub approved: u64,
}

/// What a review came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reviewed {
    /// What it changed.
    pub review: Review,
    /// Who referred the guest: whose standing hangs on this guest's.
    pub referrer: Option<ClientId>,
}

/// Levels that guests reach.
#[derive(Debug)]
pub struct Levels<'a>(pub(crate) &'a Store);

impl Levels<'_> {
    /// Where a guest stands: one read, one query, and one read per fifty guests referred.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn circle(&self, guest: ClientId) -> Result<Circle, StoreError> {
        let (counts, referred) = (keys::client_counts(guest), keys::referred_pk(guest));
        let (own, rows) = tokio::try_join!(self.0.get(&counts), self.0.query(&referred, Span::all()))?;
        let (_, reservations) = own.as_ref().map(counts::of_client).unwrap_or_default();
        let ids: Vec<ClientId> =
            rows.iter().filter_map(|row| text(row, "sk").and_then(|id| id.parse().ok())).collect();
        let wanted: Vec<_> =
            ids.iter().flat_map(|id| [keys::client(*id), keys::client_counts(*id)]).collect();
        let items = self.0.get_many(&wanted).await?;
        let mut circle =
            Circle { standing: Standing { reservations, ..Standing::default() }, ..Circle::default() };
        for id in ids {
            let Some(item) = items.get(&keys::client(id)) else { continue };
            let client = clients::StoredClient::from_item(item)?.client;
            let (reservations, approved) =
                items.get(&keys::client_counts(id)).map(counts::of_client).unwrap_or_default();
            circle.standing.referrals += u64::from(!client.deleted);
            circle.standing.referral_reservations += approved;
            circle.referred.push(Referred { client, reservations, approved });
        }
        Ok(circle)
    }

    /// Reviews a guest's levels and stores what changes; does nothing for guests who are deleted or unknown. Repeating it
    /// changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when races kept being lost, else [`StoreError`].
    pub async fn review(&self, guest: ClientId, now: DateTime<Utc>) -> Result<Reviewed, StoreError> {
        let store = self.0;
        for _ in 0..TRIES {
            let (clients, prices) = (store.clients(), store.prices());
            let (seen, circle, book) =
                tokio::try_join!(clients.get(guest), self.circle(guest), prices.book())?;
            let Some(seen) = seen else { return Ok(Reviewed::default()) };
            let referrer = seen.client.referred_by;
            if seen.client.deleted {
                return Ok(Reviewed { referrer, review: Review::default() });
            }
            let review = level::review(guest, &seen.client.levels, &book.levels, circle.standing, now);
            if !review.changes() {
                return Ok(Reviewed { referrer, review });
            }
            let after = Client { levels: review.held.clone(), updated: now, ..seen.client.clone() };
            let mut transaction = Transaction::default();
            clients::replace(store, &mut transaction, &seen, &after)?;
            if !review.given.is_empty() {
                let what = What::LevelsReached { client: guest, levels: review.given.clone() };
                outbox::write(store, &mut transaction, &Event { id: Uuid::now_v7(), at: now, what })?;
            }
            match transaction.commit(store).await {
                Ok(()) => return Ok(Reviewed { referrer, review }),
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Changed)
    }
}
