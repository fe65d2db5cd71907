//! Guests of an export, with the levels they reached.

use std::collections::{BTreeMap, HashMap};

use casa_domain::{
    ClientId,
    client::{Client, ClientCard},
    ids::LevelId,
    level::Held,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::{Importer, Progress, Row};
use crate::{Clients, StoreError, keys};

/// The model of levels that guests reached.
const REACHED: &str = "clients.clientachievement";
/// Tries after losing a race for a guest's record.
const TRIES: usize = 8;

/// That a guest reached a level, as the export says it.
#[derive(Deserialize)]
struct Reached {
    id: Uuid,
    client: ClientId,
    achievement: LevelId,
    earned_at: DateTime<Utc>,
    #[serde(default)]
    deleted: bool,
}

impl Importer {
    /// Brings in clients with the levels they reached, and answers the cards of all clients of the export, those already
    /// there included. A level that a client's record names already stays as it is.
    pub(super) async fn clients(
        &mut self,
        clients: Vec<Row>,
        reached: Vec<Row>,
        progress: &mut Progress<'_>,
    ) -> Result<HashMap<ClientId, ClientCard>, StoreError> {
        let mut cards = HashMap::new();
        let rows: Vec<_> =
            clients.iter().map(|row| row.with_json_texts(&["facebook_profile_data"])).collect();
        for client in rows.iter().filter_map(|row| row.value::<Client>().ok()) {
            cards.insert(client.id, client.card());
        }
        let mut fresh = self.fresh::<Client>(&rows, |client| keys::client(client.id)).await?;
        let mut levels = self.levels(&reached);
        for client in &mut fresh {
            client.levels = levels.remove(&client.id).unwrap_or_default();
        }
        self.step(clients.len() - fresh.len(), progress);
        let new_levels = fresh.iter().map(|client| client.levels.len()).sum();
        self.enter(&fresh, progress).await?;
        self.imported(REACHED, new_levels);
        self.add_levels(levels).await?;
        self.step(reached.len(), progress);
        Ok(cards)
    }

    async fn enter(&mut self, fresh: &[Client], progress: &mut Progress<'_>) -> Result<(), StoreError> {
        if fresh.is_empty() {
            return Ok(());
        }
        // Whoever keeps the book of guests reads it anew, now and at the end: nothing of this is in the log of changes.
        self.store.clients().forget_book().await?;
        for some in fresh.chunks(Clients::AT_ONCE) {
            match self.store.clients().enter_many(some).await {
                Ok(()) => self.imported("clients.clients", some.len()),
                Err(_) => self.one_by_one(some).await?,
            }
            self.step(some.len(), progress);
        }
        self.store.clients().forget_book().await
    }

    async fn one_by_one(&mut self, clients: &[Client]) -> Result<(), StoreError> {
        for client in clients {
            match self.store.clients().enter(client, None, Vec::new()).await {
                Ok(()) => self.imported("clients.clients", 1),
                Err(StoreError::Changed) => self.report.unchanged += 1,
                Err(StoreError::Taken(what)) => {
                    self.reject("clients.clients", &client.id.to_string(), format!("its {what} is taken"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The levels that guests reached, by guest.
    fn levels(&mut self, rows: &[Row]) -> BTreeMap<ClientId, Vec<Held>> {
        let mut by_guest: BTreeMap<ClientId, Vec<Held>> = BTreeMap::new();
        for row in rows {
            match row.value::<Reached>() {
                Ok(one) => by_guest.entry(one.client).or_default().push(Held {
                    id: one.id,
                    level: one.achievement,
                    earned_at: one.earned_at,
                    revoked: one.deleted,
                }),
                Err(reason) => self.reject(REACHED, &row.pk, reason),
            }
        }
        by_guest
    }

    /// Adds levels of guests who were there already.
    async fn add_levels(&mut self, levels: BTreeMap<ClientId, Vec<Held>>) -> Result<(), StoreError> {
        for (guest, held) in levels {
            match self.reach(guest, &held).await? {
                Some(new) => {
                    self.imported(REACHED, new);
                    self.report.unchanged += held.len() - new;
                }
                None => self.reject(REACHED, &guest.to_string(), "its client is not there"),
            }
        }
        Ok(())
    }

    /// Adds levels to a guest's record; how many were new, `None` without such a guest.
    async fn reach(&self, guest: ClientId, held: &[Held]) -> Result<Option<usize>, StoreError> {
        let clients = self.store.clients();
        for _ in 0..TRIES {
            let Some(seen) = clients.get(guest).await? else { return Ok(None) };
            let mut after = seen.client.clone();
            for one in held {
                if !after.levels.iter().any(|known| known.level == one.level) {
                    after.levels.push(one.clone());
                }
            }
            let new = after.levels.len() - seen.client.levels.len();
            if new == 0 {
                return Ok(Some(0));
            }
            match clients.change(&seen, &after, None, Vec::new()).await {
                Ok(_) => return Ok(Some(new)),
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Changed)
    }
}
