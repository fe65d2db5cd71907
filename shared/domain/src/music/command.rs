//! What is asked of the music server, and how it ended: what travels between the API and the bridge.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::player::{Player, QueueState};

/// How long most commands may take, from the call of the guest to the answer of the music server (contract 07 §5).
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long starting to play something may take: the server may have to ask a music service first.
pub const PLAY_MEDIA_PATIENCE: Duration = Duration::from_secs(15);
/// Items of a queue that are told (contract 07 §3.4).
pub const MOST_QUEUE_ITEMS: u32 = 500;

/// One thing to do for a guest or a schedule. It is carried out once or answered as failed, in the order of its player.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Its own id: the answer is kept under it, and a repeated delivery is known by it.
    pub id: Uuid,
    /// The music server's id of the player; `None` for what concerns no player.
    pub player: Option<String>,
    /// What to do.
    pub action: Action,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// From when on nobody waits for it, so that it must not begin any more.
    pub expires_at: DateTime<Utc>,
}

impl Command {
    /// A command asked now, which expires when its caller stops waiting.
    #[must_use]
    pub fn new(id: Uuid, player: Option<String>, action: Action, now: DateTime<Utc>) -> Self {
        let patience = TimeDelta::from_std(action.patience()).unwrap_or(TimeDelta::zero());
        Self { id, player, action, asked_at: now, expires_at: now + patience }
    }

    /// The order it belongs to: that of its player, or none but its own, so that a search waits for nothing.
    #[must_use]
    pub fn order(&self) -> String {
        match &self.player {
            Some(player) => player.clone(),
            None => self.id.to_string(),
        }
    }

    /// Whether nobody waits for it at `now`.
    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at <= now
    }
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Plays on.
    Play,
    /// Pauses.
    Pause,
    /// Stops.
    Stop,
    /// The next item of the queue.
    Next,
    /// The one before.
    Previous,
    /// Sets the volume, 0 to 100.
    Volume {
        /// Percent.
        level: u8,
    },
    /// Switches the player on or off.
    Power {
        /// On?
        on: bool,
    },
    /// Empties the player's active queue. Answers [`Reply::Cleared`].
    ClearQueue,
    /// Puts something into the active queue.
    PlayMedia {
        /// One address or several, as the music server knows them.
        media: Vec<String>,
        /// Where in the queue.
        option: QueueOption,
    },
    /// The active queue with its first items, at most [`MOST_QUEUE_ITEMS`]. Answers [`Reply::Queue`].
    Queue,
    /// Looks for music. Answers [`Reply::Found`].
    Search {
        /// The text.
        query: String,
        /// Of which kinds; not empty.
        kinds: Vec<MediaKind>,
        /// At most so many of each kind.
        limit: u32,
    },
    /// Tracks of the library by name. Answers [`Reply::Tracks`].
    LibraryTracks {
        /// At most so many.
        limit: u32,
        /// After so many.
        offset: u32,
    },
    /// Every player the music server knows, asked anew. Answers [`Reply::Players`].
    AllPlayers,
}

impl Action {
    /// How long it may take.
    #[must_use]
    pub fn patience(&self) -> Duration {
        match self {
            Self::PlayMedia { .. } => PLAY_MEDIA_PATIENCE,
            _ => PATIENCE,
        }
    }

    /// Whether doing it twice is the same as doing it once, so that it may be sent again after a lost connection
    /// (contract 07 §5).
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Next | Self::Previous | Self::PlayMedia { .. })
    }
}

/// Where in a queue something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueOption {
    /// At the current position, and plays at once.
    Play,
    /// In the place of the whole queue.
    Replace,
    /// After the current item.
    Next,
    /// In the place of what follows the current item.
    ReplaceNext,
    /// At the end.
    Add,
}

/// Kinds of music to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// Pieces.
    Track,
    /// People and bands.
    Artist,
    /// Albums.
    Album,
    /// Lists.
    Playlist,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The command's id.
    pub id: Uuid,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done(Reply),
    /// It was not done, or nobody knows.
    Failed(Failure),
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Nothing was asked for.
    Nothing,
    /// Whether there was a queue to empty.
    Cleared(bool),
    /// The active queue, if there is one.
    Queue(Option<QueuePage>),
    /// What a search found.
    Found(Found),
    /// Tracks of the library.
    Tracks(Vec<Piece>),
    /// Every player.
    Players(Vec<Player>),
}

/// A queue with its first items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePage {
    /// The queue.
    pub state: QueueState,
    /// Its first items; the `item_id` of each is the queue's, and the `uri` that of the piece or else the same id.
    pub items: Vec<Piece>,
}

/// What a search found, of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Pieces.
    pub tracks: Vec<Piece>,
    /// People and bands.
    pub artists: Vec<Piece>,
    /// Albums.
    pub albums: Vec<Piece>,
    /// Lists.
    pub playlists: Vec<Piece>,
}

/// Something that can be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The id its provider or its queue gave it.
    pub item_id: String,
    /// Its name.
    pub name: String,
    /// The address under which it is played.
    pub uri: String,
    /// Seconds, where the music server tells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// An address at which its picture can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// Why a command was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// It came too late to begin.
    Expired,
    /// There is no connection to the music server.
    Offline,
    /// The connection or the bridge was lost while it ran: it may have been done.
    Interrupted,
    /// The music server did not answer in time: it may still be done.
    TimedOut,
    /// The music server does not know the player.
    UnknownPlayer,
    /// The player cannot be reached.
    PlayerUnavailable,
    /// The media was not found, or cannot be played.
    Media,
    /// The music server refused it for another reason.
    Refused,
}
