//! OpenPay's webhook: how it signs in and what it says (contract 06 §5.6.6).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::{
    cards::{Forged, Notice, id},
    setting,
};

/// The user and password that OpenPay's webhook is registered with.
#[derive(Clone)]
pub struct WebhookLogin {
    /// `user:password`; never logged.
    login: String,
}

impl fmt::Debug for WebhookLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookLogin(…)")
    }
}

impl WebhookLogin {
    /// The login that `OPENPAY_WEBHOOK_USER` and `OPENPAY_WEBHOOK_PASSWORD` configure; `None` unless both are there.
    pub fn from_env() -> Option<Self> {
        Self::new(&setting("OPENPAY_WEBHOOK_USER")?, &setting("OPENPAY_WEBHOOK_PASSWORD")?)
    }

    /// This user with this password. `None` when one is empty: that would let anybody in.
    pub fn new(user: &str, password: &str) -> Option<Self> {
        let complete = !user.is_empty() && !password.is_empty();
        complete.then(|| Self { login: format!("{user}:{password}") })
    }

    /// Checks the header `authorization` of a call.
    ///
    /// # Errors
    /// [`Forged`].
    pub fn verify(&self, authorization: Option<&str>) -> Result<(), Forged> {
        let (scheme, login) = authorization.and_then(|header| header.trim().split_once(' ')).ok_or(Forged)?;
        let login = STANDARD.decode(login.trim()).map_err(|_| Forged)?;
        let same = bool::from(login.ct_eq(self.login.as_bytes()));
        (scheme.eq_ignore_ascii_case("basic") && same).then_some(()).ok_or(Forged)
    }
}

/// What a call says.
pub fn notice(body: &[u8]) -> Notice {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let kind = body["type"].as_str().unwrap_or_default();
    let text = |value: &Value| value.as_str().and_then(id).map(str::to_owned);
    if kind == "verification" {
        return text(&body["verification_code"]).map_or(Notice::Other, Notice::Verification);
    }
    // Payouts, fees and transfers are transactions too.
    if kind.starts_with("charge.") || kind.starts_with("chargeback.") {
        let number = |value: &Value| value.as_u64().map(|number| number.to_string());
        let transaction = &body["transaction"]["id"];
        return text(transaction).or_else(|| number(transaction)).map_or(Notice::Other, Notice::Payment);
    }
    Notice::Other
}
