//! Calendars elsewhere: what others tell of our houses comes in once and goes again, what we tell others changes nothing
//! of ours, and nothing is concluded from a calendar that cannot be read. Beside them the year's profit and the
//! confirmation link.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod confirm;
mod export;
mod import;
mod platform;
mod profit;
mod trouble;

use casa_tests::{
    Casa, Options,
    export::{id, row},
};
use platform::Platform;
use reqwest::{Client, Method};
use serde_json::{Value, json};

const CLOCK: &str = "2025-11-12T10:30:00-05:00";
const EMAIL: &str = "calendarios@personal.example";
const SELLER: &str = "ventas@personal.example";
const PASSWORD: &str = "Calendarios-2025";

/// Houses of the export.
const UNO: u32 = 1;
const DOS: u32 = 2;
/// The guest that stands for Airbnb, and one of ours.
const AIRBNB: u32 = 50;
const ANA: u32 = 51;

/// A running system with a platform beside it.
struct Setting {
    casa: Casa,
    platform: Platform,
    http: Client,
    token: String,
}

/// What an export has of a house, with the address of its calendar.
fn house(number: u32, name: &str, airbnb_url: Option<String>) -> Value {
    let fields = json!({
        "name": name, "slug": name.to_lowercase().replace(' ', "-"), "capacity_max": 10, "precio_desde": "100.00",
        "caracteristicas": [], "detalle_dormitorios": {}, "airbnb_url": airbnb_url,
    });
    row("property.property", id(number), fields)
}

fn guest(number: u32, first_name: &str) -> Value {
    let fields = json!({
        "document_type": "dni", "number_doc": format!("6{number:07}"), "first_name": first_name, "last_name": "Soto",
        "tel_number": format!("51900000{number:03}"), "points_balance": "0.00",
    });
    row("clients.clients", id(number), fields)
}

/// A reservation of Ana's: number, house, dates, whatever differs.
fn stay(number: u32, in_house: u32, from: &str, to: &str, more: Value) -> Value {
    let mut fields = json!({
        "client": id(ANA), "property": id(in_house), "seller": null, "check_in_date": from, "check_out_date": to,
        "guests": 2, "price_usd": "300.00", "price_sol": "1000.00", "origin": "aus", "status": "approved",
        "points_redeemed": "0.00",
    });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row("reservation.reservation", id(100 + number), fields)
}

impl Setting {
    async fn new(more: Vec<Value>) -> Self {
        let platform = Platform::start().await;
        platform.serve("casa-dos.ics", &[]);
        let mut rows = vec![row("auth.group", 1, json!({"name": "admin"}))];
        rows.push(row("auth.group", 2, json!({"name": "vendedor"})));
        rows.push(house(UNO, "Casa Uno", None));
        rows.push(house(DOS, "Casa Dos", Some(platform.address("casa-dos.ics"))));
        rows.extend([guest(AIRBNB, "AirBnB"), guest(ANA, "Ana")]);
        rows.extend(more);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.json");
        std::fs::write(&file, Value::Array(rows).to_string()).unwrap();
        let casa = Casa::start(&Options {
            arguments: ["--memory", "--clock", CLOCK, "--import", file.to_str().unwrap()]
                .map(str::to_owned)
                .to_vec(),
            environment: platform.settings(),
            ..Options::default()
        });
        enter(&casa, EMAIL, "Tania", "admin").await;
        enter(&casa, "airbnb@personal.example", "AirBnB", "vendedor").await;
        let token = casa.sign_in(EMAIL, PASSWORD).await;
        Self { casa, platform, http: Client::new(), token }
    }

    /// Status and answer of a request of the administrator.
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, self.casa.url(path)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    /// Enters a calendar of a house and answers its id.
    async fn feed(&self, in_house: u32, path: &str) -> String {
        let body = json!({"property": id(in_house), "name": "Airbnb", "url": self.platform.address(path)});
        let (status, feed) = self.call(Method::POST, "calendar-feeds/", Some(body)).await;
        assert_eq!(status, 201, "{feed}");
        feed["id"].as_str().unwrap().to_owned()
    }

    /// Runs the job and answers its report.
    async fn import(&self) -> Value {
        self.job("feeds-import").await
    }

    async fn job(&self, job: &str) -> Value {
        let address = format!("{}/_casa/run/{job}", self.casa.base);
        let answer = self.http.post(address).send().await.unwrap();
        let status = answer.status().as_u16();
        let mut answer: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{answer}");
        answer["report"].take()
    }

    /// The reservations of a house by check-in: id, dates, status, origin.
    async fn stays(&self, in_house: u32) -> Vec<Stay> {
        let (status, answer) = self.call(Method::GET, "reservations/?page_size=1000", None).await;
        assert_eq!(status, 200, "{answer}");
        let rows = answer["results"].as_array().unwrap().iter();
        rows.filter(|row| row["property"]["id"] == id(in_house)).map(Stay::of).collect()
    }
}

/// A reservation as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stay {
    id: String,
    dates: String,
    status: String,
    origin: String,
}

impl Stay {
    fn of(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let dates = format!("{} {}", text("check_in_date"), text("check_out_date"));
        Self { id: text("id"), dates, status: text("status"), origin: text("origin") }
    }
}

/// Dates and statuses.
fn shown(stays: &[Stay]) -> Vec<(&str, &str)> {
    stays.iter().map(|stay| (stay.dates.as_str(), stay.status.as_str())).collect()
}

async fn enter(casa: &Casa, email: &str, first_name: &str, group: &str) {
    let new = casa_store::NewStaffUser {
        email: email.to_owned(),
        first_name: first_name.to_owned(),
        last_name: "Vela".to_owned(),
        password_hash: casa_domain::password::hash(PASSWORD).unwrap(),
        groups: vec![group.to_owned()],
        superuser: false,
        is_staff: true,
    };
    casa.shared.store().users().create(new, chrono::Utc::now()).await.unwrap();
}
