//! Who may do what: every operation of the document, walked with every kind of token.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use casa_domain::{StaffUser, client::Client as Record, password};
use casa_tests::{
    Casa, Options,
    contents::{self, Contents},
    document::{Operation, operations},
    replay::{NOBODY, Set},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// The secret of the servers under test.
const SECRET: &str = "only-for-tests-only-for-tests-only-for-tests";

/// The document of a guest of the set whom these tests delete.
const DELETED: &str = "36428990";

struct Setting {
    set: Set,
    casa: Casa,
    http: Client,
}

impl Setting {
    fn new() -> Self {
        let set = Set::compact();
        let casa = set.start();
        Self { set, casa, http: Client::new() }
    }

    async fn token(&self, user: &str) -> String {
        let (email, password) = self.set.staff(user);
        self.casa.sign_in(email, password).await
    }

    /// A request at a row that exists, so that whoever got through would do something.
    fn request(&self, operation: &Operation) -> RequestBuilder {
        let method: Method = operation.method.parse().unwrap();
        let house = &self.set.rows("property.property")[0].0;
        let query = match operation.path.rsplit('/').nth(1).unwrap_or_default() {
            "calendar-occupancy" => "?year=2025".to_owned(),
            "calculate-pricing" | "calculate-pricing-erp" => {
                "?check_in_date=2026-01-05&check_out_date=2026-01-08".to_owned()
            }
            "calculate-late-checkout" => format!("?property_id={house}&checkout_date=2026-01-05"),
            _ => String::new(),
        };
        self.http.request(method, format!("{}{}{query}", self.casa.base, self.set.existing(operation)))
    }

    async fn sign_in_guest(&self) -> (String, String) {
        let (number, password) = self.set.guest();
        self.casa.sign_in_guest(number, password).await
    }

    async fn sign_in(&self, email: &str, password: &str) -> (StatusCode, Value) {
        sign_in(&self.http, &self.casa.url("login/"), email, password).await
    }

    /// The record of the guest who signs in.
    async fn guest(&self) -> Record {
        let clients = self.casa.shared.store();
        clients.clients().by_document("dni", self.set.guest().0).await.unwrap().unwrap().client
    }

    async fn user(&self, name: &str) -> StaffUser {
        self.casa.shared.store().users().by_email(self.set.staff(name).0).await.unwrap().unwrap()
    }
}

async fn sign_in(http: &Client, address: &str, email: &str, password: &str) -> (StatusCode, Value) {
    let answer =
        http.post(address).json(&json!({"email": email, "password": password})).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

fn signed(claims: &Value, secret: &str, algorithm: Algorithm) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .unwrap()
}

/// Tokens that look more or less like those of the manager, none of which is one.
async fn bad_tokens(setting: &Setting) -> Vec<(&'static str, String)> {
    let (email, password) = setting.set.staff("gerente");
    let (_, answer) = setting.sign_in(email, password).await;
    let user = setting.user("gerente").await;
    let now = chrono::DateTime::parse_from_rfc3339(setting.set.clock()).unwrap().timestamp();
    let good = json!({
        "token_type": "access", "exp": now + 3600, "iat": now, "jti": "0123456789abcdef", "user_id": user.id,
        "session": user.session, "kind": "staff",
    });
    let with = |change: Value| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        signed(&claims, SECRET, Algorithm::HS256)
    };
    // The claims themselves are right: what follows is refused for what is changed.
    let request = setting.http.get(setting.casa.url("test/login/")).bearer_auth(with(json!({})));
    assert_eq!(request.send().await.unwrap().status(), 200);
    let (access, refresh) = setting.sign_in_guest().await;
    vec![
        ("garbage", "garbage".to_owned()),
        ("a refresh token", answer["refresh"].as_str().unwrap().to_owned()),
        ("another secret", signed(&good, &SECRET.replace("only", "also"), Algorithm::HS256)),
        ("another algorithm", signed(&good, SECRET, Algorithm::HS512)),
        ("a guest's token", access),
        ("a guest's refresh token", refresh),
        ("a guest's token with the id of staff", with(json!({"kind": "client", "client_id": user.id}))),
        ("no kind", with(json!({"kind": null}))),
        ("expired", with(json!({"exp": now}))),
        ("ended session", with(json!({"session": user.session + 1}))),
        ("nobody", with(json!({"user_id": 999_999}))),
        ("a refresh token in disguise", with(json!({"token_type": "refresh"}))),
        ("a text as id", with(json!({"user_id": user.id.to_string()}))),
    ]
}

/// Tokens that look more or less like those of a guest who has reservations, none of which is one.
async fn bad_tokens_of_guests(setting: &Setting) -> Vec<(&'static str, String)> {
    let (_, refresh) = setting.sign_in_guest().await;
    let (guest, user) = (setting.guest().await, setting.user("gerente").await);
    let now = chrono::DateTime::parse_from_rfc3339(setting.set.clock()).unwrap().timestamp();
    let good = json!({
        "token_type": "access", "exp": now + 3600, "iat": now, "jti": "0123456789abcdef", "client_id": guest.id,
        "user_id": guest.id, "document_type": guest.document_type, "number_doc": guest.number_doc,
        "session": guest.session, "kind": "client",
    });
    let with = |change: Value| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        signed(&claims, SECRET, Algorithm::HS256)
    };
    let profile = setting.http.get(setting.casa.url("clients/client-auth/profile/"));
    assert_eq!(profile.bearer_auth(with(json!({}))).send().await.unwrap().status(), 200);
    let store = setting.casa.shared.store();
    let deleted = store.clients().by_document("dni", DELETED).await.unwrap().unwrap();
    let gone = Record { deleted: true, ..deleted.client.clone() };
    let gone = store.clients().change(&deleted, &gone, None, Vec::new()).await.unwrap().client;
    vec![
        ("garbage", "garbage".to_owned()),
        ("a refresh token", refresh),
        ("another secret", signed(&good, &SECRET.replace("only", "also"), Algorithm::HS256)),
        ("another algorithm", signed(&good, SECRET, Algorithm::HS512)),
        ("a token of staff", setting.token("gerente").await),
        ("a token of staff with the id of a guest", with(json!({"kind": "staff"}))),
        ("the id of staff", with(json!({"client_id": user.id, "user_id": user.id}))),
        ("no kind", with(json!({"kind": null}))),
        ("no guest", with(json!({"client_id": null}))),
        ("expired", with(json!({"exp": now}))),
        ("ended session", with(json!({"session": guest.session + 1}))),
        ("no session", with(json!({"session": null}))),
        ("nobody", with(json!({"client_id": NOBODY, "user_id": NOBODY}))),
        ("a deleted guest", with(json!({"client_id": gone.id, "user_id": gone.id, "session": gone.session}))),
        ("a refresh token in disguise", with(json!({"token_type": "refresh"}))),
    ]
}

#[tokio::test]
async fn every_operation_with_every_kind_of_token() {
    let setting = Setting::new();
    let (of_staff, of_guests) = (bad_tokens(&setting).await, bad_tokens_of_guests(&setting).await);
    let operations = operations(&setting.casa).await;
    wants_a_token(&setting, operations.iter().filter(|one| one.staff), &of_staff).await;
    wants_a_token(&setting, operations.iter().filter(|one| one.guest), &of_guests).await;
    let writes: Vec<_> =
        operations.iter().filter(|one| one.is_public() && one.method != "GET").map(Operation::name).collect();
    assert_eq!(
        writes,
        PUBLIC_WRITES.map(|name| format!("POST /api/v1/{name}")),
        "nobody else writes without a token"
    );
    // Those that are good elsewhere may show more where a token is welcome.
    let good = ["a guest's token", "a token of staff"];
    let tokens: Vec<_> =
        of_staff.into_iter().chain(of_guests).filter(|(what, _)| !good.contains(what)).collect();
    public_operations_ignore_tokens(&setting, &operations, &tokens).await;
}

/// Everything that is not exactly a token of the right kind is 401, and does nothing.
async fn wants_a_token(
    setting: &Setting,
    operations: impl Iterator<Item = &Operation>,
    tokens: &[(&str, String)],
) {
    let before = Contents::of(&setting.casa.shared).await;
    let (mut complaints, mut walked) = (Vec::new(), 0);
    for operation in operations {
        walked += 1;
        let anonymous = ("no token", setting.request(operation));
        let others =
            tokens.iter().map(|(what, token)| (*what, setting.request(operation).bearer_auth(token)));
        for (what, request) in std::iter::once(anonymous).chain(others) {
            let answer = request.send().await.unwrap();
            let challenge = answer.headers().get(header::WWW_AUTHENTICATE).cloned();
            let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap_or_default());
            if status != 401 || challenge.is_none() || !body["detail"].is_string() {
                complaints.push(format!("{} with {what}: {status} {body}", operation.name()));
            }
        }
    }
    assert!(walked > 10, "only {walked} operations demand such a token");
    complaints.extend(before.differences(&Contents::of(&setting.casa.shared).await));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What anybody may send, in the order of the document, below `/api/v1/`.
const PUBLIC_WRITES: [&str; 12] = [
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
    "login/",
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
        "login/" => (json!({"email": email, "password": password}), 200),
        "token/refresh/" => {
            let (_, refresh) = setting.sign_in_guest().await;
            (json!({"refresh": refresh}), 200)
        }
        _ => panic!("{} is new: say what may be sent to it", operation.name()),
    };
    Some(told)
}

async fn public_operations_ignore_tokens(
    setting: &Setting,
    operations: &[Operation],
    tokens: &[(&str, String)],
) {
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
        let compared = operation.method == "GET" && !operation.path.ends_with("/csrf-token/");
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

#[tokio::test]
async fn tokens_end_with_the_user_and_with_the_password() {
    let setting = Setting::new();
    let store = setting.casa.shared.store();
    let works = |token: String| {
        let request = setting.http.get(setting.casa.url("test/login/")).bearer_auth(token);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let refreshes = |token: String| {
        let request = setting.http.post(setting.casa.url("token/refresh/")).json(&json!({"refresh": token}));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let pair = async |name: &str| {
        let (email, password) = setting.set.staff(name);
        let (status, body) = setting.sign_in(email, password).await;
        assert_eq!(status, 200);
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        (text("access"), text("refresh"))
    };

    let (access, refresh) = pair("vendedor1").await;
    assert_eq!((works(access.clone()).await, refreshes(refresh.clone()).await), (200, 200));
    let user = setting.user("vendedor1").await;
    let off = StaffUser { is_active: false, ..user.clone() };
    store.users().replace(&user, &off).await.unwrap();
    assert_eq!((works(access.clone()).await, refreshes(refresh.clone()).await), (401, 401));
    let (email, password) = setting.set.staff("vendedor1");
    assert_eq!(setting.sign_in(email, password).await.0, 401);
    store.users().replace(&off, &user).await.unwrap();
    assert_eq!((works(access).await, refreshes(refresh).await), (200, 200), "switched on again");

    let (access, refresh) = pair("vendedor2").await;
    let (email, old) = setting.set.staff("vendedor2");
    let hash = password::hash("Otra-clave-2025").unwrap();
    assert!(store.users().set_password(email, &hash).await.unwrap().is_some());
    assert_eq!((works(access).await, refreshes(refresh).await), (401, 401));
    assert_eq!(setting.sign_in(email, old).await.0, 401);
    let (status, body) = setting.sign_in(email, "Otra-clave-2025").await;
    assert_eq!(status, 200);
    assert_eq!(works(body["access"].as_str().unwrap().to_owned()).await, 200);
}

#[tokio::test]
async fn roles() {
    let setting = Setting::new();
    let maintenance = setting.token("mant1").await;
    let (own, other) = (setting.token("vendedor1").await, setting.token("vendedor2").await);
    let operations = operations(&setting.casa).await;
    let before = Contents::of(&setting.casa.shared).await;

    // Maintenance writes neither reservations nor photos. Nor does anything else that names 403 let it in.
    let guarded: Vec<_> = operations.iter().filter(|one| one.answers.contains_key(&403)).collect();
    for wanted in [
        "POST /api/v1/reservations/",
        "PATCH /api/v1/reservations/{id}/",
        "DELETE /api/v1/reservations/{id}/",
        "PUT /api/v1/reservations/{id}/",
        "POST /api/v1/photos/",
        "DELETE /api/v1/photos/{id}/",
        "DELETE /api/v1/recipt/{id}/",
        "POST /api/v1/photos/upload_photo/",
        "GET /api/v1/clients/points/balance/",
        "GET /api/v1/clients/points/history/",
        "POST /api/v1/clients/points/adjust/",
        "POST /api/v1/clients/points/redeem/",
        "POST /api/v1/properties/{number}/photos/",
        "DELETE /api/v1/delete-recipe/{id}/",
    ] {
        assert!(guarded.iter().any(|one| one.name() == wanted), "{wanted} is guarded");
    }
    for operation in guarded {
        let answer = setting.request(operation).bearer_auth(&maintenance).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{}", operation.name());
        // The dialog for points shows `message` (contract 02 §3.12).
        let body: Value = answer.json().await.unwrap();
        assert!(body["detail"].is_string() || body["message"].is_string(), "{}: {body}", operation.name());
    }
    // It reads them.
    for path in ["reservations/", "vistacalendario/?year=2025", "property/"] {
        let answer = setting.http.get(setting.casa.url(path)).bearer_auth(&maintenance).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }

    // Somebody else's reservation can be read but is not there to be changed.
    let path = setting.casa.url(&format!("reservations/{}/", setting.set.reservation()));
    let change = json!({"comentarios_reservas": "x"});
    let whole = json!({"property": setting.set.rows("property.property")[0].0, "check_in_date": "2033-01-01",
        "check_out_date": "2033-01-03"});
    for request in [
        setting.http.patch(&path).json(&change),
        setting.http.put(&path).json(&whole),
        setting.http.delete(&path),
    ] {
        assert_eq!(request.bearer_auth(&other).send().await.unwrap().status(), 404);
    }
    assert_eq!(setting.http.get(&path).bearer_auth(&other).send().await.unwrap().status(), 200);
    assert_eq!(before.differences(&Contents::of(&setting.casa.shared).await), Vec::<String>::new());

    let answer = setting.http.patch(&path).bearer_auth(&own).json(&change).send().await.unwrap();
    assert_eq!(answer.status(), 200, "its own seller changes it");
    // A seller books no maintenance and does not hand reservations to others.
    let answer =
        setting.http.patch(&path).bearer_auth(&own).json(&json!({"origin": "man"})).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let other_id = setting.user("vendedor2").await.id;
    let _ =
        setting.http.patch(&path).bearer_auth(&own).json(&json!({"seller": other_id})).send().await.unwrap();
    let answer = setting.http.patch(&path).bearer_auth(&other).json(&change).send().await.unwrap();
    assert_eq!(answer.status(), 404, "it stays its seller's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_slowed_down_across_processes() {
    let setting = Setting::new();
    let second = Casa::start(&Options {
        arguments: vec!["--memory".to_owned()],
        shared: Some(setting.casa.shared.clone()),
        ..Options::default()
    });
    let addresses = [setting.casa.url("login/"), second.url("login/")];
    let guesses = async |emails: Vec<String>| {
        let mut tasks = JoinSet::new();
        for (number, email) in emails.into_iter().enumerate() {
            let (http, address) = (setting.http.clone(), addresses[number % 2].clone());
            tasks.spawn(async move {
                let body = json!({"email": email, "password": format!("guess {number}")});
                let answer = http.post(address).json(&body).send().await.unwrap();
                let wait =
                    answer.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
                (answer.status().as_u16(), wait)
            });
        }
        let (mut wrong, mut refused) = (0, 0);
        while let Some(answer) = tasks.join_next().await {
            match answer.unwrap() {
                (401, _) => wrong += 1,
                (429, wait) => {
                    let seconds: u64 = wait.unwrap().parse().unwrap();
                    assert!((1..=900).contains(&seconds), "{seconds}");
                    refused += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        (wrong, refused)
    };

    // One account from everywhere. Sixty tries, in any case of the address, so that others may still sign in from here.
    let (email, password) = setting.set.staff("vendedor1");
    let spelt =
        |number: usize| if number.is_multiple_of(3) { email.to_uppercase() } else { email.to_owned() };
    let (wrong, refused) = guesses((0..60).map(spelt).collect()).await;
    assert!(wrong <= 10, "{wrong} guesses were looked at");
    assert_eq!((wrong, refused), (10, 50), "and not fewer: failures of others lock nobody out early");
    for address in &addresses {
        let (status, _) = sign_in(&setting.http, address, email, password).await;
        assert_eq!(status, 429, "the right password too");
    }
    let (another, its_password) = setting.set.staff("gerente");
    assert_eq!(sign_in(&setting.http, &addresses[1], another, its_password).await.0, 200, "others sign in");

    // Many accounts from one address: a hundred tries, 62 of which happened above.
    let (wrong, refused) =
        guesses((0..100).map(|number| format!("nobody{number}@personal.example")).collect()).await;
    assert_eq!((wrong, refused), (38, 62));
    assert_eq!(sign_in(&setting.http, &addresses[0], another, its_password).await.0, 429);

    // Windows end.
    contents::end_throttle_windows(&setting.casa.shared).await;
    for address in &addresses {
        assert_eq!(sign_in(&setting.http, address, email, password).await.0, 200);
    }
    // A hundred at one account, the same right after.
    let (wrong, refused) = guesses(vec![email.to_owned(); 100]).await;
    assert_eq!((wrong, refused), (10, 90));
    assert_eq!(sign_in(&setting.http, &addresses[1], email, password).await.0, 429);
}
