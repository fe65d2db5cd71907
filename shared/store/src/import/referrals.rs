//! Searches and monthly rankings of an export, and the figures that the programme shows of the clients of an export.

use std::collections::BTreeSet;

use casa_domain::{ClientId, referrals::Ranked, search::Search};

use super::{Importer, Progress, Row};
use crate::{StoreError, item::document, keys, searches, transaction::Transaction};

/// Rows whose items are written in one go.
const TOGETHER: usize = 500;

impl Importer {
    /// Brings in searches with the addresses that the original kept.
    pub(super) async fn searches(
        &mut self,
        rows: &[Row],
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let key = |search: &Search| keys::search(search.search_timestamp, search.id);
        let fresh = self.fresh::<Search>(rows, key).await?;
        // The months first: a run that breaks off leaves no searches that nobody finds.
        let months: BTreeSet<_> = fresh.iter().map(searches::month_of).collect();
        if !months.is_empty() {
            let mut transaction = Transaction::default();
            searches::add_months(&self.store, &mut transaction, months)?;
            transaction.commit(&self.store).await?;
        }
        for some in fresh.chunks(TOGETHER) {
            // Copies first: a search that is there already is not looked at again.
            let mut items = Vec::new();
            for search in some {
                items.extend(searches::items_of(&search.clone().bounded())?);
            }
            items.sort_by_key(|item| {
                !crate::item::text(item, "pk").unwrap_or_default().starts_with("CLIENT#")
            });
            self.store.put_many(items).await?;
        }
        self.imported("clients.searchtracking", fresh.len());
        self.step(rows.len(), progress);
        Ok(())
    }

    /// Brings in monthly rankings.
    pub(super) async fn rankings(
        &mut self,
        rows: &[Row],
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let key = |row: &Ranked| keys::ranking(row.year, row.month, row.client);
        let fresh = self.fresh::<Ranked>(rows, key).await?;
        let items = fresh.iter().map(|row| document(&key(row), row)).collect::<Result<_, _>>()?;
        self.store.put_many(items).await?;
        if !fresh.is_empty() {
            let mut transaction = Transaction::default();
            transaction.touch(self.store.table(), keys::RANKINGS)?;
            transaction.commit(&self.store).await?;
        }
        self.imported("clients.referralranking", fresh.len());
        self.step(rows.len(), progress);
        Ok(())
    }

    /// Works out the figures of everybody who referred one of these clients.
    pub(super) async fn referrers(&self, clients: BTreeSet<ClientId>) -> Result<(), StoreError> {
        self.store.referrers().refresh_those_of(&clients.into_iter().collect::<Vec<_>>()).await.map(drop)
    }
}

/// The clients that rows are or name.
pub(super) fn clients_of(clients: &[Row], reservations: &[Row]) -> BTreeSet<ClientId> {
    let own = clients.iter().map(|row| Some(row.pk.as_str()));
    let named = reservations.iter().map(|row| row.fields.get("client").and_then(serde_json::Value::as_str));
    own.chain(named).flatten().filter_map(|id| id.parse().ok()).collect()
}
