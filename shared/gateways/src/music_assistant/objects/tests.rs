use casa_domain::music::Playback;
use serde_json::{Value, json};

use super::*;

fn gallery() -> Gallery {
    Gallery { base: "http://ma.test".to_owned(), schema: 98 }
}

fn player(json: &Value) -> Option<KnownPlayer> {
    serde_json::from_value::<wire::Player>(json.clone()).unwrap().known()
}

fn piece(json: &Value) -> Option<Piece> {
    serde_json::from_value::<wire::Item>(json.clone()).unwrap().piece(&gallery())
}

fn picture(name: &str) -> Value {
    json!({ "type": "thumb", "path": format!("https://i.example/{name}"), "provider": "x", "remotely_accessible": true })
}

fn address(name: &str) -> Option<String> {
    Some(format!("https://i.example/{name}"))
}

#[test]
fn a_player_of_which_little_is_told_is_a_player_all_the_same() {
    assert_eq!(player(&json!({ "name": "Sala" })), None);
    let bare = player(&json!({ "player_id": "p1" })).unwrap();
    let expected = Player {
        player_id: "p1".to_owned(),
        name: "p1".to_owned(),
        kind: "unknown".to_owned(),
        available: false,
        powered: None,
        playback: Playback::Unknown,
        volume_level: None,
        media: None,
        queue: None,
    };
    assert_eq!(bare.player, expected);
    assert_eq!((bare.active_source, bare.synced_to, bare.active_group), (None, None, None));
}

#[test]
fn names_and_states_of_servers_of_all_ages_are_understood() {
    for (fields, name, playback) in [
        (json!({ "name": "raw", "display_name": "Sala", "state": "playing" }), "Sala", Playback::Playing),
        (json!({ "name": "Sala", "display_name": "", "state": "idle" }), "Sala", Playback::Idle),
        (
            json!({ "name": "Sala", "display_name": null, "playback_state": "paused" }),
            "Sala",
            Playback::Paused,
        ),
        (json!({ "name": "Sala", "state": "idle", "playback_state": "playing" }), "Sala", Playback::Playing),
        (json!({ "name": "Sala", "state": "buffering" }), "Sala", Playback::Unknown),
        (json!({ "name": ["?"], "state": { "x": [1] } }), "p1", Playback::Unknown),
    ] {
        let mut json = fields.clone();
        json["player_id"] = json!("p1");
        let known = player(&json).unwrap().player;
        assert_eq!((known.name.as_str(), known.playback), (name, playback), "{fields}");
    }
}

#[test]
fn numbers_and_truths_come_in_many_types() {
    for (volume, level) in [
        (json!(0), Some(0)),
        (json!(55), Some(55)),
        (json!(55.9), Some(55)),
        (json!(100), Some(100)),
        (json!(101), Some(100)),
        (json!(1e300), Some(100)),
        (json!(u64::MAX), None),
        (json!(-1), None),
        (json!(-0.5), None),
        (json!(null), None),
        (json!("55"), None),
        (json!(true), None),
    ] {
        let known = player(&json!({ "player_id": 7, "volume_level": volume })).unwrap();
        assert_eq!(known.player.volume_level, level, "{volume}");
        assert_eq!(known.player.player_id, "7");
    }
    for (powered, on) in [
        (json!(true), Some(true)),
        (json!(false), Some(false)),
        (json!(1), Some(true)),
        (json!(0), Some(false)),
        (json!(null), None),
        (json!("on"), None),
    ] {
        let known = player(&json!({ "player_id": "p1", "powered": powered })).unwrap();
        assert_eq!(known.player.powered, on, "{powered}");
    }
}

#[test]
fn what_a_player_plays_has_its_picture_where_it_is_an_address() {
    for (url, image) in [
        (json!("https://i.example/a"), address("a")),
        (json!("/imageproxy?x"), None),
        (json!(""), None),
        (json!(null), None),
    ] {
        let media = json!({ "title": "A", "artist": "Synth", "image_url": url, "uri": "x" });
        let known = player(&json!({ "player_id": "p1", "current_media": media })).unwrap();
        let media = Media { title: Some("A".to_owned()), artist: Some("Synth".to_owned()), image };
        assert_eq!(known.player.media, Some(media), "{url}");
    }
    let known = player(&json!({ "player_id": "p1", "current_media": {} })).unwrap();
    assert_eq!(known.player.media, Some(Media { title: None, artist: None, image: None }));
}

#[test]
fn whole_items_and_reduced_ones_are_told_apart() {
    let whole = json!({
        "item_id": "7", "provider": "library", "name": "A", "uri": "library://track/7", "media_type": "track",
        "provider_mappings": [], "duration": 200, "metadata": { "images": [picture("own")] },
        // Whole items have no picture of this name.
        "image": picture("wrong"),
    });
    let read = piece(&whole).unwrap();
    assert_eq!((read.duration, read.image), (Some(200), address("own")));
    let mut reduced = whole.clone();
    reduced.as_object_mut().unwrap().remove("provider_mappings");
    let read = piece(&reduced).unwrap();
    assert_eq!((read.duration, read.image), (None, address("wrong")));
    for (duration, told) in [(json!(null), 0), (json!(61.5), 61), (json!("?"), 0)] {
        let mut whole = whole.clone();
        whole["duration"] = duration;
        assert_eq!(piece(&whole).unwrap().duration, Some(told));
    }
    let mut artist = whole.clone();
    artist["media_type"] = json!("artist");
    assert_eq!(piece(&artist).unwrap().duration, None);
}

#[test]
fn a_piece_without_an_address_gets_the_one_it_must_have() {
    let mut item = json!({ "item_id": 12, "provider": "spotify--x", "media_type": "track", "name": "A" });
    // A number is no id of an address that we could build; the server always has one where ids are numbers.
    assert_eq!(piece(&item), None);
    item["item_id"] = json!("12");
    assert_eq!(piece(&item).unwrap().uri, "spotify--x://track/12");
    item["uri"] = json!("library://track/1");
    assert_eq!(piece(&item).unwrap().uri, "library://track/1");
    item["item_id"] = json!(12);
    assert_eq!(piece(&item).unwrap().item_id, "12");
}

#[test]
fn the_album_has_the_better_picture() {
    let thumb_last =
        json!({ "images": [{ "type": "fanart", "path": "https://i.example/f" }, picture("album")] });
    let whole = json!({ "item_id": "1", "provider_mappings": [], "metadata": thumb_last });
    let reduced = json!({ "item_id": "1", "image": picture("mapping") });
    let bare = json!({ "item_id": "1", "provider_mappings": [], "metadata": { "images": null } });
    for (album, image) in [
        (whole, address("album")),
        (reduced, address("mapping")),
        (bare, address("own")),
        (json!(null), address("own")),
    ] {
        let track = json!({
            "item_id": "7", "uri": "library://track/7", "media_type": "track", "provider_mappings": [],
            "metadata": { "images": [picture("own")] }, "album": album,
        });
        assert_eq!(piece(&track).unwrap().image, image, "{album}");
    }
}

#[test]
fn items_of_queues_have_the_address_of_their_piece_or_their_own_id() {
    let read = |item: Value| serde_json::from_value::<wire::QueueItem>(item).unwrap().piece(&gallery());
    let media = json!({
        "item_id": "7", "name": "A", "uri": "library://track/7", "provider_mappings": [],
        "metadata": { "images": [picture("piece")] },
    });
    let item = json!({ "queue_item_id": "q1", "name": "Synth - A", "duration": 20, "media_item": media });
    let piece = read(item.clone()).unwrap();
    assert_eq!((piece.item_id.as_str(), piece.uri.as_str()), ("q1", "library://track/7"));
    assert_eq!((piece.name.as_str(), piece.duration, piece.image), ("Synth - A", Some(20), address("piece")));
    let mut own = item.clone();
    own["image"] = picture("item");
    assert_eq!(read(own).unwrap().image, address("item"));
    let stream =
        read(json!({ "queue_item_id": "q2", "name": "Radio", "duration": null, "media_item": null }))
            .unwrap();
    assert_eq!((stream.uri.as_str(), stream.duration, stream.image), ("q2", None, None));
    assert_eq!(read(json!({ "name": "nobody's" })), None);
}

#[test]
fn an_element_that_cannot_be_understood_costs_only_itself() {
    let json =
        r#"[{"player_id":"p1"},"?",17,{"player_id":"p2","current_media":"?"},null,{"player_id":"p3"}]"#;
    let players = wire::list::<wire::Player>(json).unwrap();
    let ids: Vec<_> = players.into_iter().filter_map(wire::Player::known).collect();
    assert_eq!(ids.iter().map(|known| known.player.player_id.as_str()).collect::<Vec<_>>(), ["p1", "p3"]);
    assert!(wire::list::<wire::Player>("null").unwrap().is_empty());
    assert!(wire::list::<wire::Player>(r#"{"player_id":"p1"}"#).is_err());
}

#[test]
fn searches_without_some_kinds_find_nothing_of_them() {
    let json = r#"{"tracks":[{"item_id":"1","uri":"a://1","name":"A"},{"name":"?"}],"albums":null,"playlists":"?","genres":[]}"#;
    let results: wire::SearchResults = serde_json::from_str(json).unwrap();
    let found = results.found(&gallery());
    assert_eq!(found.tracks.len(), 1);
    assert_eq!((found.artists.len(), found.albums.len(), found.playlists.len()), (0, 0, 0));
}
