//! Nights are sold once, through HTTP, with several processes on one table, and also when processes are killed in the
//! middle.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, RwLock},
    time::Duration,
};

use casa_domain::{HouseId, ReservationId, stay::Stay};
use casa_store::reservations::{Page, Wish};
use casa_tests::{Casa, Options, Shared};
use chrono::{Days, NaiveDate};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

const ADMIN: (&str, &str) = ("admin@demo.example", "Demo-admin-1");
const WORKERS: usize = 4;

fn demo() -> Options {
    Options { arguments: vec!["--memory".to_owned(), "--demo".to_owned()], ..Options::default() }
}

fn worker(shared: &Shared) -> Casa {
    Casa::start(&Options {
        arguments: vec!["--memory".to_owned()],
        shared: Some(shared.clone()),
        ..Options::default()
    })
}

/// A day far from the demonstration's own stays.
fn day(offset: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2031, 3, 20).unwrap() + Days::new(offset)
}

struct Setting {
    owner: Casa,
    token: String,
    house: String,
    client: String,
}

async fn setting() -> Setting {
    let owner = Casa::start(&demo());
    let token = owner.sign_in(ADMIN.0, ADMIN.1).await;
    let http = reqwest::Client::new();
    let get = |path: &'static str| {
        let request = http.get(owner.url(path)).bearer_auth(&token);
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let house = get("property/?page_size=1").await["results"][0]["id"].as_str().unwrap().to_owned();
    let clients = get("clients/?page_size=none").await;
    let client =
        clients.as_array().unwrap().iter().find(|one| {
            !["AirBnB", "Mantenimiento"].contains(&one["first_name"].as_str().unwrap_or_default())
        });
    let client = client.unwrap()["id"].as_str().unwrap().to_owned();
    Setting { owner, token, house, client }
}

/// Everything the table says, checked against itself: every night of the house belongs to a reservation that wants it,
/// every blocking reservation holds all its nights, and the list shows exactly the live reservations.
async fn verify(shared: &Shared, house: &str, accepted: &BTreeSet<ReservationId>) -> usize {
    let store = shared.store();
    let house: HouseId = house.parse().unwrap();
    let heads = store.reservations().heads().await.unwrap();
    let listed = store.reservations().list(&heads, &Wish::default(), Page::Everything).await.unwrap();
    assert_eq!(listed.rows.len() as u64, listed.total, "the count agrees with the rows");
    let mut wanted: BTreeMap<NaiveDate, ReservationId> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for row in listed.rows.iter().filter(|row| row.reservation.house == house) {
        let stored = store.reservations().get(row.reservation.id).await.unwrap().unwrap();
        assert_eq!(stored.booked, *row, "the list shows what is stored");
        seen.insert(row.reservation.id);
        for night in row.reservation.wanted_hold().into_iter().flat_map(|hold| hold.stay.iter()) {
            let other = wanted.insert(night, row.reservation.id);
            assert_eq!(other, None, "{night} is held twice");
        }
    }
    let mut held = BTreeMap::new();
    for from in (0..1400).step_by(200) {
        let part = Stay::new(day(from) - Days::new(1000), day(from + 200) - Days::new(1000)).unwrap();
        held.extend(store.calendar().held(house, part).await.unwrap());
    }
    let (first, last) = (day(0) - Days::new(1000), day(1400) - Days::new(1000));
    wanted.retain(|night, _| first <= *night && *night < last);
    assert_eq!(held, wanted, "the calendar holds exactly the nights of the blocking reservations");
    assert!(accepted.is_subset(&seen), "what was accepted is there");
    held.len()
}

fn body(setting: &Setting, from: u64, nights: u64) -> Value {
    json!({
        "property": setting.house, "client": setting.client, "check_in_date": day(from), "origin": "aus",
        "check_out_date": day(from + nights), "guests": 2, "price_sol": "100.00", "price_usd": "30.00",
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_hundred_overlapping_requests_over_several_processes() {
    let setting = setting().await;
    let workers: Vec<_> = (0..WORKERS - 1).map(|_| worker(&setting.owner.shared)).collect();
    let addresses: Vec<_> =
        workers.iter().chain([&setting.owner]).map(|casa| casa.url("reservations/")).collect();
    let http = reqwest::Client::new();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..600u64 {
        let request = http
            .post(&addresses[number as usize % addresses.len()])
            .bearer_auth(&setting.token)
            .json(&body(&setting, number * 7 % 50, 1 + number % 5));
        tasks.spawn(async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        });
    }
    let mut accepted = BTreeSet::new();
    while let Some(result) = tasks.join_next().await {
        match result.unwrap() {
            (201, body) => {
                accepted.insert(body["id"].as_str().unwrap().parse().unwrap());
            }
            (400, body) => {
                assert_eq!(body["detail"][0], "Esta propiedad esta reservada en este rango de fecha");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(accepted.len() >= 10, "{}", accepted.len());
    verify(&setting.owner.shared, &setting.house, &accepted).await;
}

/// Bookings, moves, extensions, late check-outs, cancellations and deletions from many clients, while processes are
/// killed at random and started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_kills_in_the_middle() {
    let setting = Arc::new(setting().await);
    let mut workers: Vec<_> = (0..WORKERS - 1).map(|_| worker(&setting.owner.shared)).collect();
    let addresses = Arc::new(RwLock::new(workers.iter().map(|casa| casa.base.clone()).collect::<Vec<_>>()));
    let accepted: Arc<Mutex<BTreeSet<ReservationId>>> = Arc::default();
    let deleted: Arc<Mutex<BTreeSet<ReservationId>>> = Arc::default();
    let answered = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..40u64 {
        let (setting, addresses) = (Arc::clone(&setting), Arc::clone(&addresses));
        let (accepted, deleted, answered) =
            (Arc::clone(&accepted), Arc::clone(&deleted), Arc::clone(&answered));
        tasks.spawn(async move {
            let mut random = StdRng::seed_from_u64(client);
            let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
            for _ in 0..25 {
                let base = {
                    let addresses = addresses.read().unwrap();
                    addresses[random.random_range(0..addresses.len())].clone()
                };
                let list = format!("{base}/api/v1/reservations/");
                let known = {
                    let known = accepted.lock().unwrap();
                    let nth = random.random_range(0..known.len().max(1));
                    known.iter().nth(nth).copied()
                };
                let (from, nights) = (random.random_range(0..60), random.random_range(1..6));
                let kind = random.random_range(0..10);
                let request = match (kind, known) {
                    (0..4, _) | (_, None) => http.post(&list).json(&body(&setting, from, nights)),
                    (4, Some(id)) => http.delete(format!("{list}{id}/")),
                    (kind, Some(id)) => {
                        let change = match kind {
                            5 | 6 => {
                                json!({"check_in_date": day(from), "check_out_date": day(from + nights)})
                            }
                            7 => json!({"late_checkout": random.random_bool(0.6)}),
                            8 => json!({"status": "cancelled"}),
                            _ => json!({"status": "approved"}),
                        };
                        http.patch(format!("{list}{id}/")).json(&change)
                    }
                };
                // No answer means unknown: the table decides, and it is checked at the end.
                let Ok(answer) = request.bearer_auth(&setting.token).send().await else { continue };
                let status = answer.status().as_u16();
                assert!([200, 201, 204, 400, 404, 409].contains(&status), "{status}");
                answered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if status == 201
                    && let Ok(written) = answer.json::<Value>().await
                {
                    accepted.lock().unwrap().insert(written["id"].as_str().unwrap().parse().unwrap());
                } else if kind == 4
                    && let Some(id) = known
                {
                    deleted.lock().unwrap().insert(id);
                }
            }
        });
    }
    let mut random = StdRng::seed_from_u64(2025);
    let mut kills = 0;
    while !tasks.is_empty() {
        tokio::select! {
            ended = tasks.join_next() => { if let Some(ended) = ended { ended.unwrap(); } }
            () = tokio::time::sleep(Duration::from_millis(random.random_range(60..250))) => {
                let victim = random.random_range(0..workers.len());
                workers[victim].kill();
                kills += 1;
                let shared = setting.owner.shared.clone();
                let fresh = tokio::task::spawn_blocking(move || worker(&shared)).await.unwrap();
                addresses.write().unwrap()[victim].clone_from(&fresh.base);
                workers[victim] = fresh;
            }
        }
    }
    assert!(kills >= 5, "{kills} kills");
    let answered = answered.load(std::sync::atomic::Ordering::Relaxed);
    assert!(answered >= 500, "{answered} answers");
    // A deletion whose answer was lost may have happened: only those never asked to go must be there.
    let kept: BTreeSet<_> = {
        let deleted = deleted.lock().unwrap();
        accepted.lock().unwrap().iter().filter(|id| !deleted.contains(id)).copied().collect()
    };
    let store = setting.owner.shared.store();
    for id in kept {
        assert!(store.reservations().get(id).await.unwrap().is_some(), "{id} was accepted and is gone");
    }
    let held = verify(&setting.owner.shared, &setting.house, &BTreeSet::new()).await;
    assert!(held > 0);
}
