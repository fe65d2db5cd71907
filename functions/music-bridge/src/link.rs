//! Holds the connection to the music server: connects, follows it until it is lost, and connects again, for ever.
//!
//! **When it tries again.** Three times at once, at most 300 ms apart. After that it depends on why. A server that is not
//! there (nothing answers, or it hangs up) is tried again with growing pauses that end at 0.8 s: an attempt begins with a
//! plain TCP connection that may take a second, so that a server that comes back is reached within two, and the attempts of
//! a whole night cost nothing. A server that is there and refuses (a wrong token, a protocol that is too new, not set up
//! yet) is tried again after 1, 2, 4 .. 30 s: only a person can change that. All pauses vary by a fifth, so that two bridges
//! do not keep step.

use std::time::Duration;

use casa_gateways::music_assistant::{ConnectError, Connection, Event, Events, Mirror, Settings, connect};
use tokio::{
    net::TcpStream,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use crate::shared::Shared;

/// How long reaching the server may take.
const REACH: Duration = Duration::from_secs(1);
/// How long an answer to the bridge's own questions may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection that ended sooner than this was no success: the pauses go on growing.
const PROVEN: Duration = Duration::from_secs(1);
/// The pause after players could not be loaded over a connection that stands.
const AGAIN: Duration = Duration::from_secs(2);

/// Connects and follows, for ever.
pub(crate) async fn keep(shared: &Shared) {
    let mut failures = 0_u32;
    let mut told = String::new();
    loop {
        let refused = match attempt(&shared.settings.server).await {
            Ok((connection, events)) => {
                let begun = Instant::now();
                told.clear();
                let server = connection.server();
                tracing::info!(
                    schema = server.schema_version,
                    version = server.server_version,
                    "connected to the music server"
                );
                shared.metrics.count(|counts| counts.connections += 1);
                shared.relink(Some(connection.clone()));
                follow(shared, &connection, events).await;
                shared.relink(None);
                tracing::warn!(end = ?connection.end(), "the connection to the music server is lost");
                if begun.elapsed() >= PROVEN {
                    failures = 0;
                }
                false
            }
            Err(error) => {
                // The same trouble for a whole night is one line.
                let text = error.to_string();
                if text != told {
                    tracing::warn!(error = text, "no connection to the music server");
                    told = text;
                }
                is_refusal(&error)
            }
        };
        failures = failures.saturating_add(1);
        let pause = pause(failures, refused);
        sleep(pause.mul_f64(rand::random_range(0.8..1.0))).await;
    }
}

/// Whether the server is there and only a person can make it take us.
fn is_refusal(error: &ConnectError) -> bool {
    match error {
        ConnectError::Unreachable(_)
        | ConnectError::TimedOut
        | ConnectError::HungUp
        | ConnectError::Unreadable => false,
        ConnectError::SetupRequired
        | ConnectError::TooNew { .. }
        | ConnectError::TokenMissing
        | ConnectError::TokenRefused { .. }
        | ConnectError::Settings(_) => true,
    }
}

/// The longest pause before the next attempt, after so many in a row.
fn pause(failures: u32, refused: bool) -> Duration {
    match (failures, refused) {
        (..=1, _) => Duration::from_millis(50),
        (2, _) => Duration::from_millis(150),
        (3, _) => Duration::from_millis(300),
        (4, false) => Duration::from_millis(500),
        (_, false) => Duration::from_millis(800),
        (more, true) => Duration::from_secs(1 << (more - 4).min(5)).min(Duration::from_secs(30)),
    }
}

async fn attempt(settings: &Settings) -> Result<(Connection, Events), ConnectError> {
    // A handshake with a server that is switched off would wait for ten seconds, and miss the moment it comes back.
    if let Some((host, port)) = address(settings.socket()) {
        match timeout(REACH, TcpStream::connect((host.as_str(), port))).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(ConnectError::Unreachable(error.kind().to_string())),
            Err(_) => return Err(ConnectError::TimedOut),
        }
    }
    connect(settings).await
}

/// Host and port of an address of a socket.
fn address(url: &str) -> Option<(String, u16)> {
    let uri: http::Uri = url.parse().ok()?;
    let host = uri.host()?.trim_matches(['[', ']']).to_owned();
    let usual = if uri.scheme_str() == Some("wss") { 443 } else { 80 };
    Some((host, uri.port_u16().unwrap_or(usual)))
}

/// Keeps the mirror right until the connection is over.
async fn follow(shared: &Shared, connection: &Connection, events: Events) {
    tokio::select! {
        _ = connection.ended() => {}
        () = watch_health(shared, connection) => connection.close(),
        () = reflect(shared, connection, events) => {}
    }
}

/// Ends when the server does not answer any more, whatever the socket says.
async fn watch_health(shared: &Shared, connection: &Connection) {
    let mut missed = 0;
    while missed < 2 {
        sleep(shared.settings.pace.look).await;
        match connection.info(PATIENCE.min(shared.settings.pace.look)).await {
            Err(error) if error.failure() == casa_domain::music::Failure::TimedOut => missed += 1,
            // A refusal is an answer too.
            _ => missed = 0,
        }
    }
    tracing::warn!("the music server does not answer any more");
}

/// Loads players and queues, applies events, and loads again every few minutes. Ends with the events.
async fn reflect(shared: &Shared, connection: &Connection, mut events: Events) {
    let mut due = interval(shared.settings.pace.resync);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Events wait meanwhile, the newest of each player and queue: they are applied to what was loaded.
        tokio::select! {
            biased;
            _ = due.tick() => {
                if !load(shared, connection).await {
                    due.reset_after(AGAIN);
                }
            }
            event = events.next() => match event {
                Some(Event::Lost) => due.reset_immediately(),
                Some(event) => shared.reflect(|mirror| {
                    mirror.as_mut().is_some_and(|mirror| mirror.apply(event))
                }),
                None => return,
            }
        }
    }
}

/// Asks for players and queues; commands run on meanwhile. False when that failed.
async fn load(shared: &Shared, connection: &Connection) -> bool {
    let (players, queues) = tokio::join!(connection.players(PATIENCE), connection.queues(PATIENCE));
    match (players, queues) {
        (Ok(players), Ok(queues)) => {
            let loaded = Mirror::new(players, queues);
            shared.reflect(|mirror| {
                let changed = mirror.as_ref() != Some(&loaded);
                *mirror = Some(loaded);
                changed
            });
            true
        }
        (Err(error), _) | (_, Err(error)) => {
            tracing::warn!(%error, "the players could not be loaded");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_quick_attempts_then_one_within_two_seconds_for_ever() {
        let quick: Vec<_> = (1..=3).map(|failures| pause(failures, false)).collect();
        assert!(quick.iter().all(|pause| *pause <= Duration::from_millis(300)), "{quick:?}");
        for failures in 4..10_000 {
            // An attempt that hangs ends after `REACH`, and the next one follows after the pause.
            assert!(pause(failures, false) + REACH < Duration::from_secs(2));
            assert!(pause(failures, false) >= pause(failures - 1, false));
        }
    }

    #[test]
    fn a_refusal_waits_longer_and_longer() {
        let seconds: Vec<_> = (4..=12).map(|failures| pause(failures, true).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30, 30, 30]);
        assert_eq!(pause(u32::MAX, true), Duration::from_secs(30));
    }

    #[test]
    fn addresses_are_reached_at_their_port() {
        for (url, host, port) in [
            ("ws://ma.test:8095/ws", "ma.test", 8095),
            ("wss://ma.test/casa/ws", "ma.test", 443),
            ("ws://[::1]/ws", "::1", 80),
        ] {
            assert_eq!(address(url), Some((host.to_owned(), port)));
        }
        assert_eq!(address("/ws"), None);
    }
}
