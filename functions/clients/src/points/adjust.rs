//! `POST clients/points/adjust/` (contract 02 §3.12).

use axum::{Json, extract::State};
use casa_domain::{
    ClientId, StaffUser,
    money::{displayed, to_cents},
    points::{self, PointsError},
};
use casa_store::Moved;
use casa_web::{
    ApiError, ApiResult, AppState, Form, Staff, error,
    openapi::{Detail, ForStaff, Racing, TextOrTexts, WithBody},
};
use http::StatusCode;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, SchemaType, Type},
    },
};
use uuid::Uuid;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 1_000;
/// More points than this are more than any balance holds.
const MOST: Decimal = Decimal::from_parts(100_000_000, 0, 0, false, 0);

/// Points to give or take.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct AdjustRequest {
    /// The guest.
    client_id: Uuid,
    /// How many: positive ones are given, negative ones taken. Rounded to two decimals.
    #[schema(schema_with = points_schema)]
    points: f64,
    /// Why; the guest sees it.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

fn points_schema() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::String])).into()
}

/// Points were given or taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdjustAnswer {
    /// Always true.
    success: bool,
    /// What happened, in Spanish.
    message: String,
    /// Whose points.
    client: AdjustedClient,
    /// The entry.
    transaction: AdjustTransaction,
}

/// The guest whose points moved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdjustedClient {
    /// Its id.
    id: Uuid,
    /// First and last name.
    name: String,
    /// Points before.
    previous_balance: f64,
    /// Points after.
    current_balance: f64,
    /// The difference.
    adjustment: f64,
}

/// Why points moved, and by whom.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdjustTransaction {
    /// The reason.
    reason: String,
    /// First name (or user name) of the member of staff.
    adjusted_by: String,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct AdjustRefused {
    /// In Spanish.
    error: Option<String>,
    /// The same; the panel shows this.
    message: Option<String>,
    /// For bodies that cannot be read.
    detail: Option<TextOrTexts>,
}

/// Gives points to a guest or takes some. Points that are given last a year and make lapsed ones live again.
#[utoipa::path(
    post,
    path = "/api/v1/clients/points/adjust/",
    tag = "clients",
    operation_id = "points_adjust",
    request_body(content(
        (AdjustRequest = "application/json"),
        (AdjustRequest = "application/x-www-form-urlencoded"),
        (AdjustRequest = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Moved.", body = AdjustAnswer),
        (status = 400, description = "A field is missing or unusable, or there are not enough points.", body = AdjustRefused),
        (status = 403, description = "The user may not enter the administration.", body = AdjustRefused),
        (status = 404, description = "No such guest.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn adjust(
    Staff(user): Staff,
    State(state): State<AppState>,
    form: Form,
) -> ApiResult<Json<AdjustAnswer>> {
    if !user.is_staff {
        return Err(refused(StatusCode::FORBIDDEN, "No tiene permiso para ajustar puntos."));
    }
    let wanted = Adjustment::read(&form)?;
    let now = state.clock.now();
    let by = author(&user);
    let description = format!("{} (Otorgado por: {by})", wanted.reason);
    let points = state.store.points();
    let movement = points::adjusted(wanted.points, description, now);
    let moved = points.move_points(wanted.client, now, |_| Some(movement.clone())).await?;
    let client = match moved {
        Moved::Done(client, _) => client,
        Moved::Refused(PointsError::NotEnough) => {
            return Err(bad("El cliente no tiene suficientes puntos para esa resta."));
        }
        Moved::Refused(PointsError::TooMany) => {
            return Err(bad("La cantidad de puntos es demasiado grande."));
        }
        Moved::Nothing | Moved::NoGuest => return Err(error::not_found()),
    };
    let verb = if wanted.points > Decimal::ZERO { "agregaron" } else { "restaron" };
    let shown = |amount: Decimal| displayed::number(amount);
    Ok(Json(AdjustAnswer {
        success: true,
        message: format!("Se {verb} {} puntos.", wanted.points.abs()),
        client: AdjustedClient {
            id: client.id.0,
            name: client.card().full_name(),
            previous_balance: shown(client.points_balance - wanted.points),
            current_balance: shown(client.points_balance),
            adjustment: shown(wanted.points),
        },
        transaction: AdjustTransaction { reason: wanted.reason, adjusted_by: by },
    }))
}

/// What is to be done.
struct Adjustment {
    client: ClientId,
    points: Decimal,
    reason: String,
}

impl Adjustment {
    /// Reads the body in the documented order of checks.
    fn read(form: &Form) -> ApiResult<Self> {
        let client = form.get("client_id").filter(|value| !is_nothing(value));
        let client = client.ok_or_else(|| bad("Indique el cliente."))?;
        let points = form.get("points").filter(|value| !value.is_null());
        let points = points.ok_or_else(|| bad("Indique la cantidad de puntos."))?;
        let reason = match form.get("reason") {
            Some(Value::String(reason)) => reason.trim().replace('\0', ""),
            Some(Value::Number(reason)) => reason.to_string(),
            _ => String::new(),
        };
        if reason.is_empty() {
            return Err(bad("Indique el motivo del ajuste."));
        }
        if reason.chars().count() > LONGEST_REASON {
            return Err(bad("El motivo es demasiado largo."));
        }
        let points = decimal(points).ok_or_else(|| bad("La cantidad de puntos no es un número válido."))?;
        if points.abs() >= MOST {
            return Err(bad("La cantidad de puntos es demasiado grande."));
        }
        let points = to_cents(points);
        if points.is_zero() {
            return Err(bad("La cantidad de puntos no puede ser cero."));
        }
        // An id that is none belongs to nobody.
        let client = client.as_str().and_then(|id| id.parse().ok()).ok_or_else(error::not_found)?;
        Ok(Self { client, points, reason })
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// First name of a member of staff, else the user name.
fn author(user: &StaffUser) -> String {
    if user.first_name.is_empty() { user.username.clone() } else { user.first_name.clone() }
}

fn bad(text: &str) -> ApiError {
    refused(StatusCode::BAD_REQUEST, text)
}

/// The error under the original's key and under the one that the panel shows (contract 11 §8, row 10).
fn refused(status: StatusCode, text: &str) -> ApiError {
    ApiError::new(status, json!({ "error": text, "message": text }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<(Decimal, String), u16> {
        let form = Form::from_json(body.as_object().unwrap().clone());
        Adjustment::read(&form)
            .map(|one| (one.points, one.reason))
            .map_err(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn amounts_come_as_numbers_or_text() {
        let id = Uuid::nil();
        for (points, expected) in [
            (json!(5), "5.00"),
            (json!("-30.5"), "-30.50"),
            (json!("10.255"), "10.26"),
            (json!(1e2), "100.00"),
            (json!(" 7 "), "7.00"),
        ] {
            let read = read(json!({"client_id": id, "points": points, "reason": " x "}));
            assert_eq!(read, Ok((expected.parse().unwrap(), "x".to_owned())), "{points}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let id = json!(Uuid::nil());
        for (client, points, reason, status) in [
            (json!(null), json!(1), json!("x"), 400),
            (json!(""), json!(1), json!("x"), 400),
            (json!([]), json!(1), json!("x"), 404),
            (json!("no"), json!(1), json!("x"), 404),
            (id.clone(), json!(null), json!("x"), 400),
            (id.clone(), json!("NaN"), json!("x"), 400),
            (id.clone(), json!("1e40"), json!("x"), 400),
            (id.clone(), json!(1e300), json!("x"), 400),
            (id.clone(), json!(true), json!("x"), 400),
            (id.clone(), json!("0.001"), json!("x"), 400),
            (id.clone(), json!(1), json!(["x"]), 400),
            (id.clone(), json!(1), json!(" "), 400),
            (id.clone(), json!(1), json!("x".repeat(1001)), 400),
        ] {
            let body = json!({"client_id": client, "points": points, "reason": reason});
            assert_eq!(read(body.clone()), Err(status), "{body}");
        }
    }
}
