//! Who may do what: every operation of the document, walked with every kind of token.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod ends;
mod guessing;
mod public;
mod roles;
mod tokens;

use casa_domain::{StaffUser, client::Client as Record};
use casa_tests::{
    Casa,
    contents::Contents,
    document::{Operation, operations},
    replay::Set,
};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header};
use serde_json::{Value, json};

use self::tokens::{bad_tokens, bad_tokens_of_guests};

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
        let query = self.set.question(operation);
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
        public::PUBLIC_WRITES.map(|name| format!("POST /api/v1/{name}")),
        "nobody else writes without a token"
    );
    // Those that are good elsewhere may show more where a token is welcome.
    let good = ["a guest's token", "a token of staff"];
    let tokens: Vec<_> =
        of_staff.into_iter().chain(of_guests).filter(|(what, _)| !good.contains(what)).collect();
    public::public_operations_ignore_tokens(&setting, &operations, &tokens).await;
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
