//! Scheduled jobs, by the addresses of `casa dev` and by command: run again they change nothing, and a rehearsal changes
//! nothing at all and says the same as the run after it.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod bookings;
mod commands;
mod pool;
mod sheet;
mod stays;

use std::path::{Path, PathBuf};

use casa_domain::{ClientId, client::Client as Record, points::Kind};
use casa_tests::{
    Casa, Options, Shared,
    contents::Contents,
    export::{id, row},
};
use reqwest::Client;
use serde_json::{Value, json};

/// Half an hour before midnight here, the next day already in UTC.
const LATE: &str = "2025-11-11T23:30:00-05:00";
const EARLY: &str = "2025-11-12T00:10:00-05:00";
const EMAIL: &str = "tareas@personal.example";
const PASSWORD: &str = "Tareas-2025";
/// Ana referred Beto.
const ANA: u32 = 50;
const BETO: u32 = 51;
const CARO: u32 = 52;

fn guest(number: u32, more: Value) -> Value {
    let mut fields = json!({
        "document_type": "dni", "number_doc": format!("6{number:07}"), "first_name": format!("Nombre{number}"),
        "last_name": "Soto", "tel_number": format!("51900000{number:03}"), "points_balance": "0.00",
    });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row("clients.clients", id(number), fields)
}

/// A stay of a guest at a house of its own, so that none is in another's way.
fn stay(number: u32, guest: u32, from: &str, to: &str, more: Value) -> [Value; 2] {
    let house = json!({
        "name": format!("Casa {number}"), "slug": format!("casa-{number}"), "capacity_max": 10,
        "precio_desde": "100.00", "caracteristicas": [], "detalle_dormitorios": {},
    });
    let mut fields = json!({
        "client": id(guest), "property": id(1000 + number), "seller": null, "check_in_date": from,
        "check_out_date": to, "guests": 2, "price_usd": "300.00", "price_sol": "1000.00", "origin": "aus",
        "status": "approved", "points_redeemed": "0.00",
    });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    [
        row("property.property", id(1000 + number), house),
        row("reservation.reservation", id(100 + number), fields),
    ]
}

/// Three guests, the referrers' share, and whatever else a test needs.
fn export(more: impl IntoIterator<Item = Value>) -> Value {
    let share = json!({"percentage": "10.00", "is_active": true});
    let mut rows =
        vec![row("auth.group", 1, json!({"name": "admin"})), row("clients.referralpointsconfig", 1, share)];
    rows.push(guest(ANA, json!({"referral_code": "COD050"})));
    rows.push(guest(BETO, json!({"referred_by": id(ANA)})));
    rows.push(guest(CARO, json!({})));
    rows.extend(more);
    Value::Array(rows)
}

/// Stays that bring points until [`EARLY`]: 50 and 100 for the referrer, 25, and from that day on 10; and those that
/// bring none.
fn stays() -> Vec<Value> {
    let none = json!({});
    [
        stay(1, BETO, "2025-10-01", "2025-10-05", none.clone()),
        stay(
            2,
            CARO,
            "2024-03-01",
            "2024-03-02",
            json!({"price_sol": "600.00", "points_redeemed": "100.00"}),
        ),
        stay(3, CARO, "2025-11-09", "2025-11-12", json!({"price_sol": "200.00", "origin": "client"})),
        stay(4, CARO, "2025-11-09", "2025-11-13", none.clone()),
        stay(5, BETO, "2025-10-01", "2025-10-05", json!({"status": "cancelled"})),
        stay(6, BETO, "2025-10-01", "2025-10-05", json!({"status": "pending"})),
        stay(7, BETO, "2025-10-01", "2025-10-05", json!({"origin": "air"})),
        stay(8, BETO, "2025-10-01", "2025-10-05", json!({"deleted": true})),
        stay(9, BETO, "2025-10-01", "2025-10-05", json!({"price_sol": "0.00"})),
    ]
    .concat()
}

fn write(folder: &Path, export: &Value) -> PathBuf {
    let file = folder.join("export.json");
    std::fs::write(&file, export.to_string()).unwrap();
    file
}

fn start(export: &Value, clock: &str, environment: &[(&str, &str)]) -> Casa {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), export);
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
        email: EMAIL.to_owned(),
        first_name: "Tania".to_owned(),
        last_name: "Vela".to_owned(),
        password_hash: casa_domain::password::hash(PASSWORD).unwrap(),
        groups: vec!["admin".to_owned()],
        superuser: false,
        is_staff: true,
    };
    casa.shared.store().users().create(new, chrono::Utc::now()).await.unwrap();
    casa.sign_in(EMAIL, PASSWORD).await
}

/// Runs a job at its address; status and answer.
async fn ask(casa: &Casa, job: &str) -> (u16, Value) {
    let answer = Client::new().post(format!("{}/_casa/run/{job}", casa.base)).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The report of a job that succeeds.
async fn report(casa: &Casa, job: &str) -> Value {
    let (status, mut answer) = ask(casa, job).await;
    assert_eq!((status, &answer["settled"]), (200, &json!(true)), "{job}: {answer}");
    answer["report"].take()
}

/// The report of a rehearsal, which leaves no trace.
async fn rehearsed(casa: &Casa, job: &str) -> Value {
    let before = Contents::of(&casa.shared).await;
    let report = report(casa, &format!("{job}?dry_run=true")).await;
    assert_eq!(before.differences(&Contents::of(&casa.shared).await), Vec::<String>::new(), "{job}");
    report
}

fn client(number: u32) -> ClientId {
    id(number).parse().unwrap()
}

async fn record(shared: &Shared, number: u32) -> Record {
    shared.store().clients().get(client(number)).await.unwrap().unwrap().client
}

/// Kinds and points of a guest's ledger, oldest first, and that they add up to the balance.
async fn ledger(shared: &Shared, number: u32) -> Vec<(Kind, String)> {
    let entries = shared.store().points().ledger(client(number), None).await.unwrap();
    assert_eq!(casa_domain::points::sum(&entries), record(shared, number).await.points_balance, "{number}");
    entries.iter().rev().map(|entry| (entry.transaction_type, entry.points.to_string())).collect()
}

fn entry(kind: Kind, points: &str) -> (Kind, String) {
    (kind, points.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_stays_are_credited_once() {
    let casa = start(&export(stays()), LATE, &[]);
    let shared = &casa.shared;
    let rehearsal = rehearsed(&casa, "points-award").await;
    assert_eq!((&rehearsal["credited"], &rehearsal["points"]), (&json!(2), &json!("175.00")), "{rehearsal}");
    // The first run looks at everything there ever was; three at once credit no more than one.
    let runs = tokio::join!(
        report(&casa, "points-award"),
        report(&casa, "points-award"),
        report(&casa, "points-award")
    );
    let credited: u64 = [&runs.0, &runs.1, &runs.2].iter().map(|run| run["credited"].as_u64().unwrap()).sum();
    assert_eq!((credited, &runs.0["since"]), (2, &Value::Null), "{runs:?}");
    assert_eq!(ledger(shared, BETO).await, [entry(Kind::Earned, "50.00")]);
    assert_eq!(ledger(shared, ANA).await, [entry(Kind::Referral, "100.00")]);
    assert_eq!(ledger(shared, CARO).await, [entry(Kind::Earned, "25.00")]);

    let contents = Contents::of(shared).await;
    let again = report(&casa, "points-award").await;
    assert_eq!((&again["credited"], &again["points"]), (&json!(0), &json!("0")), "{again}");
    assert_eq!(again["since"], "2025-09-27", "45 days before the run before");
    assert_eq!(contents.differences(&Contents::of(shared).await), Vec::<String>::new());

    // Forty minutes later it is the day of a check-out.
    let next = join(shared, EARLY);
    let rehearsal = rehearsed(&next, "points-award").await;
    let run = report(&next, "points-award").await;
    assert_eq!((&rehearsal, &run["credited"]), (&run, &json!(1)));
    assert_eq!(ledger(shared, CARO).await, [entry(Kind::Earned, "25.00"), entry(Kind::Earned, "10.00")]);
    assert_eq!(report(&next, "points-award").await["credited"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_first_run_reports_is_what_its_rehearsal_did() {
    let casa = start(&export(stays()), EARLY, &[]);
    let rehearsal = rehearsed(&casa, "points-award").await;
    assert_eq!(report(&casa, "points-award").await, rehearsal);
}

#[tokio::test(flavor = "multi_thread")]
async fn points_lapse_once_and_nobody_is_robbed() {
    let lapsed = |number: u32, more: Value| {
        let mut fields = json!({"points_balance": "80.00", "points_expires_at": "2025-11-01T05:00:00Z"});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let entry = json!({
            "client": id(number), "reservation": null, "referred_client": null, "transaction_type": "earned",
            "points": fields["points_balance"], "description": "Puntos", "expires_at": null,
        });
        [guest(number, fields), row("clients.clientpoints", id(200 + number), entry)]
    };
    let mut rows: Vec<Value> = (60..69).flat_map(|number| lapsed(number, json!({}))).collect();
    for (number, more) in [
        (70, json!({"deleted": true})),
        (71, json!({"points_expires_at": "2025-11-12T05:10:00Z"})), // this very instant
        (72, json!({"points_expires_at": null})),
        (73, json!({"points_balance": "0.00"})),
    ] {
        rows.extend(lapsed(number, more));
    }
    let casa = start(&export(rows), EARLY, &[]);
    let token = administrator(&casa).await;
    let shared = &casa.shared;
    let give = |number: u32| {
        let body = json!({"client_id": id(number), "points": 10, "reason": "Cortesía"});
        let request = Client::new().post(casa.url("clients/points/adjust/")).bearer_auth(&token).json(&body);
        async move { assert_eq!(request.send().await.unwrap().status(), 200) }
    };
    assert_eq!(rehearsed(&casa, "points-expire").await, json!({"guests": 9, "points": "720.00"}));
    // Points that were given in time bring the others back to life.
    give(60).await;
    assert_eq!(rehearsed(&casa, "points-expire").await, json!({"guests": 8, "points": "640.00"}));
    let (run, other, ..) = tokio::join!(
        report(&casa, "points-expire"),
        report(&casa, "points-expire"),
        give(61),
        give(62),
        give(63),
        give(64)
    );
    let taken = [&run, &other].map(|run| run["guests"].as_u64().unwrap()).iter().sum::<u64>();
    assert!((4..=8).contains(&taken), "{run} {other}");

    let (had, gave, lost) =
        (entry(Kind::Earned, "80.00"), entry(Kind::Earned, "10.00"), entry(Kind::Expired, "-80.00"));
    assert_eq!(ledger(shared, 60).await, [had.clone(), gave.clone()]);
    let mut robbed = 0;
    for number in 61..65 {
        let entries = ledger(shared, number).await;
        let first = entries == [had.clone(), gave.clone()];
        // At one instant of a clock that stands still the order of entries says nothing.
        let after = entries.len() == 3 && [&had, &gave, &lost].iter().all(|one| entries.contains(one));
        assert!(first || after, "{number}: {entries:?}");
        robbed += u64::from(after);
    }
    assert_eq!(robbed + 4, taken);
    for number in 65..69 {
        assert_eq!(ledger(shared, number).await, [had.clone(), lost.clone()]);
        assert_eq!(record(shared, number).await.points_expires_at, None);
    }
    for number in 70..74 {
        assert_eq!(ledger(shared, number).await.len(), 1, "{number}");
    }
    let contents = Contents::of(shared).await;
    assert_eq!(report(&casa, "points-expire").await, json!({"guests": 0, "points": "0"}));
    assert_eq!(contents.differences(&Contents::of(shared).await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ranking_is_of_the_local_month_before() {
    let entered = |number: u32, created: &str| {
        stay(number, BETO, "2026-01-01", "2026-01-03", json!({"created": created, "price_sol": "500.00"}))
    };
    let rows = [
        entered(1, "2025-10-01T04:59:59Z"), // still September here
        entered(2, "2025-10-01T05:00:00Z"),
        entered(3, "2025-11-01T04:59:59Z"), // still October
        entered(4, "2025-11-01T05:00:00Z"),
    ];
    let casa = start(&export(rows.concat()), "2025-11-30T23:30:00-05:00", &[]);
    let ranks = |month: u32| {
        let address = casa.url(&format!("clients/referral-ranking/?year=2025&month={month}"));
        async move { Client::new().get(address).send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let rehearsal = rehearsed(&casa, "referral-ranking").await;
    assert_eq!(
        (&rehearsal["month"], &rehearsal["ranked"]),
        (&json!({"year": 2025, "month": 10}), &json!(1)),
        "{rehearsal}"
    );
    let run = report(&casa, "referral-ranking").await;
    assert_eq!(
        (&run["month"], &run["ranked"], &run["written"]),
        (&json!({"year": 2025, "month": 10}), &json!(1), &json!(1))
    );
    let october = ranks(10).await;
    assert!(october.to_string().contains("\"referral_reservations_count\":2"), "{october}");
    let contents = Contents::of(&casa.shared).await;
    let again = report(&casa, "referral-ranking").await;
    assert_eq!((&again["had_one"], &again["written"]), (&json!(true), &json!(0)));
    assert_eq!(contents.differences(&Contents::of(&casa.shared).await), Vec::<String>::new());

    let next = join(&casa.shared, "2025-12-01T00:30:00-05:00");
    assert_eq!(report(&next, "referral-ranking").await["month"], json!({"year": 2025, "month": 11}));
    let november = ranks(11).await;
    assert!(november.to_string().contains("\"referral_reservations_count\":1"), "{november}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_process_finds_guests_through_the_snapshot() {
    let casa = start(&export([]), EARLY, &[]);
    let (shared, token) = (&casa.shared, administrator(&casa).await);
    let contents = Contents::of(shared).await;
    assert_eq!(report(&casa, "client-book").await["written"], false, "the import saved one");
    assert_eq!(contents.differences(&Contents::of(shared).await), Vec::<String>::new());
    let store = shared.store();
    let enter = async |number: u32| {
        let fields = json!({
            "id": id(number), "created": "2025-11-01T00:00:00Z", "updated": "2025-11-01T00:00:00Z",
            "document_type": "dni", "number_doc": format!("6{number:07}"), "first_name": format!("Huésped{number}"),
            "last_name": "Soto", "tel_number": "51900000000",
        });
        store.clients().enter(&serde_json::from_value(fields).unwrap(), None, Vec::new()).await.unwrap();
    };
    for number in 400..450 {
        enter(number).await;
    }
    let rehearsal = rehearsed(&casa, "client-book").await;
    assert_eq!((&rehearsal["clients"], &rehearsal["written"]), (&json!(53), &json!(false)), "{rehearsal}");
    let run = report(&casa, "client-book").await;
    assert_eq!((&run["clients"], &run["written"]), (&json!(53), &json!(true)), "{run}");
    // After the snapshot: one more, one renamed, one gone.
    enter(450).await;
    for (number, name, deleted) in [(401, "Renombrada", false), (402, "Huésped402", true)] {
        let seen = store.clients().get(client(number)).await.unwrap().unwrap();
        let after = Record { first_name: name.to_owned(), deleted, ..seen.client.clone() };
        store.clients().change(&seen, &after, None, Vec::new()).await.unwrap();
    }
    let fresh = join(shared, EARLY);
    let find = |words: String| {
        let request =
            Client::new().get(fresh.url("clients/search/")).query(&[("search", words)]).bearer_auth(&token);
        async move {
            let found: Value = request.send().await.unwrap().json().await.unwrap();
            let ids = found.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
            ids.collect::<Vec<_>>()
        }
    };
    for number in (400..451).filter(|number| ![401, 402].contains(number)) {
        assert_eq!(find(format!("Huésped{number}")).await, [id(number)]);
    }
    assert_eq!(find("renombrada".to_owned()).await, [id(401)]);
    for gone in ["Huésped401", "Huésped402"] {
        assert_eq!(find(gone.to_owned()).await, Vec::<String>::new());
    }
    assert_eq!(find("Soto".to_owned()).await.len(), 53);
}
