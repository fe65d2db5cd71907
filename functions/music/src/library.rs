//! `GET music/library/tracks/` (contract 07 §3.8; §8 defect 8).

use axum::{Json, extract::State};
use casa_domain::music::{Action, Piece, Reply};
use casa_web::{ApiResult, AppState, Guest, Query, openapi::ForGuests};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answers::asked,
    refusal::{self, FromServer, MusicRefusal},
};

/// Most tracks of an answer.
const MOST: u32 = 500;
/// Tracks of an answer where nothing else is wished.
const USUAL: u32 = 50;
/// No library of a house is larger.
const FARTHEST: u32 = 1_000_000;

/// Tracks of the library.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicTracks {
    /// Always true.
    success: bool,
    /// The tracks, by name.
    tracks: Vec<MusicTrack>,
    /// At most so many were wished.
    limit: u32,
    /// After so many.
    offset: u32,
}

/// A track of the library.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicTrack {
    /// Its id.
    item_id: String,
    /// Its name.
    name: String,
    /// Under which it is played.
    uri: String,
    /// Seconds, where known.
    duration: Option<u32>,
}

impl From<Piece> for MusicTrack {
    fn from(Piece { item_id, name, uri, duration, .. }: Piece) -> Self {
        Self { item_id, name, uri, duration }
    }
}

/// Tracks of the music server's library, by name. Any guest may look, with or without a stay.
#[utoipa::path(
    get,
    path = "/api/v1/music/library/tracks/",
    tag = "music",
    operation_id = "music_library_tracks",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 500; 50 when left out", minimum = 1, maximum = 500),
        ("offset" = Option<u32>, Query, description = "How many to pass over, up to 1000000", minimum = 0, maximum = 1_000_000),
    ),
    responses(
        (status = 200, description = "The tracks", body = MusicTracks),
        (status = 400, description = "A parameter is no number or out of range", body = MusicRefusal),
        FromServer,
        ForGuests,
    ),
    security(("client" = []))
)]
pub(crate) async fn tracks(
    _: Guest,
    State(state): State<AppState>,
    query: Query,
) -> ApiResult<Json<MusicTracks>> {
    let limit = number(&query, "limit", 1, MOST, USUAL)?;
    let offset = number(&query, "offset", 0, FARTHEST, 0)?;
    let tracks = match asked(&state, Action::LibraryTracks { limit, offset }, None).await? {
        Reply::Tracks(tracks) => tracks,
        _ => Vec::new(),
    };
    let tracks = tracks.into_iter().map(MusicTrack::from).collect();
    Ok(Json(MusicTracks { success: true, tracks, limit, offset }))
}

fn number(query: &Query, name: &str, least: u32, most: u32, usual: u32) -> ApiResult<u32> {
    let Some(text) = query.get(name) else { return Ok(usual) };
    let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
    number
        .ok_or_else(|| refusal::invalid(&format!("{name} debe ser un número entero entre {least} y {most}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        for (text, wanted) in [
            ("limit=1", Some(1)),
            ("limit=500", Some(500)),
            ("limit=", Some(50)),
            ("", Some(50)),
            ("limit=0", None),
            ("limit=501", None),
            ("limit=-1", None),
            ("limit=x", None),
            ("limit=1.5", None),
            ("limit=99999999999999999999", None),
        ] {
            assert_eq!(number(&Query::parse(text), "limit", 1, MOST, USUAL).ok(), wanted, "{text}");
        }
    }
}
