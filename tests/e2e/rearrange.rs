//! Finding room by moving stays, and carrying the plan out: all or nothing, once, and never over what changed meanwhile.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use casa_tests::{
    Casa, Options, Shared,
    export::{id, row},
};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const CLOCK: &str = "2025-11-12T10:30:00-05:00";
const EMAIL: &str = "mover@personal.example";
const PASSWORD: &str = "Mover-2025";

/// Two houses that swap, "Casa Austin 2" (1) and "Casa Austin 4" (2, eight guests), a third alone (3), a guest (50).
fn export(stays: &[(u32, u32, &str, &str, u32, &str)]) -> Value {
    let mut rows = vec![
        row("auth.group", 1, json!({"name": "admin"})),
        row(
            "clients.clients",
            id(50),
            json!({
                "document_type": "dni", "number_doc": "70000001", "first_name": "Ana", "last_name": "Lira",
                "tel_number": "51900000001", "points_balance": "0.00",
            }),
        ),
    ];
    for (number, name, capacity, price) in
        [(1, "Casa Austin 2", 10, "100.00"), (2, "Casa Austin 4", 8, "120.00"), (3, "Villa", 6, "90.00")]
    {
        rows.push(row(
            "property.property",
            id(number),
            json!({
                "name": name, "slug": name.to_lowercase().replace(' ', "-"), "capacity_max": capacity,
                "precio_desde": price, "caracteristicas": [], "detalle_dormitorios": {},
            }),
        ));
    }
    for (number, house, from, to, guests, origin) in stays {
        rows.push(row("reservation.reservation", id(100 + number), json!({
            "client": id(50), "property": id(*house), "seller": null, "check_in_date": from, "check_out_date": to,
            "guests": guests, "price_usd": "100.00", "price_sol": "375.00", "origin": origin, "status": "approved",
        })));
    }
    Value::Array(rows)
}

struct Setting {
    casa: Casa,
    http: Client,
    token: String,
    _folder: tempfile::TempDir,
}

impl Setting {
    async fn new(stays: &[(u32, u32, &str, &str, u32, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.json");
        std::fs::write(&file, export(stays).to_string()).unwrap();
        let arguments =
            ["--memory", "--clock", CLOCK, "--import", file.to_str().unwrap()].map(str::to_owned).to_vec();
        let casa = Casa::start(&Options { arguments, ..Options::default() });
        enter_administrator(&casa.shared).await;
        let token = casa.sign_in(EMAIL, PASSWORD).await;
        Self { casa, http: Client::new(), token, _folder: folder }
    }

    async fn search(&self, from: &str, to: &str) -> Value {
        let query = [("check_in_date", from), ("check_out_date", to), ("guests", "2")];
        let request = self.http.get(self.casa.url("properties/calculate-pricing-erp/")).query(&query);
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()["data"].clone()
    }

    async fn plan(&self, from: &str, to: &str, house: u32) -> Option<Value> {
        let found = self.search(from, to).await;
        let options = found["options_with_movements"].as_array().unwrap().clone();
        options.into_iter().find(|one| one["property_id"] == id(house)).map(|one| one["plan"].clone())
    }

    async fn carry_out(&self, body: &Value) -> (StatusCode, Value) {
        let request = self.http.post(self.casa.url("reservations/rearrange/")).json(body);
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn reservation(&self, number: u32) -> Value {
        let address = self.casa.url(&format!("reservations/{}/", id(100 + number)));
        self.http.get(address).bearer_auth(&self.token).send().await.unwrap().json().await.unwrap()
    }

    async fn patch(&self, number: u32, change: Value) {
        let address = self.casa.url(&format!("reservations/{}/", id(100 + number)));
        let answer = self.http.patch(address).bearer_auth(&self.token).json(&change).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    async fn house_of(&self, number: u32) -> String {
        self.reservation(number).await["property"]["id"].as_str().unwrap().to_owned()
    }
}

async fn enter_administrator(shared: &Shared) {
    let new = casa_store::NewStaffUser {
        email: EMAIL.to_owned(),
        first_name: "Mario".to_owned(),
        last_name: "Vela".to_owned(),
        password_hash: casa_domain::password::hash(PASSWORD).unwrap(),
        groups: vec!["admin".to_owned()],
        superuser: false,
        is_staff: true,
    };
    shared.store().users().create(new, chrono::Utc::now()).await.unwrap();
}

fn booking() -> Value {
    json!({"client": id(50), "guests": 2, "price_usd": "200.00", "price_sol": "750.00"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_carried_out_with_its_booking_once() {
    // Both houses are taken on parts of the wanted nights; the one of house 1 fits into house 2 beside the other.
    let stays =
        [(1, 1, "2025-12-01", "2025-12-03", 4, "aus"), (2, 2, "2025-12-03", "2025-12-06", 4, "client")];
    let setting = Setting::new(&stays).await;
    let found = setting.search("2025-12-01", "2025-12-04").await;
    assert_eq!(found["summary"]["total_direct_available"], 1, "the villa");
    let plan = setting.plan("2025-12-01", "2025-12-04", 1).await.unwrap();
    assert_eq!(plan["moves"][0]["reservation_id"], id(101));
    assert_eq!(plan["moves"][0]["to_property_id"], id(2));
    assert_eq!(plan["moves"][0]["price_difference_usd"], 40.0);

    let body = json!({"plan": plan, "booking": booking()});
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (http, address) = (setting.http.clone(), setting.casa.url("reservations/rearrange/"));
        let (token, body) = (setting.token.clone(), body.clone());
        tasks.spawn(async move {
            let answer = http.post(address).bearer_auth(token).json(&body).send().await.unwrap();
            (answer.status(), answer.json::<Value>().await.unwrap())
        });
    }
    let mut done = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        let (status, body) = answer.unwrap();
        match status {
            StatusCode::OK => done.push(body),
            StatusCode::CONFLICT => assert!(body["detail"].is_string()),
            other => panic!("{other}: {body}"),
        }
    }
    assert_eq!(done.len(), 1, "eight at once, one succeeds");
    assert_eq!(setting.house_of(1).await, id(2));
    let address = setting.casa.url(&format!("reservations/{}/", done[0]["booking"].as_str().unwrap()));
    let new: Value =
        setting.http.get(address).bearer_auth(&setting.token).send().await.unwrap().json().await.unwrap();
    assert_eq!(new["property"]["id"], id(1));
    assert_eq!((&new["check_in_date"], &new["check_out_date"]), (&json!("2025-12-01"), &json!("2025-12-04")));

    let (status, refused) = setting.carry_out(&body).await;
    assert_eq!((status, &refused["changed"][0]["reason"]), (StatusCode::CONFLICT, &json!("changed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_changed_refuses_the_whole_plan() {
    let stays =
        [(1, 1, "2025-12-01", "2025-12-03", 4, "aus"), (2, 2, "2025-12-03", "2025-12-06", 4, "client")];
    let setting = Setting::new(&stays).await;
    let plan = setting.plan("2025-12-01", "2025-12-04", 1).await.unwrap();

    setting.patch(1, json!({"comentarios_reservas": "llega tarde"})).await;
    let (status, refused) = setting.carry_out(&json!({"plan": plan})).await;
    assert_eq!((status, &refused["changed"][0]["reason"]), (StatusCode::CONFLICT, &json!("changed")));
    assert_eq!(setting.house_of(1).await, id(1));

    let plan = setting.plan("2025-12-01", "2025-12-04", 1).await.unwrap();
    setting.patch(2, json!({"check_in_date": "2025-12-02"})).await;
    let (status, refused) = setting.carry_out(&json!({"plan": plan, "booking": booking()})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        refused["changed"][0],
        json!({
            "reservation_id": id(102), "reason": "in_the_way", "detail": refused["changed"][0]["detail"],
        })
    );
    assert_eq!(setting.house_of(1).await, id(1));
    let found = setting.search("2025-12-01", "2025-12-04").await;
    assert_eq!(found["summary"]["total_direct_available"], 1, "the refused booking holds nothing");

    setting.patch(2, json!({"check_in_date": "2025-12-03"})).await;
    let plan = setting.plan("2025-12-01", "2025-12-04", 1).await.unwrap();
    setting.patch(1, json!({"fixed": true})).await;
    let (status, refused) = setting.carry_out(&json!({"plan": plan})).await;
    assert_eq!((status, &refused["changed"][0]["reason"]), (StatusCode::CONFLICT, &json!("cannot_move")));
    assert!(setting.plan("2025-12-01", "2025-12-04", 1).await.is_none(), "a fixed stay stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_move_does_not() {
    let stays = [
        (1, 1, "2025-11-10", "2025-11-14", 4, "aus"), // in the house
        (2, 1, "2025-12-01", "2025-12-03", 4, "air"), // Airbnb's
        (3, 1, "2025-12-05", "2025-12-07", 4, "man"), // maintenance
        (4, 1, "2025-12-10", "2025-12-12", 9, "aus"), // too many for house 2
        (5, 3, "2025-12-15", "2025-12-17", 2, "aus"), // a house that swaps with none
    ];
    let setting = Setting::new(&stays).await;
    for (from, to, house) in [
        ("2025-11-13", "2025-11-15", 1),
        ("2025-12-01", "2025-12-02", 1),
        ("2025-12-05", "2025-12-06", 1),
        ("2025-12-10", "2025-12-11", 1),
        ("2025-12-15", "2025-12-16", 3),
    ] {
        assert!(setting.plan(from, to, house).await.is_none(), "{from}");
    }
    // Neither does a plan that somebody writes by hand.
    for (number, to, house, status) in
        [(102, 2, 1, 409), (104, 2, 1, 400), (105, 1, 3, 400), (104, 1, 1, 400), (199, 2, 1, 409)]
    {
        let moves =
            json!([{"reservation_id": id(number), "from_property_id": id(house), "to_property_id": id(to)}]);
        let plan = json!({
            "property_id": id(house), "check_in": "2025-12-01", "check_out": "2025-12-02", "version": "1", "moves": moves,
        });
        let (answer, body) = setting.carry_out(&json!({"plan": plan})).await;
        assert_eq!(answer.as_u16(), status, "{number}: {body}");
    }
    for body in [json!({}), json!({"plan": 7}), json!({"plan": {"moves": []}}), json!({"plan": "x"})] {
        assert_eq!(setting.carry_out(&body).await.0, 400, "{body}");
    }
    let found = setting.search("2025-12-10", "2025-12-11").await;
    assert_eq!(found["options_with_movements"], json!([]));
}
