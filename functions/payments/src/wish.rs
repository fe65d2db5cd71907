//! What a guest sends to pay (contract 06 §3.1, §3.2).

use casa_domain::{
    money::to_cents,
    payment::{Purpose, Vendor},
};
use casa_gateways::cards::CardToken;
use casa_web::{
    ApiResult, Form,
    form::{Checked, Given},
};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::wrong;

/// Most characters of a card token (contract 06 §2.1).
const LONGEST_TOKEN: usize = 255;
/// Most characters of the other words.
const LONGEST_WORD: usize = 100;
/// Amounts have ten digits at most, cents included (contract 06 §2.1).
const TOO_MUCH: Decimal = Decimal::from_parts(100_000_000, 0, 0, false, 0);
/// Most parts that a guest pays his bank in.
const MOST_INSTALLMENTS: i64 = 36;

/// A payment of the stay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentInput)]
#[allow(dead_code)] // describes a body, which is read by hand
pub(crate) struct Input {
    /// The card, as the gateway's script in the browser made it.
    token: String,
    /// Soles: what is due, to the cent. Also as text.
    #[schema(example = 1500.5)]
    amount: f64,
    /// MercadoPago's word for the kind of card.
    #[schema(default = "visa")]
    payment_method_id: Option<String>,
    /// In how many parts the guest pays the bank.
    #[schema(default = 1, minimum = 1, maximum = 36)]
    installments: Option<u32>,
    /// `mercadopago` or `openpay`; the usual one is a setting.
    gateway: Option<String>,
    /// Pays only a part of what is due, on purpose.
    partial: Option<bool>,
    /// What OpenPay's script in the browser knows the device by; required with OpenPay.
    device_session_id: Option<String>,
}

/// A payment of something beside the stay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdditionPaymentInput)]
#[allow(dead_code)] // describes a body, which is read by hand
pub(crate) struct AdditionInput {
    /// The card, as the gateway's script in the browser made it.
    token: String,
    /// Soles: the price that was quoted. Also as text.
    #[schema(example = 120.0)]
    amount: f64,
    /// `temperature_pool` or `late_checkout`.
    service_type: String,
    /// MercadoPago's word for the kind of card.
    #[schema(default = "visa")]
    payment_method_id: Option<String>,
    /// In how many parts the guest pays the bank.
    #[schema(default = 1, minimum = 1, maximum = 36)]
    installments: Option<u32>,
    /// `mercadopago` or `openpay`; the usual one is a setting.
    gateway: Option<String>,
    /// What OpenPay's script in the browser knows the device by; required with OpenPay.
    device_session_id: Option<String>,
}

/// What is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The stay.
    Stay,
    /// Something beside it.
    Addition,
}

/// What a guest wants to pay, and how.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) token: CardToken,
    pub(crate) amount: Decimal,
    pub(crate) purpose: Purpose,
    pub(crate) partial: bool,
    pub(crate) vendor: Vendor,
    pub(crate) method: String,
    pub(crate) installments: u32,
    pub(crate) device_session: Option<String>,
}

impl Wish {
    /// Reads it, in the documented order of checks.
    ///
    /// # Errors
    /// 400.
    pub(crate) fn read(form: &Form, subject: Subject, usual: Vendor) -> ApiResult<Self> {
        let mut checked = form.check();
        let token = checked
            .text("token", LONGEST_TOKEN)
            .value()
            .ok_or_else(|| wrong("Falta el token de la tarjeta."))?;
        let amount = amount(form.get("amount"))
            .ok_or_else(|| wrong("El monto debe ser un número mayor que cero, en soles."))?;
        let method = method(&mut checked, subject)?;
        let purpose = match subject {
            Subject::Stay => Purpose::Reservation,
            Subject::Addition => {
                let purpose: Option<Purpose> = checked.choice("service_type").value();
                let addition = purpose.filter(|purpose| *purpose != Purpose::Reservation);
                addition.ok_or_else(|| wrong("El servicio debe ser temperature_pool o late_checkout."))?
            }
        };
        let installments = or_default(checked.integer("installments", 1, MOST_INSTALLMENTS), 1)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| wrong("El número de cuotas debe estar entre 1 y 36."))?;
        let vendor = or_default(checked.choice("gateway"), usual)
            .ok_or_else(|| wrong("La pasarela debe ser mercadopago u openpay."))?;
        let partial = match subject {
            Subject::Stay => checked.boolean("partial"),
            Subject::Addition => Given::Absent,
        };
        let partial = or_default(partial, false)
            .ok_or_else(|| wrong("El campo partial debe ser verdadero o falso."))?;
        let device_session = match checked.text("device_session_id", LONGEST_TOKEN) {
            Given::Value(text) => Some(text),
            Given::Wrong => return Err(wrong("El identificador del dispositivo no es válido.")),
            Given::Absent | Given::Null if vendor == Vendor::OpenPay => {
                return Err(wrong("Falta el identificador del dispositivo."));
            }
            Given::Absent | Given::Null => None,
        };
        Ok(Self {
            token: CardToken::new(token),
            amount,
            purpose,
            partial,
            vendor,
            method,
            installments,
            device_session,
        })
    }
}

/// The value, or the default where nothing is given; `None` for something unusable.
fn or_default<T>(given: Given<T>, default: T) -> Option<T> {
    match given {
        Given::Value(value) => Some(value),
        Given::Absent | Given::Null => Some(default),
        Given::Wrong => None,
    }
}

/// Only a payment of the stay must not send an empty one (contract 06 §3.2).
fn method(checked: &mut Checked<'_>, subject: Subject) -> ApiResult<String> {
    match checked.text("payment_method_id", LONGEST_WORD) {
        Given::Value(text) => Ok(text),
        Given::Null if subject == Subject::Stay => Err(wrong("Falta el medio de pago.")),
        Given::Absent | Given::Null => Ok("visa".to_owned()),
        Given::Wrong => Err(wrong("El medio de pago no es válido.")),
    }
}

/// Soles to the cent, more than nothing: what a browser works out with binary numbers is off by less than that.
fn amount(value: Option<&Value>) -> Option<Decimal> {
    let text = match value? {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let exact: Decimal = text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())?;
    let amount = to_cents(exact);
    (amount > Decimal::ZERO && amount < TOO_MUCH).then_some(amount)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(subject: Subject, name: &str, value: Value) -> Result<Wish, Value> {
        let mut body = json!({"token": "ok-1", "amount": 5, "service_type": "late_checkout"});
        body.as_object_mut().unwrap().insert(name.to_owned(), value);
        let form = Form::from_json(body.as_object().unwrap().clone());
        Wish::read(&form, subject, Vendor::MercadoPago).map_err(|problem| {
            assert_eq!((problem.status().as_u16(), &problem.body()["success"]), (400, &json!(false)));
            problem.body()["message"].clone()
        })
    }

    #[test]
    fn amounts_are_numbers_or_their_texts() {
        for (sent, expected) in [
            (json!(5), Some("5.00")),
            (json!(0.01), Some("0.01")),
            (json!("1500.50"), Some("1500.50")),
            (json!(" 7 "), Some("7.00")),
            (json!(1.5e3), Some("1500.00")),
            (json!("1.5e3"), Some("1500.00")),
            (json!(900.050_000_000_000_1), Some("900.05")),
            (json!(99_999_999.99), Some("99999999.99")),
            (json!(100_000_000), None),
            (json!("1e30"), None),
            (json!(0), None),
            (json!(0.001), None),
            (json!(-5), None),
            (json!("cinco"), None),
            (json!(""), None),
            (json!("NaN"), None),
            (json!(true), None),
            (json!(null), None),
            (json!([5]), None),
        ] {
            let read = read(Subject::Stay, "amount", sent.clone());
            let read = read.ok().map(|wish| casa_domain::money::fixed2(wish.amount));
            assert_eq!(read.as_deref(), expected, "{sent}");
        }
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let wish = read(Subject::Stay, "extra", json!(1)).unwrap();
        assert_eq!((wish.method.as_str(), wish.installments, wish.partial), ("visa", 1, false));
        assert_eq!(
            (wish.purpose, wish.vendor, wish.device_session),
            (Purpose::Reservation, Vendor::MercadoPago, None)
        );
        assert!(read(Subject::Stay, "partial", json!("true")).unwrap().partial);
        assert!(!read(Subject::Addition, "partial", json!(true)).unwrap().partial);
        assert_eq!(read(Subject::Addition, "extra", json!(1)).unwrap().purpose, Purpose::LateCheckout);
        assert_eq!(read(Subject::Addition, "payment_method_id", json!("")).unwrap().method, "visa");
        assert_eq!(read(Subject::Stay, "installments", json!("12")).unwrap().installments, 12);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (subject, name, value, word) in [
            (Subject::Stay, "token", json!(""), "token"),
            (Subject::Stay, "token", json!(null), "token"),
            (Subject::Stay, "token", json!(["x"]), "token"),
            (Subject::Stay, "token", json!("x".repeat(256)), "token"),
            (Subject::Stay, "payment_method_id", json!(""), "medio de pago"),
            (Subject::Stay, "installments", json!(0), "cuotas"),
            (Subject::Stay, "installments", json!(37), "cuotas"),
            (Subject::Stay, "installments", json!("x"), "cuotas"),
            (Subject::Stay, "gateway", json!("paypal"), "pasarela"),
            (Subject::Stay, "gateway", json!("openpay"), "dispositivo"),
            (Subject::Stay, "partial", json!("quizás"), "partial"),
            (Subject::Addition, "service_type", json!("reservation"), "servicio"),
            (Subject::Addition, "service_type", json!("sauna"), "servicio"),
            (Subject::Addition, "service_type", json!(null), "servicio"),
        ] {
            let message = read(subject, name, value.clone()).unwrap_err();
            assert!(message.as_str().unwrap().contains(word), "{name} {value}: {message}");
        }
    }
}
