//! MercadoPago's payments (contract 06 §5.1, §5.5).

mod payload;
mod webhook;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use reqwest::{
    RequestBuilder, StatusCode,
    header::{AUTHORIZATION, HeaderValue},
};
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

pub use webhook::{WebhookSecret, notice};

const NAME: &str = "MercadoPago";
const IDEMPOTENCY: &str = "x-idempotency-key";
/// Its number for "already posted the same request in the last minute".
const SAME_REQUEST: i64 = 2001;
/// Its numbers for trouble between its own parts, which come with status 400.
const OWN_TROUBLE: [i64; 2] = [2004, 2007];
/// Its numbers for tokens that there are not, or not any more.
const TOKEN_INVALID: [i64; 5] = [2006, 2062, 3003, 3006, 3008];

/// An account at MercadoPago.
#[derive(Clone)]
pub struct MercadoPago {
    http: reqwest::Client,
    payments: String,
    /// Marked sensitive: never logged.
    authorization: HeaderValue,
    /// Where it tells about changes of a payment; the application's own address where none is given.
    notification_url: Option<String>,
    patience: Patience,
}

impl fmt::Debug for MercadoPago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MercadoPago(…)")
    }
}

impl MercadoPago {
    /// The account that `MERCADOPAGO_ACCESS_TOKEN` opens; `None` without it. `MERCADOPAGO_URL` and
    /// `MERCADOPAGO_NOTIFICATION_URL` are optional.
    pub fn from_env() -> Option<Self> {
        Self::configured(setting)
    }

    fn configured(setting: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let token = setting("MERCADOPAGO_ACCESS_TOKEN")?;
        let base = setting("MERCADOPAGO_URL").unwrap_or_else(|| "https://api.mercadopago.com".to_owned());
        let gateway = Self::new(&base, &token)?;
        Some(Self { notification_url: setting("MERCADOPAGO_NOTIFICATION_URL"), ..gateway })
    }

    /// The account of a token, at `base`. `None` for a token that no header can carry.
    pub fn new(base: &str, token: &str) -> Option<Self> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        authorization.set_sensitive(true);
        let patience = Patience::default();
        Some(Self {
            http: wire::http(patience.each),
            payments: format!("{}/v1/payments", base.trim_end_matches('/')),
            authorization,
            notification_url: None,
            patience,
        })
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The same, telling about changes of its payments at another address.
    #[must_use]
    pub fn with_notification_url(self, address: &str) -> Self {
        Self { notification_url: Some(address.to_owned()), ..self }
    }

    fn authorized(&self, request: RequestBuilder, within: Duration) -> RequestBuilder {
        request.header(AUTHORIZATION, self.authorization.clone()).timeout(within)
    }
}

#[async_trait]
impl CardGateway for MercadoPago {
    fn vendor(&self) -> Vendor {
        Vendor::MercadoPago
    }

    async fn charge(&self, charge: &Charge) -> Result<Seen, ChargeError> {
        asking::charge(self, charge, self.patience).await
    }

    async fn look_up(&self, transaction: &str) -> Result<Option<Seen>, GatewayError> {
        let Some(transaction) = id(transaction) else { return Ok(None) };
        let request = self.http.get(format!("{}/{transaction}", self.payments));
        let Some(body) = asking::fetch(NAME, self.authorized(request, self.patience.each)).await? else {
            return Ok(None);
        };
        let seen = serde_json::from_slice(&body).ok().and_then(Payment::seen);
        seen.filter(|seen| seen.transaction == transaction).map(Some).ok_or_else(|| wire::nonsense(NAME))
    }

    async fn find(&self, reference: Uuid) -> Result<Option<Seen>, GatewayError> {
        self.seek(reference, self.patience.each).await
    }

    async fn refund(&self, transaction: &str, amount: Decimal, key: Uuid) -> Result<(), RefundError> {
        let (Some(transaction), Some(amount)) = (id(transaction), amount::number(amount)) else {
            return Err(RefundError::Refused { status: 0 });
        };
        let request = self.http.post(format!("{}/{transaction}/refunds", self.payments));
        let request = request.header(IDEMPOTENCY, key.to_string()).json(&payload::Refund { amount: &amount });
        let body = asking::refund(NAME, self.authorized(request, self.patience.each)).await?;
        let refund = serde_json::from_slice::<Value>(&body).unwrap_or_default();
        match refund["status"].as_str() {
            Some("rejected" | "cancelled") => Err(RefundError::Refused { status: StatusCode::OK.as_u16() }),
            _ if refund["id"].is_u64() || refund["id"].is_string() => Ok(()),
            _ => Err(RefundError::Unknown(wire::nonsense(NAME))),
        }
    }
}

#[async_trait]
impl Attempts for MercadoPago {
    const NAME: &'static str = NAME;

    async fn attempt(&self, charge: &Charge, within: Duration) -> Outcome {
        let Some(payment) = payload::Payment::of(charge, self.notification_url.as_deref()) else {
            return Outcome::Refused { code: RefusalCode::Other, status: 0 };
        };
        let request = self.http.post(&self.payments).header(IDEMPOTENCY, charge.reference.to_string());
        let (status, body) =
            match asking::attempt(NAME, self.authorized(request, within).json(&payment)).await {
                Ok(answer) => answer,
                Err(outcome) => return outcome,
            };
        if status.is_success() {
            let seen = serde_json::from_slice(&body).ok().and_then(Payment::seen);
            let seen = seen.filter(|seen| seen.reference == Some(charge.reference));
            seen.map_or_else(|| Outcome::Doubt(wire::nonsense(NAME)), Outcome::Seen)
        } else {
            refusal(status, &serde_json::from_slice(&body).unwrap_or_default())
        }
    }

    async fn seek(&self, reference: Uuid, within: Duration) -> Result<Option<Seen>, GatewayError> {
        let request = self.http.get(format!("{}/search", self.payments));
        let request = request.query(&[("external_reference", reference.to_string())]);
        let Some(body) = asking::fetch(NAME, self.authorized(request, within)).await? else {
            return Ok(None);
        };
        let found: Found = serde_json::from_slice(&body).map_err(|_| wire::nonsense(NAME))?;
        let ours = found.results.into_iter().filter(|payment| payment.reference() == Some(reference));
        let seen: Option<Vec<Seen>> = ours.map(Payment::seen).collect();
        Ok(foremost(seen.ok_or_else(|| wire::nonsense(NAME))?))
    }
}

#[derive(Deserialize)]
struct Found {
    results: Vec<Payment>,
}

/// A payment as MercadoPago tells it.
#[derive(Deserialize)]
struct Payment {
    id: Value,
    status: String,
    #[serde(default)]
    status_detail: Value,
    transaction_amount: Box<RawValue>,
    transaction_amount_refunded: Option<Box<RawValue>>,
    currency_id: Option<String>,
    #[serde(default)]
    external_reference: Value,
}

impl Payment {
    fn reference(&self) -> Option<Uuid> {
        self.external_reference.as_str()?.parse().ok()
    }

    /// `None` for a payment that makes no sense, also for one that is not in soles.
    fn seen(self) -> Option<Seen> {
        if self.currency_id.as_ref().is_some_and(|currency| currency != "PEN") {
            return None;
        }
        let charged_back = self.status == "charged_back";
        let standing = match self.status.as_str() {
            // Held money is as good as taken (contract 06 §4.1.3). A dispute, a refund and a charge-back follow on money
            // that was taken.
            "approved" | "authorized" | "in_mediation" | "refunded" | "charged_back" => Standing::Approved,
            "pending" | "in_process" => Standing::Processing,
            "rejected" => Standing::Rejected,
            "cancelled" => Standing::Cancelled,
            _ => return None,
        };
        let amount = amount::read(&self.transaction_amount)?;
        let refunded = match &self.transaction_amount_refunded {
            Some(refunded) => amount::read(refunded)?,
            None if self.status == "refunded" => amount,
            None => Decimal::ZERO,
        };
        Some(Seen {
            transaction: transaction(&self.id)?,
            reference: self.reference(),
            standing,
            detail: self.status_detail.as_str().and_then(word).unwrap_or_default().to_owned(),
            status: self.status,
            amount,
            refunded,
            charged_back,
        })
    }
}

/// An id, which MercadoPago sends as a number or as its text.
fn transaction(value: &Value) -> Option<String> {
    let text =
        value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))?;
    id(&text).map(str::to_owned)
}

/// What a refusal means. Its texts are prose in English, and change: numbers come first.
fn refusal(status: StatusCode, body: &Value) -> Outcome {
    let causes = match &body["cause"] {
        Value::Array(causes) => causes.as_slice(),
        cause => std::slice::from_ref(cause),
    };
    let number = |cause: &Value| {
        let code = &cause["code"];
        code.as_i64().or_else(|| code.as_str()?.parse().ok())
    };
    let has = |numbers: &[i64]| causes.iter().filter_map(number).any(|code| numbers.contains(&code));
    let texts = causes.iter().map(Value::to_string).chain(body["message"].as_str().map(str::to_owned));
    let texts: Vec<String> = texts.map(|text| text.to_lowercase()).collect();
    let says = |part: &str| texts.iter().any(|text| text.contains(part));
    if has(&[SAME_REQUEST]) {
        return Outcome::Doubt(GatewayError::Busy { vendor: NAME });
    }
    if has(&OWN_TROUBLE) {
        return Outcome::Trouble(GatewayError::Busy { vendor: NAME });
    }
    let code = if says("already_used") {
        RefusalCode::TokenUsed
    } else if says("invalid_token") || has(&TOKEN_INVALID) {
        RefusalCode::TokenInvalid
    } else {
        RefusalCode::Other
    };
    Outcome::Refused { code, status: status.as_u16() }
}

#[cfg(test)]
mod tests;
