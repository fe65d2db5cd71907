use super::*;

/// Frames of a real server.
const RECORDING: &str = include_str!("../../../../../tests/fixtures/music/schema26.jsonl");

fn gallery() -> Gallery {
    Gallery { base: "http://ma.test".to_owned(), schema: 26 }
}

fn read(frame: &str) -> Option<Event> {
    match super::super::frame::read(frame) {
        Some(super::super::frame::Incoming::Event { kind, object_id, data }) => {
            Event::read(&kind, object_id, data, &gallery())
        }
        other => panic!("{other:?}"),
    }
}

fn time(queue_id: &str, seconds: f64) -> Event {
    Event::QueueTime { queue_id: queue_id.to_owned(), seconds }
}

#[test]
fn the_events_of_a_real_server_are_understood() {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        msg: &'a RawValue,
    }

    let mut players = 0;
    let mut queues = 0;
    for line in RECORDING.lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        let text = line.msg.get();
        if !text.starts_with(r#"{"event""#) {
            continue;
        }
        match read(text) {
            Some(Event::Player(player)) => {
                players += 1;
                assert_eq!((player.player.name.as_str(), player.player.available), ("Sala", true));
                assert_eq!(player.active_source.as_deref(), Some("02:00:00:00:00:01"));
            }
            Some(Event::Queue { queue, .. }) => {
                queues += 1;
                assert_eq!(queue.state.queue_id, "02:00:00:00:00:01");
            }
            Some(other) => panic!("{other:?}"),
            None => assert!(
                text.starts_with(r#"{"event":"media_item_"#) || text.starts_with(r#"{"event": "media_item_"#)
            ),
        }
    }
    assert!(players > 10 && queues > 20, "{players} {queues}");
}

#[test]
fn events_that_cannot_be_understood_are_left_out() {
    for frame in [
        r#"{"event":"player_updated","object_id":"p1","data":null}"#,
        r#"{"event":"player_updated","object_id":"p1"}"#,
        r#"{"event":"player_updated","object_id":"p1","data":{"name":"no id"}}"#,
        r#"{"event":"player_removed","object_id":null,"data":null}"#,
        r#"{"event":"queue_updated","object_id":"p1","data":[]}"#,
        r#"{"event":"queue_time_updated","object_id":"p1","data":"soon"}"#,
        r#"{"event":"core_state_updated","object_id":null,"data":{"state":"?"}}"#,
        r#"{"event":"core_state_updated","object_id":null,"data":null}"#,
        r#"{"event":"tasks_updated","object_id":null,"data":[1]}"#,
    ] {
        assert_eq!(read(frame), None, "{frame}");
    }
    let frame = r#"{"event":"queue_time_updated","object_id":"p1","data":17}"#;
    assert_eq!(read(frame), Some(time("p1", 17.0)));
}

#[tokio::test]
async fn newer_events_take_the_place_of_older_ones() {
    let inbox = Arc::new(Inbox::default());
    let mut events = Events(Arc::clone(&inbox));
    inbox.put(time("a", 1.0));
    inbox.put(Event::ProvidersUpdated);
    inbox.put(time("b", 1.0));
    inbox.put(time("a", 2.0));
    inbox.close();
    inbox.put(time("c", 1.0));
    assert_eq!(events.next().await, Some(time("a", 2.0)));
    assert_eq!(events.next().await, Some(Event::ProvidersUpdated));
    assert_eq!(events.next().await, Some(time("b", 1.0)));
    assert_eq!(events.next().await, None);
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_player_that_went_and_came_back_is_there() {
    let inbox = Arc::new(Inbox::default());
    let mut events = Events(Arc::clone(&inbox));
    let there = read(r#"{"event":"player_added","object_id":"p1","data":{"player_id":"p1"}}"#).unwrap();
    let gone = Event::PlayerRemoved { player_id: "p1".to_owned() };
    for (told, last) in [
        (vec![there.clone(), gone.clone()], gone.clone()),
        (vec![gone.clone(), there.clone()], there.clone()),
        (vec![there.clone(), gone, there.clone()], there),
    ] {
        told.into_iter().for_each(|event| inbox.put(event));
        assert_eq!(events.next().await, Some(last));
    }
}

#[tokio::test]
async fn what_is_dropped_is_said_to_be_lost() {
    let inbox = Arc::new(Inbox::default());
    let mut events = Events(Arc::clone(&inbox));
    for n in 0..=MOST_WAITING {
        inbox.put(time(&n.to_string(), 1.0));
    }
    inbox.close();
    assert_eq!(events.next().await, Some(Event::Lost));
    assert_eq!(events.next().await, Some(time(&MOST_WAITING.to_string(), 1.0)));
    assert_eq!(events.next().await, None);
}
