//! `/health`: how this bridge is, without anything secret.

use std::{net::SocketAddr, sync::Arc};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{metrics::Counts, mirror, shared::Shared};

/// How a bridge is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// `connected`, `disconnected`, or `stopping`.
    pub status: &'static str,
    /// Whether it carries out commands; another one does where this is false.
    pub acting: bool,
    /// Whether it is connected to the music server.
    pub connected: bool,
    /// Since when it is, or is not.
    pub since: DateTime<Utc>,
    /// The protocol's version, once connected.
    pub schema_version: Option<u32>,
    /// The server's version, once connected.
    pub server_version: Option<String>,
    /// How many players the server told of.
    pub players: u32,
    /// Seconds since the server last said anything.
    pub silence: Option<i64>,
    /// What was done since the start.
    pub counts: Counts,
}

impl Status {
    /// Whether it does what it is there for: it is connected, or it stands by.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.status != "stopping" && (self.connected || !self.acting)
    }
}

pub(crate) fn status(shared: &Shared) -> Status {
    let bridge = mirror::state(shared);
    Status {
        status: match (shared.is_stopping(), bridge.connected) {
            (true, _) => "stopping",
            (false, true) => "connected",
            (false, false) => "disconnected",
        },
        acting: shared.acting().is_some(),
        connected: bridge.connected,
        since: bridge.since,
        schema_version: bridge.schema_version,
        server_version: bridge.server_version,
        players: bridge.players,
        silence: bridge.last_message_at.map(|at| (bridge.reported_at - at).num_seconds()),
        counts: shared.metrics.all(),
    }
}

/// Answers `GET /health` for ever: 200 where the bridge is well, else 503, both with [`Status`].
///
/// # Errors
/// When the listener fails.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) -> std::io::Result<()> {
    let router = Router::new().route("/health", get(answer)).with_state(shared);
    axum::serve(listener, router).await
}

async fn answer(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let status = status(&shared);
    let code = if status.is_well() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(status))
}

/// Asks the bridge at `address` whether it is running, well or not: what the container's own check asks. A music server that
/// is away does not come back because the bridge is started again.
pub async fn is_running(address: SocketAddr) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let asking = async {
        let mut socket = tokio::net::TcpStream::connect(address).await?;
        socket.write_all(b"GET /health HTTP/1.0\r\nHost: bridge\r\n\r\n").await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(3), asking).await;
    matches!(answer, Ok(Ok(answer)) if answer.starts_with("HTTP/1.") && answer.contains("\"acting\""))
}
