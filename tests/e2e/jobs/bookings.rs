//! Bookings that nobody paid in time.

use std::collections::BTreeMap;

use casa_domain::{
    HouseId, ReservationId,
    event::What,
    ids::ReceiptId,
    payment::{Standing, Truth},
    reservation::{Receipt, Status},
    stay::Stay,
};
use casa_store::StoreError;
use casa_tests::bookings::{begin_payment, change, enter, enter_code, hear, key, overdue, uses};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;

use super::*;

const JOB: &str = "bookings-expire";
/// Guests with points to spend: 60 and up.
const FIRST: u32 = 60;

fn now() -> DateTime<Utc> {
    EARLY.parse().unwrap()
}

/// Guests with 100 points each, and a house of its own for each booking.
fn guests(count: u32) -> Value {
    let rows = (0..count).flat_map(|number| {
        let guest_number = FIRST + number;
        let entry = json!({
            "client": id(guest_number), "reservation": null, "referred_client": null, "transaction_type": "earned",
            "points": "100.00", "description": "Puntos", "expires_at": null,
        });
        let house = json!({
            "name": format!("Casa {number}"), "slug": format!("casa-{number}"), "capacity_max": 10,
            "precio_desde": "100.00", "caracteristicas": [], "detalle_dormitorios": {},
        });
        [
            guest(guest_number, json!({"points_balance": "100.00"})),
            row("clients.clientpoints", id(200 + number), entry),
            row("property.property", id(1000 + number), house),
        ]
    });
    export(rows)
}

/// Enters the overdue booking of each of these guests: 40 points, a use of the code.
async fn book(shared: &Shared, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let one = overdue(100 + number, 1000 + number, FIRST + number, "2026-01-05", now());
        enter(&shared.store(), one, 40, true).await;
    }
}

/// Whether the booking of a guest is gone with everything that belonged to it: `Some(true)`; `Some(false)` when it stands
/// with all of it; `None` for anything between.
async fn is_gone(shared: &Shared, number: u32) -> Option<bool> {
    let store = shared.store();
    let stored = store.reservations().get(key(100 + number)).await.unwrap().unwrap();
    let deleted = stored.booked.reservation.deleted;
    let night = "2026-01-05".parse().unwrap();
    let stay = Stay::new(night, night + TimeDelta::days(2)).unwrap();
    let held = store.calendar().held(key::<HouseId>(1000 + number), stay).await.unwrap();
    let taken = [entry(Kind::Earned, "100.00"), entry(Kind::Redeemed, "-40.00")];
    let back = [&taken[..], &[entry(Kind::Refunded, "40.00")]].concat();
    let mut points = ledger(shared, FIRST + number).await;
    points.sort();
    let sorted = |mut points: Vec<_>| {
        points.sort();
        points
    };
    if deleted && held.is_empty() && stored.booked.code.is_none() && points == sorted(back) {
        return Some(true);
    }
    let stands =
        !deleted && held.len() == 2 && stored.booked.code.is_some() && points == sorted(taken.to_vec());
    stands.then_some(false)
}

/// Waits for what follows from what was entered, so that a rehearsal can be told from it.
async fn settle(casa: &Casa) {
    let answer = Client::new().post(format!("{}/_casa/settle", casa.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// How often a fact of a kind is in the outbox, by reservation.
async fn told(shared: &Shared, kind: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for fact in Contents::of(shared).await.facts() {
        if fact["kind"] == kind {
            *counts.entry(fact["reservation"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_booking_lapses_once_with_all_that_belonged_to_it() {
    let casa = start(&guests(8), EARLY, &[]);
    let shared = &casa.shared;
    let store = shared.store();
    enter_code(&store).await;
    book(shared, 0..6).await;
    // One still has its last instant, and one was entered by staff.
    let mut last = overdue(106, 1006, FIRST + 6, "2026-01-05", now());
    last.payment_voucher_deadline = Some(now());
    enter(&store, last, 40, true).await;
    let mut by_staff = overdue(107, 1007, FIRST + 7, "2026-01-05", now());
    by_staff.origin = casa_domain::Origin::Staff;
    enter(&store, by_staff, 40, true).await;
    assert_eq!(uses(&store).await, 8);
    settle(&casa).await;

    assert_eq!(rehearsed(&casa, JOB).await, json!({"lapsed": 6, "paying": 0}));
    let (one, two, three) = tokio::join!(report(&casa, JOB), report(&casa, JOB), report(&casa, JOB));
    let lapsed: u64 = [&one, &two, &three].iter().map(|run| run["lapsed"].as_u64().unwrap()).sum();
    assert_eq!(lapsed, 6, "{one} {two} {three}");
    for number in 0..8 {
        assert_eq!(is_gone(shared, number).await, Some(number < 6), "{number}");
    }
    assert_eq!(uses(&store).await, 2);
    let once: BTreeMap<_, _> = (0..6).map(|number| (id(100 + number), 1)).collect();
    assert_eq!(told(shared, "reservation_lapsed").await, once);
    assert_eq!(told(shared, "reservation_deleted").await, once);

    let contents = Contents::of(shared).await;
    assert_eq!(report(&casa, JOB).await, json!({"lapsed": 0, "paying": 0}));
    assert_eq!(contents.differences(&Contents::of(shared).await), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_and_a_payment_under_way_keep_a_booking() {
    let casa = start(&guests(3), EARLY, &[]);
    let shared = &casa.shared;
    let store = shared.store();
    enter_code(&store).await;
    book(shared, 0..3).await;
    let read = async |number: u32| store.reservations().get(key(100 + number)).await.unwrap().unwrap();
    voucher(shared, 0).await.unwrap();
    let paying = begin_payment(&store, &read(1).await, 300, now()).await.unwrap();
    let refused = begin_payment(&store, &read(2).await, 301, now()).await.unwrap();
    settle(&casa).await;
    assert_eq!(rehearsed(&casa, JOB).await, json!({"lapsed": 0, "paying": 2}));
    assert_eq!(report(&casa, JOB).await, json!({"lapsed": 0, "paying": 2}));

    // Once the gateway has decided: what was paid stays, what was not goes.
    let one = &paying.booked.reservation;
    let truth = Truth::Seen {
        transaction: "1".to_owned(),
        standing: Standing::Approved,
        word: "approved".to_owned(),
        detail: String::new(),
        taken: one.due_in_soles(),
        refunded: "0".parse().unwrap(),
        charged_back: false,
    };
    hear(&store, &paying, 300, &truth, now()).await;
    hear(&store, &refused, 301, &Truth::Refused { detail: "funds".to_owned() }, now()).await;
    assert_eq!(report(&casa, JOB).await, json!({"lapsed": 1, "paying": 0}));
    for (number, gone) in [(0, false), (1, false), (2, true)] {
        assert_eq!(is_gone(shared, number).await, Some(gone), "{number}");
    }
    assert_eq!(read(0).await.booked.reservation.status, Status::Pending);
    assert_eq!(read(1).await.booked.reservation.status, Status::Approved);
}

/// The voucher of a booking arrives.
async fn voucher(shared: &Shared, number: u32) -> Result<(), StoreError> {
    let store = shared.store();
    let stored = store.reservations().get(key(100 + number)).await?.unwrap();
    let mut after = stored.booked.reservation.clone();
    if after.deleted || after.takes_voucher(after.created).is_err() {
        return Err(StoreError::Changed);
    }
    after.take_voucher(1, false);
    let receipt: ReceiptId = key(400 + number);
    let reservation: ReservationId = after.id;
    let file = format!("rental_recipt/{number}.jpg");
    let receipts = vec![Receipt { id: receipt, reservation, file, created: now() }];
    let facts = vec![What::VoucherReceived { reservation, receipt, number: 1 }];
    change(&store, &stored, after, receipts, facts, now()).await?;
    Ok(())
}

/// Whoever is first wins, and nobody half: vouchers and payments at the same moment as two runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn races_are_won_whole() {
    let casa = start(&guests(24), EARLY, &[]);
    let shared = &casa.shared;
    enter_code(&shared.store()).await;
    // The code has ten uses: the first ten bookings take them.
    for number in 0..24 {
        let one = overdue(100 + number, 1000 + number, FIRST + number, "2026-01-05", now());
        enter(&shared.store(), one, 40, number < 10).await;
    }
    let mut tasks = JoinSet::new();
    for number in 0..24 {
        let shared = shared.clone();
        tasks.spawn(async move {
            let came = if number % 2 == 0 {
                voucher(&shared, number).await
            } else {
                let store = shared.store();
                let stored = store.reservations().get(key(100 + number)).await.unwrap().unwrap();
                if stored.booked.reservation.deleted {
                    Err(StoreError::Changed)
                } else {
                    begin_payment(&store, &stored, 300 + number, now()).await.map(|_| ())
                }
            };
            assert!(matches!(came, Ok(()) | Err(StoreError::Changed)), "{came:?}");
            (number, came.is_ok())
        });
    }
    let (one, two) = tokio::join!(report(&casa, JOB), report(&casa, JOB));
    let mut kept = 0;
    while let Some(done) = tasks.join_next().await {
        let (number, came) = done.unwrap();
        kept += u64::from(came);
        let stored = shared.store().reservations().get(key(100 + number)).await.unwrap().unwrap();
        assert_eq!(stored.booked.reservation.deleted, !came, "{number}");
        let refunds = ledger(shared, FIRST + number).await;
        let refunds = refunds.iter().filter(|(kind, _)| *kind == Kind::Refunded).count();
        assert_eq!(refunds, usize::from(!came), "{number}");
    }
    let again = report(&casa, JOB).await;
    let lapsed: u64 = [&one, &two, &again].iter().map(|run| run["lapsed"].as_u64().unwrap()).sum();
    assert_eq!(lapsed + kept, 24, "{one} {two} {again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), &guests(10));
    let data = folder.path().join("data");
    let begin = |import: bool| {
        let mut arguments = vec!["--data", data.to_str().unwrap(), "--clock", EARLY];
        if import {
            arguments.extend(["--import", file.to_str().unwrap()]);
        }
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        Casa::start(&Options { arguments, ..Options::default() })
    };
    let mut casa = begin(true);
    enter_code(&casa.shared.store()).await;
    book(&casa.shared, 0..10).await;
    let address = format!("{}/_casa/run/{JOB}", casa.base);
    let run = tokio::spawn(async move { Client::new().post(address).send().await.is_ok() });
    // In the middle of it.
    let ids: Vec<ReservationId> = (100..110).map(key).collect();
    for _ in 0..3000 {
        let all = casa.shared.store().reservations().get_many(&ids).await.unwrap();
        if all.values().filter(|one| one.booked.reservation.deleted).count() > 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    casa.kill();
    let _ = run.await;

    let casa = begin(false);
    let shared = &casa.shared;
    let mut gone = 0;
    for number in 0..10 {
        let state = is_gone(shared, number).await;
        assert!(state.is_some(), "{number} is neither here nor there");
        gone += u64::from(state == Some(true));
    }
    assert!(gone > 1, "killed too early");
    assert_eq!(uses(&shared.store()).await, 10 - gone);
    assert_eq!(report(&casa, JOB).await, json!({"lapsed": 10 - gone, "paying": 0}));
    for number in 0..10 {
        assert_eq!(is_gone(shared, number).await, Some(true), "{number}");
    }
    assert_eq!(uses(&shared.store()).await, 0);
    assert_eq!(told(shared, "reservation_lapsed").await.values().sum::<usize>(), 10);
}
