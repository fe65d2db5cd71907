//! The page behind a referral code (contract 03 §3.6, §4.E, §8 D22): what a referrer's friends see.

use std::collections::HashSet;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use casa_domain::{
    Client, Status,
    ids::LevelId,
    money::displayed,
    pricing::{automatic::referral_percent, book::PriceBook},
    referrals::is_staying,
};
use casa_store::{Catalogue, reservations::Booked};
use casa_web::{
    ApiError, ApiResult, AppState, RemoteAddress, error,
    houses::photo_body,
    openapi::{Detail, Failure},
};
use chrono::{NaiveDate, NaiveDateTime};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{facebook, guard};

/// No code is longer; anything longer is not looked for.
const LONGEST: usize = 20;

/// A referrer, and where the referrer is staying.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReferrerPage {
    /// Always true.
    success: bool,
    /// The referrer.
    client: ReferrerCard,
    /// Approved stays that are going on.
    active_reservations: Vec<ReferrerStay>,
}

/// A referrer, as far as friends may see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReferrerCard {
    /// First of the given names.
    first_name: String,
    /// First of the family names, may be empty.
    last_name: String,
    /// Whether a Facebook account is linked.
    facebook_linked: bool,
    /// Its picture.
    profile_picture: Option<String>,
    /// Discount on the first booking of a guest referred.
    referral_discount_percentage: f64,
}

/// A stay that is going on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReferrerStay {
    /// Id of the reservation.
    id: Uuid,
    /// Name of the house.
    property_name: String,
    /// `/media/<path>` of a small picture.
    property_thumbnail: Option<String>,
    /// First night.
    check_in_date: NaiveDate,
    /// Day of departure.
    check_out_date: NaiveDate,
}

/// The referrer whose code this is, in any case.
#[utoipa::path(
    get,
    path = "/api/v1/clients/by-referral-code/{code}/",
    tag = "referrals",
    operation_id = "referral_by_code",
    params(("code" = String, Path, description = "A referral code, in any case.")),
    responses(
        (status = 200, description = "The referrer", body = ReferrerPage),
        (status = 404, description = "Nobody has this code", body = Failure),
        (status = 429, description = "Too many codes were asked for: wait.", body = Failure,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        (status = 503, description = "The table does not answer.", body = Detail),
    ),
)]
pub(crate) async fn page(
    State(state): State<AppState>,
    RemoteAddress(address): RemoteAddress,
    code: Result<Path<String>, PathRejection>,
) -> ApiResult<Json<ReferrerPage>> {
    let Path(code) = code.map_err(|_| missing())?;
    if code.is_empty() || code.chars().count() > LONGEST {
        return Err(missing());
    }
    guard::ask(&state, "referral-code", &address).await?;
    let id = state.store.clients().by_referral_code(&code).await?.ok_or_else(missing)?;
    let (clients, stays) = (state.store.clients(), state.store.reservations());
    let (prices, houses) = (state.store.prices(), state.store.houses());
    let (client, stays, book, houses) =
        tokio::try_join!(clients.get(id), stays.of_client(id), prices.book(), houses.catalogue())?;
    let client = client.map(|stored| stored.client).filter(|client| !client.deleted).ok_or_else(missing)?;
    let now = state.clock.local_now();
    Ok(Json(ReferrerPage {
        success: true,
        client: ReferrerCard::new(&client, &book),
        active_reservations: active(&stays, now).map(|stay| ReferrerStay::new(stay, &houses)).collect(),
    }))
}

fn missing() -> ApiError {
    error::failure(StatusCode::NOT_FOUND, "No encontramos un cliente con ese código de referido.")
}

/// The discount of those whom a guest refers, by the guest's highest level (contract 03 §4.E.3).
pub(crate) fn percent(client: &Client, book: &PriceBook) -> Option<f64> {
    let held: HashSet<LevelId> =
        client.levels.iter().filter(|held| !held.revoked).map(|held| held.level).collect();
    referral_percent(book, &held).map(displayed::number)
}

fn active(stays: &[Booked], now: NaiveDateTime) -> impl Iterator<Item = &Booked> {
    stays.iter().filter(move |stay| {
        let one = &stay.reservation;
        one.status == Status::Approved
            && !one.deleted
            && is_staying(one.check_in_date, one.check_out_date, now)
    })
}

impl ReferrerCard {
    fn new(client: &Client, book: &PriceBook) -> Self {
        let first = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
        Self {
            first_name: first(&client.first_name),
            last_name: first(client.last_name.as_deref().unwrap_or_default()),
            facebook_linked: client.facebook_linked,
            profile_picture: facebook::picture(client),
            referral_discount_percentage: percent(client, book).unwrap_or_default(),
        }
    }
}

impl ReferrerStay {
    fn new(stay: &Booked, houses: &Catalogue) -> Self {
        let one = &stay.reservation;
        let main = houses.photos(one.house).find(|photo| photo.is_main);
        Self {
            id: one.id.0,
            property_name: houses.house(one.house).map(|house| house.name.clone()).unwrap_or_default(),
            property_thumbnail: main.and_then(|photo| photo_body(photo).image_thumbnail),
            check_in_date: one.check_in_date,
            check_out_date: one.check_out_date,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_approved_stays_that_are_going_on() {
        let stay = |check_in: &str, status: &str, deleted: bool| -> Booked {
            serde_json::from_value(json!({
                "r": {
                    "id": Uuid::new_v4(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
                    "property": Uuid::nil(), "check_in_date": check_in, "check_out_date": "2025-11-14",
                    "status": status, "deleted": deleted,
                },
                "c": null, "h": null,
            }))
            .unwrap()
        };
        let stays = [
            stay("2025-11-10", "approved", false),
            stay("2025-11-11", "pending", false),
            stay("2025-11-11", "cancelled", false),
            stay("2025-11-11", "approved", true),
            stay("2025-11-12", "approved", false),
        ];
        let at = |text: &str| active(&stays, text.parse().unwrap()).count();
        assert_eq!(at("2025-11-12T14:59:00"), 1);
        assert_eq!(at("2025-11-12T15:00:00"), 2);
        assert_eq!(at("2025-11-14T11:00:00"), 0);
    }

    #[test]
    fn a_revoked_level_gives_no_discount() {
        let level = |number: u128, stays: i64| {
            json!({"id": Uuid::from_u128(number), "created": "2025-01-01T00:00:00Z", "name": "x",
                "required_reservations": stays})
        };
        let book = PriceBook {
            levels: [level(1, 1), level(2, 5)].map(|one| serde_json::from_value(one).unwrap()).to_vec(),
            referral_percents: [(1, "5.00"), (2, "10.00")]
                .map(|(number, percent)| {
                    let row = json!({"id": Uuid::nil(), "achievement": Uuid::from_u128(number),
                        "discount_percentage": percent});
                    serde_json::from_value(row).unwrap()
                })
                .to_vec(),
            ..PriceBook::default()
        };
        let client = |revoked: bool| -> Client {
            let held = |number: u128, revoked: bool| {
                json!({"id": Uuid::nil(), "level": Uuid::from_u128(number), "earned_at": "2025-01-01T00:00:00Z",
                    "revoked": revoked})
            };
            serde_json::from_value(json!({
                "id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
                "document_type": "dni", "number_doc": "1", "first_name": "Ana María", "last_name": "Rojas Paz",
                "levels": [held(1, false), held(2, revoked)],
            }))
            .unwrap()
        };
        assert_eq!(percent(&client(false), &book), Some(10.0));
        assert_eq!(percent(&client(true), &book), Some(5.0));
        let card = ReferrerCard::new(&client(true), &book);
        assert_eq!((card.first_name.as_str(), card.last_name.as_str()), ("Ana", "Rojas"));
        assert_eq!(ReferrerCard::new(&client(true), &PriceBook::default()).referral_discount_percentage, 0.0);
    }
}
