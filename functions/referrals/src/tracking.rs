//! Searches for free nights as the site tells of them (contract 03 §3.8).

use axum::{Json, extract::State};
use casa_domain::{HouseId, search::Search, time::local_iso};
use casa_store::Catalogue;
use casa_web::{
    ApiError, ApiResult, AppState, Clock, Form, Guest, MaybeGuest, RemoteAddress,
    openapi::{Detail, ForGuests, WithBody},
};
use chrono::NaiveDate;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::guard;

/// More guests than the original's column holds.
const TOO_MANY: i64 = 1 << 31;

/// A search to note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchInput)]
#[allow(dead_code)] // describes a body, which is read by hand
pub(crate) struct Input {
    /// First night, `YYYY-MM-DD`.
    check_in_date: String,
    /// Day of departure, `YYYY-MM-DD`.
    check_out_date: String,
    /// How many would come; a number, also as text.
    guests: u32,
    /// Id of the house searched for.
    property: Option<Uuid>,
}

/// A search that was noted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchNoted {
    /// Always true.
    success: bool,
    /// In words.
    message: &'static str,
    /// The search.
    data: SearchBody,
}

/// The last search of a guest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastSearch {
    /// Always true.
    success: bool,
    /// That there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    /// The search.
    data: Option<SearchBody>,
}

/// A search.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchBody {
    /// First night.
    check_in_date: NaiveDate,
    /// Day of departure.
    check_out_date: NaiveDate,
    /// How many would come.
    guests: u32,
    /// The house searched for.
    property: Option<Uuid>,
    /// Its name; absent without a house.
    #[serde(skip_serializing_if = "Option::is_none")]
    property_name: Option<String>,
    /// When it was made, local time.
    search_timestamp: String,
}

/// A search that was not noted.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct SearchProblem {
    /// Always false.
    success: bool,
    /// That it was not noted.
    message: String,
    /// Why, in Spanish.
    errors: String,
}

/// Notes a search, of the guest who is signed in or of nobody. The same again is noted again.
#[utoipa::path(
    post,
    path = "/api/v1/clients/track-search/",
    tag = "referrals",
    operation_id = "track_search",
    request_body(content(
        (Input = "application/json"),
        (Input = "application/x-www-form-urlencoded"),
        (Input = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "It is noted.", body = SearchNoted),
        (status = 400, description = "Something is missing or cannot be read.", body = SearchProblem),
        (status = 429, description = "Too many searches: wait.", body = SearchProblem,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        (status = 503, description = "The table does not answer.", body = Detail),
        WithBody,
    ),
    security((), ("client" = [])),
)]
pub(crate) async fn note(
    MaybeGuest(guest): MaybeGuest,
    State(state): State<AppState>,
    RemoteAddress(address): RemoteAddress,
    headers: HeaderMap,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<SearchNoted>> {
    let form = form.map_err(|refusal| match refusal.status() {
        StatusCode::BAD_REQUEST => wrong("No se pudo leer el cuerpo de la solicitud."),
        _ => refusal,
    })?;
    let asked = Asked::read(&form)?;
    guard::ask(&state, "track-search", &address).await?;
    let houses = state.store.houses().catalogue().await?;
    let header = |name: HeaderName| {
        let bytes = headers.get(name).map(|value| value.as_bytes()).unwrap_or_default();
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    let now = state.clock.now();
    let search = Search {
        id: Uuid::new_v4(),
        created: now,
        updated: now,
        deleted: false,
        client: guest.map(|guest| guest.client.id),
        check_in_date: asked.check_in,
        check_out_date: asked.check_out,
        guests: asked.guests,
        house: asked.house.filter(|house| houses.house(*house).is_some()),
        search_timestamp: now,
        session_key: None,
        ip_address: Some(address),
        user_agent: header(header::USER_AGENT),
        referrer: header(header::REFERER),
    };
    state.store.searches().enter(&search).await?;
    let data = SearchBody::new(&search, &houses, &state.clock);
    Ok(Json(SearchNoted { success: true, message: "Búsqueda registrada.", data }))
}

/// The last search of the guest who asks.
#[utoipa::path(
    get,
    path = "/api/v1/clients/track-search/",
    tag = "referrals",
    operation_id = "last_search",
    responses(
        (status = 200, description = "The search, or null", body = LastSearch),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForGuests,
    ),
    security(("client" = [])),
)]
pub(crate) async fn last(Guest(guest): Guest, State(state): State<AppState>) -> ApiResult<Json<LastSearch>> {
    let (searches, houses) = (state.store.searches(), state.store.houses());
    let (last, houses) = tokio::try_join!(searches.latest_of(guest.client.id), houses.catalogue())?;
    let data = last.map(|search| SearchBody::new(&search, &houses, &state.clock));
    let message = data.is_none().then_some("Todavía no hay búsquedas registradas.");
    Ok(Json(LastSearch { success: true, message, data }))
}

impl SearchBody {
    fn new(search: &Search, houses: &Catalogue, clock: &Clock) -> Self {
        let name = |house: HouseId| houses.house(house).map(|house| house.name.clone()).unwrap_or_default();
        Self {
            check_in_date: search.check_in_date,
            check_out_date: search.check_out_date,
            guests: search.guests,
            property: search.house.map(|house| house.0),
            property_name: search.house.map(name),
            search_timestamp: local_iso(search.search_timestamp, clock.offset(search.search_timestamp)),
        }
    }
}

/// What a request says of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    check_in: NaiveDate,
    check_out: NaiveDate,
    guests: u32,
    house: Option<HouseId>,
}

impl Asked {
    /// First what cannot be read, then what is missing, each in the order of the fields (contract 03 §3.8).
    fn read(form: &Form) -> ApiResult<Self> {
        let check_in = date(form, "check_in_date", "La fecha de ingreso no es válida. Use AAAA-MM-DD.")?;
        let check_out = date(form, "check_out_date", "La fecha de salida no es válida. Use AAAA-MM-DD.")?;
        let guests = guests(form)?;
        let house = house(form)?;
        Ok(Self {
            check_in: check_in.ok_or_else(|| wrong("Falta la fecha de ingreso."))?,
            check_out: check_out.ok_or_else(|| wrong("Falta la fecha de salida."))?,
            guests: guests.ok_or_else(|| wrong("Falta el número de huéspedes."))?,
            house,
        })
    }
}

fn wrong(errors: &str) -> ApiError {
    let message = "No se pudo registrar la búsqueda.";
    ApiError::new(
        StatusCode::BAD_REQUEST,
        json!({ "success": false, "message": message, "errors": errors, "detail": errors }),
    )
}

fn date(form: &Form, name: &str, problem: &str) -> ApiResult<Option<NaiveDate>> {
    match form.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => read_date(text).map(Some).ok_or_else(|| wrong(problem)),
        Some(_) => Err(wrong(problem)),
    }
}

/// A date of the years 1 to 9999; month and day may lack their zero.
pub(crate) fn read_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let mut number = |least: usize, most: usize| -> Option<u32> {
        let part = parts.next()?;
        let shaped = (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        shaped.then(|| part.parse().ok()).flatten()
    };
    let (year, month, day) = (number(4, 4)?, number(1, 2)?, number(1, 2)?);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    (parts.next().is_none() && year > 0).then_some(date)
}

/// A count as text or number; the fraction of a number is dropped.
fn guests(form: &Form) -> ApiResult<Option<u32>> {
    let count = match form.get("guests") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().parse::<i64>().ok(),
        Some(Value::Number(number)) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Some(_) => None,
    };
    let count =
        count.filter(|count| (0..TOO_MANY).contains(count)).and_then(|count| u32::try_from(count).ok());
    count.map(Some).ok_or_else(|| wrong("El número de huéspedes no es válido."))
}

/// The whole part of a number that is not too large.
fn whole(number: f64) -> Option<i64> {
    let whole = number.trunc();
    (whole.abs() < TOO_MANY as f64).then_some(whole as i64)
}

fn house(form: &Form) -> ApiResult<Option<HouseId>> {
    match form.get("property") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => {
            text.parse().map(Some).map_err(|_| wrong("El identificador de la propiedad no es válido."))
        }
        Some(_) => Err(wrong("El identificador de la propiedad no es válido.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: Value) -> Result<Asked, String> {
        let read = Asked::read(&Form::from_json(body.as_object().unwrap().clone()));
        read.map_err(|problem| {
            assert_eq!((problem.status().as_u16(), &problem.body()["success"]), (400, &json!(false)));
            problem.body()["errors"].as_str().unwrap().to_owned()
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut body = json!({"check_in_date": "2026-01-02", "check_out_date": "2026-01-01", "guests": 2});
        body.as_object_mut().unwrap().insert(name.to_owned(), value);
        body
    }

    #[test]
    fn dates() {
        for (text, expected) in [
            ("2026-01-02", Some("2026-01-02")),
            ("2026-1-2", Some("2026-01-02")),
            ("26-01-02", None),
            ("2026-01-32", None),
            ("2026-001-02", None),
            ("2026-01-02-03", None),
            ("2026-01", None),
            ("0000-01-01", None),
            ("2026-01-0x", None),
            (" 2026-01-02", None),
            ("-026-01-02", None),
            ("", None),
        ] {
            assert_eq!(read_date(text).map(|date| date.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn guests_are_read_generously() {
        for (value, expected) in [
            (json!(4), Some(4)),
            (json!("4"), Some(4)),
            (json!(" 4 "), Some(4)),
            (json!(4.7), Some(4)),
            (json!(-0.5), Some(0)),
            (json!(0), Some(0)),
            (json!("4.7"), None),
            (json!(-1), None),
            (json!(2_147_483_648_i64), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!("x"), None),
            (json!(""), None),
            (json!([4]), None),
        ] {
            let read = asked(with("guests", value.clone())).map(|asked| asked.guests).ok();
            assert_eq!(read, expected, "{value}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_before_what_is_missing() {
        let text = |body: Value| asked(body).unwrap_err();
        assert_eq!(text(json!({})), "Falta la fecha de ingreso.");
        assert_eq!(text(json!({"check_in_date": "2026-01-01"})), "Falta la fecha de salida.");
        assert!(text(json!({"guests": "x"})).contains("huéspedes"));
        assert!(text(json!({"property": "x"})).contains("propiedad"));
        assert!(text(json!({"check_in_date": 5, "check_out_date": "x"})).contains("ingreso"));
        assert_eq!(text(with("guests", Value::Null)), "Falta el número de huéspedes.");
        assert_eq!(text(with("check_out_date", json!(""))), "Falta la fecha de salida.");
        let house = asked(with("property", json!("81fe8f4e-a729-43fa-966a-4cde15be1262"))).unwrap().house;
        assert!(house.is_some() && asked(with("property", json!(""))).unwrap().house.is_none());
    }
}
