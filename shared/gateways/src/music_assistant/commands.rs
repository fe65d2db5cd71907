//! The commands of the protocol that are used (contract 07 §6.5). Each takes how long it may take in all.

use std::time::Duration;

use casa_domain::music::{Found, MediaKind, Piece, QueueOption};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{
    Connection, Error, KnownPlayer, KnownQueue, Mirror, ServerInfo,
    error::code,
    frame,
    objects::wire::{self, Scalar},
};

/// What a player's buttons do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Plays on.
    Play,
    /// Pauses.
    Pause,
    /// Stops.
    Stop,
    /// The next item of its queue.
    Next,
    /// The one before.
    Previous,
}

impl Transport {
    fn command(self) -> &'static str {
        match self {
            Self::Play => "players/cmd/play",
            Self::Pause => "players/cmd/pause",
            Self::Stop => "players/cmd/stop",
            Self::Next => "players/cmd/next",
            Self::Previous => "players/cmd/previous",
        }
    }
}

/// Arguments of `player_queues/play_media`.
#[derive(Serialize)]
struct PlayMedia<'a> {
    queue_id: &'a str,
    media: OneOrMore<'a>,
    option: QueueOption,
    radio_mode: bool,
    start_item: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OneOrMore<'a> {
    One(&'a str),
    More(&'a [String]),
}

/// Arguments of `music/search`.
#[derive(Serialize)]
struct Search<'a> {
    search_query: &'a str,
    media_types: &'a [MediaKind],
    limit: u32,
    library_only: bool,
}

/// Every method fails with an [`Error`].
#[allow(clippy::missing_errors_doc)]
impl Connection {
    /// Every player, also those that cannot be reached now, without those that are switched off in the settings.
    pub async fn players(&self, patience: Duration) -> Result<Vec<KnownPlayer>, Error> {
        let args = json!({ "return_unavailable": true, "return_disabled": false });
        let parts = self.ask("players/all", Some(args), patience).await?;
        let players = list::<wire::Player>(&parts)?;
        Ok(players.into_iter().filter_map(wire::Player::known).collect())
    }

    /// One player; `None` where the server knows none of that id.
    pub async fn player(&self, player_id: &str, patience: Duration) -> Result<Option<KnownPlayer>, Error> {
        let args = json!({ "player_id": player_id, "raise_unavailable": false });
        match self.ask("players/get", Some(args), patience).await {
            Ok(parts) => Ok(one::<Option<wire::Player>>(&parts)?.and_then(wire::Player::known)),
            // Some servers refuse an unknown id instead of answering nothing.
            Err(Error::Refused { code: code::PLAYER_UNAVAILABLE, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every queue, without its items.
    pub async fn queues(&self, patience: Duration) -> Result<Vec<KnownQueue>, Error> {
        let parts = self.ask("player_queues/all", None::<()>, patience).await?;
        let queues = list::<wire::Queue>(&parts)?;
        Ok(queues.into_iter().filter_map(|queue| queue.known(&self.gallery)).collect())
    }

    /// A button of a player. The server says nothing of a player that it does not know or reach: it ignores the command.
    pub async fn transport(
        &self,
        player_id: &str,
        button: Transport,
        patience: Duration,
    ) -> Result<(), Error> {
        self.order(button.command(), json!({ "player_id": player_id }), patience).await
    }

    /// Sets the volume, 0 to 100. As [`Connection::transport`] for unknown players.
    pub async fn set_volume(&self, player_id: &str, level: u8, patience: Duration) -> Result<(), Error> {
        let args = json!({ "player_id": player_id, "volume_level": level });
        self.order("players/cmd/volume_set", args, patience).await
    }

    /// Switches a player on or off. As [`Connection::transport`] for unknown players.
    pub async fn set_power(&self, player_id: &str, on: bool, patience: Duration) -> Result<(), Error> {
        let args = json!({ "player_id": player_id, "powered": on });
        self.order("players/cmd/power", args, patience).await
    }

    /// The queue that a player plays, if there is one. Where the server cannot tell, it is worked out from the player and
    /// the queues, which takes two more questions.
    pub async fn active_queue(
        &self,
        player_id: &str,
        patience: Duration,
    ) -> Result<Option<KnownQueue>, Error> {
        let deadline = Instant::now() + patience;
        let args = json!({ "player_id": player_id });
        match self.ask("player_queues/get_active_queue", Some(args), patience).await {
            Ok(parts) => {
                let queue = one::<Option<wire::Queue>>(&parts)?;
                Ok(queue.and_then(|queue| queue.known(&self.gallery)))
            }
            Err(Error::Refused { code: code::INVALID_COMMAND, .. }) => {
                let left = deadline.saturating_duration_since(Instant::now());
                let (players, queues) = tokio::try_join!(self.players(left), self.queues(left))?;
                Ok(Mirror::new(players, queues).active_queue(player_id).cloned())
            }
            Err(error) => Err(error),
        }
    }

    /// Items of a queue, at most `limit` after the first `offset`. The `item_id` of each is the queue's.
    pub async fn queue_items(
        &self,
        queue_id: &str,
        limit: u32,
        offset: u32,
        patience: Duration,
    ) -> Result<Vec<Piece>, Error> {
        let args = json!({ "queue_id": queue_id, "limit": limit, "offset": offset });
        let parts = self.ask("player_queues/items", Some(args), patience).await?;
        let items = list::<wire::QueueItem>(&parts)?;
        Ok(items.into_iter().filter_map(|item| item.piece(&self.gallery)).take(limit as usize).collect())
    }

    /// Empties a queue.
    pub async fn clear_queue(&self, queue_id: &str, patience: Duration) -> Result<(), Error> {
        self.order("player_queues/clear", json!({ "queue_id": queue_id }), patience).await
    }

    /// Puts one address or several into a queue.
    pub async fn play_media(
        &self,
        queue_id: &str,
        media: &[String],
        option: QueueOption,
        patience: Duration,
    ) -> Result<(), Error> {
        let media = match media {
            [one] => OneOrMore::One(one),
            more => OneOrMore::More(more),
        };
        let args = PlayMedia { queue_id, media, option, radio_mode: false, start_item: None };
        self.order("player_queues/play_media", args, patience).await
    }

    /// Looks for music of some kinds, at most `limit` of each.
    pub async fn search(
        &self,
        query: &str,
        kinds: &[MediaKind],
        limit: u32,
        patience: Duration,
    ) -> Result<Found, Error> {
        let args = Search { search_query: query, media_types: kinds, limit, library_only: false };
        let parts = self.ask("music/search", Some(args), patience).await?;
        let [part] = parts.as_slice() else { return Err(Error::Unreadable) };
        let result = frame::result(part).ok_or(Error::Unreadable)?;
        let results: wire::SearchResults =
            serde_json::from_str(result.get()).map_err(|_| Error::Unreadable)?;
        Ok(results.found(&self.gallery))
    }

    /// Tracks of the library by name, at most `limit` after the first `offset`.
    pub async fn library_tracks(
        &self,
        limit: u32,
        offset: u32,
        patience: Duration,
    ) -> Result<Vec<Piece>, Error> {
        let args = json!({ "limit": limit, "offset": offset, "order_by": "sort_name" });
        let parts = self.ask("music/tracks/library_items", Some(args), patience).await?;
        let items = list::<wire::Item>(&parts)?;
        Ok(items.into_iter().filter_map(|item| item.piece(&self.gallery)).collect())
    }

    /// What the server says of itself now: a question for health checks.
    pub async fn info(&self, patience: Duration) -> Result<ServerInfo, Error> {
        #[derive(Deserialize)]
        struct Info {
            schema_version: Scalar,
            #[serde(default)]
            min_supported_schema_version: Scalar,
            #[serde(default)]
            server_version: Scalar,
        }

        let parts = self.ask("info", None::<()>, patience).await?;
        let info: Info = one(&parts)?;
        let schema_version = info.schema_version.whole().ok_or(Error::Unreadable)?;
        let min_supported_schema_version =
            info.min_supported_schema_version.whole().unwrap_or(schema_version);
        let server_version = info.server_version.text();
        Ok(ServerInfo { schema_version, min_supported_schema_version, server_version })
    }

    /// A command whose result says nothing: that it was answered is what counts, so that nothing of it can be unreadable.
    async fn order(&self, command: &str, args: impl Serialize, patience: Duration) -> Result<(), Error> {
        self.ask(command, Some(args), patience).await.map(|_| ())
    }
}

/// A result that comes in one frame.
fn one<T: for<'a> Deserialize<'a>>(parts: &[Utf8Bytes]) -> Result<T, Error> {
    let [part] = parts else { return Err(Error::Unreadable) };
    let result = frame::result(part).ok_or(Error::Unreadable)?;
    serde_json::from_str(result.get()).map_err(|_| Error::Unreadable)
}

/// A list, the parts of which are put together.
fn list<T: for<'a> Deserialize<'a>>(parts: &[Utf8Bytes]) -> Result<Vec<T>, Error> {
    let mut whole = Vec::new();
    for part in parts {
        let result = frame::result(part).ok_or(Error::Unreadable)?;
        whole.extend(wire::list::<T>(result.get()).map_err(|_| Error::Unreadable)?);
    }
    Ok(whole)
}
