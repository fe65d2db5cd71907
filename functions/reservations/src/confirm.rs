//! `POST confirm/{uuid}/`: the guest of a reservation comes back from the site, with what the site knows of the visit
//! (contract 05 §3.7 with defect 15 of §8). It is public: whoever has the link may call it, so it changes nothing twice.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    response::Html,
};
use casa_domain::{Reservation, ReservationId, event::What};
use casa_store::{
    StoreError,
    reservations::{Change, Conflicts, Stored},
};
use casa_web::{
    ApiError, ApiResult, AppState, Form, RemoteAddress, error,
    guard::{Guard, Limit},
    openapi::{Detail, Invalid, Racing},
};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Confirmations per address. Generous, since many guests can share one.
const CONFIRMED: Limit = Limit { most: 120, window: Duration::from_secs(15 * 60) };
/// Longest text that the columns hold, in characters.
const LONGEST: usize = 255;
/// Longest agent and referrer that are kept, in characters: their columns have no limit of their own.
const LONGEST_HEADER: usize = 1_000;
/// Longest id that is looked for, in bytes.
const LONGEST_ID: usize = 255;
/// Tries after losing a race for the reservation.
const TRIES: usize = 6;

/// What the site knows of the visit; all of it may be left out, and what is too long is cut.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, missing_docs)] // only its schema is used; the fields are the contract's (05 §3.7)
pub struct ConfirmationInput {
    fbclid: Option<String>,
    utm_source: Option<String>,
    utm_medium: Option<String>,
    utm_campaign: Option<String>,
    fbc: Option<String>,
    fbp: Option<String>,
}

/// That it is noted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfirmationNoted {
    /// In Spanish.
    message: &'static str,
}

/// Notes the visit and tells the purchase to the advertisements, once per reservation. The same again changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/confirm/{uuid}/",
    tag = "reservations",
    operation_id = "confirm_purchase",
    params(("uuid" = String, Path, description = "Id of the reservation, or its `uuid_external`")),
    request_body(content(
        (ConfirmationInput = "application/json"),
        (ConfirmationInput = "application/x-www-form-urlencoded"),
        (ConfirmationInput = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "It is noted", body = ConfirmationNoted),
        (status = 400, description = "The body cannot be read", body = Invalid),
        (status = 404, description = "No such reservation", body = Detail),
        (status = 413, description = "The body is too large", body = Detail),
        (status = 429, description = "Too many: wait", body = Detail,
            headers(("Retry-After" = u64, description = "Seconds to wait"))),
        Racing,
    )
)]
pub async fn confirm(
    State(state): State<AppState>,
    RemoteAddress(address): RemoteAddress,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<ConfirmationNoted>> {
    Guard::of("confirm").per_address(&address, CONFIRMED).obey(&state.store, too_many).await?;
    let form = match form {
        // Browsers send a farewell in whatever type they like.
        Err(problem) if problem.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE => Form::default(),
        form => form?,
    };
    let Path(id) = id.map_err(|_| error::not_found())?;
    let visit = Visit { address, headers, form };
    for _ in 0..TRIES {
        let stored = find(&state, &id).await?.ok_or_else(error::not_found)?;
        if was_confirmed(&stored.booked.reservation) || note(&state, &stored, &visit).await? {
            return Ok(Json(ConfirmationNoted { message: "Su confirmación quedó registrada." }));
        }
    }
    Err(error::changed_meanwhile())
}

/// Any other method: 400 as documented, for links that are opened in a browser.
pub async fn other_method() -> (StatusCode, Html<&'static str>) {
    (StatusCode::BAD_REQUEST, Html("Método no permitido"))
}

fn too_many(seconds: u64) -> ApiError {
    let text = "Demasiadas solicitudes. Intente de nuevo en unos minutos.";
    error::detail(StatusCode::TOO_MANY_REQUESTS, text).retry_after(seconds)
}

/// What a request tells of the visit.
struct Visit {
    address: String,
    headers: HeaderMap,
    form: Form,
}

impl Visit {
    /// A text of the body; anything else counts as empty.
    fn field(&self, name: &str) -> Option<String> {
        let text = self.form.get(name).and_then(Value::as_str).unwrap_or_default();
        Some(cut(text, LONGEST))
    }

    fn header(&self, name: HeaderName) -> Option<String> {
        let bytes = self.headers.get(name).map(|value| value.as_bytes()).unwrap_or_default();
        Some(cut(&String::from_utf8_lossy(bytes), LONGEST_HEADER))
    }
}

/// A text without controls, cut to so many characters.
fn cut(text: &str, most: usize) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(most).collect()
}

/// Imported reservations carry an address of the visit when the original told of the purchase.
fn was_confirmed(one: &Reservation) -> bool {
    one.purchase_confirmed || one.ip_cliente.as_deref().is_some_and(|address| !address.is_empty())
}

/// The live reservation with this id, else with this id elsewhere, with or without dashes.
async fn find(state: &AppState, id: &str) -> ApiResult<Option<Stored>> {
    let id = id.trim();
    if id.is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return Ok(None);
    }
    let reservations = state.store.reservations();
    let is_live = |one: &Stored| !one.booked.reservation.deleted;
    if let Ok(own) = id.parse::<ReservationId>()
        && let Some(stored) = reservations.get(own).await?.filter(is_live)
    {
        return Ok(Some(stored));
    }
    let bare = id.replace('-', "");
    for name in [bare.as_str(), id] {
        if let Some(stored) = reservations.by_external(name).await?.into_iter().find(is_live) {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

/// Writes the visit down with the fact; `false` when the reservation changed meanwhile.
async fn note(state: &AppState, stored: &Stored, visit: &Visit) -> ApiResult<bool> {
    let (before, now) = (&stored.booked, state.clock.now());
    let after = Reservation {
        updated: now,
        purchase_confirmed: true,
        ip_cliente: visit.address.parse::<std::net::IpAddr>().ok().map(|address| address.to_string()),
        user_agent: visit.header(header::USER_AGENT),
        referer: visit.header(header::REFERER),
        fbclid: visit.field("fbclid"),
        utm_source: visit.field("utm_source"),
        utm_medium: visit.field("utm_medium"),
        utm_campaign: visit.field("utm_campaign"),
        fbp: visit.field("fbp"),
        fbc: visit.field("fbc"),
        ..before.reservation.clone()
    };
    let change = Change {
        facts: vec![What::PurchaseConfirmed { reservation: after.id }],
        conflicts: Conflicts::as_held(before),
        ..Change::new(Some(stored), after, before.client.clone())
    };
    match state.store.reservations().commit(change, now).await {
        Ok(_) => Ok(true),
        Err(StoreError::Changed) => Ok(false),
        Err(problem) => Err(problem.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_cut_and_other_kinds_are_empty() {
        let body = json!({"fbclid": "ñ".repeat(300), "utm_source": 7, "fbp": "a\u{0}b\n", "fbc": null});
        let visit = Visit {
            address: String::new(),
            headers: HeaderMap::new(),
            form: Form::from_json(body.as_object().unwrap().clone()),
        };
        assert_eq!(visit.field("fbclid").unwrap().chars().count(), 255);
        for (name, text) in [("utm_source", ""), ("fbp", "ab"), ("fbc", ""), ("utm_medium", "")] {
            assert_eq!(visit.field(name).as_deref(), Some(text), "{name}");
        }
        assert_eq!(visit.header(header::REFERER).as_deref(), Some(""));
    }
}
