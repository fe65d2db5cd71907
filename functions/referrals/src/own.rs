//! What a guest sees of the programme: what referring brings, and whom the guest referred (contract 03 §3.3). Guests see
//! the full names of those they referred, as the site always showed them.

use axum::{Json, extract::State};
use casa_domain::{
    Client, ClientId, money::displayed, points::Entry, referrals::is_for_referring, time::utc_offset_iso,
};
use casa_store::Circle;
use casa_web::{
    ApiResult, AppState, Guest,
    openapi::{Detail, ForGuests},
};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The percentage shown where none is set (contract 03 §3.3).
const SHOWN_WITHOUT_SETTING: Decimal = Decimal::from_parts(5, 0, 0, false, 0);

/// What referring brings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReferralConfig {
    /// Percentage of a referred guest's stay that is paid in points.
    percentage: f64,
    /// Always true.
    is_active: bool,
}

/// Whom a guest referred, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnReferrals {
    /// Guests referred.
    total_referrals: usize,
    /// Their reservations in any status, those of deleted guests too.
    referral_reservations: u64,
    /// Points for referring.
    referral_points: f64,
    /// The guests, oldest first.
    referrals: Vec<OwnReferral>,
}

/// A guest who was referred.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnReferral {
    /// Its id.
    id: Uuid,
    /// Given names.
    first_name: String,
    /// Family names.
    last_name: Option<String>,
    /// When the guest was entered, UTC.
    created_at: String,
    /// Reservations in any status.
    reservations_count: u64,
    /// Points for referring this guest.
    points_earned: f64,
}

/// What referring a guest brings now.
#[utoipa::path(
    get,
    path = "/api/v1/clients/client-auth/referral-config/",
    tag = "referrals",
    operation_id = "own_referral_config",
    responses(
        (status = 200, description = "The percentage", body = ReferralConfig),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForGuests,
    ),
    security(("client" = [])),
)]
pub(crate) async fn config(_: Guest, State(state): State<AppState>) -> ApiResult<Json<ReferralConfig>> {
    let book = state.store.prices().book().await?;
    let percentage = displayed::number(book.referral_share.unwrap_or(SHOWN_WITHOUT_SETTING));
    Ok(Json(ReferralConfig { percentage, is_active: true }))
}

/// Whom the guest who asks referred, with reservations and points.
#[utoipa::path(
    get,
    path = "/api/v1/clients/client-auth/referral-stats/",
    tag = "referrals",
    operation_id = "own_referral_stats",
    responses(
        (status = 200, description = "The guests referred", body = OwnReferrals),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForGuests,
    ),
    security(("client" = [])),
)]
pub(crate) async fn stats(
    Guest(guest): Guest,
    State(state): State<AppState>,
) -> ApiResult<Json<OwnReferrals>> {
    let (levels, points) = (state.store.levels(), state.store.points());
    let id = guest.client.id;
    let (circle, ledger) = tokio::try_join!(levels.circle(id), points.ledger(id, None))?;
    Ok(Json(OwnReferrals::new(circle, &ledger)))
}

impl OwnReferrals {
    fn new(circle: Circle, ledger: &[Entry]) -> Self {
        let referral_reservations = circle.referred.iter().map(|one| one.reservations).sum();
        let mut live: Vec<_> = circle.referred.into_iter().filter(|one| !one.client.deleted).collect();
        live.sort_by_key(|one| (one.client.created, one.client.id));
        Self {
            total_referrals: live.len(),
            referral_reservations,
            referral_points: points(ledger, None),
            referrals: live
                .into_iter()
                .map(|one| OwnReferral::new(one.client, one.reservations, ledger))
                .collect(),
        }
    }
}

impl OwnReferral {
    fn new(client: Client, reservations_count: u64, ledger: &[Entry]) -> Self {
        Self {
            id: client.id.0,
            points_earned: points(ledger, Some(client.id)),
            first_name: client.first_name,
            last_name: client.last_name,
            created_at: utc_offset_iso(client.created),
            reservations_count,
        }
    }
}

/// Points for referring, all of them or those for one guest.
fn points(ledger: &[Entry], referred: Option<ClientId>) -> f64 {
    let wanted =
        |entry: &&Entry| is_for_referring(entry) && (referred.is_none() || entry.referred_client == referred);
    displayed::number(ledger.iter().filter(wanted).map(|entry| entry.points).sum())
}

#[cfg(test)]
mod tests {
    use casa_store::Referred;
    use serde_json::json;

    use super::*;

    #[test]
    fn deleted_guests_are_not_named_but_their_reservations_count() {
        let guest = |number: u128, created: &str, deleted: bool, reservations: u64| Referred {
            client: serde_json::from_value(json!({
                "id": Uuid::from_u128(number), "created": created, "updated": created, "deleted": deleted,
                "document_type": "dni", "number_doc": "1", "first_name": "Ana", "tel_number": "",
            }))
            .unwrap(),
            reservations,
            approved: 0,
        };
        let circle = Circle {
            referred: vec![
                guest(1, "2025-03-01T00:00:00.5Z", false, 2),
                guest(2, "2025-02-01T00:00:00Z", false, 0),
                guest(3, "2025-01-01T00:00:00Z", true, 5),
            ],
            ..Circle::default()
        };
        let entry = |referred: u128, kind: &str, points: &str| -> Entry {
            serde_json::from_value(json!({
                "id": Uuid::nil(), "created": "2025-03-01T00:00:00Z", "client": Uuid::nil(),
                "referred_client": Uuid::from_u128(referred), "transaction_type": kind, "points": points,
            }))
            .unwrap()
        };
        let ledger = [
            entry(1, "referral", "10.10"),
            entry(1, "referral", "0.20"),
            entry(3, "referral", "1"),
            entry(1, "earned", "7"),
        ];
        let shown = serde_json::to_value(OwnReferrals::new(circle, &ledger)).unwrap();
        assert_eq!(
            (&shown["total_referrals"], &shown["referral_reservations"], &shown["referral_points"]),
            (&json!(2), &json!(7), &json!(11.3))
        );
        let first = &shown["referrals"][0];
        assert_eq!((&first["id"], &first["points_earned"]), (&json!(Uuid::from_u128(2)), &json!(0.0)));
        let second = &shown["referrals"][1];
        assert_eq!(second["created_at"], "2025-03-01T00:00:00.500000+00:00");
        assert_eq!((&second["last_name"], &second["points_earned"]), (&json!(null), &json!(10.3)));
    }
}
