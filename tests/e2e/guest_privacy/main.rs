//! What guests and strangers see of a guest: nothing but what the contract shows them. The operations come from the
//! document that the server serves, so a new one is walked without a word here; one that asks for something these tests
//! do not know fails them until they are told what to put there.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test ends where it cannot go on

mod ends;
mod filling;
mod others;
mod secrets;
mod seed;
mod strangers;
#[allow(dead_code)] // more than is needed here
#[path = "../guest_accounts/vendors.rs"]
mod vendors;

use casa_tests::{
    Casa, Options,
    document::{Operation, operations},
    replay::Set,
};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use self::{
    seed::{Person, Seed},
    vendors::Vendors,
};

/// An answer.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    async fn to(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        Self { status: answer.status().as_u16(), text: answer.text().await.unwrap() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// A server with the two guests, and vendors that send codes.
struct Setting {
    set: Set,
    seed: Seed,
    casa: Casa,
    vendors: Vendors,
    http: Client,
    operations: Vec<Operation>,
}

impl Setting {
    async fn new() -> Self {
        let vendors = Vendors::start().await;
        let settings = vendors.settings("whatsapp");
        Self::with(vendors, settings).await
    }

    /// A server whose environment is as told, and which keeps what it prints.
    async fn with(vendors: Vendors, environment: Vec<(String, String)>) -> Self {
        let set = Set::compact();
        let seed = Seed::new(&set);
        let path = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
        let arguments = [
            "--memory",
            "--import",
            &path(seed.path()),
            "--media",
            &path(set.path("media")),
            "--clock",
            set.clock(),
        ];
        let casa = Casa::start(&Options {
            arguments: arguments.map(str::to_owned).to_vec(),
            environment,
            keep_output: true,
            ..Options::default()
        });
        let operations = operations(&casa).await;
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { set, seed, casa, vendors, http, operations }
    }

    /// A request to an address below the server's.
    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.casa.base))
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        Answer::to(self.request("GET", &format!("/api/v1/{path}")).bearer_auth(token)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request("POST", &format!("/api/v1/{path}")).json(body)).await
    }

    /// The tokens of a guest: for access and for refresh.
    async fn sign_in(&self, who: &Person) -> (String, String) {
        self.casa.sign_in_guest(who.number, seed::PASSWORD).await
    }

    async fn staff(&self, name: &str) -> String {
        let (email, password) = self.set.staff(name);
        self.casa.sign_in(email, password).await
    }
}
