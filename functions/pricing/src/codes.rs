//! Discount codes made on request: `properties/generate-simple-discount/` and `properties/generate-discount/`
//! (contract 04 §3.7, §3.8; defect 6 of §8: for staff and the chatbot, and not without limit).

use std::time::Duration;

use axum::{Json, extract::State};
use casa_domain::{
    ids::RowId,
    money::to_cents,
    pricing::{
        book::CodeTemplate,
        code::{CodeKind, DiscountCode},
    },
};
use casa_store::StoreError;
use casa_web::{
    ApiError, ApiResult, AppState, Form, StaffOrBot, error,
    openapi::{Detail, ForStaff, WithBody},
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use http::StatusCode;
use rand::Rng;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    failure::{NumberedFailure, bad},
    numbers::{number, whole},
    shapes::configured,
};

/// What the random part of a code is made of.
const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// Length of the random part.
const RANDOM: usize = 6;
/// Tries to find a code that does not exist; there are two thousand million.
const TRIES: usize = 8;
/// Codes per caller and window.
const MOST: u32 = 120;
/// The window.
const WINDOW: Duration = Duration::from_secs(60 * 60);
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

/// A template of codes.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.8)
struct TemplateBody {
    name: String,
    prefix: String,
    discount_percentage: f64,
    validity_days: i64,
    min_amount_usd: Option<f64>,
    usage_limit: Option<u32>,
}

/// The templates.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplatesAnswer {
    /// Always true.
    success: bool,
    /// By name.
    data: Vec<TemplateBody>,
    /// In words.
    message: &'static str,
}

/// The templates that codes can be made from.
#[utoipa::path(
    get,
    path = "/api/v1/properties/generate-discount/",
    tag = "pricing",
    operation_id = "pricing_code_templates",
    responses((status = 200, description = "The templates", body = TemplatesAnswer)),
)]
pub(crate) async fn templates(State(state): State<AppState>) -> ApiResult<Json<TemplatesAnswer>> {
    let book = state.store.prices().book().await?;
    let data = book
        .code_templates
        .iter()
        .map(|template| TemplateBody {
            name: template.name.clone(),
            prefix: template.prefix.clone(),
            discount_percentage: configured(template.discount_percentage),
            validity_days: template.validity_days,
            min_amount_usd: template.min_amount_usd.map(configured),
            usage_limit: template.usage_limit,
        })
        .collect();
    Ok(Json(TemplatesAnswer { success: true, data, message: "Configuraciones disponibles." }))
}

/// Which template to use.
#[derive(Serialize, ToSchema)]
#[allow(dead_code)] // only its schema is used
pub(crate) struct FromTemplateBody {
    /// Its name, in any case.
    config_name: String,
}

/// A code that was made from a template.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeAnswer {
    /// Always true.
    success: bool,
    /// Always 0.
    error: u32,
    /// The code.
    data: CodeBody,
    /// In words.
    message: &'static str,
}

/// A code.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GeneratedCode)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.8)
struct CodeBody {
    code: String,
    description: String,
    discount_percentage: f64,
    min_amount_usd: Option<f64>,
    max_discount_usd: Option<f64>,
    start_date: NaiveDate,
    end_date: NaiveDate,
    validity_days: i64,
    usage_limit: Option<u32>,
    expires_in_hours: i64,
}

/// No such template.
#[derive(Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct TemplateMissing {
    /// Always false.
    success: bool,
    /// Always 2.
    error: u32,
    /// In words.
    message: String,
    /// Names of the templates there are.
    available_configs: Vec<String>,
}

/// Makes a code from a template.
#[utoipa::path(
    post,
    path = "/api/v1/properties/generate-discount/",
    tag = "pricing",
    operation_id = "pricing_generate_code",
    request_body(content(
        (FromTemplateBody = "application/json"),
        (FromTemplateBody = "application/x-www-form-urlencoded"),
        (FromTemplateBody = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The code", body = CodeAnswer),
        (status = 400, description = "No name (1), or no usable name or body (3)", body = NumberedFailure),
        (status = 404, description = "No such template (2)", body = TemplateMissing),
        (status = 429, description = "Too many codes in an hour", body = Detail),
        ForStaff,
        WithBody,
    ),
    security(("staff" = []), ("bot" = [])),
)]
pub(crate) async fn from_template(
    caller: StaffOrBot,
    State(state): State<AppState>,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<CodeAnswer>> {
    let form = form.map_err(|problem| numbered_body(problem, 3))?;
    let name = match form.get("config_name") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(name)) => name.trim().to_lowercase(),
        Some(_) => return Err(bad(3, "El nombre de la configuración debe ser un texto.")),
    };
    if name.is_empty() {
        return Err(bad(1, "Indique el nombre de la configuración."));
    }
    let book = state.store.prices().book().await?;
    // Of several with one name the oldest counts: a name decides, not chance.
    let template = book.code_templates.iter().find(|template| template.name.trim().to_lowercase() == name);
    let template = template.ok_or_else(|| {
        let names: Vec<_> = book.code_templates.iter().map(|template| &template.name).collect();
        let message = "No existe una configuración activa con ese nombre.";
        let body = json!({ "success": false, "error": 2, "message": message, "available_configs": names });
        ApiError::new(StatusCode::NOT_FOUND, body)
    })?;
    limit(&caller, &state).await?;
    let code = enter(&state, of_template(template, &state)?, &template.prefix).await?;
    let data = CodeBody {
        code: code.code,
        description: code.description,
        discount_percentage: configured(code.discount_value),
        min_amount_usd: code.min_amount_usd.map(configured),
        max_discount_usd: code.max_discount_usd.filter(|cap| !cap.is_zero()).map(configured),
        start_date: code.start_date,
        end_date: code.end_date,
        validity_days: template.validity_days,
        usage_limit: code.usage_limit,
        expires_in_hours: (code.end_date - code.start_date).num_hours(),
    };
    Ok(Json(CodeAnswer { success: true, error: 0, data, message: "Código generado correctamente." }))
}

fn of_template(template: &CodeTemplate, state: &AppState) -> ApiResult<DiscountCode> {
    let (today, now) = (state.clock.today(), state.clock.now());
    let code = blank(&template.prefix, today, template.validity_days, now)?;
    Ok(DiscountCode {
        description: format!("Código generado: {}", template.name),
        discount_value: template.discount_percentage,
        min_amount_usd: template.min_amount_usd,
        max_discount_usd: template.max_discount_usd,
        usage_limit: template.usage_limit,
        houses: template.houses.clone(),
        ..code
    })
}

/// A percentage code that is valid from today for so many days.
fn blank(prefix: &str, today: NaiveDate, days: i64, now: DateTime<Utc>) -> ApiResult<DiscountCode> {
    let end = u64::try_from(days).ok().and_then(|days| today.checked_add_days(Days::new(days)));
    let end_date = end.ok_or_else(|| bad(1, "Los días de validez no son posibles."))?;
    Ok(DiscountCode {
        id: RowId(Uuid::new_v4()),
        created: now,
        updated: now,
        deleted: false,
        code: prefix.to_owned(),
        description: String::new(),
        discount_type: CodeKind::Percentage,
        discount_value: Decimal::ZERO,
        min_amount_usd: None,
        max_discount_usd: None,
        start_date: today,
        end_date,
        usage_limit: None,
        used_count: 0,
        is_active: true,
        houses: Vec::new(),
        restrict_weekdays: false,
        restrict_weekends: false,
    })
}

/// Enters the code under a random text that no other has.
async fn enter(state: &AppState, mut code: DiscountCode, prefix: &str) -> ApiResult<DiscountCode> {
    for _ in 0..TRIES {
        code.code = format!("{prefix}{}", random());
        match state.store.codes().enter(&code).await {
            Ok(()) => return Ok(code),
            Err(StoreError::Taken(_)) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}

fn random() -> String {
    let mut source = rand::rng();
    (0..RANDOM).map(|_| char::from(LETTERS[source.random_range(0..LETTERS.len())])).collect()
}

/// Counts the code against the caller's limit.
///
/// # Errors
/// 429.
async fn limit(caller: &StaffOrBot, state: &AppState) -> ApiResult<()> {
    let subject = match caller {
        StaffOrBot::Staff(user) => format!("codes:staff:{}", user.id),
        StaffOrBot::Bot => "codes:bot".to_owned(),
    };
    if state.store.throttle().try_once(&subject, MOST, WINDOW, Utc::now()).await? {
        return Ok(());
    }
    let text = "Se generaron demasiados códigos en una hora. Intente más tarde.";
    Err(error::detail(StatusCode::TOO_MANY_REQUESTS, text))
}

/// A body that cannot be read has its number too in the shape of these endpoints.
fn numbered_body(problem: ApiError, error: u32) -> ApiError {
    if problem.status() == StatusCode::BAD_REQUEST {
        bad(error, "No se pudo leer el cuerpo de la solicitud.")
    } else {
        problem
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn codes_are_random_letters_and_digits() {
        let code = random();
        assert_eq!(code.len(), RANDOM);
        assert!(code.bytes().all(|letter| LETTERS.contains(&letter)));
        assert_ne!(random() + &random(), random() + &random());
    }
}
