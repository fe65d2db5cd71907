//! The panel's date check (contract 04 §3.4, 05 §3.5; decisions 7 and 27).

use axum::{Json, extract::State};
use casa_domain::{HouseId, ReservationId, Stay, StayError};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Staff,
    openapi::{ForStaff, WithBody},
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::shapes::{DateAnswer, DateCheck, DateCheckExcept, DateRefusal};

/// Whether a house is free from arrival to departure. Only reservations that block nights count; an unknown house is
/// free, as the original answers.
#[utoipa::path(
    post,
    path = "/api/v1/prop/check-avaible/",
    tag = "properties",
    operation_id = "availability_check",
    request_body(content(
        (DateCheck = "application/json"),
        (DateCheck = "application/x-www-form-urlencoded"),
        (DateCheck = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Free", body = DateAnswer),
        (status = 400, description = "Missing or unusable fields", body = DateRefusal),
        (status = 404, description = "Not free", body = DateAnswer),
        ForStaff,
        WithBody,
    ),
    security(("staff" = [])),
)]
pub async fn check(
    _: Staff,
    State(state): State<AppState>,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<DateAnswer>> {
    answer(&state, form, false).await
}

/// The same, not counting the nights of one reservation.
#[utoipa::path(
    patch,
    path = "/api/v1/prop/check-avaible/",
    tag = "properties",
    operation_id = "availability_check_except",
    request_body(content(
        (DateCheckExcept = "application/json"),
        (DateCheckExcept = "application/x-www-form-urlencoded"),
        (DateCheckExcept = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Free", body = DateAnswer),
        (status = 400, description = "Missing or unusable fields", body = DateRefusal),
        (status = 404, description = "Not free", body = DateAnswer),
        ForStaff,
        WithBody,
    ),
    security(("staff" = [])),
)]
pub async fn check_except(
    _: Staff,
    State(state): State<AppState>,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<DateAnswer>> {
    answer(&state, form, true).await
}

async fn answer(
    state: &AppState,
    form: Result<Form, ApiError>,
    except_one: bool,
) -> ApiResult<Json<DateAnswer>> {
    let question = form.and_then(|form| Question::read(&form, except_one)).map_err(as_answer)?;
    if state.store.calendar().is_free(question.house, question.stay, question.except).await? {
        let message = "La propiedad está disponible en este rango de fechas.".to_owned();
        return Ok(Json(DateAnswer { message, condition: true }));
    }
    let message = "La propiedad ya está reservada en este rango de fechas.";
    Err(ApiError::new(StatusCode::NOT_FOUND, json!({ "message": message, "condition": false })))
}

#[derive(Debug)]
struct Question {
    house: HouseId,
    stay: Stay,
    except: Option<ReservationId>,
}

impl Question {
    fn read(form: &Form, except_one: bool) -> ApiResult<Self> {
        let mut checked = form.check();
        let house = checked.id("property");
        let house = checked.required("property", house);
        let check_in = checked.date("check_in_date");
        let check_in = checked.required("check_in_date", check_in);
        let check_out = checked.date("check_out_date");
        let check_out = checked.required("check_out_date", check_out);
        let mut except = None;
        if except_one {
            let given = checked.id("reservation_id");
            except = checked.required("reservation_id", given);
        }
        let mut stay = None;
        if let (Some(check_in), Some(check_out)) = (check_in, check_out) {
            match Stay::new(check_in, check_out) {
                Ok(dates) => stay = Some(dates),
                Err(StayError::NotAfter) => {
                    checked.wrong("check_out_date", "La salida debe ser posterior al ingreso.");
                }
                Err(StayError::TooLong) => {
                    checked.wrong("check_out_date", "La estadía puede tener como máximo 366 noches.");
                }
            }
        }
        checked.finish()?;
        // Whatever is missing here was noted above, and ended the checks.
        let missing = || casa_web::error::rule("Complete la propiedad y las fechas.");
        Ok(Self { house: house.ok_or_else(missing)?, stay: stay.ok_or_else(missing)?, except })
    }
}

/// Adds what the panel reads to a 400: `message` and `condition` (decision 27).
fn as_answer(refusal: ApiError) -> ApiError {
    let Value::Object(mut body) = refusal.body().clone() else { return refusal };
    if refusal.status() != StatusCode::BAD_REQUEST {
        return refusal;
    }
    let message = match body.get("detail") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => "Revise los datos enviados.".to_owned(),
    };
    body.insert("message".to_owned(), Value::String(message));
    body.insert("condition".to_owned(), Value::Bool(false));
    ApiError::new(StatusCode::BAD_REQUEST, Value::Object(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: &str = "846e44e0-6590-4a1c-8b47-73a85a3a0ef0";

    fn read(form: Value, except_one: bool) -> Result<Question, Value> {
        let form = Form::from_json(form.as_object().unwrap().clone());
        Question::read(&form, except_one).map_err(|refusal| as_answer(refusal).body().clone())
    }

    #[test]
    fn questions_are_complete() {
        let good = json!({"property": HOUSE, "check_in_date": "2026-01-21", "check_out_date": "2026-01-24"});
        assert_eq!(read(good.clone(), false).unwrap().stay.nights(), 3);
        let refused = read(good, true).unwrap_err();
        assert_eq!(refused["condition"], false);
        assert!(refused["reservation_id"].is_array());
    }

    #[test]
    fn nonsense_is_refused_in_the_shape_of_an_answer() {
        for (check_in, check_out) in [
            ("Invalid Date", "2026-01-24"),
            ("2026-01-24", "2026-01-24"),
            ("2026-01-25", "2026-01-24"),
            ("", "2026-01-24"),
            ("2020-01-01", "2026-01-24"),
        ] {
            let form = json!({"property": HOUSE, "check_in_date": check_in, "check_out_date": check_out});
            let refused = read(form, false).unwrap_err();
            assert_eq!(refused["condition"], false, "{check_in}");
            assert!(refused["message"].as_str().is_some_and(|text| !text.is_empty()), "{check_in}");
        }
        assert!(
            read(
                json!({"property": "7", "check_in_date": "2026-01-21", "check_out_date": "2026-01-24"}),
                false
            )
            .is_err()
        );
        assert!(read(json!({}), false).is_err());
    }
}
