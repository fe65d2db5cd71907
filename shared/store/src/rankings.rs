//! Monthly rankings of referrers: one partition with a row per month and referrer, and per month a small item that says
//! whether its rows are whole.

use std::{collections::BTreeMap, sync::Arc};

use casa_domain::{
    ClientId,
    referrals::Ranked,
    reservation::Reservation,
    time::{Month, sortable},
};
use chrono::{DateTime, Utc};
use rand::Rng;

use crate::{
    Item, Store, StoreError,
    item::{Span, document, n, number, read},
    keys::{self, Key},
    reservations::Booked,
    transaction::{Expression, Guards, Transaction},
};

/// Rows changed in one transaction.
const TOGETHER: usize = 90;
/// Tries after losing a race for a month.
const TRIES: u32 = 12;
/// Days read at once.
const AT_ONCE: usize = 16;
/// Most days one question covers.
const MOST_DAYS: usize = 400;

/// What became of a month's ranking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Rows written, new or changed.
    pub written: usize,
    /// Rows of referrers who no longer rank, taken out.
    pub removed: usize,
}

/// Monthly rankings of referrers.
#[derive(Debug)]
pub struct Rankings<'a>(pub(crate) &'a Store);

impl Rankings<'_> {
    /// The ranking of a month, by place; the month may have any number. One query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn month(&self, year: i32, month: u32) -> Result<Vec<Ranked>, StoreError> {
        let mut rows: Vec<Ranked> = self.stored(year, month).await?.into_values().collect();
        rows.retain(|row| !row.deleted);
        rows.sort_by_key(Ranked::place);
        Ok(rows)
    }

    /// The rows of a month by referrer, deleted ones included.
    async fn stored(&self, year: i32, month: u32) -> Result<BTreeMap<ClientId, Ranked>, StoreError> {
        let items = self.0.query(keys::RANKINGS, Span::prefix(keys::ranking_prefix(year, month))).await?;
        let rows = items.iter().map(read::<Ranked>);
        rows.map(|row| row.map(|row| (row.client, row))).collect()
    }

    /// The rankings of all months: one small read where a warm copy is current, else one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Arc<Vec<Ranked>>, StoreError> {
        let version = self.0.get(&Key::new(keys::RANKINGS, keys::VERSION)).await?;
        let version = version.and_then(|item| number(&item, "v")).unwrap_or_default();
        if let Some(rows) = self.0.0.rankings.at(version) {
            return Ok(rows);
        }
        // Years come first in the keys, so the version is not among them.
        let span = Span { from: "0".to_owned(), to: ":".to_owned(), ..Span::default() };
        let items = self.0.query(keys::RANKINGS, span).await?;
        let mut rows = items.iter().map(read::<Ranked>).collect::<Result<Vec<_>, _>>()?;
        rows.retain(|row| !row.deleted);
        Ok(self.0.0.rankings.keep(version, rows))
    }

    /// Whether a month has its ranking: a month whose writing broke off has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_month(&self, month: Month) -> Result<bool, StoreError> {
        let key = keys::ranking_head(month);
        let (head, rows) = tokio::try_join!(self.0.get(&key), self.month(month.year(), month.number()))?;
        Ok(!rows.is_empty() && !head.as_ref().is_some_and(is_open))
    }

    /// Makes these the rows of a month, whatever was there. Rows that say the same stay untouched, others keep their ids.
    /// Of two at once one begins again when the other has written, so that the month ends as one of them wants it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when races kept being lost, else [`StoreError`].
    pub async fn save_month(&self, month: Month, rows: &[Ranked]) -> Result<Saved, StoreError> {
        for attempt in 0..TRIES {
            match self.replace(month, rows).await {
                Err(StoreError::Changed) => {
                    let pause = rand::rng().random_range(5..=(20u64 << attempt.min(5)));
                    tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
                }
                done => return done,
            }
        }
        Err(StoreError::Changed)
    }

    async fn replace(&self, month: Month, rows: &[Ranked]) -> Result<Saved, StoreError> {
        let (store, table) = (self.0, self.0.table());
        let key = keys::ranking_head(month);
        // The head first: whoever writes after this makes our own first write fail.
        let head = store.get(&key).await?;
        let mut version: u64 = head.as_ref().and_then(|item| number(item, "v")).unwrap_or_default();
        let mut there = self.stored(month.year(), month.number()).await?;
        let mut changes = Vec::new();
        let mut saved = Saved::default();
        for row in rows {
            let before = there.remove(&row.client);
            if before.as_ref().is_some_and(|before| before.says_the_same(row)) {
                continue;
            }
            let (id, created) = before.map_or((row.id, row.created), |before| (before.id, before.created));
            changes.push(Change::Write(Ranked { id, created, ..row.clone() }));
            saved.written += 1;
        }
        for client in there.into_keys() {
            changes.push(Change::Remove(client));
            saved.removed += 1;
        }
        if changes.is_empty() && !head.as_ref().is_some_and(is_open) {
            return Ok(saved);
        }
        let mut chunks: Vec<&[Change]> = changes.chunks(TOGETHER).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        let last = chunks.len() - 1;
        for (number, chunk) in chunks.into_iter().enumerate() {
            let mut transaction = Transaction::default();
            for change in chunk {
                let key = |client| keys::ranking(month.year(), month.number(), client);
                match change {
                    Change::Write(row) => {
                        transaction.put(table, document(&key(row.client), row)?, None, Guards::Nothing)?;
                    }
                    Change::Remove(client) => transaction.delete(table, &key(*client))?,
                }
            }
            let when = if version == 0 { "attribute_not_exists(v)" } else { "v = :seen" };
            let mut turn = Expression::new("SET v = :next, #open = :open").name("#open", "open");
            if version > 0 {
                turn = turn.value(":seen", n(version));
            }
            turn = turn.value(":next", n(version + 1)).value(":open", n(u8::from(number < last)));
            transaction.update(table, &key, turn, Some(when), Guards::Version)?;
            transaction.touch(table, keys::RANKINGS)?;
            transaction.commit(store).await?;
            version += 1;
        }
        Ok(saved)
    }

    /// The reservations entered from the first instant until before the second, each under one of the days it may stand
    /// under: one query per day (UTC), sixteen at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entered(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Reservation>, StoreError> {
        let days: Vec<_> =
            from.date_naive().iter_days().take_while(|day| *day <= to.date_naive()).take(MOST_DAYS).collect();
        let span = Span { from: sortable(from), to: sortable(to), ..Span::default() };
        let mut found = Vec::new();
        for some in days.chunks(AT_ONCE) {
            let mut tasks = tokio::task::JoinSet::new();
            for day in some {
                let (store, pk, span) = (self.0.clone(), keys::entered(*day), span.clone());
                tasks.spawn(async move { store.query(&pk, span).await });
            }
            while let Some(items) = tasks.join_next().await {
                for item in items.map_err(|error| StoreError::Service(error.to_string()))?? {
                    found.push(read::<Booked>(&item)?.reservation);
                }
            }
        }
        found.sort_by_key(|one| (one.created, one.id));
        Ok(found)
    }
}

enum Change {
    Write(Ranked),
    Remove(ClientId),
}

/// Whether writing a month has begun and not ended.
fn is_open(head: &Item) -> bool {
    number::<u8>(head, "open") == Some(1)
}
