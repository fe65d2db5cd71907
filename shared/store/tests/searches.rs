//! Searches for free nights, and how far their sheet is.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use casa_domain::{ClientId, HouseId, search::Search};
use casa_store::{
    Store,
    import::Importer,
    searches::{Mark, Wish},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{house, now, table};
use uuid::Uuid;

fn guest(number: u128) -> ClientId {
    ClientId(Uuid::from_u128(number))
}

/// Ids whose first bytes differ, so that they lie in different shards.
fn id(number: u128) -> Uuid {
    Uuid::from_u128(number << 120 | number)
}

fn search(number: u128, at: DateTime<Utc>, client: Option<ClientId>, house: Option<HouseId>) -> Search {
    Search {
        id: id(number),
        created: at,
        updated: at,
        deleted: false,
        client,
        check_in_date: at.date_naive(),
        check_out_date: at.date_naive(),
        guests: 2,
        house,
        search_timestamp: at,
        session_key: None,
        ip_address: Some("192.0.2.77".to_owned()),
        user_agent: Some("x".repeat(600)),
        referrer: Some(String::new()),
    }
}

/// Two hundred searches over five months, one every 17 hours; every fifth of a guest, every seventh for a house.
async fn filled() -> (Store, Vec<Search>) {
    let store = table().await;
    let mut all = Vec::new();
    for number in 0..200 {
        let at = now() + TimeDelta::hours(17 * i64::try_from(number).unwrap());
        let client = (number % 5 == 0).then(|| guest(number % 3));
        all.push(search(number, at, client, (number % 7 == 0).then(|| house(4))));
    }
    for one in &all {
        store.searches().enter(one).await.unwrap();
    }
    (store, all)
}

async fn pages(store: &Store, mut wish: Wish, most: usize) -> Vec<Uuid> {
    let mut ids = Vec::new();
    loop {
        let found = store.searches().find(&wish, most).await.unwrap();
        assert!(found.rows.len() <= most);
        ids.extend(found.rows.iter().map(|row| row.id));
        match found.next {
            None => return ids,
            Some(next) => {
                let written = next.to_string();
                assert_eq!(written.parse::<Mark>().unwrap(), next);
                wish.behind = Some(next);
            }
        }
    }
}

#[tokio::test]
async fn pages_in_both_directions_miss_and_repeat_nothing() {
    let (store, all) = filled().await;
    for oldest_first in [true, false] {
        for most in [1, 7, 40, 500] {
            let (from, to) = (all[30].search_timestamp, all[160].search_timestamp);
            for (client, of_house) in [(None, None), (Some(guest(1)), None), (None, Some(house(4)))] {
                let wish = Wish {
                    from: Some(from),
                    to: Some(to),
                    client,
                    house: of_house,
                    oldest_first,
                    behind: None,
                };
                let mut expected: Vec<_> = all[30..160]
                    .iter()
                    .filter(|one| client.is_none_or(|client| one.client == Some(client)))
                    .filter(|one| of_house.is_none_or(|house| one.house == Some(house)))
                    .map(|one| one.id)
                    .collect();
                if !oldest_first {
                    expected.reverse();
                }
                assert_eq!(pages(&store, wish, most).await, expected, "{wish:?} by {most}");
            }
        }
    }
    assert_eq!(pages(&store, Wish::default(), 50).await.len(), 200);
    let nowhere =
        Wish { from: Some(all[9].search_timestamp), to: Some(all[3].search_timestamp), ..Wish::default() };
    assert_eq!(pages(&store, nowhere, 5).await, Vec::<Uuid>::new());
}

#[tokio::test]
async fn searches_of_one_instant_have_an_order() {
    let store = table().await;
    for number in 0..60 {
        store.searches().enter(&search(number, now(), Some(guest(1)), None)).await.unwrap();
    }
    for client in [None, Some(guest(1))] {
        for oldest_first in [true, false] {
            let mut ids = pages(&store, Wish { client, oldest_first, ..Wish::default() }, 7).await;
            assert_eq!(ids.len(), 60);
            let order = ids.clone();
            ids.sort();
            if !oldest_first {
                ids.reverse();
            }
            assert_eq!(ids, order);
        }
    }
}

#[tokio::test]
async fn what_is_kept_is_tidy_and_the_last_one_is_found() {
    let store = table().await;
    assert_eq!(store.searches().latest_of(guest(1)).await.unwrap(), None);
    for (number, hours) in [(1, 5), (2, 9), (3, 2)] {
        let at = now() + TimeDelta::hours(hours);
        store.searches().enter(&search(number, at, Some(guest(1)), None)).await.unwrap();
    }
    store.searches().enter(&search(4, now() + TimeDelta::hours(30), None, None)).await.unwrap();
    let last = store.searches().latest_of(guest(1)).await.unwrap().unwrap();
    assert_eq!(last.id, id(2));
    assert_eq!(last.ip_address.as_deref(), Some("192.0.2.0"));
    assert_eq!(last.user_agent.map(|text| text.len()), Some(500));
    let all = store.searches().find(&Wish::default(), 9).await.unwrap().rows;
    assert!(all.iter().all(|one| one.ip_address.as_deref() == Some("192.0.2.0")));
    for text in [
        "",
        "x",
        "2025-11-12T15:30:00Z_00000000-0000-0000-0000-000000000000",
        "2025-11-12T15:30:00.000000Z_x",
    ] {
        assert!(text.parse::<Mark>().is_err(), "{text}");
    }
}

fn export() -> Vec<Value> {
    let row = |number: u128, client: Option<ClientId>, deleted: bool| {
        let at = "2025-09-30T23:50:00.5Z";
        json!({"model": "clients.searchtracking", "pk": id(number).to_string(), "fields": {
            "created": at, "updated": at, "deleted": deleted, "client": client, "check_in_date": "2025-10-01",
            "check_out_date": "2025-10-03", "guests": 3, "property": null, "search_timestamp": at,
            "session_key": null, "ip_address": "2001:db8:1:2::3", "user_agent": "ñ".repeat(700),
            "referrer": "r".repeat(300),
        }})
    };
    vec![row(1, Some(guest(1)), false), row(2, Some(guest(2)), true), row(3, None, false), {
        let mut bad = row(4, None, false);
        bad["fields"]["guests"] = json!(-1);
        bad
    }]
}

#[tokio::test]
async fn imported_searches_are_tidied_and_found() {
    let store = table().await;
    let report = Importer::new(store.clone()).run(export(), &mut |_, _| {}).await.unwrap();
    assert_eq!((report.imported["clients.searchtracking"], report.rejected.len()), (3, 1));
    let again = Importer::new(store.clone()).run(export(), &mut |_, _| {}).await.unwrap();
    assert_eq!((again.unchanged, again.imported.len()), (3, 0));
    assert_eq!(pages(&store, Wish::default(), 5).await, [id(3), id(1)], "without the deleted one");
    assert_eq!(store.searches().latest_of(guest(2)).await.unwrap(), None);
    let one = store.searches().latest_of(guest(1)).await.unwrap().unwrap();
    assert_eq!(one.ip_address.as_deref(), Some("2001:db8:1:2::3"), "as the original kept it");
    assert_eq!(one.user_agent.map(|text| text.chars().count()), Some(500));
    assert_eq!(one.referrer.map(|text| text.len()), Some(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_fills_the_sheet_at_a_time() {
    let store = table().await;
    let until = now() + TimeDelta::minutes(5);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..12 {
        let store = store.clone();
        tasks.spawn(async move { store.searches().take_sheet(id(number), now(), until).await.unwrap() });
    }
    let mut taken = 0;
    while let Some(done) = tasks.join_next().await {
        taken += usize::from(done.unwrap());
    }
    assert_eq!(taken, 1);

    let store = table().await;
    let searches = store.searches();
    assert_eq!(searches.in_sheet().await.unwrap(), None);
    let mark = Mark::of(&search(5, now(), None, None));
    assert!(!searches.note_in_sheet(id(1), mark).await.unwrap());
    assert!(searches.take_sheet(id(1), now(), until).await.unwrap());
    assert!(searches.take_sheet(id(1), now(), until).await.unwrap(), "for longer");
    assert!(!searches.take_sheet(id(2), now(), until).await.unwrap());
    searches.give_sheet(id(2)).await.unwrap();
    assert!(searches.note_in_sheet(id(1), mark).await.unwrap());
    assert!(searches.take_sheet(id(2), until, until + TimeDelta::minutes(5)).await.unwrap(), "it ran out");
    assert!(!searches.note_in_sheet(id(1), mark).await.unwrap());
    searches.give_sheet(id(2)).await.unwrap();
    assert_eq!(searches.in_sheet().await.unwrap(), Some(mark));
}
