//! What is sent to OpenPay (contract 06 §5.6).

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::amount;
use crate::{cards, phone};

#[derive(Serialize)]
pub(super) struct Refund<'a> {
    pub(super) description: String,
    pub(super) amount: &'a RawValue,
}

/// The description of a refund, which tells it from others.
pub(super) fn refund(key: Uuid) -> String {
    format!("Devolución {key}")
}

#[derive(Serialize)]
pub(super) struct Charge<'a> {
    method: &'static str,
    source_id: &'a str,
    amount: Box<RawValue>,
    currency: &'static str,
    description: &'a str,
    order_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_session_id: Option<&'a str>,
    customer: Customer<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_plan: Option<Plan>,
}

#[derive(Serialize)]
struct Customer<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
}

#[derive(Serialize)]
struct Plan {
    payments: u32,
}

impl<'a> Charge<'a> {
    /// `None` for an amount that cannot be paid.
    pub(super) fn of(charge: &'a cards::Charge) -> Option<Self> {
        let payer = &charge.payer;
        Some(Self {
            method: "card",
            source_id: charge.token.as_str(),
            amount: amount::number(charge.amount)?,
            currency: "PEN",
            description: &charge.description,
            order_id: charge.reference.to_string(),
            device_session_id: charge.device_session.as_deref(),
            customer: Customer {
                name: &payer.first_name,
                last_name: payer.last_name.as_deref(),
                email: payer.email.as_deref(),
                phone_number: payer.phone.as_deref().and_then(phone::payer),
            },
            payment_plan: (charge.installments > 1).then_some(Plan { payments: charge.installments }),
        })
    }
}
