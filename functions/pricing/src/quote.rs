//! `GET properties/calculate-pricing/`: the quote (contract 04 §3.5).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use casa_domain::{
    House, HouseId,
    ids::ServiceId,
    money::displayed::shown,
    pricing::{
        book::PriceBook,
        protection::protection,
        quote::{CodeAsked, Request, quote},
        words::{self, Answer},
    },
};
use casa_store::{Ground, Wanted};
use casa_web::{ApiResult, AppState, MaybeGuest, MaybeStaff, Query};
use chrono::NaiveDate;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ask::{self, Asked},
    failure::{QuoteFailure, bad_quote, of_quote},
    shapes::{BenefitsBody, HouseQuoteBody},
};

/// A quote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteAnswer)]
pub(crate) struct QuoteAnswer<'a> {
    /// Always true.
    success: bool,
    /// Always 0.
    error: u32,
    /// In words.
    message: String,
    /// The quote.
    data: QuoteData<'a>,
}

/// What was asked and what it costs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteData)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.5)
struct QuoteData<'a> {
    #[serde(rename = "totalCasasDisponibles")]
    total_casas_disponibles: usize,
    check_in_date: NaiveDate,
    check_out_date: NaiveDate,
    guests: u32,
    total_nights: i64,
    /// Soles per dollar, two decimals: for display only, prices use three.
    exchange_rate: f64,
    properties: Vec<HouseQuoteBody<'a>>,
    general_recommendations: Vec<String>,
    message1: String,
    message2: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_info: Option<ClientInfo>,
}

/// Who asks; only shown to staff and to the guest who asks (defect 8 of 04 §8).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteClientInfo)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.5)
struct ClientInfo {
    /// Always `registered`.
    status: &'static str,
    name: String,
    /// `bronze`, `silver`, `gold` or `platinum`.
    membership_level: &'static str,
    total_reservations: u64,
    points_available: f64,
}

/// What a stay costs in one house or in all, and which of them are free.
#[utoipa::path(
    get,
    path = "/api/v1/properties/calculate-pricing/",
    tag = "pricing",
    operation_id = "pricing_quote",
    params(
        ("check_in_date" = String, Query, description = "`YYYY-MM-DD`, today or later"),
        ("check_out_date" = String, Query, description = "`YYYY-MM-DD`, at most 366 nights later"),
        ("guests" = Option<String>, Query, description = "1 to 1000; 1 when left out"),
        ("property_id" = Option<String>, Query, description = "Only this house"),
        ("client_id" = Option<String>, Query, description = "The guest, whose discounts then apply"),
        ("discount_code" = Option<String>, Query, description = "A discount code, in any case"),
        ("additional_services" = Option<String>, Query, description = "Ids of services, separated by commas"),
    ),
    responses(
        (status = 200, description = "The quote", body = QuoteAnswer),
        (status = 400, description = "A check failed: 1, 2, 3, 5, 7, 8, 9, 11, 12; 13: a special date's minimum of \
            nights; 14: the stay is too long", body = QuoteFailure),
        (status = 404, description = "No such house (4) or client (6)", body = QuoteFailure),
    ),
    security((), ("staff" = []), ("client" = [])),
)]
pub(crate) async fn calculate(
    MaybeStaff(staff): MaybeStaff,
    MaybeGuest(own): MaybeGuest,
    State(state): State<AppState>,
    query: Query,
) -> ApiResult<Response> {
    let today = state.clock.today();
    let Asked { stay, guests } = Asked::read(&query, today)?;
    let only = ask::house(&query)?;
    let client = ask::client(&query);
    // The house is looked for before the client's id is looked at; the reading of both is one.
    let services = ask::services(&query);
    let sent = query.get("discount_code").unwrap_or_default();
    let asking = client.as_ref().ok().copied().flatten();
    let wanted = Wanted { stay, client: asking, code: Some(sent) };
    let Ground { houses, book, occupancy, guest, code } = state.store.quotes().ground(&wanted).await?;
    let mut offered: Vec<&House> = match only {
        Some(id) => vec![houses.house(id).ok_or_else(no_such_house)?],
        None => houses.live().collect(),
    };
    let (who, guest) = ask::known(client?, guest)?;
    let services = services?;
    known_services(&book, only, &services)?;
    offered.sort_by_cached_key(|house| words::natural_key(&house.name));

    let request = Request { stay, guests, today, guest, code: CodeAsked::new(sent, code), services };
    let mut quotes = Vec::with_capacity(offered.len());
    for house in &offered {
        let free = occupancy.is_free(house.id, stay);
        let violation = protection(&book, house.id, stay, &occupancy);
        if let (Some(_), Some(violation)) = (only, &violation) {
            return Err(bad_quote(13, &violation.to_string()));
        }
        let available = free && violation.is_none();
        let message = words::availability(free, violation.as_ref());
        quotes.push((quote(&book, house, &request), available, message));
    }
    let answers: Vec<_> = offered
        .iter()
        .zip(&quotes)
        .map(|(house, (quote, available, _))| Answer { name: &house.name, available: *available, quote })
        .collect();
    let free = answers.iter().filter(|answer| answer.available).count();
    let (message1, message2) = (words::message1(stay, guests, &answers), words::message2(&answers));
    let now = state.clock.now();
    let is_own = |id| own.as_ref().is_some_and(|own| own.client.id == id);
    let shown_who = who.as_ref().filter(|stored| staff.is_some() || is_own(stored.client.id));
    let known = shown_who.zip(request.guest.as_ref());
    let benefits = known.map(|(stored, guest)| BenefitsBody::new(&stored.client, guest, &book, now));
    let properties = offered
        .iter()
        .zip(&quotes)
        .map(|(house, (quote, available, message))| {
            let body = HouseQuoteBody::new(house, quote, &request.code, &book, *available, message.clone());
            HouseQuoteBody { client_benefits: benefits.clone(), ..body }
        })
        .collect();
    let data = QuoteData {
        total_casas_disponibles: free,
        check_in_date: stay.check_in(),
        check_out_date: stay.check_out(),
        guests,
        total_nights: stay.nights(),
        exchange_rate: shown(book.rate),
        properties,
        general_recommendations: words::general_recommendations(free, offered.len(), stay.nights(), guests),
        message1,
        message2,
        client_info: known.map(|(stored, guest)| ClientInfo {
            status: "registered",
            name: stored.client.card().full_name(),
            membership_level: words::membership_level(guest.approved),
            total_reservations: guest.reservations,
            points_available: shown(stored.client.available_points(now)),
        }),
    };
    let message = words::quote_message(free, offered.len());
    Ok(Json(QuoteAnswer { success: true, error: 0, message, data }).into_response())
}

fn no_such_house() -> casa_web::ApiError {
    of_quote(StatusCode::NOT_FOUND, 4, "La propiedad no existe.")
}

/// The rest of check 8: every service asked for is offered for the house, or at all.
fn known_services(book: &PriceBook, only: Option<HouseId>, asked: &[ServiceId]) -> ApiResult<()> {
    let offered =
        || book.services.iter().filter(|service| only.is_none_or(|house| service.offered_for(house)));
    let missing: Vec<_> = asked
        .iter()
        .filter(|id| !offered().any(|service| service.id == **id))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = offered().map(|service| service.name.as_str()).collect();
    let text = format!(
        "No se ofrecen estos servicios: {}. Servicios disponibles: {}.",
        missing.join(", "),
        names.join(", ")
    );
    Err(bad_quote(11, &text))
}
