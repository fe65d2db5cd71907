//! `GET reservations/` and `GET reservations/{id}/` (contract 05 §3.1).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Extension, extract::State, response::Response};
use bytes::Bytes;
use casa_domain::{HouseId, ReservationId};
use casa_store::{
    Catalogue,
    reservations::{Heads, Listed, Page, Stored},
};
use casa_web::{
    ApiError, ApiResult, AppState, BaseUrl, IdPath, PageEnvelope, PageWish, Query, Staff, error,
    houses::{PropertyDetail, property_detail},
    json,
    openapi::{Detail, ForStaff, Invalid},
    render,
    reservations::{ReceiptBody, ReservationBody},
};

use crate::filters::{self, List};

const PATH: &str = "/api/v1/reservations/";

/// Rendered pages of this process, each good for as long as nothing it shows has changed.
#[derive(Clone, Debug, Default)]
pub struct WarmPages(Arc<Mutex<HashMap<String, (String, Bytes)>>>);

impl WarmPages {
    /// Most pages kept; the largest are about a third of a megabyte per hundred rows.
    const MOST: usize = 48;
    /// Larger answers are not kept.
    const LARGEST: usize = 1024 * 1024;

    fn get(&self, key: &str, version: &str) -> Option<Bytes> {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.get(key).filter(|(seen, _)| seen == version).map(|(_, body)| body.clone())
    }

    fn keep(&self, key: String, version: &str, body: &Bytes) {
        if body.len() > Self::LARGEST {
            return;
        }
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= Self::MOST {
            pages.clear();
        }
        pages.insert(key, (version.to_owned(), body.clone()));
    }
}

/// Houses of a catalogue as reservations show them.
pub fn details(catalogue: &Catalogue) -> HashMap<HouseId, PropertyDetail> {
    catalogue.all_houses().map(|house| (house.id, property_detail(catalogue, house))).collect()
}

/// Reservations, filtered and in pages; `page_size=none` gives a bare array of everything.
#[utoipa::path(
    get,
    path = "/api/v1/reservations/",
    tag = "reservations",
    operation_id = "reservations_list",
    params(
        ("page" = Option<String>, Query, description = "From 1, or `last`"),
        ("page_size" = Option<String>, Query, description = "1 to 1000, default 100; `none` for a bare array"),
        ("search" = Option<String>, Query, description = "Words found in the guest's names or e-mail, or the house's name"),
        ("year" = Option<String>, Query, description = "Together with `month`: check-in or check-out within it"),
        ("month" = Option<String>, Query, description = "1 to 12"),
        ("from_check_in" = Option<String>, Query, description = "`true`: with year and month, arrivals only"),
        ("from" = Option<String>, Query, description = "`today`, `in_progress` or `pending`"),
        ("type" = Option<String>, Query, description = "Only this origin: `air`, `aus`, `man`, `client`"),
        ("exclude" = Option<String>, Query, description = "Not this origin"),
        ("created_today" = Option<String>, Query, description = "`true`: entered today (local date)"),
    ),
    responses(
        (status = 200, description = "A page (or a bare array for `page_size=none`)", body = ReservationList),
        (status = 400, description = "Bad month, year or search", body = BadFilter),
        (status = 404, description = "No such page", body = Detail),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub async fn list(
    _: Staff,
    State(state): State<AppState>,
    Extension(warm): Extension<WarmPages>,
    query: Query,
    base: BaseUrl,
) -> ApiResult<Response> {
    let pages = PageWish::read(&query, true)?;
    let wish = filters::wish(&query, List::Reservations, &state.clock)?;
    let heads = state.store.reservations().heads().await?;
    let key = format!("{} {} {}", base.0, state.clock.today(), query.canonical());
    if let Some(body) = warm.get(&key, heads.version()) {
        return Ok(json(body));
    }
    let listed = match wish {
        None => Listed { rows: Vec::new(), total: 0 },
        Some(mut wish) => {
            wish.search = filters::search(&query, heads.catalogue(), &state).await?;
            wanted(&state, &heads, &wish, pages).await?
        }
    };
    let houses = details(heads.catalogue());
    let rows: Vec<_> = listed
        .rows
        .iter()
        .map(|row| ReservationBody::new(row, houses.get(&row.reservation.house), heads.staff(), &state.clock))
        .collect();
    let body = match pages {
        PageWish::Everything => render(&rows)?,
        PageWish::Page { .. } => render(&PageEnvelope::new(pages, rows, listed.total, &base, PATH, &query)?)?,
    };
    warm.keep(key, heads.version(), &body);
    Ok(json(body))
}

async fn wanted(
    state: &AppState,
    heads: &Heads,
    wish: &casa_store::reservations::Wish,
    pages: PageWish,
) -> ApiResult<Listed> {
    let reservations = state.store.reservations();
    let page = match pages {
        PageWish::Everything => Page::Everything,
        PageWish::Page { number: Some(_), .. } => {
            let (skip, size) = pages.part(0);
            Page::Part { skip, size }
        }
        PageWish::Page { number: None, .. } => {
            // The last page is known once the count is.
            let count = reservations.list(heads, wish, Page::Part { skip: 0, size: 0 }).await?;
            let (skip, size) = pages.part(count.total);
            Page::Part { skip, size }
        }
    };
    Ok(reservations.list(heads, wish, page).await?)
}

/// A reservation that is live and not of the origin the query excludes.
///
/// # Errors
/// 404 otherwise.
pub async fn find(state: &AppState, id: ReservationId, query: &Query) -> ApiResult<Stored> {
    let stored = state.store.reservations().get(id).await?;
    stored
        .filter(|stored| {
            let one = &stored.booked.reservation;
            !one.deleted && query.get("exclude") != Some(one.origin.as_str())
        })
        .ok_or_else(error::not_found)
}

/// A reservation with its receipts.
#[utoipa::path(
    get,
    path = "/api/v1/reservations/{id}/",
    tag = "reservations",
    operation_id = "reservations_detail",
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

/// Renders a reservation with its receipts.
pub async fn show(state: &AppState, stored: &Stored, base: &BaseUrl) -> Result<Response, ApiError> {
    let one = &stored.booked.reservation;
    let catalogue = state.store.houses().catalogue().await?;
    let staff = state.store.users().directory().await?;
    let receipts = state.store.receipts().of(one.id).await?;
    let house = catalogue.house(one.house).map(|house| property_detail(&catalogue, house));
    let mut body = ReservationBody::new(&stored.booked, house.as_ref(), &staff, &state.clock);
    let now = state.clock.now();
    body.recipts =
        Some(receipts.iter().map(|receipt| ReceiptBody::new(receipt, &state.files, base, now)).collect());
    Ok(json(render(&body)?))
}

/// A page of reservations, or all of them.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[allow(dead_code)] // only its schema is used
#[serde(untagged)]
pub(crate) enum ReservationList {
    /// A page.
    #[schema(title = "page")]
    Page(Box<PageEnvelope<ReservationBody<'static>>>),
    /// Everything.
    #[schema(title = "everything")]
    Everything(Vec<ReservationBody<'static>>),
}

/// Errors by parameter, or a bare list.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[allow(dead_code)] // only its schema is used
#[serde(untagged)]
pub(crate) enum BadFilter {
    /// By parameter.
    #[schema(title = "parameter")]
    Parameter(Invalid),
    /// A bare list.
    #[schema(title = "list")]
    List(Vec<String>),
}
