//! Lost connections, silences and crowds: what a caller is told of them.

use std::time::Duration;

use casa_domain::music::MediaKind;
use casa_gateways::music_assistant::{Closed, Connection, Error, Settings, Transport, connect};
use casa_music_simulator::{Fault, Options, Simulator};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_tungstenite::{accept_async, tungstenite::Message};

use crate::{PATIENCE, SALA, TERRAZA, connected, playing, settings, simulator};

/// Short, for what must not be answered.
const SHORT: Duration = Duration::from_millis(150);

/// How often something was carried out for the first player.
fn times(simulator: &Simulator, command: &str) -> usize {
    simulator.executed_for(SALA).iter().filter(|(name, _)| name == command).count()
}

#[tokio::test]
async fn a_lost_connection_says_whether_the_command_had_left() {
    for (fault, executed) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1)] {
        let (simulator, connection, mut events) = connected(playing()).await;
        simulator.fault("players/cmd/next", fault.clone());
        let lost = connection.transport(SALA, Transport::Next, PATIENCE).await;
        assert_eq!(lost, Err(Error::Interrupted), "{fault:?}");
        assert_eq!(times(&simulator, "players/cmd/next"), executed);
        let closed = connection.ended().await;
        assert!(matches!(closed, Closed::ByServer | Closed::Broken(_)), "{closed:?}");
        let after = connection.transport(SALA, Transport::Next, PATIENCE).await;
        assert_eq!(after, Err(Error::NotSent), "{fault:?}");
        assert_eq!(events.next().await, None);
    }
}

#[tokio::test]
async fn all_that_waits_is_told_when_the_connection_is_lost() {
    let (simulator, connection, _events) = connected(Options::default()).await;
    simulator.stall(true);
    let mut calls = JoinSet::new();
    for level in 0..20 {
        let connection = connection.clone();
        calls.spawn(async move { connection.set_volume(SALA, level, PATIENCE).await });
    }
    assert!(simulator.until(PATIENCE, |simulator| simulator.received().len() == 20).await);
    assert_eq!(connection.in_flight(), 20);
    simulator.drop_connections();
    assert!(calls.join_all().await.iter().all(|end| *end == Err(Error::Interrupted)));
    assert_eq!(connection.in_flight(), 0);
}

#[tokio::test]
async fn what_never_left_is_never_carried_out() {
    let (simulator, connection, _events) = connected(Options::default()).await;
    simulator.freeze(true);
    // More than the buffers between the two hold, so that some cannot leave.
    let huge = "x".repeat(1 << 20);
    let mut calls = JoinSet::new();
    for _ in 0..48 {
        let (connection, huge) = (connection.clone(), huge.clone());
        calls.spawn(async move { connection.search(&huge, &[MediaKind::Track], 1, SHORT * 6).await });
    }
    let ends = calls.join_all().await;
    let count = |error: &Error| ends.iter().filter(|end| end.as_ref().err() == Some(error)).count();
    let (sent, unsent) = (count(&Error::TimedOut), count(&Error::NotSent));
    assert_eq!(sent + unsent, 48, "{ends:?}");
    assert!(sent > 0 && unsent > 0, "{sent} {unsent}");
    simulator.freeze(false);
    assert!(connection.players(PATIENCE).await.is_ok(), "the connection goes on");
    let searches = simulator.received().iter().filter(|frame| frame["command"] == "music/search").count();
    assert_eq!(searches, sent);
}

#[tokio::test]
async fn a_silence_ends_with_the_callers_patience() {
    let (simulator, connection, _events) = connected(playing()).await;
    simulator.fault("players/cmd/next", Fault::NoAnswer);
    let end = connection.transport(SALA, Transport::Next, SHORT).await;
    assert_eq!(end, Err(Error::TimedOut));
    assert_eq!(times(&simulator, "players/cmd/next"), 1, "it was carried out all the same");
    assert_eq!(connection.in_flight(), 0);
    assert!(connection.players(PATIENCE).await.is_ok(), "the connection goes on");
}

#[tokio::test]
async fn answers_come_in_any_order_and_too_late_ones_are_nobodys() {
    let (simulator, connection, _events) = connected(Options::default()).await;
    simulator.fault("players/all", Fault::Late(SHORT * 3));
    let slow = connection.clone();
    let slow = tokio::spawn(async move { slow.players(PATIENCE).await });
    assert!(simulator.until(PATIENCE, |simulator| simulator.executed().len() == 1).await);
    assert_eq!(connection.queues(PATIENCE).await.unwrap().len(), 2);
    assert!(!slow.is_finished(), "one command does not wait for another");
    assert_eq!(slow.await.unwrap().unwrap().len(), 2);

    simulator.fault("players/all", Fault::Late(SHORT * 2));
    assert_eq!(connection.players(SHORT).await, Err(Error::TimedOut));
    tokio::time::sleep(SHORT * 3).await;
    assert_eq!(connection.queues(PATIENCE).await.unwrap().len(), 2);
}

#[tokio::test]
async fn no_more_than_the_bound_is_under_way() {
    let simulator = simulator(Options::default()).await;
    let mut settings = settings(&simulator);
    settings.in_flight = 3;
    let (connection, _events) = connect(&settings).await.unwrap();
    simulator.stall(true);
    let call = |connection: Connection| async move { connection.set_power(TERRAZA, true, PATIENCE).await };
    let waiting: Vec<_> = (0..3).map(|_| tokio::spawn(call(connection.clone()))).collect();
    assert!(simulator.until(PATIENCE, |simulator| simulator.received().len() == 3).await);
    assert_eq!(connection.set_power(TERRAZA, true, PATIENCE).await, Err(Error::Busy));
    assert_eq!(simulator.received().len(), 3);
    // A caller that goes away leaves its place to others.
    waiting[0].abort();
    while connection.in_flight() == 3 {
        tokio::task::yield_now().await;
    }
    simulator.stall(false);
    assert_eq!(connection.set_power(TERRAZA, true, PATIENCE).await, Ok(()));
    assert_eq!(connection.set_power(TERRAZA, true, PATIENCE).await, Ok(()));
}

#[tokio::test]
async fn an_answer_cut_off_halfway_is_none() {
    let options =
        Options { partial: true, library: casa_music_simulator::Track::many(1037), ..Options::default() };
    let (simulator, connection, _events) = connected(options).await;
    simulator.drop_after_frames(2);
    assert_eq!(connection.library_tracks(2000, 0, PATIENCE).await, Err(Error::Interrupted));
}

#[tokio::test]
async fn frames_that_make_no_sense_do_no_harm() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let deep = format!(r#"{{"event":"player_updated","data":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        socket.send(Message::text(r#"{"schema_version":26}"#)).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            let id = serde_json::from_str::<Value>(&text).unwrap()["message_id"].as_str().unwrap().to_owned();
            let nonsense = [
                "",
                "{",
                "null",
                "[[]]",
                r#"{"event":7}"#,
                r#"{"event":"queue_updated","data":{"queue_id":{}}}"#,
                r#"{"message_id":"999","result":[],"partial":true}"#,
                r#"{"message_id":-1,"error_code":1}"#,
                r#"{"message_id":"999","error_code":12}"#,
                r#"{"message_id":"1","message_id":"1"}"#,
                &deep,
            ];
            for frame in nonsense {
                socket.send(Message::text(frame)).await.unwrap();
            }
            socket.send(Message::binary(vec![0xff; 9])).await.unwrap();
            let answer = format!(
                r#"{{"new":[{{}}],"partial":null,"result":[{{"player_id":"p1"}}],"message_id":{id}}}"#
            );
            socket.send(Message::text(answer)).await.unwrap();
        }
    });
    let (connection, _events) = connect(&settings).await.unwrap();
    for _ in 0..3 {
        assert_eq!(connection.players(PATIENCE).await.unwrap()[0].player.player_id, "p1");
    }
    assert_eq!(connection.info(PATIENCE).await, Err(Error::Unreadable), "a list is no description");
    assert_eq!(connection.set_volume("p1", 1, PATIENCE).await, Ok(()), "any answer says that it was done");
}
