//! Random schedules of paying with everything that goes wrong around it: answers that are lost, late, wrong or never come,
//! processes killed at any moment, webhooks twice, early or never, staff and other guests in between, refunds and
//! charge-backs, and jobs that run at any time. When the faults end and the schedules have run, the books agree with the
//! gateways to the cent and the calendar with the reservations.
//!
//! Most run against gateways in memory, which keep the business's time; some against the HTTP clients and gateways that fail
//! on the wire. Unoptimised, a schedule takes a tenth of a second of a processor, so that a thousand run by default;
//! `CASA_FAULT_SCHEDULES=10000` runs ten thousand (and five hundred over HTTP), `CASA_FAULT_SEED` the one world that a failure named.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test ends where it cannot go on

mod bank;
mod books;
mod guests;
mod model;
mod staff;
mod table;
mod tally;
mod world;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use table::Table;
use tally::Tally;
use world::{STAYS, World};

/// Schedules against gateways in memory.
const IN_MEMORY: u64 = 1_000;
/// Schedules over HTTP.
const OVER_HTTP: u64 = 96;
/// Worlds that share a table, one after the other.
const WORLDS_PER_TABLE: u64 = 12;

/// How a world reaches its gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Memory,
    Http,
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs so many schedules in a few lanes at once, each lane with a table of its own.
async fn run(wire: Wire, schedules: u64, lanes: usize) {
    let begun = Instant::now();
    let (first, worlds) = match setting("CASA_FAULT_SEED") {
        Some(seed) => (seed, 1),
        None => (0, schedules.div_ceil(STAYS as u64)),
    };
    let next = Arc::new(AtomicU64::new(first));
    let tally = Arc::new(Tally::default());
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..lanes {
        let (next, tally) = (Arc::clone(&next), Arc::clone(&tally));
        running.spawn(async move {
            let mut table = Table::new().await;
            let mut done = 0;
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + worlds {
                    return;
                }
                if done == WORLDS_PER_TABLE {
                    (table, done) = (Table::new().await, 0);
                }
                World::new(&table, wire, seed, done, Arc::clone(&tally)).await.play().await;
                done += 1;
            }
        });
    }
    while let Some(lane) = running.join_next().await {
        if let Err(failure) = lane {
            std::panic::resume_unwind(failure.into_panic());
        }
    }
    println!("{wire:?}: {} schedules in {:?}", worlds * STAYS as u64, begun.elapsed());
    println!("{tally:#?}");
    if worlds * STAYS as u64 >= 1_000 {
        tally.is_complete();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory_the_books_agree_after_any_schedule() {
    run(Wire::Memory, setting("CASA_FAULT_SCHEDULES").unwrap_or(IN_MEMORY), 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_the_books_agree_after_any_schedule() {
    run(Wire::Http, setting("CASA_FAULT_SCHEDULES").map_or(OVER_HTTP, |all| all / 20), 6).await;
}
