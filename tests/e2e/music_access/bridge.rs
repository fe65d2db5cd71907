//! Stands in for the bridge to the music server: takes commands off the queue, remembers them, and answers.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_sqs::Client;
use casa_domain::music::{
    Action, Answer, Bridge, Command, Failure, Found, Outcome, Piece, Playback, Player, QueuePage, QueueState,
    Reply,
};
use casa_store::Store;
use chrono::{TimeDelta, Utc};

/// The players that the music server knows.
pub(crate) const PLAYERS: [&str; 3] = ["p1", "p2", "p9"];
/// Asked to play this, the music server does not find it.
pub(crate) const MISSING: &str = "library://track/404";

/// A stand-in that answers as long as it lives.
pub(crate) struct Standin {
    seen: Arc<Mutex<Vec<Command>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Standin {
    /// Fills the mirror, and begins to answer.
    pub(crate) async fn start(client: Client, queue: &str, store: &Store) -> Self {
        store.music().keep_players(&PLAYERS.map(player), &[]).await.unwrap();
        say(store, true).await;
        let seen = Arc::<Mutex<Vec<Command>>>::default();
        let task = tokio::spawn(answer_all(client, queue.to_owned(), store.clone(), Arc::clone(&seen)));
        Self { seen, task }
    }

    /// The commands since the last time this was asked.
    pub(crate) fn take(&self) -> Vec<Command> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// Reports that the bridge is connected, or is not.
pub(crate) async fn say(store: &Store, connected: bool) {
    let now = Utc::now();
    let bridge = Bridge {
        connected,
        schema_version: Some(28),
        server_version: Some("2.7.0".to_owned()),
        players: 3,
        last_message_at: Some(now),
        since: now - TimeDelta::hours(2),
        // It stays alive for as long as the test runs.
        reported_at: now + TimeDelta::hours(1),
    };
    store.music().report(&bridge).await.unwrap();
}

/// A player that is off.
pub(crate) fn player(id: &str) -> Player {
    Player {
        player_id: id.to_owned(),
        name: format!("Parlante {id}"),
        kind: "player".to_owned(),
        available: true,
        powered: Some(false),
        playback: Playback::Idle,
        volume_level: Some(20),
        media: None,
        queue: None,
    }
}

async fn answer_all(client: Client, url: String, store: Store, seen: Arc<Mutex<Vec<Command>>>) {
    loop {
        let got = client.receive_message().queue_url(&url).max_number_of_messages(10).send().await;
        let messages = got.ok().and_then(|got| got.messages).unwrap_or_default();
        if messages.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for message in messages {
            let command: Command = serde_json::from_str(message.body().unwrap()).unwrap();
            seen.lock().unwrap().push(command.clone());
            let answer = Answer { id: command.id, outcome: outcome(&command) };
            store.music().answer(&answer, Utc::now()).await.unwrap();
            let handle = message.receipt_handle().unwrap();
            client.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
        }
    }
}

fn outcome(command: &Command) -> Outcome {
    if command.player.as_deref().is_some_and(|player| !PLAYERS.contains(&player)) {
        return Outcome::Failed(Failure::UnknownPlayer);
    }
    let piece = |id: u32| Piece {
        item_id: id.to_string(),
        name: format!("Canción {id}"),
        uri: format!("library://track/{id}"),
        duration: Some(180),
        image: None,
    };
    let state = QueueState {
        queue_id: "q".to_owned(),
        playback: Playback::Playing,
        current_index: Some(1),
        items: 3,
    };
    Outcome::Done(match &command.action {
        Action::ClearQueue => Reply::Cleared(true),
        Action::Queue => Reply::Queue(Some(QueuePage { state, items: (0..3).map(piece).collect() })),
        Action::Search { .. } => Reply::Found(Found { tracks: vec![piece(1)], ..Found::default() }),
        Action::LibraryTracks { .. } => Reply::Tracks(vec![piece(1), piece(2)]),
        Action::AllPlayers => Reply::Players(PLAYERS.map(player).to_vec()),
        Action::PlayMedia { media, .. } if media.iter().any(|one| one == MISSING) => {
            return Outcome::Failed(Failure::Media);
        }
        _ => Reply::Nothing,
    })
}
