//! One-time codes.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use casa_store::{CODE_LIFE, CODE_TRIES, Store};
use chrono::TimeDelta;
use support::{now, table};
use tokio::task::JoinSet;

/// What so many tries at once come to: how many were counted, and how many that compared right used the code up.
async fn try_at_once(store: &Store, subject: &'static str, guess: &'static str, tries: usize) -> (u32, u32) {
    let mut tasks = JoinSet::new();
    for _ in 0..tries {
        let store = store.clone();
        tasks.spawn(async move {
            let codes = store.one_time();
            let Some(tried) = codes.attempt(subject, now()).await.unwrap() else { return (0, 0) };
            let right = tried.digest.as_deref() == Some(guess);
            (1, u32::from(right && codes.use_up(&tried).await.unwrap()))
        });
    }
    let mut sum = (0, 0);
    while let Some(result) = tasks.join_next().await {
        let (counted, won) = result.unwrap();
        sum = (sum.0 + counted, sum.1 + won);
    }
    sum
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_bears_five_tries_however_many_come_at_once() {
    let store = table().await;
    store.one_time().begin("somebody", Some("right"), now()).await.unwrap();
    assert_eq!(try_at_once(&store, "somebody", "wrong", 100).await, (CODE_TRIES, 0));
    assert_eq!(try_at_once(&store, "somebody", "right", 1).await, (0, 0), "too late to be right");
    store.one_time().begin("somebody", Some("newer"), now()).await.unwrap();
    assert_eq!(try_at_once(&store, "somebody", "right", 1).await, (1, 0), "the old one is gone");
    assert_eq!(try_at_once(&store, "somebody", "newer", 1).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_is_used_once_however_many_are_right_at_once() {
    let store = table().await;
    store.one_time().begin("somebody", Some("right"), now()).await.unwrap();
    let (counted, won) = try_at_once(&store, "somebody", "right", 20).await;
    assert_eq!(won, 1);
    assert!((1..=CODE_TRIES).contains(&counted), "{counted}");
    assert_eq!(try_at_once(&store, "somebody", "right", 20).await, (0, 0));
}

#[tokio::test]
async fn codes_lapse() {
    let store = table().await;
    let life = TimeDelta::from_std(CODE_LIFE).unwrap();
    store.one_time().begin("somebody", Some("right"), now()).await.unwrap();
    let last = now() + life - TimeDelta::seconds(1);
    assert!(store.one_time().attempt("somebody", last).await.unwrap().is_some());
    assert!(store.one_time().attempt("somebody", now() + life).await.unwrap().is_none());
}

#[tokio::test]
async fn subjects_do_not_mix_and_a_newer_code_is_not_used_up_by_an_older_try() {
    let store = table().await;
    let codes = store.one_time();
    codes.begin("registration", Some("one"), now()).await.unwrap();
    assert!(codes.attempt("password", now()).await.unwrap().is_none());
    codes.begin("password", None, now()).await.unwrap();
    let made_elsewhere = codes.attempt("password", now()).await.unwrap().unwrap();
    assert_eq!(made_elsewhere.digest, None);
    let older = codes.attempt("registration", now()).await.unwrap().unwrap();
    codes.begin("registration", Some("two"), now()).await.unwrap();
    assert!(!codes.use_up(&older).await.unwrap());
    let newer = codes.attempt("registration", now()).await.unwrap().unwrap();
    assert_eq!(newer.digest.as_deref(), Some("two"));
    assert!(codes.use_up(&made_elsewhere).await.unwrap());
    assert!(codes.use_up(&newer).await.unwrap());
    assert!(!codes.use_up(&newer).await.unwrap());
}
