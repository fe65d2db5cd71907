//! One-time codes by SMS through Twilio Verify, which makes, sends and checks them (contract 02 §5.1).

use reqwest::StatusCode;
use serde_json::Value;

use crate::{GatewayError, PATIENCE, phone::e164, setting, wire};

const VENDOR: &str = "Twilio";
/// Twilio's own numbers for too many checks of a code and too many codes for a phone.
const TRIES_USED_UP: [i64; 2] = [60202, 60203];

/// A Verify service of Twilio.
#[derive(Clone)]
pub struct TwilioVerify {
    http: reqwest::Client,
    service: String,
    account: String,
    /// Never logged.
    token: String,
}

impl std::fmt::Debug for TwilioVerify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TwilioVerify(…)")
    }
}

impl TwilioVerify {
    /// The service that `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN` and `TWILIO_VERIFY_SERVICE_SID` configure; `None`
    /// unless all three are there.
    pub fn from_env() -> Option<Self> {
        Self::configured(setting)
    }

    fn configured(setting: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let account = setting("TWILIO_ACCOUNT_SID")?;
        let token = setting("TWILIO_AUTH_TOKEN")?;
        let service = setting("TWILIO_VERIFY_SERVICE_SID")?;
        let base = setting("TWILIO_VERIFY_URL").unwrap_or_else(|| "https://verify.twilio.com".to_owned());
        Some(Self::new(&base, &account, &token, &service))
    }

    /// The Verify service `service` of an account, at `base`.
    pub fn new(base: &str, account: &str, token: &str, service: &str) -> Self {
        Self {
            http: wire::http(PATIENCE),
            service: format!("{}/v2/Services/{service}", base.trim_end_matches('/')),
            account: account.to_owned(),
            token: token.to_owned(),
        }
    }

    #[cfg(test)]
    fn with_timeout(self, patience: std::time::Duration) -> Self {
        Self { http: wire::http(patience), ..self }
    }

    /// Sends a new code by SMS; whether Twilio took it on.
    ///
    /// # Errors
    /// [`GatewayError`]; also `Busy` when this phone was sent too many codes.
    pub async fn send(&self, phone: &str) -> Result<bool, GatewayError> {
        let answer = self.post("Verifications", &[("To", &e164(phone)), ("Channel", "sms")]).await?;
        if answer.tries_are_used_up() {
            return Err(GatewayError::Busy { vendor: VENDOR });
        }
        answer.says("pending")
    }

    /// Whether `code` is the one that was sent to this phone. A code that expired, was used, was tried too often or was
    /// never sent is a wrong one.
    ///
    /// # Errors
    /// [`GatewayError`]; `Refused` also for what cannot be a code or a phone.
    pub async fn check(&self, phone: &str, code: &str) -> Result<bool, GatewayError> {
        let answer = self.post("VerificationCheck", &[("To", &e164(phone)), ("Code", code)]).await?;
        if answer.status == StatusCode::NOT_FOUND || answer.tries_are_used_up() {
            return Ok(false);
        }
        answer.says("approved")
    }

    async fn post(&self, resource: &str, form: &[(&str, &str)]) -> Result<Answer, GatewayError> {
        let request = self.http.post(format!("{}/{resource}", self.service)).form(form);
        let answer = wire::send(VENDOR, request.basic_auth(&self.account, Some(&self.token))).await?;
        Ok(Answer { status: answer.status(), body: wire::json(VENDOR, answer).await })
    }
}

struct Answer {
    status: StatusCode,
    body: Result<Value, GatewayError>,
}

impl Answer {
    fn tries_are_used_up(&self) -> bool {
        let code = self.body.as_ref().ok().and_then(|body| body["code"].as_i64());
        self.status.is_client_error() && code.is_some_and(|code| TRIES_USED_UP.contains(&code))
    }

    fn says(self, wanted: &str) -> Result<bool, GatewayError> {
        if !self.status.is_success() {
            return Err(wire::failure(VENDOR, self.status));
        }
        let body = self.body?;
        body["status"].as_str().map(|status| status == wanted).ok_or_else(|| wire::nonsense(VENDOR))
    }
}

#[cfg(test)]
mod tests;
