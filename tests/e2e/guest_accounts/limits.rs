//! Guessing is limited, however many try at once and wherever.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Answer, Setting, person, with};

/// The answers to so many equal requests, sent at once to both processes from so many hosts.
async fn at_once(
    setting: &Arc<Setting>,
    count: usize,
    hosts: u8,
    path: &'static str,
    body: &Value,
) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (setting, body) = (Arc::clone(setting), body.clone());
        let host = 100 + u8::try_from(number % usize::from(hosts)).unwrap();
        tasks.spawn(async move { setting.post((number / 2, host), path, body).await });
    }
    tasks.join_all().await
}

fn with_status(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_cannot_be_guessed() {
    let setting = Arc::new(Setting::new("twilio").await);
    setting.guest("40000031", 31).await;
    let guess = json!({"document_type": "dni", "number_doc": "40000031", "password": "adivinada"});
    let answers = at_once(&setting, 100, 5, "client-auth/login/", &guess).await;
    assert_eq!((with_status(&answers, 401), with_status(&answers, 429)), (10, 90));
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(refused.retry_after.unwrap() > 0 && refused.body["message"].is_string(), "{refused:?}");
    assert_eq!(setting.sign_in("40000031", "Una-clave-1", 31).await.status, 429, "also for the right one");
    let document = json!({"document_type": "dni", "number_doc": "40000031"});
    assert_eq!(setting.post((0, 31), "client-auth/request-otp/", document.clone()).await.status, 200);
    let proof = json!({"otp_code": setting.vendors.code("51940000031"), "password": "Otra-clave-1"});
    let chosen = setting.post((0, 31), "client-auth/setup-password/", with(&document, proof)).await;
    assert_eq!(chosen.status, 200, "{chosen:?}");
    let session = setting.sign_in("40000031", "Otra-clave-1", 31).await;
    assert_eq!(session.status, 200, "whoever proves the phone need not wait: {session:?}");

    // Nor can one address try everybody.
    let mut refused = 0;
    for number in 0..110 {
        let answer = setting.sign_in(&format!("5{number:07}"), "adivinada", 32).await;
        refused += usize::from(answer.status == 429);
    }
    assert_eq!(refused, 10);
    setting.guest("40000033", 33).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_cannot_be_guessed() {
    for provider in ["twilio", "whatsapp"] {
        let setting = Arc::new(Setting::new(provider).await);
        let token = setting.guest("40000041", 41).await;
        let document = json!({"document_type": "dni", "number_doc": "40000041"});
        let send = || setting.post((0, 41), "client-auth/request-otp/", document.clone());
        assert_eq!(send().await.status, 200);
        let wish = |code: &str| with(&document, json!({"otp_code": code, "password": "Robada-123"}));
        let answers = at_once(&setting, 100, 5, "client-auth/setup-password/", &wish("000000")).await;
        assert_eq!(with_status(&answers, 400), 100);
        if provider == "twilio" {
            assert_eq!(setting.vendors.checks(), 5);
        }
        let right = setting.vendors.code("51940000041");
        let late = setting.post((1, 41), "client-auth/setup-password/", wish(&right)).await;
        assert_eq!(late.status, 400, "the code bore its tries: {late:?}");
        assert_eq!(setting.profile(0, &token).await.status, 200, "nothing changed");

        // Of many who know the code, one uses it.
        assert_eq!(send().await.status, 200);
        let right = setting.vendors.code("51940000041");
        let answers = at_once(&setting, 20, 5, "client-auth/setup-password/", &wish(&right)).await;
        assert_eq!((with_status(&answers, 200), with_status(&answers, 400)), (1, 19));
        assert_eq!(setting.profile(0, &token).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_codes_are_sent_and_few_guests_registered() {
    let setting = Arc::new(Setting::new("whatsapp").await);
    let path = "client-auth/request-otp-registration/";
    // However the phone is written and wherever it is asked.
    let writings = ["911111111", "+51 911 111 111", "51911111111", "(911) 111-111", "051911111111"];
    for (number, writing) in writings.into_iter().enumerate() {
        let host = 51 + u8::try_from(number).unwrap();
        let answer = setting.post((number, host), path, json!({ "tel_number": writing })).await;
        assert_eq!(answer.status, if number < 3 { 200 } else { 429 }, "{writing}: {answer:?}");
        assert_eq!(answer.retry_after.is_some(), number >= 3);
    }
    // At once, and from one address to many phones.
    at_once(&setting, 20, 5, path, &json!({"tel_number": "922222222"})).await;
    assert_eq!(setting.vendors.sends(), 6);
    for number in 0..5 {
        let answer =
            setting.post((number, 61), path, json!({"tel_number": format!("93333333{number}")})).await;
        assert_eq!(answer.status, if number < 3 { 200 } else { 429 });
    }
    // What is no phone, or nobody's document, sends nothing and is no failure of ours.
    for bad in [
        json!({}),
        json!(""),
        json!([9]),
        json!(null),
        json!("12345678"),
        json!("9".repeat(400)),
        json!("9\u{0}"),
    ] {
        let answer = setting.post((0, 62), path, json!({ "tel_number": bad })).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.body["message"].is_string());
    }
    assert_eq!(setting.vendors.sends(), 9);

    let path = "public-register/";
    for number in 0..21 {
        let answer = setting.post((number, 63), path, person(&format!("6{number:07}"))).await;
        assert_eq!(answer.status, if number < 20 { 201 } else { 429 }, "{answer:?}");
    }
    let question = json!({"document_type": "dni", "number_doc": "60000000"});
    let answers = at_once(&setting, 70, 1, "verify-document/", &question).await;
    assert_eq!((with_status(&answers, 200), with_status(&answers, 429)), (60, 10));
    let known = answers.iter().find(|answer| answer.status == 200).unwrap();
    let shown = json!({
        "first_name": "Ana", "last_name": "R.", "email": "a***@correo.example", "phone": "***0000",
        "has_password": false,
    });
    assert_eq!(known.body, json!({ "exists": true, "client": shown }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_registers_at_once_with_one_document_is_one_guest() {
    let setting = Arc::new(Setting::new("twilio").await);
    let secrets = json!({"password": "Una-clave-1", "confirm_password": "Una-clave-1", "points_balance": "900.00",
        "comentarios_clientes": "VIP"});
    let body = with(&person("40000071"), secrets);
    let answers = at_once(&setting, 10, 5, "public-register/", &body).await;
    assert_eq!((with_status(&answers, 201), with_status(&answers, 400)), (1, 9));
    let record = setting.record("40000071").await.unwrap();
    assert!(record.points_balance.is_zero() && record.comentarios_clientes.is_none());
    let code = record.referral_code.unwrap();

    // Referred by a code in any case; an unknown one is ignored, unless the phone is proven.
    let referred = with(&person("40000072"), json!({"referral_code": format!(" {} ", code.to_lowercase())}));
    assert_eq!(setting.post((0, 71), "public-register/", referred).await.status, 201);
    assert_eq!(setting.record("40000072").await.unwrap().referred_by, Some(record.id));
    for (number, unknown) in
        [("40000073", json!("NADIE99")), ("40000074", json!("x".repeat(99))), ("40000075", json!([1]))]
    {
        let body = with(&person(number), json!({ "referral_code": unknown }));
        assert_eq!(setting.post((0, 71), "public-register/", body).await.status, 201);
        assert_eq!(setting.record(number).await.unwrap().referred_by, None);
        let secrets =
            json!({"password": "x", "confirm_password": "x", "otp_code": "1", "referral_code": unknown});
        let proven = setting.post((0, 71), "complete-register/", with(&person("40000076"), secrets)).await;
        assert_eq!(proven.status, 400);
        assert!(proven.body["message"].as_str().unwrap().contains("referido"), "{proven:?}");
    }
}
