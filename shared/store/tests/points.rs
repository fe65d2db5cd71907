//! The points ledger under contention, repetition and random orders of what can happen to guests and stays.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use std::collections::HashSet;

use casa_domain::{
    Client, ClientId, ReservationId,
    points::{self, Kind},
    reservation::{Origin, Status},
};
use casa_store::{
    Award, Moved, Store, StoreError,
    reservations::{Change, PointsSpent},
};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rust_decimal::Decimal;
use support::{change, day, now, reservation, table};
use uuid::Uuid;

fn guest(number: u128) -> ClientId {
    ClientId(Uuid::from_u128(number))
}

async fn enter(store: &Store, number: u128, referred_by: Option<u128>) {
    let client: Client = serde_json::from_value(serde_json::json!({
        "id": guest(number), "created": now(), "updated": now(), "document_type": "dni",
        "number_doc": number.to_string(), "first_name": format!("Ana{number}"), "last_name": "Rojas",
        "tel_number": "900", "referred_by": referred_by.map(guest),
    }))
    .unwrap();
    store.clients().enter(&client, None, Vec::new()).await.unwrap();
}

fn award(at: DateTime<Utc>) -> Award<'static> {
    let lapses = at + TimeDelta::days(200);
    Award {
        house: "Casa",
        lapses,
        share: Some(Decimal::TEN),
        never_for: ["Mantenimiento", "AirBnB"],
        now: at,
    }
}

async fn give(store: &Store, number: u128, points: i64) -> Moved {
    let movement = points::adjusted(Decimal::from(points), "prueba".into(), now());
    store.points().move_points(guest(number), now(), |_| Some(movement.clone())).await.unwrap()
}

/// The balance, which must be what the ledger adds up to and not negative; and how many entries there are per kind.
async fn balance(store: &Store, number: u128) -> (Decimal, Vec<Kind>) {
    let client = store.clients().get(guest(number)).await.unwrap().unwrap().client;
    let ledger = store.points().ledger(guest(number), None).await.unwrap();
    assert_eq!(client.points_balance, points::sum(&ledger), "guest {number}: {ledger:#?}");
    assert!(client.points_balance >= Decimal::ZERO);
    let causes: Vec<_> = ledger
        .iter()
        .filter_map(|entry| Some((entry.transaction_type, entry.reservation?, entry.referred_client)))
        .collect();
    let distinct: HashSet<_> = causes.iter().collect();
    assert_eq!(distinct.len(), causes.len(), "a cause moved points twice: {causes:?}");
    (client.points_balance, ledger.iter().map(|entry| entry.transaction_type).collect())
}

#[tokio::test]
async fn forty_redemptions_of_ten_take_a_hundred() {
    let store = table().await;
    enter(&store, 1, None).await;
    give(&store, 1, 100).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let store = store.clone();
        tasks.spawn(async move {
            let wanted = Decimal::TEN;
            let decide = |client: &Client| {
                (wanted <= client.available_points(now()))
                    .then(|| points::redeemed(wanted, String::new(), None))
            };
            store.points().move_points(guest(1), now(), decide).await
        });
    }
    let (mut taken, mut refused, mut gave_up) = (0, 0, 0);
    while let Some(done) = tasks.join_next().await {
        match done.unwrap() {
            Ok(Moved::Done(..)) => taken += 1,
            Ok(Moved::Nothing | Moved::Refused(_)) => refused += 1,
            Err(StoreError::Changed | StoreError::Busy) => gave_up += 1,
            other => panic!("{other:?}"),
        }
    }
    let (left, kinds) = balance(&store, 1).await;
    assert_eq!(left, Decimal::from(100 - 10 * taken));
    assert_eq!(kinds.len(), 1 + usize::try_from(taken).unwrap());
    assert_eq!((taken + refused + gave_up, gave_up), (40, 0));
    assert_eq!(taken, 10);
}

#[tokio::test]
async fn a_stay_is_credited_once_however_often_it_is_told() {
    let store = table().await;
    enter(&store, 1, None).await;
    enter(&store, 2, Some(1)).await;
    let mut stay = reservation(7, 1, 0, 2);
    stay.client = Some(guest(2));
    stay.price_sol = Some("1234.50".parse().unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let (store, stay) = (store.clone(), stay.clone());
        tasks.spawn(async move { store.points().award(&stay, award(now())).await.unwrap().len() });
    }
    let mut written = Vec::new();
    while let Some(done) = tasks.join_next().await {
        written.push(done.unwrap());
    }
    written.sort_unstable();
    assert_eq!(
        (written.iter().sum::<usize>(), written.last()),
        (2, Some(&2)),
        "both entries, together, once"
    );
    assert_eq!(balance(&store, 2).await, ("61.72".parse().unwrap(), vec![Kind::Earned]));
    assert_eq!(balance(&store, 1).await, ("123.45".parse().unwrap(), vec![Kind::Referral]));
}

#[tokio::test]
async fn the_houses_own_and_the_deleted_earn_nothing() {
    let store = table().await;
    enter(&store, 1, None).await;
    enter(&store, 2, Some(1)).await;
    let mut stay = reservation(7, 1, 0, 2);
    stay.client = Some(guest(2));
    stay.price_sol = Some(Decimal::from(1000));
    let own = Award { never_for: ["Ana2", "AirBnB"], ..award(now()) };
    assert!(store.points().award(&stay, own).await.unwrap().is_empty());
    // A referrer who is gone gets nothing; the guest does.
    let seen = store.clients().get(guest(1)).await.unwrap().unwrap();
    let gone = Client { deleted: true, ..seen.client.clone() };
    store.clients().change(&seen, &gone, None, Vec::new()).await.unwrap();
    assert_eq!(store.points().award(&stay, award(now())).await.unwrap().len(), 1);
    assert!(matches!(give(&store, 1, 5).await, Moved::NoGuest));
}

#[derive(Clone, Debug)]
enum Step {
    Book { stay: u128, guest: u128, spend: i64 },
    Status { stay: u128, to: Status },
    Delete { stay: u128 },
    Award { stay: u128 },
    Adjust { guest: u128, points: i64 },
    Redeem { guest: u128, points: i64 },
    Expire { guest: u128 },
}

fn step() -> impl Strategy<Value = Step> {
    let (stay, who) = (10u128..16, 1u128..4);
    prop_oneof![
        3 => (stay.clone(), who.clone(), 0i64..60).prop_map(|(stay, guest, spend)| Step::Book { stay, guest, spend }),
        2 => (stay.clone(), prop::sample::select(vec![Status::Approved, Status::Cancelled, Status::Pending]))
            .prop_map(|(stay, to)| Step::Status { stay, to }),
        1 => stay.clone().prop_map(|stay| Step::Delete { stay }),
        5 => stay.prop_map(|stay| Step::Award { stay }),
        2 => (who.clone(), -50i64..80).prop_map(|(guest, points)| Step::Adjust { guest, points }),
        2 => (who.clone(), 1i64..40).prop_map(|(guest, points)| Step::Redeem { guest, points }),
        1 => who.prop_map(|guest| Step::Expire { guest }),
    ]
}

/// Carries a step out as the endpoints and reactions do; what cannot be is left.
async fn carry_out(store: Store, step: Step, at: DateTime<Utc>) {
    let reservations = store.reservations();
    let stored = |stay: u128| {
        let store = store.clone();
        async move { store.reservations().get(ReservationId(Uuid::from_u128(stay))).await.unwrap() }
    };
    let outcome = match step {
        Step::Book { stay, guest: who, spend } => {
            let client = store.clients().get(guest(who)).await.unwrap().unwrap();
            if Decimal::from(spend) > client.client.available_points(at) {
                return;
            }
            let mut one = reservation(stay, 1, i64::try_from(stay).unwrap() * 3, 2);
            one.status = Status::Pending;
            one.origin = Origin::Client;
            one.client = Some(guest(who));
            one.price_sol = Some(Decimal::new(i64::try_from(stay).unwrap() * 3333, 2));
            one.points_redeemed = Decimal::from(spend);
            let card = client.client.card();
            let points = (spend > 0).then(|| PointsSpent {
                client,
                points: Decimal::from(spend),
                description: String::new(),
            });
            reservations
                .commit(Change { client: Some(card), points, ..change(None, one) }, at)
                .await
                .map(drop)
        }
        Step::Status { stay, to } => {
            let Some(before) = stored(stay).await.filter(|one| !one.booked.reservation.deleted) else {
                return;
            };
            let mut after = before.booked.reservation.clone();
            after.status = to;
            let client = before.booked.client.clone();
            reservations.commit(Change { client, ..change(Some(&before), after) }, at).await.map(drop)
        }
        Step::Delete { stay } => {
            let Some(before) = stored(stay).await.filter(|one| !one.booked.reservation.deleted) else {
                return;
            };
            let mut after = before.booked.reservation.clone();
            after.deleted = true;
            let points = match after.client.filter(|_| after.points_redeemed > Decimal::ZERO) {
                Some(client) => Some(PointsSpent {
                    client: store.clients().get(client).await.unwrap().unwrap(),
                    points: -after.points_redeemed,
                    description: String::new(),
                }),
                None => None,
            };
            let client = before.booked.client.clone();
            reservations.commit(Change { client, points, ..change(Some(&before), after) }, at).await.map(drop)
        }
        Step::Award { stay } => {
            let Some(stored) = stored(stay).await else { return };
            let stay = stored.booked.reservation;
            if !points::is_due(&stay, day(400)) {
                return;
            }
            store.points().award(&stay, award(at)).await.map(drop)
        }
        Step::Adjust { guest: who, points } => {
            let movement = points::adjusted(Decimal::from(points), String::new(), at);
            store.points().move_points(guest(who), at, |_| Some(movement.clone())).await.map(drop)
        }
        Step::Redeem { guest: who, points } => {
            let wanted = Decimal::from(points);
            let decide = |client: &Client| {
                (wanted <= client.available_points(at)).then(|| points::redeemed(wanted, String::new(), None))
            };
            store.points().move_points(guest(who), at, decide).await.map(drop)
        }
        Step::Expire { guest: who } => {
            store.points().move_points(guest(who), at, |client| points::lapsed(client, at)).await.map(drop)
        }
    };
    match outcome {
        Ok(()) | Err(StoreError::Changed | StoreError::NightTaken | StoreError::Busy) => {}
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Groups of steps happen at once, some of them several times; days pass between the groups.
    #[test]
    fn balance_is_the_sum_of_the_ledger_whatever_happens(
        groups in prop::collection::vec(
            (prop::collection::vec((step(), 1usize..3), 1..5), 0i64..120),
            1..14,
        )
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let store = table().await;
            enter(&store, 1, None).await;
            enter(&store, 2, Some(1)).await;
            enter(&store, 3, Some(2)).await;
            let mut at = now();
            for (group, days) in groups {
                let mut tasks = tokio::task::JoinSet::new();
                for (step, times) in group {
                    for _ in 0..times {
                        tasks.spawn(carry_out(store.clone(), step.clone(), at));
                    }
                }
                while let Some(done) = tasks.join_next().await {
                    done.unwrap();
                }
                for number in 1..4 {
                    balance(&store, number).await;
                }
                at += TimeDelta::days(days);
            }
        });
    }
}
