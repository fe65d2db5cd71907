//! What the QR code in a house shows of the guest who stays there (contract 05 §3.10). It only reads: a guest without a
//! referral code shows none (05 §8, row 20).

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use casa_domain::{Client, ReservationId, level, pricing::book::PriceBook};
use casa_web::{
    ApiError, ApiResult, AppState, error,
    openapi::{Detail, Failure},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{code::percent, facebook};

/// Shown where a guest has no name.
const NAMELESS: &str = "Huésped";

/// A stay behind a QR code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QrAnswer {
    /// Always true.
    success: bool,
    /// The stay.
    data: QrStay,
}

/// The guest and the house of a stay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QrStay {
    /// The guest's names.
    name: Option<String>,
    /// Picture of the linked Facebook account.
    facebook_photo: Option<String>,
    /// Whether an account is linked and its profile known.
    facebook_link: bool,
    /// The guest's own code.
    referral_code: Option<String>,
    /// Name of the highest level the guest holds.
    level: Option<String>,
    /// Its icon.
    level_icon: Option<String>,
    /// Discount on the first booking of a guest referred.
    referral_discount_percentage: Option<f64>,
    /// Name of the house.
    property_name: String,
}

/// The guest and the house of a reservation in any status.
#[utoipa::path(
    get,
    path = "/api/v1/qr/{reservation_id}/",
    tag = "referrals",
    operation_id = "qr",
    params(("reservation_id" = String, Path, description = "Id of the reservation.")),
    responses(
        (status = 200, description = "The stay", body = QrAnswer),
        (status = 404, description = "No such reservation", body = Failure),
        (status = 503, description = "The table does not answer.", body = Detail),
    ),
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
) -> ApiResult<Json<QrAnswer>> {
    let Path(id) = id.map_err(|_| missing())?;
    let id: ReservationId = id.parse().map_err(|_| missing())?;
    let stored = state.store.reservations().get(id).await?;
    let stay =
        stored.map(|stored| stored.booked.reservation).filter(|stay| !stay.deleted).ok_or_else(missing)?;
    let client = async {
        match stay.client {
            Some(client) => state.store.clients().get(client).await,
            None => Ok(None),
        }
    };
    let (prices, houses) = (state.store.prices(), state.store.houses());
    let (client, book, houses) = tokio::try_join!(client, prices.book(), houses.catalogue())?;
    let house = houses.house(stay.house).map(|house| house.name.clone()).unwrap_or_default();
    let data = QrStay::new(client.map(|stored| stored.client), &book, house);
    Ok(Json(QrAnswer { success: true, data }))
}

fn missing() -> ApiError {
    error::failure(StatusCode::NOT_FOUND, "La reserva no existe.")
}

impl QrStay {
    fn new(client: Option<Client>, book: &PriceBook, property_name: String) -> Self {
        let Some(client) = client else {
            return Self {
                name: None,
                facebook_photo: None,
                facebook_link: false,
                referral_code: None,
                level: None,
                level_icon: None,
                referral_discount_percentage: None,
                property_name,
            };
        };
        let highest = level::highest(&client.levels, &book.levels).map(|one| one.level);
        let name = client.card().full_name();
        Self {
            name: Some(if name.is_empty() { NAMELESS.to_owned() } else { name }),
            facebook_photo: facebook::picture(&client),
            facebook_link: facebook::is_shown(&client),
            level: highest.map(|level| level.name.clone()),
            level_icon: highest.and_then(|level| level.icon.clone()),
            referral_discount_percentage: percent(&client, book),
            referral_code: client.referral_code.filter(|code| !code.is_empty()),
            property_name,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn without_a_guest_or_a_name() {
        let book = PriceBook::default();
        let nobody = serde_json::to_value(QrStay::new(None, &book, "Casa".to_owned())).unwrap();
        for key in
            ["name", "facebook_photo", "referral_code", "level", "level_icon", "referral_discount_percentage"]
        {
            assert_eq!(nobody.get(key), Some(&Value::Null), "{key}");
        }
        let client: Client = serde_json::from_value(json!({
            "id": uuid::Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "document_type": "ruc", "number_doc": "1", "first_name": " ", "referral_code": "",
        }))
        .unwrap();
        let shown = QrStay::new(Some(client), &book, String::new());
        assert_eq!((shown.name.as_deref(), shown.referral_code), (Some(NAMELESS), None));
    }
}
