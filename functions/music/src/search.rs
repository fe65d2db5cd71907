//! `POST music/search/` (contract 07 §3.7; §8 defect 8).

use axum::{Json, extract::State};
use casa_domain::music::{Action, Found, MediaKind, Piece, Reply};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Guest,
    openapi::{ForGuests, WithBody},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    answers::asked,
    refusal::{self, FromServer, MusicRefusal},
};

/// Longest text to look for, in characters.
const LONGEST: usize = 300;
/// Most finds of each kind.
const MOST: u32 = 100;
/// Finds of each kind where nothing else is wished.
const USUAL: u32 = 50;
/// Every kind.
const ALL: [MediaKind; 4] = [MediaKind::Track, MediaKind::Artist, MediaKind::Album, MediaKind::Playlist];

/// What to look for.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes the body, which is read field by field
pub(crate) struct MusicSearch {
    /// Up to 300 characters.
    query: String,
    /// Of `tracks`, `artists`, `albums` and `playlists`, in any case; others are left out. All four where none is left.
    media_types: Option<Vec<String>>,
    /// Of each kind, 1 to 100; 50 when left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicFound {
    /// Always true.
    success: bool,
    /// What was looked for.
    query: String,
    /// The finds.
    results: MusicFinds,
}

/// What was found, of each kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicFinds {
    /// Pieces.
    tracks: Vec<MusicPiece>,
    /// People and bands.
    artists: Vec<MusicName>,
    /// Albums.
    albums: Vec<MusicName>,
    /// Lists.
    playlists: Vec<MusicName>,
}

/// A piece.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicPiece {
    /// Its id.
    item_id: String,
    /// Its name.
    name: String,
    /// Under which it is played.
    uri: String,
    /// Seconds, where known.
    duration: Option<u32>,
    /// An address of its picture.
    image: Option<String>,
}

/// Something that can be played and has no length of its own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicName {
    /// Its id.
    item_id: String,
    /// Its name.
    name: String,
    /// Under which it is played.
    uri: String,
    /// An address of its picture.
    image: Option<String>,
}

impl From<Piece> for MusicPiece {
    fn from(Piece { item_id, name, uri, duration, image }: Piece) -> Self {
        Self { item_id, name, uri, duration, image }
    }
}

impl From<Piece> for MusicName {
    fn from(Piece { item_id, name, uri, image, .. }: Piece) -> Self {
        Self { item_id, name, uri, image }
    }
}

impl From<Found> for MusicFinds {
    fn from(found: Found) -> Self {
        fn names(pieces: Vec<Piece>) -> Vec<MusicName> {
            pieces.into_iter().map(MusicName::from).collect()
        }
        Self {
            tracks: found.tracks.into_iter().map(MusicPiece::from).collect(),
            artists: names(found.artists),
            albums: names(found.albums),
            playlists: names(found.playlists),
        }
    }
}

/// Looks for music. Any guest may, with or without a stay.
#[utoipa::path(
    post,
    path = "/api/v1/music/search/",
    tag = "music",
    operation_id = "music_search",
    request_body = MusicSearch,
    responses(
        (status = 200, description = "What was found", body = MusicFound),
        (status = 400, description = "Nothing to look for, or a field is wrong", body = MusicRefusal),
        FromServer,
        ForGuests,
        WithBody,
    ),
    security(("client" = []))
)]
pub(crate) async fn search(
    _: Guest,
    State(state): State<AppState>,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<MusicFound>> {
    let form = form.map_err(refusal::of_body)?;
    let query = query(form.get("query"))?;
    let kinds = kinds(form.get("media_types"))?;
    let limit = limit(form.get("limit"))?;
    let action = Action::Search { query: query.clone(), kinds, limit };
    let found = match asked(&state, action, None).await? {
        Reply::Found(found) => found,
        _ => Found::default(),
    };
    Ok(Json(MusicFound { success: true, query, results: found.into() }))
}

fn query(value: Option<&Value>) -> ApiResult<String> {
    let text = value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| refusal::invalid("Indique qué música busca en query."))?;
    if text.chars().count() > LONGEST || text.contains('\0') {
        return Err(refusal::invalid(&format!("La búsqueda debe tener hasta {LONGEST} caracteres.")));
    }
    Ok(text.to_owned())
}

/// The original took a text letter by letter, of which none is a kind.
fn kinds(value: Option<&Value>) -> ApiResult<Vec<MediaKind>> {
    let wrong = || refusal::invalid("Indique media_types como lista de textos.");
    let mut kinds = match value {
        None | Some(Value::Null | Value::String(_)) => Vec::new(),
        Some(Value::Array(list)) => {
            let texts: Option<Vec<_>> = list.iter().map(Value::as_str).collect();
            texts.ok_or_else(wrong)?.into_iter().filter_map(kind).collect()
        }
        Some(_) => return Err(wrong()),
    };
    kinds.sort();
    kinds.dedup();
    Ok(if kinds.is_empty() { ALL.to_vec() } else { kinds })
}

fn kind(text: &str) -> Option<MediaKind> {
    Some(match text.to_lowercase().as_str() {
        "tracks" => MediaKind::Track,
        "artists" => MediaKind::Artist,
        "albums" => MediaKind::Album,
        "playlists" => MediaKind::Playlist,
        _ => return None,
    })
}

fn limit(value: Option<&Value>) -> ApiResult<u32> {
    let limit = match value {
        None | Some(Value::Null) => Some(USUAL),
        Some(Value::Number(number)) => number.as_u64().and_then(|limit| limit.try_into().ok()),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    let limit = limit.filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| refusal::invalid(&format!("limit debe ser un número entero entre 1 y {MOST}.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Contract 07 §9, examples 7 and 8.
    #[test]
    fn examples_7_and_8_kinds() {
        for (value, wanted) in [
            (json!(["Tracks", "zzz"]), Some(vec![MediaKind::Track])),
            (json!("tracks"), Some(ALL.to_vec())),
            (json!([]), Some(ALL.to_vec())),
            (json!(["zzz"]), Some(ALL.to_vec())),
            (json!(null), Some(ALL.to_vec())),
            (json!(["albums", "tracks", "ALBUMS"]), Some(vec![MediaKind::Track, MediaKind::Album])),
            (json!(["tracks", null]), None),
            (json!(["tracks", 5]), None),
            (json!(5), None),
        ] {
            assert_eq!(kinds(Some(&value)).ok(), wanted, "{value}");
        }
        assert_eq!(kinds(None).ok(), Some(ALL.to_vec()));
    }

    #[test]
    fn limits_and_texts() {
        for (value, wanted) in [
            (json!(1), Some(1)),
            (json!(100), Some(100)),
            (json!("5"), Some(5)),
            (json!(null), Some(50)),
            (json!(0), None),
            (json!(101), None),
            (json!(-1), None),
            (json!(1.5), None),
            (json!("x"), None),
            (json!(true), None),
        ] {
            assert_eq!(limit(Some(&value)).ok(), wanted, "{value}");
        }
        for (value, wanted) in [
            (json!(" hola "), Some("hola")),
            (json!(""), None),
            (json!("  "), None),
            (json!(5), None),
            (json!("x".repeat(301)), None),
            (json!("a\u{0}"), None),
        ] {
            assert_eq!(query(Some(&value)).ok().as_deref(), wanted, "{value}");
        }
    }
}
