//! Clients that ask without a pause, and how long they wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use super::program::Program;
use crate::Failure;

/// How hard to ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pressure {
    /// Clients at the same time, each with a connection it keeps.
    pub clients: usize,
    /// For how long.
    pub time: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Load {
    /// Answers with a status of success.
    pub answers: usize,
    /// Other answers, and requests without one.
    pub failures: usize,
    /// Answers per second.
    pub per_second: f64,
    /// Half of the answers came within so many milliseconds.
    pub p50_ms: f64,
    /// 95 % did.
    pub p95_ms: f64,
    /// 99 % did.
    pub p99_ms: f64,
    /// Milliseconds of processor time per answer, of the process with its table; only Linux tells.
    pub cpu_ms: Option<f64>,
}

/// Lets clients ask for `urls` in turn, each from another place of the list.
pub(super) async fn press(
    program: &Program,
    urls: Vec<String>,
    token: Option<&str>,
    pressure: Pressure,
) -> Result<Load, Failure> {
    let urls: Arc<[String]> = urls.into();
    let token: Option<Arc<str>> = token.map(Into::into);
    let http = super::client()?;
    let used = program.processor_time();
    let begun = Instant::now();
    let until = begun + pressure.time;
    let mut clients = JoinSet::new();
    for number in 0..pressure.clients {
        let (http, urls, token) = (http.clone(), Arc::clone(&urls), token.clone());
        let first = number * urls.len() / pressure.clients.max(1);
        clients.spawn(async move {
            let (mut times, mut failures) = (Vec::new(), 0);
            for url in urls.iter().cycle().skip(first) {
                if Instant::now() >= until {
                    break;
                }
                let asked = Instant::now();
                match answered(&http, url, token.as_deref()).await {
                    true => times.push(asked.elapsed()),
                    false => failures += 1,
                }
            }
            (times, failures)
        });
    }
    let (mut times, mut failures) = (Vec::new(), 0);
    while let Some(ended) = clients.join_next().await {
        let (own, failed) = ended.map_err(|error| Failure::new(error.to_string()))?;
        times.extend(own);
        failures += failed;
    }
    let lasted = begun.elapsed();
    let used = used.zip(program.processor_time()).map(|(before, after)| after.saturating_sub(before));
    Ok(report(times, failures, lasted, used))
}

async fn answered(http: &reqwest::Client, url: &str, token: Option<&str>) -> bool {
    let mut request = http.get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    match request.send().await {
        Ok(answer) => answer.status().is_success() && answer.bytes().await.is_ok(),
        Err(_) => false,
    }
}

fn report(mut times: Vec<Duration>, failures: usize, lasted: Duration, used: Option<Duration>) -> Load {
    times.sort_unstable();
    let answers = times.len();
    Load {
        answers,
        failures,
        per_second: super::ratio(answers, lasted.as_secs_f64()),
        p50_ms: super::milliseconds(percentile(&times, 50)),
        p95_ms: super::milliseconds(percentile(&times, 95)),
        p99_ms: super::milliseconds(percentile(&times, 99)),
        cpu_ms: used.filter(|_| answers > 0).map(|used| super::milliseconds(used) / super::float(answers)),
    }
}

/// The least time that so many percent did not exceed.
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_occurred() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        let load = report(times, 3, Duration::from_secs(2), Some(Duration::from_secs(1)));
        assert_eq!((load.p50_ms, load.p95_ms, load.p99_ms), (100.0, 190.0, 198.0));
        assert_eq!((load.answers, load.failures, load.per_second), (200, 3, 100.0));
        assert_eq!(load.cpu_ms, Some(5.0));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
