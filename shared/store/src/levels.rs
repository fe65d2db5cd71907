//! Levels that guests reach by staying and referring (the original's "achievements", contract 02 §1.3, §1.4). Read only
//! for now: the rows come with imported data.

use std::{collections::HashMap, sync::Arc};

use casa_domain::ClientId;
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

/// A level.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Level {
    /// Its name.
    pub name: String,
    /// What it stands for.
    #[serde(default)]
    pub description: String,
    /// An emoji or other short text.
    #[serde(default)]
    pub icon: Option<String>,
    /// Approved stays it takes.
    #[serde(default)]
    pub required_reservations: i64,
    /// Referred guests it takes.
    #[serde(default)]
    pub required_referrals: i64,
    /// Approved stays of referred guests it takes.
    #[serde(default)]
    pub required_referral_reservations: i64,
}

impl Level {
    /// The higher of two levels has the greater rank (contract 02 §4.9.4).
    pub fn rank(&self) -> (i64, i64, i64) {
        (self.required_reservations, self.required_referrals, self.required_referral_reservations)
    }
}

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
        let levels = self.levels().await?;
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
                    let Some(level) = level_id(&item).and_then(|id| levels.get(id)) else { continue };
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

    /// Every level, inactive and deleted ones too (they still count for those who hold them), by id.
    async fn levels(&self) -> Result<HashMap<String, Arc<Level>>, StoreError> {
        let mut levels = HashMap::new();
        for item in self.0.query(LEVELS, Span::prefix(LEVEL)).await? {
            if let Some(id) = level_id(&item) {
                levels.insert(id.to_owned(), Arc::new(read(&item)?));
            }
        }
        Ok(levels)
    }
}

fn level_id(item: &Item) -> Option<&str> {
    text(item, "sk")?.strip_prefix(LEVEL)
}
