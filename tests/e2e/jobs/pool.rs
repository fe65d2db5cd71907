//! The heating of the pools follows the stays.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::OriginalUri, http::StatusCode};

use super::*;

/// A stand-in for the switches of a house: what it was asked for, what it answers, and its address.
struct Switches {
    asked: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<StatusCode>>,
    address: String,
}

impl Switches {
    async fn start() -> Self {
        let (asked, answer) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(Mutex::new(StatusCode::OK)));
        let (record, say) = (Arc::clone(&asked), Arc::clone(&answer));
        let router = Router::new().fallback(move |OriginalUri(address): OriginalUri| async move {
            record.lock().unwrap().push(address.to_string());
            *say.lock().unwrap()
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { asked, answer, address }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// A house with switches and a stay with the pool in it.
fn heated(number: u32, switches: &Switches, from: &str, to: &str) -> [Value; 2] {
    let [mut house, stay] = stay(number, CARO, from, to, json!({"temperature_pool": true}));
    for (key, word) in [("on_temperature_pool_url", "on"), ("off_temperature_pool_url", "off")] {
        house["fields"][key] = json!(format!("{}/{number}/{word}?key=secreta", switches.address));
    }
    [house, stay]
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_move_once_per_stay() {
    let switches = Switches::start().await;
    let rows = [
        heated(1, &switches, "2025-11-12", "2025-11-14"),
        heated(2, &switches, "2025-11-20", "2025-11-21"),
        stay(3, CARO, "2025-11-12", "2025-11-14", json!({"temperature_pool": true})),
    ];
    let casa = start(&export(rows.concat()), "2025-11-12T07:05:00-05:00", &[]);
    assert_eq!(report(&casa, "pool-heating").await, json!({"stays": 1, "on": 0, "off": 0}));

    let arrival = join(&casa.shared, "2025-11-12T08:05:00-05:00");
    *switches.answer.lock().unwrap() = StatusCode::BAD_GATEWAY;
    assert_eq!(rehearsed(&arrival, "pool-heating").await, json!({"stays": 1, "on": 1, "off": 0}));
    assert_eq!(switches.asked(), Vec::<String>::new(), "a rehearsal");
    let (status, answer) = ask(&arrival, "pool-heating").await;
    assert!(status >= 500 && !answer.to_string().contains("secreta"), "{status} {answer}");
    assert_eq!(switches.asked(), ["/1/on?key=secreta"]);

    // What failed is tried again, what worked is not.
    *switches.answer.lock().unwrap() = StatusCode::OK;
    assert_eq!(report(&arrival, "pool-heating").await, json!({"stays": 1, "on": 1, "off": 0}));
    assert_eq!(report(&arrival, "pool-heating").await, json!({"stays": 1, "on": 0, "off": 0}));
    assert_eq!(switches.asked(), ["/1/on?key=secreta"]);

    let last_day = join(&casa.shared, "2025-11-14T10:05:00-05:00");
    assert_eq!(report(&last_day, "pool-heating").await["off"], 0);
    let after = join(&casa.shared, "2025-11-14T11:05:00-05:00");
    assert_eq!(report(&after, "pool-heating").await["off"], 1);
    assert_eq!(report(&after, "pool-heating").await["off"], 0);
    assert_eq!(switches.asked(), ["/1/off?key=secreta"]);
}
