//! What a guest hears of a payment (contract 06 §3.1, §3.2, §8).

use axum::Json;
use casa_domain::{
    money::displayed,
    payment::{Payment, Purpose, Vendor},
};
use casa_gateways::cards::RefusalCode;
use casa_jobs::payments::{Paid, PayError};
use casa_web::{ApiError, ApiResult};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::{Problem, no_reservation, shaped, wrong};

/// A payment that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentDone)]
pub(crate) struct Done {
    /// Always true.
    success: bool,
    /// In words.
    message: &'static str,
    /// The reservation.
    reservation_id: Uuid,
    /// What was bought beside the stay; absent for a payment of the stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_type: Option<&'static str>,
    /// The gateway's id of the payment.
    transaction_id: Transaction,
    /// The gateway's word for its state, such as `approved`.
    payment_status: String,
    /// Soles that were taken.
    amount: f64,
    /// Always `SOL`.
    currency: &'static str,
    /// Our id of the payment.
    payment_id: Uuid,
}

/// A gateway's id: a number from MercadoPago, a text from OpenPay.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = PaymentTransaction)]
pub(crate) enum Transaction {
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
}

impl Transaction {
    fn new(id: &str) -> Self {
        // A number that would read differently stays a text.
        let number = id.parse().ok().filter(|number: &u64| number.to_string() == id);
        number.map_or_else(|| Self::Text(id.to_owned()), Self::Number)
    }
}

/// The answer to a payment that was tried.
///
/// # Errors
/// The documented errors.
pub(crate) fn tried(paid: Paid) -> ApiResult<Json<Done>> {
    match paid {
        Paid::Done(payment) => Ok(Json(done(&payment))),
        Paid::Processing(payment) => {
            let message = format!("Pago no completado. Estado: {}", word(&payment, "in_process"));
            Err(about(StatusCode::BAD_REQUEST, &message, &payment)
                .code("PAYMENT_PROCESSING")
                .with("payment_detail", detail(&payment))
                .error())
        }
        Paid::Refused(payment, code) => Err(refused(&payment, code)),
        Paid::Returned(payment) => {
            let message = "El pago se recibió, pero la reserva ya no podía tomarlo. El dinero se está devolviendo a su \
                           tarjeta.";
            Err(about(StatusCode::CONFLICT, message, &payment).code("PAYMENT_RETURNED").error())
        }
        Paid::Unknown(payment) => {
            let message =
                "Estamos verificando su pago con la pasarela. No lo repita: le avisaremos del resultado.";
            let code = match payment.vendor {
                Vendor::MercadoPago => "MERCADOPAGO_SERVER_ERROR",
                Vendor::OpenPay => "OPENPAY_SERVER_ERROR",
            };
            Err(about(StatusCode::SERVICE_UNAVAILABLE, message, &payment).code(code).error())
        }
    }
}

/// The answer to a payment that was not tried.
pub(crate) fn untried(problem: PayError) -> ApiError {
    match problem {
        PayError::NotFound => no_reservation(),
        PayError::NotPayable(why) => wrong(why),
        PayError::AlreadyBought => wrong("Este servicio ya está activo en su reserva."),
        PayError::NotOffered => wrong("Este servicio no está disponible para su reserva."),
        PayError::WrongAmount(due) => {
            let message = format!("El monto no coincide con lo que corresponde pagar: S/{due:.2}.");
            Problem::new(StatusCode::BAD_REQUEST, &message)
                .code("WRONG_AMOUNT")
                .with("amount_due", displayed::number(due))
                .error()
        }
        PayError::TokenUsed => token_used(StatusCode::BAD_REQUEST).error(),
        PayError::UnderWay => {
            let message =
                "Ya hay un pago de esta reserva en curso. Espere su resultado antes de intentar otro.";
            Problem::new(StatusCode::CONFLICT, message).code("PAYMENT_IN_PROGRESS").error()
        }
        PayError::Off => unavailable().error(),
        PayError::Store(error) => shaped(error.into()),
    }
}

fn done(payment: &Payment) -> Done {
    let (message, service_type) = match payment.purpose {
        Purpose::Reservation => ("Pago realizado con éxito.", None),
        purpose => ("Servicio adicional pagado con éxito.", Some(purpose.as_str())),
    };
    Done {
        success: true,
        message,
        reservation_id: payment.reservation.0,
        service_type,
        transaction_id: Transaction::new(payment.transaction.as_deref().unwrap_or_default()),
        payment_status: word(payment, "approved").to_owned(),
        amount: displayed::number(payment.amount),
        currency: "SOL",
        payment_id: payment.id.0,
    }
}

fn refused(payment: &Payment, code: Option<RefusalCode>) -> ApiError {
    let problem = match code {
        // Nothing reached the gateway, so that the same card can be tried again.
        Some(RefusalCode::Unavailable) => unavailable(),
        Some(RefusalCode::TokenUsed) => token_used(StatusCode::BAD_REQUEST),
        Some(RefusalCode::TokenInvalid) => {
            let message = "La pasarela no reconoce la tarjeta ingresada. Ingrese sus datos otra vez.";
            Problem::new(StatusCode::BAD_REQUEST, message).code("INVALID_TOKEN")
        }
        Some(RefusalCode::Other) => {
            Problem::new(StatusCode::BAD_REQUEST, "La pasarela no aceptó el pago. No se hizo ningún cobro.")
        }
        Some(RefusalCode::Declined(_)) | None => {
            let message = format!("Pago no completado. Estado: {}", word(payment, "rejected"));
            Problem::new(StatusCode::BAD_REQUEST, &message)
        }
    };
    problem.with("payment_detail", detail(payment)).with("payment_id", payment.id.to_string()).error()
}

fn about(status: StatusCode, message: &str, payment: &Payment) -> Problem {
    Problem::new(status, message).with("payment_id", payment.id.to_string())
}

fn token_used(status: StatusCode) -> Problem {
    let message = "Esta tarjeta ya se usó en otro intento. Ingrese sus datos otra vez.";
    Problem::new(status, message).code("TOKEN_ALREADY_USED")
}

fn unavailable() -> Problem {
    let message =
        "La pasarela de pagos no está disponible. No se hizo ningún cobro; intente de nuevo en unos minutos.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, message).code("GATEWAY_UNAVAILABLE")
}

fn word<'a>(payment: &'a Payment, otherwise: &'a str) -> &'a str {
    payment.word.as_deref().unwrap_or(otherwise)
}

fn detail(payment: &Payment) -> &str {
    payment.detail.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn payment(fields: Value) -> Payment {
        let mut all = json!({
            "id": Uuid::from_u128(1), "created": "2025-11-12T15:30:00Z", "updated": "2025-11-12T15:30:00Z",
            "reservation": Uuid::from_u128(2), "house": Uuid::from_u128(3), "client": Uuid::from_u128(4),
            "purpose": "reservation", "vendor": "mercadopago", "amount": "1500.50", "dollars": "400",
            "state": "approved", "transaction": "123456", "word": "approved", "detail": "accredited",
            "token": "digest-of-a-card",
        });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn error(paid: Paid) -> (u16, Value) {
        let error = tried(paid).unwrap_err();
        assert!(!error.body().to_string().contains("digest"), "{}", error.body());
        (error.status().as_u16(), error.body().clone())
    }

    #[test]
    fn a_payment_of_the_stay_has_the_documented_keys() {
        let Json(done) = tried(Paid::Done(payment(json!({})))).unwrap();
        assert_eq!(
            serde_json::to_value(done).unwrap(),
            json!({
                "success": true, "message": "Pago realizado con éxito.", "reservation_id": Uuid::from_u128(2),
                "transaction_id": 123_456, "payment_status": "approved", "amount": 1500.5, "currency": "SOL",
                "payment_id": Uuid::from_u128(1),
            })
        );
        let addition =
            payment(json!({"purpose": "late_checkout", "transaction": "trq1", "word": "completed"}));
        let Json(done) = tried(Paid::Done(addition)).unwrap();
        let done = serde_json::to_value(done).unwrap();
        assert_eq!(
            (&done["service_type"], &done["transaction_id"], &done["payment_status"]),
            (&json!("late_checkout"), &json!("trq1"), &json!("completed"))
        );
        assert_eq!(serde_json::to_value(Transaction::new("007")).unwrap(), json!("007"));
    }

    #[test]
    fn outcomes_that_are_no_success_are_told_apart() {
        let open = json!({"state": "processing", "word": "in_process", "detail": "pending_contingency"});
        let (status, body) = error(Paid::Processing(payment(open)));
        assert_eq!((status, &body["message"]), (400, &json!("Pago no completado. Estado: in_process")));
        assert_eq!(
            (&body["payment_detail"], &body["error_code"]),
            (&json!("pending_contingency"), &json!("PAYMENT_PROCESSING"))
        );

        let rejected =
            || payment(json!({"state": "rejected", "word": "rejected", "detail": "cc_rejected_high_risk"}));
        let (status, body) = error(Paid::Refused(rejected(), None));
        assert_eq!((status, &body["message"]), (400, &json!("Pago no completado. Estado: rejected")));
        assert_eq!(
            (&body["payment_detail"], body.get("error_code")),
            (&json!("cc_rejected_high_risk"), None)
        );
        for (code, status, word) in [
            (RefusalCode::TokenUsed, 400, "TOKEN_ALREADY_USED"),
            (RefusalCode::TokenInvalid, 400, "INVALID_TOKEN"),
            (RefusalCode::Unavailable, 503, "GATEWAY_UNAVAILABLE"),
        ] {
            let (told, body) = error(Paid::Refused(rejected(), Some(code)));
            assert_eq!((told, &body["error_code"]), (status, &json!(word)));
        }
        for (vendor, word) in
            [("mercadopago", "MERCADOPAGO_SERVER_ERROR"), ("openpay", "OPENPAY_SERVER_ERROR")]
        {
            let (status, body) = error(Paid::Unknown(payment(json!({"vendor": vendor, "state": "started"}))));
            assert_eq!((status, &body["error_code"]), (503, &json!(word)));
            assert_eq!(body["payment_id"], json!(Uuid::from_u128(1)));
        }
        let (status, body) = error(Paid::Returned(payment(json!({}))));
        assert_eq!((status, &body["error_code"]), (409, &json!("PAYMENT_RETURNED")));
        let wrong = untried(PayError::WrongAmount("1500.5".parse().unwrap()));
        assert_eq!((wrong.status().as_u16(), &wrong.body()["amount_due"]), (400, &json!(1500.5)));
        assert!(wrong.body()["message"].as_str().unwrap().contains("S/1500.50"));
    }
}
