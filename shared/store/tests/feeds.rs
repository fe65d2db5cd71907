//! Calendars elsewhere: entered, read by one at a time, and not brought back to life by a reading that ends late.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use casa_domain::{
    ReservationId,
    feed::{Brought, Feed, FeedAddress},
    house::Earning,
    ids::{EarningId, FeedId},
};
use casa_store::{Audit, AuditAction, StoreError};
use chrono::TimeDelta;
use support::{day, house, now, table};
use uuid::Uuid;

fn feed(number: u128) -> Feed {
    let url = FeedAddress::parse("https://host.example/calendar.ics").unwrap();
    Feed::new(FeedId(Uuid::from_u128(number)), house(1), "Airbnb".to_owned(), url, now())
}

fn audit(feed: &Feed) -> Audit {
    Audit::new(Some(1), AuditAction::Added, "reservation.calendarfeed", feed.id, now())
}

#[tokio::test]
async fn a_removed_calendar_stays_removed() {
    let store = table().await;
    let feeds = store.feeds();
    let mut one = feed(1);
    feeds.enter(&one, &audit(&one)).await.unwrap();
    assert!(matches!(feeds.enter(&one, &audit(&one)).await, Err(StoreError::Changed)));
    one.etag = Some("\"1\"".to_owned());
    feeds.save(&one).await.unwrap();
    assert_eq!(feeds.get(one.id).await.unwrap(), Some(one.clone()));

    let brought =
        Brought { reservation: ReservationId(Uuid::from_u128(9)), check_in: day(0), check_out: day(2) };
    for number in 0..200 {
        feeds.note(one.id, &format!("{number}@host"), &brought).await.unwrap();
    }
    feeds.note(feed(2).id, "0@host", &brought).await.unwrap();
    assert!(feeds.take(one.id, Uuid::from_u128(1), now(), now() + TimeDelta::minutes(1)).await.unwrap());
    assert_eq!(feeds.told(one.id).await.unwrap().len(), 200);
    assert!(feeds.is_told_by(&[feed(2).id, one.id], "7@host").await.unwrap());
    assert!(!feeds.is_told_by(&[feed(2).id], "7@host").await.unwrap());
    assert!(!feeds.is_told_by(&[], "0@host").await.unwrap());

    feeds.remove(one.id, &audit(&one)).await.unwrap();
    assert!(feeds.told(one.id).await.unwrap().is_empty());
    assert_eq!(feeds.told(feed(2).id).await.unwrap().len(), 1);
    assert!(matches!(feeds.save(&one).await, Err(StoreError::Changed)));
    assert_eq!(feeds.all().await.unwrap(), []);
    // The address of a house is nobody's to remove.
    let own = Feed { of_house: true, ..feed(3) };
    feeds.save(&own).await.unwrap();
    assert_eq!(feeds.all().await.unwrap(), [own]);
}

#[tokio::test]
async fn one_reader_at_a_time() {
    let store = table().await;
    let (feeds, id) = (store.feeds(), feed(1).id);
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let until = now() + TimeDelta::minutes(10);
    assert!(feeds.take(id, first, now(), until).await.unwrap());
    assert!(!feeds.take(id, second, now(), until).await.unwrap());
    feeds.give_back(id, second).await.unwrap();
    assert!(!feeds.take(id, second, now(), until).await.unwrap(), "only its reader gives it back");
    assert!(feeds.take(id, second, until, until + TimeDelta::minutes(10)).await.unwrap(), "a reader died");
    feeds.give_back(id, first).await.unwrap();
    feeds.give_back(id, second).await.unwrap();
    assert!(feeds.take(id, first, now(), until).await.unwrap());
}

#[tokio::test]
async fn earnings_are_read_by_year() {
    let store = table().await;
    let earning = |number: u128, in_house: u128, month: u32, year: u32| Earning {
        id: EarningId(Uuid::from_u128(number)),
        house: house(in_house),
        month,
        year,
        profit_sol: "12.50".parse().unwrap(),
    };
    let rows =
        [earning(1, 1, 2, 2025), earning(2, 2, 2, 2025), earning(3, 1, 11, 2025), earning(4, 1, 2, 2026)];
    for row in &rows {
        store.houses().save_earning(None, row).await.unwrap();
    }
    assert_eq!(store.houses().earnings_of(2025).await.unwrap(), rows[..3]);
    let moved = Earning { year: 2026, month: 3, ..rows[0].clone() };
    store.houses().save_earning(Some(&rows[0]), &moved).await.unwrap();
    store.houses().delete_earning(&rows[1]).await.unwrap();
    assert_eq!(store.houses().earnings_of(2025).await.unwrap(), rows[2..3]);
    assert_eq!(store.houses().earnings_of(2026).await.unwrap(), [rows[3].clone(), moved]);
    assert!(store.houses().earnings_of(9999).await.unwrap().is_empty());
}
