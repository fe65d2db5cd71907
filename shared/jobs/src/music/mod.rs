//! Asking the music server something through the bridge (contract 07 §5): the command goes into a FIFO queue, the answer
//! comes as an item of the table.
//!
//! All instants here are those of the machine's clock, whatever the business's clock shows: bridge and caller must agree on
//! when nobody waits any more.

pub mod power;
pub mod watch;

use std::time::Duration;

use casa_domain::music::{Action, Bridge, Command, Failure, Outcome};
use casa_web::{AppState, Queue};
use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long the caller waits beyond the command's own patience, for the bridge to say that it ran out.
const MARGIN: Duration = Duration::from_millis(500);
/// A connection that was lost so short a time ago (seconds) may be back before the command expires, so it is worth asking.
const LOST_JUST_NOW: i64 = 3;

/// Asks the music server and waits for the answer, at most as long as the action's patience and half a second. `player` is the music
/// server's id; `None` for what concerns no player. Whoever calls has seen to it that the caller may.
///
/// It costs one read, one message, and a read per look for the answer: two or three for a quick one. Without a queue
/// ([`AppState::music`]), or while the bridge says that it has no connection, it answers [`Failure::Offline`] at once.
/// Never an error: what went wrong is in the outcome, and in the log.
pub async fn ask(state: &AppState, action: Action, player: Option<String>) -> Outcome {
    let Some(queue) = &state.music else { return Outcome::Failed(Failure::Offline) };
    if !is_reachable(state).await {
        return Outcome::Failed(Failure::Offline);
    }
    let command = Command::new(Uuid::new_v4(), player, action, Utc::now());
    let begun = Instant::now();
    if let Err(failure) = hand_over(queue, &command).await {
        return Outcome::Failed(failure);
    }
    wait(state, &command, begun).await
}

/// Whether commands may reach the music server now. A table that fails does not keep anybody from trying.
async fn is_reachable(state: &AppState) -> bool {
    match state.store.music().bridge().await {
        Ok(bridge) => bridge.is_some_and(|bridge| may_answer(&bridge, Utc::now())),
        Err(error) => {
            tracing::warn!(%error, "how the music bridge is cannot be read");
            true
        }
    }
}

fn may_answer(bridge: &Bridge, now: DateTime<Utc>) -> bool {
    // A bridge that lost its connection a moment ago is usually back within two seconds.
    bridge.is_up_or_just_lost(now, LOST_JUST_NOW)
}

async fn hand_over(queue: &Queue, command: &Command) -> Result<(), Failure> {
    let body = serde_json::to_string(command).map_err(|_| Failure::Refused)?;
    queue.send(body, &command.order(), command.id).await.map_err(|error| {
        tracing::error!(%error, "a command to the music server could not be sent");
        Failure::Offline
    })
}

async fn wait(state: &AppState, command: &Command, begun: Instant) -> Outcome {
    let bound = command.action.patience() + MARGIN;
    loop {
        let waited = begun.elapsed();
        if waited >= bound {
            return Outcome::Failed(Failure::TimedOut);
        }
        sleep(pause(waited).min(bound - waited)).await;
        match state.store.music().answer_of(command.id).await {
            Ok(Some(answer)) => return answer.outcome,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "an answer of the music server cannot be read yet"),
        }
    }
}

/// How long to wait before the next look: most answers come within some hundredths of a second, and who waits longer than a
/// second does not notice a tenth.
fn pause(waited: Duration) -> Duration {
    Duration::from_millis(match waited.as_millis() {
        0..8 => 8,
        8..60 => 5,
        60..1000 => 12,
        1000..4000 => 50,
        _ => 200,
    })
}

#[cfg(test)]
mod testing {
    use casa_domain::music::Bridge;
    use chrono::{DateTime, TimeDelta, Utc};

    /// A bridge that has been as it is for so many seconds, and reported so many seconds ago.
    pub(super) fn bridge(now: DateTime<Utc>, connected: bool, since: i64, reported: i64) -> Bridge {
        Bridge {
            connected,
            schema_version: None,
            server_version: None,
            players: 0,
            last_message_at: None,
            since: now - TimeDelta::seconds(since),
            reported_at: now - TimeDelta::seconds(reported),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_or_long_disconnected_bridge_is_not_asked() {
        let now = Utc::now();
        let bridge = |connected, since, reported| testing::bridge(now, connected, since, reported);
        assert!(may_answer(&bridge(true, 3600, 30), now));
        assert!(!may_answer(&bridge(true, 3600, 91), now));
        assert!(may_answer(&bridge(false, 1, 1), now));
        assert!(!may_answer(&bridge(false, 4, 1), now));
        assert!(!may_answer(&bridge(false, 3600, 3600), now));
    }

    #[test]
    fn looks_are_close_first_and_rare_later() {
        assert_eq!(pause(Duration::ZERO), Duration::from_millis(8));
        let mut waited = Duration::ZERO;
        let mut looks = 0;
        while waited < Duration::from_secs(10) {
            waited += pause(waited);
            looks += 1;
        }
        assert!((100..200).contains(&looks), "{looks}");
    }
}
