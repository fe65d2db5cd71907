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
use crate::{StoreError, keys};

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
    /// Answers the cards of all clients of the export, those already there included.
    pub(super) async fn clients(
        &mut self,
        clients: Vec<Row>,
        progress: &mut Progress<'_>,
    ) -> Result<HashMap<ClientId, ClientCard>, StoreError> {
        let mut cards = HashMap::new();
        let rows: Vec<_> =
            clients.iter().map(|row| row.with_json_texts(&["facebook_profile_data"])).collect();
        for client in rows.iter().filter_map(|row| row.value::<Client>().ok()) {
            cards.insert(client.id, client.card());
        }
        let fresh = self.fresh::<Client>(&rows, |client| keys::client(client.id)).await?;
        self.step(clients.len() - fresh.len(), progress);
        for client in fresh {
            match self.store.clients().enter(&client, None, Vec::new()).await {
                Ok(()) => self.imported("clients.clients", 1),
                Err(StoreError::Taken(what)) => {
                    self.reject("clients.clients", &client.id.to_string(), format!("its {what} is taken"));
                }
                Err(error) => return Err(error),
            }
            self.step(1, progress);
        }
        Ok(cards)
    }

    /// Brings in the levels that guests reached: they stand in the guests' records. A level that the record names already
    /// stays as it is.
    pub(super) async fn levels(
        &mut self,
        rows: Vec<Row>,
        progress: &mut Progress<'_>,
    ) -> Result<(), StoreError> {
        let model = "clients.clientachievement";
        let mut by_guest: BTreeMap<ClientId, Vec<Held>> = BTreeMap::new();
        for row in &rows {
            match row.value::<Reached>() {
                Ok(one) => by_guest.entry(one.client).or_default().push(Held {
                    id: one.id,
                    level: one.achievement,
                    earned_at: one.earned_at,
                    revoked: one.deleted,
                }),
                Err(reason) => self.reject(model, &row.pk, reason),
            }
        }
        for (guest, held) in by_guest {
            let number = held.len();
            match self.reach(guest, held).await? {
                Some(new) => {
                    self.imported(model, new);
                    self.report.unchanged += number - new;
                }
                None => self.reject(model, &guest.to_string(), "its client is not there"),
            }
            self.step(number, progress);
        }
        Ok(())
    }

    /// Adds levels to a guest's record; how many were new, `None` without such a guest.
    async fn reach(&self, guest: ClientId, held: Vec<Held>) -> Result<Option<usize>, StoreError> {
        let clients = self.store.clients();
        for _ in 0..TRIES {
            let Some(seen) = clients.get(guest).await? else { return Ok(None) };
            let mut after = seen.client.clone();
            for one in &held {
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
