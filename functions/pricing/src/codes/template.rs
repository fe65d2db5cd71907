//! `properties/generate-discount/` (contract 04 §3.8).

use axum::{Json, extract::State};
use casa_domain::pricing::{book::CodeTemplate, code::DiscountCode};
use casa_web::{
    ApiError, ApiResult, AppState, Form, StaffOrBot,
    openapi::{Detail, ForStaff, WithBody},
};
use chrono::NaiveDate;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{blank, enter, limit, numbered_body};
use crate::{
    failure::{NumberedFailure, bad},
    shapes::configured,
};

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
