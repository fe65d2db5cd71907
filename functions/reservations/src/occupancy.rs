//! `GET property/{slug}/calendar-occupancy/`: when a house is taken, for everybody (contract 05 §3.9).
//!
//! Read from the calendar itself, so it shows exactly what cannot be booked, and only the stays of one house.

use std::collections::BTreeSet;

use axum::extract::{Path, State, rejection::PathRejection};
use casa_domain::{reservation::Status, stay::Stay, time::Month};
use casa_web::{ApiResult, AppState, Query, error, openapi::Failure};
use chrono::{Days, NaiveDate};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is shown where a reservation has no guest with a name.
const NOBODY: &str = "Cliente sin datos";

/// When a house is taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct OccupancyBody {
    /// Always true.
    pub success: bool,
    /// The answer.
    pub data: OccupancyData,
}

/// When a house is taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct OccupancyData {
    /// The house's slug.
    pub property_id: String,
    /// Its stays, in order of arrival.
    pub occupancy: Vec<OccupiedStay>,
}

/// A stay of the house.
#[derive(Debug, Serialize, ToSchema)]
pub struct OccupiedStay {
    /// Arrival.
    pub start_date: NaiveDate,
    /// Departure.
    pub end_date: NaiveDate,
    /// First word of the guest's name and an initial.
    pub guest_name: String,
    /// `confirmed` for approved ones, else the status.
    pub status: &'static str,
    /// The reservation.
    pub reservation_id: Uuid,
    /// Its origin.
    pub origin: &'static str,
}

/// The stays of a house that touch a year, month or day.
#[utoipa::path(
    get,
    path = "/api/v1/property/{slug}/calendar-occupancy/",
    tag = "reservations",
    operation_id = "calendar_occupancy",
    params(
        ("slug" = String, Path, description = "The house's slug"),
        ("year" = u32, Query, description = "1 to 9999", minimum = 1, maximum = 9999),
        ("month" = Option<String>, Query, description = "1 to 12"),
        ("day" = Option<String>, Query, description = "Of that month"),
    ),
    responses(
        (status = 200, description = "The stays", body = OccupancyBody),
        (status = 400, description = "Bad year, month or day", body = Failure),
        (status = 404, description = "No such house", body = Failure),
    )
)]
pub async fn occupancy(
    State(state): State<AppState>,
    slug: Result<Path<String>, PathRejection>,
    query: Query,
) -> ApiResult<axum::Json<OccupancyBody>> {
    let unknown = || error::failure(StatusCode::NOT_FOUND, "La propiedad no existe.");
    let Path(slug) = slug.map_err(|_| unknown())?;
    let catalogue = state.store.houses().catalogue().await?;
    let house = catalogue.by_slug(&slug).ok_or_else(unknown)?;
    let (start, end) = range(&query)?;
    // The night before counts too: a stay that ends on the first day is shown.
    let first = start.checked_sub_days(Days::new(1)).unwrap_or(start);
    let after = end.checked_add_days(Days::new(1)).unwrap_or(end);
    let mut ids = BTreeSet::new();
    let mut from = first;
    while from < after {
        // A stay has at most a year and a day, a range at most that and a night more.
        let until = after.min(from.checked_add_days(Days::new(366)).unwrap_or(after));
        let part = Stay::new(from, until).map_err(|_| bad("El rango de fechas no es válido."))?;
        ids.extend(state.store.calendar().held(house.id, part).await?.into_values());
        from = until;
    }
    let ids: Vec<_> = ids.into_iter().collect();
    let found = state.store.reservations().get_many(&ids).await?;
    let mut stays: Vec<_> = found
        .values()
        .map(|stored| &stored.booked)
        .filter(|booked| {
            let one = &booked.reservation;
            one.check_in_date <= end && one.check_out_date >= start
        })
        .collect();
    stays.sort_by_key(|booked| {
        (booked.reservation.check_in_date, booked.reservation.created, booked.reservation.id)
    });
    let occupancy = stays
        .into_iter()
        .map(|booked| {
            let one = &booked.reservation;
            OccupiedStay {
                start_date: one.check_in_date,
                end_date: one.check_out_date,
                guest_name: booked
                    .client
                    .as_ref()
                    .and_then(|guest| guest.public_name())
                    .unwrap_or_else(|| NOBODY.to_owned()),
                status: if one.status == Status::Approved { "confirmed" } else { one.status.as_str() },
                reservation_id: one.id.0,
                origin: one.origin.as_str(),
            }
        })
        .collect();
    Ok(axum::Json(OccupancyBody { success: true, data: OccupancyData { property_id: slug, occupancy } }))
}

fn bad(text: &str) -> casa_web::ApiError {
    error::failure(StatusCode::BAD_REQUEST, text)
}

/// First and last day asked for, checked in the documented order.
fn range(query: &Query) -> ApiResult<(NaiveDate, NaiveDate)> {
    let number = |name: &str| query.get(name).map(|text| text.trim().parse::<u32>().ok());
    let year = number("year")
        .flatten()
        .and_then(|year| i32::try_from(year).ok())
        .filter(|year| (1..=9999).contains(year))
        .ok_or_else(|| bad("El año es obligatorio y debe ser un número entre 1 y 9999."))?;
    let month = match number("month") {
        None => None,
        Some(month) => Some(
            month
                .and_then(|month| Month::new(year, month))
                .ok_or_else(|| bad("El mes debe ser un número entre 1 y 12."))?,
        ),
    };
    let day = match number("day") {
        None => None,
        Some(day) => {
            let day = day.filter(|day| (1..=31).contains(day));
            Some(day.ok_or_else(|| bad("El día debe ser un número entre 1 y 31."))?)
        }
    };
    match (month, day) {
        (None, Some(_)) => Err(bad("Para indicar un día hay que indicar también el mes.")),
        (Some(month), Some(day)) => {
            let date = NaiveDate::from_ymd_opt(year, month.number(), day);
            let date = date.ok_or_else(|| bad("Ese día no existe en el mes indicado."))?;
            Ok((date, date))
        }
        (Some(month), None) => Ok((month.first_day(), month.last_day())),
        (None, None) => {
            let edge = |month| Month::new(year, month).ok_or_else(|| bad("El año no es válido."));
            Ok((edge(1)?.first_day(), edge(12)?.last_day()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let read = |query: &str| range(&Query::parse(query)).map(|(a, b)| format!("{a} {b}")).ok();
        assert_eq!(read("year=2025").as_deref(), Some("2025-01-01 2025-12-31"));
        assert_eq!(read("year=2024&month=2").as_deref(), Some("2024-02-01 2024-02-29"));
        assert_eq!(read("year=2024&month=2&day=29").as_deref(), Some("2024-02-29 2024-02-29"));
        for bad in [
            "",
            "year=0",
            "year=x",
            "year=10000",
            "year=2025&month=13",
            "year=2025&day=3",
            "year=2025&month=2&day=30",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
