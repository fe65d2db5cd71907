//! A booking platform that serves calendars, and Telegram beside it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;

/// A calendar as it is served.
#[derive(Clone, Debug, Default)]
struct Served {
    status: u16,
    body: String,
    version: usize,
    etag: String,
    /// Whole answers and those that say nothing changed.
    answers: (usize, usize),
}

#[derive(Debug, Default)]
struct Inner {
    calendars: BTreeMap<String, Served>,
    notices: Vec<(String, String)>,
}

/// The platform.
#[derive(Clone, Debug)]
pub struct Platform {
    inner: Arc<Mutex<Inner>>,
    base: String,
}

type Shared = State<Arc<Mutex<Inner>>>;

impl Platform {
    pub async fn start() -> Self {
        let inner = Arc::<Mutex<Inner>>::default();
        let router = Router::new()
            .route("/calendars/{name}", get(calendar))
            .route("/telegram/{bot}/sendMessage", post(notice))
            .with_state(Arc::clone(&inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, base }
    }

    /// Where a calendar is.
    pub fn address(&self, name: &str) -> String {
        format!("{}/calendars/{name}", self.base)
    }

    pub fn settings(&self) -> Vec<(String, String)> {
        [
            ("TELEGRAM_API_URL", format!("{}/telegram", self.base)),
            ("TELEGRAM_BOT_TOKEN", "bot-secret".to_owned()),
            ("PERSONAL_CHAT_ID", "operations".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Serves these events from now on.
    pub fn serve(&self, name: &str, events: &[(&str, &str, &str)]) {
        self.answer(name, 200, &calendar_of(events));
    }

    /// Serves this from now on.
    pub fn answer(&self, name: &str, status: u16, body: &str) {
        let mut inner = self.inner.lock().unwrap();
        let served = inner.calendars.entry(name.to_owned()).or_default();
        served.status = status;
        served.body = body.to_owned();
        served.version += 1;
        served.etag = format!("\"{}\"", served.version);
    }

    /// How often a calendar was sent whole, and how often nothing had changed.
    pub fn answers(&self, name: &str) -> (usize, usize) {
        self.inner.lock().unwrap().calendars.get(name).map(|served| served.answers).unwrap_or_default()
    }

    /// The notices about calendars so far.
    pub fn notices(&self) -> Vec<String> {
        let inner = self.inner.lock().unwrap();
        let about =
            inner.notices.iter().filter(|(chat, text)| chat == "operations" && text.contains("calendario"));
        about.map(|(_, text)| text.clone()).collect()
    }
}

/// The calendar of these events: uid, first and last date.
pub fn calendar_of(events: &[(&str, &str, &str)]) -> String {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Plataforma//ES\r\n".to_owned();
    for (uid, from, to) in events {
        let (from, to) = (from.replace('-', ""), to.replace('-', ""));
        text.push_str(&format!(
            "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20251101T000000Z\r\nDTSTART;VALUE=DATE:{from}\r\n\
             DTEND;VALUE=DATE:{to}\r\nSUMMARY:Reserved\r\nEND:VEVENT\r\n"
        ));
    }
    text.push_str("END:VCALENDAR\r\n");
    text
}

async fn calendar(State(inner): Shared, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let mut inner = inner.lock().unwrap();
    let Some(served) = inner.calendars.get_mut(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let seen = headers.get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok());
    if served.status == 200 && seen == Some(served.etag.as_str()) {
        served.answers.1 += 1;
        return StatusCode::NOT_MODIFIED.into_response();
    }
    served.answers.0 += 1;
    let status = StatusCode::from_u16(served.status).unwrap();
    (status, [(header::ETAG, served.etag.clone())], served.body.clone()).into_response()
}

async fn notice(State(inner): Shared, Json(body): Json<Value>) -> Json<Value> {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    inner.lock().unwrap().notices.push((text("chat_id"), text("text")));
    Json(serde_json::json!({"ok": true}))
}
