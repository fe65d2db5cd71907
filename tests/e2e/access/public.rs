//! What anybody may ask or send, whatever token comes with it.

use casa_tests::{
    contents::{self, Contents},
    document::Operation,
};
use reqwest::header;
use serde_json::{Value, json};

use crate::Setting;

/// What anybody may send, in the order of the document, below `/api/v1/`.
pub(crate) const PUBLIC_WRITES: [&str; 15] = [
    "clients/client-auth/forgot-password/",
    "clients/client-auth/login/",
    "clients/client-auth/request-otp-registration/",
    "clients/client-auth/request-otp/",
    "clients/client-auth/reset-password/",
    "clients/client-auth/setup-password/",
    "clients/complete-register/",
    "clients/public-register/",
    "clients/track-search/",
    "clients/verify-document/",
    "confirm/{uuid}/",
    "login/",
    "payment/webhooks/mercadopago/",
    "payment/webhooks/openpay/",
    "token/refresh/",
];

/// A body for a public operation that takes one, and the right answer to it. Without vendors no code can be sent, which
/// is 503; nobody is registered, so that the same body can be sent again.
async fn public_body(setting: &Setting, operation: &Operation) -> Option<(Value, u16)> {
    let (number, secret) = setting.set.guest();
    let document = |more: Value| {
        let mut body = json!({"document_type": "dni", "number_doc": number});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let person = json!({
        "first_name": "Ana", "last_name": "Vilca", "email": "ana@personal.example", "sex": "f", "date": "1990-01-01",
        "tel_number": "51999888777", "otp_code": "123456", "password": "Una-clave-1", "confirm_password": "Una-clave-1",
    });
    let (email, password) = setting.set.staff("vendedor1");
    let told = match operation.path.strip_prefix("/api/v1/").unwrap() {
        _ if operation.method == "GET" => return None,
        "clients/client-auth/forgot-password/" | "clients/client-auth/request-otp/" => {
            (document(json!({})), 503)
        }
        "clients/client-auth/request-otp-registration/" => (json!({"tel_number": "51999888777"}), 503),
        "clients/client-auth/login/" => (document(json!({"password": secret})), 200),
        "clients/client-auth/reset-password/" | "clients/client-auth/setup-password/" => {
            (document(json!({"otp_code": "123456", "password": "Una-clave-1"})), 400)
        }
        "clients/complete-register/" | "clients/public-register/" => (document(person), 400),
        "clients/track-search/" => {
            (json!({"check_in_date": "2026-01-05", "check_out_date": "2026-01-08", "guests": 2}), 200)
        }
        "clients/verify-document/" => (document(json!({})), 200),
        // It is confirmed already.
        "confirm/{uuid}/" => (json!({"utm_source": "site"}), 200),
        // Gateways sign what they tell.
        "payment/webhooks/mercadopago/" => (json!({"type": "payment", "data": {"id": "1"}}), 401),
        "payment/webhooks/openpay/" => {
            (json!({"type": "charge.succeeded", "transaction": {"id": "tr1"}}), 401)
        }
        "login/" => (json!({"email": email, "password": password}), 200),
        "token/refresh/" => {
            let (_, refresh) = setting.sign_in_guest().await;
            (json!({"refresh": refresh}), 200)
        }
        _ => panic!("{} is new: say what may be sent to it", operation.name()),
    };
    Some(told)
}

pub(crate) async fn public_operations_ignore_tokens(
    setting: &Setting,
    operations: &[Operation],
    tokens: &[(&str, String)],
) {
    setting.set.confirm(&setting.casa).await;
    let staff = setting.token("vendedor1").await;
    let (guest, _) = setting.sign_in_guest().await;
    let mut headers: Vec<_> = tokens.iter().map(|(_, token)| format!("Bearer {token}")).collect();
    headers.extend(["Bearer".to_owned(), "Basic eDp5".to_owned(), String::new()]);
    let before = Contents::of(&setting.casa.shared).await;
    let mut complaints = Vec::new();
    for operation in operations.iter().filter(|one| one.is_public()) {
        let body = public_body(setting, operation).await;
        let wanted = body.as_ref().map_or(200, |(_, status)| *status);
        // An address may ask few things of guests' accounts.
        contents::end_throttle_windows(&setting.casa.shared).await;
        let request = || match &body {
            Some((body, _)) => setting.request(operation).json(body),
            None => setting.request(operation),
        };
        // Other answers differ from one request to the next by their tokens and times.
        let fleeting = ["/csrf-token/", "/music/health/"];
        let compared = operation.method == "GET" && !fleeting.iter().any(|end| operation.path.ends_with(end));
        let plain = request().send().await.unwrap();
        if plain.status() != wanted {
            complaints.push(format!("{}: {}", operation.name(), plain.status()));
            continue;
        }
        let plain = plain.bytes().await.unwrap();
        for header in &headers {
            let answer = request().header(header::AUTHORIZATION, header).send().await.unwrap();
            let status = answer.status();
            if status != wanted || (compared && answer.bytes().await.unwrap() != plain) {
                complaints.push(format!("{} with {header}: {status}", operation.name()));
            }
        }
        // Staff and guests may see more, never less.
        for good in [&staff, &guest] {
            let answer = request().bearer_auth(good).send().await.unwrap();
            let status = answer.status();
            if status != wanted || (compared && answer.bytes().await.unwrap().len() < plain.len()) {
                complaints.push(format!("{} with {good}: {status}", operation.name()));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let traces = before.differences(&Contents::of(&setting.casa.shared).await);
    // Searches are noted, and sign-ins remembered in the record and in the log of the book.
    let is_fine =
        |line: &String| ["SEARCH", "last_login", "CLIENTLOG#"].iter().any(|name| line.contains(name));
    let traces: Vec<_> = traces.iter().filter(|line| !is_fine(line)).collect();
    assert!(traces.is_empty(), "{traces:?}");
}
