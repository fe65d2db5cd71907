//! What follows from a change elsewhere: vendors that fail lose nothing, double nothing and slow no request; levels,
//! points, cards and public figures follow the facts, however often a fact is told.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod bookings;
mod failures;
mod guests;
mod registration;
mod restarts;
mod stays;
mod table;
mod vendors;

use std::time::{Duration, Instant};

use casa_domain::{ClientId, client::Client as Record};
use casa_tests::{
    Casa, Options,
    export::{id, row},
};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use vendors::{Call, META, TELEGRAM, Vendors, WHATSAPP};

const CLOCK: &str = "2025-11-12T10:30:00-05:00";
const EMAIL: &str = "efectos@personal.example";
const PASSWORD: &str = "Efectos-2025";

/// Ids of the export.
const HOUSE: u32 = 1;
const SEED: u32 = 20;
const SPROUT: u32 = 21;
const FOREST: u32 = 22;
/// Ana referred Beto; Caro and Dino referred nobody.
const ANA: u32 = 50;
const BETO: u32 = 51;
const CARO: u32 = 52;
const DINO: u32 = 53;

/// A house, three levels (the first needs nothing, the second a stay, the third a referred guest who stayed) with their
/// discounts for friends, the referrers' share, four guests, and the reservations of a test: number, guest, dates, status.
fn export(stays: &[(u32, u32, &str, &str, &str)]) -> Value {
    let mut rows = vec![
        row("auth.group", 1, json!({"name": "admin"})),
        row("clients.referralpointsconfig", 1, json!({"percentage": "10.00", "is_active": true})),
        row(
            "property.property",
            id(HOUSE),
            json!({
                "name": "Casa Uno", "slug": "casa-uno", "capacity_max": 10, "precio_desde": "100.00",
                "caracteristicas": [], "detalle_dormitorios": {},
            }),
        ),
    ];
    let levels =
        [(SEED, "Semilla", 0, 0, "0"), (SPROUT, "Brote", 1, 0, "5.00"), (FOREST, "Bosque", 0, 1, "12.00")];
    for (order, (number, name, stays, friends, discount)) in levels.into_iter().enumerate() {
        rows.push(row(
            "clients.achievement",
            id(number),
            json!({
                "name": name, "description": name, "icon": null, "required_reservations": stays,
                "required_referrals": friends, "required_referral_reservations": friends, "is_active": true,
                "order": order,
            }),
        ));
        let percentage =
            json!({"achievement": id(number), "discount_percentage": discount, "is_active": true});
        rows.push(row("property.referraldiscountbylevel", id(number + 10), percentage));
    }
    let guests = [
        (ANA, "Ana María", "Lira", None),
        (BETO, "Beto", "Mora", Some(ANA)),
        (CARO, "Caro", "Nieto", None),
        (DINO, "Dino", "Ochoa", None),
    ];
    for (number, first, last, referrer) in guests {
        rows.push(row(
            "clients.clients",
            id(number),
            json!({
                "document_type": "dni", "number_doc": format!("600000{number}"), "first_name": first,
                "last_name": last, "tel_number": format!("51900000{number:03}"), "points_balance": "0.00",
                "email": format!("huesped{number}@correo.example"), "referred_by": referrer.map(id),
                "referral_code": format!("COD{number:03}"),
            }),
        ));
    }
    for (number, guest, from, to, status) in stays {
        rows.push(row(
            "reservation.reservation",
            id(100 + number),
            json!({
                "client": id(*guest), "property": id(HOUSE), "seller": null, "check_in_date": from,
                "check_out_date": to, "guests": 2, "price_usd": "100.00", "price_sol": "1000.00", "origin": "aus",
                "status": status, "points_redeemed": "0.00",
            }),
        ));
    }
    Value::Array(rows)
}

/// A stranger who registers.
#[derive(Clone, Copy, Debug)]
struct Stranger(u32);

impl Stranger {
    fn document(self) -> String {
        format!("7{:07}", self.0)
    }

    fn phone(self) -> String {
        format!("91{:07}", self.0)
    }

    fn body(self) -> Value {
        json!({
            "document_type": "dni", "number_doc": self.document(), "first_name": "Elsa Rosa", "last_name": "Paz",
            "sex": "f", "email": format!("elsa{}@correo.example", self.0), "tel_number": self.phone(),
        })
    }

    /// The calls of a vendor about this guest.
    fn calls(self, vendors: &Vendors, vendor: &'static str) -> Vec<Call> {
        let mut calls = vendors.calls(vendor);
        calls.retain(|call| match vendor {
            TELEGRAM => call.text().contains(&self.document()),
            WHATSAPP => call.body["to"] == format!("51{}", self.phone()),
            META => call.body["payload"]["data"][0][1] == hash(&format!("+{}", self.phone())),
            _ => false,
        });
        calls
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A running program with its vendors.
struct Setting {
    vendors: Vendors,
    casa: Casa,
    http: Client,
    token: String,
    _folder: tempfile::TempDir,
}

impl Setting {
    async fn new(stays: &[(u32, u32, &str, &str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.json");
        std::fs::write(&file, export(stays).to_string()).unwrap();
        let arguments = ["--memory", "--clock", CLOCK, "--import", file.to_str().unwrap()];
        let vendors = Vendors::start().await;
        let options = Options {
            arguments: arguments.map(str::to_owned).to_vec(),
            environment: vendors.settings(),
            ..Options::default()
        };
        let casa = Casa::start(&options);
        let token = administrator(&casa).await;
        Self { vendors, casa, http: Client::new(), token, _folder: folder }
    }

    /// Sends a request as staff and gives status and body; nobody may wait for a vendor.
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        send(&self.http, &self.casa, Some(&self.token), method, path, body).await
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn patch(&self, path: &str, body: Value) {
        let (status, answer) = self.send(Method::PATCH, path, Some(body)).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }

    /// Changes a reservation of the export and waits for what follows.
    async fn change_stay(&self, number: u32, body: Value) {
        self.patch(&format!("reservations/{}/", id(100 + number)), body).await;
        self.settle().await;
    }

    async fn settle(&self) {
        settle(&self.casa).await;
    }

    /// The record of a guest.
    async fn record(&self, guest: &str) -> Record {
        let guest: ClientId = guest.parse().unwrap();
        self.casa.shared.store().clients().get(guest).await.unwrap().unwrap().client
    }

    /// The levels that a guest holds now, and how many rows there are, those taken away included.
    async fn levels(&self, guest: u32) -> (Vec<u32>, usize) {
        let levels = self.record(&id(guest)).await.levels;
        let held = [SEED, SPROUT, FOREST].into_iter().filter(|number| {
            levels.iter().any(|held| held.level.to_string() == id(*number) && !held.revoked)
        });
        (held.collect(), levels.len())
    }

    /// The texts about levels that Telegram took and said so.
    fn told_of_levels(&self) -> Vec<String> {
        let texts = self.vendors.calls(TELEGRAM).into_iter().filter(|call| call.fault.is_none());
        texts.map(|call| call.text().to_owned()).filter(|text| text.starts_with('🏆')).collect()
    }
}

async fn send(
    http: &Client,
    casa: &Casa,
    token: Option<&str>,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let mut request = http.request(method, casa.url(path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let begun = Instant::now();
    let answer = request.send().await.unwrap();
    let (status, took) = (answer.status().as_u16(), begun.elapsed());
    assert!(took < Duration::from_secs(1), "{path} took {took:?}");
    (status, answer.json().await.unwrap_or_default())
}

async fn settle(casa: &Casa) {
    let answer = Client::new().post(format!("{}/_casa/settle", casa.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

/// Enters an administrator and signs in.
async fn administrator(casa: &Casa) -> String {
    let new = casa_store::NewStaffUser {
        email: EMAIL.to_owned(),
        first_name: "Efraín".to_owned(),
        last_name: "Vela".to_owned(),
        password_hash: casa_domain::password::hash(PASSWORD).unwrap(),
        groups: vec!["admin".to_owned()],
        superuser: false,
        is_staff: true,
    };
    casa.shared.store().users().create(new, chrono::Utc::now()).await.unwrap();
    casa.sign_in(EMAIL, PASSWORD).await
}
