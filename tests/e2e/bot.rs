//! The chatbot's key, and what reaches the chatbot platform.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::sync::{Arc, Mutex};

use axum::{Router, extract::Path, http::HeaderMap, routing::post};
use casa_tests::{Casa, Options, contents::Contents, replay::Set};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

const KEY: &str = "only-for-tests-only-for-tests";
const HEADER: &str = "X-Bot-Key";

type Seen = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

/// A stand-in for the platform; what it was sent, and its address.
async fn platform() -> (Seen, String) {
    let seen = Seen::default();
    let record = Arc::clone(&seen);
    let router = Router::new().route(
        "/api/accounts/bot_fields/{id}",
        post(move |Path(id): Path<String>, headers: HeaderMap, body: String| async move {
            record.lock().unwrap().push((id, headers, body));
            "hecho"
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (seen, address)
}

fn start(set: &Set, settings: &[(&str, &str)]) -> Casa {
    let path = |name: &str| set.path(name).to_string_lossy().into_owned();
    let arguments = ["--memory", "--import", &path("dataset.json"), "--clock", set.clock()];
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Casa::start(&Options {
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: settings.collect(),
        ..Options::default()
    })
}

#[tokio::test]
async fn the_key_stands_in_for_a_token_where_the_bot_may_go() {
    let set = Set::compact();
    let casa = start(&set, &[("CASA_BOT_KEY", KEY)]);
    let (_, guest) = &set.rows("clients.clients")[0];
    let address = casa.url(&format!("bot/client/{}/", guest["number_doc"].as_str().unwrap()));
    let http = Client::new();
    let before = Contents::of(&casa.shared).await;
    let answer = http.get(&address).header(HEADER, KEY).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let profile = answer.json::<Value>().await.unwrap()["client_profile"].take();
    assert_eq!(profile["first_name"], guest["first_name"]);
    assert_eq!(before.differences(&Contents::of(&casa.shared).await), Vec::<String>::new(), "it only reads");

    for key in ["", &KEY[1..], "another key"] {
        assert_eq!(http.get(&address).header(HEADER, key).send().await.unwrap().status(), 401, "{key}");
    }
    for path in ["clients/", "reservations/", "test/login/"] {
        let answer = http.get(casa.url(path)).header(HEADER, KEY).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path} is for staff only");
    }
    for unknown in ["0", "%00", &"9".repeat(3_000)] {
        let address = casa.url(&format!("bot/client/{unknown}/"));
        let answer = http.get(address).header(HEADER, KEY).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let body: Value = answer.json().await.unwrap();
        assert!(body["success"] == false && body["message"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn staff_and_the_bot_push_and_nobody_else() {
    let (seen, address) = platform().await;
    let set = Set::compact();
    let casa = start(
        &set,
        &[
            ("CASA_BOT_KEY", KEY),
            ("CHATBOT_BUILDER_ACCESS_TOKEN", "vendor-token"),
            ("CHATBOT_BUILDER_URL", &address),
            ("ID_CUF_LEVELS_CBB", "77"),
        ],
    );
    let http = Client::new();
    let levels = |flag: &str| http.get(casa.url(&format!("bot/levels/?send_to_chatbotbuilder={flag}")));
    let plain: Value = levels("no").send().await.unwrap().json().await.unwrap();
    assert!(plain["success"] == true && plain.get("chatbot_sync_results").is_none());

    let refused: Value = levels("true").send().await.unwrap().json().await.unwrap();
    assert_eq!(refused["chatbot_sync_results"]["successful_sync"], false);
    assert!(refused["chatbot_sync_results"]["error"].is_string());
    assert!(seen.lock().unwrap().is_empty(), "a stranger caused a call");

    let (email, password) = set.staff("gerente");
    let token = casa.sign_in(email, password).await;
    for request in [levels("true").header(HEADER, KEY), levels("TRUE").bearer_auth(token)] {
        let pushed: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(pushed["chatbot_sync_results"]["successful_sync"], true, "{pushed}");
        let calls = std::mem::take(&mut *seen.lock().unwrap());
        let [(id, headers, body)] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!((id.as_str(), headers["x-access-token"].to_str().unwrap()), ("77", "vendor-token"));
        let sent = reqwest::Url::parse(&format!("http://x/?{body}")).unwrap();
        let (name, value) = sent.query_pairs().next().unwrap();
        assert_eq!(name, "value");
        assert_eq!(serde_json::from_str::<Value>(&value).unwrap(), plain);
    }

    // The field of the discounts is not configured: an answer all the same.
    let address = casa.url("bot/global-discount/?send_to_chatbotbuilder=true");
    let answer = http.get(address).header(HEADER, KEY).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["chatbot_sync_results"]["successful_sync"], json!(false));
    assert!(seen.lock().unwrap().is_empty());
}
