//! What the bridge did, as numbers: in CloudWatch's embedded metric format, one line of JSON a minute on the standard output.

use std::{
    io::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::Utc;
use serde::Serialize;
use serde_json::json;

use crate::shared::Shared;

/// How often the numbers are written.
const EVERY: Duration = Duration::from_secs(60);
/// Times of one line; the format takes a hundred.
const MOST_TIMES: usize = 100;
/// The namespace of the metrics; `template.yaml` has alarms on it.
const NAMESPACE: &str = "CasaAustin/Music";

/// What was done since the numbers were last taken, or since the start.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counts {
    /// Commands that were carried out.
    pub executed: u64,
    /// Commands that were answered as failed, expired ones apart.
    pub failed: u64,
    /// Commands that came too late to begin.
    pub expired: u64,
    /// Messages that nobody can read.
    pub parked: u64,
    /// Commands that had been begun before, by a bridge that is gone.
    pub interrupted: u64,
    /// Connections to the music server that came about.
    pub connections: u64,
    /// Milliseconds from the call of the guest to the frame, of a part of the commands.
    #[serde(skip)]
    pub times: Vec<u64>,
}

/// Counts of two spans: since the last line, and since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<(Counts, Counts)>);

impl Metrics {
    fn both(&self) -> MutexGuard<'_, (Counts, Counts)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts something.
    pub(crate) fn count(&self, add: impl Fn(&mut Counts)) {
        let (line, all) = &mut *self.both();
        add(line);
        add(all);
    }

    /// Notes how long it took from the call to the frame.
    pub(crate) fn time(&self, took: Duration) {
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.count(|counts| {
            if counts.times.len() < MOST_TIMES {
                counts.times.push(took);
            } else if let Some(time) = counts.times.get_mut(rand::random_range(0..MOST_TIMES)) {
                *time = took;
            }
        });
    }

    /// Everything since the start.
    pub(crate) fn all(&self) -> Counts {
        self.both().1.clone()
    }

    fn take(&self) -> Counts {
        std::mem::take(&mut self.both().0)
    }
}

/// Writes a line a minute, where metrics are wanted.
pub(crate) async fn tell(shared: &Shared) {
    let Some(stage) = &shared.settings.metrics else { return std::future::pending().await };
    loop {
        tokio::time::sleep(EVERY).await;
        let acts = shared.acting().is_some();
        let line =
            line(stage, shared.metrics.take(), acts, shared.connection().is_some(), shared.player_count());
        // A closed output is no reason to stop the music.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

/// The line. Whether there is a connection is told by the acting bridge only: that of a standby serves nobody.
fn line(stage: &str, counts: Counts, acts: bool, connected: bool, players: u32) -> serde_json::Value {
    let mut metrics = vec![
        ("Executed", "Count"),
        ("Failed", "Count"),
        ("Expired", "Count"),
        ("Parked", "Count"),
        ("Interrupted", "Count"),
        ("Connections", "Count"),
    ];
    let mut line = json!({
        "Stage": stage,
        "Executed": counts.executed,
        "Failed": counts.failed,
        "Expired": counts.expired,
        "Parked": counts.parked,
        "Interrupted": counts.interrupted,
        "Connections": counts.connections,
    });
    if acts {
        metrics.extend([("Connected", "None"), ("Players", "Count")]);
        line["Connected"] = u8::from(connected).into();
        line["Players"] = players.into();
    }
    if !counts.times.is_empty() {
        metrics.push(("Latency", "Milliseconds"));
        line["Latency"] = counts.times.into();
    }
    let metrics: Vec<_> = metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
    line["_aws"] = json!({
        "Timestamp": Utc::now().timestamp_millis(),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["Stage"]], "Metrics": metrics }],
    });
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_the_format_asks_for() {
        let metrics = Metrics::default();
        for took in 0..250 {
            metrics.time(Duration::from_millis(took));
            metrics.count(|counts| counts.executed += 1);
        }
        let line = line("prod", metrics.take(), true, true, 5);
        assert_eq!(
            (&line["Executed"], &line["Connected"], &line["Players"]),
            (&json!(250), &json!(1), &json!(5))
        );
        assert_eq!(line["Latency"].as_array().map(Vec::len), Some(MOST_TIMES));
        let told = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&told["Namespace"], &told["Dimensions"]), (&json!(NAMESPACE), &json!([["Stage"]])));
        for metric in told["Metrics"].as_array().unwrap() {
            assert!(!line[metric["Name"].as_str().unwrap()].is_null(), "{metric}");
        }
        // The next line begins anew, the whole does not.
        assert_eq!(metrics.take(), Counts::default());
        assert_eq!(metrics.all().executed, 250);
    }

    #[test]
    fn a_standby_tells_of_no_connection() {
        let line = line("dev", Counts::default(), false, true, 5);
        assert!(line.get("Connected").is_none() && line.get("Latency").is_none(), "{line}");
    }
}
