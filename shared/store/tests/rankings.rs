//! Monthly rankings and the public figures of referrers.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use casa_domain::{
    Client, ClientId,
    referrals::Ranked,
    reservation::{Reservation, Status},
    time::Month,
};
use casa_store::{Saved, Store, import::Importer, reservations::Change};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{change, commit, now, reservation, table};
use uuid::Uuid;

fn october() -> Month {
    Month::new(2025, 10).unwrap()
}

fn id(number: u128) -> ClientId {
    ClientId(Uuid::from_u128(number))
}

fn row(client: u128, position: u32, stays: u64) -> Ranked {
    Ranked {
        id: Uuid::from_u128(1_000_000 + client),
        created: now(),
        updated: now(),
        deleted: false,
        client: id(client),
        year: 2025,
        month: 10,
        referral_reservations_count: stays,
        referrals_made_count: 0,
        total_referral_revenue: "100.00".parse().unwrap(),
        points_earned: "0.00".parse().unwrap(),
        position: Some(position),
    }
}

/// A whole month of so many referrers, each with the same count.
fn rows(of: std::ops::Range<u128>, stays: u64) -> Vec<Ranked> {
    (1..).zip(of).map(|(position, client)| row(client, position, stays)).collect()
}

async fn shown(store: &Store) -> Vec<(u128, u64)> {
    let rows = store.rankings().month(2025, 10).await.unwrap();
    rows.iter().map(|row| (row.client.0.as_u128(), row.referral_reservations_count)).collect()
}

#[tokio::test]
async fn a_month_is_replaced_and_the_same_again_changes_nothing() {
    let store = table().await;
    let rankings = store.rankings();
    assert!(!rankings.has_month(october()).await.unwrap());
    assert!(rankings.all().await.unwrap().is_empty());
    let first = rows(1..251, 2);
    let saved = rankings.save_month(october(), &first).await.unwrap();
    assert_eq!(saved, Saved { written: 250, removed: 0 });
    assert!(rankings.has_month(october()).await.unwrap());
    assert_eq!(rankings.month(2025, 10).await.unwrap(), first);
    assert_eq!(rankings.all().await.unwrap().len(), 250);

    let later = now() + TimeDelta::days(1);
    let again: Vec<_> = first.iter().map(|row| Ranked { updated: later, ..row.clone() }).collect();
    assert_eq!(rankings.save_month(october(), &again).await.unwrap(), Saved::default());
    assert_eq!(rankings.month(2025, 10).await.unwrap(), first);

    // 100 leave, 20 come, the others stay as they are but for the last, which keeps its id.
    let mut second: Vec<_> = first[..150].to_vec();
    second[149] = Ranked { id: Uuid::nil(), referral_reservations_count: 1, ..second[149].clone() };
    second.extend(rows(500..520, 1));
    let saved = rankings.save_month(october(), &second).await.unwrap();
    assert_eq!(saved, Saved { written: 21, removed: 100 });
    let stored = rankings.month(2025, 10).await.unwrap();
    assert_eq!(stored.len(), 170);
    let kept = stored.iter().find(|row| row.client == id(150)).unwrap();
    assert_eq!((kept.id, kept.referral_reservations_count), (first[149].id, 1));
    assert_eq!(rankings.all().await.unwrap().len(), 170, "the warm copy is read again");

    assert_eq!(rankings.save_month(october(), &[]).await.unwrap(), Saved { written: 0, removed: 170 });
    assert!(!rankings.has_month(october()).await.unwrap());
    assert!(store.rankings().month(2025, 9).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_at_once_do_not_mix() {
    let store = table().await;
    for round in 0..4 {
        let mut tasks = tokio::task::JoinSet::new();
        for (from, to) in [(1, 200), (150, 380), (100, 420)] {
            let store = store.clone();
            tasks.spawn(async move {
                let wanted = rows(from..to, from as u64 + round);
                store.rankings().save_month(october(), &wanted).await.unwrap();
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        let shown = shown(&store).await;
        let stays = shown[0].1;
        assert!(shown.iter().all(|row| row.1 == stays), "rows of two jobs: {shown:?}");
        let expected = [(1, 199), (150, 230), (100, 320)];
        assert!(expected.contains(&((stays - round), shown.len())), "{stays} {}", shown.len());
        assert!(store.rankings().has_month(october()).await.unwrap());
    }
}

fn export_row(model: &str, pk: &str, fields: Value) -> Value {
    let mut all =
        json!({"created": "2025-11-01T10:00:00Z", "updated": "2025-11-01T10:00:00Z", "deleted": false});
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({"model": model, "pk": pk, "fields": all})
}

#[tokio::test]
async fn imported_months_count_without_their_deleted_rows() {
    let store = table().await;
    let ranking = |pk: u128, client: u128, month: u32, deleted: bool| {
        export_row(
            "clients.referralranking",
            &Uuid::from_u128(pk).to_string(),
            json!({"client": id(client), "year": 2025, "month": month, "position": 1, "deleted": deleted,
                "total_referral_revenue": "634.96", "referral_reservations_count": 1}),
        )
    };
    let rows = vec![
        ranking(1, 1, 10, false),
        ranking(2, 2, 10, true),
        ranking(3, 1, 13, false),
        export_row("clients.referralranking", "x", json!({"client": id(9), "year": 2025, "month": 1})),
    ];
    store.rankings().all().await.unwrap();
    let report = Importer::new(store.clone()).run(rows.clone(), &mut |_, _| {}).await.unwrap();
    assert_eq!((report.imported["clients.referralranking"], report.rejected.len()), (3, 1));
    assert_eq!(shown(&store).await, [(1, 1)]);
    assert_eq!(store.rankings().month(2025, 13).await.unwrap().len(), 1);
    assert_eq!(store.rankings().all().await.unwrap().len(), 2);
    assert!(store.rankings().has_month(october()).await.unwrap());
    let again = Importer::new(store.clone()).run(rows, &mut |_, _| {}).await.unwrap();
    assert_eq!((again.unchanged, again.imported.len()), (3, 0));

    let mut back = row(2, 1, 7);
    back.id = Uuid::nil();
    store.rankings().save_month(october(), &[back]).await.unwrap();
    let stored = store.rankings().month(2025, 10).await.unwrap();
    assert_eq!((stored.len(), stored[0].id, stored[0].deleted), (1, Uuid::from_u128(2), false));
}

#[tokio::test]
async fn reservations_are_found_by_when_they_were_entered() {
    let store = table().await;
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    for (number, created) in [
        (1, "2025-10-01T04:59:59.999999Z"),
        (2, "2025-10-01T05:00:00Z"),
        (3, "2025-10-15T00:00:00Z"),
        (4, "2025-11-01T04:59:59Z"),
        (5, "2025-11-01T05:00:00Z"),
    ] {
        let mut one = reservation(number, 1, i64::try_from(number).unwrap() * 3, 2);
        one.created = at(created);
        commit(&store, None, one).await.unwrap();
    }
    let from = at("2025-10-01T05:00:00Z");
    let found = store.rankings().entered(from, at("2025-11-01T05:00:00Z")).await.unwrap();
    let numbers: Vec<_> = found.iter().map(|one| one.id.0.as_u128()).collect();
    assert_eq!(numbers, [2, 3, 4]);
}

fn client(number: u128, referred_by: Option<u128>) -> Client {
    serde_json::from_value(json!({
        "id": id(number), "created": now(), "updated": now(), "document_type": "dni",
        "number_doc": format!("4{number:07}"), "first_name": format!("Ana María{number}"),
        "last_name": "rojas Paz", "tel_number": "51999000111", "referred_by": referred_by.map(id),
    }))
    .unwrap()
}

fn stay_of(number: u128, guest: &Client, status: Status) -> Change<'static> {
    let one = reservation(number, number, i64::try_from(number).unwrap(), 2);
    let after = Reservation { client: Some(guest.id), status, ..one };
    Change { client: Some(guest.card()), ..change(None, after) }
}

/// Referrals and those with reservations, by referrer.
async fn figures(store: &Store) -> Vec<(u128, String, u64, u64)> {
    let all = store.referrers().all().await.unwrap();
    let mut rows: Vec<_> = all
        .iter()
        .map(|one| (one.client.0.as_u128(), one.name.clone(), one.referrals, one.with_reservations))
        .collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn figures_follow_the_facts_once_they_are_asked_to() {
    let store = table().await;
    let (clients, referrers) = (store.clients(), store.referrers());
    for one in [client(1, None), client(2, Some(1)), client(3, Some(1)), client(4, Some(3))] {
        clients.enter(&one, None, Vec::new()).await.unwrap();
    }
    assert_eq!(figures(&store).await, []);
    assert!(!referrers.refresh(id(77)).await.unwrap());
    assert!(!referrers.refresh(id(2)).await.unwrap(), "has referred nobody");
    assert!(referrers.refresh(id(1)).await.unwrap());
    assert!(!referrers.refresh(id(1)).await.unwrap());
    assert_eq!(figures(&store).await, [(1, "Ana R.".to_owned(), 2, 0)]);

    let reservations = store.reservations();
    reservations.commit(stay_of(1, &client(2, Some(1)), Status::Approved), now()).await.unwrap();
    reservations.commit(stay_of(2, &client(2, Some(1)), Status::Approved), now()).await.unwrap();
    reservations.commit(stay_of(3, &client(3, Some(1)), Status::Pending), now()).await.unwrap();
    assert_eq!(referrers.refresh_those_of(&[id(2), id(3), id(4)]).await.unwrap(), 2);
    assert_eq!(figures(&store).await, [(1, "Ana R.".to_owned(), 2, 1), (3, "Ana R.".to_owned(), 1, 0)]);

    for (gone, expected) in [(3, vec![(1, 1, 1)]), (2, vec![])] {
        let seen = clients.get(id(gone)).await.unwrap().unwrap();
        let after = Client { deleted: true, ..seen.client.clone() };
        clients.change(&seen, &after, None, Vec::new()).await.unwrap();
        referrers.refresh(id(gone)).await.unwrap();
        referrers.refresh(id(1)).await.unwrap();
        let short: Vec<_> = figures(&store).await.into_iter().map(|row| (row.0, row.2, row.3)).collect();
        assert_eq!(short, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn figures_that_are_late_do_not_win() {
    let store = table().await;
    store.clients().enter(&client(1, None), None, Vec::new()).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 2..10 {
        let store = store.clone();
        tasks.spawn(async move {
            store.clients().enter(&client(number, Some(1)), None, Vec::new()).await.unwrap();
            loop {
                match store.referrers().refresh(id(1)).await {
                    Ok(_) => break,
                    Err(casa_store::StoreError::Changed) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(figures(&store).await, [(1, "Ana R.".to_owned(), 8, 0)]);
}

#[tokio::test]
async fn an_import_works_figures_out() {
    let store = table().await;
    let guest = |number: u128, referred_by: Option<u128>| {
        let fields = json!({
            "document_type": "dni", "number_doc": format!("4{number:07}"), "first_name": "Ana", "last_name": "Lira",
            "tel_number": "51999000111", "referred_by": referred_by.map(id),
        });
        export_row("clients.clients", &id(number).to_string(), fields)
    };
    let rows = vec![
        guest(2, Some(1)),
        guest(1, None),
        guest(3, Some(1)),
        export_row(
            "reservation.reservation",
            &Uuid::from_u128(7).to_string(),
            json!({"client": id(3), "property": Uuid::from_u128(1), "check_in_date": "2025-12-01",
                "check_out_date": "2025-12-03", "status": "approved", "price_sol": "10.00"}),
        ),
    ];
    for _ in 0..2 {
        Importer::new(store.clone()).run(rows.clone(), &mut |_, _| {}).await.unwrap();
        assert_eq!(figures(&store).await, [(1, "Ana L.".to_owned(), 2, 1)]);
    }
}
