//! What is sent in requests comes back in no refusal and stands in no log.

use std::time::Duration;

use casa_tests::document::Operation;
use serde_json::{Map, Value, json};

use crate::{Answer, Setting, seed::CURIOUS, vendors::Vendors};

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.token-que-nadie-debe-ver.firma";
const PASSWORD: &str = "Clave-que-nadie-debe-ver-77";
/// No six digits: the log is full of microseconds.
const CODE: &str = "kz8q4w";
const DOCUMENT: &str = "60718293";
const PHONE: &str = "51966677788";
const EMAIL: &str = "no.se.debe.ver@personal.example";

/// The secrets, as they would be seen.
const SECRETS: [&str; 6] =
    ["token-que-nadie-debe-ver", PASSWORD, CODE, DOCUMENT, "966677788", "no.se.debe.ver"];

/// What a field of a body or a query would hold.
fn secret(name: &str) -> &'static str {
    match name {
        "document_type" => "dni",
        "number_doc" | "identifier" => DOCUMENT,
        "tel_number" | "tel_contact_number" => PHONE,
        "email" | "search" => EMAIL,
        "password" | "confirm_password" => PASSWORD,
        "otp_code" => CODE,
        "access_token" | "refresh" | "cursor" | "token" => TOKEN,
        // Anything may be typed into the wrong field.
        _ => DOCUMENT,
    }
}

fn body(operation: &Operation) -> Value {
    operation.fields.keys().map(|name| (name.clone(), json!(secret(name)))).collect::<Map<_, _>>().into()
}

fn seen(text: &str, more: &[&str]) -> Vec<String> {
    SECRETS
        .iter()
        .chain(more)
        .filter(|secret| text.contains(**secret))
        .map(|&secret| secret.to_owned())
        .collect()
}

/// Sends secrets wherever they go; answers the complaints about refusals that repeat them.
async fn walk(setting: &Setting, tokens: &[&str]) -> Vec<String> {
    let mut complaints = Vec::new();
    for operation in &setting.operations {
        let query: Vec<_> = operation.query.iter().map(|name| (name.as_str(), secret(name))).collect();
        let mut paths: Vec<_> =
            [DOCUMENT, PHONE, EMAIL, TOKEN].map(|value| operation.path_with(value)).to_vec();
        paths.dedup();
        for path in paths {
            for token in tokens {
                for what in ["body", "query", "broken"] {
                    let request = setting.request(&operation.method, &path).bearer_auth(token);
                    let request = match what {
                        "body" if !operation.bodies.is_empty() => request.json(&body(operation)),
                        "query" => request.query(&query),
                        "broken" => {
                            let broken = format!(
                                "{{\"password\": \"{PASSWORD}\", \"number_doc\": {DOCUMENT}x, \"{PHONE}"
                            );
                            request.header("content-type", "application/json").body(broken)
                        }
                        _ => continue,
                    };
                    let Answer { status, text } = Answer::to(request).await;
                    let found = seen(&text, &[token]);
                    if status >= 400 && !found.is_empty() {
                        complaints.push(format!(
                            "{} {path} ({what}): {status} repeats {found:?}: {text:.300}",
                            operation.method
                        ));
                    }
                }
            }
        }
    }
    for path in ["/api/v1/nada", "/api/v1/clients/nada/y", "/media", "/nada"] {
        for value in [DOCUMENT, PHONE, EMAIL, TOKEN] {
            let Answer { status, text } =
                Answer::to(setting.request("GET", &format!("{path}/{value}"))).await;
            if status < 400 || !seen(&text, &[]).is_empty() {
                complaints.push(format!("{path}/{value}: {status} {text:.300}"));
            }
        }
    }
    complaints
}

/// Ways in which vendors are asked; what is `sent`, or could not be, must not be in the log.
async fn flows(setting: &Setting, sent: bool) {
    let register = json!({
        "document_type": "dni", "number_doc": DOCUMENT, "first_name": "Ana", "last_name": "Vilca", "sex": "f",
        "date": "1990-01-01", "email": EMAIL, "tel_number": PHONE, "password": PASSWORD, "confirm_password": PASSWORD,
        "otp_code": CODE,
    });
    setting.post("clients/client-auth/request-otp-registration/", &json!({"tel_number": PHONE})).await;
    setting.post("clients/complete-register/", &register).await;
    let answer = setting.post("clients/public-register/", &register).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let document = json!({"document_type": "dni", "number_doc": DOCUMENT});
    for path in ["request-otp/", "forgot-password/"] {
        setting.post(&format!("clients/client-auth/{path}"), &document).await;
    }
    for path in ["login/", "setup-password/", "reset-password/"] {
        setting.post(&format!("clients/client-auth/{path}"), &register).await;
    }
    let (token, _) = setting.casa.sign_in_guest(DOCUMENT, PASSWORD).await;
    let link = json!({"access_token": TOKEN});
    let path = "/api/v1/clients/client-auth/link-facebook/";
    setting.request("POST", path).bearer_auth(&token).json(&link).send().await.unwrap();
    setting.request("POST", "/_casa/settle").send().await.unwrap();
    // The last lines are still on their way.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let log = setting.casa.printed();
    let has = |text: &str| log.iter().any(|line| line.contains(text));
    assert!(has("DEBUG") && has("/api/v1/clients/client-auth/link-facebook/"), "nothing was kept: {log:?}");
    assert!(has("a one-time code was not sent") != sent, "vendors fail where they are to fail: {log:?}");
    let told: Vec<_> = log.iter().filter(|line| !seen(line, &[token.as_str()]).is_empty()).collect();
    assert!(
        told.is_empty(),
        "{} lines of {}, such as {:.3000}",
        told.len(),
        log.len(),
        format!("{:?}", &told[..told.len().min(8)])
    );
}

fn debugging(mut settings: Vec<(String, String)>) -> Vec<(String, String)> {
    settings.push(("CASA_LOG".to_owned(), "debug".to_owned()));
    settings
}

/// A card payment that goes as far as the gateway, of which there is none.
async fn pay(setting: &Setting, guest: &str) {
    let booking = json!({
        "property": setting.seed.house.0, "check_in_date": "2028-02-02", "check_out_date": "2028-02-05", "guests": 2,
    });
    let post = async |path: &str, body: &Value| {
        let request = setting.request("POST", &format!("/api/v1/{path}")).bearer_auth(guest).json(body);
        Answer::to(request).await
    };
    let booked = post("clients/reservations/create/", &booking).await;
    assert_eq!(booked.status, 201, "{}", booked.text);
    let stay = booked.json()["reservation"]["id"].as_str().unwrap().to_owned();
    let payment = json!({
        "token": TOKEN, "amount": 100, "partial": true, "payment_method_id": PHONE, "device_session_id": CODE,
    });
    let answer = post(&format!("payment/process/{stay}/"), &payment).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert_eq!(seen(&answer.text, &[]), Vec::<String>::new());
}

#[tokio::test]
async fn refusals_repeat_no_secret() {
    let vendors = Vendors::start().await;
    let settings = debugging(vendors.settings("twilio"));
    let setting = Setting::with(vendors, settings).await;
    let (guest, staff) = (setting.sign_in(&CURIOUS).await.0, setting.staff("gerente").await);
    let complaints = walk(&setting, &[TOKEN, &guest, &staff]).await;
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
    pay(&setting, &guest).await;
    let log = setting.casa.printed();
    let told: Vec<_> = log.iter().filter(|line| !seen(line, &[&guest, &staff]).is_empty()).collect();
    assert!(
        told.is_empty(),
        "{} lines of {}, such as {:.3000}",
        told.len(),
        log.len(),
        format!("{:?}", &told[..told.len().min(8)])
    );
}

#[tokio::test]
async fn logs_hold_no_secret_while_vendors_answer() {
    for provider in ["twilio", "whatsapp"] {
        let vendors = Vendors::start().await;
        let settings = debugging(vendors.settings(provider));
        flows(&Setting::with(vendors, settings).await, true).await;
    }
}

/// An error of the connection would show the address with everything in it.
#[tokio::test]
async fn logs_hold_no_secret_while_vendors_are_away() {
    for provider in ["twilio", "whatsapp"] {
        let mut vendors = Vendors::default();
        vendors.address = "http://127.0.0.1:9".to_owned();
        let settings = debugging(vendors.settings(provider));
        flows(&Setting::with(vendors, settings).await, false).await;
    }
}
