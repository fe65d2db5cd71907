//! A stand-in for Twilio, WhatsApp and Facebook.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

/// The app on Facebook.
const APP: &str = "app-1";

/// How the vendors behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// They do what they are asked.
    #[default]
    Fine,
    /// They answer with status 500.
    Broken,
    /// They never answer.
    Silent,
}

#[derive(Debug, Default)]
struct Inner {
    mood: Mood,
    /// The code that each phone was sent last.
    codes: HashMap<String, String>,
    sends: usize,
    checks: usize,
}

/// The vendors, and what they were asked.
#[derive(Clone, Debug, Default)]
pub struct Vendors {
    inner: Arc<Mutex<Inner>>,
    pub address: String,
}

impl Vendors {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let vendors = Self { address, ..Self::default() };
        let router = Router::new()
            .route("/v2/Services/{service}/Verifications", post(send_sms))
            .route("/v2/Services/{service}/VerificationCheck", post(check_sms))
            .route("/{number}/messages", post(send_whatsapp))
            .route("/me", get(me))
            .route("/debug_token", get(debug_token))
            .with_state(vendors.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        vendors
    }

    /// Settings that lead to these vendors.
    pub fn settings(&self, provider: &str) -> Vec<(String, String)> {
        let address = self.address.as_str();
        [
            ("OTP_SERVICE_PROVIDER", provider),
            ("TWILIO_VERIFY_URL", address),
            ("TWILIO_ACCOUNT_SID", "AC1"),
            ("TWILIO_AUTH_TOKEN", "only-for-tests"),
            ("TWILIO_VERIFY_SERVICE_SID", "VA1"),
            ("WHATSAPP_GRAPH_URL", address),
            ("WHATSAPP_ACCESS_TOKEN", "only-for-tests"),
            ("WHATSAPP_PHONE_NUMBER_ID", "1"),
            ("WHATSAPP_OTP_TEMPLATE_NAME", "codigo"),
            ("FACEBOOK_GRAPH_URL", address),
            ("FACEBOOK_APP_ID", APP),
            ("FACEBOOK_APP_SECRET", "only-for-tests"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    pub fn be(&self, mood: Mood) {
        self.inner.lock().unwrap().mood = mood;
    }

    /// The code that a phone, given as digits with the country, was sent last.
    pub fn code(&self, phone: &str) -> String {
        self.inner.lock().unwrap().codes[phone].clone()
    }

    /// How many codes were sent.
    pub fn sends(&self) -> usize {
        self.inner.lock().unwrap().sends
    }

    /// How many codes Twilio was asked about.
    pub fn checks(&self) -> usize {
        self.inner.lock().unwrap().checks
    }

    /// What the mood answers, if it answers at all.
    async fn bear(&self) -> Option<Response> {
        let mood = self.inner.lock().unwrap().mood;
        match mood {
            Mood::Fine => None,
            Mood::Broken => Some(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
            Mood::Silent => {
                tokio::time::sleep(Duration::from_secs(600)).await;
                Some(StatusCode::OK.into_response())
            }
        }
    }
}

fn form(body: &str) -> HashMap<String, String> {
    let address = reqwest::Url::parse(&format!("http://x/?{body}")).unwrap();
    address.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

async fn send_sms(State(vendors): State<Vendors>, body: String) -> Response {
    if let Some(answer) = vendors.bear().await {
        return answer;
    }
    let phone = form(&body)["To"].trim_start_matches('+').to_owned();
    let mut inner = vendors.inner.lock().unwrap();
    inner.sends += 1;
    let code = format!("{}", 100_000 + 7_919 * inner.sends);
    inner.codes.insert(phone, code);
    (StatusCode::CREATED, Json(json!({ "status": "pending" }))).into_response()
}

async fn check_sms(State(vendors): State<Vendors>, body: String) -> Response {
    if let Some(answer) = vendors.bear().await {
        return answer;
    }
    let form = form(&body);
    let mut inner = vendors.inner.lock().unwrap();
    inner.checks += 1;
    let is_right = inner.codes.get(form["To"].trim_start_matches('+')) == Some(&form["Code"]);
    Json(json!({ "status": if is_right { "approved" } else { "pending" } })).into_response()
}

async fn send_whatsapp(State(vendors): State<Vendors>, Json(message): Json<Value>) -> Response {
    if let Some(answer) = vendors.bear().await {
        return answer;
    }
    // Other templates are notices that follow a registration.
    if message["template"]["name"] == "codigo" {
        let code = message["template"]["components"][0]["parameters"][0]["text"].as_str().unwrap().to_owned();
        let mut inner = vendors.inner.lock().unwrap();
        inner.sends += 1;
        inner.codes.insert(message["to"].as_str().unwrap().to_owned(), code);
    }
    Json(json!({ "messages": [{ "id": "m" }] })).into_response()
}

/// User tokens say what they are: `<kind>-<account>`.
async fn me(State(vendors): State<Vendors>, headers: HeaderMap) -> Response {
    if let Some(answer) = vendors.bear().await {
        return answer;
    }
    let token = headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ").to_owned();
    match token.split_once('-') {
        Some(("refused", _)) | None => {
            (StatusCode::BAD_REQUEST, Json(json!({ "error": { "code": 190 } }))).into_response()
        }
        Some(("nameless", _)) => Json(json!({ "name": "Nadie" })).into_response(),
        Some((_, account)) => Json(json!({
            "id": account, "name": format!("Perfil {account}"),
            "picture": { "data": { "url": format!("https://fotos.example/{account}.jpg"), "is_silhouette": false } },
        }))
        .into_response(),
    }
}

async fn debug_token(
    State(vendors): State<Vendors>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if let Some(answer) = vendors.bear().await {
        return answer;
    }
    assert_eq!(query["access_token"], format!("{APP}|only-for-tests"));
    let (kind, account) = query["input_token"].split_once('-').unwrap();
    Json(json!({ "data": {
        "is_valid": kind != "invalid",
        "app_id": if kind == "foreign" { "app-2" } else { APP },
        "user_id": if kind == "swapped" { "somebody-else" } else { account },
        "expires_at": if kind == "expired" { 1_000_000_000 } else { 0 },
    } }))
    .into_response()
}
