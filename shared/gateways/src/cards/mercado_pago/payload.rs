//! What is sent to MercadoPago (contract 06 §5.1).

use serde::Serialize;
use serde_json::value::RawValue;

use super::amount;
use crate::{cards::Charge, phone};

/// Stands for the phone of a guest without one: the field must be filled.
const NO_PHONE: &str = "999888777";

#[derive(Serialize)]
pub(super) struct Refund<'a> {
    pub(super) amount: &'a RawValue,
}

#[derive(Serialize)]
pub(super) struct Payment<'a> {
    transaction_amount: Box<RawValue>,
    token: &'a str,
    description: &'a str,
    external_reference: String,
    payment_method_id: &'a str,
    installments: u32,
    payer: Payer<'a>,
    additional_info: Info<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Payer<'a> {
    email: Option<&'a str>,
    first_name: &'a str,
    last_name: Option<&'a str>,
    phone: Phone,
    address: Address,
}

#[derive(Serialize)]
struct Phone {
    area_code: &'static str,
    number: String,
}

#[derive(Serialize)]
struct Address {
    zip_code: &'static str,
    street_name: &'static str,
    street_number: u32,
}

#[derive(Serialize)]
struct Info<'a> {
    items: [Item<'a>; 1],
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    title: &'a str,
    quantity: u32,
    unit_price: Box<RawValue>,
}

impl<'a> Payment<'a> {
    /// The payment for a charge; `None` for an amount that cannot be paid.
    pub(super) fn of(charge: &'a Charge, notification_url: Option<&'a str>) -> Option<Self> {
        let amount = amount::number(charge.amount)?;
        let payer = &charge.payer;
        let number = payer.phone.as_deref().and_then(phone::payer).unwrap_or_else(|| NO_PHONE.to_owned());
        Some(Self {
            transaction_amount: amount.clone(),
            token: charge.token.as_str(),
            description: &charge.description,
            external_reference: charge.reference.to_string(),
            payment_method_id: &charge.method,
            installments: charge.installments,
            payer: Payer {
                email: payer.email.as_deref(),
                first_name: &payer.first_name,
                last_name: payer.last_name.as_deref(),
                phone: Phone { area_code: "51", number },
                // Guests give no address; the same one for everybody is what this account has always sent.
                address: Address { zip_code: "15001", street_name: "Calle Principal", street_number: 123 },
            },
            additional_info: Info {
                items: [Item {
                    id: &charge.item_id,
                    title: &charge.item_title,
                    quantity: 1,
                    unit_price: amount,
                }],
            },
            notification_url,
        })
    }
}
