//! Public figures per referrer: one partition of small rows, so that nobody counts guests while somebody waits.

use std::{collections::BTreeSet, sync::Arc};

use casa_domain::{ClientId, referrals::Referrer};

use crate::{
    Store, StoreError,
    item::{Span, document, n, number, read},
    keys::{self, Key},
    transaction::{Expression, Guards, Transaction, absent, at_version, versioned},
};

/// Tries after losing a race for a row.
const TRIES: usize = 8;
/// Referrers worked out at once.
const AT_ONCE: usize = 16;

/// Public figures per referrer.
#[derive(Debug)]
pub struct Referrers<'a>(pub(crate) &'a Store);

impl Referrers<'_> {
    /// Every referrer, unordered: one small read where a warm copy is current, else one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Arc<Vec<Referrer>>, StoreError> {
        let version = self.0.get(&Key::new(keys::REFERRERS, keys::VERSION)).await?;
        let version = version.and_then(|item| number(&item, "v")).unwrap_or_default();
        if let Some(rows) = self.0.0.referrers.at(version) {
            return Ok(rows);
        }
        let items = self.0.query(keys::REFERRERS, Span::prefix("R#")).await?;
        let rows = items.iter().map(read).collect::<Result<_, _>>()?;
        Ok(self.0.0.referrers.keep(version, rows))
    }

    /// Works a referrer's figures out again and keeps what changed; nothing is kept of a client who is deleted or has
    /// referred nobody who is there. Answers whether anything changed; repeating it changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when races kept being lost, else [`StoreError`].
    pub async fn refresh(&self, client: ClientId) -> Result<bool, StoreError> {
        let (store, table, key) = (self.0, self.0.table(), keys::referrer(client));
        for _ in 0..TRIES {
            // The row before what it says: figures that were worked out earlier cannot replace later ones.
            let stored = store.get(&key).await?;
            let before: Option<Referrer> = stored.as_ref().map(read).transpose()?;
            let version = stored.as_ref().and_then(|item| number::<u64>(item, "v"));
            // On the heap: this runs deep inside what reacts to facts.
            let after = Box::pin(self.figures(client)).await?;
            if before == after {
                return Ok(false);
            }
            let guard = version.map_or_else(absent, at_version);
            let mut transaction = Transaction::default();
            match &after {
                Some(row) => {
                    let item = versioned(document(&key, row)?, version.unwrap_or_default() + 1);
                    transaction.put(table, item, Some(guard), Guards::Version)?;
                }
                None => transaction.delete_when(table, &key, guard, Guards::Version)?,
            }
            let more = Expression::new("ADD v :one").value(":one", n(1));
            let whole = Key::new(keys::REFERRERS, keys::VERSION);
            transaction.update(table, &whole, more, None, Guards::Nothing)?;
            match transaction.commit(store).await {
                Ok(()) => return Ok(true),
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Changed)
    }

    /// [`Self::refresh`] for everybody who referred one of these clients; how many changed.
    ///
    /// # Errors
    /// As [`Self::refresh`].
    pub async fn refresh_those_of(&self, clients: &[ClientId]) -> Result<usize, StoreError> {
        let clients = self.0.clients().get_many(clients).await?;
        let referrers: BTreeSet<_> = clients.into_iter().filter_map(|client| client.referred_by).collect();
        let mut changed = 0;
        for some in referrers.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
            let mut tasks = tokio::task::JoinSet::new();
            for referrer in some {
                let (store, referrer) = (self.0.clone(), *referrer);
                tasks.spawn(async move { store.referrers().refresh(referrer).await });
            }
            while let Some(done) = tasks.join_next().await {
                changed += usize::from(done.map_err(|error| StoreError::Service(error.to_string()))??);
            }
        }
        Ok(changed)
    }

    async fn figures(&self, client: ClientId) -> Result<Option<Referrer>, StoreError> {
        let (clients, levels) = (self.0.clients(), self.0.levels());
        let (stored, circle) = tokio::try_join!(clients.get(client), levels.circle(client))?;
        let Some(client) = stored.map(|stored| stored.client).filter(|client| !client.deleted) else {
            return Ok(None);
        };
        let live = circle.referred.iter().filter(|one| !one.client.deleted);
        let figures = Referrer {
            client: client.id,
            created: client.created,
            name: client.short_name(),
            referrals: live.clone().count() as u64,
            with_reservations: live.filter(|one| one.approved > 0).count() as u64,
        };
        Ok(Some(figures).filter(|figures| figures.referrals > 0))
    }
}
