//! Notices to staff through the Telegram Bot API (contract 01 §5.1, 05 §5.1).

use serde_json::{Value, json};

use crate::{GatewayError, client, setting};

const VENDOR: &str = "Telegram";
/// Telegram refuses longer texts.
const LONGEST_TEXT: usize = 4096;

/// The channels of the house, each a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chat {
    /// `CHAT_ID`: new bookings.
    Main,
    /// `SECOND_CHAT_ID`: arrivals today.
    Arrivals,
    /// `PERSONAL_CHAT_ID`: operations.
    Operations,
    /// `CLIENTS_CHAT_ID`: what guests do.
    Clients,
}

impl Chat {
    fn setting(self) -> &'static str {
        match self {
            Self::Main => "CHAT_ID",
            Self::Arrivals => "SECOND_CHAT_ID",
            Self::Operations => "PERSONAL_CHAT_ID",
            Self::Clients => "CLIENTS_CHAT_ID",
        }
    }
}

/// A Telegram bot.
#[derive(Clone)]
pub struct Telegram {
    http: reqwest::Client,
    /// Base address with the token: never logged.
    address: String,
    chats: [Option<String>; 4],
}

impl std::fmt::Debug for Telegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Telegram(…)")
    }
}

impl Telegram {
    /// The bot that `TELEGRAM_BOT_TOKEN` and the chat settings configure; `None` without a token.
    pub fn from_env() -> Option<Self> {
        let token = setting("TELEGRAM_BOT_TOKEN")?;
        let base = setting("TELEGRAM_API_URL").unwrap_or_else(|| "https://api.telegram.org".to_owned());
        let chats =
            [Chat::Main, Chat::Arrivals, Chat::Operations, Chat::Clients].map(|chat| setting(chat.setting()));
        Some(Self::new(&base, &token, chats))
    }

    /// A bot at `base`; chat ids in the order main, arrivals, operations, clients.
    pub fn new(base: &str, token: &str, chats: [Option<String>; 4]) -> Self {
        Self { http: client(), address: format!("{}/bot{token}", base.trim_end_matches('/')), chats }
    }

    /// Sends a text to a channel; nothing is sent to a channel that is not configured.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn send(&self, chat: Chat, text: &str) -> Result<(), GatewayError> {
        let Some(chat_id) = &self.chats[chat as usize] else { return Ok(()) };
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        self.call("sendMessage", &json!({ "chat_id": chat_id, "text": text })).await
    }

    async fn call(&self, method: &str, body: &Value) -> Result<(), GatewayError> {
        let answer = self.http.post(format!("{}/{method}", self.address)).json(body).send().await;
        let answer = answer.map_err(|error| GatewayError::Unreachable {
            vendor: VENDOR,
            problem: error.without_url().to_string(),
        })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.as_u16() == 429 || status.is_server_error() => {
                Err(GatewayError::Busy { vendor: VENDOR })
            }
            status => Err(GatewayError::Refused { vendor: VENDOR, status: status.as_u16() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Json, Router, extract::Path, http::StatusCode, routing::post};
    use std::sync::{Arc, Mutex};

    type Seen = Arc<Mutex<Vec<(String, Value)>>>;

    async fn bot(answer: StatusCode) -> (Telegram, Seen) {
        let seen = Seen::default();
        let record = Arc::clone(&seen);
        let router = Router::new().route(
            "/{bot}/{method}",
            post(move |Path((bot, method)): Path<(String, String)>, Json(body): Json<Value>| async move {
                record.lock().unwrap().push((format!("{bot}/{method}"), body));
                answer
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let chats = [Some("1".to_owned()), None, Some("3".to_owned()), Some("4".to_owned())];
        (Telegram::new(&base, "secret", chats), seen)
    }

    #[tokio::test]
    async fn sends_to_configured_channels_only() {
        let (bot, seen) = bot(StatusCode::OK).await;
        bot.send(Chat::Main, "hola").await.unwrap();
        bot.send(Chat::Arrivals, "nadie lo lee").await.unwrap();
        let expected = ("botsecret/sendMessage".to_owned(), json!({"chat_id": "1", "text": "hola"}));
        assert_eq!(*seen.lock().unwrap(), [expected]);
    }

    #[tokio::test]
    async fn failures_are_told_apart_and_hide_the_token() {
        let (busy, _) = bot(StatusCode::TOO_MANY_REQUESTS).await;
        assert!(matches!(busy.send(Chat::Main, "x").await, Err(GatewayError::Busy { .. })));
        let (closed, _) = bot(StatusCode::FORBIDDEN).await;
        assert!(matches!(closed.send(Chat::Main, "x").await, Err(GatewayError::Refused { status: 403, .. })));
        let nobody = Telegram::new("http://127.0.0.1:1", "secret", [Some("1".to_owned()), None, None, None]);
        let error = nobody.send(Chat::Main, "x").await.unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
