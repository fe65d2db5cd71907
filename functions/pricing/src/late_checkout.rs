//! `GET properties/calculate-late-checkout/` (contract 04 §3.6, §4.12).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use casa_domain::{
    HouseId, Stay,
    money::displayed::shown,
    pricing::{late_checkout::late_checkout, words},
};
use casa_store::Wanted;
use casa_web::{ApiResult, AppState, Query};
use chrono::{Days, NaiveDate};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ask,
    failure::{NumberedFailure, bad, numbered},
};

/// A late check-out, offered or not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LateCheckoutAnswer)]
pub(crate) struct LateAnswer<'a> {
    /// Always true.
    success: bool,
    /// Always 0.
    error: u32,
    /// In words.
    message: String,
    /// The offer.
    data: LateData<'a>,
}

/// The offer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LateCheckoutData)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.6)
struct LateData<'a> {
    is_available: bool,
    property_name: &'a str,
    checkout_date: NaiveDate,
    /// English weekday.
    checkout_day: &'static str,
    /// Only when offered.
    #[serde(flatten)]
    price: Option<LatePrice>,
    message: String,
}

/// What it costs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LateCheckoutPrice)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.6)
struct LatePrice {
    base_price_usd: f64,
    base_price_sol: f64,
    discount_percentage: f64,
    discount_amount_usd: f64,
    discount_amount_sol: f64,
    late_checkout_price_usd: f64,
    late_checkout_price_sol: f64,
}

/// What it costs to keep a house on the day of departure.
#[utoipa::path(
    get,
    path = "/api/v1/properties/calculate-late-checkout/",
    tag = "pricing",
    operation_id = "pricing_late_checkout",
    params(
        ("property_id" = String, Query, description = "The house"),
        ("checkout_date" = String, Query, description = "`YYYY-MM-DD`: the day of departure"),
        ("guests" = Option<String>, Query, description = "1 to 1000; 1 when left out"),
    ),
    responses(
        (status = 200, description = "The offer", body = LateAnswer),
        (status = 400, description = "A check failed: 1, 3, 4 or 5", body = NumberedFailure),
        (status = 404, description = "No such house (2)", body = NumberedFailure),
    ),
)]
pub(crate) async fn calculate(State(state): State<AppState>, query: Query) -> ApiResult<Response> {
    let (Some(house), Some(date)) = (query.get("property_id"), query.get("checkout_date")) else {
        return Err(bad(1, "Indique la propiedad y la fecha de salida."));
    };
    let id: HouseId = house.parse().map_err(|_| bad(3, "El identificador de la propiedad no es válido."))?;
    let departure = ask::date(date);
    // The house is looked for before the date is looked at; any month does where there is none.
    let night = departure.unwrap_or_else(|| state.clock.today());
    let next = night.checked_add_days(Days::new(1)).unwrap_or(night);
    let stay = Stay::new(night, next).map_err(|_| bad(4, BAD_DATE))?;
    let ground = state.store.quotes().ground(&Wanted { stay, client: None, code: None }).await?;
    let no_such_house = || numbered(StatusCode::NOT_FOUND, 2, "La propiedad no existe.");
    let house = ground.houses.house(id).ok_or_else(no_such_house)?;
    let departure = departure.ok_or_else(|| bad(4, BAD_DATE))?;
    // Unlike in a quote, guests sent empty are an error.
    let guests = match query.get("guests") {
        None if !query.has("guests") => 1,
        text => text
            .and_then(ask::guests)
            .ok_or_else(|| bad(5, "La cantidad de huéspedes debe ser un número entero mayor que cero."))?,
    };
    let outcome = late_checkout(&ground.book, house, departure, guests, ground.occupancy.is_free(id, stay));
    let message = words::late_checkout_message(&house.name, departure, &outcome);
    let price = outcome.ok().map(|quote| LatePrice {
        base_price_usd: shown(quote.base_usd),
        base_price_sol: shown(quote.in_soles(quote.base_usd)),
        discount_percentage: shown(quote.percentage),
        discount_amount_usd: shown(quote.discount_usd),
        discount_amount_sol: shown(quote.in_soles(quote.discount_usd)),
        late_checkout_price_usd: shown(quote.price_usd),
        late_checkout_price_sol: shown(quote.in_soles(quote.price_usd)),
    });
    let data = LateData {
        is_available: price.is_some(),
        property_name: &house.name,
        checkout_date: departure,
        checkout_day: words::english_weekday(departure),
        price,
        message: message.clone(),
    };
    Ok(Json(LateAnswer { success: true, error: 0, message, data }).into_response())
}

const BAD_DATE: &str = "La fecha de salida debe tener el formato AAAA-MM-DD.";
