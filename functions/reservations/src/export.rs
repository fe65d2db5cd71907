//! `GET export/monthly/`: the arrivals of a month as JSON (contract 05 §3.8), or as a workbook with `format=xlsx`.

mod workbook;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use casa_domain::{
    money::displayed::number,
    reservation::{Origin, Status},
    spanish::month_and_year,
    time::{Month, utc_offset_iso},
};
use casa_store::reservations::{Booked, Heads, Page, Window, Wish};
use casa_web::{
    ApiError, ApiResult, AppState, Query, Staff, error, json,
    openapi::{Failure, ForStaff},
    render,
    reservations::SellerBody,
};
use chrono::NaiveDate;
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The arrivals of a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthlyExport)]
pub struct MonthlyExport<'a> {
    /// Always true.
    pub success: bool,
    /// The answer.
    pub data: MonthlyData<'a>,
}

/// The arrivals of a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthlyData)]
pub struct MonthlyData<'a> {
    /// "Noviembre 2026".
    pub period: String,
    /// How many.
    pub total_reservations: usize,
    /// The arrivals.
    pub reservations: Vec<ExportedBody<'a>>,
}

/// A reservation of the export. Amounts are numbers, missing texts are empty.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedReservation)]
#[allow(missing_docs)] // the keys are the contract's (05 §3.8)
pub struct ExportedBody<'a> {
    pub id: Uuid,
    pub client_name: String,
    pub client_email: &'a str,
    pub client_phone: &'a str,
    pub property_name: &'a str,
    pub check_in_date: NaiveDate,
    pub check_out_date: NaiveDate,
    pub guests: u32,
    pub price_usd: f64,
    pub price_sol: f64,
    pub advance_payment: f64,
    pub advance_payment_currency: &'static str,
    pub full_payment: bool,
    pub temperature_pool: bool,
    pub origin: &'static str,
    pub status: &'static str,
    pub seller_name: String,
    pub created: String,
    pub number_nights: i64,
    pub points_redeemed: f64,
    pub discount_code_used: &'a str,
    pub tel_contact_number: &'a str,
    pub comentarios_reservas: &'a str,
}

impl<'a> ExportedBody<'a> {
    fn new(booked: &'a Booked, heads: &'a Heads) -> Self {
        let one = &booked.reservation;
        let guest = booked.client.as_ref();
        let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
        Self {
            id: one.id.0,
            client_name: guest.map(|guest| guest.full_name()).unwrap_or_default(),
            client_email: guest.and_then(|guest| guest.email.as_deref()).unwrap_or_default(),
            client_phone: guest.map(|guest| guest.tel_number.as_str()).unwrap_or_default(),
            property_name: heads
                .catalogue()
                .house(one.house)
                .map(|house| house.name.as_str())
                .unwrap_or_default(),
            check_in_date: one.check_in_date,
            check_out_date: one.check_out_date,
            guests: one.guests,
            price_usd: number(one.price_usd.unwrap_or_default()),
            price_sol: number(one.price_sol.unwrap_or_default()),
            advance_payment: number(one.advance_payment.unwrap_or_default()),
            advance_payment_currency: one.advance_payment_currency.as_str(),
            full_payment: one.full_payment,
            temperature_pool: one.temperature_pool,
            origin: Origin::label(one.origin),
            // The original never translated this one, and its readers know it so.
            status: if one.status == Status::UnderReview { one.status.as_str() } else { one.status.label() },
            seller_name: SellerBody::new(one.seller, heads.staff()).full_name(),
            created: utc_offset_iso(one.created),
            number_nights: one.nights(),
            points_redeemed: number(one.points_redeemed),
            discount_code_used: text(&one.discount_code_used),
            tel_contact_number: text(&one.tel_contact_number),
            comentarios_reservas: text(&one.comentarios_reservas),
        }
    }
}

/// The reservations that check in within a month, in order of arrival: as JSON, or as a workbook for people.
#[utoipa::path(
    get,
    path = "/api/v1/export/monthly/",
    tag = "reservations",
    operation_id = "export_monthly",
    params(
        ("year" = u32, Query, description = "2020 to 2030", minimum = 2020, maximum = 2030),
        ("month" = u32, Query, description = "1 to 12", minimum = 1, maximum = 12),
        ("format" = Option<String>, Query, description = "`json` (default), or `xlsx` for a workbook"),
    ),
    responses(
        (status = 200, description = "The arrivals", content(
            (MonthlyExport<'static> = "application/json"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        )),
        (status = 400, description = "Bad year, month or format", body = Failure),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub async fn monthly(_: Staff, State(state): State<AppState>, query: Query) -> ApiResult<Response> {
    let month = month(&query)?;
    let as_workbook = format(&query)?;
    let heads = state.store.reservations().heads().await?;
    let wish = Wish { window: Window::Month { month, arrivals: true }, ..Wish::default() };
    let listed = state.store.reservations().list(&heads, &wish, Page::Everything).await?;
    let reservations: Vec<_> = listed.rows.iter().map(|row| ExportedBody::new(row, &heads)).collect();
    if as_workbook {
        return attachment(month, &reservations);
    }
    let data =
        MonthlyData { period: month_and_year(month), total_reservations: reservations.len(), reservations };
    Ok(json(render(&MonthlyExport { success: true, data })?))
}

/// The workbook as a file to keep.
fn attachment(month: Month, reservations: &[ExportedBody<'_>]) -> ApiResult<Response> {
    let bytes = workbook::of(month, reservations).map_err(|error| {
        tracing::error!(%error, "the workbook could not be written");
        error::failure(StatusCode::INTERNAL_SERVER_ERROR, "No se pudo preparar el archivo.")
    })?;
    let name = format!("attachment; filename=\"reservas-{month}.xlsx\"");
    let headers =
        [(header::CONTENT_TYPE, workbook::MEDIA_TYPE), (header::CONTENT_DISPOSITION, name.as_str())];
    Ok((headers, bytes).into_response())
}

/// Whether a workbook is wanted.
fn format(query: &Query) -> Result<bool, ApiError> {
    match query.get("format") {
        None | Some("json") => Ok(false),
        Some("xlsx") => Ok(true),
        Some(_) => Err(error::failure(StatusCode::BAD_REQUEST, "El formato debe ser json o xlsx.")),
    }
}

fn month(query: &Query) -> Result<Month, ApiError> {
    let bad = |text: &str| error::failure(StatusCode::BAD_REQUEST, text);
    let (Some(year), Some(month)) = (query.get("year"), query.get("month")) else {
        return Err(bad("El año y el mes son obligatorios."));
    };
    let year = year.trim().parse().ok().filter(|year| (2020..=2030).contains(year));
    let year = year.ok_or_else(|| bad("El año debe ser un número entre 2020 y 2030."))?;
    let month = month.trim().parse().ok().and_then(|month| Month::new(year, month));
    month.ok_or_else(|| bad("El mes debe ser un número entre 1 y 12."))
}
