//! Levels that guests reach by staying and referring (the original's "achievements", contract 02 §1.3).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::LevelId;

/// A level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Its id.
    pub id: LevelId,
    /// When it was entered.
    pub created: DateTime<Utc>,
    /// Soft-deleted.
    #[serde(default)]
    pub deleted: bool,
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
    /// Whether guests can still reach it.
    #[serde(default = "crate::pricing::yes")]
    pub is_active: bool,
    /// Position in lists.
    #[serde(default)]
    pub order: i64,
}

impl Level {
    /// The higher of two levels has the greater rank (contract 02 §4.9.4).
    pub fn rank(&self) -> (i64, i64, i64) {
        (self.required_reservations, self.required_referrals, self.required_referral_reservations)
    }

    /// By which levels are listed: position, then rank, ties by creation and id (contract 04 §3.10; decision 22).
    pub fn place(&self) -> impl Ord + use<> {
        (self.order, self.rank(), self.created, self.id)
    }

    /// Icon and name, or the name alone (contract 03 §3.7).
    pub fn icon_and_name(&self) -> String {
        match self.icon.as_deref().filter(|icon| !icon.is_empty()) {
            Some(icon) => format!("{icon} {}", self.name),
            None => self.name.clone(),
        }
    }
}
