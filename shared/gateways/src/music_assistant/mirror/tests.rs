use casa_domain::music::{Media, Playback, QueueState};

use super::*;

fn player(id: &str) -> KnownPlayer {
    let player = Player {
        player_id: id.to_owned(),
        name: id.to_owned(),
        kind: "player".to_owned(),
        available: true,
        powered: Some(true),
        playback: Playback::Playing,
        volume_level: Some(20),
        media: Some(Media { title: None, artist: None, image: Some("https://i.example/media".to_owned()) }),
        queue: None,
    };
    KnownPlayer { player, active_source: None, synced_to: None, active_group: None }
}

fn queue(id: &str, image: Option<&str>) -> KnownQueue {
    let state =
        QueueState { queue_id: id.to_owned(), playback: Playback::Playing, current_index: Some(0), items: 1 };
    KnownQueue { state, image: image.map(str::to_owned) }
}

fn named(id: &str) -> Option<String> {
    Some(id.to_owned())
}

#[test]
fn the_active_queue_is_that_of_the_leader_the_source_or_its_own() {
    let players = vec![
        player("own"),
        KnownPlayer { active_source: named("other"), ..player("sourced") },
        KnownPlayer { active_source: named("line-in"), ..player("wired") },
        KnownPlayer { synced_to: named("own"), active_source: named("synced"), ..player("synced") },
        KnownPlayer { synced_to: named("sourced"), ..player("nested") },
        KnownPlayer { active_group: named("group"), ..player("grouped") },
        KnownPlayer { active_group: named("group"), ..player("group") },
        KnownPlayer { synced_to: named("nobody"), ..player("orphan") },
        KnownPlayer { synced_to: named("circle-b"), ..player("circle-a") },
        KnownPlayer { synced_to: named("circle-a"), ..player("circle-b") },
    ];
    let ids = ["own", "other", "sourced", "synced", "grouped", "group", "orphan"];
    let mirror = Mirror::new(players, ids.into_iter().map(|id| queue(id, None)).collect());
    for (player, active) in [
        ("own", Some("own")),
        ("sourced", Some("other")),
        ("wired", None),
        ("synced", Some("own")),
        ("nested", Some("other")),
        ("grouped", Some("group")),
        ("group", Some("group")),
        ("orphan", Some("orphan")),
        ("circle-a", None),
        ("nobody", None),
    ] {
        let queue = mirror.active_queue(player).map(|queue| queue.state.queue_id.as_str());
        assert_eq!(queue, active, "{player}");
    }
}

#[test]
fn the_picture_of_the_queue_goes_before_that_of_the_player() {
    for (image, shown) in
        [(Some("https://i.example/queue"), "https://i.example/queue"), (None, "https://i.example/media")]
    {
        let mirror = Mirror::new(vec![player("p1")], vec![queue("p1", image)]);
        let whole = mirror.player("p1").unwrap();
        assert_eq!(whole.media.unwrap().image.as_deref(), Some(shown));
        assert_eq!(whole.queue, Some(queue("p1", None).state));
    }
    let silent = KnownPlayer { player: Player { media: None, ..player("p1").player }, ..player("p1") };
    let mirror = Mirror::new(vec![silent], vec![queue("p1", Some("https://i.example/queue"))]);
    assert_eq!(mirror.player("p1").unwrap().media, None, "what is not played has no picture");
}

#[test]
fn events_say_whether_they_changed_anything() {
    let mut mirror = Mirror::new(vec![player("p1")], vec![queue("p1", None)]);
    let queue_event = |queue: KnownQueue| Event::Queue { queue: Box::new(queue), items_changed: false };
    for (event, changed) in [
        (Event::Player(Box::new(player("p1"))), false),
        (Event::Player(Box::new(player("p2"))), true),
        (queue_event(queue("p1", None)), false),
        (queue_event(queue("p1", Some("https://i.example/a"))), true),
        (queue_event(queue("p2", None)), true),
        (Event::QueueTime { queue_id: "p1".to_owned(), seconds: 3.0 }, false),
        (Event::ProvidersUpdated, false),
        (Event::ShuttingDown, false),
        (Event::Lost, false),
        (Event::PlayerRemoved { player_id: "p2".to_owned() }, true),
        (Event::PlayerRemoved { player_id: "p2".to_owned() }, false),
    ] {
        assert_eq!(mirror.apply(event.clone()), changed, "{event:?}");
    }
    assert_eq!(mirror.count(), 1);
    assert_eq!(mirror.players(), [mirror.player("p1").unwrap()]);
    assert_eq!(mirror.active_queue("p2"), None);
}
