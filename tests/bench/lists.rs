//! What a page of the reservation list costs: table requests at 160 and at 16,000 reservations, cold and warm, and how
//! many pages a second one machine serves. Prints a table and ratios; judges nothing.
//!
//! `cargo build --release --bin casa && cargo run --release -p casa-tests --bin bench-lists`

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::IntoResponse};
use casa_tests::{Casa, Options, Shared};
use serde_json::{Value, json};

const SMALL: usize = 160;
const LARGE: usize = 16_000;
const CLIENTS: usize = 16;
const SECONDS: u64 = 8;
const EMAIL: &str = "medir@personal.example";
const PASSWORD: &str = "Medir-2025";

/// Counts the table's requests by operation on their way.
#[derive(Clone, Default)]
struct Counter {
    target: String,
    counts: Arc<Mutex<BTreeMap<String, usize>>>,
    http: reqwest::Client,
}

async fn pass(State(counter): State<Counter>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let operation = headers.get("x-amz-target").and_then(|name| name.to_str().ok()).unwrap_or("?");
    let operation = operation.rsplit('.').next().unwrap_or("?").to_owned();
    *counter
        .counts
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .entry(operation)
        .or_default() += 1;
    let mut request = counter.http.post(&counter.target).body(body);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host" && *name != "content-length") {
        request = request.header(name, value);
    }
    match request.send().await {
        Ok(answer) => {
            let (status, headers) = (answer.status(), answer.headers().clone());
            (status, headers, answer.bytes().await.unwrap_or_default()).into_response()
        }
        Err(_) => axum::http::StatusCode::BAD_GATEWAY.into_response(),
    }
}

impl Counter {
    async fn start(target: &str) -> (Self, String) {
        let counter = Self { target: target.to_owned(), ..Self::default() };
        let router = Router::new().fallback(pass).with_state(counter.clone());
        let listener = match tokio::net::TcpListener::bind("127.0.0.1:0").await {
            Ok(listener) => listener,
            Err(problem) => panic!("no port: {problem}"),
        };
        let address = listener.local_addr().map(|address| format!("http://{address}")).unwrap_or_default();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (counter, address)
    }

    fn take(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// An export of so many invented reservations over six houses and the years they need; every third is cancelled.
fn export(reservations: usize) -> Value {
    let stamp = |fields: Value| {
        let mut all =
            json!({"created": "2015-01-01T10:00:00Z", "updated": "2015-01-01T10:00:00Z", "deleted": false});
        if let (Some(all), Value::Object(fields)) = (all.as_object_mut(), fields) {
            all.extend(fields);
        }
        all
    };
    let id = |kind: usize, number: usize| format!("00000000-0000-4000-8{kind:03}-{number:012}");
    let user = json!({
        "email": EMAIL, "username": EMAIL, "is_active": true, "groups": [1],
        "password": casa_domain::password::hash(PASSWORD).unwrap_or_default(),
    });
    let mut rows = vec![
        json!({"model": "auth.group", "pk": 1, "fields": {"name": "admin"}}),
        json!({"model": "accounts.customuser", "pk": 1, "fields": stamp(user)}),
    ];
    for house in 0..6 {
        let fields = json!({"name": format!("Casa {house}"), "slug": format!("casa-{house}")});
        rows.push(json!({"model": "property.property", "pk": id(1, house), "fields": stamp(fields)}));
    }
    for client in 0..200 {
        let fields = json!({
            "document_type": "dni", "number_doc": format!("{client:08}"), "first_name": format!("Nombre{client}"),
            "last_name": "Apellido Sintético", "email": format!("persona{client}@correo.example"), "tel_number": "900",
        });
        rows.push(json!({"model": "clients.clients", "pk": id(2, client), "fields": stamp(fields)}));
    }
    let first = chrono::NaiveDate::from_ymd_opt(2016, 1, 1).unwrap_or_default();
    for number in 0..reservations {
        let (house, turn) = (number % 6, (number / 6) as u64);
        let check_in = first + chrono::Days::new(turn + turn / 3);
        let fields = json!({
            "client": id(2, number % 200), "property": id(1, house), "seller": null, "guests": 4,
            "check_in_date": check_in, "check_out_date": check_in + chrono::Days::new(1), "origin": "aus",
            "price_usd": "250.00", "price_sol": "950.00", "advance_payment": "500.00",
            "status": if number % 3 == 2 { "cancelled" } else { "approved" }, "tel_contact_number": "51900000000",
            "comentarios_reservas": "Llegan después del almuerzo",
        });
        rows.push(json!({"model": "reservation.reservation", "pk": id(3, number), "fields": stamp(fields)}));
    }
    Value::Array(rows)
}

struct Measured {
    cold: BTreeMap<String, usize>,
    warm: BTreeMap<String, usize>,
    edited: BTreeMap<String, usize>,
    per_second: usize,
    median: Duration,
    bytes: usize,
}

async fn measure(reservations: usize) -> Measured {
    let folder = tempfile::tempdir().unwrap_or_else(|problem| panic!("{problem}"));
    let dump = folder.path().join("dump.json");
    std::fs::write(&dump, export(reservations).to_string()).unwrap_or_else(|problem| panic!("{problem}"));
    let owner = Casa::start(&Options {
        arguments: vec!["--memory".into(), "--import".into(), dump.display().to_string()],
        ..Options::default()
    });
    let token = owner.sign_in(EMAIL, PASSWORD).await;
    let (counter, address) = Counter::start(owner.shared.endpoint("AWS_ENDPOINT_URL_DYNAMODB")).await;
    let counted: Shared = owner.shared.with("AWS_ENDPOINT_URL_DYNAMODB", &address);
    let fresh = Casa::start(&Options {
        arguments: vec!["--memory".into()],
        shared: Some(counted),
        ..Options::default()
    });
    let http = reqwest::Client::new();
    let page = |casa: &Casa| {
        let request = http.get(casa.url("reservations/")).bearer_auth(&token);
        async move { request.send().await.ok()?.error_for_status().ok()?.bytes().await.ok() }
    };
    // Only reads count: what the start and the stream's reader ask is left out.
    let reads = |mut counts: BTreeMap<String, usize>| {
        counts.retain(|name, _| {
            ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"].contains(&name.as_str())
        });
        counts
    };
    counter.take();
    let bytes = page(&fresh).await.map(|body| body.len()).unwrap_or_default();
    let cold = reads(counter.take());
    page(&fresh).await;
    let warm = reads(counter.take());
    let first: Value = match page(&fresh).await {
        Some(body) => serde_json::from_slice(&body).unwrap_or_default(),
        None => Value::Null,
    };
    let id = first["results"][0]["id"].as_str().unwrap_or_default().to_owned();
    let edit = http.patch(owner.url(&format!("reservations/{id}/"))).bearer_auth(&token);
    let _ = edit.json(&json!({"guests": 5})).send().await;
    counter.take();
    page(&fresh).await;
    let edited = reads(counter.take());

    let served = Arc::new(AtomicUsize::new(0));
    let times: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (http, url, token) = (http.clone(), owner.url("reservations/"), token.clone());
        let (served, times) = (Arc::clone(&served), Arc::clone(&times));
        tasks.spawn(async move {
            while Instant::now() < until {
                let begun = Instant::now();
                let answer = http.get(&url).bearer_auth(&token).send().await;
                if let Ok(answer) = answer
                    && answer.status().is_success()
                    && answer.bytes().await.is_ok()
                {
                    served.fetch_add(1, Ordering::Relaxed);
                    times.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(begun.elapsed());
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
    let mut times = std::mem::take(&mut *times.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    times.sort();
    Measured {
        cold,
        warm,
        edited,
        per_second: served.load(Ordering::Relaxed) / usize::try_from(SECONDS).unwrap_or(1),
        median: times.get(times.len() / 2).copied().unwrap_or_default(),
        bytes,
    }
}

#[tokio::main]
#[allow(clippy::print_stdout, clippy::float_arithmetic)] // its purpose
async fn main() {
    let (small, large) = (measure(SMALL).await, measure(LARGE).await);
    println!("{:<34} {:>22} {:>22}", "page 1 of the reservation list", SMALL, LARGE);
    let row = |name: &str, value: &dyn Fn(&Measured) -> String| {
        println!("{name:<34} {:>22} {:>22}", value(&small), value(&large));
    };
    let show = |counts: &BTreeMap<String, usize>| {
        let parts: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        parts.join(", ")
    };
    row("bytes", &|m| m.bytes.to_string());
    row("pages per second", &|m| m.per_second.to_string());
    row("median milliseconds, 16 clients", &|m| format!("{:.1}", m.median.as_secs_f64() * 1000.0));
    for (name, pick) in [
        (
            "table reads, cold process",
            &(|m: &Measured| m.cold.clone()) as &dyn Fn(&Measured) -> BTreeMap<String, usize>,
        ),
        ("table reads, warm", &|m| m.warm.clone()),
        ("table reads after an edit", &|m| m.edited.clone()),
    ] {
        println!("{name}\n    {SMALL:>6}: {}\n    {LARGE:>6}: {}", show(&pick(&small)), show(&pick(&large)));
    }
    println!(
        "pages per second, {LARGE} over {SMALL}: {:.2}",
        large.per_second as f64 / small.per_second.max(1) as f64
    );
}
