//! Paying by card over HTTP, at both gateways: the documented answers, webhooks, limits, what staff see and give back, and
//! what the logs keep to themselves.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod answers;
mod staff;
mod webhooks;

use std::time::Duration;

use casa_domain::{ReservationId, payment::Payment, reservation::Reservation};
use casa_tests::{
    Casa, Options,
    card_fakes::{Fake, mercado_pago, openpay},
    export::{id, row},
};
use reqwest::{Client, Method};
use serde_json::{Value, json};

const CLOCK: &str = "2025-11-12T10:30:00-05:00";
/// When the schedule gives up on what no gateway has heard of.
const LATER: &str = "2025-11-12T10:50:00-05:00";
const PASSWORD: &str = "Root-A2025";
const HASH: &str = "pbkdf2_sha256$1000$saltroot$0SAhm8E9+/6643HCWQv/112NNjhIXjozfBxhkPoodKI=";
const STAFF_PASSWORD: &str = "Pagos-2025";
const ADMIN: &str = "pagos@personal.example";
const SELLER: &str = "ventas@personal.example";

/// Ids of the export.
const ANA: u32 = 50;
const BETO: u32 = 51;
/// Stays of Ana in houses of their own.
const STAYS: u32 = 8;

/// Two guests, and stays of one of them that wait for 1000 soles each; a pool for 190, a night for 380.
fn export() -> Value {
    let service = json!({
        "name": "Piscina temperada", "price_usd": "50.00", "is_active": true, "post_action": "temperature_pool",
        "properties": [],
    });
    let mut rows = vec![
        row("auth.group", 1, json!({"name": "admin"})),
        row("auth.group", 2, json!({"name": "vendedor"})),
        row("property.additionalservice", id(900), service),
    ];
    for (number, first_name) in [(ANA, "Zoraida"), (BETO, "Tiburcio")] {
        rows.push(row(
            "clients.clients",
            id(number),
            json!({
                "document_type": "dni", "number_doc": document(number), "first_name": first_name,
                "last_name": "Quispichuco", "tel_number": format!("51973310{number:03}"), "points_balance": "0.00",
                "email": format!("{}@reservada.example", first_name.to_lowercase()), "password": HASH,
                "is_password_set": true,
            }),
        ));
    }
    for number in 1..=STAYS {
        rows.push(row(
            "property.property",
            id(number),
            json!({
                "name": format!("Casa {number}"), "slug": format!("casa-{number}"), "capacity_max": 10,
                "precio_desde": "100.00", "caracteristicas": [], "detalle_dormitorios": {},
            }),
        ));
        rows.push(row(
            "reservation.reservation",
            stay(number),
            json!({
                "client": id(ANA), "property": id(number), "seller": null, "check_in_date": "2026-03-01",
                "check_out_date": "2026-03-04", "guests": 1, "price_usd": "250.00", "price_sol": "1000.00",
                "origin": "client", "status": "incomplete", "points_redeemed": "0.00",
            }),
        ));
    }
    Value::Array(rows)
}

fn document(guest: u32) -> String {
    format!("739182{guest:02}")
}

/// The id of a stay.
fn stay(number: u32) -> String {
    id(100 + number)
}

/// An answer.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    body: Value,
    retry_after: Option<u64>,
}

/// A running program with both gateways, whose webhooks lead to it.
struct Setting {
    casa: Casa,
    mercado_pago: Fake,
    openpay: Fake,
    ana: String,
    admin: String,
    _folder: tempfile::TempDir,
}

impl Setting {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.json");
        std::fs::write(&file, export().to_string()).unwrap();
        let (mercado_pago, openpay) = (mercado_pago::start().await, openpay::start().await);
        let arguments = ["--memory", "--clock", CLOCK, "--import", file.to_str().unwrap()];
        let options = Options {
            arguments: arguments.map(str::to_owned).to_vec(),
            environment: environment(&mercado_pago, &openpay),
            keep_output: true,
            ..Options::default()
        };
        let casa = Casa::start(&options);
        mercado_pago.tell_to(&casa.url("payment/webhooks/mercadopago/"));
        openpay.tell_to(&casa.url("payment/webhooks/openpay/"));
        let admin = member(&casa, ADMIN, "admin").await;
        let (ana, _) = casa.sign_in_guest(&document(ANA), PASSWORD).await;
        Self { casa, mercado_pago, openpay, ana, admin, _folder: folder }
    }

    /// Another process on the same table, later, without secrets for webhooks.
    fn later(&self) -> Casa {
        let mut environment = environment(&self.mercado_pago, &self.openpay);
        environment.retain(|(name, _)| !name.contains("WEBHOOK"));
        Casa::start(&Options {
            arguments: ["--memory", "--clock", LATER].map(str::to_owned).to_vec(),
            shared: Some(self.casa.shared.clone()),
            environment,
            ..Options::default()
        })
    }

    /// Sends a request.
    async fn send(&self, token: Option<&str>, method: Method, path: &str, body: Option<Value>) -> Answer {
        send(&self.casa, token, method, path, body).await
    }

    /// Ana pays for a stay.
    async fn process(&self, number: u32, body: Value) -> Answer {
        let path = format!("payment/process/{}/", stay(number));
        self.send(Some(&self.ana), Method::POST, &path, Some(body)).await
    }

    /// Ana pays for something beside a stay.
    async fn add(&self, number: u32, body: Value) -> Answer {
        let path = format!("payment/additional-services/{}/", stay(number));
        self.send(Some(&self.ana), Method::POST, &path, Some(body)).await
    }

    /// An administrator reads.
    async fn get(&self, path: &str) -> Value {
        let answer = self.send(Some(&self.admin), Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    async fn stored(&self, number: u32) -> Reservation {
        let id: ReservationId = stay(number).parse().unwrap();
        let store = self.casa.shared.store();
        store.reservations().get(id).await.unwrap().unwrap().booked.reservation
    }

    async fn payments(&self, number: u32) -> Vec<Payment> {
        let id: ReservationId = stay(number).parse().unwrap();
        self.casa.shared.store().payments().of(id).await.unwrap()
    }

    /// Waits until something is true of a stay and its payments.
    async fn until(&self, number: u32, what: impl Fn(&Reservation, &[Payment]) -> bool) {
        for _ in 0..500 {
            if what(&self.stored(number).await, &self.payments(number).await) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{:#?} {:#?}", self.stored(number).await, self.payments(number).await);
    }

    /// Nothing that was printed tells a card, a guest or a key.
    fn logs_are_clean(&self) {
        let printed = self.casa.printed().join("\n").to_lowercase();
        for secret in [
            "ok-1",
            "ok-2",
            "ok-3",
            "ok-stay",
            "decline-",
            "pending-",
            "zoraida",
            "quispichuco",
            "reservada.example",
            "973310",
            "739182",
            mercado_pago::TOKEN,
            mercado_pago::SECRET,
            openpay::KEY,
            openpay::PASSWORD,
            "device-1",
        ] {
            assert!(!printed.contains(&secret.to_lowercase()), "{secret}: {printed}");
        }
    }
}

fn environment(mercado_pago: &Fake, openpay: &Fake) -> Vec<(String, String)> {
    let mut environment = mercado_pago::settings(mercado_pago);
    environment.extend(openpay::settings(openpay));
    environment.push(("CASA_LOG".to_owned(), "info".to_owned()));
    environment
}

/// Enters a member of staff and signs in.
async fn member(casa: &Casa, email: &str, group: &str) -> String {
    let new = casa_store::NewStaffUser {
        email: email.to_owned(),
        first_name: "Paola".to_owned(),
        last_name: "Vela".to_owned(),
        password_hash: casa_domain::password::hash(STAFF_PASSWORD).unwrap(),
        groups: vec![group.to_owned()],
        superuser: false,
        is_staff: true,
    };
    casa.shared.store().users().create(new, chrono::Utc::now()).await.unwrap();
    casa.sign_in(email, STAFF_PASSWORD).await
}

async fn send(casa: &Casa, token: Option<&str>, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = Client::new().request(method, casa.url(path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    answer(request).await
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let retry_after = answer.headers().get("retry-after").map(|one| one.to_str().unwrap().parse().unwrap());
    let status = answer.status().as_u16();
    Answer { status, retry_after, body: answer.json().await.unwrap_or_default() }
}

/// A payment of all that is due.
fn card(token: &str) -> Value {
    json!({"token": token, "amount": 1000})
}

/// The same with further keys.
fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}
