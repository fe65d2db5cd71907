//! `GET music/health/` (contract 07 §3.10 and §8, defect 19): how the bridge to the music server says it is. Asking changes
//! nothing.

use axum::{Json, extract::State};
use casa_domain::music::Bridge;
use casa_web::{ApiError, ApiResult, AppState, openapi::Detail};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// How the music server is.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MusicHealth {
    /// `connected`, `unavailable` (there is no music server) or `error`.
    status: &'static str,
    /// Whether there is a connection.
    connected: bool,
    /// How many players the server tells of; only where connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    players_count: Option<u32>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    /// What is wrong, in Spanish.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// The protocol's version; only where connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_version: Option<u32>,
    /// Since when the server is silent; only where it ever said something.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_since_last_message: Option<i64>,
}

/// How the music server is. For monitoring.
#[utoipa::path(
    get,
    path = "/api/v1/music/health/",
    tag = "music",
    operation_id = "music_health",
    responses(
        (status = 200, description = "Connected, or there is no music server", body = MusicHealth),
        (status = 500, description = "No connection", body = MusicHealth),
        (status = 503, description = "The table does not answer", body = Detail),
    ),
    security(())
)]
pub(crate) async fn health(State(state): State<AppState>) -> ApiResult<Json<MusicHealth>> {
    if state.music.is_none() {
        return Ok(Json(MusicHealth {
            status: "unavailable",
            connected: false,
            players_count: None,
            message: None,
            error: Some("La música no está habilitada."),
            schema_version: None,
            seconds_since_last_message: None,
        }));
    }
    let health = MusicHealth::of(state.store.music().bridge().await?, Utc::now());
    if health.connected {
        return Ok(Json(health));
    }
    // Monitors know a failure by this status (contract 07 §3.10).
    Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, json!(health)))
}

impl MusicHealth {
    /// What a bridge says, at `now` of the machine's clock.
    fn of(bridge: Option<Bridge>, now: DateTime<Utc>) -> Self {
        let is_up = bridge.as_ref().is_some_and(|bridge| bridge.is_up(now));
        let bridge = bridge.as_ref();
        let silent =
            bridge.and_then(|bridge| bridge.last_message_at).map(|at| (now - at).num_seconds().max(0));
        Self {
            status: if is_up { "connected" } else { "error" },
            connected: is_up,
            players_count: bridge.filter(|_| is_up).map(|bridge| bridge.players),
            message: Some(if is_up {
                "Conectado al servidor de música."
            } else {
                "No hay conexión con el servidor de música."
            }),
            error: (!is_up).then_some("No se pudo conectar a Music Assistant"),
            schema_version: bridge.filter(|_| is_up).and_then(|bridge| bridge.schema_version),
            seconds_since_last_message: silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn silence_is_an_error() {
        let now = Utc::now();
        let bridge = |connected, reported| Bridge {
            connected,
            schema_version: Some(28),
            server_version: None,
            players: 3,
            last_message_at: Some(now - TimeDelta::seconds(7)),
            since: now - TimeDelta::hours(1),
            reported_at: now - TimeDelta::seconds(reported),
        };
        let up = MusicHealth::of(Some(bridge(true, 20)), now);
        assert_eq!((up.status, up.players_count, up.schema_version), ("connected", Some(3), Some(28)));
        assert_eq!((up.seconds_since_last_message, up.error), (Some(7), None));
        for down in [None, Some(bridge(false, 20)), Some(bridge(true, 100))] {
            let down = MusicHealth::of(down, now);
            assert_eq!((down.status, down.connected, down.players_count), ("error", false, None));
            assert!(down.error.is_some() && down.message.is_some());
        }
    }
}
