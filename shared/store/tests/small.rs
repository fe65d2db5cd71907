//! Throttle, outbox and people.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use std::time::Duration;

use casa_store::{NewStaffUser, StoreError};
use support::{now, table};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_throttle_holds_under_parallel_tries() {
    let store = table().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let store = store.clone();
        tasks.spawn(async move {
            store.throttle().try_once("somebody", 10, Duration::from_secs(900), now()).await.unwrap()
        });
    }
    let mut allowed = 0;
    while let Some(result) = tasks.join_next().await {
        allowed += usize::from(result.unwrap());
    }
    assert_eq!(allowed, 10);
    let later = now() + chrono::TimeDelta::seconds(901);
    assert!(store.throttle().try_once("somebody", 10, Duration::from_secs(900), later).await.unwrap());
    store.throttle().forget("somebody").await.unwrap();
    assert!(store.throttle().try_once("somebody", 1, Duration::from_secs(900), now()).await.unwrap());
}

#[tokio::test]
async fn people_are_unique_by_address_and_lose_their_sessions_with_the_password() {
    let store = table().await;
    let new = |email: &str| NewStaffUser {
        email: email.to_owned(),
        first_name: "Ana".to_owned(),
        last_name: "Lira".to_owned(),
        password_hash: "x".to_owned(),
        groups: vec!["admin".to_owned()],
        superuser: false,
        is_staff: true,
    };
    let ana = store.users().create(new("ana@personal.example"), now()).await.unwrap();
    assert_eq!((ana.id, ana.groups[0].name.as_str()), (1, "admin"));
    assert!(matches!(
        store.users().create(new("ANA@personal.example"), now()).await,
        Err(StoreError::Taken("email"))
    ));
    let bea = store.users().create(new("bea@personal.example"), now()).await.unwrap();
    assert_eq!((bea.id, bea.groups[0].id), (2, ana.groups[0].id));
    let changed = store.users().set_password("Ana@Personal.example", "y").await.unwrap().unwrap();
    assert_eq!((changed.session, changed.password.as_str()), (1, "y"));
    assert_eq!(store.users().directory().await.unwrap().user(1), Some(&changed));
    assert!(store.users().set_password("nobody@personal.example", "y").await.unwrap().is_none());
    assert!(matches!(store.users().replace(&ana, &ana).await, Err(StoreError::Changed)));
}
