//! Points as staff see and move them (contract 02 §3.11, §3.12), and what every ledger answer shows of an entry.

mod adjust;
mod balance;
mod history;
mod redeem;

use casa_domain::{
    Client,
    money::{displayed, fixed2},
    points::Entry,
    time::local_iso,
};
use casa_web::{ApiResult, AppState, Clock, OpenApiRouter, Query, error};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

/// The endpoints of this module.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(balance::balance))
        .routes(routes!(history::history))
        .routes(routes!(redeem::redeem))
        .routes(routes!(adjust::adjust))
}

/// An entry of a guest's ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PointsEntry {
    /// Its id.
    id: Uuid,
    /// `earned`, `redeemed`, `expired`, `refunded` or `referral`; old rows may have `manual` or nothing.
    transaction_type: String,
    /// How many, two decimals; negative ones were taken.
    points: String,
    /// What for, in Spanish.
    description: String,
    /// What the row says of its life, local time. The balance lapses as a whole.
    expires_at: Option<String>,
    /// When, local time.
    created: String,
    /// The reservation that caused it; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_id: Option<Uuid>,
}

impl PointsEntry {
    pub fn new(entry: &Entry, clock: &Clock) -> Self {
        Self {
            id: entry.id,
            transaction_type: entry.transaction_type.to_string(),
            points: fixed2(entry.points),
            description: entry.description.clone(),
            expires_at: entry.expires_at.map(|instant| local(instant, clock)),
            created: local(entry.created, clock),
            reservation_id: entry.reservation.map(|reservation| reservation.0),
        }
    }
}

/// What a balance answer says of a guest's points.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Balance {
    /// Points collected, lapsed ones too; two decimals.
    points_balance: String,
    /// When they lapse, local time; null for never.
    points_expires_at: Option<String>,
    /// Points that can be spent now.
    available_points: f64,
    /// Whether they have lapsed.
    points_are_expired: bool,
}

impl Balance {
    pub fn new(client: &Client, clock: &Clock) -> Self {
        let now = clock.now();
        Self {
            points_balance: fixed2(client.points_balance),
            points_expires_at: client.points_expires_at.map(|instant| local(instant, clock)),
            available_points: displayed::number(client.available_points(now)),
            points_are_expired: client.points_expires_at.is_some_and(|instant| now > instant),
        }
    }
}

pub(crate) fn local(instant: DateTime<Utc>, clock: &Clock) -> String {
    local_iso(instant, clock.offset(instant))
}

/// Most characters of a kind of document and of its number.
const LONGEST: (usize, usize) = (3, 50);

/// The guest whose document the parameters name; `None` when one of them is missing.
///
/// # Errors
/// 404 when no guest who is not deleted has it.
async fn asked_for(state: &AppState, query: &Query) -> ApiResult<Option<Client>> {
    let (Some(kind), Some(number)) = (query.get("document_type"), query.get("number_doc")) else {
        return Ok(None);
    };
    by_document(state, kind, number).await.map(Some)
}

/// The guest who is not deleted and has this document, its kind in any case (contract 02 §4.10).
///
/// # Errors
/// 404.
async fn by_document(state: &AppState, kind: &str, number: &str) -> ApiResult<Client> {
    if kind.chars().count() > LONGEST.0 || number.chars().count() > LONGEST.1 {
        return Err(error::not_found());
    }
    let found = state.store.clients().by_document(&kind.to_lowercase(), number).await?;
    found.map(|stored| stored.client).filter(|client| !client.deleted).ok_or_else(error::not_found)
}
