//! Several reservations in one transaction, and discount codes under contention.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use std::collections::BTreeSet;

use casa_domain::{
    ids::RowId,
    pricing::code::{CodeKind, DiscountCode},
    reservation::Status,
    stay::Stay,
};
use casa_store::{Store, StoreError, Wanted, reservations::Stored};
use support::{change, commit, day, held, house, now, reservation, table, wanted};
use uuid::Uuid;

fn moved(stored: &Stored, to: u128) -> casa_domain::Reservation {
    let mut after = stored.booked.reservation.clone();
    after.house = house(to);
    after
}

async fn agrees(store: &Store, expected: &[&casa_domain::Reservation]) {
    let mut nights = BTreeSet::new();
    for number in 1..4 {
        nights.extend(held(store, house(number)).await.into_iter().map(|(n, who)| (house(number), n, who)));
    }
    assert_eq!(nights, wanted(expected.iter().copied()));
    let range = Stay::new(day(-30), day(90)).unwrap();
    let ask = Wanted { stay: range, client: None, code: None };
    let occupancy = store.quotes().ground(&ask).await.unwrap().occupancy;
    for number in 1..4 {
        for night in range.iter() {
            let expected = nights.iter().any(|(one, at, _)| (*one, *at) == (house(number), night));
            assert_eq!(occupancy.is_held(house(number), night), expected, "house {number} {night}");
        }
    }
}

#[tokio::test]
async fn two_stays_swap_houses_across_a_months_end() {
    let store = table().await;
    let first = commit(&store, None, reservation(1, 1, 28, 6)).await.unwrap();
    let second = commit(&store, None, reservation(2, 2, 30, 2)).await.unwrap();
    let (a, b) = (moved(&first, 2), moved(&second, 1));
    let changes = vec![change(Some(&first), a.clone()), change(Some(&second), b.clone())];
    let stored = store.reservations().commit_all(changes, now()).await.unwrap();
    assert_eq!(stored.iter().map(|one| one.version).collect::<Vec<_>>(), [2, 2]);
    agrees(&store, &[&a, &b]).await;
}

#[tokio::test]
async fn a_chain_with_a_new_booking_is_one_change() {
    let store = table().await;
    let at_one = commit(&store, None, reservation(1, 1, 10, 4)).await.unwrap();
    let at_two = commit(&store, None, reservation(2, 2, 12, 3)).await.unwrap();
    let (a, b) = (moved(&at_one, 2), moved(&at_two, 3));
    let new = reservation(3, 1, 9, 6);
    let plan = || {
        vec![change(Some(&at_two), b.clone()), change(Some(&at_one), a.clone()), change(None, new.clone())]
    };
    // Somebody takes a night of the last house first: nothing of the plan happens.
    let thief = commit(&store, None, reservation(9, 3, 14, 1)).await.unwrap();
    assert!(matches!(store.reservations().commit_all(plan(), now()).await, Err(StoreError::NightTaken)));
    agrees(&store, &[&at_one.booked.reservation, &at_two.booked.reservation, &thief.booked.reservation])
        .await;
    let mut gone = thief.booked.reservation.clone();
    gone.status = Status::Cancelled;
    commit(&store, Some(&thief), gone.clone()).await.unwrap();
    store.reservations().commit_all(plan(), now()).await.unwrap();
    agrees(&store, &[&a, &b, &new, &gone]).await;
    // The same plan again names versions that are gone.
    assert!(matches!(store.reservations().commit_all(plan(), now()).await, Err(StoreError::Changed)));
    agrees(&store, &[&a, &b, &new, &gone]).await;
}

#[tokio::test]
async fn two_of_one_transaction_cannot_share_a_night() {
    let store = table().await;
    let changes = vec![change(None, reservation(1, 1, 3, 3)), change(None, reservation(2, 1, 5, 3))];
    assert!(matches!(store.reservations().commit_all(changes, now()).await, Err(StoreError::NightTaken)));
    agrees(&store, &[]).await;
}

fn code(limit: Option<u32>) -> DiscountCode {
    DiscountCode {
        id: RowId(Uuid::from_u128(7)),
        created: now(),
        updated: now(),
        deleted: false,
        code: "Diez".to_owned(),
        description: String::new(),
        discount_type: CodeKind::Percentage,
        discount_value: 10.into(),
        min_amount_usd: None,
        max_discount_usd: None,
        start_date: day(-100),
        end_date: day(100),
        usage_limit: limit,
        used_count: 0,
        is_active: true,
        houses: Vec::new(),
        restrict_weekdays: false,
        restrict_weekends: false,
    }
}

/// 200 at once want a code with ten uses, each in nights of its own: ten get it, the others are told, and cancelled
/// ones give their use back once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_is_used_exactly_as_often_as_its_limit() {
    let store = table().await;
    store.codes().enter(&code(Some(10))).await.unwrap();
    assert!(matches!(store.codes().enter(&code(None)).await, Err(StoreError::Taken("code"))));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200u128 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut one = reservation(number + 1, 1 + number % 20, (number / 20 * 3) as i64, 2);
            one.discount_code_used = Some("Diez".to_owned());
            let mut booking = change(None, one);
            booking.takes_code = Some(" diez ".to_owned());
            store.reservations().commit(booking, now()).await
        });
    }
    let mut booked = Vec::new();
    while let Some(result) = tasks.join_next().await {
        match result.unwrap() {
            Ok(stored) => booked.push(stored),
            Err(StoreError::Taken("code")) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(booked.len(), 10);
    let used = || async { store.codes().find("DIEZ ").await.unwrap().unwrap().used_count };
    assert_eq!(used().await, 10);

    let first = booked.pop().unwrap();
    let mut cancelled = first.booked.reservation.clone();
    cancelled.status = Status::Cancelled;
    let stored = commit(&store, Some(&first), cancelled.clone()).await.unwrap();
    assert_eq!(used().await, 9);
    assert!(matches!(commit(&store, Some(&first), cancelled.clone()).await, Err(StoreError::Changed)));
    cancelled.deleted = true;
    commit(&store, Some(&stored), cancelled).await.unwrap();
    assert_eq!(used().await, 9, "given back once");
    let mut again = change(None, reservation(900, 1, 80, 1));
    again.takes_code = Some("DIEZ".to_owned());
    store.reservations().commit(again, now()).await.unwrap();
    assert_eq!(used().await, 10);
    let mut unknown = change(None, reservation(901, 1, 85, 1));
    unknown.takes_code = Some("NADIE".to_owned());
    assert!(matches!(store.reservations().commit(unknown, now()).await, Err(StoreError::Taken("code"))));
    assert!(store.codes().find("NADIE").await.unwrap().is_none(), "no item appears for an unknown code");
    for text in ["", "  ", &"A".repeat(101), &"A".repeat(5000)] {
        assert!(store.codes().find(text).await.unwrap().is_none(), "no key, no failure");
    }
    let padded = format!("{}diez{}", " ".repeat(3000), " ".repeat(3000));
    assert!(store.codes().find(&padded).await.unwrap().is_some());
}
