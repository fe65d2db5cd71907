//! Query parameters of the lists, read into what the store understands (contract 05 §3.1, §3.2).

use std::collections::BTreeSet;

use casa_domain::{
    reservation::{Origin, Status},
    text::{fold, search_terms},
    time::Month,
};
use casa_store::{
    Catalogue,
    reservations::{Search, Window, Wish},
};
use casa_web::{ApiError, ApiResult, AppState, Clock, Query, error};
use http::StatusCode;
use serde_json::json;

/// Which list is filtered: their parameters differ a little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// `reservations/`.
    Reservations,
    /// `vistacalendario/`.
    Calendar,
}

/// What the query asks for; `None` when nothing can match (an unknown origin).
pub fn wish(query: &Query, list: List, clock: &Clock) -> ApiResult<Option<Wish>> {
    let mut wish = Wish::default();
    let mut windows = Vec::new();
    if let Some(window) = months(query, list)? {
        windows.push(window);
    }
    match query.get("from") {
        Some("today") => windows.push(Window::From(clock.today())),
        Some("in_progress") => windows.push(Window::Staying(clock.today())),
        Some("pending") if list == List::Calendar => wish.statuses = Some(BTreeSet::from([Status::Pending])),
        Some("pending") => wish.statuses = Some(BTreeSet::from([Status::Pending, Status::UnderReview])),
        _ => {}
    }
    // The first window is the narrowest to read: a month or year before an open end.
    windows.sort_by_key(|window| matches!(window, Window::From(_) | Window::All));
    let mut windows = windows.into_iter();
    if let Some(window) = windows.next() {
        wish.window = window;
    }
    wish.also = windows.collect();
    if list == List::Reservations && query.get("created_today") == Some("true") {
        let (from, to) = (clock.today(), clock.today().succ_opt().unwrap_or(clock.today()));
        wish.entered = Some((clock.start_of(from), clock.start_of(to)));
    }
    if let Some(origin) = query.get("type") {
        match origin.parse::<Origin>() {
            Ok(origin) => wish.origin = Some(origin),
            Err(_) => return Ok(None),
        }
    }
    wish.not_origin = query.get("exclude").and_then(|origin| origin.parse().ok());
    Ok(Some(wish))
}

fn months(query: &Query, list: List) -> ApiResult<Option<Window>> {
    let (year, month) = (query.get("year"), query.get("month"));
    let wrong = |key: &str, text: &str| match list {
        List::Reservations => error::parameter(key, text),
        List::Calendar => error::parameter("error", text),
    };
    let bad_month = || wrong("error_month_param", "El mes debe ser un número entre 1 y 12.");
    let bad_year = || wrong("error_year_param", "El año debe ser un número entero mayor que cero.");
    let read_year = |text: &str| text.trim().parse::<i32>().ok().filter(|year| (1..=9999).contains(year));
    let read_month = |text: &str| text.trim().parse::<u32>().ok().filter(|month| (1..=12).contains(month));
    match (year, month) {
        (Some(year), Some(month)) => {
            // The reservation list checks the month first, the calendar the year.
            let early = if list == List::Calendar { read_year(year).ok_or_else(bad_year)? } else { 0 };
            let month = read_month(month).ok_or_else(bad_month)?;
            let year = if list == List::Calendar { early } else { read_year(year).ok_or_else(bad_year)? };
            let month = Month::new(year, month).ok_or_else(bad_year)?;
            let arrivals = list == List::Reservations && query.get("from_check_in") == Some("true");
            Ok(Some(Window::Month { month, arrivals }))
        }
        (Some(year), None) if list == List::Calendar => {
            Ok(Some(Window::Year(read_year(year).ok_or_else(bad_year)?)))
        }
        _ => Ok(None),
    }
}

/// The `search` parameter resolved against houses and, where no house has a term in its name, guests.
///
/// # Errors
/// 400 with a bare list for a NUL (contract 01 §4.6); failures of the table.
pub async fn search(query: &Query, catalogue: &Catalogue, state: &AppState) -> ApiResult<Search> {
    let Some(text) = query.get("search") else { return Ok(Search::default()) };
    if text.contains('\0') {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, json!(["No se permiten caracteres nulos."])));
    }
    let terms = search_terms(text);
    let houses: Vec<_> = catalogue.all_houses().map(|house| fold(&house.name)).collect();
    let of_guests: Vec<_> = terms
        .iter()
        .filter(|term| !houses.iter().any(|house| house.contains(term.as_str())))
        .cloned()
        .collect();
    let guests = if of_guests.is_empty() { None } else { Some(state.client_book().await?.named(&of_guests)) };
    Ok(Search { terms, guests })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, list: List) -> ApiResult<Option<Wish>> {
        let clock = Clock::frozen_at("2025-11-12T10:30:00-05:00".parse().unwrap(), chrono_tz());
        wish(&Query::parse(query), list, &clock)
    }

    fn chrono_tz() -> casa_web::Zone {
        "America/Lima".parse().unwrap()
    }

    #[test]
    fn months_are_checked_in_the_documented_order() {
        let key = |query: &str, list| {
            let body = read(query, list).unwrap_err();
            body.body().as_object().unwrap().keys().next().unwrap().clone()
        };
        assert_eq!(key("year=x&month=13", List::Reservations), "error_month_param");
        assert_eq!(key("year=x&month=3", List::Reservations), "error_year_param");
        assert_eq!(key("year=10000&month=3", List::Reservations), "error_year_param");
        assert_eq!(key("year=0", List::Calendar), "error");
        assert!(read("year=x", List::Reservations).unwrap().is_some());
    }

    #[test]
    fn unknown_origins_match_nothing_and_empty_ones_everything() {
        assert!(read("type=zzz", List::Reservations).unwrap().is_none());
        assert_eq!(read("type=&from=&search=", List::Reservations).unwrap().unwrap().window, Window::All);
        let both = read("year=2025&month=11&from=today", List::Reservations).unwrap().unwrap();
        assert!(matches!(both.window, Window::Month { arrivals: false, .. }));
        assert_eq!(both.also.len(), 1);
    }
}
