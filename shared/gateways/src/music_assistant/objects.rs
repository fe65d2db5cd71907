//! What the server tells of players, queues and music, and what of it we keep (contract 07 §6.6).
//!
//! Only the fields that are needed are read. What is missing, unknown or of another type than documented costs that field
//! and not the rest: servers of many ages are out there.

pub(super) mod wire;

use casa_domain::music::{Found, Media, Piece, Playback, Player, QueueState};

use self::wire::Scalar;
use super::image::{Gallery, ready};

/// A player, and what says which queue is its active one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPlayer {
    /// The player; its `queue` is `None`: [`super::Mirror`] puts the two together.
    pub player: Player,
    /// Id of the queue or of the device's input that it plays.
    pub active_source: Option<String>,
    /// Id of the player that leads it.
    pub synced_to: Option<String>,
    /// Id of the group that it plays in.
    pub active_group: Option<String>,
}

/// A queue without its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownQueue {
    /// The queue.
    pub state: QueueState,
    /// An address at which the picture of its current item can be had.
    pub image: Option<String>,
}

impl wire::Player {
    /// `None` for one without an id.
    pub(super) fn known(self) -> Option<KnownPlayer> {
        let player_id = self.player_id.text()?;
        // Servers before mid-2025 may leave `name` raw and put the owner's name here.
        let name = self.display_name.text().or_else(|| self.name.text()).unwrap_or_else(|| player_id.clone());
        let media = self.current_media.map(|media| Media {
            title: media.title.text(),
            artist: media.artist.text(),
            image: media.image_url.text().as_deref().and_then(ready),
        });
        let player = Player {
            name,
            kind: self.kind.text().unwrap_or_else(|| "unknown".to_owned()),
            available: self.available.truth().unwrap_or(false),
            powered: self.powered.truth(),
            playback: playback(self.playback_state, self.state),
            volume_level: self.volume_level.whole().map(|level| u8::try_from(level.min(100)).unwrap_or(100)),
            media,
            queue: None,
            player_id,
        };
        Some(KnownPlayer {
            player,
            active_source: self.active_source.text(),
            synced_to: self.synced_to.text(),
            active_group: self.active_group.text(),
        })
    }
}

impl wire::Queue {
    /// `None` for one without an id.
    pub(super) fn known(self, gallery: &Gallery) -> Option<KnownQueue> {
        let state = QueueState {
            queue_id: self.queue_id.text()?,
            playback: playback(Scalar::Nothing, self.state),
            current_index: self.current_index.whole(),
            items: self.items.whole().unwrap_or(0),
        };
        let image = self.current_item.and_then(|item| item.picture(gallery));
        Some(KnownQueue { state, image })
    }
}

impl wire::QueueItem {
    fn picture(&self, gallery: &Gallery) -> Option<String> {
        let own = self.image.as_ref().and_then(|image| gallery.address(image));
        own.or_else(|| self.media_item.as_ref()?.picture(gallery))
    }

    /// `None` for one without an id.
    pub(super) fn piece(self, gallery: &Gallery) -> Option<Piece> {
        let image = self.picture(gallery);
        let item_id = self.queue_item_id.text()?;
        // A queue item has no address of its own on the wire.
        let media = self.media_item;
        let uri = media.as_ref().and_then(wire::Item::address).unwrap_or_else(|| item_id.clone());
        let name = self.name.text().or_else(|| media?.name.text()).unwrap_or_default();
        Some(Piece { item_id, name, uri, duration: self.duration.whole(), image })
    }
}

impl wire::Item {
    /// Whether it is a reduced item, which says little of itself.
    fn is_mapping(&self) -> bool {
        self.provider_mappings.is_none()
    }

    fn address(&self) -> Option<String> {
        self.uri.text_ref().map(str::to_owned).or_else(|| {
            let (provider, kind) = (self.provider.text_ref()?, self.media_type.text_ref()?);
            Some(format!("{provider}://{kind}/{}", self.item_id.text_ref()?))
        })
    }

    fn picture(&self, gallery: &Gallery) -> Option<String> {
        let album = self.album.as_ref().and_then(|album| album.own_picture(gallery));
        album.or_else(|| self.own_picture(gallery))
    }

    fn own_picture(&self, gallery: &Gallery) -> Option<String> {
        if self.is_mapping() {
            return gallery.address(self.image.as_ref()?);
        }
        let images = self.metadata.as_ref()?.images.as_deref()?;
        images.iter().filter(|image| image.kind == "thumb").find_map(|image| gallery.address(image))
    }

    /// `None` for one without an id or an address. Only tracks have a duration: 0 where a whole one tells none.
    pub(super) fn piece(self, gallery: &Gallery) -> Option<Piece> {
        let uri = self.address()?;
        let is_track = self.media_type.text_ref().is_none_or(|kind| kind == "track");
        let duration =
            if is_track && !self.is_mapping() { Some(self.duration.whole().unwrap_or(0)) } else { None };
        let image = self.picture(gallery);
        let name = self.name.text().unwrap_or_default();
        Some(Piece { item_id: self.item_id.text()?, name, uri, duration, image })
    }
}

impl wire::SearchResults<'_> {
    pub(super) fn found(&self, gallery: &Gallery) -> Found {
        let pieces = |list: Option<_>| pieces(list, gallery);
        Found {
            tracks: pieces(self.tracks),
            artists: pieces(self.artists),
            albums: pieces(self.albums),
            playlists: pieces(self.playlists),
        }
    }
}

fn pieces(list: Option<&serde_json::value::RawValue>, gallery: &Gallery) -> Vec<Piece> {
    let items = list.and_then(|list| wire::list::<wire::Item>(list.get()).ok()).unwrap_or_default();
    items.into_iter().filter_map(|item| item.piece(gallery)).collect()
}

/// The newer name of the field wins where it says anything.
fn playback(newer: Scalar, older: Scalar) -> Playback {
    match newer.text().or_else(|| older.text()).as_deref() {
        Some("idle") => Playback::Idle,
        Some("paused") => Playback::Paused,
        Some("playing") => Playback::Playing,
        _ => Playback::Unknown,
    }
}

#[cfg(test)]
mod tests;
