//! Bookings that guests make on the site, through HTTP: what is taken is taken together, at the quoted price, and once.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod making;
mod vouchers;

use casa_domain::{Client as Guest, Reservation, ReservationId};
use casa_tests::{
    Casa, Options,
    export::{id, row},
};
use reqwest::{Client, Method, StatusCode, multipart};
use serde_json::{Value, json};

/// What guests and staff sign in with.
const PASSWORD: &str = "Una-clave-1";
/// A code with three uses.
const CODE: &str = "TRES";

/// Two houses at 100 dollars a night, the first with a pool to heat; a code; ten guests with 500 points each; staff.
fn export() -> Value {
    let password = casa_domain::password::hash(PASSWORD).unwrap();
    let user = json!({
        "email": "gema@personal.example", "username": "gema", "first_name": "Gema", "last_name": "Ordóñez",
        "is_active": true, "groups": [1], "password": password,
    });
    let mut rows = vec![
        row("auth.group", 1, json!({"name": "admin"})),
        row("accounts.customuser", 14, user),
        row("property.exchangerate", id(1), json!({"usd_to_sol": "3.75", "is_active": true})),
        row(
            "property.discountcode",
            id(2),
            json!({
                "code": CODE, "description": "Tres usos", "discount_type": "percentage", "discount_value": "10.00",
                "start_date": "2026-01-01", "end_date": "2027-12-31", "usage_limit": 3, "used_count": 0,
                "is_active": true, "properties": [],
            }),
        ),
        row(
            "property.additionalservice",
            id(3),
            json!({
                "name": "Piscina", "description": "", "price_usd": "20.00", "service_type": "optional",
                "is_per_night": true, "is_per_person": false, "is_active": true, "properties": [id(10)],
                "post_action": "temperature_pool",
            }),
        ),
        row(
            "property.cancellationpolicy",
            id(4),
            json!({
                "name": "General", "description": "", "days_before_checkin": 5, "refund_percentage": "50.00",
                "is_default": true, "is_active": true, "properties": [],
            }),
        ),
        row(
            "property.specialdatepricing",
            id(5),
            json!({
                "property": id(11), "month": 7, "day": 28, "price_usd": "300.00", "minimum_consecutive_nights": 3,
                "description": "Fiestas Patrias", "is_active": true,
            }),
        ),
    ];
    for (number, name) in [(10, "Casa del Mar"), (11, "Casa del Cerro")] {
        rows.push(row(
            "property.property",
            id(number),
            json!({
                "name": name, "slug": format!("casa-{number}"), "precio_desde": "100.00",
                "caracteristicas": [], "detalle_dormitorios": {}, "player_id": "player_1",
                "on_temperature_pool_url": "https://piscina.example/on",
            }),
        ));
    }
    for number in 0..10 {
        rows.push(row("clients.clients", id(50 + number), json!({
            "document_type": "dni", "number_doc": format!("7000000{number}"), "first_name": format!("Aurelia{number}"),
            "last_name": "Rojas", "tel_number": format!("5190000000{number}"), "points_balance": "500.00",
            "password": password, "is_password_set": true,
        })));
    }
    Value::Array(rows)
}

/// A running program with that data, and its guests signed in.
struct Setting {
    casa: Casa,
    http: Client,
    guests: Vec<String>,
    staff: String,
    _folder: tempfile::TempDir,
}

impl Setting {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.json");
        std::fs::write(&file, export().to_string()).unwrap();
        let arguments =
            ["--memory", "--clock", "2026-06-01T10:00:00-05:00", "--import", file.to_str().unwrap()];
        let arguments = arguments.map(str::to_owned).to_vec();
        let casa = Casa::start(&Options { arguments, ..Options::default() });
        let mut guests = Vec::new();
        for number in 0..10 {
            guests.push(casa.sign_in_guest(&format!("7000000{number}"), PASSWORD).await.0);
        }
        let staff = casa.sign_in("gema@personal.example", PASSWORD).await;
        Self { casa, http: Client::new(), guests, staff, _folder: folder }
    }

    /// Books for a guest.
    async fn book(&self, guest: usize, body: Value) -> (StatusCode, Value) {
        self.book_once(guest, None, body).await
    }

    /// Books with an idempotency key.
    async fn book_once(&self, guest: usize, key: Option<&str>, body: Value) -> (StatusCode, Value) {
        let mut request = self.http.post(self.casa.url("clients/reservations/create/"));
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.bearer_auth(&self.guests[guest]).json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// Asks for a path as a guest.
    async fn ask(&self, guest: usize, method: Method, path: &str) -> (StatusCode, Value) {
        let request = self.http.request(method, self.casa.url(path)).bearer_auth(&self.guests[guest]);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn cancel(&self, guest: usize, booking: &str) -> (StatusCode, Value) {
        self.ask(guest, Method::POST, &format!("clients/reservations/{booking}/cancel/")).await
    }

    /// Sends a voucher of these bytes under a file name.
    async fn send_voucher(
        &self,
        guest: usize,
        booking: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> (StatusCode, Value) {
        let part = multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = multipart::Form::new().part("voucher", part).text("payment_confirmed", "true");
        let address = self.casa.url(&format!("clients/voucher/upload/{booking}/"));
        let request = self.http.post(address).bearer_auth(&self.guests[guest]).multipart(form);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// Changes a reservation as staff.
    async fn change(&self, booking: &str, body: Value) -> StatusCode {
        let address = self.casa.url(&format!("reservations/{booking}/"));
        let request = self.http.patch(address).bearer_auth(&self.staff).json(&body);
        request.send().await.unwrap().status()
    }

    async fn reservation(&self, booking: &str) -> Reservation {
        let booking: ReservationId = booking.parse().unwrap();
        let stored = self.casa.shared.store().reservations().get(booking).await.unwrap();
        stored.unwrap().booked.reservation
    }

    async fn guest(&self, number: usize) -> Guest {
        let store = self.casa.shared.store();
        let found = store.clients().by_document("dni", &format!("7000000{number}")).await.unwrap();
        found.unwrap().client
    }

    async fn points(&self, number: usize) -> String {
        self.guest(number).await.points_balance.to_string()
    }

    async fn code_uses(&self) -> u64 {
        self.casa.shared.store().codes().find(CODE).await.unwrap().unwrap().used_count
    }
}

/// A body for the first house: so many nights from a day of June 2026 on.
fn stay(day: u32, nights: u32) -> Value {
    json!({
        "property": id(10), "guests": 2, "check_in_date": format!("2026-06-{day:02}"),
        "check_out_date": format!("2026-06-{:02}", day + nights),
    })
}

/// The same with further keys.
fn with(mut body: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

/// The id of the booking in an answer.
fn booked(answer: &(StatusCode, Value)) -> String {
    assert_eq!(answer.0, 201, "{}", answer.1);
    answer.1["reservation"]["id"].as_str().unwrap().to_owned()
}
