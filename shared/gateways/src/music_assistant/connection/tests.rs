use super::*;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(8);

fn connection(in_flight: usize) -> (Connection, Arc<Shared>, mpsc::Receiver<Command>) {
    let shared = Arc::new(Shared::new(in_flight));
    let (commands, receiver) = mpsc::channel(in_flight);
    let gallery = Gallery { base: "http://ma.test".to_owned(), schema: 26 };
    let info = ServerInfo { schema_version: 26, min_supported_schema_version: 24, server_version: None };
    (Connection::new(Arc::clone(&shared), commands, gallery, info), shared, receiver)
}

fn asking(connection: &Connection) -> tokio::task::JoinHandle<Result<Vec<Utf8Bytes>, Error>> {
    let connection = connection.clone();
    tokio::spawn(async move { connection.ask("info", None::<()>, PATIENCE).await })
}

#[tokio::test]
async fn an_answer_in_parts_without_an_end_is_given_up() {
    let (connection, shared, mut commands) = connection(4);
    let asked = asking(&connection);
    let command = commands.recv().await.unwrap();
    assert_eq!(command.text, r#"{"message_id":"1","command":"info"}"#);
    assert!(shared.begin(&command));
    let part = Utf8Bytes::from("x".repeat(1 << 20));
    for _ in 0..=LONGEST_ANSWER >> 20 {
        assert_eq!(connection.in_flight(), 1);
        shared.answer(command.id, part.clone(), true);
    }
    assert_eq!(asked.await.unwrap(), Err(Error::Unreadable));
    shared.answer(command.id, part, false);
    assert_eq!(connection.in_flight(), 0);
}

#[tokio::test]
async fn what_was_not_begun_was_not_sent() {
    let (connection, shared, mut commands) = connection(4);
    let asked: Vec<_> = (0..3).map(|_| asking(&connection)).collect();
    let first = commands.recv().await.unwrap();
    assert!(shared.begin(&first));
    while connection.in_flight() < 3 {
        tokio::task::yield_now().await;
    }
    shared.end(Closed::ByServer);
    let mut ends = Vec::new();
    for one in asked {
        ends.push(one.await.unwrap().unwrap_err());
    }
    assert_eq!(ends, [Error::Interrupted, Error::NotSent, Error::NotSent]);
    // What still lies there is not written by whoever comes to it.
    let second = commands.recv().await.unwrap();
    assert!(!shared.begin(&second));
    assert_eq!(connection.ask("info", None::<()>, PATIENCE).await, Err(Error::NotSent));
}

#[tokio::test]
async fn commands_that_nobody_waits_for_are_not_written() {
    let (connection, shared, mut commands) = connection(2);
    for _ in 0..2 {
        let end = connection.ask("info", None::<()>, Duration::from_millis(1)).await;
        assert_eq!(end, Err(Error::NotSent));
    }
    assert_eq!(connection.in_flight(), 0);
    // Nobody took them away, so that there is no room for more.
    assert_eq!(connection.ask("info", None::<()>, PATIENCE).await, Err(Error::Busy));
    assert_eq!(connection.in_flight(), 0);
    for _ in 0..2 {
        assert!(!shared.begin(&commands.recv().await.unwrap()));
    }
    let end = connection.ask("info", None::<()>, Duration::ZERO).await;
    assert_eq!(end, Err(Error::NotSent));
    assert!(commands.try_recv().is_err());
}
