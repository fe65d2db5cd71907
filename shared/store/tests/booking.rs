//! The booking transaction under contention and over random histories, against the embedded table.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use std::collections::{BTreeMap, BTreeSet};

use casa_domain::{
    HouseId, ReservationId,
    reservation::{Origin, Reservation, Status},
    stay::Stay,
    time::Month,
};
use casa_store::{
    Store, StoreError, Wanted,
    reservations::{Page, Stored, Window, Wish},
};
use chrono::Datelike;
use proptest::prelude::*;
use rust_decimal::Decimal;
use support::{commit, day, held, house, now, reservation, table, wanted};

#[tokio::test]
async fn a_night_is_sold_once_and_freed_on_release() {
    let store = table().await;
    let first = commit(&store, None, reservation(1, 1, 9, 2)).await.unwrap();
    for (number, from, nights, taken) in
        [(2, 11, 1, false), (3, 8, 1, false), (4, 10, 2, true), (5, 8, 9, true)]
    {
        let result = commit(&store, None, reservation(number, 1, from, nights)).await;
        assert_eq!(matches!(result, Err(StoreError::NightTaken)), taken, "{number}: {result:?}");
    }
    assert!(commit(&store, None, reservation(6, 2, 9, 2)).await.is_ok(), "another house is free");

    let mut cancelled = first.booked.reservation.clone();
    cancelled.status = Status::Cancelled;
    let cancelled = commit(&store, Some(&first), cancelled).await.unwrap();
    assert!(commit(&store, None, reservation(7, 1, 9, 2)).await.is_ok());
    let mut back = cancelled.booked.reservation.clone();
    back.status = Status::Approved;
    assert!(matches!(commit(&store, Some(&cancelled), back).await, Err(StoreError::NightTaken)));
}

#[tokio::test]
async fn a_stale_change_is_refused_and_writes_nothing() {
    let store = table().await;
    let first = commit(&store, None, reservation(1, 1, 0, 3)).await.unwrap();
    let mut moved = first.booked.reservation.clone();
    moved.check_out_date = day(5);
    commit(&store, Some(&first), moved.clone()).await.unwrap();
    moved.check_out_date = day(40);
    assert!(matches!(commit(&store, Some(&first), moved).await, Err(StoreError::Changed)));
    assert_eq!(held(&store, house(1)).await.len(), 5);
    assert!(
        matches!(commit(&store, None, reservation(1, 1, 90, 1)).await, Err(StoreError::Changed)),
        "the id exists"
    );
}

#[tokio::test]
async fn the_longest_stay_moves_between_houses_in_one_transaction() {
    let store = table().await;
    let first = commit(&store, None, reservation(1, 1, 0, 366)).await.unwrap();
    let mut moved = first.booked.reservation.clone();
    moved.house = house(2);
    moved.check_in_date = day(200);
    moved.check_out_date = day(566);
    commit(&store, Some(&first), moved).await.unwrap();
    assert!(held(&store, house(1)).await.is_empty());
    assert_eq!(held(&store, house(2)).await.len(), 366);
}

/// 500 clients at once want overlapping nights of one house; several connections, one table.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_hundred_at_once_never_share_a_night() {
    let store = table().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..500u128 {
        let store = store.clone();
        tasks.spawn(async move {
            let (from, nights) = ((number * 7 % 40) as i64, 1 + (number % 6) as i64);
            commit(&store, None, reservation(number + 1, 1, from, nights)).await
        });
    }
    let mut accepted = Vec::new();
    while let Some(result) = tasks.join_next().await {
        match result.unwrap() {
            Ok(stored) => accepted.push(stored.booked.reservation),
            Err(StoreError::NightTaken) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(!accepted.is_empty());
    let nights: BTreeSet<_> =
        held(&store, house(1)).await.into_iter().map(|(night, holder)| (house(1), night, holder)).collect();
    assert_eq!(
        nights,
        wanted(&accepted),
        "every accepted reservation holds all its nights, and nothing else is held"
    );
}

/// Many edits of one reservation at once: each wins or is refused, and none is lost half-way.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_edits_leave_one_winner_per_version() {
    let store = table().await;
    let first = commit(&store, None, reservation(1, 1, 10, 2)).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for shift in 1..40i64 {
        let (store, first) = (store.clone(), first.clone());
        tasks.spawn(async move {
            let mut moved = first.booked.reservation.clone();
            moved.check_in_date = day(10 + shift);
            moved.check_out_date = day(12 + shift);
            commit(&store, Some(&first), moved).await
        });
    }
    let mut winners = 0;
    while let Some(result) = tasks.join_next().await {
        match result.unwrap() {
            Ok(_) => winners += 1,
            Err(StoreError::Changed) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(winners, 1);
    let stored = store.reservations().get(first.booked.reservation.id).await.unwrap().unwrap();
    let nights: BTreeSet<_> =
        held(&store, house(1)).await.into_iter().map(|(night, holder)| (house(1), night, holder)).collect();
    assert_eq!(nights, wanted([&stored.booked.reservation]));
}

#[derive(Clone, Debug)]
enum Step {
    Book { house: u128, from: i64, nights: i64 },
    Move { which: usize, house: u128, from: i64, nights: i64 },
    Extend { which: usize, nights: i64 },
    Late { which: usize, grant: bool },
    Status { which: usize, status: Status },
    Price { which: usize, cents: Option<i64> },
    Delete { which: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let dates = || (1u128..3, 0i64..70, 1i64..45);
    prop_oneof![
        4 => dates().prop_map(|(house, from, nights)| Step::Book { house, from, nights }),
        3 => (any::<usize>(), dates()).prop_map(|(which, (house, from, nights))| Step::Move { which, house, from, nights }),
        2 => (any::<usize>(), -3i64..40).prop_map(|(which, nights)| Step::Extend { which, nights }),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(which, grant)| Step::Late { which, grant }),
        3 => (any::<usize>(), 0..Status::ALL.len()).prop_map(|(which, at)| Step::Status { which, status: Status::ALL[at] }),
        2 => (any::<usize>(), prop::option::of(-500i64..1_000_000)).prop_map(|(which, cents)| Step::Price { which, cents }),
        1 => any::<usize>().prop_map(|which| Step::Delete { which }),
    ]
}

/// What the step makes of the reservation it is about.
fn changed(step: &Step, one: &Reservation) -> Reservation {
    let mut after = one.clone();
    match *step {
        Step::Book { .. } => {}
        Step::Move { house: to, from, nights, .. } => {
            (after.house, after.check_in_date, after.check_out_date) =
                (house(to), day(from), day(from + nights));
        }
        Step::Extend { nights, .. } => after.check_out_date += chrono::TimeDelta::days(nights),
        Step::Late { grant, .. } => {
            after.late_checkout = grant;
            after.settle_late_checkout(one);
        }
        Step::Status { status, .. } => after.status = status,
        Step::Price { cents, .. } => after.price_sol = cents.map(|cents| Decimal::new(cents, 2)),
        Step::Delete { .. } => after.deleted = true,
    }
    after
}

async fn run(store: &Store, steps: &[Step]) -> BTreeMap<ReservationId, Stored> {
    let mut all: BTreeMap<ReservationId, Stored> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        if let Step::Book { house, from, nights } = *step {
            let mut one = reservation(at as u128 + 1, house, from, nights);
            one.price_sol = Some(Decimal::new(1_733 * (at as i64 + 1), 2));
            let free = wanted([&one]).iter().all(|(house, night, _)| {
                !wanted(all.values().map(|s| &s.booked.reservation))
                    .iter()
                    .any(|(h, n, _)| (h, n) == (house, night))
            });
            match commit(store, None, one.clone()).await {
                Ok(stored) => {
                    assert!(free, "{step:?} was accepted over held nights");
                    all.insert(one.id, stored);
                }
                Err(StoreError::NightTaken) => assert!(!free, "{step:?} was refused without reason"),
                Err(other) => panic!("{other}"),
            }
            continue;
        }
        let live: Vec<_> = all.values().filter(|s| !s.booked.reservation.deleted).cloned().collect();
        let which = match *step {
            Step::Move { which, .. } | Step::Extend { which, .. } | Step::Late { which, .. } => which,
            Step::Status { which, .. } | Step::Price { which, .. } | Step::Delete { which } => which,
            Step::Book { .. } => continue,
        };
        let Some(before) = live.get(which % live.len().max(1)) else { continue };
        let after = changed(step, &before.booked.reservation);
        if after.stay().is_none() {
            continue;
        }
        match commit(store, Some(before), after.clone()).await {
            Ok(stored) => {
                all.insert(after.id, stored);
            }
            Err(StoreError::NightTaken) => {}
            Err(other) => panic!("{other}"),
        }
    }
    all
}

/// What a year's totals say, against the sums over the live reservations.
async fn verify_billed(store: &Store, reservations: &[Reservation]) {
    for year in 2024..=2028 {
        let mut expected: BTreeMap<(HouseId, Month), Decimal> = BTreeMap::new();
        for one in reservations.iter().filter(|one| !one.deleted && one.check_in_date.year() == year) {
            *expected.entry((one.house, Month::of(one.check_in_date))).or_default() +=
                one.price_sol.unwrap_or_default();
        }
        expected.retain(|_, soles| !soles.is_zero());
        let billed = store.reservations().billed(year).await.unwrap();
        let told = billed.iter().map(|row| ((row.house, row.month), row.soles));
        assert_eq!(told.collect::<BTreeMap<_, _>>(), expected, "{year}");
    }
}

/// Calendar, list, counts and totals against the reservations themselves.
async fn verify(store: &Store, all: &BTreeMap<ReservationId, Stored>) {
    let reservations: Vec<_> = all.values().map(|stored| stored.booked.reservation.clone()).collect();
    verify_billed(store, &reservations).await;
    let mut nights = BTreeSet::new();
    for number in [1, 2] {
        let in_house: HouseId = house(number);
        for from in [day(-40), day(0), day(17), day(31), day(400)] {
            let last_nights = reservations.iter().filter_map(|one| Some((one.id, one.wanted_hold()?)));
            let expected = last_nights
                .filter(|(_, hold)| hold.house == in_house && hold.stay.check_out() > from)
                .map(|(id, _)| id);
            let told = store.calendar().holders_from(in_house, from).await.unwrap();
            assert_eq!(told, expected.collect(), "house {number} from {from}");
        }
        nights
            .extend(held(store, in_house).await.into_iter().map(|(night, holder)| (in_house, night, holder)));
    }
    assert_eq!(nights, wanted(&reservations), "calendar items equal the nights of the blocking reservations");

    for start in [-40, 60, 160] {
        let range = Stay::new(day(start), day(start + 100)).unwrap();
        let ask = Wanted { stay: range, client: None, code: None };
        let occupancy = store.quotes().ground(&ask).await.unwrap().occupancy;
        for (number, night) in [1, 2].into_iter().flat_map(|n| range.iter().map(move |night| (n, night))) {
            let held = nights.iter().any(|(one, at, _)| (*one, *at) == (house(number), night));
            assert_eq!(occupancy.is_held(house(number), night), held, "house {number}, {night}");
        }
    }

    let mut live: Vec<_> = reservations.iter().filter(|one| !one.deleted).collect();
    live.sort_by_key(|one| (one.check_in_date, one.created, one.id));
    let order = |rows: &[casa_store::reservations::Booked]| {
        rows.iter().map(|row| row.reservation.id).collect::<Vec<_>>()
    };
    let heads = store.reservations().heads().await.unwrap();
    let everything = store.reservations().list(&heads, &Wish::default(), Page::Everything).await.unwrap();
    assert_eq!(order(&everything.rows), live.iter().map(|one| one.id).collect::<Vec<_>>());
    for (window, origin, statuses) in [
        (Window::All, None, None),
        (Window::All, Some(Origin::Staff), Some(BTreeSet::from([Status::Approved]))),
        (Window::From(day(20)), None, None),
        (Window::From(day(33)), None, Some(BTreeSet::from([Status::Cancelled, Status::Pending]))),
        (Window::Month { month: Month::of(day(40)), arrivals: false }, None, None),
        (Window::Month { month: Month::of(day(40)), arrivals: true }, None, None),
        (Window::Staying(day(35)), None, None),
        (Window::Year(2026), None, None),
    ] {
        let wish = Wish { window, origin, statuses: statuses.clone(), ..Wish::default() };
        let expected: Vec<_> = live
            .iter()
            .filter(|one| match window {
                Window::All => true,
                Window::From(from) => one.check_in_date >= from,
                Window::Month { month, arrivals } => {
                    Month::of(one.check_in_date) == month
                        || (!arrivals && Month::of(one.check_out_date) == month)
                }
                Window::Staying(on) => one.check_in_date <= on && on < one.check_out_date,
                Window::Year(year) => {
                    Month::of(one.check_in_date).year() == year
                        || Month::of(one.check_out_date).year() == year
                }
            })
            .filter(|one| statuses.as_ref().is_none_or(|statuses| statuses.contains(&one.status)))
            .map(|one| one.id)
            .collect();
        let mut paged = Vec::new();
        for skip in (0..=expected.len() as u64).step_by(3) {
            let part = store.reservations().list(&heads, &wish, Page::Part { skip, size: 3 }).await.unwrap();
            assert_eq!(part.total, expected.len() as u64, "{window:?} {statuses:?}");
            paged.extend(order(&part.rows));
        }
        assert_eq!(paged, expected, "{window:?} {statuses:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Whatever happens, calendar items equal the nights of the blocking reservations, and lists, counts and what months
    /// were billed agree.
    #[test]
    fn calendar_lists_and_counts_follow_any_history(steps in prop::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = table().await;
            let all = run(&store, &steps).await;
            verify(&store, &all).await;
        });
    }
}

#[tokio::test]
async fn entered_rows_are_found_by_the_instant() {
    let store = table().await;
    let mut early = reservation(1, 1, 0, 1);
    early.created = now() - chrono::TimeDelta::days(1);
    commit(&store, None, early).await.unwrap();
    commit(&store, None, reservation(2, 1, 5, 1)).await.unwrap();
    let heads = store.reservations().heads().await.unwrap();
    let from = now() - chrono::TimeDelta::hours(11);
    let wish = Wish { entered: Some((from, from + chrono::TimeDelta::days(1))), ..Wish::default() };
    let listed = store.reservations().list(&heads, &wish, Page::Everything).await.unwrap();
    assert_eq!(listed.rows.len(), 1);
    assert_eq!(listed.rows[0].reservation.id.0.as_u128(), 2);
}
