//! `GET vistacalendario/` and `GET vistacalendario/{id}/`: the staff calendar (contract 05 §3.2). Read-only: no client
//! writes here.

use axum::{extract::State, response::Response};
use casa_domain::{ReservationId, money::fixed2};
use casa_store::reservations::{Booked, Heads, Page};
use casa_web::{
    ApiResult, AppState, BaseUrl, IdPath, Query, Staff,
    houses::{PropertyShort, property_short},
    json,
    openapi::{Detail, ForStaff, Invalid},
    render,
    reservations::{GuestBody, ReservationBody, SellerBody},
};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    filters::{self, List},
    list::{find, show},
};

/// A reservation as the calendar draws it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarEntry)]
pub struct CalendarEntry<'a> {
    /// Its id.
    pub id: Uuid,
    /// Arrival.
    pub check_in_date: NaiveDate,
    /// Departure, the late check-out night included.
    pub check_out_date: NaiveDate,
    /// How many guests.
    pub guests: u32,
    /// Total in soles.
    pub price_sol: Option<String>,
    /// Total in dollars.
    pub price_usd: Option<String>,
    /// Currency of the advance.
    pub advance_payment_currency: &'static str,
    /// The advance in soles.
    pub adelanto_normalizado: f64,
    /// Status.
    pub status: &'static str,
    /// The guest.
    pub client: GuestBody<'a>,
    /// The seller.
    pub seller: SellerBody<'a>,
    /// The house.
    pub property: Option<PropertyShort>,
    /// Origin.
    pub origin: &'static str,
    /// Late check-out.
    pub late_checkout: bool,
    /// Departure agreed first, with late check-out.
    pub late_check_out_date: Option<NaiveDate>,
}

impl<'a> CalendarEntry<'a> {
    fn new(booked: &'a Booked, heads: &'a Heads) -> Self {
        let one = &booked.reservation;
        Self {
            id: one.id.0,
            check_in_date: one.check_in_date,
            check_out_date: one.check_out_date,
            guests: one.guests,
            price_sol: one.price_sol.map(fixed2),
            price_usd: one.price_usd.map(fixed2),
            advance_payment_currency: one.advance_payment_currency.as_str(),
            adelanto_normalizado: one.advance_in_soles(),
            status: one.status.as_str(),
            client: GuestBody::new(booked.client.as_ref()),
            seller: SellerBody::new(one.seller, heads.staff()),
            property: heads.catalogue().house(one.house).map(property_short),
            origin: one.origin.as_str(),
            late_checkout: one.late_checkout,
            late_check_out_date: one.late_check_out_date,
        }
    }
}

/// Everything within a year or month (or everything), as a bare array in order of arrival.
#[utoipa::path(
    get,
    path = "/api/v1/vistacalendario/",
    tag = "reservations",
    operation_id = "calendar_list",
    params(
        ("year" = Option<String>, Query, description = "Check-in or check-out within it"),
        ("month" = Option<String>, Query, description = "1 to 12, counts together with `year`"),
        ("from" = Option<String>, Query, description = "`today`, `in_progress` or `pending`"),
        ("type" = Option<String>, Query, description = "Only this origin"),
        ("exclude" = Option<String>, Query, description = "Not this origin"),
    ),
    responses(
        (status = 200, description = "The entries", body = Vec<CalendarEntry<'static>>),
        (status = 400, description = "Bad year or month", body = Invalid),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub async fn list(_: Staff, State(state): State<AppState>, query: Query) -> ApiResult<Response> {
    let Some(wish) = filters::wish(&query, List::Calendar, &state.clock)? else {
        return Ok(json(render(&Vec::<CalendarEntry<'_>>::new())?));
    };
    let heads = state.store.reservations().heads().await?;
    let listed = state.store.reservations().list(&heads, &wish, Page::Everything).await?;
    let entries: Vec<_> = listed.rows.iter().map(|row| CalendarEntry::new(row, &heads)).collect();
    Ok(json(render(&entries)?))
}

/// A reservation with its receipts, as `reservations/{id}/`.
#[utoipa::path(
    get,
    path = "/api/v1/vistacalendario/{id}/",
    tag = "reservations",
    operation_id = "calendar_detail",
    params(
        ("id" = String, Path, description = "Its id"),
        ("exclude" = Option<String>, Query, description = "Not found when it has this origin"),
    ),
    responses(
        (status = 200, description = "The reservation", body = ReservationBody<'static>),
        (status = 404, description = "No such reservation", body = Detail),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub async fn detail(
    _: Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<ReservationId>,
    query: Query,
    base: BaseUrl,
) -> ApiResult<Response> {
    let stored = find(&state, id, &query).await?;
    show(&state, &stored, &base).await
}
