//! `GET music/debug/all-players/` (contract 07 §3.10; for staff only, §8 defect 4): from here staff copy a player's id into a
//! house.

use axum::{Json, extract::State};
use casa_domain::music::{Action, Playback, Player, Reply};
use casa_web::{ApiResult, AppState, Staff, openapi::ForStaff};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{answers::asked, refusal::FromServer};

/// Every player of the music server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicAllPlayers {
    /// Always true.
    success: bool,
    /// How many there are.
    total_players: usize,
    /// The players.
    players: Vec<MusicServerPlayer>,
}

/// A player of the music server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicServerPlayer {
    /// The music server's id.
    player_id: String,
    /// Its name.
    name: String,
    /// Always null, as it was.
    display_name: Option<String>,
    /// `player`, `group`, …
    r#type: String,
    /// Whether it can be reached.
    available: bool,
    /// On or off; null where it cannot be switched.
    powered: Option<bool>,
    /// `idle`, `paused`, `playing` or `unknown`.
    #[schema(value_type = String)]
    playback_state: Playback,
}

impl From<Player> for MusicServerPlayer {
    fn from(player: Player) -> Self {
        Self {
            player_id: player.player_id,
            name: player.name,
            display_name: None,
            r#type: player.kind,
            available: player.available,
            powered: player.powered,
            playback_state: player.playback,
        }
    }
}

/// Every player the music server knows, also those of no house.
#[utoipa::path(
    get,
    path = "/api/v1/music/debug/all-players/",
    tag = "music",
    operation_id = "music_all_players",
    responses(
        (status = 200, description = "The players", body = MusicAllPlayers),
        FromServer,
        ForStaff,
    ),
    security(("staff" = []))
)]
pub(crate) async fn all_players(_: Staff, State(state): State<AppState>) -> ApiResult<Json<MusicAllPlayers>> {
    let players = match asked(&state, Action::AllPlayers, None).await? {
        Reply::Players(players) => players,
        _ => Vec::new(),
    };
    let players: Vec<_> = players.into_iter().map(MusicServerPlayer::from).collect();
    Ok(Json(MusicAllPlayers { success: true, total_players: players.len(), players }))
}
