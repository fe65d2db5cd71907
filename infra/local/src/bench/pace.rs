//! One deed many times, by many at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use super::load::percentile;
use super::milliseconds;
use crate::Failure;

/// How fast one kind of deed went.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Pace {
    /// From the first to the last.
    pub seconds: f64,
    /// Those that succeeded.
    pub per_second: f64,
    /// Half took at most so long.
    pub p50_ms: f64,
    /// All but one in a hundred took at most so long.
    pub p99_ms: f64,
}

/// Does something with each of `all`, by so many clients at once; answers what came of those that succeeded.
pub(super) async fn side_by_side<T, U, D, F>(
    clients: usize,
    all: Vec<T>,
    deed: D,
) -> Result<(Vec<U>, Pace), Failure>
where
    T: Send + 'static,
    U: Send + 'static,
    D: Fn(T) -> F + Clone + Send + 'static,
    F: Future<Output = Result<U, Failure>> + Send,
{
    let waiting = Arc::new(Mutex::new(all.into_iter().collect::<VecDeque<_>>()));
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (waiting, deed) = (Arc::clone(&waiting), deed.clone());
        running.spawn(async move {
            let mut done = Vec::new();
            loop {
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(next) = next else { return done };
                let asked = Instant::now();
                match Box::pin(deed(next)).await {
                    Ok(result) => done.push((result, asked.elapsed())),
                    Err(error) => tracing::warn!(%error, "one of many failed"),
                }
                // The table is reached without waiting, so that one client could go on and on while others stand still.
                tokio::task::yield_now().await;
            }
        });
    }
    let mut done = Vec::new();
    while let Some(ended) = running.join_next().await {
        done.extend(ended.map_err(|error| Failure::new(error.to_string()))?);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let (results, mut times): (Vec<U>, Vec<Duration>) = done.into_iter().unzip();
    times.sort_unstable();
    let at = |percent| milliseconds(percentile(&times, percent));
    let per_second = super::ratio(times.len(), seconds);
    Ok((results, Pace { seconds, per_second, p50_ms: at(50), p99_ms: at(99) }))
}
