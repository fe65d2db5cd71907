//! MercadoPago's webhook: its signature and what it says (contract 06 §5.5.8, §5.5.9).

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::transaction;
use crate::{
    cards::{Forged, Notice, id},
    setting,
};

/// The secret that MercadoPago signs its calls with.
#[derive(Clone)]
pub struct WebhookSecret(Hmac<Sha256>);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

impl WebhookSecret {
    /// The secret of the application, `MERCADOPAGO_WEBHOOK_SECRET`; `None` without it.
    pub fn from_env() -> Option<Self> {
        Self::new(&setting("MERCADOPAGO_WEBHOOK_SECRET")?)
    }

    /// This secret. `None` for an empty one, which anybody knows.
    pub fn new(secret: &str) -> Option<Self> {
        if secret.is_empty() {
            return None;
        }
        Hmac::new_from_slice(secret.as_bytes()).ok().map(Self)
    }

    /// Checks the signature of a call: the headers `x-signature` and `x-request-id`, and `data.id` of the query.
    ///
    /// The age is not looked at: a call is a hint to look the payment up, so that an old one does no harm.
    ///
    /// # Errors
    /// [`Forged`]; also without a signature, as in the older calls with `?topic=…&id=…`.
    pub fn verify(
        &self,
        signature: Option<&str>,
        request_id: Option<&str>,
        data_id: Option<&str>,
    ) -> Result<(), Forged> {
        let part = |name: &str| {
            let mut parts = signature?.split(',').filter_map(|part| part.split_once('='));
            parts.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
        };
        let sum = part("v1").and_then(bytes).ok_or(Forged)?;
        let mut manifest = String::new();
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                manifest.push_str(&format!("{name}:{value};"));
            }
        };
        add("id", data_id.map(lowered).as_deref());
        add("request-id", request_id);
        add("ts", part("ts"));
        self.0.clone().chain_update(manifest).verify_slice(&sum).map_err(|_| Forged)
    }
}

/// Ids of letters and digits are signed in lower case.
fn lowered(id: &str) -> String {
    if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) { id.to_ascii_lowercase() } else { id.to_owned() }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

/// What a call says, with `data.id` of its query. Only that is signed, so that a body that names another payment says
/// nothing.
pub fn notice(data_id: Option<&str>, body: &[u8]) -> Notice {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let named = transaction(&body["data"]["id"]);
    match data_id.and_then(id).filter(|_| body["type"] == "payment") {
        Some(signed) if named.is_none_or(|named| named.eq_ignore_ascii_case(signed)) => {
            Notice::Payment(signed.to_owned())
        }
        _ => Notice::Other,
    }
}
