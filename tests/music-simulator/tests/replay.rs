//! The recorded conversation with a real server, played back to the simulated one: it answers in the same shapes and tells of
//! the same kinds of changes.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use casa_music_simulator::{Options, Player, Simulator};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

const RECORDING: &str = include_str!("../../fixtures/music/schema26.jsonl");
const PATIENCE: Duration = Duration::from_secs(5);

/// A command of the recording: what came back, and the events until the next one.
struct Exchange {
    command: Value,
    answer: Value,
    events: Vec<Value>,
}

fn recording() -> (Value, Vec<Exchange>) {
    let mut frames = RECORDING.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let hello = frames.next().unwrap()["msg"].take();
    let mut exchanges: Vec<Exchange> = Vec::new();
    for mut frame in frames {
        let message = frame["msg"].take();
        match exchanges.last_mut() {
            _ if frame["dir"] == "client" => {
                exchanges.push(Exchange { command: message, answer: Value::Null, events: Vec::new() });
            }
            Some(exchange) if message.get("event").is_some() => exchange.events.push(message),
            Some(exchange) => {
                assert_eq!(message["message_id"], exchange.command["message_id"]);
                exchange.answer = message;
            }
            None => panic!("{message}"),
        }
    }
    (hello, exchanges)
}

/// What differs in shape: keys and types, null standing for anything, each element of a list like one of the other.
fn difference(one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Object(one), Value::Object(other)) => {
            let keys =
                |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
            if let Some(key) = keys(one).symmetric_difference(&keys(other)).next() {
                return Some(format!(".{key} is in one only"));
            }
            one.iter().find_map(|(key, value)| Some(format!(".{key}{}", difference(value, &other[key])?)))
        }
        (Value::Array(one), Value::Array(other)) if one.is_empty() || other.is_empty() => None,
        (Value::Array(one), Value::Array(other)) => one.iter().find_map(|value| {
            let differences: Vec<String> = other.iter().map_while(|like| difference(value, like)).collect();
            (differences.len() == other.len()).then(|| format!("[]{}", differences[0]))
        }),
        (Value::Bool(_), Value::Bool(_)) | (Value::Number(_), Value::Number(_)) => None,
        (Value::String(_), Value::String(_)) => None,
        _ => Some(format!(": {one} and {other}")),
    }
}

async fn receive(socket: &mut WebSocketStream<TcpStream>) -> Value {
    let message = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    let Message::Text(text) = message else { panic!("{message:?}") };
    serde_json::from_str(&text).unwrap()
}

/// The kinds of the events that belong to commands; those of music are the server's own housekeeping.
fn kinds(events: &[Value]) -> BTreeSet<&str> {
    let kinds = events.iter().map(|event| event["event"].as_str().unwrap());
    kinds.filter(|kind| !kind.starts_with("media_item_")).collect()
}

#[tokio::test]
async fn the_recorded_conversation_can_be_played_back() {
    let mut players = Player::recorded();
    for player in &mut players {
        player.confirms_pause = false;
    }
    let simulator = Simulator::start(Options { players, ..Options::default() }).await.unwrap();
    let address = simulator.url().replace("http://", "");
    let stream = TcpStream::connect(&address).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{address}/ws"), stream).await.unwrap();
    let (hello, exchanges) = recording();
    assert_eq!(difference(&receive(&mut socket).await, &hello), None);

    let mut recorded: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in exchanges.iter().flat_map(|exchange| &exchange.events) {
        recorded.entry(event["event"].as_str().unwrap().to_owned()).or_default().push(event.clone());
    }
    // After each command one that tells nothing: what came before its answer belongs to the command.
    let mark = r#"{"message_id":"mark-N","command":"info"}"#;
    for (number, exchange) in exchanges.iter().enumerate() {
        let mark = mark.replace('N', &number.to_string());
        for text in [exchange.command.to_string(), mark] {
            socket.send(Message::text(text)).await.unwrap();
        }
        let (mut answer, mut events) = (Value::Null, Vec::new());
        loop {
            let frame = receive(&mut socket).await;
            if frame.get("event").is_some() {
                events.push(frame);
            } else if frame["message_id"] == exchange.command["message_id"] {
                answer = frame;
            } else {
                break;
            }
        }
        let command = &exchange.command;
        assert_eq!(difference(&answer, &exchange.answer), None, "{command}\n{answer}\n{}", exchange.answer);
        assert_eq!(difference(&exchange.answer, &answer), None, "{command}\n{answer}\n{}", exchange.answer);
        if exchange.answer.get("error_code").is_some() {
            assert_eq!(answer, exchange.answer, "errors are the same to the word");
        }
        assert_eq!(kinds(&events), kinds(&exchange.events), "{command}");
        for event in &events {
            let like = &recorded[event["event"].as_str().unwrap()];
            let differences: Vec<_> = like.iter().map_while(|like| difference(event, like)).collect();
            assert!(differences.len() < like.len(), "{command}: {event}\n{differences:?}");
        }
    }
    assert_eq!(simulator.violations().len(), 3, "{:?}", simulator.violations());
}

#[tokio::test]
async fn the_recording_says_what_a_real_server_does() {
    let (_, exchanges) = recording();
    assert_eq!(exchanges.len(), 21);
    let unknown_player = &exchanges[17];
    assert_eq!(unknown_player.command["args"]["player_id"], "nope");
    assert!(unknown_player.answer["result"].is_null() && unknown_player.answer.get("error_code").is_none());
}

#[test]
fn differences_of_shape_are_seen() {
    let one = serde_json::json!({ "a": [{ "b": 1, "c": null }], "d": "x", "e": [] });
    for (other, different) in [
        (serde_json::json!({ "a": [{ "b": 2.5, "c": [1] }], "d": "y", "e": [1] }), false),
        (serde_json::json!({ "a": [{ "b": "2", "c": 1 }], "d": "y", "e": [] }), true),
        (serde_json::json!({ "a": [{ "b": 2 }], "d": "y", "e": [] }), true),
        (serde_json::json!({ "a": [], "d": true, "e": [] }), true),
        (serde_json::json!({ "a": [], "d": "y", "e": [], "f": null }), true),
    ] {
        assert_eq!(difference(&one, &other).is_some(), different, "{other}");
        assert_eq!(difference(&other, &one).is_some(), different, "{other}");
    }
}
