//! Watches the connection to the music server: staff are told when it is lost and when it is back, once each (contract 07
//! §3.10; the original had a script on its host for this).

use casa_domain::music::Bridge;
use casa_gateways::{Chat, Telegram};
use casa_web::AppState;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::JobError;

/// Under which it is remembered how it was.
const NAME: &str = "music-watch";
/// Seconds for which a connection may be lost before it counts: a bridge that starts anew is back sooner.
const GRACE: i64 = 60;

/// What staff know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// The connection is lost.
    down: bool,
    /// Since when they know.
    since: DateTime<Utc>,
}

/// Looks how the bridge is and tells staff if that changed; with `dry_run` only looks. A notice that cannot be sent is tried
/// again by the next run.
///
/// # Errors
/// [`JobError`]; a [`JobError::Gateway`] where the notice could not be sent.
pub async fn run(state: &AppState, telegram: Option<&Telegram>, dry_run: bool) -> Result<Value, JobError> {
    if state.music.is_none() {
        return Ok(json!({ "music": "not configured" }));
    }
    let jobs = state.store.jobs();
    let (bridge, known) = (state.store.music().bridge().await?, jobs.state::<Known>(NAME).await?);
    // Both are of the machine's clock: this is between processes, not between guests.
    let now = Utc::now();
    let down = is_down(bridge.as_ref(), now);
    let was_down = known.is_some_and(|known| known.down);
    let report = json!({ "down": down, "changed": down != was_down });
    if down == was_down || dry_run {
        return Ok(report);
    }
    let text = notice(down, known.map(|known| (now - known.since).num_minutes()));
    match telegram {
        Some(telegram) => telegram.send(Chat::Operations, &text).await?,
        None => tracing::warn!(down, "the connection to the music server changed, and nobody can be told"),
    }
    jobs.save_state(NAME, &Known { down, since: now }).await?;
    Ok(report)
}

fn is_down(bridge: Option<&Bridge>, now: DateTime<Utc>) -> bool {
    !bridge.is_some_and(|bridge| bridge.is_up_or_just_lost(now, GRACE))
}

fn notice(down: bool, minutes: Option<i64>) -> String {
    match (down, minutes) {
        (true, _) => {
            "🔴 No hay conexión con el servidor de música. Los huéspedes no pueden usar los reproductores."
                .to_owned()
        }
        (false, Some(minutes)) => {
            format!("🟢 La conexión con el servidor de música volvió después de unos {} min.", minutes.max(1))
        }
        (false, None) => "🟢 La conexión con el servidor de música volvió.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::music::testing::bridge;

    #[test]
    fn a_short_break_is_nothing_to_tell() {
        let now = Utc::now();
        let bridge = |connected, since, reported| bridge(now, connected, since, reported);
        for (bridge, down) in [
            (None, true),
            (Some(bridge(true, 3600, 20)), false),
            (Some(bridge(true, 3600, 120)), true),
            (Some(bridge(false, 30, 5)), false),
            (Some(bridge(false, 90, 5)), true),
        ] {
            assert_eq!(is_down(bridge.as_ref(), now), down, "{bridge:?}");
        }
    }

    #[test]
    fn notices_say_how_long_it_lasted() {
        assert!(notice(true, None).contains("No hay conexión"));
        assert!(notice(false, Some(25)).contains("25 min"));
        assert!(notice(false, Some(0)).contains("1 min"));
    }
}
