//! The confirmation link: public, and nothing twice.

use casa_domain::ids::ReservationId;
use casa_tests::{contents::Contents, export::id};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{Setting, UNO, stay};

const ELSEWHERE: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_confirmed_once() {
    let setting = Setting::new(vec![
        stay(1, UNO, "2025-12-01", "2025-12-04", json!({})),
        stay(2, UNO, "2025-12-05", "2025-12-06", json!({"deleted": true})),
        stay(3, UNO, "2025-12-07", "2025-12-08", json!({"uuid_external": ELSEWHERE})),
        stay(4, UNO, "2025-12-10", "2025-12-11", json!({"client": null, "price_usd": null})),
        stay(5, UNO, "2025-12-10", "2025-12-11", json!({})), // imported over held nights
    ])
    .await;
    let confirm = |which: &str| setting.http.post(setting.casa.url(&format!("confirm/{which}/")));
    let stored = async |number: u32| {
        let id = id(number).parse::<ReservationId>().unwrap();
        setting.casa.shared.store().reservations().get(id).await.unwrap().unwrap().booked.reservation
    };
    let before = Contents::of(&setting.casa.shared).await;
    let body = json!({"fbclid": "clic", "utm_source": "x".repeat(300), "fbp": 7, "otro": {"a": []}});
    let requests = (0..6).map(|_| {
        confirm(&id(101))
            .header(header::USER_AGENT, "Navegador/1.0")
            .header(header::REFERER, "https://sitio.example/gracias")
            .header("x-forwarded-for", "203.0.113.9")
            .json(&body)
            .send()
    });
    // All at once: each is told that all is well.
    let mut all: tokio::task::JoinSet<_> = requests.collect();
    while let Some(answer) = all.join_next().await {
        let answer = answer.unwrap().unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.json::<Value>().await.unwrap()["message"].is_string());
    }
    let one = stored(101).await;
    assert_eq!(
        one.ip_cliente.as_deref(),
        Some("127.0.0.1"),
        "what a stranger says of the way is not believed"
    );
    assert_eq!(
        (one.user_agent.as_deref(), one.referer.as_deref(), one.fbclid.as_deref(), one.fbp.as_deref()),
        (Some("Navegador/1.0"), Some("https://sitio.example/gracias"), Some("clic"), Some(""))
    );
    assert_eq!(one.utm_source.map(|text| text.len()), Some(255));
    assert_eq!(one.status, casa_domain::Status::Approved);
    let changes = before.differences(&Contents::of(&setting.casa.shared).await);
    let facts: Vec<_> =
        changes.iter().filter(|line| line.starts_with("+ (\"OUT#") && line.ends_with("\"A\")")).collect();
    assert_eq!(facts.len(), 1, "{changes:#?}");

    // Later ones change nothing.
    setting.http.post(format!("{}/_casa/settle", setting.casa.base)).send().await.unwrap();
    let before = Contents::of(&setting.casa.shared).await;
    let again = confirm(&id(101)).form(&[("fbclid", "otro")]).send().await.unwrap();
    assert_eq!(again.status(), 200);
    assert_eq!(before.differences(&Contents::of(&setting.casa.shared).await), Vec::<String>::new());

    // By its id elsewhere, with dashes and without; forms, and types that browsers make up.
    let dashed = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
    assert_eq!(confirm(dashed).form(&[("utm_medium", "correo")]).send().await.unwrap().status(), 200);
    assert_eq!(stored(103).await.utm_medium.as_deref(), Some("correo"));
    assert_eq!(confirm(ELSEWHERE).send().await.unwrap().status(), 200);
    for number in [104, 105] {
        let plain = confirm(&id(number)).header(header::CONTENT_TYPE, "text/plain").body("hola");
        assert_eq!(plain.send().await.unwrap().status(), 200, "{number}");
        assert!(stored(number).await.purchase_confirmed);
    }

    for missing in [id(102).as_str(), &id(177), "nada", "%00", &"x".repeat(600), "á"] {
        let answer = confirm(missing).json(&json!({})).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{missing}");
        assert!(answer.json::<Value>().await.unwrap()["detail"].is_string());
    }
    for junk in ["{", "[]", "\"x\"", "\u{0}"] {
        let request =
            confirm(&id(101)).header(header::CONTENT_TYPE, "application/json").body(junk.to_owned());
        assert_eq!(request.send().await.unwrap().status(), 400, "{junk}");
    }
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        let address = setting.casa.url(&format!("confirm/{}/", id(101)));
        let answer = setting.http.request(method, address).send().await.unwrap();
        let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        assert_eq!((answer.status().as_u16(), kind.starts_with("text/html")), (400, true));
        assert_eq!(answer.text().await.unwrap(), "Método no permitido");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_may_confirm_only_so_often() {
    let setting = Setting::new(vec![stay(1, UNO, "2025-12-01", "2025-12-04", json!({}))]).await;
    let mut refused = None;
    for number in 0..200 {
        let answer =
            setting.http.post(setting.casa.url(&format!("confirm/{}/", id(number)))).send().await.unwrap();
        if answer.status() == 429 {
            refused = Some((number, answer.headers().contains_key(header::RETRY_AFTER)));
            break;
        }
    }
    assert_eq!(refused, Some((120, true)));
}
