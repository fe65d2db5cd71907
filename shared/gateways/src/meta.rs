//! Meta's advertisements: guests in the audience of the house, known there by hashes only (contract 02 §5.4), and purchases
//! that advertisements led to (contract 05 §5.4).

mod conversions;

use reqwest::StatusCode;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{GatewayError, PATIENCE, setting, wire};

pub use conversions::{Buyer, MetaConversions, Purchase, Trace};

const VENDOR: &str = "Meta";
/// Most people that Meta takes in one call.
const MOST: usize = 10_000;

/// A guest to add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// E-mail address, as the guest wrote it.
    pub email: Option<String>,
    /// Telephone number, as the guest wrote it.
    pub phone: Option<String>,
}

impl Person {
    /// What Meta is told: the hashes of the e-mail address and of the telephone number, empty for what is missing.
    fn row(&self) -> [String; 2] {
        let email = self.email.as_deref().map(|email| email.trim().to_lowercase());
        let phone = self.phone.as_deref().map(str::trim).map(|phone| match phone {
            "" => String::new(),
            phone if phone.starts_with('+') => phone.to_owned(),
            phone => format!("+{phone}"),
        });
        [email, phone]
            .map(|text| text.filter(|text| !text.is_empty()).map(|text| hash(&text)).unwrap_or_default())
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A custom audience.
#[derive(Clone)]
pub struct MetaAudience {
    http: reqwest::Client,
    address: String,
    /// Never logged.
    token: String,
}

impl std::fmt::Debug for MetaAudience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MetaAudience(…)")
    }
}

impl MetaAudience {
    /// The audience that `META_AUDIENCE_ID` and `META_AUDIENCE_TOKEN` configure; `None` unless both are there.
    pub fn from_env() -> Option<Self> {
        Self::configured(setting)
    }

    fn configured(setting: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let audience = setting("META_AUDIENCE_ID")?;
        let token = setting("META_AUDIENCE_TOKEN")?;
        let base = setting("META_GRAPH_URL").unwrap_or_else(|| "https://graph.facebook.com/v19.0".to_owned());
        Some(Self::new(&base, &audience, &token))
    }

    /// The audience with the id `audience`, at `base`.
    pub fn new(base: &str, audience: &str, token: &str) -> Self {
        let address = format!("{}/{audience}/users", base.trim_end_matches('/'));
        Self { http: wire::http(PATIENCE), address, token: token.to_owned() }
    }

    #[cfg(test)]
    fn with_timeout(self, patience: std::time::Duration) -> Self {
        Self { http: wire::http(patience), ..self }
    }

    /// Adds people, in as many calls as they need; who is there already stays. After a failure all can be added again.
    ///
    /// # Errors
    /// [`GatewayError`], of the first call that fails.
    pub async fn add(&self, people: &[Person]) -> Result<(), GatewayError> {
        for people in people.chunks(MOST) {
            let rows: Vec<[String; 2]> = people.iter().map(Person::row).collect();
            let body = json!({ "payload": { "schema": ["EMAIL_SHA256", "PHONE_SHA256"], "data": rows } });
            let request = self.http.post(&self.address).query(&[("access_token", &self.token)]).json(&body);
            let status = wire::send(VENDOR, request).await?.status();
            if status != StatusCode::OK {
                return Err(wire::failure(VENDOR, status));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
