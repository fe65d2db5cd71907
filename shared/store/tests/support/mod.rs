//! An embedded table per test, and shorthand for reservations.
#![allow(dead_code, missing_docs, clippy::unwrap_used)] // each test binary uses its part

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use casa_domain::{
    HouseId, ReservationId,
    reservation::{Reservation, Status},
    stay::Stay,
};
use casa_store::{
    Store, StoreError,
    reservations::{Change, Stored},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

/// A table of its own, served by the embedded engine on a port of its own.
pub async fn table() -> Store {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        // Hundreds at once wait for their turn at one engine; nothing is wrong with their connections.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    let store = Store::new(aws_sdk_dynamodb::Client::from_conf(config), "casa");
    assert!(store.create_table_if_missing().await.unwrap());
    assert!(!store.create_table_if_missing().await.unwrap());
    store
}

pub fn now() -> DateTime<Utc> {
    "2025-11-12T15:30:00Z".parse().unwrap()
}

pub fn house(number: u128) -> HouseId {
    HouseId(Uuid::from_u128(number))
}

/// The day so many days after 1 December 2025.
pub fn day(offset: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 12, 1).unwrap() + TimeDelta::days(offset)
}

pub fn reservation(number: u128, in_house: u128, from: i64, nights: i64) -> Reservation {
    let id = ReservationId(Uuid::from_u128(number));
    let mut one = Reservation::new(id, house(in_house), day(from), day(from + nights), now());
    one.status = Status::Approved;
    one
}

/// A change without guest, points or facts.
pub fn change(before: Option<&Stored>, after: Reservation) -> Change<'_> {
    Change::new(before, after, None)
}

/// Carries out a change without guest, points or facts.
pub async fn commit(
    store: &Store,
    before: Option<&Stored>,
    after: Reservation,
) -> Result<Stored, StoreError> {
    store.reservations().commit(change(before, after), now()).await
}

/// Every held night of a house in the years the tests use.
pub async fn held(store: &Store, in_house: HouseId) -> BTreeMap<NaiveDate, ReservationId> {
    let mut nights = BTreeMap::new();
    for year in 0..4 {
        let from = day(-400 + year * 366);
        nights.extend(
            store
                .calendar()
                .held(in_house, Stay::new(from, from + TimeDelta::days(366)).unwrap())
                .await
                .unwrap(),
        );
    }
    nights
}

/// The nights that these reservations should hold.
pub fn wanted<'a>(
    reservations: impl IntoIterator<Item = &'a Reservation>,
) -> BTreeSet<(HouseId, NaiveDate, ReservationId)> {
    reservations
        .into_iter()
        .filter_map(|one| one.wanted_hold().map(|hold| (hold, one.id)))
        .flat_map(|(hold, id)| hold.stay.iter().map(move |night| (hold.house, night, id)))
        .collect()
}
