//! Levels that guests reach by staying and referring (the original's "achievements", contract 02 §1.3, §1.4). Read only
//! for now: the rows come with imported data.

use std::{collections::HashMap, sync::Arc};

use casa_domain::{ClientId, ids::LevelId, level::Level};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{
    Store, StoreError,
    item::{Item, Span, read, text},
};

/// Partition of the levels themselves.
const LEVELS: &str = "LEVELS";
/// How a level's sort key begins, there and beside each guest who holds it.
const LEVEL: &str = "LEVEL#";
/// Queries that run at once.
const AT_ONCE: usize = 32;

/// A level that a guest reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLevel {
    /// Which.
    pub level: Arc<Level>,
    /// When.
    pub earned_at: DateTime<Utc>,
    /// Taken away since.
    pub revoked: bool,
}

/// What stands beside a guest: `deleted` means taken away.
#[derive(Deserialize)]
struct Row {
    earned_at: DateTime<Utc>,
    #[serde(default)]
    deleted: bool,
}

/// Levels that guests reach.
#[derive(Debug)]
pub struct Levels<'a>(pub(crate) &'a Store);

impl Levels<'_> {
    /// The levels of these (distinct) guests, revoked ones included, highest first; guests without any are left out.
    /// One query for the levels and one per guest, thirty-two at once: ask for a page, not for everybody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(&self, guests: &[ClientId]) -> Result<HashMap<ClientId, Vec<HeldLevel>>, StoreError> {
        let mut found = HashMap::new();
        if guests.is_empty() {
            return Ok(found);
        }
        let levels: HashMap<LevelId, Arc<Level>> =
            all(self.0).await?.into_iter().map(|level| (level.id, Arc::new(level))).collect();
        for chunk in guests.chunks(AT_ONCE) {
            let mut tasks = tokio::task::JoinSet::new();
            for guest in chunk {
                let (store, guest) = (self.0.clone(), *guest);
                tasks.spawn(async move {
                    (guest, store.query(&format!("CLIENT#{guest}"), Span::prefix(LEVEL)).await)
                });
            }
            while let Some(done) = tasks.join_next().await {
                let (guest, items) = done.map_err(|error| StoreError::Service(error.to_string()))?;
                let mut held = Vec::new();
                for item in items? {
                    // A level that no longer exists says nothing about the guest.
                    let Some(level) = level_id(&item).and_then(|id| levels.get(&id)) else { continue };
                    let Row { earned_at, deleted } = read(&item)?;
                    held.push(HeldLevel { level: Arc::clone(level), earned_at, revoked: deleted });
                }
                if !held.is_empty() {
                    held.sort_by_key(|one| std::cmp::Reverse(one.level.rank()));
                    found.insert(guest, held);
                }
            }
        }
        Ok(found)
    }
}

/// Every level, inactive and deleted ones too (they still count for those who hold them).
pub(crate) async fn all(store: &Store) -> Result<Vec<Level>, StoreError> {
    store.query(LEVELS, Span::prefix(LEVEL)).await?.iter().map(read).collect()
}

fn level_id(item: &Item) -> Option<LevelId> {
    text(item, "sk")?.strip_prefix(LEVEL)?.parse().ok()
}
