//! Photos of houses: reading, editing, deleting (contract 04 §3.2).

use std::{str::FromStr, time::Duration};

use axum::{Json, extract::State};
use casa_domain::{HouseId, Photo, PhotoId};
use casa_store::{Catalogue, StoreError};
use casa_web::{
    ApiError, ApiResult, AppState, BaseUrl, Checked, IdPath, PageEnvelope, PageWish, Query, error,
    form::Given,
    houses::{PhotoBody, photo_body},
    openapi::{Detail, ForSellers, Invalid, Racing, WithBody},
};
use http::StatusCode;

use crate::{
    catalogue::part,
    names::thumbnail_key,
    seller::{FormOnly, Seller},
    shapes::PhotoFields,
    stored,
};

/// How often a change is decided again because the catalogue changed meanwhile.
const ATTEMPTS: u64 = 8;

/// The number in `properties/{number}/photos/`, which means nothing (contract 04 §3.2).
#[derive(Debug)]
pub(crate) struct Number;

impl FromStr for Number {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) { Ok(Self) } else { Err(()) }
    }
}

/// All photos, or those of one house, by order.
#[utoipa::path(
    get,
    path = "/api/v1/photos/",
    tag = "properties",
    operation_id = "photos_list",
    params(
        ("property_id" = Option<String>, Query, description = "UUID of a house: only its photos. Empty means all."),
        ("page" = Option<String>, Query, description = "Page number from 1, or `last`."),
        ("page_size" = Option<String>, Query, description = "Rows per page, 1 to 1000 (100)."),
    ),
    responses(
        (status = 200, description = "Photos", body = PageEnvelope<PhotoBody>),
        (status = 400, description = "`property_id` is not a UUID", body = Invalid),
        (status = 404, description = "No such page", body = Detail),
    ),
)]
pub async fn list(
    State(state): State<AppState>,
    query: Query,
    base: BaseUrl,
) -> ApiResult<Json<PageEnvelope<PhotoBody>>> {
    page(&state, &query, &base, "/api/v1/photos/").await
}

/// The same list under an address with a number, which is ignored.
#[utoipa::path(
    get,
    path = "/api/v1/properties/{number}/photos/",
    tag = "properties",
    operation_id = "property_photos_list",
    params(
        ("number" = u64, Path, description = "Any whole number; ignored."),
        ("property_id" = Option<String>, Query, description = "UUID of a house: only its photos. Empty means all."),
        ("page" = Option<String>, Query, description = "Page number from 1, or `last`."),
        ("page_size" = Option<String>, Query, description = "Rows per page, 1 to 1000 (100)."),
    ),
    responses(
        (status = 200, description = "Photos", body = PageEnvelope<PhotoBody>),
        (status = 400, description = "`property_id` is not a UUID", body = Invalid),
        (status = 404, description = "Not a number, or no such page", body = Detail),
    ),
)]
pub async fn list_numbered(
    IdPath(Number): IdPath<Number>,
    State(state): State<AppState>,
    query: Query,
    base: BaseUrl,
    uri: http::Uri,
) -> ApiResult<Json<PageEnvelope<PhotoBody>>> {
    page(&state, &query, &base, uri.path()).await
}

async fn page(
    state: &AppState,
    query: &Query,
    base: &BaseUrl,
    path: &str,
) -> ApiResult<Json<PageEnvelope<PhotoBody>>> {
    let house: Option<HouseId> = match query.get("property_id") {
        None => None,
        Some(text) => {
            Some(text.parse().map_err(|_| error::field("property_id", "Debe ser un UUID válido."))?)
        }
    };
    let wish = PageWish::read(query, false)?;
    let catalogue = state.store.houses().catalogue().await?;
    let found: Vec<_> =
        catalogue.all_photos().filter(|photo| house.is_none_or(|house| photo.house == house)).collect();
    let total = found.len() as u64;
    let (skip, take) = wish.part(total);
    let rows = part(found.into_iter(), skip, take).map(photo_body).collect();
    Ok(Json(PageEnvelope::new(wish, rows, total, base, path, query)?))
}

/// One photo.
#[utoipa::path(
    get,
    path = "/api/v1/photos/{id}/",
    tag = "properties",
    operation_id = "photos_detail",
    params(("id" = uuid::Uuid, Path, description = "The photo.")),
    responses(
        (status = 200, description = "The photo", body = PhotoBody),
        (status = 404, description = "No such photo", body = Detail),
    ),
)]
pub async fn detail(
    IdPath(id): IdPath<PhotoId>,
    State(state): State<AppState>,
) -> ApiResult<Json<PhotoBody>> {
    let catalogue = state.store.houses().catalogue().await?;
    catalogue.photo(id).map(|photo| Json(photo_body(photo))).ok_or_else(error::not_found)
}

/// Changes the given fields of a photo. The image and the house stay.
#[utoipa::path(
    patch,
    path = "/api/v1/photos/{id}/",
    tag = "properties",
    operation_id = "photos_edit",
    params(("id" = uuid::Uuid, Path, description = "The photo.")),
    request_body(content(
        (PhotoFields = "multipart/form-data"),
        (PhotoFields = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The photo", body = PhotoBody),
        (status = 400, description = "Unusable fields", body = Invalid),
        (status = 404, description = "No such photo", body = Detail),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub async fn patch(
    _: Seller,
    IdPath(id): IdPath<PhotoId>,
    State(state): State<AppState>,
    form: FormOnly,
) -> ApiResult<Json<PhotoBody>> {
    edit(&state, id, &form, false).await
}

/// Writes the fields of a photo; `order` and `is_main` that are not given become 0 and false.
#[utoipa::path(
    put,
    path = "/api/v1/photos/{id}/",
    tag = "properties",
    operation_id = "photos_replace",
    params(("id" = uuid::Uuid, Path, description = "The photo.")),
    request_body(content(
        (PhotoFields = "multipart/form-data"),
        (PhotoFields = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The photo", body = PhotoBody),
        (status = 400, description = "Unusable fields", body = Invalid),
        (status = 404, description = "No such photo", body = Detail),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub async fn put(
    _: Seller,
    IdPath(id): IdPath<PhotoId>,
    State(state): State<AppState>,
    form: FormOnly,
) -> ApiResult<Json<PhotoBody>> {
    edit(&state, id, &form, true).await
}

/// Deletes a photo; its files stay.
#[utoipa::path(
    delete,
    path = "/api/v1/photos/{id}/",
    tag = "properties",
    operation_id = "photos_delete",
    params(("id" = uuid::Uuid, Path, description = "The photo.")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such photo", body = Detail),
        ForSellers,
        Racing,
    ),
    security(("staff" = [])),
)]
pub async fn delete(
    _: Seller,
    IdPath(id): IdPath<PhotoId>,
    State(state): State<AppState>,
) -> ApiResult<StatusCode> {
    change(&state, |seen| {
        let photo = seen.photo(id).ok_or_else(error::not_found)?;
        Ok(Photo { deleted: true, ..photo.clone() })
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn edit(state: &AppState, id: PhotoId, form: &FormOnly, whole: bool) -> ApiResult<Json<PhotoBody>> {
    let catalogue = state.store.houses().catalogue().await?;
    let before = catalogue.photo(id).ok_or_else(error::not_found)?;
    let mut checked = form.0.check();
    let given = Fields::read(&mut checked);
    checked.finish()?;
    let given = if whole { given.with_defaults() } else { given };
    let becomes_main = given.is_main.unwrap_or(before.is_main);
    let thumbnail = if becomes_main { missing_thumbnail(state, &catalogue, before).await } else { None };
    let saved = change(state, |seen| {
        let mut photo = seen.photo(id).ok_or_else(error::not_found)?.clone();
        given.write(&mut photo);
        if photo.thumbnail.is_none() {
            photo.thumbnail.clone_from(&thumbnail);
        }
        Ok(photo)
    })
    .await;
    match saved {
        Ok(photo) => Ok(Json(photo_body(&photo))),
        Err(refusal) => {
            forget_files(state, &refusal, thumbnail.as_slice()).await;
            Err(refusal)
        }
    }
}

/// Makes the thumbnail that an older photo lacks when it becomes the main one; a failure costs only the thumbnail
/// (contract 04 §4.10.1).
async fn missing_thumbnail(state: &AppState, catalogue: &Catalogue, photo: &Photo) -> Option<String> {
    let original = photo.image_file.as_ref().filter(|_| photo.thumbnail.is_none())?;
    let house = catalogue.house(photo.house)?;
    let made: ApiResult<Option<String>> = async {
        let Some(file) = state.files.get(original).await? else { return Ok(None) };
        let Ok(small) = stored::thumbnail(file.bytes).await else { return Ok(None) };
        let key = |suffix: Option<&str>| thumbnail_key(house, photo.order, original, suffix);
        stored::put_free(&state.files, key, small.into(), stored::WEBP).await.map(Some)
    }
    .await;
    made.unwrap_or(None)
}

/// The fields of a photo that a body gives.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    /// May be empty.
    pub alt_text: Option<String>,
    /// 0 first.
    pub order: Option<u32>,
    /// Makes it the main photo.
    pub is_main: Option<bool>,
}

impl Fields {
    /// Reads and checks the fields.
    pub fn read(checked: &mut Checked<'_>) -> Self {
        let alt_text = match checked.text("alt_text", 200) {
            Given::Value(text) => Some(text),
            Given::Null => Some(String::new()),
            Given::Absent | Given::Wrong => None,
        };
        let order = checked.integer("order", 0, i64::from(i32::MAX));
        let order = checked.not_null("order", order).value().and_then(|order| u32::try_from(order).ok());
        let is_main = checked.boolean("is_main");
        let is_main = checked.not_null("is_main", is_main).value();
        Self { alt_text, order, is_main }
    }

    /// The same with the defaults of columns that have one (contract 01 §4.8.5).
    pub fn with_defaults(self) -> Self {
        Self { order: self.order.or(Some(0)), is_main: self.is_main.or(Some(false)), ..self }
    }

    fn write(&self, photo: &mut Photo) {
        if let Some(alt_text) = &self.alt_text {
            photo.alt_text.clone_from(alt_text);
        }
        photo.order = self.order.unwrap_or(photo.order);
        photo.is_main = self.is_main.unwrap_or(photo.is_main);
    }
}

/// Writes the photo that `decide` makes of the catalogue, deciding again when that changed meanwhile. A main photo
/// takes the place of every other main photo of its house in the same write.
///
/// # Errors
/// What `decide` refuses, 409 when others keep writing, 503 when the table fails.
pub(crate) async fn change(
    state: &AppState,
    decide: impl Fn(&Catalogue) -> ApiResult<Photo>,
) -> ApiResult<Photo> {
    for attempt in 1..=ATTEMPTS {
        let seen = state.store.houses().catalogue().await?;
        let photo = decide(&seen)?;
        let mut written = others_stepping_back(seen.photos(photo.house), &photo);
        written.push(photo.clone());
        match state.store.houses().save_photos(&seen, &written).await {
            Ok(()) => return Ok(photo),
            Err(StoreError::Changed) => tokio::time::sleep(Duration::from_millis(5 * attempt)).await,
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(error::changed_meanwhile())
}

/// The other main photos of the house, no longer main, when `photo` is main.
fn others_stepping_back<'a>(photos: impl Iterator<Item = &'a Photo>, photo: &Photo) -> Vec<Photo> {
    photos
        .filter(|other| photo.is_main && !photo.deleted && other.is_main && other.id != photo.id)
        .map(|other| Photo { is_main: false, ..other.clone() })
        .collect()
}

/// Removes files whose row was refused. After a failure the row may still have been written, so the files stay.
pub(crate) async fn forget_files(state: &AppState, refusal: &ApiError, keys: &[String]) {
    if refusal.status().is_client_error() {
        stored::remove(&state.files, keys).await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn photo(id: u128, is_main: bool) -> Photo {
        serde_json::from_value(json!({
            "id": Uuid::from_u128(id), "created": "2025-01-01T00:00:00Z", "property": Uuid::nil(), "is_main": is_main,
        }))
        .unwrap()
    }

    #[test]
    fn a_house_has_one_main_photo() {
        let photos = [photo(1, true), photo(2, false), photo(3, true)];
        let back = others_stepping_back(photos.iter(), &photos[2]);
        assert_eq!(back.len(), 1);
        assert_eq!((back[0].id, back[0].is_main), (photos[0].id, false));
        assert!(others_stepping_back(photos.iter(), &photos[1]).is_empty());
        let deleted = Photo { deleted: true, ..photos[2].clone() };
        assert!(others_stepping_back(photos.iter(), &deleted).is_empty());
    }

    #[test]
    fn numbers_are_digits() {
        assert!("7".parse::<Number>().is_ok());
        assert!("99999999999999999999999999".parse::<Number>().is_ok());
        for other in ["", "-1", "x", "846e44e0-6590-4a1c-8b47-73a85a3a0ef0"] {
            assert!(other.parse::<Number>().is_err(), "{other}");
        }
    }

    #[test]
    fn fields_keep_or_reset_what_is_not_given() {
        let form =
            casa_web::Form::from_json(json!({"alt_text": "Otra", "order": 1}).as_object().unwrap().clone());
        let mut kept = photo(1, true);
        Fields::read(&mut form.check()).write(&mut kept);
        assert_eq!((kept.alt_text.as_str(), kept.order, kept.is_main), ("Otra", 1, true));
        let mut replaced = photo(1, true);
        replaced.order = 5;
        replaced.alt_text = "Frente".to_owned();
        Fields::default().with_defaults().write(&mut replaced);
        assert_eq!((replaced.alt_text.as_str(), replaced.order, replaced.is_main), ("Frente", 0, false));
    }
}
