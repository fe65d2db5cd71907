//! The outbox: facts written with the change that caused them, handled later and at least once.

use casa_domain::{event::Event, time::sortable};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    Item, Store, StoreError,
    item::{document, key_item, n, s},
    keys,
    transaction::{Guards, Transaction},
};

/// Pending facts are spread over this many keys of the index.
const SHARDS: u8 = 4;
/// How long a handled fact stays readable.
const KEPT_DAYS: i64 = 30;

/// Facts waiting for their effects.
#[derive(Debug)]
pub struct Outbox<'a>(pub(crate) &'a Store);

impl Outbox<'_> {
    /// The images of facts not handled and not parked yet, oldest first per shard. Index reads: may lag by a moment.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn pending(&self) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for shard in 0..SHARDS {
            let mut start = None;
            loop {
                let answer = self
                    .0
                    .dynamo()
                    .query()
                    .table_name(self.0.table())
                    .index_name("gsi1")
                    .key_condition_expression("gsi1pk = :pk")
                    .expression_attribute_values(":pk", s(format!("PENDING#{shard}")))
                    .set_exclusive_start_key(start)
                    .send()
                    .await?;
                items.extend(answer.items.unwrap_or_default());
                start = answer.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(items)
    }

    /// Whether this effect of this fact was carried out already.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn is_done(&self, event: Uuid, effect: &str) -> Result<bool, StoreError> {
        let key = keys::Key::new(format!("OUT#{event}"), format!("DONE#{effect}"));
        Ok(self.0.get(&key).await?.is_some())
    }

    /// Remembers that this effect of this fact was carried out.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn mark_done(&self, event: Uuid, effect: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let key = keys::Key::new(format!("OUT#{event}"), format!("DONE#{effect}"));
        let mut item = key_item(&key);
        item.insert("ttl".to_owned(), n(kept_until(now)));
        self.0.put(item).await
    }

    /// Marks the fact as handled: it leaves the pending index and lapses after thirty days.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn handled(&self, event: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.0
            .dynamo()
            .update_item()
            .table_name(self.0.table())
            .set_key(Some(key_item(&keys::event(event))))
            .update_expression("SET handled = :at, #ttl = :ttl REMOVE gsi1pk, gsi1sk")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":at", s(sortable(now)))
            .expression_attribute_values(":ttl", n(kept_until(now)))
            .send()
            .await?;
        Ok(())
    }

    /// Parks a fact whose effects keep failing: it stays in the table under the index key `PARKED`, with the reason.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn park(&self, event: Uuid, reason: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.0
            .dynamo()
            .update_item()
            .table_name(self.0.table())
            .set_key(Some(key_item(&keys::event(event))))
            .update_expression("SET parked = :at, reason = :reason, gsi1pk = :parked, gsi1sk = :at")
            .expression_attribute_values(":at", s(sortable(now)))
            .expression_attribute_values(":reason", s(reason))
            .expression_attribute_values(":parked", s("PARKED"))
            .send()
            .await?;
        Ok(())
    }
}

fn kept_until(now: DateTime<Utc>) -> i64 {
    (now + TimeDelta::days(KEPT_DAYS)).timestamp()
}

/// Adds a fact to a transaction.
pub(crate) fn write(store: &Store, transaction: &mut Transaction, event: &Event) -> Result<(), StoreError> {
    let mut item = document(&keys::event(event.id), event)?;
    let shard = event.id.as_bytes()[15] % SHARDS;
    item.insert("gsi1pk".to_owned(), s(format!("PENDING#{shard}")));
    item.insert("gsi1sk".to_owned(), s(sortable(event.at)));
    transaction.put(store.table(), item, None, Guards::Nothing)
}
