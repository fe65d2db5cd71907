//! Reservations: the levels and points that follow from them, and facts that are told over and over.

use casa_gateways::Gateways;
use casa_tests::contents::Contents;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    ANA, BETO, CARO, DINO, FOREST, HOUSE, SEED, SPROUT, Setting, Stranger, id,
    table::{facts, feed, reactions, rows},
    vendors::{ALL, Fault, TELEGRAM},
};

impl Setting {
    async fn delete_stay(&self, reservation: &str) {
        let (status, body) = self.send(Method::DELETE, &format!("reservations/{reservation}/"), None).await;
        assert_eq!(status, 204, "{body}");
        self.settle().await;
    }

    /// Balance and ledger of a guest: kind and points, oldest first.
    async fn points(&self, guest: u32) -> (String, Vec<(String, String)>) {
        let record = self.record(&id(guest)).await;
        let ledger = self.casa.shared.store().points().ledger(record.id, None).await.unwrap();
        let entry =
            |one: &casa_domain::points::Entry| (one.transaction_type.to_string(), one.points.to_string());
        (record.points_balance.to_string(), ledger.iter().rev().map(entry).collect())
    }
}

fn entry(kind: &str, points: &str) -> (String, String) {
    (kind.to_owned(), points.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_come_and_go_with_approved_stays() {
    let setting = Setting::new(&[(1, BETO, "2025-12-01", "2025-12-04", "pending")]).await;
    let approve = || setting.change_stay(1, json!({"status": "approved"}));
    approve().await;
    assert_eq!(setting.levels(BETO).await, (vec![SEED, SPROUT], 2));
    assert_eq!(setting.levels(ANA).await, (vec![SEED, FOREST], 2));
    let told = setting.told_of_levels();
    assert_eq!(told.len(), 2, "{told:?}");
    for (name, level) in [("Beto Mora", "Brote"), ("Ana María Lira", "Bosque")] {
        let text = told.iter().find(|text| text.contains(name)).unwrap();
        assert!(text.contains(level) && !text.contains("Semilla"), "{text}");
    }
    let held = setting.record(&id(BETO)).await.levels;

    setting.change_stay(1, json!({"status": "cancelled"})).await;
    assert_eq!(setting.levels(BETO).await, (vec![SEED], 2));
    assert_eq!(setting.levels(ANA).await, (vec![SEED], 2));
    assert_eq!(setting.told_of_levels().len(), 2, "what is taken away is not told");

    approve().await;
    assert_eq!(setting.levels(BETO).await, (vec![SEED, SPROUT], 2), "restored, not doubled");
    assert_eq!(setting.levels(ANA).await, (vec![SEED, FOREST], 2));
    let ids = |levels: &[casa_domain::level::Held]| levels.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(&setting.record(&id(BETO)).await.levels), ids(&held));
    assert_eq!(setting.told_of_levels().len(), 4, "given again is told again");

    // Another guest's now, and then deleted.
    setting.change_stay(1, json!({"client": id(CARO)})).await;
    assert_eq!(setting.levels(BETO).await.0, [SEED]);
    assert_eq!(setting.levels(ANA).await.0, [SEED]);
    assert_eq!(setting.levels(CARO).await.0, [SEED, SPROUT]);
    setting.delete_stay(&id(101)).await;
    assert_eq!(setting.levels(CARO).await, (vec![SEED], 2));
    assert_eq!(feed(&setting.casa.shared, &id(CARO), "reservation_auto_deleted_cron").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_that_is_over_is_credited_when_it_is_approved() {
    let stays =
        [(1, BETO, "2025-11-10", "2025-11-12", "pending"), (2, BETO, "2025-11-12", "2025-11-13", "pending")];
    let setting = Setting::new(&stays).await;
    // Vendors have no say in it.
    setting.vendors.will(TELEGRAM, &[Fault::Dropped, Fault::Status(500)]);
    setting.change_stay(1, json!({"status": "approved"})).await;
    let credited = || async {
        let guest = ("50.00".to_owned(), vec![entry("earned", "50.00")]);
        assert_eq!(setting.points(BETO).await, guest);
        assert_eq!(setting.points(ANA).await, ("100.00".to_owned(), vec![entry("referral", "100.00")]));
        for guest in [BETO, ANA] {
            assert_eq!(feed(&setting.casa.shared, &id(guest), "points_earned").await.len(), 1);
        }
    };
    credited().await;
    let expiry = setting.record(&id(ANA)).await.points_expires_at.unwrap();
    assert_eq!(expiry.to_rfc3339(), "2026-11-12T05:00:00+00:00", "a year from the check-out, local midnight");

    // One that ends tomorrow waits; the other is credited once ever, whatever becomes of it.
    setting.change_stay(2, json!({"status": "approved"})).await;
    for status in ["cancelled", "approved"] {
        setting.change_stay(1, json!({"status": status})).await;
    }
    setting.change_stay(1, json!({"client": id(BETO), "price_sol": "3000.00"})).await;
    setting.delete_stay(&id(101)).await;
    credited().await;
}

/// A stay that was credited and then turns out to be another guest's: that guest is credited too (contract 02 §4.7), but a
/// referrer of both had the share already.
#[tokio::test(flavor = "multi_thread")]
async fn a_referrer_of_both_guests_has_one_share() {
    let setting = Setting::new(&[(1, BETO, "2025-11-10", "2025-11-12", "approved")]).await;
    setting
        .patch(&format!("clients/{}/", id(DINO)), json!({"last_name": "Ochoa", "referred_by": id(ANA)}))
        .await;
    setting.change_stay(1, json!({"full_payment": true})).await;
    assert_eq!(setting.points(ANA).await.1, [entry("referral", "100.00")]);
    setting.change_stay(1, json!({"client": id(DINO)})).await;
    assert_eq!(setting.points(DINO).await.1, [entry("earned", "50.00")]);
    assert_eq!(setting.points(ANA).await.1, [entry("referral", "100.00")]);
    let open = facts(&setting.casa.shared).await.into_iter().filter(|fact| fact.index.is_some());
    assert_eq!(open.count(), 0, "nothing is tried again or parked");
}

/// What a run of requests leaves behind stays as it is, however often and with whatever else at the same time its facts
/// are told again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn facts_told_again_change_nothing() {
    let stays =
        [(1, BETO, "2025-11-01", "2025-11-05", "pending"), (2, BETO, "2025-12-01", "2025-12-04", "pending")];
    let setting = Setting::new(&stays).await;
    let (status, answer) = setting.send(Method::POST, "clients/", Some(Stranger(600).body())).await;
    assert_eq!(status, 201);
    setting.change_stay(1, json!({"status": "approved"})).await;
    setting.change_stay(2, json!({"status": "approved"})).await;
    setting.change_stay(2, json!({"status": "cancelled"})).await;
    let booking = json!({
        "client": answer["id"], "property": id(HOUSE), "check_in_date": "2025-11-12", "check_out_date": "2025-11-15",
        "guests": 2, "price_usd": "100.00", "price_sol": "375.00",
    });
    let (status, answer) = setting.send(Method::POST, "reservations/", Some(booking)).await;
    assert_eq!(status, 201, "{answer}");
    setting
        .patch(
            &format!("clients/{}/", id(BETO)),
            json!({"first_name": "Bruno", "last_name": "Mora", "referred_by": id(CARO)}),
        )
        .await;
    setting.settle().await;
    setting.delete_stay(&id(102)).await;
    // Bookings go to three chats, one of them because it begins today.
    let chats: Vec<Value> =
        setting.vendors.calls(TELEGRAM).iter().map(|call| call.body["chat_id"].clone()).collect();
    for chat in ["main", "arrivals", "operations"] {
        assert_eq!(chats.iter().filter(|one| **one == chat).count(), 1, "{chats:?}");
    }

    let shared = &setting.casa.shared;
    let facts = facts(shared).await;
    let kinds: std::collections::BTreeSet<_> =
        facts.iter().map(|fact| fact.doc["kind"].to_string()).collect();
    assert!(facts.len() > 12 && kinds.len() >= 7, "{kinds:?}");
    let before = Contents::of(shared).await;
    setting.vendors.forget();
    // No vendor is configured here: one that was to be called again would be missed below.
    let react = reactions(shared, Gateways::default());
    let mut tasks = JoinSet::new();
    for round in 0..6 {
        for at in 0..facts.len() {
            // Each round begins elsewhere, so that later facts also come before earlier ones.
            let (react, image) = (react.clone(), facts[(at + 5 * round) % facts.len()].image());
            tasks.spawn(async move { react.handle(&image).await });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    setting.settle().await;
    assert_eq!(before.differences(&Contents::of(shared).await), Vec::<String>::new());
    assert!(ALL.iter().all(|vendor| setting.vendors.calls(vendor).is_empty()));
}

/// The same when nothing of it was done before: many deliveries at once write everything once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_deliveries_at_once_write_once() {
    let stays = [(1, BETO, "2025-11-01", "2025-11-05", "approved")];
    let setting = Setting::new(&stays).await;
    let shared = &setting.casa.shared;
    let react = reactions(shared, Gateways::default());
    // Facts as the table would show them, of which the running program knows nothing.
    let fact = |number: u32, what: Value| {
        let mut doc = json!({"id": id(number), "at": "2025-11-12T15:30:00Z"});
        doc.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        reactions::Image { pk: format!("OUT#{}", id(number)), sk: "A".to_owned(), doc: Some(doc.to_string()) }
    };
    let changed = json!({
        "kind": "reservation_status_changed", "reservation": id(101), "from": "pending", "to": "approved",
    });
    let images = [fact(901, changed), fact(902, json!({"kind": "client_created", "client": id(CARO)}))];
    let mut tasks = JoinSet::new();
    for image in images.iter().cycle().take(24) {
        let (react, image) = (react.clone(), image.clone());
        tasks.spawn(async move { react.handle(&image).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    setting.settle().await;
    assert_eq!(setting.levels(BETO).await, (vec![SEED, SPROUT], 2));
    assert_eq!(setting.levels(ANA).await, (vec![SEED, FOREST], 2));
    assert_eq!(setting.points(BETO).await.1, [entry("earned", "50.00")]);
    assert_eq!(setting.points(ANA).await.1, [entry("referral", "100.00")]);
    for (guest, kind) in [
        (BETO, "payment_completed"),
        (BETO, "points_earned"),
        (ANA, "points_earned"),
        (CARO, "client_registered"),
    ] {
        assert_eq!(feed(shared, &id(guest), kind).await.len(), 1, "{kind}");
    }
    let told = setting.told_of_levels();
    assert_eq!(told.len(), 2, "{told:?}");
    let referrers = rows(shared, "REFERRERS").await;
    assert_eq!(referrers.iter().filter(|row| row.sk.starts_with("R#")).count(), 1);
}
