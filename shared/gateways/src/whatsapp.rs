//! Messages to guests through the WhatsApp Cloud API, all of them templates that Meta approved (contract 02 §5.2).

use reqwest::{StatusCode, header::HeaderValue};
use serde_json::{Value, json};

use crate::{GatewayError, PATIENCE, phone, setting, wire};

const VENDOR: &str = "WhatsApp";
/// The template that comes with every account, for trials: it is English and takes no texts.
const TRIAL_TEMPLATE: &str = "hello_world";
/// What a welcome says after the first name, as often as the template asks for it.
const HOUSE: &str = "Casa Austin";
/// Counts of texts that the template of the welcome may ask for, the likeliest first.
const WELCOME_TEXTS: [usize; 5] = [1, 0, 2, 3, 4];

/// Names of the templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Templates {
    /// A one-time code (`WHATSAPP_OTP_TEMPLATE_NAME`).
    pub otp: String,
    /// A payment was approved (`WHATSAPP_PAYMENT_APPROVED_TEMPLATE`).
    pub payment_approved: String,
    /// A booking was cancelled (`WHATSAPP_RESERVATION_CANCELLED_TEMPLATE`).
    pub reservation_cancelled: String,
    /// Somebody registered (`WHATSAPP_SUCCESSFUL_REGISTRATION_TEMPLATE`).
    pub welcome: String,
}

/// A WhatsApp number of the house.
#[derive(Clone)]
pub struct WhatsApp {
    http: reqwest::Client,
    address: String,
    /// Marked sensitive: never logged.
    authorization: HeaderValue,
    templates: Templates,
}

impl std::fmt::Debug for WhatsApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WhatsApp(…)")
    }
}

impl WhatsApp {
    /// The number that `WHATSAPP_ACCESS_TOKEN`, `WHATSAPP_PHONE_NUMBER_ID` and `WHATSAPP_OTP_TEMPLATE_NAME` configure;
    /// `None` unless all three are there. The settings of the other templates have defaults.
    pub fn from_env() -> Option<Self> {
        Self::configured(setting)
    }

    fn configured(setting: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let token = setting("WHATSAPP_ACCESS_TOKEN")?;
        let number = setting("WHATSAPP_PHONE_NUMBER_ID")?;
        let or = |name: &str, default: &str| setting(name).unwrap_or_else(|| default.to_owned());
        let templates = Templates {
            otp: setting("WHATSAPP_OTP_TEMPLATE_NAME")?,
            payment_approved: or("WHATSAPP_PAYMENT_APPROVED_TEMPLATE", "pago_aprobado_ca"),
            reservation_cancelled: or("WHATSAPP_RESERVATION_CANCELLED_TEMPLATE", "reserva_cancelada_ca"),
            welcome: or("WHATSAPP_SUCCESSFUL_REGISTRATION_TEMPLATE", "registro_exitoso"),
        };
        let base = or("WHATSAPP_GRAPH_URL", "https://graph.facebook.com/v22.0");
        Self::new(&base, &token, &number, templates)
    }

    /// The number with the id `number`, at `base`. `None` for a token that no header can carry.
    pub fn new(base: &str, token: &str, number: &str, templates: Templates) -> Option<Self> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        authorization.set_sensitive(true);
        let address = format!("{}/{number}/messages", base.trim_end_matches('/'));
        Some(Self { http: wire::http(PATIENCE), address, authorization, templates })
    }

    #[cfg(test)]
    fn with_timeout(self, patience: std::time::Duration) -> Self {
        Self { http: wire::http(patience), ..self }
    }

    /// Sends a one-time code. The trial template does not carry it.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn otp(&self, phone: &str, code: &str) -> Result<(), GatewayError> {
        let name = &self.templates.otp;
        if name == TRIAL_TEMPLATE {
            return self.send(phone, name, &json!({ "code": "en_US" }), &[]).await;
        }
        let mut button = texts("button", &[code]);
        button["sub_type"] = json!("url");
        button["index"] = json!("0");
        self.send(phone, name, &spanish(), &[texts("body", &[code]), button]).await
    }

    /// Says that a payment was approved.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn payment_approved(
        &self,
        phone: &str,
        name: &str,
        payment_text: &str,
        check_in_text: &str,
    ) -> Result<(), GatewayError> {
        let body = texts("body", &[name, payment_text, check_in_text]);
        self.send(phone, &self.templates.payment_approved, &spanish(), &[body]).await
    }

    /// Says that a booking was cancelled.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn reservation_cancelled(&self, phone: &str, name: &str) -> Result<(), GatewayError> {
        let body = texts("body", &[name]);
        self.send(phone, &self.templates.reservation_cancelled, &spanish(), &[body]).await
    }

    /// Welcomes somebody who registered.
    ///
    /// How many texts the template takes is not known: a refusal leads to the next count. Where the message may be on
    /// its way already, or no count can help, there is no other attempt.
    ///
    /// # Errors
    /// [`GatewayError`], of the last attempt.
    pub async fn welcome(&self, phone: &str, first_name: &str) -> Result<(), GatewayError> {
        let language = json!({ "policy": "deterministic", "code": "es" });
        let mut outcome = Ok(());
        for count in WELCOME_TEXTS {
            let mut components = Vec::new();
            if count > 0 {
                components.push(texts("header", &[first_name]));
            }
            if count > 1 {
                components.push(texts("body", &vec![HOUSE; count - 1]));
            }
            outcome = self.send(phone, &self.templates.welcome, &language, &components).await;
            if !outcome.as_ref().is_err_and(may_be_the_shape) {
                break;
            }
        }
        outcome
    }

    async fn send(
        &self,
        phone: &str,
        template: &str,
        language: &Value,
        components: &[Value],
    ) -> Result<(), GatewayError> {
        let mut template = json!({ "name": template, "language": language });
        if !components.is_empty() {
            template["components"] = json!(components);
        }
        let message = json!({
            "messaging_product": "whatsapp",
            "to": phone::whatsapp(phone),
            "type": "template",
            "template": template,
        });
        let request = self.http.post(&self.address);
        let request = request.header(reqwest::header::AUTHORIZATION, self.authorization.clone());
        match wire::send(VENDOR, request.json(&message)).await?.status() {
            StatusCode::OK => Ok(()),
            status => Err(wire::failure(VENDOR, status)),
        }
    }
}

/// Whether another count of texts may help.
fn may_be_the_shape(error: &GatewayError) -> bool {
    matches!(error, GatewayError::Refused { status: 400..=499, .. })
        && !matches!(error, GatewayError::Refused { status: 401 | 403, .. })
}

fn spanish() -> Value {
    json!({ "code": "es" })
}

/// A part of a message with its texts.
fn texts(part: &str, texts: &[&str]) -> Value {
    let parameters: Vec<Value> = texts.iter().map(|text| json!({ "type": "text", "text": text })).collect();
    json!({ "type": part, "parameters": parameters })
}

#[cfg(test)]
mod tests;
