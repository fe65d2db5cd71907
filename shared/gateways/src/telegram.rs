//! Notices to staff through the Telegram Bot API (contract 01 §5.1, 05 §5.1).

use std::time::Duration;

use reqwest::{
    RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::json;

use crate::{GatewayError, client, setting};

const VENDOR: &str = "Telegram";
/// Telegram refuses longer texts.
const LONGEST_TEXT: usize = 4096;
/// Telegram refuses longer texts beside a file. It counts UTF-16 units, of which a picture sign takes two.
const LONGEST_CAPTION: usize = 1024;
/// How long a file may take on its way.
const PATIENCE_WITH_FILES: Duration = Duration::from_secs(30);

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

/// A file to send, its content by value.
#[derive(Clone)]
pub struct Attachment {
    /// The name that staff see.
    pub name: String,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attachment({}, {} bytes)", self.content_type, self.bytes.len())
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
        self.call(self.method("sendMessage").json(&json!({ "chat_id": chat_id, "text": text }))).await
    }

    /// Sends a picture (JPEG, PNG or WebP, up to 10 MB) with a text to a channel; nothing is sent to a channel that is not
    /// configured. The picture itself goes, so that it needs no public address.
    ///
    /// # Errors
    /// [`GatewayError`]; `Refused` also for a picture that Telegram does not take.
    pub async fn photo(&self, chat: Chat, text: &str, picture: Attachment) -> Result<(), GatewayError> {
        self.upload(chat, text, ("sendPhoto", "photo"), picture).await
    }

    /// Sends a file of any kind, up to 50 MB, with a text to a channel; nothing is sent to a channel that is not configured.
    ///
    /// # Errors
    /// [`GatewayError`]; `Refused` also for a file that Telegram does not take.
    pub async fn document(&self, chat: Chat, text: &str, file: Attachment) -> Result<(), GatewayError> {
        self.upload(chat, text, ("sendDocument", "document"), file).await
    }

    async fn upload(
        &self,
        chat: Chat,
        text: &str,
        (method, field): (&str, &'static str),
        file: Attachment,
    ) -> Result<(), GatewayError> {
        let Some(chat_id) = &self.chats[chat as usize] else { return Ok(()) };
        let part = Part::bytes(file.bytes).file_name(file.name).mime_str(file.content_type);
        let part = part.map_err(unreachable)?;
        let form =
            Form::new().text("chat_id", chat_id.clone()).text("caption", caption(text)).part(field, part);
        self.call(self.method(method).multipart(form).timeout(PATIENCE_WITH_FILES)).await
    }

    fn method(&self, name: &str) -> RequestBuilder {
        self.http.post(format!("{}/{name}", self.address))
    }

    async fn call(&self, request: RequestBuilder) -> Result<(), GatewayError> {
        let answer = request.send().await.map_err(unreachable)?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.as_u16() == 429 || status.is_server_error() => {
                Err(GatewayError::Busy { vendor: VENDOR })
            }
            status => Err(GatewayError::Refused { vendor: VENDOR, status: status.as_u16() }),
        }
    }
}

fn unreachable(error: reqwest::Error) -> GatewayError {
    GatewayError::Unreachable { vendor: VENDOR, problem: error.without_url().to_string() }
}

/// As much of the text as fits beside a file.
fn caption(text: &str) -> String {
    let mut left = LONGEST_CAPTION;
    let fits = |letter: &char| {
        let rest = left.checked_sub(letter.len_utf16());
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Vendor;
    use axum::{Json, Router, extract::Path, http::StatusCode, routing::post};
    use serde_json::Value;
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

    fn file() -> Attachment {
        Attachment {
            name: "voucher.jpg".to_owned(),
            content_type: "image/jpeg",
            bytes: "bytes of a picture".into(),
        }
    }

    fn at(vendor: &Vendor) -> Telegram {
        Telegram::new(&vendor.base, "secret", [None, None, None, Some("-4".to_owned())])
    }

    #[tokio::test]
    async fn files_travel_themselves() {
        let vendor = Vendor::start([(200, "{}")]).await;
        let bot = at(&vendor);
        bot.photo(Chat::Clients, "🧾 Voucher", file()).await.unwrap();
        bot.document(Chat::Clients, &"ñ".repeat(3000), file()).await.unwrap();
        bot.photo(Chat::Main, "nadie lo ve", file()).await.unwrap();
        let calls = vendor.calls();
        let lines: Vec<_> = calls.iter().map(|call| call.line.as_str()).collect();
        assert_eq!(lines, ["POST /botsecret/sendPhoto", "POST /botsecret/sendDocument"]);
        for (call, field) in calls.iter().zip(["photo", "document"]) {
            assert!(call.header("content-type").starts_with("multipart/form-data; boundary="));
            let part = format!(
                "name=\"{field}\"; filename=\"voucher.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nbytes of a picture\r\n"
            );
            assert!(call.body.contains(&part), "{}", call.body);
            assert!(call.body.contains("name=\"chat_id\"\r\n\r\n-4\r\n"), "{}", call.body);
        }
        assert!(calls[0].body.contains("name=\"caption\"\r\n\r\n🧾 Voucher\r\n"), "{}", calls[0].body);
        assert_eq!(calls[1].body.matches('ñ').count(), LONGEST_CAPTION);
    }

    #[tokio::test]
    async fn a_refused_file_is_told_apart_from_a_silence() {
        for (status, refused) in [(400, true), (413, true), (429, false), (502, false)] {
            let vendor = Vendor::start([(status, "{}")]).await;
            let error = at(&vendor).photo(Chat::Clients, "x", file()).await.unwrap_err();
            assert_eq!(matches!(error, GatewayError::Refused { .. }), refused, "{error}");
        }
        let nobody = Telegram::new("http://127.0.0.1:1", "secret", [None, None, None, Some("4".to_owned())]);
        let error = nobody.document(Chat::Clients, "x", file()).await.unwrap_err();
        assert!(matches!(error, GatewayError::Unreachable { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        assert!(!format!("{:?}", file()).contains("bytes of"), "{:?}", file());
    }

    #[test]
    fn captions_are_cut_between_signs() {
        assert_eq!(caption(&"🧾".repeat(600)).chars().count(), LONGEST_CAPTION / 2);
        assert_eq!(caption(&format!("a{}", "🧾".repeat(600))).chars().count(), LONGEST_CAPTION / 2);
        assert_eq!(caption("corto"), "corto");
    }
}
