//! `POST music/players/{player_id}/play/`, `/pause/`, `/stop/`, `/next/`, `/previous/` (contract 07 §3.2).

use axum::{Json, extract::State};
use casa_domain::music::Action;
use casa_web::{ApiResult, AppState, Guest, openapi::ForGuests};

use crate::{
    access::control,
    answers::{MusicDone, asked, done},
    path::PlayerPath,
    refusal::ForSteering,
};

/// One endpoint per button: they differ by their paths, what they ask and what they say.
macro_rules! button {
    ($(#[$doc:meta])* $name:ident, $id:literal, $path:literal, $action:expr, $message:literal) => {
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "music",
            operation_id = $id,
            params(("player_id" = String, Path, description = "The music server's id of the player")),
            responses(
                (status = 200, description = "Done", body = MusicDone),
                ForSteering,
                ForGuests,
            ),
            security(("client" = []))
        )]
        pub(crate) async fn $name(
            guest: Guest,
            State(state): State<AppState>,
            PlayerPath(player): PlayerPath,
        ) -> ApiResult<Json<MusicDone>> {
            steer(guest, &state, &player, $action, $message).await
        }
    };
}

button!(
    /// Plays on.
    play, "music_play", "/api/v1/music/players/{player_id}/play/", Action::Play, "Reproduciendo."
);
button!(
    /// Pauses.
    pause, "music_pause", "/api/v1/music/players/{player_id}/pause/", Action::Pause, "Música en pausa."
);
button!(
    /// Stops.
    stop, "music_stop", "/api/v1/music/players/{player_id}/stop/", Action::Stop, "Música detenida."
);
button!(
    /// The next piece of the queue.
    next, "music_next", "/api/v1/music/players/{player_id}/next/", Action::Next, "Siguiente canción."
);
button!(
    /// The piece before.
    previous, "music_previous", "/api/v1/music/players/{player_id}/previous/", Action::Previous, "Canción anterior."
);

async fn steer(
    Guest(guest): Guest,
    state: &AppState,
    player: &str,
    action: Action,
    message: &str,
) -> ApiResult<Json<MusicDone>> {
    control(state, guest.client.id, player).await?;
    asked(state, action, Some(player)).await?;
    Ok(done(message))
}
