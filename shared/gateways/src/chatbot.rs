//! The chatbot on ChatGPT Builder: its fields (contract 04 §5.2), and the flow that tells a guest that everything is paid
//! (contract 05 §5.3, 06 §5.4).

use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

use crate::{GatewayError, client_builder, setting, wire};

const VENDOR: &str = "ChatGPT Builder";
/// Somebody waits for the answer behind a gateway that gives up after 30 seconds, and is to be told what became of the
/// push: a little less than the original's 30 seconds.
const PATIENCE: Duration = Duration::from_secs(25);
/// Nobody waits for a flow, and the outbox tries again.
const PATIENCE_WITH_FLOWS: Duration = Duration::from_secs(10);
/// Most of the platform's answer that is passed on, in bytes.
const LONGEST_ANSWER: usize = 2_000;

/// A field of the bot, each a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BotField {
    /// `ID_CUF_GLOBAL_DSCT_CBB`: discounts for everybody.
    GlobalDiscounts,
    /// `ID_CUF_LEVELS_CBB`: levels that guests reach.
    Levels,
}

impl BotField {
    fn setting(self) -> &'static str {
        match self {
            Self::GlobalDiscounts => "ID_CUF_GLOBAL_DSCT_CBB",
            Self::Levels => "ID_CUF_LEVELS_CBB",
        }
    }
}

/// What the platform answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its HTTP status.
    pub status: u16,
    /// The beginning of its text.
    pub text: String,
}

/// The chatbot platform.
#[derive(Clone)]
pub struct Chatbot {
    http: reqwest::Client,
    base: String,
    /// Marked sensitive: never logged.
    token: HeaderValue,
    fields: [Option<String>; 2],
    payment_flow: Option<String>,
}

impl std::fmt::Debug for Chatbot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chatbot(…)")
    }
}

impl Chatbot {
    /// The platform that `CHATBOT_BUILDER_ACCESS_TOKEN`, the settings of the fields and `CHATBOT_PAYMENT_FLOW_ID`
    /// configure; `None` without a usable token.
    pub fn from_env() -> Option<Self> {
        let token = setting("CHATBOT_BUILDER_ACCESS_TOKEN")?;
        let base =
            setting("CHATBOT_BUILDER_URL").unwrap_or_else(|| "https://app.chatgptbuilder.io".to_owned());
        let fields = [BotField::GlobalDiscounts, BotField::Levels].map(|field| setting(field.setting()));
        let chatbot = Self::new(&base, &token, fields)?;
        Some(Self { payment_flow: setting("CHATBOT_PAYMENT_FLOW_ID"), ..chatbot })
    }

    /// The platform at `base`; ids of the fields in the order global discounts, levels. `None` for a token that no header
    /// can carry.
    pub fn new(base: &str, token: &str, fields: [Option<String>; 2]) -> Option<Self> {
        let mut token = HeaderValue::from_str(token).ok()?;
        token.set_sensitive(true);
        // A redirect would carry the token to wherever it leads.
        let http = client_builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        let http = http.build().unwrap_or_default();
        Some(Self { http, base: base.trim_end_matches('/').to_owned(), token, fields, payment_flow: None })
    }

    /// The same platform with the flow that tells of a complete payment.
    #[must_use]
    pub fn with_payment_flow(self, flow: &str) -> Self {
        Self { payment_flow: Some(flow.to_owned()), ..self }
    }

    /// Starts the flow that tells a contact that everything is paid, once; no call where no flow is configured.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn payment_complete(&self, contact: &str) -> Result<(), GatewayError> {
        let Some(flow) = &self.payment_flow else { return Ok(()) };
        let mut address = reqwest::Url::parse(&self.base).map_err(|_| no_address())?;
        // Both become one segment each, whatever is in them.
        address
            .path_segments_mut()
            .map_err(|()| no_address())?
            .pop_if_empty()
            .extend(["api", "contacts", contact, "send", flow]);
        let request = self.http.post(address).headers(self.signed()).timeout(PATIENCE_WITH_FLOWS);
        // Some servers refuse a POST that does not say that nothing follows.
        let request = request.header(CONTENT_TYPE, "application/json").header(CONTENT_LENGTH, "0");
        let answer = wire::send(VENDOR, request).await?;
        if answer.status().is_success() { Ok(()) } else { Err(wire::failure(VENDOR, answer.status())) }
    }

    fn signed(&self) -> HeaderMap {
        let name = reqwest::header::HeaderName::from_static("x-access-token");
        HeaderMap::from_iter([(name, self.token.clone())])
    }

    /// Puts a value into a field, as JSON text, once; `None` where the field is not configured, without a call.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn put(&self, field: BotField, value: &Value) -> Result<Option<Taken>, GatewayError> {
        let Some(id) = &self.fields[field as usize] else { return Ok(None) };
        let address = format!("{}/api/accounts/bot_fields/{id}", self.base);
        let request = self.http.post(address).headers(self.signed()).form(&[("value", value.to_string())]);
        let unreachable = |error: reqwest::Error| GatewayError::Unreachable {
            vendor: VENDOR,
            problem: error.without_url().to_string(),
        };
        let answer = request.send().await.map_err(unreachable)?;
        match answer.status() {
            status if status.is_success() => {
                Ok(Some(Taken { status: status.as_u16(), text: beginning(answer).await }))
            }
            status if status.as_u16() == 429 || status.is_server_error() => {
                Err(GatewayError::Busy { vendor: VENDOR })
            }
            status => Err(GatewayError::Refused { vendor: VENDOR, status: status.as_u16() }),
        }
    }
}

/// The setting is no address: once it is put right, trying again helps.
fn no_address() -> GatewayError {
    GatewayError::Unreachable { vendor: VENDOR, problem: "its address is none".to_owned() }
}

/// The beginning of an answer. The value was taken, so what is wrong with the text is no failure.
async fn beginning(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_ANSWER
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(LONGEST_ANSWER);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{
        Router,
        extract::Path,
        http::{HeaderMap, StatusCode},
        routing::post,
    };
    use serde_json::json;

    use super::*;

    type Seen = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

    async fn platform(answer: StatusCode) -> (Chatbot, Seen) {
        let seen = Seen::default();
        let record = Arc::clone(&seen);
        let router = Router::new().route(
            "/api/accounts/bot_fields/{id}",
            post(move |Path(id): Path<String>, headers: HeaderMap, body: String| async move {
                record.lock().unwrap().push((id, headers, body));
                (answer, [("location", "http://127.0.0.1:1/elsewhere")], "x".repeat(3 * LONGEST_ANSWER))
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (Chatbot::new(&base, "secret", [Some("11".to_owned()), None]).unwrap(), seen)
    }

    #[tokio::test]
    async fn a_value_is_put_once_as_documented() {
        let (chatbot, seen) = platform(StatusCode::OK).await;
        let value = json!({"success": true, "levels": ["🌱 Semilla & más"]});
        let taken = chatbot.put(BotField::GlobalDiscounts, &value).await.unwrap().unwrap();
        assert_eq!((taken.status, taken.text.len()), (200, LONGEST_ANSWER));
        let seen = seen.lock().unwrap();
        let [(id, headers, body)] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(id, "11");
        assert_eq!(headers["x-access-token"], "secret");
        assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
        // The JSON text itself, not escaped: 🌱 is four bytes of UTF-8, ñ and á two.
        assert!(
            body.starts_with("value=%7B%22success%22%3Atrue%2C%22levels%22%3A%5B%22%F0%9F%8C%B1"),
            "{body}"
        );
        assert!(body.ends_with("Semilla+%26+m%C3%A1s%22%5D%7D"), "{body}");
    }

    #[tokio::test]
    async fn the_payment_flow_is_started_as_documented() {
        let vendor = crate::testing::Vendor::start([(200, "{}")]).await;
        let chatbot = Chatbot::new(&format!("{}/", vendor.base), "secret", [None, None]).unwrap();
        chatbot.payment_complete("77").await.unwrap();
        assert!(vendor.calls().is_empty(), "off without a flow");
        let chatbot = chatbot.with_payment_flow("f42");
        chatbot.payment_complete("77").await.unwrap();
        let call = vendor.call();
        assert_eq!((call.line.as_str(), call.body.as_str()), ("POST /api/contacts/77/send/f42", ""));
        assert_eq!(call.header("x-access-token"), "secret");
        assert_eq!((call.header("content-type"), call.header("content-length")), ("application/json", "0"));
        // An id that is none leads nowhere else.
        chatbot.payment_complete("../77?a#b").await.unwrap();
        assert_eq!(vendor.calls()[1].line, "POST /api/contacts/..%2F77%3Fa%23b/send/f42");
    }

    #[tokio::test]
    async fn a_flow_that_fails_says_how() {
        for (status, expected) in [
            (404, "ChatGPT Builder refused with status 404"),
            (302, "ChatGPT Builder refused with status 302"),
            (429, "ChatGPT Builder is busy"),
            (503, "ChatGPT Builder is busy"),
        ] {
            let vendor = crate::testing::Vendor::start([(status, "")]).await;
            let chatbot = Chatbot::new(&vendor.base, "secret", [None, None]).unwrap().with_payment_flow("f");
            assert_eq!(chatbot.payment_complete("77").await.unwrap_err().to_string(), expected);
            assert_eq!(vendor.calls().len(), 1);
        }
        for base in [crate::testing::NOBODY, "no address"] {
            let chatbot = Chatbot::new(base, "secret", [None, None]).unwrap().with_payment_flow("f");
            let error = chatbot.payment_complete("77").await.unwrap_err();
            assert!(matches!(error, GatewayError::Unreachable { .. }), "{error}");
            assert!(!format!("{error:?}").contains("77"), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_field_without_an_id_is_left_alone() {
        let (chatbot, seen) = platform(StatusCode::OK).await;
        assert_eq!(chatbot.put(BotField::Levels, &json!({})).await.unwrap(), None);
        assert!(seen.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn failures_are_told_apart_come_once_and_hide_the_token() {
        for (status, busy) in [
            (StatusCode::TOO_MANY_REQUESTS, true),
            (StatusCode::BAD_GATEWAY, true),
            (StatusCode::UNAUTHORIZED, false),
            (StatusCode::TEMPORARY_REDIRECT, false),
        ] {
            let (chatbot, seen) = platform(status).await;
            let error = chatbot.put(BotField::GlobalDiscounts, &json!({})).await.unwrap_err();
            assert_eq!(matches!(error, GatewayError::Busy { .. }), busy, "{error}");
            assert_eq!(matches!(error, GatewayError::Refused { .. }), !busy, "{error}");
            assert_eq!(seen.lock().unwrap().len(), 1, "{status}");
        }
        let nobody = Chatbot::new("http://127.0.0.1:1", "secret", [Some("1".to_owned()), None]).unwrap();
        let error = nobody.put(BotField::GlobalDiscounts, &json!({})).await.unwrap_err();
        assert!(!format!("{error} {error:?} {nobody:?}").contains("secret"), "{error}");
        assert!(Chatbot::new("http://127.0.0.1:1", "line\nbreak", [None, None]).is_none());
    }
}
