//! Simulated players, each with a queue of its own, in the shapes of a real server.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Track;

/// A player and its queue, which have the same id.
#[derive(Clone, Debug, PartialEq)]
pub struct Player {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it can be reached. Commands for one that cannot are ignored without a word.
    pub available: bool,
    /// On or off.
    pub powered: bool,
    /// 0 to 100.
    pub volume: u8,
    /// `idle`, `paused` or `playing`.
    pub state: &'static str,
    /// The player that leads it; it plays that one's queue.
    pub synced_to: Option<String>,
    /// Whether it says that it paused. The recorded ones did not, so that nothing changed.
    pub confirms_pause: bool,
    /// The items of its queue.
    pub items: Vec<QueueItem>,
    /// The current one.
    pub current: Option<usize>,
    /// Seconds of it that were played.
    pub elapsed: f64,
}

/// An item of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueItem {
    /// Its id in the queue.
    pub id: String,
    /// The piece.
    pub track: Track,
    /// Whether it was begun.
    pub begun: bool,
}

/// Where new items go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Play,
    Replace,
    Next,
    ReplaceNext,
    Add,
}

impl Player {
    /// A player that can be reached, is off and has an empty queue.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            available: true,
            powered: false,
            volume: 20,
            state: "idle",
            synced_to: None,
            confirms_pause: true,
            items: Vec::new(),
            current: None,
            elapsed: 0.0,
        }
    }

    /// The two of the recorded conversation.
    pub fn recorded() -> Vec<Self> {
        vec![Self::new("02:00:00:00:00:01", "Sala"), Self::new("02:00:00:00:00:02", "Terraza")]
    }

    /// The same with pieces in its queue, the first of which is the current one.
    #[must_use]
    pub fn with_queue(mut self, tracks: impl IntoIterator<Item = Track>) -> Self {
        self.items = tracks.into_iter().map(QueueItem::new).collect();
        self.current = (!self.items.is_empty()).then_some(0);
        self
    }

    pub(crate) fn put(&mut self, tracks: Vec<Track>, place: Place) {
        let after = self.current.map_or(0, |current| (current + 1).min(self.items.len()));
        let new = tracks.into_iter().map(QueueItem::new);
        match place {
            Place::Replace => self.items = new.collect(),
            Place::Add => self.items.extend(new),
            Place::Next => drop(self.items.splice(after..after, new)),
            Place::ReplaceNext => drop(self.items.splice(after.., new)),
            Place::Play => {
                let at = self.current.unwrap_or(0).min(self.items.len());
                self.items.splice(at..at, new);
                self.current = Some(at);
            }
        }
        if place == Place::Replace || self.current.is_none() {
            self.current = Some(0);
        }
    }

    /// Plays the item of an index.
    pub(crate) fn begin(&mut self, index: usize) {
        let Some(item) = self.items.get_mut(index) else { return };
        item.begun = true;
        self.current = Some(index);
        self.elapsed = 0.0;
        self.powered = true;
        self.state = "playing";
    }

    fn item(&self, index: Option<usize>, schema: u32) -> Value {
        let Some((index, item)) = index.and_then(|index| Some((index, self.items.get(index)?))) else {
            return Value::Null;
        };
        item.json(&self.id, index, schema)
    }

    /// The items from `offset`, at most `limit`.
    pub(crate) fn page(&self, limit: usize, offset: usize, schema: u32) -> Vec<Value> {
        let indices = offset..self.items.len().min(offset.saturating_add(limit));
        indices.map(|index| self.item(Some(index), schema)).collect()
    }

    /// The queue as the server tells it.
    pub(crate) fn queue(&self, schema: u32) -> Value {
        json!({
            "queue_id": self.id, "active": self.powered, "display_name": self.name, "available": self.available,
            "items": self.items.len(), "shuffle_enabled": false, "repeat_mode": "off",
            "dont_stop_the_music_enabled": false, "current_index": self.current, "index_in_buffer": self.current,
            "elapsed_time": self.elapsed, "elapsed_time_last_updated": now(), "state": self.state,
            "current_item": self.item(self.current, schema),
            "next_item": self.item(self.current.map(|current| current + 1), schema), "radio_source": [],
            "flow_mode": false, "resume_pos": 0,
        })
    }

    /// The player as the server tells it: newer ones say more.
    pub(crate) fn json(&self, schema: u32) -> Value {
        let mut player = json!({
            "player_id": self.id, "provider": "slimproto--4jpzGApP", "type": "player", "name": self.name,
            "available": self.available, "powered": self.powered,
            "device_info": { "model": "SqueezeLite", "address": "127.0.0.1", "manufacturer": "squeezeplay" },
            "supported_features": ["power", "sync", "volume_set", "pause", "volume_mute", "enqueue"],
            "elapsed_time": self.elapsed, "elapsed_time_last_updated": now(), "state": self.state,
            "volume_level": self.volume, "volume_muted": false, "group_childs": [],
            "active_source": self.synced_to.as_ref().unwrap_or(&self.id), "active_group": null,
            "current_media": self.media(schema), "synced_to": self.synced_to, "enabled_by_default": true,
            "needs_poll": false, "poll_interval": 30, "enabled": true, "hidden": false, "icon": "mdi-speaker",
            "group_volume": self.volume, "display_name": self.name, "extra_data": {},
            "announcement_in_progress": false, "last_poll": 0, "_prev_volume_level": 0,
        });
        if schema > 26 {
            player["playback_state"] = json!(self.state);
            player["group_members"] = json!([]);
            player["power_control"] = json!("native");
        }
        player
    }

    fn media(&self, schema: u32) -> Value {
        let Some(item) = self.current.and_then(|current| self.items.get(current)).filter(|item| item.begun)
        else {
            return Value::Null;
        };
        let image = item.track.picture.as_ref().filter(|picture| picture.remote).map(|picture| &picture.path);
        let mut media = json!({
            "uri": format!("http://127.0.0.1:8097/single/{}/{}.flac", self.id, item.id), "media_type": "unknown",
            "title": item.track.name, "artist": item.track.artist, "album": item.track.album, "image_url": image,
            "duration": item.track.duration, "queue_id": self.id, "queue_item_id": item.id, "custom_data": null,
        });
        if schema > 26 {
            media["source_id"] = json!(self.id);
        }
        media
    }
}

impl QueueItem {
    fn new(track: Track) -> Self {
        Self { id: Uuid::new_v4().simple().to_string(), track, begun: false }
    }

    fn json(&self, queue_id: &str, index: usize, schema: u32) -> Value {
        let track = &self.track;
        json!({
            "queue_id": queue_id, "queue_item_id": self.id, "name": format!("{} - {}", track.artist, track.name),
            "duration": track.duration, "sort_index": index,
            "streamdetails": if self.begun { track.stream() } else { Value::Null },
            "media_item": track.json(schema, true),
            "image": track.picture.as_ref().map(|picture| picture.json(schema)), "index": 0,
        })
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
