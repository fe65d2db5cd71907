//! The public catalogue of houses (contract 04 §3.1).

use axum::extract::State;
use axum::{Json, extract::Path};
use casa_domain::text::{fold, matches_all, search_terms};
use casa_web::{
    ApiError, ApiResult, AppState, BaseUrl, MaybeStaff, PageEnvelope, PageWish, Query, error,
    houses::{PropertyDetail, property_detail, property_list_item},
    openapi::Detail,
};
use http::StatusCode;
use serde_json::json;

use crate::shapes::PropertyList;

/// The houses on offer, by name.
#[utoipa::path(
    get,
    path = "/api/v1/property/",
    tag = "properties",
    operation_id = "property_list",
    params(
        ("search" = Option<String>, Query, description = "Words that the name must contain, in any case."),
        ("page" = Option<String>, Query, description = "Page number from 1, or `last`."),
        ("page_size" = Option<String>, Query, description = "Rows per page, 1 to 1000 (100), or `none` for a bare array."),
    ),
    responses(
        (status = 200, description = "Houses", body = PropertyList),
        (status = 400, description = "Unusable search", body = Vec<String>),
        (status = 404, description = "No such page", body = Detail),
    ),
)]
pub async fn list(
    State(state): State<AppState>,
    query: Query,
    base: BaseUrl,
) -> ApiResult<Json<PropertyList>> {
    let search = query.get("search").unwrap_or_default();
    if search.contains('\0') {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, json!(["No se permiten caracteres nulos."])));
    }
    let terms = search_terms(search);
    let wish = PageWish::read(&query, true)?;
    let catalogue = state.store.houses().catalogue().await?;
    let found: Vec<_> = catalogue.live().filter(|house| matches_all(&terms, &[fold(&house.name)])).collect();
    let total = found.len() as u64;
    let (skip, take) = wish.part(total);
    let rows =
        part(found.into_iter(), skip, take).map(|house| property_list_item(&catalogue, house)).collect();
    Ok(Json(match wish {
        PageWish::Everything => PropertyList::Everything(rows),
        PageWish::Page { .. } => {
            PropertyList::Page(PageEnvelope::new(wish, rows, total, &base, "/api/v1/property/", &query)?)
        }
    }))
}

/// One house by its slug, with all its photos. Staff also see its links to Airbnb, the pool heating and the music
/// player.
#[utoipa::path(
    get,
    path = "/api/v1/property/{slug}/",
    tag = "properties",
    operation_id = "property_detail",
    params(("slug" = String, Path, description = "Key of the house in addresses.")),
    responses(
        (status = 200, description = "The house", body = PropertyDetail),
        (status = 404, description = "No such house", body = Detail),
    ),
    security((), ("staff" = [])),
)]
pub async fn detail(
    MaybeStaff(staff): MaybeStaff,
    State(state): State<AppState>,
    slug: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> ApiResult<Json<PropertyDetail>> {
    let Path(slug) = slug.map_err(|_| error::not_found())?;
    let catalogue = state.store.houses().catalogue().await?;
    let house = catalogue.by_slug(&slug).ok_or_else(error::not_found)?;
    let shown = property_detail(&catalogue, house);
    Ok(Json(if staff.is_some() { shown } else { shown.for_strangers() }))
}

/// The rows of a page.
pub(crate) fn part<T>(rows: impl Iterator<Item = T>, skip: u64, take: u64) -> impl Iterator<Item = T> {
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    rows.skip(count(skip)).take(count(take))
}
