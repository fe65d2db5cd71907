//! Whatever is sent to whatever address: the answer is a documented one, in JSON, and nothing is written (decision 15).
//! The addresses come from the document that the server serves, so new ones are covered without a word here.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod accounts;
mod bodies;
mod extremes;
mod fields;
mod headers;
mod paths;
mod selling;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use casa_tests::{
    Casa,
    contents::{Contents, end_throttle_windows},
    document::{Operation, operations},
    replay::{NOBODY, Set},
};
use reqwest::{Client, Method, RequestBuilder, Response, header};
use tokio::{sync::Semaphore, task::JoinSet};

/// Requests on their way at one time.
const AT_ONCE: usize = 16;
/// Tries to get an answer at all.
const TRIES: usize = 8;

/// One request that must not succeed in doing anything.
struct Probe {
    what: String,
    operation: Operation,
    request: RequestBuilder,
    /// Statuses that are right; empty when any documented one is.
    wanted: Vec<u16>,
    /// A key that the answer must have.
    names: Option<String>,
}

struct Setting {
    set: Set,
    casa: Casa,
    token: String,
    guest_token: String,
    http: Client,
    operations: Vec<Operation>,
    complaints: Vec<String>,
}

impl Setting {
    async fn new() -> Self {
        let set = Set::compact();
        let casa = set.start();
        set.confirm(&casa).await;
        let (email, password) = set.staff("gerente");
        let token = casa.sign_in(email, password).await;
        let (number, secret) = set.guest();
        let (guest_token, _) = casa.sign_in_guest(number, secret).await;
        let operations = operations(&casa).await;
        // One that never follows: a redirect would hide the status.
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { set, casa, token, guest_token, http, operations, complaints: Vec::new() }
    }

    /// A request of the operation, signed in as who may send it, at a path below the server's address (with a query, if
    /// any).
    fn request(&self, operation: &Operation, path: &str) -> RequestBuilder {
        self.anonymous(operation, path).bearer_auth(self.token(operation))
    }

    /// The token with which the operation does what it is asked.
    fn token(&self, operation: &Operation) -> &str {
        if operation.guest { &self.guest_token } else { &self.token }
    }

    /// A request as if from a host of its own, of which some things are counted.
    fn request_from(&self, host: usize, operation: &Operation, path: &str) -> RequestBuilder {
        let host = IpAddr::V4(Ipv4Addr::new(127, 0, 2, u8::try_from(host % 250 + 1).unwrap()));
        let http = Client::builder().local_address(host).build().unwrap();
        let method: Method = operation.method.parse().unwrap();
        http.request(method, format!("{}{path}", self.casa.base)).bearer_auth(self.token(operation))
    }

    fn anonymous(&self, operation: &Operation, path: &str) -> RequestBuilder {
        let method: Method = operation.method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.casa.base))
    }

    /// A path of the operation that is harmless without a body: of a row that exists for reading, of none for writing.
    fn harmless(&self, operation: &Operation) -> String {
        if operation.method == "GET" { self.set.existing(operation) } else { operation.path_with(NOBODY) }
    }

    /// Sends the probes and compares the table and bucket before and after.
    async fn run(&mut self, group: &str, probes: Vec<Probe>) {
        // No group is refused for how much the others asked.
        end_throttle_windows(&self.casa.shared).await;
        let before = Contents::of(&self.casa.shared).await;
        assert!(before.len() > 1000 && before.files().len() > 20, "there is something to lose");
        assert!(!probes.is_empty());
        let (gate, mut tasks) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
        for probe in probes {
            let gate = Arc::clone(&gate);
            tasks.spawn(async move {
                let _turn = gate.acquire().await.unwrap();
                let told = format!("{} ({})", probe.operation.name(), probe.what);
                verdict(probe).await.map(|complaint| format!("{told}: {complaint}"))
            });
        }
        let mut found = Vec::new();
        while let Some(answer) = tasks.join_next().await {
            found.extend(answer.unwrap());
        }
        // A body that asks for nothing in particular makes a simple code with the defaults (contract 04 §3.7).
        let asked = |line: &String| line.starts_with("+ (\"CODE#SIMPLE");
        let differences = before.differences(&Contents::of(&self.casa.shared).await);
        found.extend(differences.into_iter().filter(|line| !asked(line)));
        found.sort();
        self.complaints.extend(found.into_iter().map(|line| format!("{group}: {line}")));
    }
}

/// Statuses with which an operation refuses a body: the usual ones, but for those that do not look at bodies first.
fn refusals(operation: &Operation, usual: &[u16]) -> Vec<u16> {
    match operation.path.strip_prefix("/api/v1/").unwrap_or_default() {
        // Only what is signed is read, if it is not too much.
        path if path.starts_with("payment/webhooks/") => vec![401, 413],
        // These take little.
        path if path.starts_with("payment") => [usual, &[413]].concat(),
        // Any body is read, to say that the file is missing.
        "clients/voucher/upload/{id}/" => [usual, &[400]].concat(),
        // Who may steer a player is asked before what they want of it (contract 07 §3.0).
        path if path.starts_with("music/players/") => vec![403, 413],
        // What it cannot use counts as nothing (contract 05 §3.7).
        "confirm/{uuid}/" => [usual, &[200]].concat(),
        _ => usual.to_vec(),
    }
}

/// Sends until there is an answer: a server that answers before it has read a body ends the connection, and a client
/// that is still writing, or takes the connection for its next request, loses that one.
async fn sent(request: &RequestBuilder) -> reqwest::Result<Response> {
    let again = || request.try_clone().unwrap().send();
    for _ in 0..TRIES {
        if let Ok(answer) = again().await {
            return Ok(answer);
        }
    }
    again().await
}

async fn verdict(probe: Probe) -> Option<String> {
    let answer = match sent(&probe.request).await {
        Ok(answer) => answer,
        Err(problem) => return Some(format!("no answer: {problem:?}")),
    };
    let status = answer.status().as_u16();
    let media_type =
        answer.headers().get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned());
    let body = answer.bytes().await.unwrap();
    let told = || String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
    let complaint = probe.operation.complaint(status, media_type.as_deref(), &body);
    let unwanted = || {
        let fine = probe.wanted.is_empty() || probe.wanted.contains(&status);
        (!fine).then(|| format!("status {status} instead of {:?}: {}", probe.wanted, told()))
    };
    let unnamed = || {
        let name = probe.names.as_ref()?;
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        if answer.get(name).is_some() {
            return None;
        }
        Some(format!("the answer does not name {name}: {}", told()))
    };
    complaint.or_else(unwanted).or_else(unnamed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_breaks_and_nothing_is_written() {
    let mut setting = Setting::new().await;
    for (group, probes) in [
        ("ids", paths::ids(&setting)),
        ("queries", paths::queries(&setting)),
        ("query parameters", paths::parameters(&setting)),
        ("refused parameters", paths::refused(&setting)),
        ("methods", paths::methods(&setting)),
        ("addresses", paths::addresses(&setting)),
        ("authorization", headers::authorization(&setting)),
        ("accept", headers::accept(&setting)),
        ("content types", headers::content_types(&setting)),
        ("json", bodies::json(&setting)),
        ("multipart", bodies::multipart(&setting)),
        ("large bodies", bodies::large(&setting)),
        ("every field", fields::every_field(&setting)),
        ("fields of a reservation", fields::reservation(&setting)),
        ("fields of others", fields::others(&setting)),
        ("fields of guests' accounts", accounts::accounts(&setting)),
        ("fields of bookings", selling::bookings(&setting)),
        ("fields of payments", selling::payments(&setting)),
        ("fields of calendars elsewhere", selling::calendars(&setting)),
        ("dates of a stay", fields::stays(&setting)),
    ] {
        setting.run(group, probes).await;
    }
    let found = &setting.complaints;
    assert!(found.is_empty(), "{} complaints:\n{}", found.len(), found.join("\n"));
}
