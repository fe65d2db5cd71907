//! OpenPay's charges (contract 06 §5.6, decision 16).

mod payload;
mod webhook;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use reqwest::{RequestBuilder, StatusCode};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use super::{
    CardGateway, Charge, ChargeError, Patience, RefundError, RefusalCode, Seen, Standing, Vendor, amount,
    asking::{self, Attempts, Outcome},
    foremost, id, word,
};
use crate::{GatewayError, setting, wire};

pub use webhook::{WebhookLogin, notice};

const NAME: &str = "OpenPay";
/// Its number for an order that it has already.
const SAME_ORDER: i64 = 1006;
/// Its number for an unavailable service.
const UNAVAILABLE: i64 = 1004;
/// Its number for something that there is not: of all a charge names, only the token can be missing.
const NOT_FOUND: i64 = 1005;

/// A merchant's account at OpenPay in Peru.
#[derive(Clone)]
pub struct OpenPay {
    http: reqwest::Client,
    charges: String,
    /// Never logged.
    key: String,
    patience: Patience,
}

impl fmt::Debug for OpenPay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenPay(…)")
    }
}

impl OpenPay {
    /// The account that `OPENPAY_MERCHANT_ID` and `OPENPAY_PRIVATE_KEY` configure; `None` unless both are there. It is
    /// the sandbox unless `OPENPAY_SANDBOX` says no; `OPENPAY_URL` is optional.
    pub fn from_env() -> Option<Self> {
        Self::configured(setting)
    }

    fn configured(setting: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let merchant = setting("OPENPAY_MERCHANT_ID")?;
        let key = setting("OPENPAY_PRIVATE_KEY")?;
        let live = setting("OPENPAY_SANDBOX").is_some_and(|sandbox| is_no(&sandbox));
        let host = if live { "https://api.openpay.pe" } else { "https://sandbox-api.openpay.pe" };
        let base = setting("OPENPAY_URL").unwrap_or_else(|| host.to_owned());
        Self::new(&base, &merchant, &key)
    }

    /// The account of a merchant, at `base`. `None` for an id that could lead to another address.
    pub fn new(base: &str, merchant: &str, key: &str) -> Option<Self> {
        let merchant = id(merchant)?;
        let patience = Patience::default();
        Some(Self {
            http: wire::http(patience.each),
            charges: format!("{}/v1/{merchant}/charges", base.trim_end_matches('/')),
            key: key.to_owned(),
            patience,
        })
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    fn authorized(&self, request: RequestBuilder, within: Duration) -> RequestBuilder {
        request.basic_auth(&self.key, Some("")).timeout(within)
    }

    /// A charge as OpenPay tells it.
    async fn read(&self, transaction: &str) -> Result<Option<Told>, GatewayError> {
        let request = self.http.get(format!("{}/{transaction}", self.charges));
        let Some(body) = asking::fetch(NAME, self.authorized(request, self.patience.each)).await? else {
            return Ok(None);
        };
        let told: Option<Told> = serde_json::from_slice(&body).ok();
        told.filter(|told| told.id == transaction).map(Some).ok_or_else(|| wire::nonsense(NAME))
    }
}

/// Whether a setting says no.
fn is_no(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "false" | "0" | "no" | "off")
}

#[async_trait]
impl CardGateway for OpenPay {
    fn vendor(&self) -> Vendor {
        Vendor::OpenPay
    }

    async fn charge(&self, charge: &Charge) -> Result<Seen, ChargeError> {
        asking::charge(self, charge, self.patience).await
    }

    async fn look_up(&self, transaction: &str) -> Result<Option<Seen>, GatewayError> {
        let Some(transaction) = id(transaction) else { return Ok(None) };
        match self.read(transaction).await? {
            Some(told) => told.seen().map(Some).ok_or_else(|| wire::nonsense(NAME)),
            None => Ok(None),
        }
    }

    async fn find(&self, reference: Uuid) -> Result<Option<Seen>, GatewayError> {
        self.seek(reference, self.patience.each).await
    }

    /// OpenPay takes no key. It goes into the refund's description, and a charge with such a refund is not asked again.
    async fn refund(&self, transaction: &str, amount: Decimal, key: Uuid) -> Result<(), RefundError> {
        let (Some(transaction), Some(amount)) = (id(transaction), amount::number(amount)) else {
            return Err(RefundError::Refused { status: 0 });
        };
        let told = self.read(transaction).await.map_err(RefundError::Unknown)?;
        let told = told.ok_or(RefundError::Refused { status: StatusCode::NOT_FOUND.as_u16() })?;
        if told.has_refund(key) {
            return Ok(());
        }
        let request = self.http.post(format!("{}/{transaction}/refund", self.charges));
        let request = request.json(&payload::Refund { description: payload::refund(key), amount: &amount });
        let body = asking::refund(NAME, self.authorized(request, self.patience.each)).await?;
        let told: Option<Told> = serde_json::from_slice(&body).ok();
        match told.filter(|told| told.id == transaction) {
            Some(_) => Ok(()),
            None => Err(RefundError::Unknown(wire::nonsense(NAME))),
        }
    }
}

#[async_trait]
impl Attempts for OpenPay {
    const NAME: &'static str = NAME;

    async fn attempt(&self, charge: &Charge, within: Duration) -> Outcome {
        let Some(payload) = payload::Charge::of(charge) else {
            return Outcome::Refused { code: RefusalCode::Other, status: 0 };
        };
        let request = self.http.post(&self.charges).json(&payload);
        let (status, body) = match asking::attempt(NAME, self.authorized(request, within)).await {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        if status.is_success() {
            let seen = serde_json::from_slice(&body).ok().and_then(Told::seen);
            let seen = seen.filter(|seen| seen.reference == Some(charge.reference));
            seen.map_or_else(|| Outcome::Doubt(wire::nonsense(NAME)), Outcome::Seen)
        } else {
            refusal(status, &serde_json::from_slice(&body).unwrap_or_default())
        }
    }

    async fn seek(&self, reference: Uuid, within: Duration) -> Result<Option<Seen>, GatewayError> {
        let request = self.http.get(&self.charges).query(&[("order_id", reference.to_string())]);
        let Some(body) = asking::fetch(NAME, self.authorized(request, within)).await? else {
            return Ok(None);
        };
        let told: Vec<Told> = serde_json::from_slice(&body).map_err(|_| wire::nonsense(NAME))?;
        let ours = told.into_iter().filter(|told| told.reference() == Some(reference));
        let seen: Option<Vec<Seen>> = ours.map(Told::seen).collect();
        Ok(foremost(seen.ok_or_else(|| wire::nonsense(NAME))?))
    }
}

/// A charge as OpenPay tells it.
#[derive(Deserialize)]
struct Told {
    id: String,
    status: String,
    amount: Box<RawValue>,
    currency: Option<String>,
    #[serde(default)]
    order_id: Value,
    #[serde(default)]
    error_code: Value,
    /// The last refund.
    refund: Option<Refunded>,
    /// All of them, where it tells them.
    refunds: Option<Vec<Refunded>>,
}

#[derive(Deserialize)]
struct Refunded {
    amount: Box<RawValue>,
    description: Option<String>,
    status: Option<String>,
}

impl Refunded {
    fn stands(&self) -> bool {
        !matches!(self.status.as_deref(), Some("failed" | "cancelled"))
    }
}

impl Told {
    fn reference(&self) -> Option<Uuid> {
        self.order_id.as_str()?.parse().ok()
    }

    fn refunds(&self) -> impl Iterator<Item = &Refunded> {
        let all = self.refunds.as_deref().filter(|refunds| !refunds.is_empty());
        let refunds = all.unwrap_or(self.refund.as_slice());
        refunds.iter().filter(|refund| refund.stands())
    }

    fn has_refund(&self, key: Uuid) -> bool {
        let key = key.to_string();
        self.refunds().any(|refund| refund.description.as_ref().is_some_and(|text| text.contains(&key)))
    }

    /// `None` for a charge that makes no sense, also for one that is not in soles.
    fn seen(self) -> Option<Seen> {
        if self.currency.as_ref().is_some_and(|currency| currency != "PEN") {
            return None;
        }
        let charged_back = self.status.starts_with("chargeback_");
        let standing = match self.status.as_str() {
            // Refunds and charge-backs follow on money that was taken.
            "completed"
            | "refunded"
            | "chargeback_pending"
            | "chargeback_accepted"
            | "chargeback_adjustment" => Standing::Approved,
            "in_progress" | "charge_pending" => Standing::Processing,
            "failed" => Standing::Rejected,
            "cancelled" | "expired" => Standing::Cancelled,
            _ => return None,
        };
        let amount = amount::read(&self.amount)?;
        let given: Option<Vec<Decimal>> = self.refunds().map(|refund| amount::read(&refund.amount)).collect();
        let given: Decimal = given?.into_iter().sum();
        let whole = self.status == "refunded" && given.is_zero();
        Some(Seen {
            transaction: id(&self.id)?.to_owned(),
            reference: self.reference(),
            standing,
            detail: self.error_code.as_i64().map(|code| reason(code).to_owned()).unwrap_or_default(),
            status: word(&self.status)?.to_owned(),
            amount,
            refunded: if whole { amount } else { given },
            charged_back,
        })
    }
}

/// A word for one of OpenPay's reasons.
fn reason(code: i64) -> &'static str {
    match code {
        2004..=2006 => "card_data",
        3001 => "declined",
        3002 => "expired",
        3003 => "insufficient_funds",
        3004 => "stolen",
        3005 => "high_risk",
        3006 => "not_permitted",
        3009 => "lost",
        3012 => "call_for_authorize",
        _ => "other",
    }
}

/// What a refusal means.
fn refusal(status: StatusCode, body: &Value) -> Outcome {
    let number = body["error_code"].as_i64().unwrap_or_default();
    let about = body["description"].as_str().unwrap_or_default().to_lowercase();
    let code = match number {
        SAME_ORDER => return Outcome::Doubt(GatewayError::Busy { vendor: NAME }),
        UNAVAILABLE => return Outcome::Trouble(GatewayError::Busy { vendor: NAME }),
        2000..4000 => RefusalCode::Declined(reason(number).to_owned()),
        NOT_FOUND => RefusalCode::TokenInvalid,
        _ if about.contains("token") && about.contains("already") => RefusalCode::TokenUsed,
        _ if status == StatusCode::PAYMENT_REQUIRED => RefusalCode::Declined(reason(number).to_owned()),
        _ => RefusalCode::Other,
    };
    Outcome::Refused { code, status: status.as_u16() }
}

#[cfg(test)]
mod tests;
