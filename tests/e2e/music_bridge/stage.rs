//! Local servers, a simulated music server, and what the tests do with them.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use casa::local::{Local, Wish};
use casa_domain::music::{Action, Answer, Command, Outcome};
use casa_gateways::music_assistant;
use casa_music_simulator::{Options, Player, Simulator};
use chrono::Utc;
use music_bridge::{Bridge, Pace, Settings};
use tokio::{
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep},
};
use uuid::Uuid;

/// How long anything may take on a busy machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Local servers and a simulated music server.
pub struct Stage {
    pub local: Local,
    pub server: Arc<Simulator>,
}

impl Stage {
    /// With so many players, `p0`, `p1` and so on, that have nothing to play.
    pub async fn open(players: usize) -> Self {
        let players = (0..players).map(|number| Player::new(format!("p{number}"), format!("Casa {number}")));
        Self::with(Options { players: players.collect(), ..Options::default() }).await
    }

    pub async fn with(options: Options) -> Self {
        let local = Local::open(Wish::default()).await.unwrap();
        Self { local, server: Arc::new(Simulator::start(options).await.unwrap()) }
    }

    /// Settings with times that suit a test: a short question to the queue, so that ending needs no patience.
    pub fn settings(&self) -> Settings {
        let queues = self.local.queues.as_ref().unwrap();
        let server = music_assistant::Settings::new(&self.server.url()).unwrap();
        let mut settings = Settings::new(server, &queues.commands, Some(queues.parked.clone()));
        settings.pace = Pace { receive: Duration::from_secs(2), ..Pace::default() };
        settings
    }

    pub fn bridge(&self) -> Bridge {
        self.bridge_with(self.settings())
    }

    pub fn bridge_with(&self, settings: Settings) -> Bridge {
        Bridge::start(settings, self.local.state.store.clone(), self.local.clients.sqs.clone())
    }

    /// A bridge that acts and is connected.
    pub async fn acting(&self) -> Bridge {
        let bridge = self.bridge();
        ready(&bridge).await;
        bridge
    }

    /// Sends messages in one go, each under an id of its own, so that the queue takes even repeated ones.
    pub async fn send(&self, commands: &[Command]) {
        for part in commands.chunks(10) {
            let queue = &self.local.queues.as_ref().unwrap().commands;
            let mut ask = self.local.clients.sqs.send_message_batch().queue_url(queue);
            for (number, command) in part.iter().enumerate() {
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(number.to_string())
                    .message_body(serde_json::to_string(command).unwrap())
                    .message_group_id(command.order())
                    .message_deduplication_id(Uuid::new_v4().to_string());
                ask = ask.entries(entry.build().unwrap());
            }
            let answer = ask.send().await.unwrap();
            assert!(answer.failed.is_empty(), "{:?}", answer.failed);
        }
    }

    pub async fn send_text(&self, group: &str, body: &str) {
        let queue = &self.local.queues.as_ref().unwrap().commands;
        let ask = self.local.clients.sqs.send_message().queue_url(queue).message_body(body);
        let ask = ask.message_group_id(group).message_deduplication_id(Uuid::new_v4().to_string());
        ask.send().await.unwrap();
    }

    pub async fn answer(&self, id: Uuid) -> Option<Answer> {
        self.local.state.store.music().answer_of(id).await.unwrap()
    }

    /// How a command ended, as soon as it did.
    pub async fn outcome(&self, id: Uuid) -> Outcome {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = self.answer(id).await {
                return answer.outcome;
            }
            assert!(Instant::now() < end, "no answer");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// How many commands ended in which way.
    pub async fn outcomes(&self, commands: &[Command]) -> HashMap<Uuid, Option<Outcome>> {
        let mut asking = JoinSet::new();
        for part in commands.chunks(commands.len().div_ceil(8).max(1)) {
            let (store, ids): (_, Vec<Uuid>) =
                (self.local.state.store.clone(), part.iter().map(|command| command.id).collect());
            asking.spawn(async move {
                let mut outcomes = Vec::new();
                for id in ids {
                    let answer = store.music().answer_of(id).await.unwrap();
                    outcomes.push((id, answer.map(|answer| answer.outcome)));
                }
                outcomes
            });
        }
        asking.join_all().await.into_iter().flatten().collect()
    }

    /// Messages in a queue, in hand ones included.
    async fn waiting(&self, url: &str) -> usize {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let ask = self.local.clients.sqs.get_queue_attributes().queue_url(url);
        let answer = ask.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        answer.attributes.unwrap_or_default().values().map(|count| count.parse::<usize>().unwrap()).sum()
    }

    /// Waits until every message was taken out of the queue.
    pub async fn drained(&self) {
        let end = Instant::now() + PATIENCE;
        let queue = &self.local.queues.as_ref().unwrap().commands;
        loop {
            let waiting = self.waiting(queue).await;
            if waiting == 0 {
                return;
            }
            assert!(Instant::now() < end, "{waiting} messages are left");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Messages that nobody could read.
    pub async fn parked(&self) -> usize {
        self.waiting(&self.local.queues.as_ref().unwrap().parked).await
    }

    /// The volumes that were set on a player, in order.
    pub fn volumes(&self, player: &str) -> Vec<u64> {
        let executed = self.server.executed_for(player);
        executed.iter().map(|(_, args)| args["volume_level"].as_u64().unwrap()).collect()
    }

    pub async fn close(self) {
        self.local.close().await;
    }
}

/// Waits until a bridge acts and is connected.
pub async fn ready(bridge: &Bridge) {
    let acts = until(|| bridge.status().acting && bridge.status().connected).await;
    assert!(acts, "{:?}", bridge.status());
}

/// Waits until something is so; false when it never is.
pub async fn until(mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() >= end {
            return false;
        }
        sleep(Duration::from_millis(5)).await;
    }
    true
}

/// Sets the volume of a player, asked now.
pub fn volume(player: &str, level: u64) -> Command {
    let level = u8::try_from(level).unwrap();
    Command::new(Uuid::new_v4(), Some(player.to_owned()), Action::Volume { level }, Utc::now())
}

/// Checks what one player was told against how its commands ended: in order, each at most once, and what was answered as done
/// or as surely not done is the truth. Answers how many may have been done and were.
pub fn check_order(asked: &[(u64, Option<Outcome>)], told: &[u64]) -> usize {
    use casa_domain::music::Failure;

    let (mut at, mut perhaps) = (0, 0);
    for (number, (level, outcome)) in asked.iter().enumerate() {
        let outcome = outcome.as_ref().unwrap_or_else(|| panic!("command {number} was not answered"));
        let is_next = told.get(at) == Some(level);
        match outcome {
            Outcome::Done(_) => {
                let near = |at: usize| at.saturating_sub(6)..at + 6;
                let before = asked.get(near(number).start..(number + 6).min(asked.len()));
                let seen = told.get(near(at).start..(at + 6).min(told.len()));
                assert!(
                    is_next,
                    "command {number} was done, but not when: {before:?}; the server did {seen:?}"
                );
                at += 1;
            }
            // It may have been done, once.
            Outcome::Failed(Failure::Interrupted | Failure::TimedOut) if is_next => {
                perhaps += 1;
                at += 1;
            }
            Outcome::Failed(_) => {}
        }
    }
    let rest = &told[at..];
    assert!(rest.is_empty(), "done twice, out of order, or although it was answered as not done: {rest:?}");
    perhaps
}

/// Measures by how much this machine is late at most.
pub struct Lateness {
    most: Arc<AtomicU64>,
    ticking: AbortHandle,
}

impl Lateness {
    pub fn measure() -> Self {
        let most = Arc::new(AtomicU64::new(0));
        let noting = Arc::clone(&most);
        let ticking = tokio::spawn(async move {
            let tick = Duration::from_millis(20);
            loop {
                let begun = Instant::now();
                sleep(tick).await;
                let late = begun.elapsed().saturating_sub(tick).as_millis();
                noting.fetch_max(u64::try_from(late).unwrap(), Ordering::Relaxed);
            }
        });
        Self { most, ticking: ticking.abort_handle() }
    }

    /// Some steps are late one after the other, so that it counts several times.
    pub fn allowance(&self) -> Duration {
        Duration::from_millis(self.most.load(Ordering::Relaxed)) * 5
    }
}

impl Drop for Lateness {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}
