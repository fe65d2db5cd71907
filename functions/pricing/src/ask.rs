//! What the query of a quote says, checked in the documented order (contract 04 §3.5, 05 §3.12).

use casa_domain::{
    ClientId, HouseId,
    ids::ServiceId,
    pricing::quote::Guest,
    stay::{MAX_NIGHTS, Stay, StayError},
};
use casa_store::StoredClient;
use casa_web::{ApiError, ApiResult, Query};
use chrono::NaiveDate;
use http::StatusCode;

use crate::failure::{bad_quote, of_quote};

/// Most guests of a quote; more is a slip of the keyboard.
pub(crate) const MOST_GUESTS: u32 = 1000;

/// Check-in, check-out and guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The nights.
    pub stay: Stay,
    /// At least 1.
    pub guests: u32,
}

impl Asked {
    /// Checks 1, 2, 8, 9, 14 and 3.
    ///
    /// # Errors
    /// 400 with the number of the first check that fails.
    pub fn read(query: &Query, today: NaiveDate) -> ApiResult<Self> {
        let (Some(check_in), Some(check_out)) = (query.get("check_in_date"), query.get("check_out_date"))
        else {
            return Err(bad_quote(1, "Indique la fecha de ingreso y la fecha de salida."));
        };
        let (Some(check_in), Some(check_out)) = (date(check_in), date(check_out)) else {
            return Err(bad_quote(2, "Las fechas deben tener el formato AAAA-MM-DD."));
        };
        if check_in < today {
            return Err(bad_quote(8, "La fecha de ingreso no puede ser anterior a hoy."));
        }
        let stay = Stay::new(check_in, check_out).map_err(|problem| match problem {
            StayError::NotAfter => bad_quote(9, "La fecha de salida debe ser posterior a la de ingreso."),
            StayError::TooLong => {
                bad_quote(14, &format!("Una estadía puede tener hasta {MAX_NIGHTS} noches."))
            }
        })?;
        let guests = match query.get("guests") {
            None => 1,
            Some(text) => guests(text).ok_or_else(|| {
                bad_quote(
                    3,
                    &format!("La cantidad de huéspedes debe ser un número entero de 1 a {MOST_GUESTS}."),
                )
            })?,
        };
        Ok(Self { stay, guests })
    }
}

/// A date as the original read it: parts may lack their leading zero, years have four digits.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if parts.next().is_some() || year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    // Year 0 is none.
    (year != "0000").then_some(date)
}

/// A number of guests: spaces around it are fine, fractions are not.
pub(crate) fn guests(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|guests| (1..=MOST_GUESTS).contains(guests))
}

/// Check 5.
///
/// # Errors
/// 400 / 5.
pub(crate) fn house(query: &Query) -> ApiResult<Option<HouseId>> {
    id(query, "property_id", || bad_quote(5, "El identificador de la propiedad no es válido."))
}

/// Check 7.
///
/// # Errors
/// 400 / 7.
pub(crate) fn client(query: &Query) -> ApiResult<Option<ClientId>> {
    id(query, "client_id", || bad_quote(7, "El identificador del cliente no es válido."))
}

/// Check 6, and what is known of the guest, if one was named.
///
/// # Errors
/// 404 / 6 where nothing is known of who was named.
pub(crate) fn known(
    client: Option<ClientId>,
    guest: Option<(StoredClient, Guest)>,
) -> ApiResult<(Option<StoredClient>, Option<Guest>)> {
    if client.is_some() && guest.is_none() {
        return Err(of_quote(StatusCode::NOT_FOUND, 6, "El cliente no existe."));
    }
    Ok(guest.unzip())
}

fn id<T: std::str::FromStr>(
    query: &Query,
    name: &str,
    wrong: impl FnOnce() -> ApiError,
) -> ApiResult<Option<T>> {
    query.get(name).map(str::parse).transpose().map_err(|_| wrong())
}

/// The services asked for (the form part of check 8); unknown ones are told later, when the price book is read.
///
/// # Errors
/// 400 / 12.
pub(crate) fn services(query: &Query) -> ApiResult<Vec<ServiceId>> {
    let Some(text) = query.get("additional_services") else { return Ok(Vec::new()) };
    let wrong = || bad_quote(12, "Los servicios deben ser identificadores separados por comas.");
    let mut services = Vec::new();
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let service = item.parse().map_err(|_| wrong())?;
        if !services.contains(&service) {
            services.push(service);
        }
    }
    if services.is_empty() { Err(wrong()) } else { Ok(services) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(query: &str) -> u64 {
        let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
        match Asked::read(&Query::parse(query), today) {
            Ok(_) => 0,
            Err(refusal) => refusal.body()["error"].as_u64().unwrap(),
        }
    }

    /// The first failing check is told, whatever else is wrong.
    #[test]
    fn checks_come_in_the_documented_order() {
        for (query, expected) in [
            ("check_in_date=&check_out_date=x&guests=0", 1),
            ("check_in_date=2026-06-31&check_out_date=2026-07-01&guests=0", 2),
            ("check_in_date=2026-05-31&check_out_date=2026-05-30&guests=0", 8),
            ("check_in_date=2026-06-01&check_out_date=2026-06-01&guests=0", 9),
            ("check_in_date=2026-06-01&check_out_date=2027-06-03&guests=0", 14),
            ("check_in_date=2026-06-01&check_out_date=2026-06-02&guests=0", 3),
            ("check_in_date=2026-06-01&check_out_date=2026-06-02&guests=2.0", 3),
            ("check_in_date=2026-06-01&check_out_date=2026-06-02&guests=-1", 3),
            ("check_in_date=2026-06-01&check_out_date=2026-06-02&guests=1001", 3),
            ("check_in_date=2026-6-1&check_out_date=2026-6-9&guests=+2+", 0),
            ("check_in_date=2026-06-01&check_out_date=2026-06-02&guests=", 0),
        ] {
            assert_eq!(number(query), expected, "{query}");
        }
    }

    /// Contract 04 §9, example 50: the local day ends five hours after that of UTC.
    #[test]
    fn example_50_today_is_local() {
        let zone = "America/Lima".parse().unwrap();
        for (now, expected) in [("2026-06-02T04:59:00+00:00", None), ("2026-06-02T05:00:00+00:00", Some(8))] {
            let clock = casa_web::Clock::frozen_at(now.parse().unwrap(), zone);
            let query = Query::parse("check_in_date=2026-06-01&check_out_date=2026-06-02");
            let refused = Asked::read(&query, clock.today()).err();
            assert_eq!(refused.and_then(|refusal| refusal.body()["error"].as_u64()), expected, "{now}");
        }
    }

    #[test]
    fn services_are_ids_once_each() {
        let id = "9e2b82ee-63e3-4c72-8efc-dec8521b14f2";
        let upper = id.to_uppercase();
        let read = |text: &str| services(&Query::parse(&format!("additional_services={text}")));
        assert_eq!(read(&format!("{id},,{upper}, {}", id.replace('-', ""))).unwrap().len(), 1);
        assert_eq!(read("").unwrap().len(), 0);
        for bad in [",", "x", &format!("{id},7")] {
            assert_eq!(read(bad).unwrap_err().body()["error"], 12, "{bad}");
        }
    }
}
