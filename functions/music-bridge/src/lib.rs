//! The music bridge: an always-on task that holds the connection to the music server (contract 07 §5; DESIGN §5).
//!
//! It carries out commands from a FIFO queue, mirrors players and queues into the table, and reports how it is. Any number
//! of bridges may run: one acts, the others stand by with a connection of their own.
//!
//! - `link`: connects, follows, connects again; asks for everything anew every five minutes
//! - `lease`: which bridge acts
//! - `consumer`, `command`: commands, in the order of their player, each at most once
//! - `mirror`: what is written into the table
//! - `health`, `metrics`: what people and alarms look at

mod command;
mod consumer;
mod health;
mod lease;
mod line;
mod link;
mod metrics;
mod mirror;
mod settings;
mod shared;

use std::sync::Arc;

use casa_store::Store;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

pub use health::{Status, is_running};
pub use metrics::Counts;
pub use settings::{Pace, Settings, SettingsError, health_port};

use shared::Shared;

/// A part of the bridge ended, which none does by itself: it broke.
#[derive(Debug, thiserror::Error)]
#[error("a part of the bridge broke: {0}")]
pub struct Broken(String);

/// A running bridge. Dropping it ends it at once, as if it were killed; [`Bridge::stop`] is the gentle way.
#[derive(Debug)]
pub struct Bridge {
    shared: Arc<Shared>,
    life: JoinHandle<Result<(), Broken>>,
}

impl Bridge {
    /// Starts a bridge.
    #[must_use]
    pub fn start(settings: Settings, store: Store, sqs: aws_sdk_sqs::Client) -> Self {
        let shared = Arc::new(Shared::new(settings, store, sqs));
        let life = tokio::spawn(live(Arc::clone(&shared)));
        Self { shared, life }
    }

    /// How it is.
    #[must_use]
    pub fn status(&self) -> Status {
        health::status(&self.shared)
    }

    /// Answers `/health` on a listener until the bridge ends.
    pub fn serve_health(
        &self,
        listener: TcpListener,
    ) -> impl Future<Output = std::io::Result<()>> + Send + use<> {
        health::serve(listener, Arc::clone(&self.shared))
    }

    /// Ends when the bridge does, which it does only where it broke or was told to stop.
    ///
    /// # Errors
    /// [`Broken`].
    pub async fn ended(&mut self) -> Result<(), Broken> {
        (&mut self.life).await.unwrap_or_else(|error| Err(Broken(error.to_string())))
    }

    /// Stops it: it receives nothing more, what runs may end, and the lease goes back, so that another bridge acts at once.
    ///
    /// # Errors
    /// [`Broken`].
    pub async fn stop(mut self) -> Result<(), Broken> {
        self.shared.stopping.send_replace(true);
        self.ended().await
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.life.abort();
    }
}

async fn live(shared: Arc<Shared>) -> Result<(), Broken> {
    let mut parts = JoinSet::new();
    macro_rules! part {
        ($part:path) => {{
            let shared = Arc::clone(&shared);
            parts.spawn(async move { $part(&shared).await });
        }};
    }
    part!(link::keep);
    part!(lease::keep);
    part!(mirror::keep);
    part!(mirror::report);
    part!(metrics::tell);
    let result = tokio::select! {
        () = consumer::run(&shared) => Ok(()),
        Some(ended) = parts.join_next() => {
            Err(Broken(ended.map_or_else(|error| error.to_string(), |()| "it ended".to_owned())))
        }
    };
    // Nobody renews it any more, and nobody takes it from under what still runs: nothing does.
    parts.abort_all();
    while parts.join_next().await.is_some() {}
    lease::give_back(&shared).await;
    if let Some(connection) = shared.connection() {
        connection.close();
        connection.ended().await;
    }
    shared.relink(None);
    result
}
