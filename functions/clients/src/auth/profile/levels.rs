//! Levels in the profile of a guest (contract 02 §3.7, §4.9).

use casa_domain::{
    client::Client,
    level::{self, Level, Standing},
    money::displayed,
};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{achievements::ClientStats, body::ClientLevel};

/// Levels of a guest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuestLevels {
    /// The highest that the guest holds.
    current_level: Option<ClientLevel>,
    /// The first that the guest does not hold.
    next_level: Option<GuestNextLevel>,
    /// How far the guest is from it.
    progress: Option<GuestProgress>,
    /// Levels held.
    total_achievements: usize,
}

/// A level to come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuestNextLevel {
    /// Its name.
    name: String,
    /// What it stands for.
    description: String,
    /// An emoji.
    icon: Option<String>,
    /// Approved stays it takes.
    required_reservations: i64,
    /// Referred guests it takes.
    required_referrals: i64,
    /// Approved stays of referred guests it takes.
    required_referral_reservations: i64,
}

/// How far a guest is from a level.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuestProgress {
    /// Approved stays.
    reservations: GuestSteps,
    /// Referred guests.
    referrals: GuestSteps,
    /// Approved stays of referred guests.
    referral_reservations: GuestSteps,
}

/// Steps towards a level.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct GuestSteps {
    /// Done.
    current: u64,
    /// Demanded.
    required: i64,
    /// Missing.
    remaining: u64,
}

/// What a guest has done so far.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuestStats {
    /// What levels are reached by.
    client_stats: ClientStats,
    /// How many of the levels the guest holds.
    achievements: GuestShare,
}

/// How many of the levels a guest holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuestShare {
    /// Levels held, also such as nobody can reach any more.
    earned: usize,
    /// Levels that can be reached.
    total: usize,
    /// The share, one decimal.
    percentage: f64,
}

fn held_by(guest: &Client) -> usize {
    guest.levels.iter().filter(|held| !held.revoked).count()
}

impl GuestLevels {
    pub fn new(guest: &Client, standing: Standing, levels: &[Level]) -> Self {
        let next = level::next(&guest.levels, levels);
        Self {
            current_level: level::highest(&guest.levels, levels).map(ClientLevel::new),
            next_level: next.map(GuestNextLevel::new),
            progress: next.map(|next| GuestProgress::new(standing, next)),
            total_achievements: held_by(guest),
        }
    }
}

impl GuestNextLevel {
    fn new(level: &Level) -> Self {
        Self {
            name: level.name.clone(),
            description: level.description.clone(),
            icon: level.icon.clone(),
            required_reservations: level.required_reservations,
            required_referrals: level.required_referrals,
            required_referral_reservations: level.required_referral_reservations,
        }
    }
}

impl GuestProgress {
    fn new(standing: Standing, next: &Level) -> Self {
        Self {
            reservations: GuestSteps::new(standing.reservations, next.required_reservations),
            referrals: GuestSteps::new(standing.referrals, next.required_referrals),
            referral_reservations: GuestSteps::new(
                standing.referral_reservations,
                next.required_referral_reservations,
            ),
        }
    }
}

impl GuestSteps {
    fn new(current: u64, required: i64) -> Self {
        let remaining = u64::try_from(required).unwrap_or_default().saturating_sub(current);
        Self { current, required, remaining }
    }
}

impl GuestStats {
    pub fn new(guest: &Client, standing: Standing, levels: &[Level]) -> Self {
        let earned = held_by(guest);
        let total = levels.iter().filter(|level| level.is_active && !level.deleted).count();
        Self {
            client_stats: ClientStats::new(standing),
            achievements: GuestShare { earned, total, percentage: percentage(earned, total) },
        }
    }
}

/// A share in percent with one decimal, half-even; nothing of nothing is nothing.
fn percentage(part: usize, whole: usize) -> f64 {
    let percent = Decimal::from(part) * Decimal::ONE_HUNDRED;
    let share = percent.checked_div(Decimal::from(whole)).unwrap_or_default();
    displayed::number(share.round_dp(1))
}
