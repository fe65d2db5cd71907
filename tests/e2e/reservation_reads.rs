//! What home automation and the monthly workbook are given.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::io::Cursor;

use calamine::{Data, DataType as _, Reader as _, Xlsx};
use casa_tests::{
    Casa, Options, Shared,
    contents::Contents,
    export::{id, row},
};
use reqwest::{Client, Response};
use serde_json::{Value, json};

const KEY: &str = "only-for-tests-only-for-tests";
const HEADER: &str = "X-Home-Key";
/// A name that a careless workbook would carry out.
const TRAP: &str = "=HYPERLINK(\"http://malo.example\")";

fn house(number: u32, name: &str) -> Value {
    let fields = json!({
        "name": name, "slug": format!("casa-{number}"), "precio_desde": "100.00", "caracteristicas": [],
        "detalle_dormitorios": {}, "deleted": number == 3,
    });
    row("property.property", id(number), fields)
}

fn guest(number: u32, first_name: &str) -> Value {
    let fields = json!({
        "document_type": "dni", "number_doc": format!("6{number:07}"), "first_name": first_name,
        "last_name": "Soto Paz", "tel_number": "51900000001", "points_balance": "12.90",
    });
    row("clients.clients", id(number), fields)
}

fn stay(number: u32, guest: u32, from: &str, to: &str) -> Value {
    let fields = json!({
        "client": id(guest), "property": id(1), "seller": null, "check_in_date": from, "check_out_date": to,
        "guests": 2, "price_usd": "300.00", "price_sol": "1000.50", "origin": "aus", "status": "approved",
        "points_redeemed": "0.00",
    });
    row("reservation.reservation", id(number), fields)
}

fn start(clock: &str, environment: &[(&str, &str)]) -> Casa {
    let folder = tempfile::tempdir().unwrap();
    let rows = json!([
        house(1, "Casa Austin 1"),
        house(2, "Casa Austin 2"),
        house(3, "Casa Vieja"),
        row("auth.group", 1, json!({"name": "admin"})),
        guest(50, "Ana Lucía"),
        guest(51, TRAP),
        stay(100, 50, "2025-11-10", "2025-11-12"),
        stay(101, 51, "2025-11-12", "2025-11-14"),
        stay(102, 50, "2026-01-03", "2026-01-05"),
    ]);
    let file = folder.path().join("export.json");
    std::fs::write(&file, rows.to_string()).unwrap();
    let arguments = ["--memory", "--clock", clock, "--import", file.to_str().unwrap()];
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Casa::start(&Options {
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: environment.collect(),
        ..Options::default()
    })
}

/// Another process with the same data.
fn join(shared: &Shared, clock: &str) -> Casa {
    let arguments = ["--memory", "--clock", clock].map(str::to_owned).to_vec();
    Casa::start(&Options { arguments, shared: Some(shared.clone()), ..Options::default() })
}

async fn administrator(casa: &Casa) -> String {
    let new = casa_store::NewStaffUser {
        email: "lecturas@personal.example".to_owned(),
        first_name: "Tania".to_owned(),
        last_name: "Vela".to_owned(),
        password_hash: casa_domain::password::hash("Lecturas-2025").unwrap(),
        groups: vec!["admin".to_owned()],
        superuser: false,
        is_staff: true,
    };
    casa.shared.store().users().create(new, chrono::Utc::now()).await.unwrap();
    casa.sign_in("lecturas@personal.example", "Lecturas-2025").await
}

fn home(casa: &Casa, house: &str) -> reqwest::RequestBuilder {
    Client::new().get(casa.url(&format!("homeassistant/?property_uuid={house}")))
}

async fn body(answer: Response) -> Value {
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_guest_leaves_and_the_next_one_comes() {
    let casa = start("2025-11-12T10:59:59-05:00", &[]);
    let before = Contents::of(&casa.shared).await;
    // A stray token harms nobody on a public address.
    let there = body(home(&casa, &id(1)).bearer_auth("x").send().await.unwrap()).await;
    assert_eq!((&there["reservation_id"], &there["first_name"]), (&json!(id(100)), &json!("Ana")));
    assert_eq!((&there["points_balance"], &there["check_in_date"]), (&json!(12), &json!("10 de noviembre")));
    let stays = there["upcoming_reservations"].as_array().unwrap();
    assert_eq!(stays.len(), 1, "the one that ends today is over: {there}");
    assert_eq!((&stays[0]["id"], &stays[0]["check_in_date"]), (&json!(id(102)), &json!("03 de January")));

    let midday = join(&casa.shared, "2025-11-12T11:00:00-05:00");
    let nobody = body(home(&midday, &id(1)).send().await.unwrap()).await;
    assert_eq!(
        (&nobody["client_id"], &nobody["reservation_id"]),
        (&json!("Reserva no activa"), &json!("none"))
    );
    assert_eq!(
        nobody,
        body(home(&join(&casa.shared, "2025-11-12T14:59:59-05:00"), &id(1)).send().await.unwrap()).await
    );
    let next =
        body(home(&join(&casa.shared, "2025-11-12T15:00:00-05:00"), &id(1)).send().await.unwrap()).await;
    assert_eq!(next["reservation_id"], id(101));

    assert_eq!(body(home(&casa, &id(2)).send().await.unwrap()).await["property_name"], "Casa Austin 2");
    for (house, status) in [("", 400), ("%00", 404), ("1", 404), (id(3).as_str(), 404), (id(9).as_str(), 404)]
    {
        let answer = home(&casa, house).send().await.unwrap();
        assert_eq!(answer.status(), status, "{house}");
        assert!(body(answer).await["error"].is_string());
    }
    assert_eq!(before.differences(&Contents::of(&casa.shared).await), Vec::<String>::new(), "it only reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_key_is_set_it_opens() {
    let casa = start("2025-11-12T10:30:00-05:00", &[("CASA_HOME_KEY", KEY)]);
    let token = administrator(&casa).await;
    for request in [home(&casa, &id(1)).header(HEADER, KEY), home(&casa, &id(1)).bearer_auth(&token)] {
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    for request in [
        home(&casa, &id(1)),
        home(&casa, ""),
        home(&casa, &id(1)).header(HEADER, &KEY[1..]),
        home(&casa, &id(1)).header("X-Bot-Key", KEY),
        home(&casa, &id(1)).bearer_auth("x"),
    ] {
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    let elsewhere = Client::new().get(casa.url("reservations/")).header(HEADER, KEY);
    assert_eq!(elsewhere.send().await.unwrap().status(), 401, "it opens nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_month_is_a_workbook_on_wish() {
    let casa = start("2025-11-12T10:30:00-05:00", &[]);
    let token = administrator(&casa).await;
    let ask = |more: &str| {
        let address = casa.url(&format!("export/monthly/?year=2025&month=11{more}"));
        Client::new().get(address).bearer_auth(&token).send()
    };
    let answer = ask("&format=xlsx").await.unwrap();
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-disposition"), "attachment; filename=\"reservas-2025-11.xlsx\"");
    assert!(header("content-type").ends_with("spreadsheetml.sheet"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(answer.bytes().await.unwrap())).unwrap();
    let cells = book.worksheet_range("Noviembre 2025").unwrap();
    let rows: Vec<_> = cells.rows().collect();
    let named =
        |heading: &str| rows[0].iter().position(|cell| cell.as_string().as_deref() == Some(heading)).unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[2][named("Cliente")], Data::String(format!("{TRAP} Soto Paz")));
    assert_eq!(rows[2][named("Llegada")].as_date().unwrap().to_string(), "2025-11-12");
    assert_eq!(rows[2][named("Precio S/")], Data::Float(1000.5));

    let plain = body(ask("").await.unwrap()).await;
    assert_eq!(body(ask("&format=json").await.unwrap()).await, plain);
    assert_eq!(plain["data"]["total_reservations"], 2);
    for format in ["csv", "XLSX", "xlsx,json"] {
        let answer = ask(&format!("&format={format}")).await.unwrap();
        assert_eq!(answer.status(), 400, "{format}");
        let problem = body(answer).await;
        assert!(problem["success"] == false && problem["error"].is_string(), "{problem}");
    }
    let stranger = Client::new().get(casa.url("export/monthly/?year=2025&month=11&format=xlsx"));
    assert_eq!(stranger.send().await.unwrap().status(), 401);
}
