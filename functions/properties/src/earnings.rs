//! Monthly Airbnb earnings of a house, typed in by staff (contract 04 §3.3).

use axum::{Json, extract::State};
use casa_domain::{house::Earning, ids::EarningId, money::fixed2};
use casa_store::{Catalogue, StoreError};
use casa_web::{
    ApiResult, AppState, Form, IdPath, Staff, error,
    form::Given,
    houses::property_detail,
    openapi::{Detail, ForStaff, Invalid, Racing, WithBody},
};
use http::StatusCode;

use crate::shapes::{EarningBody, EarningChanges, EarningFields};

/// How often a change is decided again because the row changed meanwhile.
const ATTEMPTS: usize = 4;

/// The earnings of one house and month.
#[utoipa::path(
    get,
    path = "/api/v1/profit/{id}/",
    tag = "properties",
    operation_id = "earnings_detail",
    params(("id" = uuid::Uuid, Path, description = "The row.")),
    responses(
        (status = 200, description = "The row", body = EarningBody),
        (status = 404, description = "No such row", body = Detail),
        ForStaff,
    ),
    security(("staff" = [])),
)]
pub async fn detail(
    _: Staff,
    IdPath(id): IdPath<EarningId>,
    State(state): State<AppState>,
) -> ApiResult<Json<EarningBody>> {
    let row = state.store.houses().earning(id).await?.ok_or_else(error::not_found)?;
    let catalogue = state.store.houses().catalogue().await?;
    Ok(Json(body(&catalogue, &row)))
}

/// Changes the given fields; the house stays.
#[utoipa::path(
    patch,
    path = "/api/v1/profit/{id}/",
    tag = "properties",
    operation_id = "earnings_edit",
    params(("id" = uuid::Uuid, Path, description = "The row.")),
    request_body(content(
        (EarningChanges = "application/json"),
        (EarningChanges = "application/x-www-form-urlencoded"),
        (EarningChanges = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The row", body = EarningBody),
        (status = 400, description = "Unusable fields, or another row has that month", body = Invalid),
        (status = 404, description = "No such row", body = Detail),
        ForStaff,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub async fn patch(
    _: Staff,
    IdPath(id): IdPath<EarningId>,
    State(state): State<AppState>,
    form: Form,
) -> ApiResult<Json<EarningBody>> {
    edit(&state, id, &form, false).await
}

/// Writes all fields; the house stays.
#[utoipa::path(
    put,
    path = "/api/v1/profit/{id}/",
    tag = "properties",
    operation_id = "earnings_replace",
    params(("id" = uuid::Uuid, Path, description = "The row.")),
    request_body(content(
        (EarningFields = "application/json"),
        (EarningFields = "application/x-www-form-urlencoded"),
        (EarningFields = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The row", body = EarningBody),
        (status = 400, description = "Unusable fields, or another row has that month", body = Invalid),
        (status = 404, description = "No such row", body = Detail),
        ForStaff,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub async fn put(
    _: Staff,
    IdPath(id): IdPath<EarningId>,
    State(state): State<AppState>,
    form: Form,
) -> ApiResult<Json<EarningBody>> {
    edit(&state, id, &form, true).await
}

/// Removes the row for good.
#[utoipa::path(
    delete,
    path = "/api/v1/profit/{id}/",
    tag = "properties",
    operation_id = "earnings_delete",
    params(("id" = uuid::Uuid, Path, description = "The row.")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "No such row", body = Detail),
        ForStaff,
        Racing,
    ),
    security(("staff" = [])),
)]
pub async fn delete(
    _: Staff,
    IdPath(id): IdPath<EarningId>,
    State(state): State<AppState>,
) -> ApiResult<StatusCode> {
    for _ in 0..ATTEMPTS {
        let row = state.store.houses().earning(id).await?.ok_or_else(error::not_found)?;
        match state.store.houses().delete_earning(&row).await {
            Ok(()) => return Ok(StatusCode::NO_CONTENT),
            Err(StoreError::Changed) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(error::changed_meanwhile())
}

async fn edit(state: &AppState, id: EarningId, form: &Form, whole: bool) -> ApiResult<Json<EarningBody>> {
    for _ in 0..ATTEMPTS {
        let before = state.store.houses().earning(id).await?.ok_or_else(error::not_found)?;
        let after = changed(&before, form, whole)?;
        match state.store.houses().save_earning(Some(&before), &after).await {
            Ok(()) => {
                let catalogue = state.store.houses().catalogue().await?;
                return Ok(Json(body(&catalogue, &after)));
            }
            Err(StoreError::Taken(_)) => {
                return Err(error::rule("Ya hay ganancias registradas para esta propiedad, mes y año."));
            }
            Err(StoreError::Changed) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(error::changed_meanwhile())
}

/// The row as the body wants it; a whole body resets month and year that it does not give (contract 01 §4.8.5).
fn changed(before: &Earning, form: &Form, whole: bool) -> ApiResult<Earning> {
    let mut after = before.clone();
    let mut checked = form.check();
    for (field, name, most) in [(&mut after.month, "month", 12), (&mut after.year, "year", 9999)] {
        let given = checked.integer(name, 1, most);
        match checked.not_null(name, given) {
            Given::Value(number) => *field = u32::try_from(number).unwrap_or(*field),
            Given::Absent if whole => *field = 1,
            _ => {}
        }
    }
    let profit = checked.money("profit_sol", 20);
    let profit = if whole {
        checked.required("profit_sol", profit)
    } else {
        checked.not_null("profit_sol", profit).value()
    };
    after.profit_sol = profit.unwrap_or(after.profit_sol);
    checked.finish()?;
    Ok(after)
}

fn body(catalogue: &Catalogue, row: &Earning) -> EarningBody {
    EarningBody {
        id: row.id.0,
        property: catalogue.house(row.house).map(|house| property_detail(catalogue, house)),
        month: row.month,
        year: row.year,
        profit_sol: fixed2(row.profit_sol),
    }
}

#[cfg(test)]
mod tests {
    use casa_domain::HouseId;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn row() -> Earning {
        Earning {
            id: EarningId(Uuid::nil()),
            house: HouseId(Uuid::nil()),
            month: 4,
            year: 2025,
            profit_sol: "742.24".parse().unwrap(),
        }
    }

    fn edited(form: Value, whole: bool) -> Result<(u32, u32, String), Vec<String>> {
        let form = Form::from_json(form.as_object().unwrap().clone());
        match changed(&row(), &form, whole) {
            Ok(row) => Ok((row.month, row.year, fixed2(row.profit_sol))),
            Err(refusal) => Err(refusal.body().as_object().unwrap().keys().cloned().collect()),
        }
    }

    #[test]
    fn parts_are_kept_and_wholes_reset() {
        assert_eq!(edited(json!({"month": 5}), false), Ok((5, 2025, "742.24".into())));
        assert_eq!(edited(json!({}), false), Ok((4, 2025, "742.24".into())));
        assert_eq!(edited(json!({"profit_sol": "100.5"}), true), Ok((1, 1, "100.50".into())));
    }

    #[test]
    fn ranges_are_told_by_field() {
        assert_eq!(edited(json!({"month": 13}), false), Err(vec!["month".into(), "detail".into()]));
        assert_eq!(edited(json!({"year": -1}), false), Err(vec!["year".into(), "detail".into()]));
        assert_eq!(edited(json!({"month": 1}), true), Err(vec!["profit_sol".into(), "detail".into()]));
        assert_eq!(
            edited(json!({"profit_sol": null}), false),
            Err(vec!["profit_sol".into(), "detail".into()])
        );
    }
}
