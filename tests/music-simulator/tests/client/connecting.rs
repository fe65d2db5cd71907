//! How connections come about, or not.

use std::time::Duration;

use casa_gateways::music_assistant::{Closed, ConnectError, Settings, connect};
use casa_music_simulator::Options;
use futures_util::SinkExt;
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_tungstenite::{accept_async, tungstenite::Message};

use crate::{PATIENCE, connected, settings, simulator};

#[tokio::test]
async fn servers_of_all_ages_are_understood() {
    for schema in [24, 26, 27, 28, 31, 33, 77, 98] {
        let (simulator, connection, _events) = connected(Options::schema(schema)).await;
        let server = connection.server();
        let min = if schema < 28 { 24 } else { 28 };
        assert_eq!((server.schema_version, server.min_supported_schema_version), (schema, min));
        assert_eq!(server.server_version.as_deref(), Some("0.0.0"));
        assert_eq!(connection.players(PATIENCE).await.unwrap().len(), 2, "{schema}");
        assert_eq!(&connection.info(PATIENCE).await.unwrap(), server);
        let commands: Vec<_> = simulator.received().iter().map(|frame| frame["command"].clone()).collect();
        let expected: &[&str] =
            if schema < 28 { &["players/all", "info"] } else { &["auth", "players/all", "info"] };
        assert_eq!(commands, expected, "a token goes only to whom asks for it");
        assert_eq!(simulator.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_newer_server_that_speaks_an_older_version_too_is_welcome() {
    let options = Options { min_schema: Some(98), ..Options::schema(140) };
    let (_simulator, connection, _events) = connected(options).await;
    assert_eq!(connection.server().schema_version, 140);
    let simulator = simulator(Options { min_schema: Some(99), ..Options::schema(140) }).await;
    let refused = connect(&settings(&simulator)).await;
    assert!(matches!(refused, Err(ConnectError::TooNew { min_supported: 99 })), "{refused:?}");
    assert!(simulator.received().is_empty(), "the token stays with us");
}

#[tokio::test]
async fn tokens_are_asked_for_and_checked() {
    let simulator = simulator(Options::schema(28)).await;
    let without = Settings::new(&simulator.url()).unwrap();
    let refused = connect(&without).await;
    assert!(matches!(refused, Err(ConnectError::TokenMissing)), "{refused:?}");
    assert!(simulator.received().is_empty());
    for (token, code) in [("wrong", 23), ("", 20)] {
        let refused = connect(&without.clone().with_token(token)).await.unwrap_err();
        assert!(
            matches!(refused, ConnectError::TokenRefused { code: refused } if refused == code),
            "{refused:?}"
        );
        assert!(!format!("{refused} {refused:?}").contains("wrong"));
    }
    assert_eq!(simulator.clients(), 0, "nobody gets events without a token");
}

#[tokio::test]
async fn a_server_that_nobody_has_set_up_says_so() {
    let simulator = simulator(Options { setup: true, ..Options::schema(28) }).await;
    let refused = connect(&settings(&simulator)).await;
    assert!(matches!(refused, Err(ConnectError::SetupRequired)), "{refused:?}");
    simulator.reconfigure(|options| options.setup = false);
    connect(&settings(&simulator)).await.unwrap();
}

#[tokio::test]
async fn a_server_behind_a_path_is_found_there_only() {
    let simulator = simulator(Options { path: "/casa/musica/ws".to_owned(), ..Options::default() }).await;
    assert!(simulator.url().ends_with("/casa/musica"));
    connect(&settings(&simulator)).await.unwrap();
    let elsewhere = Settings::new(simulator.url().trim_end_matches("/musica")).unwrap();
    let refused = connect(&elsewhere).await.unwrap_err().to_string();
    assert!(refused.ends_with("it answers with status 404"), "{refused}");
}

#[tokio::test]
async fn closed_doors_and_silences_are_told_apart() {
    let simulator = simulator(Options::default()).await;
    let settings = settings(&simulator);
    simulator.stop();
    // The port closes when the listener's task gets to it; until then the connection is lost at once.
    let mut refused = connect(&settings).await;
    while !matches!(refused, Err(ConnectError::Unreachable(_))) {
        refused = connect(&settings).await;
    }
    simulator.restart().await.unwrap();
    connect(&settings).await.unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut silent = Settings::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    silent.handshake = Duration::from_millis(100);
    let refused = connect(&silent).await;
    assert!(matches!(refused, Err(ConnectError::TimedOut)), "{refused:?}");
}

#[tokio::test]
async fn a_connection_ends_with_its_last_clone_or_on_request() {
    let (simulator, connection, _events) = connected(Options::default()).await;
    let clone = connection.clone();
    drop(connection);
    assert_eq!(clone.players(PATIENCE).await.unwrap().len(), 2);
    assert_eq!(clone.end(), None);
    drop(clone);
    assert!(simulator.until(PATIENCE, |simulator| simulator.clients() == 0).await);

    let (simulator, connection, mut events) = connected(Options::default()).await;
    connection.close();
    assert_eq!(connection.ended().await, Closed::ByUs);
    assert_eq!(connection.end(), Some(Closed::ByUs));
    assert_eq!(events.next().await, None);
    assert!(simulator.until(PATIENCE, |simulator| simulator.clients() == 0).await);
}

/// A server of other manners: after the upgrade it says one thing and hangs up.
async fn saying(first: Message) -> Settings {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        let _ = socket.send(first).await;
        let _ = socket.close(None).await;
    });
    settings
}

#[tokio::test]
async fn strangers_are_not_taken_for_music_servers() {
    for first in
        [r#"{"hello":"casa"}"#, r#"{"event":"x","data":1}"#, "hello", "[]", r#"{"schema_version":"new"}"#]
    {
        let refused = connect(&saying(Message::text(first)).await).await;
        assert!(matches!(refused, Err(ConnectError::Unreadable)), "{first}: {refused:?}");
    }
    for first in [Message::Close(None), Message::binary("x")] {
        let refused = connect(&saying(first).await).await;
        assert!(matches!(refused, Err(ConnectError::HungUp)), "{refused:?}");
    }
    // No WebSocket at all.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let web = Settings::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let page = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        stream.write_all(page).await.unwrap();
    });
    let refused = connect(&web).await;
    assert!(matches!(refused, Err(ConnectError::Unreachable(_))), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_says_goodbye_is_gone() {
    let hello = r#"{"server_id":"x","schema_version":26,"min_supported_schema_version":24}"#;
    let (connection, mut events) = connect(&saying(Message::text(hello)).await).await.unwrap();
    assert_eq!(connection.ended().await, Closed::ByServer);
    assert_eq!(events.next().await, None);
}
