//! `POST clients/points/redeem/` (contract 02 §3.11).

use axum::{Json, extract::State};
use casa_domain::{
    money::{displayed, fixed2},
    points,
};
use casa_store::Moved;
use casa_web::{
    ApiError, ApiResult, AppState, Form, Staff, error,
    form::Given,
    openapi::{Detail, ForSellers, Invalid, Racing, WithBody},
};
use http::StatusCode;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{LONGEST, by_document};
use crate::fields::text_schema;

/// Digits of an amount of points, decimals included.
const DIGITS: u32 = 10;
const FIELD: &str = "points_to_redeem";

/// Points to take.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct RedeemRequest {
    /// Kind of the guest's document.
    #[schema(schema_with = text_schema::<1, 3>)]
    document_type: String,
    /// Its number.
    #[schema(schema_with = text_schema::<1, 50>)]
    number_doc: String,
    /// How many, at least 0.01, two decimals at most.
    #[schema(schema_with = text_schema::<1, 11>)]
    points_to_redeem: String,
}

/// Points were taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RedeemAnswer {
    /// What happened, in Spanish.
    message: String,
    /// Points that are left.
    remaining_points: f64,
    /// What the points taken are worth, in soles: one each.
    discount_amount: f64,
}

/// Takes points from a guest who spends them at the desk. One point is worth one sol.
#[utoipa::path(
    post,
    path = "/api/v1/clients/points/redeem/",
    tag = "clients",
    operation_id = "points_redeem",
    request_body(content(
        (RedeemRequest = "application/json"),
        (RedeemRequest = "application/x-www-form-urlencoded"),
        (RedeemRequest = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Taken.", body = RedeemAnswer),
        (status = 400, description = "A field is missing or unusable, or there are not enough points.", body = Invalid),
        (status = 404, description = "No such guest.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn redeem(
    Staff(user): Staff,
    State(state): State<AppState>,
    form: Form,
) -> ApiResult<Json<RedeemAnswer>> {
    if !user.may_sell() {
        return Err(error::forbidden());
    }
    let mut document = form.check();
    let (kind, number) = (document.text("document_type", LONGEST.0), document.text("number_doc", LONGEST.1));
    let (Given::Value(kind), Given::Value(number)) = (kind, number) else {
        let text = "Indique el tipo y el número de documento.";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, json!({ "error": text, "detail": text })));
    };
    let client = by_document(&state, &kind, &number).await?;
    let mut fields = form.check();
    let given = fields.money(FIELD, DIGITS);
    let wanted = fields.required(FIELD, given);
    if wanted.is_some_and(|points| points < Decimal::new(1, 2)) {
        fields.wrong(FIELD, "Asegúrese de que este valor sea mayor o igual a 0.01.");
    }
    fields.finish()?;
    let wanted = wanted.unwrap_or_default();

    let now = state.clock.now();
    let description = format!("Canje manual de {} puntos", shortest(wanted));
    let mut enough = true;
    let moved = state
        .store
        .points()
        .move_points(client.id, now, |client| {
            enough = wanted <= client.available_points(now);
            enough.then(|| points::redeemed(wanted, description.clone(), None))
        })
        .await?;
    match moved {
        Moved::Done(client, _) => Ok(Json(RedeemAnswer {
            message: format!("Se canjearon {} puntos.", fixed2(wanted)),
            remaining_points: displayed::number(client.available_points(now)),
            discount_amount: displayed::number(wanted),
        })),
        Moved::Nothing | Moved::Refused(_) => {
            Err(error::field(FIELD, "El cliente no tiene suficientes puntos disponibles."))
        }
        Moved::NoGuest => Err(error::not_found()),
    }
}

/// An amount without zeros that say nothing, as the ledger's texts have it.
fn shortest(points: Decimal) -> String {
    points.normalize().to_string()
}
