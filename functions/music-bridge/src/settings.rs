//! What a bridge is told: the music server, the queues, and its times.

use std::{env, time::Duration};

use casa_gateways::music_assistant as server;
use casa_store::music::LEASE;

/// The bridge cannot be started as it is set up.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A required variable is not set.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable has a value that makes no sense.
    #[error("the environment variable {0} has an unusable value")]
    Unusable(&'static str),
    /// The music server's settings are wrong.
    #[error(transparent)]
    Server(#[from] server::SettingsError),
}

/// What a bridge is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The music server.
    pub server: server::Settings,
    /// Address of the FIFO queue of commands.
    pub queue: String,
    /// Address of the FIFO queue for messages that nobody can read; without one they are dropped with an error in the log.
    pub parked: Option<String>,
    /// Its times.
    pub pace: Pace,
    /// The dimension `Stage` of the metrics; without one none are written.
    pub metrics: Option<String>,
}

/// Times of a bridge. The defaults are the ones to run with; tests hurry some of them.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often the bridge reports how it is when nothing changes, and asks the server whether it is well.
    pub look: Duration,
    /// How often players and queues are asked anew, in case an event was missed.
    pub resync: Duration,
    /// How long a lease that does not move is believed ([`LEASE`]).
    pub lease: Duration,
    /// How often the holder renews the lease.
    pub renew: Duration,
    /// How often a standby looks at the lease.
    pub watch: Duration,
    /// How long a received command is hidden from other receivers; it is hidden again while it runs.
    pub hide: Duration,
    /// How long one question to the queue waits for a command: whole seconds, at most 20.
    pub receive: Duration,
    /// At most one write per player in this time.
    pub mirror: Duration,
    /// How long running commands may take to end after the signal to stop.
    pub farewell: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(30),
            resync: Duration::from_secs(300),
            lease: LEASE,
            renew: Duration::from_millis(1500),
            watch: Duration::from_secs(1),
            hide: Duration::from_secs(5),
            receive: Duration::from_secs(20),
            mirror: Duration::from_secs(1),
            farewell: Duration::from_secs(8),
        }
    }
}

impl Pace {
    /// How long the holder trusts its lease after it began to ask for it: a second less than others do, for clocks that run
    /// at different speeds and the time a frame takes to leave.
    pub(crate) fn trusted(&self) -> Duration {
        self.lease.saturating_sub(Duration::from_secs(1))
    }
}

impl Settings {
    /// A bridge between a music server and a queue, with the usual times and without metrics.
    #[must_use]
    pub fn new(server: server::Settings, queue: impl Into<String>, parked: Option<String>) -> Self {
        Self { server, queue: queue.into(), parked, pace: Pace::default(), metrics: None }
    }

    /// What the environment says: `MUSIC_ASSISTANT_URL` with its companions, `CASA_MUSIC_QUEUE_URL`,
    /// `CASA_MUSIC_PARKED_URL`, `CASA_STAGE` (default `dev`).
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn from_env() -> Result<Self, SettingsError> {
        let server = server::Settings::from_env()?.ok_or(SettingsError::Missing("MUSIC_ASSISTANT_URL"))?;
        let queue = text("CASA_MUSIC_QUEUE_URL").ok_or(SettingsError::Missing("CASA_MUSIC_QUEUE_URL"))?;
        let mut settings = Self::new(server, queue, text("CASA_MUSIC_PARKED_URL"));
        settings.metrics = Some(text("CASA_STAGE").unwrap_or_else(|| "dev".to_owned()));
        Ok(settings)
    }
}

/// The port of `/health`: `CASA_HEALTH_PORT`, else 8080.
///
/// # Errors
/// [`SettingsError::Unusable`].
pub fn health_port() -> Result<u16, SettingsError> {
    text("CASA_HEALTH_PORT")
        .map_or(Ok(8080), |port| port.parse().map_err(|_| SettingsError::Unusable("CASA_HEALTH_PORT")))
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
