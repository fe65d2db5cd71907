//! `properties/generate-simple-discount/` (contract 04 §3.7).

use axum::{Json, extract::State};
use casa_domain::money::to_cents;
use casa_web::{
    ApiError, ApiResult, AppState, Form, StaffOrBot,
    openapi::{Detail, ForStaff, WithBody},
};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::{blank, enter, limit, numbered_body};
use crate::{
    failure::{NumberedFailure, bad},
    numbers::{number, whole},
    shapes::configured,
};

/// Most days a simple code may be valid.
const MOST_DAYS: i64 = 365;

/// What a simple code shall be.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, missing_docs)] // only its schema is used
pub(crate) struct SimpleCodeBody {
    /// 1 to 365; 7 when left out.
    validity_days: Option<f64>,
    /// 1 to 100; 10 when left out.
    discount_percentage: Option<f64>,
}

/// A simple code that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimpleCodeAnswer {
    /// Always true.
    success: bool,
    /// The code.
    data: SimpleCode,
    /// In words.
    message: &'static str,
}

/// A simple code.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.7)
struct SimpleCode {
    code: String,
    /// As it was sent.
    discount_percentage: f64,
    created_date: NaiveDate,
    expiration_date: NaiveDate,
    validity_days: i64,
    days_remaining: i64,
    is_active: bool,
}

/// Makes a code for one use in any house.
#[utoipa::path(
    post,
    path = "/api/v1/properties/generate-simple-discount/",
    tag = "pricing",
    operation_id = "pricing_generate_simple_code",
    request_body(content(
        (SimpleCodeBody = "application/json"),
        (SimpleCodeBody = "application/x-www-form-urlencoded"),
        (SimpleCodeBody = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The code", body = SimpleCodeAnswer),
        (status = 400, description = "A check failed: 1 and 2 the days, 3 and 4 the percentage, 5 the body", body = NumberedFailure),
        (status = 429, description = "Too many codes in an hour", body = Detail),
        ForStaff,
        WithBody,
    ),
    security(("staff" = []), ("bot" = [])),
)]
pub(crate) async fn simple(
    caller: StaffOrBot,
    State(state): State<AppState>,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<SimpleCodeAnswer>> {
    let form = form.map_err(|problem| numbered_body(problem, 5))?;
    let (days, percentage) = simple_terms(&form)?;
    limit(&caller, &state).await?;
    let (today, now) = (state.clock.today(), state.clock.now());
    let mut code = blank("SIMPLE", today, days, now)?;
    code.description = format!("Código de {percentage} % generado el {today}");
    code.discount_value = to_cents(percentage);
    code.usage_limit = Some(1);
    let code = enter(&state, code, "SIMPLE").await?;
    let data = SimpleCode {
        code: code.code,
        discount_percentage: configured(percentage),
        created_date: today,
        expiration_date: code.end_date,
        validity_days: days,
        days_remaining: days,
        is_active: true,
    };
    Ok(Json(SimpleCodeAnswer { success: true, data, message: "Código generado correctamente." }))
}

/// Days and percentage of a simple code, with the documented defaults and errors.
fn simple_terms(form: &Form) -> ApiResult<(i64, Decimal)> {
    let days = match form.get("validity_days") {
        None => 7,
        Some(value) => whole(value).ok_or_else(|| bad(2, "Los días de validez deben ser un número."))?,
    };
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(bad(1, &format!("Los días de validez deben estar entre 1 y {MOST_DAYS}.")));
    }
    let percentage = match form.get("discount_percentage") {
        None => Decimal::TEN,
        Some(value) => number(value).ok_or_else(|| bad(4, "El porcentaje debe ser un número."))?,
    };
    if percentage < Decimal::ONE || percentage > Decimal::ONE_HUNDRED {
        return Err(bad(3, "El porcentaje debe estar entre 1 y 100."));
    }
    Ok((days, percentage))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn terms(body: Value) -> Result<(i64, String), u64> {
        let form = Form::from_json(body.as_object().unwrap().clone());
        simple_terms(&form)
            .map(|(days, percentage)| (days, percentage.to_string()))
            .map_err(|refusal| refusal.body()["error"].as_u64().unwrap())
    }

    /// Contract 04 §3.7.
    #[test]
    fn terms_of_simple_codes() {
        assert_eq!(terms(json!({})), Ok((7, "10".to_owned())));
        assert_eq!(
            terms(json!({"validity_days": 9.9, "discount_percentage": 12.5})),
            Ok((9, "12.5".to_owned()))
        );
        assert_eq!(
            terms(json!({"validity_days": "30", "discount_percentage": "1e1"})),
            Ok((30, "10".to_owned()))
        );
        for (body, error) in [
            (json!({"validity_days": 0}), 1),
            (json!({"validity_days": 366}), 1),
            (json!({"validity_days": null}), 2),
            (json!({"validity_days": "x"}), 2),
            (json!({"validity_days": 1e300}), 1),
            (json!({"validity_days": "99999999999999999999"}), 1),
            (json!({"validity_days": []}), 2),
            (json!({"discount_percentage": 0.99}), 3),
            (json!({"discount_percentage": 100.01}), 3),
            (json!({"discount_percentage": 1e300}), 3),
            (json!({"discount_percentage": "nan"}), 4),
            (json!({"discount_percentage": null}), 4),
        ] {
            assert_eq!(terms(body.clone()), Err(error), "{body}");
        }
    }
}
