//! The music that a simulated server has, in the shapes of a real one.

use serde_json::{Value, json};

/// Provider of the simulated files.
const FILES: &str = "filesystem_local--7wMKcscV";

/// A piece of the library. All are by one artist and, where they name one, on an album; both can be found too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its id in the library: its address is `library://track/{id}`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who plays it.
    pub artist: String,
    /// Its album.
    pub album: String,
    /// Seconds.
    pub duration: u32,
    /// Its picture.
    pub picture: Option<Picture>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its path at its provider, or its address.
    pub path: String,
    /// Whether everybody can get it under its path.
    pub remote: bool,
    /// Its id at the server's proxy, which servers from schema 31 on tell.
    pub proxy_id: Option<String>,
}

impl Picture {
    pub(crate) fn json(&self, schema: u32) -> Value {
        let mut image = json!({
            "type": "thumb", "path": self.path, "provider": FILES, "remotely_accessible": self.remote,
        });
        if schema >= 31 {
            image["proxy_id"] = json!(self.proxy_id);
        }
        image
    }
}

impl Track {
    /// A piece of 20 seconds without a picture.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            artist: "Synth".to_owned(),
            album: "Tones".to_owned(),
            duration: 20,
            picture: None,
        }
    }

    /// The three of the recorded conversation.
    pub fn tones() -> Vec<Self> {
        vec![Self::new("3", "Tone A"), Self::new("1", "Tone B"), Self::new("2", "Tone C")]
    }

    /// A library of any size, by name in its order.
    pub fn many(count: usize) -> Vec<Self> {
        (1..=count).map(|n| Self::new(n.to_string(), format!("Pieza {n:05}"))).collect()
    }

    pub(crate) fn uri(&self) -> String {
        format!("library://track/{}", self.id)
    }

    fn file(&self) -> String {
        format!("{}.mp3", self.name.replace("Tone ", ""))
    }

    /// The whole item. Within a queue the ids of what it refers to are texts, elsewhere numbers, as the real server has it.
    pub(crate) fn json(&self, schema: u32, in_queue: bool) -> Value {
        let one = if in_queue { json!("1") } else { json!(1) };
        let mut item = whole("track", &self.id, &self.name, &self.file(), sound());
        item["metadata"]["genres"] = json!([]);
        item["metadata"]["chapters"] = json!([]);
        if let Some(picture) = &self.picture {
            item["metadata"]["images"] = json!([picture.json(schema)]);
        }
        item["duration"] = json!(self.duration);
        item["artists"] = json!([reduced("artist", &one, &self.artist)]);
        item["album"] = reduced("album", &one, &self.album);
        item["disc_number"] = json!(0);
        item["track_number"] = json!(0);
        item
    }

    /// What the server says of the stream of a piece that was begun.
    pub(crate) fn stream(&self) -> Value {
        json!({
            "provider": FILES, "item_id": self.file(), "audio_format": sound(), "media_type": "track",
            "stream_type": "local_file", "stream_title": null, "duration": self.duration, "size": 160_566,
            "can_seek": true, "loudness": null, "loudness_album": null, "prefer_album_loudness": false,
            "volume_normalization_mode": "dynamic", "target_loudness": -17, "strip_silence_begin": false,
            "strip_silence_end": false, "stream_error": null,
        })
    }
}

/// The results of a search: of each kind asked for, those of the library whose name contains the text.
pub(crate) fn search(
    library: &[Track],
    query: &str,
    kinds: Option<&[String]>,
    limit: usize,
    schema: u32,
) -> Value {
    let query = query.to_lowercase();
    let wanted = |kind: &str| kinds.is_none_or(|kinds| kinds.iter().any(|one| one == kind));
    let matches = |name: &str| name.to_lowercase().contains(&query);
    let names = |of: fn(&Track) -> &String| {
        let mut names: Vec<&String> = library.iter().map(of).filter(|name| matches(name)).collect();
        names.dedup();
        names
    };
    let mut results = json!({ "artists": [], "albums": [], "tracks": [], "playlists": [], "radio": [] });
    if schema > 26 {
        results["audiobooks"] = json!([]);
        results["podcasts"] = json!([]);
    }
    if wanted("artist") {
        let artists = names(|track| &track.artist).into_iter().take(limit);
        results["artists"] =
            artists.map(|name| whole("artist", "1", name, name, silence())).collect::<Vec<_>>().into();
    }
    if wanted("album") {
        let albums = names(|track| &track.album).into_iter().take(limit);
        results["albums"] = albums.map(|name| album(name)).collect::<Vec<_>>().into();
    }
    if wanted("track") {
        let tracks = library.iter().filter(|track| matches(&track.name)).take(limit);
        results["tracks"] = tracks.map(|track| track.json(schema, false)).collect::<Vec<_>>().into();
    }
    results
}

fn album(name: &str) -> Value {
    let mut album = whole("album", "1", name, &format!("Various Artists/{name}"), silence());
    album["year"] = json!(null);
    album["artists"] = json!([reduced("artist", &json!(2), "Various Artists")]);
    album["album_type"] = json!("unknown");
    album
}

fn whole(kind: &str, id: &str, name: &str, file: &str, format: Value) -> Value {
    json!({
        "item_id": id, "provider": "library", "name": name, "version": "", "sort_name": name.to_lowercase(),
        "uri": format!("library://{kind}/{id}"), "external_ids": [], "media_type": kind,
        "provider_mappings": [{
            "item_id": file, "provider_domain": "filesystem_local", "provider_instance": FILES, "available": 1,
            "audio_format": format, "url": null, "details": "1795346722",
        }],
        "metadata": {
            "description": null, "review": null, "explicit": null, "images": null, "genres": null, "mood": null,
            "style": null, "copyright": null, "lyrics": null, "label": null, "links": null, "chapters": null,
            "performers": null, "preview": null, "popularity": null, "last_refresh": null,
        },
        "favorite": false, "position": null,
    })
}

fn reduced(kind: &str, id: &Value, name: &str) -> Value {
    let plain = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    json!({
        "item_id": id, "provider": "library", "name": name, "version": "", "sort_name": name.to_lowercase(),
        "uri": format!("library://{kind}/{plain}"), "external_ids": [], "media_type": kind, "available": true,
        "image": null,
    })
}

fn sound() -> Value {
    json!({
        "content_type": "mp3", "sample_rate": 44_100, "bit_depth": 16, "channels": 1, "output_format_str": "mp3",
        "bit_rate": 64_111,
    })
}

fn silence() -> Value {
    json!({
        "content_type": "?", "sample_rate": 44_100, "bit_depth": 16, "channels": 2, "output_format_str": "?",
        "bit_rate": 0,
    })
}
