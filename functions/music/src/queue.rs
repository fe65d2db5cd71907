//! `GET music/players/{player_id}/queue/` and `POST music/players/{player_id}/clear-queue/` (contract 07 §3.4, §3.5; §8
//! defects 9 and 11).

use axum::{Json, extract::State};
use casa_domain::{
    ReservationId,
    music::{Action, Piece, Playback, QueuePage, Reply},
};
use casa_web::{ApiResult, AppState, Guest, Query, openapi::ForGuests};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::control,
    answers::{MusicDone, asked, done},
    path::PlayerPath,
    refusal::{self, ForSteering, MusicRefusal},
};

/// The queue of a player.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicQueueAnswer {
    /// Always true.
    success: bool,
    /// The queue.
    queue: MusicQueue,
}

/// The active queue of a player, or that there is none.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct MusicQueue {
    /// The music server's id; null without a queue.
    queue_id: Option<String>,
    /// `idle`, `paused`, `playing` or `unknown`; null without a queue.
    #[schema(value_type = Option<String>)]
    state: Option<Playback>,
    /// The place of the current piece, from 0; null without a queue.
    current_index: Option<u32>,
    /// How many pieces it has.
    total_items: u32,
    /// The pieces before the current one.
    past_tracks: Vec<MusicItem>,
    /// The current one; null past the end.
    current_track: Option<MusicItem>,
    /// The pieces after it.
    upcoming_tracks: Vec<MusicItem>,
    /// All of them, at most the first 500.
    all_items: Vec<MusicItem>,
    /// Empty, and only there without a queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<MusicItem>>,
}

/// A piece of a queue.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct MusicItem {
    /// The queue's id of it.
    queue_item_id: String,
    /// Its name.
    name: String,
    /// Under which it is played.
    uri: String,
    /// Seconds.
    duration: Option<u32>,
    /// An address of its picture.
    image: Option<String>,
}

impl From<Piece> for MusicItem {
    fn from(piece: Piece) -> Self {
        let Piece { item_id, name, uri, duration, image } = piece;
        Self { queue_item_id: item_id, name, uri, duration, image }
    }
}

impl MusicQueue {
    fn new(page: Option<QueuePage>) -> Self {
        let Some(QueuePage { state, items }) = page else {
            return Self { items: Some(Vec::new()), ..Self::default() };
        };
        let index = state.current_index.unwrap_or(0);
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let all: Vec<MusicItem> = items.into_iter().map(MusicItem::from).collect();
        Self {
            queue_id: Some(state.queue_id),
            state: Some(state.playback),
            current_index: Some(index),
            total_items: state.items,
            past_tracks: all.iter().take(at).cloned().collect(),
            current_track: all.get(at).cloned(),
            upcoming_tracks: all.iter().skip(at.saturating_add(1)).cloned().collect(),
            all_items: all,
            items: None,
        }
    }
}

/// The active queue of a player, with its first 500 pieces.
#[utoipa::path(
    get,
    path = "/api/v1/music/players/{player_id}/queue/",
    tag = "music",
    operation_id = "music_queue",
    params(("player_id" = String, Path, description = "The music server's id of the player")),
    responses(
        (status = 200, description = "The queue, or that there is none", body = MusicQueueAnswer),
        ForSteering,
        ForGuests,
    ),
    security(("client" = []))
)]
pub(crate) async fn show(
    Guest(guest): Guest,
    State(state): State<AppState>,
    PlayerPath(player): PlayerPath,
) -> ApiResult<Json<MusicQueueAnswer>> {
    control(&state, guest.client.id, &player).await?;
    let page = match asked(&state, Action::Queue, Some(&player)).await? {
        Reply::Queue(page) => page,
        _ => None,
    };
    Ok(Json(MusicQueueAnswer { success: true, queue: MusicQueue::new(page) }))
}

/// Empties the active queue of a player. Only the host of the stay under way may, and names it.
#[utoipa::path(
    post,
    path = "/api/v1/music/players/{player_id}/clear-queue/",
    tag = "music",
    operation_id = "music_clear_queue",
    params(
        ("player_id" = String, Path, description = "The music server's id of the player"),
        ("reservation_id" = String, Query, description = "The stay under way in the player's house"),
    ),
    responses(
        (status = 200, description = "Done, or there was nothing to do", body = MusicDone),
        (status = 400, description = "No stay named", body = MusicRefusal),
        ForSteering,
        ForGuests,
    ),
    security(("client" = []))
)]
pub(crate) async fn clear(
    Guest(guest): Guest,
    State(state): State<AppState>,
    PlayerPath(player): PlayerPath,
    query: Query,
) -> ApiResult<Json<MusicDone>> {
    let named =
        query.get("reservation_id").ok_or_else(|| refusal::invalid("Falta el parámetro reservation_id."))?;
    let id: ReservationId = named.trim().parse().map_err(|_| refusal::no_stay())?;
    let stored = state.store.reservations().get(id).await?;
    let stay = stored.map(|stored| stored.booked.reservation).filter(|stay| !stay.deleted);
    let stay = stay.ok_or_else(refusal::no_stay)?;
    if stay.client != Some(guest.client.id) {
        return Err(refusal::not_host());
    }
    let right = control(&state, guest.client.id, &player).await?;
    // Who owns some stay and takes part in another would pass without this (§8, defect 11).
    if right.stay.id != stay.id || right.role != casa_domain::music::Role::Host {
        return Err(refusal::no_control());
    }
    match asked(&state, Action::ClearQueue, Some(&player)).await? {
        Reply::Cleared(false) => Ok(done("No hay una cola activa que limpiar.")),
        _ => Ok(done("Cola de reproducción vacía.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casa_domain::music::QueueState;

    fn page(index: Option<u32>) -> QueuePage {
        let piece = |id: &str| Piece {
            item_id: id.to_owned(),
            name: id.to_owned(),
            uri: format!("library://track/{id}"),
            duration: Some(60),
            image: None,
        };
        QueuePage {
            state: QueueState {
                queue_id: "q".to_owned(),
                playback: Playback::Playing,
                current_index: index,
                items: 3,
            },
            items: ["0", "1", "2"].map(piece).to_vec(),
        }
    }

    /// Contract 07 §9, example 6.
    #[test]
    fn example_6_past_current_and_upcoming() {
        let ids = |items: &[MusicItem]| items.iter().map(|one| one.queue_item_id.clone()).collect::<String>();
        for (index, past, current, upcoming) in [
            (Some(1), "0", Some("1"), "2"),
            (Some(5), "012", None, ""),
            (None, "", Some("0"), "12"),
            (Some(u32::MAX), "012", None, ""),
        ] {
            let queue = MusicQueue::new(Some(page(index)));
            assert_eq!(ids(&queue.past_tracks), past, "{index:?}");
            assert_eq!(queue.current_track.as_ref().map(|one| one.queue_item_id.as_str()), current);
            assert_eq!(ids(&queue.upcoming_tracks), upcoming);
            assert_eq!((ids(&queue.all_items).as_str(), queue.total_items), ("012", 3));
            assert_eq!(queue.current_index, Some(index.unwrap_or(0)));
        }
    }

    #[test]
    fn without_a_queue_every_key_is_there() {
        let empty = serde_json::to_value(MusicQueue::new(None)).unwrap();
        for key in ["queue_id", "state", "current_index", "current_track"] {
            assert!(empty[key].is_null() && empty.get(key).is_some(), "{key}");
        }
        for key in ["items", "all_items", "past_tracks", "upcoming_tracks"] {
            assert_eq!(empty[key], serde_json::json!([]), "{key}");
        }
    }
}
