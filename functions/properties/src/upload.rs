//! New photos: the image into the bucket first, then the row, so that no row ever names a file that is not there
//! (contract 04 §3.2, §8 D5).

use axum::{Json, extract::State};
use casa_domain::{House, Photo, PhotoId};
use casa_store::Catalogue;
use casa_web::{
    ApiResult, AppState, Form, IdPath, Upload, error,
    form::Given,
    houses::{PhotoBody, photo_body},
    openapi::{Detail, Failure, ForSellers, Racing, WithBody},
};
use http::{StatusCode, Uri};
use uuid::Uuid;

use crate::{
    images,
    names::{photo_key, thumbnail_key},
    photos::{Fields, Number, change, forget_files},
    seller::{FormOnly, Seller},
    shapes::{NewPhoto, TestAnswer, TestFile, UploadRefusal},
    stored,
};

/// Names under which the image may come.
const IMAGE_FIELDS: [&str; 4] = ["image_file", "file", "image", "photo"];

/// Enters a photo of a house.
#[utoipa::path(
    post,
    path = "/api/v1/photos/",
    tag = "properties",
    operation_id = "photos_create",
    request_body(content(
        (NewPhoto = "multipart/form-data"),
        (NewPhoto = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 201, description = "The photo", body = PhotoBody),
        (status = 400, description = "No house, unusable fields or image", body = UploadRefusal),
        (status = 404, description = "No such house", body = Failure),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub async fn create(
    _: Seller,
    State(state): State<AppState>,
    form: FormOnly,
) -> ApiResult<(StatusCode, Json<PhotoBody>)> {
    enter(&state, &form.0).await
}

/// Enters a photo of a house.
#[utoipa::path(
    post,
    path = "/api/v1/photos/upload_photo/",
    tag = "properties",
    operation_id = "photos_upload",
    request_body(content(
        (NewPhoto = "multipart/form-data"),
        (NewPhoto = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 201, description = "The photo", body = PhotoBody),
        (status = 400, description = "No house, unusable fields or image", body = UploadRefusal),
        (status = 404, description = "No such house", body = Failure),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub async fn upload(
    _: Seller,
    State(state): State<AppState>,
    form: FormOnly,
) -> ApiResult<(StatusCode, Json<PhotoBody>)> {
    enter(&state, &form.0).await
}

/// Enters a photo of the house named in the body; the number in the address is ignored.
#[utoipa::path(
    post,
    path = "/api/v1/properties/{number}/photos/",
    tag = "properties",
    operation_id = "property_photos_create",
    params(("number" = u64, Path, description = "Any whole number; ignored.")),
    request_body(content(
        (NewPhoto = "multipart/form-data"),
        (NewPhoto = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 201, description = "The photo", body = PhotoBody),
        (status = 400, description = "No house, unusable fields or image", body = UploadRefusal),
        (status = 404, description = "No such house, or not a number", body = Detail),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub async fn create_numbered(
    _: Seller,
    IdPath(Number): IdPath<Number>,
    State(state): State<AppState>,
    form: FormOnly,
) -> ApiResult<(StatusCode, Json<PhotoBody>)> {
    enter(&state, &form.0).await
}

/// Says what arrived of a file; stores nothing.
#[utoipa::path(
    post,
    path = "/api/v1/photos/test_upload/",
    tag = "properties",
    operation_id = "photos_test_upload",
    request_body(content(
        (TestFile = "multipart/form-data"),
        (TestFile = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "What arrived", body = TestAnswer),
        (status = 400, description = "No file", body = UploadRefusal),
        ForSellers,
        WithBody,
    ),
    security(("staff" = [])),
)]
pub async fn test(_: Seller, form: FormOnly) -> ApiResult<Json<TestAnswer>> {
    let file = form.0.files("test_file").next();
    let file =
        file.ok_or_else(|| error::failure(StatusCode::BAD_REQUEST, "No se recibió ningún archivo."))?;
    Ok(Json(TestAnswer {
        success: true,
        file_name: file.file_name.clone(),
        file_size: file.bytes.len() as u64,
        content_type: file.content_type.clone(),
        message: "Archivo recibido correctamente.".to_owned(),
    }))
}

async fn enter(state: &AppState, form: &Form) -> ApiResult<(StatusCode, Json<PhotoBody>)> {
    let catalogue = state.store.houses().catalogue().await?;
    let house = wanted_house(&catalogue, form)?;
    let mut checked = form.check();
    let fields = Fields::read(&mut checked).with_defaults();
    let image_url = checked.text("image_url", 200);
    if let Given::Value(url) = &image_url
        && !is_web_address(url)
    {
        checked.wrong("image_url", "Introduzca una URL válida.");
    }
    let image = sent_image(form);
    if image.is_none() && form.get("image_file").is_some_and(|value| value.as_str() != Some("")) {
        checked.wrong("image_file", "Lo enviado no es un archivo.");
    }
    checked.finish()?;
    let order = fields.order.unwrap_or_default();
    let (image_file, thumbnail) = match image {
        Some((field, image)) => {
            let (original, thumbnail) = store(state, house, order, field, image).await?;
            (Some(original), Some(thumbnail))
        }
        None => (None, None),
    };
    let photo = Photo {
        id: PhotoId(Uuid::new_v4()),
        created: state.clock.now(),
        deleted: false,
        house: house.id,
        image_url: image_url.value(),
        image_file,
        thumbnail,
        alt_text: fields.alt_text.unwrap_or_default(),
        order,
        is_main: fields.is_main.unwrap_or_default(),
    };
    if let Err(refusal) = change(state, |_| Ok(photo.clone())).await {
        let files: Vec<_> = photo.image_file.into_iter().chain(photo.thumbnail).collect();
        forget_files(state, &refusal, &files).await;
        return Err(refusal);
    }
    Ok((StatusCode::CREATED, Json(photo_body(&photo))))
}

/// The house that the body names as `property_id` (or `property`).
fn wanted_house<'a>(catalogue: &'a Catalogue, form: &Form) -> ApiResult<&'a House> {
    let refuse = |text: &str| error::failure(StatusCode::BAD_REQUEST, text);
    let given = form.get("property_id").or_else(|| form.get("property")).and_then(|value| value.as_str());
    let text = given.map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| refuse("Indique la propiedad en property_id."))?;
    let id = text.parse().map_err(|_| refuse("El valor de property_id no es un UUID válido."))?;
    let found = catalogue.house(id).filter(|house| !house.deleted);
    found.ok_or_else(|| error::failure(StatusCode::NOT_FOUND, "La propiedad no existe."))
}

/// The image of the form and the name of its field. Browsers send an empty file without a name for "none".
fn sent_image(form: &Form) -> Option<(&'static str, &Upload)> {
    let real = |file: &&Upload| !(file.file_name.is_empty() && file.bytes.is_empty());
    IMAGE_FIELDS.into_iter().find_map(|field| form.files(field).find(real).map(|file| (field, file)))
}

/// Stores an image and its thumbnail; answers their keys.
async fn store(
    state: &AppState,
    house: &House,
    order: u32,
    field: &str,
    image: &Upload,
) -> ApiResult<(String, String)> {
    let refuse = |refused: images::Refused| error::field(field, refused.message());
    let kind = images::accepted_kind(&image.bytes).map_err(refuse)?;
    let small = stored::thumbnail(image.bytes.clone()).await.map_err(refuse)?;
    let stem = image.stem();
    let key = |suffix: Option<&str>| photo_key(house, order, &stem, kind.extension(), suffix);
    let original = stored::put_free(&state.files, key, image.bytes.clone(), kind.content_type()).await?;
    let key = |suffix: Option<&str>| thumbnail_key(house, order, &original, suffix);
    match stored::put_free(&state.files, key, small.into(), stored::WEBP).await {
        Ok(thumbnail) => Ok((original, thumbnail)),
        Err(refusal) => {
            stored::remove(&state.files, &[original]).await;
            Err(refusal)
        }
    }
}

/// `http` or `https` with a host.
fn is_web_address(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses() {
        for good in ["https://img.example.com/villa/0.jpg", "http://host:8000/a?b=c"] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in
            ["javascript:alert(1)", "ftp://x/y", "/media/x.png", "img.example.com/x", "https://", "a b"]
        {
            assert!(!is_web_address(bad), "{bad}");
        }
    }
}
