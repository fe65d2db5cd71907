//! Levels that guests reach by staying and referring (the original's "achievements", contract 02 §1.3).

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ClientId, LevelId};

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

/// That a guest reached a level, as the guest's record keeps it (contract 02 §1.4). At most one per level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its own id.
    pub id: Uuid,
    /// Which level.
    pub level: LevelId,
    /// When; anew when it was given again.
    pub earned_at: DateTime<Utc>,
    /// Taken away since.
    #[serde(default)]
    pub revoked: bool,
}

/// A level that a guest reached, with the level itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldLevel<'a> {
    /// What the guest's record keeps.
    pub held: &'a Held,
    /// The level.
    pub level: &'a Level,
}

/// The levels a guest reached, revoked ones included, highest first, ties by the later one, then id. Levels that no
/// longer exist say nothing and are left out.
pub fn reached<'a>(held: &'a [Held], levels: &'a [Level]) -> Vec<HeldLevel<'a>> {
    let mut reached: Vec<_> = held
        .iter()
        .filter_map(|held| {
            let level = levels.iter().find(|level| level.id == held.level)?;
            Some(HeldLevel { held, level })
        })
        .collect();
    reached.sort_by_key(|one| Reverse((one.level.rank(), one.held.earned_at, one.held.id)));
    reached
}

/// The highest level a guest holds now (contract 02 §4.9.4).
pub fn highest<'a>(held: &'a [Held], levels: &'a [Level]) -> Option<HeldLevel<'a>> {
    reached(held, levels).into_iter().find(|one| !one.held.revoked)
}

/// What levels are reached by (contract 02 §4.9.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Approved reservations of the guest that are not deleted.
    pub reservations: u64,
    /// Guests referred who are not deleted.
    pub referrals: u64,
    /// Approved reservations, not deleted, of all guests referred.
    pub referral_reservations: u64,
}

impl Standing {
    /// Whether it suffices for a level: every minimum is reached.
    pub fn suffices(self, level: &Level) -> bool {
        let enough = |have: u64, need: i64| i128::from(have) >= i128::from(need);
        enough(self.reservations, level.required_reservations)
            && enough(self.referrals, level.required_referrals)
            && enough(self.referral_reservations, level.required_referral_reservations)
    }
}

/// What a guest's levels become, given where the guest stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// All levels the guest reached, revoked ones included.
    pub held: Vec<Held>,
    /// Levels given, for the first time or again, in the order of lists.
    pub given: Vec<LevelId>,
    /// Levels taken away.
    pub revoked: Vec<LevelId>,
}

impl Review {
    /// Whether anything changes.
    pub fn changes(&self) -> bool {
        !self.given.is_empty() || !self.revoked.is_empty()
    }
}

/// Gives the levels a guest qualifies for and does not hold, again where they were taken away, and takes away those the
/// guest no longer qualifies for. Levels that are inactive or deleted stay as they are (contract 02 §4.9.3; §8,
/// defect 18). New rows have ids that follow from guest and level, so that the same review twice gives the same.
pub fn review(
    guest: ClientId,
    held: &[Held],
    levels: &[Level],
    standing: Standing,
    now: DateTime<Utc>,
) -> Review {
    let mut review = Review { held: held.to_vec(), ..Review::default() };
    let mut open: Vec<_> = levels.iter().filter(|level| level.is_active && !level.deleted).collect();
    open.sort_by_key(|level| level.place());
    for level in open {
        let qualifies = standing.suffices(level);
        match review.held.iter_mut().find(|held| held.level == level.id) {
            Some(row) if qualifies && row.revoked => {
                row.revoked = false;
                row.earned_at = now;
                review.given.push(level.id);
            }
            Some(row) if !qualifies && !row.revoked => {
                row.revoked = true;
                review.revoked.push(level.id);
            }
            None if qualifies => {
                let id = Uuid::new_v5(&guest.0, level.id.0.as_bytes());
                review.held.push(Held { id, level: level.id, earned_at: now, revoked: false });
                review.given.push(level.id);
            }
            _ => {}
        }
    }
    review
}

/// The first active level, in the order of lists, that the guest does not hold (contract 02 §4.9.5).
pub fn next<'a>(held: &[Held], levels: &'a [Level]) -> Option<&'a Level> {
    let holds = |level: &Level| held.iter().any(|held| held.level == level.id && !held.revoked);
    levels
        .iter()
        .filter(|level| level.is_active && !level.deleted && !holds(level))
        .min_by_key(|level| level.place())
}

#[cfg(test)]
#[path = "level/tests.rs"]
mod tests;
