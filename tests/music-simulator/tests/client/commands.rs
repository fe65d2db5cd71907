//! What goes out and what comes back.

use casa_domain::music::{MediaKind, Playback, QueueOption};
use casa_gateways::music_assistant::{Error, Transport};
use casa_music_simulator::{Fault, Options, Picture, Player, Simulator, Track};
use serde_json::{Value, json};

use crate::{PATIENCE, SALA, TERRAZA, connected, playing};

/// The arguments of the last command, as they came.
fn last(simulator: &Simulator) -> (String, String) {
    let frame = simulator.received().pop().unwrap();
    (frame["command"].as_str().unwrap().to_owned(), frame["args"].to_string())
}

#[tokio::test]
async fn players_and_queues_are_read() {
    for schema in [24, 26, 28, 98] {
        let options = Options { players: playing().players, ..Options::schema(schema) };
        let (_simulator, connection, _events) = connected(options).await;
        let players = connection.players(PATIENCE).await.unwrap();
        let sala = &players[0].player;
        assert_eq!(
            (sala.player_id.as_str(), sala.name.as_str(), sala.kind.as_str()),
            (SALA, "Sala", "player")
        );
        assert_eq!((sala.available, sala.powered, sala.volume_level), (true, Some(true), Some(20)));
        assert_eq!(sala.playback, Playback::Playing);
        assert_eq!(sala.media.as_ref().unwrap().title.as_deref(), Some("Tone A"));
        assert_eq!(sala.media.as_ref().unwrap().artist.as_deref(), Some("Synth"));
        assert_eq!((players[1].player.powered, &players[1].player.media), (Some(false), &None));
        let queues = connection.queues(PATIENCE).await.unwrap();
        assert_eq!((queues[0].state.items, queues[0].state.current_index), (3, Some(0)));
        assert_eq!((queues[1].state.items, queues[1].state.current_index), (0, None));
        assert_eq!(connection.player(TERRAZA, PATIENCE).await.unwrap().as_ref(), Some(&players[1]));
        assert_eq!(connection.player("nope", PATIENCE).await.unwrap(), None);
        assert_eq!(connection.active_queue(SALA, PATIENCE).await.unwrap().as_ref(), Some(&queues[0]));
        assert_eq!(connection.active_queue("nope", PATIENCE).await.unwrap(), None);
    }
}

#[tokio::test]
async fn buttons_do_what_they_say() {
    let (simulator, connection, _events) = connected(playing()).await;
    let state = || simulator.player(SALA).map(|player| (player.state, player.current)).unwrap();
    for (button, after) in [
        (Transport::Next, ("playing", Some(1))),
        (Transport::Pause, ("paused", Some(1))),
        (Transport::Play, ("playing", Some(1))),
        (Transport::Previous, ("playing", Some(0))),
        (Transport::Stop, ("idle", Some(0))),
    ] {
        connection.transport(SALA, button, PATIENCE).await.unwrap();
        assert_eq!(state(), after, "{button:?}");
    }
    connection.set_volume(SALA, 55, PATIENCE).await.unwrap();
    connection.set_power(SALA, false, PATIENCE).await.unwrap();
    connection.clear_queue(SALA, PATIENCE).await.unwrap();
    let sala = simulator.player(SALA).unwrap();
    assert_eq!((sala.volume, sala.powered, sala.items.len()), (55, false, 0));
    let commands: Vec<_> = simulator.executed_for(SALA).into_iter().map(|(command, _)| command).collect();
    let expected = "players/cmd/next players/cmd/pause players/cmd/play players/cmd/previous players/cmd/stop \
                    players/cmd/volume_set players/cmd/power player_queues/clear";
    assert_eq!(commands.join(" "), expected);
    assert!(simulator.executed_for(TERRAZA).is_empty());
    assert_eq!(simulator.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn media_goes_where_it_should() {
    let (simulator, connection, _events) = connected(Options::default()).await;
    let names = || {
        let sala = simulator.player(SALA).unwrap();
        sala.items.iter().map(|item| item.track.name.clone()).collect::<Vec<_>>().join(", ")
    };
    for (media, option, after) in [
        (&["library://track/3"][..], QueueOption::Replace, "Tone A"),
        (&["library://track/1", "library://track/2"], QueueOption::Add, "Tone A, Tone B, Tone C"),
        (&["library://track/2"], QueueOption::Next, "Tone A, Tone C, Tone B, Tone C"),
        (&["library://track/1"], QueueOption::ReplaceNext, "Tone A, Tone B"),
        (&["library://track/2"], QueueOption::Play, "Tone C, Tone A, Tone B"),
    ] {
        let media: Vec<String> = media.iter().map(|uri| (*uri).to_owned()).collect();
        connection.play_media(SALA, &media, option, PATIENCE).await.unwrap();
        assert_eq!(names(), after, "{option:?}");
    }
    let sent = json!({ "queue_id": SALA, "media": "library://track/1", "option": "replace_next", "radio_mode": false, "start_item": null });
    assert_eq!(simulator.executed_for(SALA)[3].1, sent);
    assert_eq!(simulator.executed_for(SALA)[1].1["media"], json!(["library://track/1", "library://track/2"]));
}

#[tokio::test]
async fn the_worked_examples_go_out_to_the_letter() {
    let players = vec![Player::new("p1", "Sala")];
    let (simulator, connection, _events) = connected(Options { players, ..Options::default() }).await;
    connection.search("hola", &[MediaKind::Track], 5, PATIENCE).await.unwrap();
    let example_7 = r#"{"search_query":"hola","media_types":["track"],"limit":5,"library_only":false}"#;
    assert_eq!(last(&simulator), ("music/search".to_owned(), example_7.to_owned()));
    let media = ["library://track/1".to_owned()];
    connection.play_media("p1", &media, QueueOption::Replace, PATIENCE).await.unwrap();
    let example_9 = r#"{"queue_id":"p1","media":"library://track/1","option":"replace","radio_mode":false,"start_item":null}"#;
    assert_eq!(last(&simulator), ("player_queues/play_media".to_owned(), example_9.to_owned()));
    let ids: Vec<Value> = simulator.received().into_iter().map(|frame| frame["message_id"].clone()).collect();
    assert_eq!(ids, ["1", "2"], "ids are texts and new each time");
}

#[tokio::test]
async fn searches_tell_of_each_kind() {
    for schema in [26, 98] {
        let (_simulator, connection, _events) = connected(Options::schema(schema)).await;
        let kinds = [MediaKind::Track, MediaKind::Artist, MediaKind::Album, MediaKind::Playlist];
        let found = connection.search("tone", &kinds, 2, PATIENCE).await.unwrap();
        assert_eq!((found.tracks.len(), found.artists.len(), found.albums.len()), (2, 0, 1));
        assert_eq!((found.tracks[0].duration, found.albums[0].duration), (Some(20), None));
        assert_eq!(
            (found.tracks[0].uri.as_str(), found.tracks[0].item_id.as_str()),
            ("library://track/3", "3")
        );
        let found = connection.search("synth", &kinds[..2], 2, PATIENCE).await.unwrap();
        assert_eq!((found.tracks.len(), found.artists.len()), (0, 1));
        assert_eq!((found.artists[0].name.as_str(), found.artists[0].duration), ("Synth", None));
    }
}

#[tokio::test]
async fn long_lists_come_whole_in_parts_or_not() {
    for partial in [true, false] {
        let mut players = Player::recorded();
        players[0] = players[0].clone().with_queue(Track::many(600));
        let options = Options { partial, players, library: Track::many(1037), ..Options::default() };
        let (_simulator, connection, _events) = connected(options).await;
        let tracks = connection.library_tracks(2000, 0, PATIENCE).await.unwrap();
        assert_eq!(tracks.len(), 1037, "{partial}");
        assert!(tracks.iter().enumerate().all(|(n, track)| track.name == format!("Pieza {:05}", n + 1)));
        let page = connection.library_tracks(30, 1020, PATIENCE).await.unwrap();
        assert_eq!((page.len(), page[0].name.as_str()), (17, "Pieza 01021"));
        let items = connection.queue_items(SALA, 500, 0, PATIENCE).await.unwrap();
        assert_eq!((items.len(), items[0].name.as_str()), (500, "Synth - Pieza 00001"));
        assert_eq!(items[0].uri, "library://track/1");
        assert_ne!(items[0].item_id, items[1].item_id);
        assert_eq!(connection.queue_items(SALA, 5000, 0, PATIENCE).await.unwrap().len(), 600);
    }
}

#[tokio::test]
async fn answers_may_carry_their_ids_as_numbers() {
    let (_simulator, connection, _events) =
        connected(Options { integer_ids: true, ..Options::schema(98) }).await;
    assert_eq!(connection.players(PATIENCE).await.unwrap().len(), 2);
    let refused = connection.play_media(SALA, &["x".to_owned()], QueueOption::Add, PATIENCE).await;
    assert!(matches!(refused, Err(Error::Refused { code: 2, .. })), "{refused:?}");
}

#[tokio::test]
async fn refusals_are_told_with_their_codes_and_do_no_harm() {
    let (simulator, connection, _events) = connected(Options::default()).await;
    for code in [0, 1, 2, 10, 11, 19, 24, 25, 999, 4321, -7] {
        simulator.fault_next(Fault::Refuse(code, "ñ".repeat(400)));
        let refused = connection.set_volume(SALA, 1, PATIENCE).await.unwrap_err();
        let Error::Refused { code: told, details } = &refused else { panic!("{refused:?}") };
        assert_eq!((*told, details.len()), (code, 300));
        assert!(!refused.to_string().contains('ñ'), "words are for logs only");
    }
    assert!(simulator.executed().is_empty());
    connection.set_volume(SALA, 1, PATIENCE).await.unwrap();
}

#[tokio::test]
async fn the_active_queue_is_worked_out_where_the_server_cannot_tell() {
    for knows_active_queue in [true, false] {
        let mut players = playing().players;
        players[1].synced_to = Some(SALA.to_owned());
        let options = Options { players, knows_active_queue, ..Options::schema(24) };
        let (_simulator, connection, _events) = connected(options).await;
        for (player, queue) in [(SALA, Some(SALA)), (TERRAZA, Some(SALA)), ("nope", None)] {
            let active = connection.active_queue(player, PATIENCE).await.unwrap();
            assert_eq!(active.as_ref().map(|active| active.state.queue_id.as_str()), queue, "{player}");
        }
    }
}

#[tokio::test]
async fn pictures_have_addresses_that_fit_the_server() {
    let picture =
        Picture { path: "Tones/a b.jpg".to_owned(), remote: false, proxy_id: Some("abc".to_owned()) };
    let track = Track { picture: Some(picture), ..Track::new("9", "Con foto") };
    for (schema, address) in [
        (26, "/imageproxy?path=Tones%252Fa%2520b.jpg&provider=filesystem_local--7wMKcscV&size=512"),
        (30, "/imageproxy?path=Tones%252Fa%2520b.jpg&provider=filesystem_local--7wMKcscV&size=512"),
        (31, "/imageproxy/abc?size=512"),
    ] {
        let players = vec![Player::new("p1", "Sala").with_queue([track.clone()])];
        let options = Options { players, library: vec![track.clone()], ..Options::schema(schema) };
        let (simulator, connection, _events) = connected(options).await;
        let address = Some(format!("{}{address}", simulator.url()));
        let queue = connection.active_queue("p1", PATIENCE).await.unwrap().unwrap();
        assert_eq!(queue.image, address, "{schema}");
        assert_eq!(connection.queue_items("p1", 9, 0, PATIENCE).await.unwrap()[0].image, address);
        assert_eq!(connection.library_tracks(9, 0, PATIENCE).await.unwrap()[0].image, address);
    }
}
