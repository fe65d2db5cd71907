//! `POST payments/{id}/refund/`: administrators give money back (defect 5 of contract 06 §8).

use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use casa_domain::{
    ids::PaymentId,
    payment::{Cause, NoRefund, Payment, RefundState},
};
use casa_gateways::Cards;
use casa_jobs::{
    JobError,
    payments::{RefundOutcome, ask_refund},
};
use casa_web::{
    ApiError, ApiResult, AppState, Form, IdPath, Staff, error,
    form::Given,
    openapi::{Detail, ForStaff, WithBody},
};
use http::StatusCode;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::PaymentBody;

/// Most digits of an amount, cents included.
const DIGITS: u32 = 10;

/// What is to go back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefundInput)]
#[allow(dead_code)] // describes a body, which is read by hand
pub(crate) struct Input {
    /// Soles, also as text; all that is left of the payment when it is left out.
    amount: Option<f64>,
}

/// Gives money of a payment back to the card.
#[utoipa::path(
    post,
    path = "/api/v1/payments/{id}/refund/",
    tag = "payments",
    operation_id = "payments_refund",
    params(("id" = String, Path, description = "Id of the payment")),
    request_body(content(
        (Input = "application/json"),
        (Input = "application/x-www-form-urlencoded"),
        (Input = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The money went back.", body = PaymentBody),
        (status = 202, description = "It is decided; whether the gateway did it is not known yet, and will be found out.", body = PaymentBody),
        (status = 400, description = "The amount is wrong, nothing was taken, or the gateway refused.", body = Detail),
        (status = 403, description = "Not an administrator.", body = Detail),
        (status = 404, description = "No such payment.", body = Detail),
        (status = 409, description = "Another refund of this payment is under way.", body = Detail),
        (status = 503, description = "The gateway is not configured, or the table does not answer.", body = Detail),
        ForStaff,
        WithBody,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn refund(
    Staff(user): Staff,
    State(state): State<AppState>,
    Extension(cards): Extension<Cards>,
    id: ApiResult<IdPath<PaymentId>>,
    form: ApiResult<Form>,
) -> ApiResult<Response> {
    if !user.is_admin() && !user.is_superuser {
        return Err(error::forbidden());
    }
    let IdPath(id) = id?;
    let amount = amount(&form?)?;
    let (by, clock) = (user.id, state.clock);
    // Who closes the page does not stop a refund half-way.
    let asking = tokio::spawn(async move { ask_refund(&state, &cards, id, amount, by).await });
    let outcome = asking.await.map_err(|_| {
        tracing::error!(payment = %id, "a refund ended without an answer");
        error::detail(
            StatusCode::SERVICE_UNAVAILABLE,
            "No se pudo completar la devolución. Consulte el pago antes de repetirla.",
        )
    })?;
    match outcome {
        Ok(RefundOutcome::Asked(payment)) => {
            let body = PaymentBody::new(&payment, &clock);
            match last(&payment) {
                Some(RefundState::Done) => Ok(Json(body).into_response()),
                Some(RefundState::Refused) => {
                    Err(refused(StatusCode::BAD_REQUEST, "La pasarela rechazó la devolución."))
                }
                Some(RefundState::Asked) | None => Ok((StatusCode::ACCEPTED, Json(body)).into_response()),
            }
        }
        Ok(RefundOutcome::Impossible(reason @ NoRefund::UnderWay)) => {
            Err(refused(StatusCode::CONFLICT, &reason.to_string()))
        }
        Ok(RefundOutcome::Impossible(reason)) => Err(refused(StatusCode::BAD_REQUEST, &reason.to_string())),
        Ok(RefundOutcome::NoPayment) => Err(error::not_found()),
        Ok(RefundOutcome::Off) => {
            Err(refused(StatusCode::SERVICE_UNAVAILABLE, "La pasarela de este pago no está configurada."))
        }
        Err(JobError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(payment = %id, %error, "a refund could not be asked for");
            Err(refused(StatusCode::SERVICE_UNAVAILABLE, "El servicio no está disponible en este momento."))
        }
    }
}

/// What became of the newest refund that staff asked for.
fn last(payment: &Payment) -> Option<RefundState> {
    let of_staff = |refund: &&casa_domain::payment::Refund| refund.cause == Cause::Staff;
    payment.refunds.iter().rev().find(of_staff).map(|refund| refund.state)
}

fn amount(form: &Form) -> ApiResult<Option<Decimal>> {
    let mut checked = form.check();
    let amount = checked.money("amount", DIGITS);
    checked.finish()?;
    Ok(match amount {
        Given::Value(amount) => Some(amount),
        _ => None,
    })
}

fn refused(status: StatusCode, text: &str) -> ApiError {
    error::detail(status, text)
}
