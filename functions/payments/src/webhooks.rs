//! The gateways' webhooks (contract 06 §5.5, §5.6). A call is only a hint: what happened is asked of the gateway, and a
//! call that cannot be acted on now is refused so that it comes again.

use axum::{
    Extension, Json,
    extract::{State, rejection::BytesRejection},
};
use bytes::Bytes;
use casa_domain::payment::Vendor;
use casa_gateways::{
    Cards,
    cards::{Forged, Notice, mercado_pago, openpay},
};
use casa_jobs::payments::{Heard, hear};
use casa_web::{ApiResult, AppState, Query, error, openapi::Detail};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// What MercadoPago sends; only the id in the address is signed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MercadoPagoNews)]
#[allow(dead_code)] // describes a body, which is read by hand
pub(crate) struct PaymentNews {
    /// `payment`; everything else is nothing to us.
    r#type: String,
    /// What it is about.
    data: Named,
}

/// What OpenPay sends.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenPayNews)]
#[allow(dead_code)] // describes a body, which is read by hand
pub(crate) struct ChargeNews {
    /// Such as `charge.succeeded`, or `verification`.
    r#type: String,
    /// What it is about.
    transaction: Option<Named>,
    /// What the operator enters in OpenPay's panel.
    verification_code: Option<String>,
}

/// Something with an id at a gateway.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GatewayThing)]
#[allow(dead_code)] // describes a part of a body, which is read by hand
pub(crate) struct Named {
    /// Its id.
    id: String,
}

/// A call that needs no repetition.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTaken)]
pub(crate) struct Taken {
    /// Always true.
    received: bool,
}

/// MercadoPago tells that something happened to a payment.
#[utoipa::path(
    post,
    path = "/api/v1/payment/webhooks/mercadopago/",
    tag = "payments",
    operation_id = "payment_webhook_mercadopago",
    params(
        ("data.id" = Option<String>, Query, description = "MercadoPago's id of the payment"),
        ("x-signature" = Option<String>, Header, description = "Signature over that id, `x-request-id` and its time"),
        ("x-request-id" = Option<String>, Header, description = "Id of the call"),
    ),
    request_body(content = PaymentNews, description = "What happened"),
    responses(
        (status = 200, description = "It is acted on, or nothing to us.", body = Taken),
        (status = 401, description = "MercadoPago did not sign it, or no secret is configured.", body = Detail),
        (status = 413, description = "The body is too large.", body = Detail),
        (status = 503, description = "It cannot be acted on now: call again.", body = Detail),
    ),
)]
pub(crate) async fn mercado_pago(
    State(state): State<AppState>,
    Extension(cards): Extension<Cards>,
    query: Query,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<Json<Taken>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let id = query.get("data.id");
    let genuine = match &cards.mercado_pago_webhook {
        Some(secret) => secret.verify(text("x-signature"), text("x-request-id"), id),
        None => Err(Forged),
    };
    genuine.map_err(|forged| refuse(Vendor::MercadoPago, forged))?;
    let notice = mercado_pago::notice(id, &whole(body)?);
    act(&state, &cards, Vendor::MercadoPago, notice).await
}

/// OpenPay tells that something happened to a charge, or tries the address.
#[utoipa::path(
    post,
    path = "/api/v1/payment/webhooks/openpay/",
    tag = "payments",
    operation_id = "payment_webhook_openpay",
    params(("authorization" = Option<String>, Header, description = "Basic, with the login that the webhook was registered with")),
    request_body(content = ChargeNews, description = "What happened"),
    responses(
        (status = 200, description = "It is acted on, or nothing to us.", body = Taken),
        (status = 401, description = "The login is wrong, or none is configured.", body = Detail),
        (status = 413, description = "The body is too large.", body = Detail),
        (status = 503, description = "It cannot be acted on now: call again.", body = Detail),
    ),
)]
pub(crate) async fn openpay(
    State(state): State<AppState>,
    Extension(cards): Extension<Cards>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<Json<Taken>> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let genuine = match &cards.openpay_webhook {
        Some(login) => login.verify(authorization),
        None => Err(Forged),
    };
    genuine.map_err(|forged| refuse(Vendor::OpenPay, forged))?;
    let notice = openpay::notice(&whole(body)?);
    act(&state, &cards, Vendor::OpenPay, notice).await
}

async fn act(state: &AppState, cards: &Cards, vendor: Vendor, notice: Notice) -> ApiResult<Json<Taken>> {
    match notice {
        Notice::Payment(transaction) => match Box::pin(hear(state, cards, vendor, &transaction)).await {
            Ok(Heard::Ours(payment)) => {
                tracing::info!(payment = %payment.id, state = %payment.state, "a gateway told of a payment");
            }
            Ok(Heard::NotOurs) => {}
            Ok(Heard::Off) => {
                tracing::error!(gateway = %vendor, "a webhook of a gateway that is not configured");
                return Err(later());
            }
            Err(error) => {
                tracing::warn!(gateway = %vendor, %error, "a webhook could not be acted on");
                return Err(later());
            }
        },
        // The operator enters it in the gateway's panel. A warning, so that the usual filters let it through.
        Notice::Verification(code) => {
            tracing::warn!(gateway = %vendor, code, "a gateway verifies its webhook")
        }
        Notice::Other => {}
    }
    Ok(Json(Taken { received: true }))
}

fn refuse(vendor: Vendor, forged: Forged) -> casa_web::ApiError {
    tracing::warn!(gateway = %vendor, reason = %forged, "a webhook was refused");
    error::detail(StatusCode::UNAUTHORIZED, "La notificación no está firmada por la pasarela.")
}

fn later() -> casa_web::ApiError {
    error::detail(StatusCode::SERVICE_UNAVAILABLE, "La notificación no se pudo atender. Envíela otra vez.")
}

fn whole(body: Result<Bytes, BytesRejection>) -> ApiResult<Bytes> {
    body.map_err(|problem| error::detail(problem.status(), "No se pudo leer la notificación."))
}
