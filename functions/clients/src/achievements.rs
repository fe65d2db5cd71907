//! Levels, for everybody and for the guest who asks (contract 02 §3.13).

use axum::{Json, extract::State};
use casa_domain::level::{self, Level, Standing};
use casa_web::{
    ApiResult, AppState, Guest,
    openapi::{Detail, ForGuests},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::points::local;

/// A level.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Achievement {
    /// Its id.
    id: Uuid,
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
    /// Position in lists.
    order: i64,
}

impl Achievement {
    fn new(level: &Level) -> Self {
        Self {
            id: level.id.0,
            name: level.name.clone(),
            description: level.description.clone(),
            icon: level.icon.clone(),
            required_reservations: level.required_reservations,
            required_referrals: level.required_referrals,
            required_referral_reservations: level.required_referral_reservations,
            order: level.order,
        }
    }
}

/// Every level that can be reached.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AchievementList {
    /// Always true.
    success: bool,
    /// The levels.
    data: AchievementListData,
}

/// The levels and how many there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AchievementListData {
    /// How many.
    total_achievements: usize,
    /// In their order.
    achievements: Vec<Achievement>,
}

/// A level that the guest holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EarnedAchievement {
    /// Id of the fact that it is held.
    id: Uuid,
    /// The level.
    achievement: Achievement,
    /// Since when, local time.
    earned_at: String,
}

/// What a guest's levels are reached by.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientStats {
    /// Approved reservations.
    reservations: u64,
    /// Guests referred.
    referrals: u64,
    /// Approved reservations of guests referred.
    referral_reservations: u64,
}

impl ClientStats {
    pub fn new(standing: Standing) -> Self {
        Self {
            reservations: standing.reservations,
            referrals: standing.referrals,
            referral_reservations: standing.referral_reservations,
        }
    }
}

/// Levels of the guest who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnAchievements {
    /// Always true.
    success: bool,
    /// The levels.
    data: OwnAchievementsData,
}

/// Levels held and still to be reached.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnAchievementsData {
    /// How many can be reached in all.
    total_achievements: usize,
    /// Those held, the newest first.
    earned_achievements: Vec<EarnedAchievement>,
    /// Those that can be reached and are not held, in their order.
    available_achievements: Vec<Achievement>,
    /// How many this request gave.
    new_achievements_count: usize,
    /// What they are reached by.
    client_stats: ClientStats,
}

/// Levels that can be reached, in their order.
fn open(levels: &[Level]) -> Vec<&Level> {
    let mut open: Vec<_> = levels.iter().filter(|level| level.is_active && !level.deleted).collect();
    open.sort_by_key(|level| level.place());
    open
}

/// Every level that can be reached.
#[utoipa::path(
    get,
    path = "/api/v1/achievements/",
    tag = "clients",
    operation_id = "achievements_list",
    responses(
        (status = 200, description = "The levels.", body = AchievementList),
        (status = 503, description = "The table does not answer.", body = Detail),
    ),
)]
pub(crate) async fn list(State(state): State<AppState>) -> ApiResult<Json<AchievementList>> {
    let book = state.store.prices().book().await?;
    let achievements: Vec<_> = open(&book.levels).into_iter().map(Achievement::new).collect();
    let data = AchievementListData { total_achievements: achievements.len(), achievements };
    Ok(Json(AchievementList { success: true, data }))
}

/// The levels of the guest who asks; gives those that are due.
#[utoipa::path(
    get,
    path = "/api/v1/clients/client-auth/achievements/",
    tag = "clients",
    operation_id = "own_achievements",
    responses(
        (status = 200, description = "The levels.", body = OwnAchievements),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForGuests,
    ),
    security(("client" = [])),
)]
pub(crate) async fn own(
    Guest(guest): Guest,
    State(state): State<AppState>,
) -> ApiResult<Json<OwnAchievements>> {
    let (levels, prices) = (state.store.levels(), state.store.prices());
    let review = levels.review(guest.client.id, state.clock.now()).await?.review;
    let (circle, book) = tokio::try_join!(levels.circle(guest.client.id), prices.book())?;
    let mut earned = level::reached(&review.held, &book.levels);
    earned.retain(|one| !one.held.revoked);
    earned.sort_by_key(|one| std::cmp::Reverse((one.held.earned_at, one.held.id)));
    let open = open(&book.levels);
    let holds = |level: &Level| earned.iter().any(|one| one.level.id == level.id);
    let data = OwnAchievementsData {
        total_achievements: open.len(),
        available_achievements: open
            .into_iter()
            .filter(|level| !holds(level))
            .map(Achievement::new)
            .collect(),
        earned_achievements: earned
            .iter()
            .map(|one| EarnedAchievement {
                id: one.held.id,
                achievement: Achievement::new(one.level),
                earned_at: local(one.held.earned_at, &state.clock),
            })
            .collect(),
        new_achievements_count: review.given.len(),
        client_stats: ClientStats::new(circle.standing),
    };
    Ok(Json(OwnAchievements { success: true, data }))
}
