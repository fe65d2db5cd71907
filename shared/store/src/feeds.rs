//! Calendars elsewhere, what each told of its events last, and who is reading it.

use std::collections::BTreeMap;

use casa_domain::{
    feed::{Brought, Feed},
    ids::FeedId,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    Audit, Store, StoreError,
    item::{Span, document, key_item, n, read, s, text},
    keys,
    transaction::{Expression, Guards, Transaction, absent},
};

/// Rows removed in one transaction.
const TOGETHER: usize = 90;
/// How the rows of events begin.
const EVENT: &str = "U#";

/// Calendars elsewhere.
#[derive(Debug)]
pub struct Feeds<'a>(pub(crate) &'a Store);

impl Feeds<'_> {
    /// All of them, by id; those at houses' own addresses only once they were read. One query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Vec<Feed>, StoreError> {
        self.0.query(keys::FEEDS, Span::all()).await?.iter().map(read).collect()
    }

    /// The one with this id; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: FeedId) -> Result<Option<Feed>, StoreError> {
        self.0.get_document(&keys::feed(id)).await
    }

    /// Enters a calendar, with its entry of the audit log.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is one with its id.
    pub async fn enter(&self, feed: &Feed, audit: &Audit) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        audit.write(self.0, &mut transaction)?;
        let item = document(&keys::feed(feed.id), feed)?;
        transaction.put(self.0.table(), item, Some(absent()), Guards::Version)?;
        transaction.commit(self.0).await
    }

    /// Keeps what a reading learnt. A calendar that staff removed meanwhile does not come back.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it was removed.
    pub async fn save(&self, feed: &Feed) -> Result<(), StoreError> {
        let item = document(&keys::feed(feed.id), feed)?;
        if feed.of_house {
            return self.0.put(item).await;
        }
        let mut transaction = Transaction::default();
        let there = Expression::new("attribute_exists(pk)");
        transaction.put(self.0.table(), item, Some(there), Guards::Version)?;
        transaction.commit(self.0).await
    }

    /// Removes a calendar and what is remembered of its events; the stays it brought in stay. Repeating it does nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove(&self, id: FeedId, audit: &Audit) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        audit.write(self.0, &mut transaction)?;
        transaction.delete(self.0.table(), &keys::feed(id))?;
        transaction.commit(self.0).await?;
        let uids: Vec<_> = self.told(id).await?.into_keys().collect();
        for part in uids.chunks(TOGETHER) {
            let mut transaction = Transaction::default();
            for uid in part {
                transaction.delete(self.0.table(), &keys::told(id, uid))?;
            }
            transaction.commit(self.0).await?;
        }
        Ok(())
    }

    /// What a calendar told of its events last, by their uids. One query, one small row per event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn told(&self, id: FeedId) -> Result<BTreeMap<String, Brought>, StoreError> {
        let rows = self.0.query(&keys::told_pk(id), Span::prefix(EVENT)).await?;
        let mut told = BTreeMap::new();
        for row in &rows {
            if let Some(uid) = text(row, "sk").and_then(|sk| sk.strip_prefix(EVENT)) {
                told.insert(uid.to_owned(), read(row)?);
            }
        }
        Ok(told)
    }

    /// Whether one of these (distinct) calendars tells of an event; one request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_told_by(&self, feeds: &[FeedId], uid: &str) -> Result<bool, StoreError> {
        let wanted: Vec<_> = feeds.iter().map(|feed| keys::told(*feed, uid)).collect();
        Ok(!self.0.get_many(&wanted).await?.is_empty())
    }

    /// Remembers what a calendar tells of an event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note(&self, id: FeedId, uid: &str, brought: &Brought) -> Result<(), StoreError> {
        self.0.put(document(&keys::told(id, uid), brought)?).await
    }

    /// Forgets an event.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, id: FeedId, uid: &str) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        transaction.delete(self.0.table(), &keys::told(id, uid))?;
        transaction.commit(self.0).await
    }

    /// Takes a calendar to read it, unless somebody else has it at `now` (of the real clock); whether one has it then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take(
        &self,
        id: FeedId,
        reader: Uuid,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut item = key_item(&keys::feed_reader(id));
        item.insert("holder".to_owned(), s(reader.to_string()));
        item.insert("until".to_owned(), n(until.timestamp()));
        item.insert("ttl".to_owned(), n(until.timestamp()));
        let free = Expression::new("attribute_not_exists(pk) OR #until <= :now")
            .name("#until", "until")
            .value(":now", n(now.timestamp()));
        let mut transaction = Transaction::default();
        transaction.put(self.0.table(), item, Some(free), Guards::Version)?;
        match transaction.commit(self.0).await {
            Ok(()) => Ok(true),
            Err(StoreError::Changed) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives it back, if one still has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_back(&self, id: FeedId, reader: Uuid) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        let ours = Expression::new("holder = :holder").value(":holder", s(reader.to_string()));
        transaction.delete_when(self.0.table(), &keys::feed_reader(id), ours, Guards::Version)?;
        match transaction.commit(self.0).await {
            Ok(()) | Err(StoreError::Changed) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
