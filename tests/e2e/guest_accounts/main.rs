//! Guests' own accounts: registration, codes, passwords, sign-in and Facebook, at two processes on one table.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod facebook;
mod limits;
mod vendors;

use std::net::{IpAddr, Ipv4Addr};

use casa_domain::client::Client as Record;
use casa_tests::{Casa, Options};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use vendors::{Mood, Vendors};

/// An answer.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    body: Value,
    retry_after: Option<u64>,
}

/// Two processes on one table, and the vendors.
struct Setting {
    vendors: Vendors,
    casas: [Casa; 2],
}

impl Setting {
    async fn new(provider: &str) -> Self {
        let vendors = Vendors::start().await;
        let mut options = Options {
            arguments: vec!["--memory".to_owned()],
            environment: vendors.settings(provider),
            ..Options::default()
        };
        let first = Casa::start(&options);
        options.shared = Some(first.shared.clone());
        let second = Casa::start(&options);
        Self { vendors, casas: [first, second] }
    }

    /// Sends a request to one of the processes, as if from a host of its own.
    async fn send(
        &self,
        (at, host): (usize, u8),
        method: Method,
        path: &str,
        body: Option<Value>,
        token: Option<&str>,
    ) -> Answer {
        let host = IpAddr::V4(Ipv4Addr::new(127, 0, 1, host));
        let http = Client::builder().local_address(host).build().unwrap();
        let mut request = http.request(method, self.casas[at % 2].url(&format!("clients/{path}")));
        request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let retry_after =
            answer.headers().get("retry-after").map(|one| one.to_str().unwrap().parse().unwrap());
        let status = answer.status().as_u16();
        Answer { status, retry_after, body: answer.json().await.unwrap() }
    }

    async fn post(&self, from: (usize, u8), path: &str, body: Value) -> Answer {
        self.send(from, Method::POST, path, Some(body), None).await
    }

    /// Registers a guest without proof of the phone and signs in; gives the token.
    async fn guest(&self, number: &str, host: u8) -> String {
        let body =
            with(&person(number), json!({"password": "Una-clave-1", "confirm_password": "Una-clave-1"}));
        let answer = self.post((0, host), "public-register/", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.sign_in(number, "Una-clave-1", host).await.body["token"].as_str().unwrap().to_owned()
    }

    async fn sign_in(&self, number: &str, password: &str, host: u8) -> Answer {
        let body = json!({"document_type": "dni", "number_doc": number, "password": password});
        self.post((1, host), "client-auth/login/", body).await
    }

    async fn profile(&self, at: usize, token: &str) -> Answer {
        self.send((at, 1), Method::GET, "client-auth/profile/", None, Some(token)).await
    }

    /// The record that holds a document.
    async fn record(&self, number: &str) -> Option<Record> {
        let store = self.casas[0].shared.store();
        Some(store.clients().by_document("dni", number).await.unwrap()?.client)
    }

    /// Deletes a guest, as staff would.
    async fn delete(&self, number: &str) {
        let store = self.casas[0].shared.store();
        let seen = store.clients().by_document("dni", number).await.unwrap().unwrap();
        let after = Record { deleted: true, ..seen.client.clone() };
        store.clients().change(&seen, &after, None, Vec::new()).await.unwrap();
    }
}

/// A person with an e-mail address and a phone of their own.
fn person(number: &str) -> Value {
    json!({
        "document_type": "dni", "number_doc": number, "first_name": "Ana", "last_name": "Rojas Vilca",
        "email": format!("ana{number}@correo.example"), "tel_number": format!("+51 9{number}"), "sex": "f",
        "date": "1990-05-17",
    })
}

/// The same object with further keys.
fn with(body: &Value, more: Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Everything from the first code to the new password.
async fn story(setting: &Setting) {
    let number = "40000001";
    let phone = format!("519{number}");
    let ask = json!({"tel_number": format!(" +51 9{number} ")});
    let answer = setting.post((0, 1), "client-auth/request-otp-registration/", ask).await;
    assert_eq!((answer.status, &answer.body["phone_masked"]), (200, &json!("***0001")), "{answer:?}");

    // Written differently, asked at the other process: the same phone.
    let secrets = json!({"password": "  Clave larga ", "confirm_password": "Clave larga"});
    let register =
        |more| with(&with(&with(&person(number), json!({"tel_number": 940000001})), secrets.clone()), more);
    let wrong = setting.post((1, 1), "complete-register/", register(json!({"otp_code": "000000"}))).await;
    assert_eq!((wrong.status, setting.record(number).await), (400, None), "{wrong:?}");
    let right = json!({"otp_code": setting.vendors.code(&phone)});
    let done = setting.post((1, 1), "complete-register/", register(right.clone())).await;
    assert_eq!(done.status, 201, "{done:?}");
    assert_eq!(done.body["client"]["number_doc"], number);
    let again = setting.post((0, 1), "complete-register/", register(right.clone())).await;
    assert_eq!(again.status, 400, "registered already");
    let other = with(&register(right), json!({"number_doc": "40000002"}));
    let other = setting.post((0, 1), "complete-register/", other).await;
    assert_eq!((other.status, setting.record("40000002").await), (400, None), "a code serves once");

    let session = setting.sign_in(number, "Clave larga ", 1).await;
    assert_eq!(session.status, 200, "{session:?}");
    let token = session.body["token"].as_str().unwrap();
    let profile = setting.profile(0, token).await;
    assert_eq!((profile.status, &profile.body), (200, &session.body["client"]));
    assert!(profile.body["last_login"].is_string() && profile.body["referral_code"].is_string());

    let unknown = setting.sign_in("49999999", "Clave larga", 1).await;
    let mistaken = setting.sign_in(number, "Clave corta", 1).await;
    assert_eq!((unknown.status, mistaken.status), (401, 401));
    assert_eq!(unknown.body, mistaken.body);

    // A code for a registration is none for a password, although the phone is the same.
    let ask = json!({"tel_number": phone});
    assert_eq!(setting.post((0, 2), "client-auth/request-otp-registration/", ask).await.status, 200);
    let document = json!({"document_type": "dni", "number_doc": number});
    let wish = |code: &str, password| with(&document, json!({"otp_code": code, "password": password}));
    let misused = wish(&setting.vendors.code(&phone), "Clave-nueva-1");
    assert_eq!(setting.post((0, 2), "client-auth/reset-password/", misused).await.status, 400);

    let forgot = setting.post((1, 2), "client-auth/forgot-password/", document.clone()).await;
    assert_eq!(forgot.status, 200, "{forgot:?}");
    let text = forgot.body["message"].as_str().unwrap();
    assert!(text.contains("***0001") && !text.contains("940000001"), "{text}");
    let reset = wish(&setting.vendors.code(&phone), "Clave-nueva-1");
    assert_eq!(setting.post((0, 2), "client-auth/reset-password/", reset.clone()).await.status, 200);
    assert_eq!(setting.post((0, 2), "client-auth/reset-password/", reset).await.status, 400, "used up");

    // Every earlier sign-in has ended, everywhere.
    for at in 0..2 {
        assert_eq!(setting.profile(at, token).await.status, 401);
    }
    let refresh = json!({"refresh": session.body["refresh"]});
    let address = setting.casas[0].url("token/refresh/");
    assert_eq!(Client::new().post(address).json(&refresh).send().await.unwrap().status(), 401);
    assert_eq!(setting.sign_in(number, "Clave larga", 2).await.status, 401);
    let session = setting.sign_in(number, "Clave-nueva-1", 2).await;
    assert_eq!(setting.profile(0, session.body["token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_with_codes_by_sms() {
    story(&Setting::new("twilio").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_with_codes_by_whatsapp() {
    let setting = Setting::new("whatsapp").await;
    story(&setting).await;
    guests_come_back(&setting).await;
}

/// An imported hash is made new by the first sign-in, sign-ins go on, and who had no referral code gets one, also when
/// all of it happens at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imported_passwords_serve_and_become_new() {
    let setting = Setting::new("twilio").await;
    let number = "40000051";
    let token = setting.guest(number, 51).await;
    let store = setting.casas[0].shared.store();
    let seen = store.clients().by_document("dni", number).await.unwrap().unwrap();
    let imported = "pbkdf2_sha256$1000$saltroot$0SAhm8E9+/6643HCWQv/112NNjhIXjozfBxhkPoodKI=".to_owned();
    let after =
        Record { password: Some(imported), last_login: None, referral_code: None, ..seen.client.clone() };
    store.clients().change(&seen, &after, None, Vec::new()).await.unwrap();

    let sign_in = || setting.sign_in(number, "Root-A2025", 51);
    let (one, two, three, four) = tokio::join!(sign_in(), sign_in(), sign_in(), sign_in());
    let (mut tokens, mut codes) = (Vec::new(), Vec::new());
    for session in [one, two, three, four] {
        assert_eq!(session.status, 200, "{session:?}");
        assert!(session.body["client"]["last_login"].is_string());
        codes.push(session.body["client"]["referral_code"].as_str().unwrap().to_owned());
        tokens.push(session.body["token"].as_str().unwrap().to_owned());
    }
    let record = setting.record(number).await.unwrap();
    assert!(record.password.unwrap().starts_with("$argon2id$"));
    assert_eq!(vec![record.referral_code.unwrap(); 4], codes);
    assert!(
        record.last_login.is_some() && record.updated == after.updated && record.session == after.session
    );
    for token in tokens.iter().chain([&token]) {
        assert_eq!(setting.profile(0, token).await.status, 200);
    }
    assert_eq!(setting.sign_in(number, "Root-A2025", 51).await.status, 200);
}

/// A deleted guest comes back by proof of a phone only; without proof the document begins anew.
async fn guests_come_back(setting: &Setting) {
    let number = "40000011";
    let token = setting.guest(number, 11).await;
    let before = setting.record(number).await.unwrap();
    setting.delete(number).await;
    assert_eq!(setting.profile(0, &token).await.status, 401);
    assert_eq!(setting.sign_in(number, "Una-clave-1", 11).await.status, 401);
    let document = json!({"document_type": "dni", "number_doc": number});
    assert_eq!(setting.post((0, 11), "verify-document/", document.clone()).await.status, 404);

    let ask = json!({"tel_number": "922222222"});
    assert_eq!(setting.post((0, 11), "client-auth/request-otp-registration/", ask).await.status, 200);
    let code = setting.vendors.code("51922222222");
    let register = |more| {
        let back = json!({
            "first_name": "Bea", "tel_number": "922222222", "password": "corta", "confirm_password": "corta",
        });
        with(&with(&person(number), back), more)
    };
    let stranger = setting.post((0, 11), "complete-register/", register(json!({"otp_code": "000000"}))).await;
    assert_eq!(stranger.status, 400);
    assert!(setting.record(number).await.unwrap().deleted, "nothing happened without the code");
    let done = setting.post((1, 11), "complete-register/", register(json!({"otp_code": code}))).await;
    assert_eq!((done.status, &done.body["client"]["id"]), (201, &json!(before.id)), "{done:?}");
    let after = setting.record(number).await.unwrap();
    assert_eq!((after.first_name.as_str(), after.referral_code), ("Bea", before.referral_code));
    assert_eq!(setting.profile(0, &token).await.status, 401, "the old sign-in stays ended");
    assert_eq!(setting.sign_in(number, "corta", 11).await.status, 200);

    setting.delete(number).await;
    let anew = setting.post((0, 11), "public-register/", person(number)).await;
    assert_eq!((anew.status, &anew.body["requires_password_setup"]), (201, &json!(true)), "{anew:?}");
    assert_ne!(anew.body["client_id"], json!(before.id));
    assert_eq!(setting.sign_in(number, "corta", 11).await.status, 400, "no password yet");

    // What cannot be registered spends the code and stores nothing.
    let ask = json!({"tel_number": "922222222"});
    assert_eq!(setting.post((0, 12), "client-auth/request-otp-registration/", ask).await.status, 200);
    let code = setting.vendors.code("51922222222");
    let bad =
        json!({"number_doc": "40000012", "otp_code": code, "email": "no-es", "sex": "x", "date": "ayer"});
    let bad = setting.post((0, 12), "complete-register/", register(bad)).await;
    let keys: Vec<_> = bad.body["errors"].as_object().unwrap().keys().cloned().collect();
    assert_eq!((bad.status, keys), (400, vec!["sex".to_owned(), "email".to_owned(), "date".to_owned()]));
    assert_eq!(setting.record("40000012").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vendors_that_fail_leave_nothing_behind() {
    let setting = Setting::new("twilio").await;
    let token = setting.guest("40000021", 21).await;
    let ask = json!({"tel_number": "911111111"});
    let link = |mood| {
        setting.vendors.be(mood);
        let body = Some(json!({"access_token": "good-21"}));
        setting.send((1, 21), Method::POST, "client-auth/link-facebook/", body, Some(&token))
    };
    for (mood, host) in [(Mood::Broken, 21), (Mood::Silent, 22)] {
        let linked = link(mood).await;
        assert_eq!(linked.status, 503, "{linked:?}");
        let sent = setting.post((0, host), "client-auth/request-otp-registration/", ask.clone()).await;
        assert_eq!(sent.status, 503, "{sent:?}");
        assert!(sent.body["message"].is_string() && linked.body["message"].is_string());
    }
    let record = setting.record("40000021").await.unwrap();
    assert_eq!((record.facebook_id, record.facebook_linked), (None, false));
    setting.vendors.be(Mood::Fine);
    let secrets =
        json!({"otp_code": "107919", "password": "x", "confirm_password": "x", "tel_number": "911111111"});
    let register = with(&person("40000022"), secrets);
    assert_eq!(setting.post((0, 23), "complete-register/", register.clone()).await.status, 400);
    assert_eq!(setting.vendors.checks(), 0, "no code was kept that could be checked");

    // What failed counts: one more, then no more.
    for (status, host) in [(200, 23), (429, 24)] {
        let answer = setting.post((0, host), "client-auth/request-otp-registration/", ask.clone()).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    // A check that cannot be made is no registration.
    setting.vendors.be(Mood::Broken);
    assert_eq!(setting.post((0, 23), "complete-register/", register.clone()).await.status, 400);
    assert_eq!(setting.record("40000022").await, None);
    setting.vendors.be(Mood::Fine);
    assert_eq!(setting.post((0, 23), "complete-register/", register).await.status, 201);
}
