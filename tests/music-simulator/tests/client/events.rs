//! What the server tells unasked, and readers of any speed.

use casa_domain::music::Playback;
use casa_gateways::music_assistant::{Event, Mirror, Transport};
use casa_music_simulator::{Options, Player, Track};
use serde_json::{Value, json};

use crate::{PATIENCE, SALA, TERRAZA, connected, playing};

#[tokio::test]
async fn a_mirror_follows_what_happens_in_the_house() {
    for schema in [24, 26, 28, 98] {
        let options = Options { players: playing().players, ..Options::schema(schema) };
        let (simulator, connection, mut events) = connected(options).await;
        let players = connection.players(PATIENCE).await.unwrap();
        let mut mirror = Mirror::new(players, connection.queues(PATIENCE).await.unwrap());
        connection.transport(SALA, Transport::Next, PATIENCE).await.unwrap();
        connection.set_volume(TERRAZA, 77, PATIENCE).await.unwrap();
        simulator.add_player(Player::new("p3", "Piscina").with_queue(Track::tones()));
        simulator.change_player("p3", |player| player.available = false);
        simulator.remove_player(TERRAZA);
        simulator.play_on(SALA, 7.5);
        simulator.tell("something_new", "x", json!({ "y": [] }));
        simulator.tell("providers_updated", "", Value::Null);
        let mut seconds = None;
        loop {
            match events.next().await.unwrap() {
                Event::ProvidersUpdated => break,
                Event::QueueTime { queue_id, seconds: told } => seconds = Some((queue_id, told)),
                event => assert!(mirror.apply(event) || mirror.count() > 0),
            }
        }
        assert_eq!(seconds, Some((SALA.to_owned(), 7.5)));
        let names: Vec<_> = mirror.players().into_iter().map(|player| player.name).collect();
        assert_eq!(names, ["Sala", "Piscina"], "{schema}");
        let sala = mirror.player(SALA).unwrap();
        assert_eq!((sala.playback, sala.queue.unwrap().current_index), (Playback::Playing, Some(1)));
        let pool = mirror.player("p3").unwrap();
        assert_eq!((pool.available, pool.queue.unwrap().items), (false, 3));
        assert_eq!(mirror.player(TERRAZA), None);
        let asked = connection.players(PATIENCE).await.unwrap();
        assert_eq!(
            mirror,
            Mirror::new(asked, connection.queues(PATIENCE).await.unwrap()),
            "as if loaded anew"
        );
    }
}

#[tokio::test]
async fn a_reader_who_sleeps_holds_up_nothing_and_gets_the_newest() {
    let players: Vec<_> = (0..50).map(|n| Player::new(format!("p{n:02}"), format!("Casa {n}"))).collect();
    let (simulator, connection, mut events) = connected(Options { players, ..Options::default() }).await;
    for volume in 81..=100 {
        for n in 0..50 {
            simulator.change_player(&format!("p{n:02}"), |player| player.volume = volume);
        }
        // An answer behind the events: they were all read, although nobody takes them.
        assert!(connection.info(PATIENCE).await.is_ok());
    }
    simulator.remove_player("p00");
    assert!(connection.info(PATIENCE).await.is_ok());
    simulator.stop();
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        told.push(event);
    }
    let players = told.iter().filter_map(|event| match event {
        Event::Player(player) => Some(player.player.volume_level),
        _ => None,
    });
    assert!(players.clone().all(|volume| volume == Some(100)));
    assert_eq!(players.count(), 49);
    assert!(told.contains(&Event::PlayerRemoved { player_id: "p00".to_owned() }));
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Queue { .. })).count(), 50);
    assert_eq!(told.len(), 100);
}

#[tokio::test]
async fn that_items_changed_is_not_forgotten_over_later_news() {
    let (simulator, connection, mut events) = connected(playing()).await;
    connection.clear_queue(SALA, PATIENCE).await.unwrap();
    simulator.change_player(SALA, |player| player.powered = false);
    connection.info(PATIENCE).await.unwrap();
    let Some(Event::Queue { queue, items_changed: true }) = events.next().await else { panic!() };
    assert_eq!((queue.state.queue_id.as_str(), queue.state.items), (SALA, 0));
}

#[tokio::test]
async fn a_server_that_stops_says_so_in_old_words_and_new_ones() {
    let (simulator, _connection, mut events) = connected(Options::default()).await;
    for (kind, data) in [
        ("application_shutdown", Value::Null),
        ("core_state_updated", json!("stopping")),
        ("core_state_updated", json!({ "status": "stopping" })),
    ] {
        simulator.tell("core_state_updated", "", json!({ "status": "running" }));
        simulator.tell(kind, "", data);
        assert_eq!(events.next().await, Some(Event::ShuttingDown), "{kind}");
    }
}

#[tokio::test]
async fn a_connection_lives_without_anybody_who_reads_events() {
    let (simulator, connection, events) = connected(Options::default()).await;
    drop(events);
    simulator.change_player(SALA, |player| player.volume = 3);
    assert_eq!(connection.players(PATIENCE).await.unwrap()[0].player.volume_level, Some(3));
}
