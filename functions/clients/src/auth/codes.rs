//! One-time codes: sent by WhatsApp (made here) or by SMS (made and checked by Twilio), bound to their purpose and phone,
//! limited in the table the same way (contract 02 §4.4; §8, defects 4 and 5).

use casa_domain::ClientId;
use casa_gateways::{GatewayError, Gateways, phone};
use casa_web::{
    ApiError, ApiResult, AppState,
    guard::{digest, is_digest},
};
use chrono::Utc;
use rand::Rng;

use super::{
    answers::{bad, vendor_failed},
    guard,
};

/// What a code is for; it serves nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To register with the phone.
    Registration,
    /// To choose the password of a guest.
    Password(ClientId),
}

/// Sends and checks one-time codes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes<'a> {
    state: &'a AppState,
    gateways: &'a Gateways,
}

impl<'a> Codes<'a> {
    pub fn new(state: &'a AppState, gateways: &'a Gateways) -> Self {
        Self { state, gateways }
    }

    /// Sends a code to a phone; it replaces an earlier one for the same purpose. A sending counts even when it fails.
    ///
    /// # Errors
    /// 429 after too many, 503 when the vendor fails or there is none.
    pub async fn send(&self, purpose: Purpose, phone: &str, address: &str) -> ApiResult<()> {
        let phone = self.normal(phone);
        let is_configured = if self.gateways.otp_by_whatsapp {
            self.gateways.whatsapp.is_some()
        } else {
            self.gateways.twilio.is_some()
        };
        if !is_configured {
            return Err(not_sent());
        }
        guard::send(self.state, &phone, address).await?;
        let subject = self.subject(purpose, &phone);
        let made = self.hand_over(&phone).await.map_err(|error| {
            tracing::warn!(%error, "a one-time code was not sent");
            not_sent()
        })?;
        let kept = made.map(|code| digest(&self.state.settings.secret, &bound(&subject, &code)));
        Ok(self.state.store.one_time().begin(&subject, kept.as_deref(), Utc::now()).await?)
    }

    /// Lets the vendor send a code; gives the code if it is ours.
    async fn hand_over(&self, phone: &str) -> Result<Option<String>, GatewayError> {
        let refused = |vendor| GatewayError::Busy { vendor };
        if self.gateways.otp_by_whatsapp {
            let Some(whatsapp) = &self.gateways.whatsapp else { return Err(refused("WhatsApp")) };
            // A generator fit for secrets.
            let code = rand::rng().random_range(100_000..=999_999_u32).to_string();
            whatsapp.otp(phone, &code).await?;
            Ok(Some(code))
        } else {
            let Some(twilio) = &self.gateways.twilio else { return Err(refused("Twilio")) };
            if twilio.send(phone).await? { Ok(None) } else { Err(refused("Twilio")) }
        }
    }

    /// Checks a code that was sent to a phone, and uses it up. The try is counted before anything is compared.
    ///
    /// # Errors
    /// 400 when it is not the code, or it lapsed, was used, or was tried too often; also when the vendor cannot be asked
    /// (contract 02 §4.4).
    pub async fn check(&self, purpose: Purpose, phone: &str, code: &str) -> ApiResult<()> {
        let phone = self.normal(phone);
        let subject = self.subject(purpose, &phone);
        let codes = self.state.store.one_time();
        let Some(tried) = codes.attempt(&subject, Utc::now()).await? else { return Err(wrong()) };
        let is_right = match &tried.digest {
            Some(kept) => is_digest(&self.state.settings.secret, &bound(&subject, code), kept),
            None => self.asked(&phone, code).await?,
        };
        if is_right && codes.use_up(&tried).await? { Ok(()) } else { Err(wrong()) }
    }

    async fn asked(&self, phone: &str, code: &str) -> ApiResult<bool> {
        let Some(twilio) = &self.gateways.twilio else { return Ok(false) };
        match twilio.check(phone, code).await {
            Ok(is_right) => Ok(is_right),
            // It cannot be a code.
            Err(GatewayError::Refused { .. }) => Ok(false),
            Err(error) => {
                tracing::warn!(%error, "a one-time code could not be checked");
                Err(bad("No pudimos comprobar el código en este momento. Intente de nuevo."))
            }
        }
    }

    /// The phone as its vendor knows it, however it was written.
    fn normal(&self, phone: &str) -> String {
        if self.gateways.otp_by_whatsapp { phone::whatsapp(phone) } else { phone::e164(phone) }
    }

    /// What the table knows purpose and phone by.
    fn subject(&self, purpose: Purpose, phone: &str) -> String {
        let purpose = match purpose {
            Purpose::Registration => "registration".to_owned(),
            Purpose::Password(guest) => format!("password of {guest}"),
        };
        digest(&self.state.settings.secret, &format!("code for {purpose} to {phone}"))
    }
}

/// Whether a code can be sent there at all.
pub(crate) fn is_phone(phone: &str) -> bool {
    phone.bytes().any(|byte| byte.is_ascii_digit())
}

/// A code with what it is for, so that equal codes have unequal digests.
fn bound(subject: &str, code: &str) -> String {
    format!("code {code} of {subject}")
}

fn wrong() -> ApiError {
    bad("El código no es válido o ha vencido. Solicite uno nuevo.")
}

fn not_sent() -> ApiError {
    vendor_failed("No pudimos enviar el código en este momento. Intente más tarde.")
}
