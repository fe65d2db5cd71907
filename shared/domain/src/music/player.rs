//! What is known of players and of the bridge to them, as it is kept in the table.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A player as the music server last told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Player {
    /// The music server's id.
    pub player_id: String,
    /// The name its owner gave it.
    pub name: String,
    /// `player`, `group`, …, as the server says it.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it can be reached.
    pub available: bool,
    /// On or off; `None` where it cannot be switched.
    pub powered: Option<bool>,
    /// What it does.
    pub playback: Playback,
    /// 0 to 100; `None` where it has no volume.
    pub volume_level: Option<u8>,
    /// What it plays.
    pub media: Option<Media>,
    /// Its active queue.
    pub queue: Option<QueueState>,
}

/// What a player or a queue does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Playback {
    /// Nothing.
    Idle,
    /// It was paused.
    Paused,
    /// It plays.
    Playing,
    /// Something the bridge does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What a player plays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// The piece.
    pub title: Option<String>,
    /// Who plays it.
    pub artist: Option<String>,
    /// An address at which its picture can be had.
    pub image: Option<String>,
}

/// A queue, without its items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueState {
    /// The music server's id.
    pub queue_id: String,
    /// What it does.
    pub playback: Playback,
    /// The item that plays, from 0.
    pub current_index: Option<u32>,
    /// How many items it has.
    pub items: u32,
}

/// How the bridge to the music server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// Whether it is connected and, where the server asks for it, authenticated.
    pub connected: bool,
    /// The protocol's version, once connected.
    pub schema_version: Option<u32>,
    /// The server's version, once connected.
    pub server_version: Option<String>,
    /// How many players the server told of.
    pub players: u32,
    /// When the server last said anything.
    pub last_message_at: Option<DateTime<Utc>>,
    /// Since when it is connected or disconnected.
    pub since: DateTime<Utc>,
    /// When the bridge last reported this. A bridge that is silent for over [`Bridge::SILENCE`] is not there.
    pub reported_at: DateTime<Utc>,
}

impl Bridge {
    /// Seconds without a report after which a bridge counts as gone: it reports every 30.
    pub const SILENCE: i64 = 90;

    /// Whether commands reach the music server at `now`, as far as is known.
    #[must_use]
    pub fn is_up(&self, now: DateTime<Utc>) -> bool {
        self.connected && (now - self.reported_at).num_seconds() <= Self::SILENCE
    }

    /// Whether it is up at `now`, or lost its connection less than `grace` seconds ago and may be back in a moment.
    #[must_use]
    pub fn is_up_or_just_lost(&self, now: DateTime<Utc>, grace: i64) -> bool {
        self.is_up(now) || (!self.connected && (now - self.since).num_seconds() < grace)
    }
}
