//! Special dates of the houses, edited by administrators: `admin/bulk-special-dates/` and
//! `admin/special-dates-manager/` (contract 04 §3.11, §4.11; defects 3 and 20 of §8: only dates that exist, and one
//! editor that works and keeps ids and minimum nights).

mod parse;
mod shapes;

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, State},
};
use casa_domain::{
    House, HouseId,
    ids::RowId,
    pricing::book::{PriceBook, SpecialDate},
};
use casa_store::Catalogue;
use casa_web::{
    ApiError, ApiResult, AppState, Checked, Form, IdPath, Staff, Upload, error,
    form::Given,
    openapi::{Detail, ForSellers, Invalid, Racing, WithBody},
};
use http::request::Parts;
use uuid::Uuid;

use self::{
    parse::{Entry, Parsed, SetEntry},
    shapes::{
        AllDatesAnswer, BulkAnswer, DatesAnswer, FileBody, HouseCount, HouseDates, HousesAnswer, LinesBody,
        SetBody, SetTextBody, dates,
    },
};

/// Demands an administrator: 401 for anybody else's token, 403 for other staff. Runs before the body is read.
#[derive(Debug)]
pub(crate) struct Administrator;

impl FromRequestParts<AppState> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Staff(user) = Staff::from_request_parts(parts, state).await?;
        if user.is_admin() || user.is_superuser { Ok(Self) } else { Err(error::forbidden()) }
    }
}

/// The special dates of every house.
#[utoipa::path(
    get,
    path = "/api/v1/admin/bulk-special-dates/",
    tag = "pricing",
    operation_id = "pricing_special_dates",
    responses((status = 200, description = "The houses with their dates", body = AllDatesAnswer), ForSellers),
    security(("staff" = [])),
)]
pub(crate) async fn all(_: Administrator, State(state): State<AppState>) -> ApiResult<Json<AllDatesAnswer>> {
    let (catalogue, book) = tables(&state).await?;
    let properties = catalogue.live().map(|house| HouseDates::new(house, of(&book, house.id))).collect();
    Ok(Json(AllDatesAnswer { success: true, properties }))
}

/// Enters many special dates of a house, all of them or none.
#[utoipa::path(
    post,
    path = "/api/v1/admin/bulk-special-dates/",
    tag = "pricing",
    operation_id = "pricing_special_dates_bulk",
    request_body(content(
        (LinesBody = "application/json"),
        (LinesBody = "application/x-www-form-urlencoded"),
        (FileBody = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "What became of the lines", body = BulkAnswer),
        (status = 400, description = "No such house, or lines that cannot be used; nothing was entered", body = Invalid),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn bulk(
    _: Administrator,
    State(state): State<AppState>,
    form: Form,
) -> ApiResult<Json<BulkAnswer>> {
    let catalogue = state.store.houses().catalogue().await?;
    let mut checked = form.check();
    let house = wanted_house(&catalogue, &mut checked);
    let entries = sent_entries(&form, &mut checked);
    let overwrite = checked.boolean("overwrite_existing").value().unwrap_or_default();
    checked.finish()?;
    let house = house.ok_or_else(error::not_found)?;
    let prices = state.store.prices();
    let edit = prices.edit_tariff(house, |tariff| {
        let counts = merge(&mut tariff.special_dates, &entries, overwrite);
        (counts, dates(&tariff.special_dates))
    });
    let (Counts { created, updated, skipped }, special_dates) = edit.await?;
    Ok(Json(BulkAnswer { success: true, created, updated, skipped, special_dates }))
}

/// The houses with how many special dates they have.
#[utoipa::path(
    get,
    path = "/api/v1/admin/special-dates-manager/",
    tag = "pricing",
    operation_id = "pricing_special_date_houses",
    responses((status = 200, description = "The houses", body = HousesAnswer), ForSellers),
    security(("staff" = [])),
)]
pub(crate) async fn houses(_: Administrator, State(state): State<AppState>) -> ApiResult<Json<HousesAnswer>> {
    let (catalogue, book) = tables(&state).await?;
    let properties =
        catalogue.live().map(|house| HouseCount::new(house, of(&book, house.id).len())).collect();
    Ok(Json(HousesAnswer { success: true, properties }))
}

/// The special dates of a house.
#[utoipa::path(
    get,
    path = "/api/v1/admin/special-dates-manager/{id}/",
    tag = "pricing",
    operation_id = "pricing_special_dates_of",
    params(("id" = Uuid, Path, description = "The house.")),
    responses(
        (status = 200, description = "Its dates", body = DatesAnswer),
        (status = 404, description = "No such house", body = Detail),
        ForSellers,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn of_house(
    _: Administrator,
    IdPath(id): IdPath<HouseId>,
    State(state): State<AppState>,
) -> ApiResult<Json<DatesAnswer>> {
    let (catalogue, book) = tables(&state).await?;
    let house = live(&catalogue, id).ok_or_else(error::not_found)?;
    Ok(Json(DatesAnswer::new(house, of(&book, id))))
}

/// Gives a house exactly these special dates. Those it has already keep their ids, and their minimum nights unless
/// given; those not listed are removed.
#[utoipa::path(
    post,
    path = "/api/v1/admin/special-dates-manager/{id}/",
    tag = "pricing",
    operation_id = "pricing_special_dates_replace",
    params(("id" = Uuid, Path, description = "The house.")),
    request_body(content(
        (SetBody = "application/json"),
        (SetTextBody = "application/x-www-form-urlencoded"),
        (SetTextBody = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Its dates now", body = DatesAnswer),
        (status = 400, description = "Dates that cannot be used; nothing was changed", body = Invalid),
        (status = 404, description = "No such house", body = Detail),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn replace(
    _: Administrator,
    IdPath(id): IdPath<HouseId>,
    State(state): State<AppState>,
    form: Form,
) -> ApiResult<Json<DatesAnswer>> {
    let catalogue = state.store.houses().catalogue().await?;
    let house = live(&catalogue, id).ok_or_else(error::not_found)?;
    let mut checked = form.check();
    let wanted = match form.get("dates_data") {
        Some(value) => usable(&mut checked, "dates_data", parse::set(value)),
        None => {
            checked.required::<()>("dates_data", Given::Absent);
            Vec::new()
        }
    };
    checked.finish()?;
    let prices = state.store.prices();
    let edit = prices.edit_tariff(id, |tariff| {
        tariff.special_dates = replaced(&tariff.special_dates, &wanted);
        DatesAnswer::new(house, &tariff.special_dates)
    });
    Ok(Json(edit.await?))
}

/// Houses and prices as of now.
async fn tables(state: &AppState) -> ApiResult<(Arc<Catalogue>, Arc<PriceBook>)> {
    let (houses, prices) = (state.store.houses(), state.store.prices());
    Ok(tokio::try_join!(houses.catalogue(), prices.book())?)
}

/// The special dates of a house.
fn of(book: &PriceBook, house: HouseId) -> &[SpecialDate] {
    book.tariffs.get(&house).map_or(&[], |tariff| &tariff.special_dates)
}

fn live(catalogue: &Catalogue, id: HouseId) -> Option<&House> {
    catalogue.house(id).filter(|house| !house.deleted)
}

/// The house that the body names as `property`.
fn wanted_house(catalogue: &Catalogue, checked: &mut Checked<'_>) -> Option<HouseId> {
    let given = checked.id("property");
    let id = checked.required("property", given)?;
    if live(catalogue, id).is_none() {
        checked.wrong("property", "La propiedad no existe.");
        return None;
    }
    Some(id)
}

/// The dates of a body: a file or lines, not both. Browsers send an empty file without a name for "none".
fn sent_entries(form: &Form, checked: &mut Checked<'_>) -> Vec<Entry> {
    let real = |file: &&Upload| !(file.file_name.is_empty() && file.bytes.is_empty());
    let blank = |value: &serde_json::Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    let present = |name: &str| form.get(name).filter(|value| !value.is_null() && !blank(value));
    if present("csv_file").is_some() {
        checked.wrong("csv_file", "Lo enviado no es un archivo.");
    }
    match (form.files("csv_file").find(real), present("bulk_data")) {
        (Some(_), Some(_)) => checked.wrong("csv_file", "Envíe un archivo o líneas de texto, no ambos."),
        (Some(file), None) if file.file_name.ends_with(".csv") => {
            return usable(checked, "csv_file", parse::csv(&file.bytes));
        }
        (Some(_), None) => checked.wrong("csv_file", "El nombre del archivo debe terminar en .csv."),
        (None, Some(value)) => match value.as_str() {
            Some(text) => return usable(checked, "bulk_data", parse::lines(text)),
            None => checked.wrong("bulk_data", "No es una cadena válida."),
        },
        (None, None) => checked.wrong("bulk_data", "Indique al menos una fecha, en texto o en un archivo."),
    }
    Vec::new()
}

/// What was read; reasons against it are noted.
fn usable<T>(checked: &mut Checked<'_>, name: &str, parsed: Parsed<T>) -> Vec<T> {
    parsed.unwrap_or_else(|problems| {
        problems.iter().for_each(|problem| checked.wrong(name, problem));
        Vec::new()
    })
}

/// What became of lines.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    created: usize,
    updated: usize,
    skipped: usize,
}

/// Adds dates; those that are there change only when they shall, and keep id and minimum nights.
fn merge(rows: &mut Vec<SpecialDate>, entries: &[Entry], overwrite: bool) -> Counts {
    let mut counts = Counts::default();
    for entry in entries {
        match rows.iter_mut().find(|row| is_on(row, entry)) {
            None => {
                rows.push(new_row(entry));
                counts.created += 1;
            }
            Some(row) if overwrite => {
                row.description = Some(entry.description.clone());
                row.price_usd = entry.price_usd;
                row.is_active = true;
                counts.updated += 1;
            }
            Some(_) => counts.skipped += 1,
        }
    }
    counts
}

/// Exactly the wanted dates, with the ids of those that are there.
fn replaced(rows: &[SpecialDate], wanted: &[SetEntry]) -> Vec<SpecialDate> {
    let row = |one: &SetEntry| {
        let new = new_row(&one.entry);
        let (id, minimum) = match rows.iter().find(|row| is_on(row, &one.entry)) {
            Some(old) => (old.id, old.minimum_consecutive_nights),
            None => (new.id, new.minimum_consecutive_nights),
        };
        let minimum_consecutive_nights = one.minimum.unwrap_or(minimum);
        SpecialDate { id, minimum_consecutive_nights, is_active: one.is_active, ..new }
    };
    wanted.iter().map(row).collect()
}

fn is_on(row: &SpecialDate, entry: &Entry) -> bool {
    (row.month, row.day) == (entry.month, entry.day)
}

fn new_row(entry: &Entry) -> SpecialDate {
    SpecialDate {
        id: RowId(Uuid::new_v4()),
        month: entry.month,
        day: entry.day,
        description: Some(entry.description.clone()),
        price_usd: entry.price_usd,
        minimum_consecutive_nights: 1,
        is_active: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// New Year for three nights, switched off.
    fn stored() -> SpecialDate {
        let entry = &parse::lines("31,12,Año Nuevo,400").unwrap()[0];
        SpecialDate { minimum_consecutive_nights: 3, is_active: false, ..new_row(entry) }
    }

    #[test]
    fn lines_are_merged() {
        let entries = parse::lines("31,12,Fin de año,150.005\n24,6,San Juan,300").unwrap();
        let old = stored();
        let mut rows = vec![old.clone()];
        assert_eq!(merge(&mut rows, &entries, false), Counts { created: 1, updated: 0, skipped: 1 });
        assert_eq!(rows[0], old);
        assert_eq!((rows[1].minimum_consecutive_nights, rows[1].is_active), (1, true));
        assert_eq!(merge(&mut rows, &entries, true), Counts { created: 0, updated: 2, skipped: 0 });
        let described = Some("Fin de año".to_owned());
        let price_usd = entries[0].price_usd;
        assert_eq!(rows[0], SpecialDate { description: described, price_usd, is_active: true, ..old });
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn sets_keep_ids_and_minimum_nights() {
        let old = stored();
        let mut wanted = parse::set(&json!([
            {"month": 12, "day": 31, "description": "Año Nuevo", "price_usd": 500},
            {"month": 1, "day": 1, "description": "Resaca", "price_usd": 90, "is_active": false},
        ]))
        .unwrap();
        let rows = replaced(std::slice::from_ref(&old), &wanted);
        assert_eq!((rows[0].id, rows[0].minimum_consecutive_nights, rows[0].is_active), (old.id, 3, true));
        assert_eq!((rows[1].minimum_consecutive_nights, rows[1].is_active), (1, false));
        wanted[0].minimum = Some(2);
        assert_eq!(replaced(std::slice::from_ref(&old), &wanted)[0].minimum_consecutive_nights, 2);
        assert_eq!(replaced(&rows, &[]), []);
    }

    fn refusal(body: Value) -> Value {
        let form = Form::from_json(body.as_object().unwrap().clone());
        let mut checked = form.check();
        assert_eq!(wanted_house(&Catalogue::default(), &mut checked), None);
        sent_entries(&form, &mut checked);
        checked.finish().unwrap_err().body().clone()
    }

    #[test]
    fn everything_wrong_with_a_body_is_told() {
        let house = "5a10cd37-fb0f-5692-80b8-929f6dd2e1ed";
        let body = refusal(json!({"property": house, "bulk_data": "31,2,x,1\n1,1,x"}));
        assert_eq!(body["property"], json!(["La propiedad no existe."]));
        assert_eq!(body["bulk_data"].as_array().unwrap().len(), 2);
        let body = refusal(json!({"property": "x", "bulk_data": [], "csv_file": "1,1,x,1"}));
        assert!(["property", "bulk_data", "csv_file"].iter().all(|name| body[*name].is_array()), "{body}");
        let body = refusal(json!({"bulk_data": " "}));
        assert_eq!(body["property"], json!(["Este campo es requerido."]));
        assert!(body["bulk_data"].is_array());
    }
}
