//! `GET get-ics/`: the calendar of a house for other platforms, made when it is asked for (contract 05 §3.4, §4.6 with
//! defect 13 of §8). `GET update-ics/` has nothing left to do.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use casa_domain::{House, Reservation, reservation::Origin, text::slugify};
use casa_gateways::ical::{ExportedStay, write};
use casa_store::Catalogue;
use casa_web::{
    ApiResult, AppState, Query, Staff, error,
    openapi::{Detail, ForStaff},
};
use chrono::NaiveDate;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// A note in words.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarNote {
    /// In Spanish.
    message: &'static str,
}

/// The calendar of a house: stays that have not ended and hold their nights, Airbnb's own left out. It names nobody.
#[utoipa::path(
    get,
    path = "/api/v1/get-ics/",
    tag = "reservations",
    operation_id = "calendar_file",
    params(("q" = String, Query, description = "The house's name or slug")),
    responses(
        (status = 200, description = "An iCalendar file", body = String, content_type = "text/calendar",
            headers(("ETag" = String, description = "Names this state of it"))),
        (status = 304, description = "As the caller has it"),
        (status = 400, description = "No house is named", body = Detail),
        (status = 404, description = "No such house", body = Detail),
    )
)]
pub async fn file(State(state): State<AppState>, query: Query, headers: HeaderMap) -> ApiResult<Response> {
    let name = query
        .get("q")
        .filter(|name| !name.trim().is_empty())
        .ok_or_else(|| error::parameter("q", "Indique la casa en el parámetro q."))?;
    let catalogue = state.store.houses().catalogue().await?;
    let house = named(&catalogue, name).ok_or_else(error::not_found)?;
    let today = state.clock.today();
    // A stay that ends today still counts; its last night was yesterday's.
    let from = today.pred_opt().unwrap_or(today);
    let ids: Vec<_> = state.store.calendar().holders_from(house.id, from).await?.into_iter().collect();
    let found = state.store.reservations().get_many(&ids).await?;
    let mut stays: Vec<_> = found
        .values()
        .map(|stored| &stored.booked.reservation)
        .filter(|one| is_told(one, house, today))
        .collect();
    stays.sort_by_key(|one| (one.check_in_date, one.created, one.id));
    let stays: Vec<_> = stays.into_iter().map(exported).collect();
    Ok(answer(write(&stays), headers.get(header::IF_NONE_MATCH)))
}

/// Calendars are made when they are asked for: nothing is left to do.
#[utoipa::path(
    get,
    path = "/api/v1/update-ics/",
    tag = "reservations",
    operation_id = "calendar_files_update",
    responses((status = 200, description = "Done", body = CalendarNote), ForStaff),
    security(("staff" = []))
)]
pub async fn update(_: Staff) -> Json<CalendarNote> {
    Json(CalendarNote { message: "ok" })
}

/// The offered house with this name or slug.
fn named<'a>(catalogue: &'a Catalogue, name: &str) -> Option<&'a House> {
    let slug = slugify(name);
    let by_slug = catalogue.by_slug(name.trim()).or_else(|| catalogue.by_slug(&slug));
    by_slug.or_else(|| catalogue.live().find(|house| !slug.is_empty() && slugify(&house.name) == slug))
}

fn is_told(one: &Reservation, house: &House, today: NaiveDate) -> bool {
    one.wanted_hold().is_some()
        && one.house == house.id
        && one.origin != Origin::Airbnb
        && one.check_out_date >= today
}

fn exported(one: &Reservation) -> ExportedStay {
    ExportedStay {
        id: one.id.0,
        check_in: one.check_in_date,
        check_out: one.check_out_date,
        created: one.created,
        origin: one.origin.to_string(),
    }
}

fn answer(text: String, seen: Option<&HeaderValue>) -> Response {
    let digest: String = Sha256::digest(&text).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{digest}\"");
    let mut response = if seen.is_some_and(|seen| names(seen, &tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = (header::CONTENT_TYPE, "text/calendar; charset=utf-8");
        let disposition = (header::CONTENT_DISPOSITION, "attachment; filename=\"evento.ics\"");
        ([kind, disposition], text).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether a list of entity tags names this one; weak tags count (RFC 9110 §13.1.2).
fn names(list: &HeaderValue, tag: &str) -> bool {
    let Ok(list) = list.to_str() else { return false };
    list.trim() == "*" || list.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_that_is_known_is_not_sent_again() {
        let first = answer("BEGIN".to_owned(), None);
        let tag = first.headers()[header::ETAG].clone();
        assert_eq!(first.headers()[header::CONTENT_TYPE], "text/calendar; charset=utf-8");
        for (seen, status) in [
            (tag.clone(), 304),
            (HeaderValue::from_str(&format!("\"x\", W/{}", tag.to_str().unwrap())).unwrap(), 304),
            (HeaderValue::from_static("*"), 304),
            (HeaderValue::from_static("\"x\""), 200),
        ] {
            let again = answer("BEGIN".to_owned(), Some(&seen));
            assert_eq!((again.status().as_u16(), &again.headers()[header::ETAG]), (status, &tag), "{seen:?}");
        }
        assert_ne!(answer("END".to_owned(), None).headers()[header::ETAG], tag);
    }
}
