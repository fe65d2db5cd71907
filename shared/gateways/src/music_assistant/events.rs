//! What the server tells unasked, kept for a reader who may be slow.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::{
    image::Gallery,
    objects::{
        KnownPlayer, KnownQueue,
        wire::{self, Scalar},
    },
};

/// Most events that wait for their reader. There is at most one of each thing, so that only a server with thousands of
/// players gets here.
const MOST_WAITING: usize = 4096;

/// What the server tells unasked (contract 07 §6.5).
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A player was added or changed: its state as a whole.
    Player(Box<KnownPlayer>),
    /// A player is gone.
    PlayerRemoved {
        /// Its id.
        player_id: String,
    },
    /// A queue was added or changed: its state as a whole.
    Queue {
        /// The queue.
        queue: Box<KnownQueue>,
        /// Whether its items changed too.
        items_changed: bool,
    },
    /// How far a queue's current item has been played.
    QueueTime {
        /// The queue's id.
        queue_id: String,
        /// Seconds.
        seconds: f64,
    },
    /// The sources of music changed.
    ProvidersUpdated,
    /// The server is about to stop.
    ShuttingDown,
    /// Events were dropped because far too many waited: players and queues must be asked anew.
    Lost,
}

/// What an event is about. Of each, only the newest event is kept: it tells the whole state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Player(String),
    Queue(String),
    QueueTime(String),
    Providers,
    Server,
    Lost,
}

impl Event {
    /// Reads an event; `None` for one that does not matter or cannot be understood.
    pub(super) fn read(
        kind: &str,
        object_id: Option<String>,
        data: Option<&RawValue>,
        gallery: &Gallery,
    ) -> Option<Self> {
        match kind {
            "player_added" | "player_updated" => {
                let player = parse::<wire::Player>(data)?.known()?;
                Some(Self::Player(Box::new(player)))
            }
            "player_removed" => Some(Self::PlayerRemoved { player_id: object_id? }),
            "queue_added" | "queue_updated" | "queue_items_updated" => {
                let queue = parse::<wire::Queue>(data)?.known(gallery)?;
                Some(Self::Queue { queue: Box::new(queue), items_changed: kind == "queue_items_updated" })
            }
            "queue_time_updated" => {
                let seconds = parse::<Scalar>(data)?.number()?;
                Some(Self::QueueTime { queue_id: object_id?, seconds })
            }
            "providers_updated" => Some(Self::ProvidersUpdated),
            "application_shutdown" => Some(Self::ShuttingDown),
            "core_state_updated" => is_stopping(data?).then_some(Self::ShuttingDown),
            _ => None,
        }
    }

    fn subject(&self) -> Subject {
        match self {
            Self::Player(player) => Subject::Player(player.player.player_id.clone()),
            Self::PlayerRemoved { player_id } => Subject::Player(player_id.clone()),
            Self::Queue { queue, .. } => Subject::Queue(queue.state.queue_id.clone()),
            Self::QueueTime { queue_id, .. } => Subject::QueueTime(queue_id.clone()),
            Self::ProvidersUpdated => Subject::Providers,
            Self::ShuttingDown => Subject::Server,
            Self::Lost => Subject::Lost,
        }
    }

    /// What was told before, replaced by this: its state, and all that must not be forgotten over it.
    fn replacing(self, older: &Self) -> Self {
        match (self, older) {
            (Self::Queue { queue, items_changed }, Self::Queue { items_changed: before, .. }) => {
                Self::Queue { queue, items_changed: items_changed || *before }
            }
            (newer, _) => newer,
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(data: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(data?.get()).ok()
}

/// The state of the server comes as a word or as the server's description of itself, which has it as its status.
fn is_stopping(data: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Described {
        status: Scalar,
    }

    let word = serde_json::from_str::<Described>(data.get()).map(|described| described.status);
    let word = word.or_else(|_| serde_json::from_str::<Scalar>(data.get()));
    word.is_ok_and(|word| matches!(word.text_ref(), Some("stopping" | "stopped")))
}

/// Events that wait, the newest of each subject, in the order in which the subjects began to wait.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    order: VecDeque<Subject>,
    events: HashMap<Subject, Event>,
    /// The connection is over, or nobody reads any more.
    closed: bool,
}

impl Inbox {
    /// Puts an event in, never waiting.
    pub(super) fn put(&self, event: Event) {
        let mut waiting = self.lock();
        if waiting.closed {
            return;
        }
        let subject = event.subject();
        // It takes the place of an older one, not the end: else what changes often would never get its turn.
        if let Some(older) = waiting.events.get_mut(&subject) {
            *older = event.replacing(older);
        } else {
            if waiting.events.len() >= MOST_WAITING {
                waiting.order.clear();
                waiting.events.clear();
                waiting.order.push_back(Subject::Lost);
                waiting.events.insert(Subject::Lost, Event::Lost);
            }
            waiting.order.push_back(subject.clone());
            waiting.events.insert(subject, event);
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Lets the reader take what waits and then end.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events of one connection. Dropping it is fine: the connection goes on without telling anybody.
#[derive(Debug)]
pub struct Events(pub(super) Arc<Inbox>);

impl Events {
    /// The next event; `None` once the connection is over and all events were taken. However late it is called, the newest
    /// state of every player and queue is still to come. Nothing is lost where the call is dropped halfway.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.take() {
                return end;
            }
            self.0.arrived.notified().await;
        }
    }

    /// `None` where there is nothing yet.
    fn take(&self) -> Option<Option<Event>> {
        let mut waiting = self.0.lock();
        match waiting.order.pop_front() {
            Some(subject) => Some(waiting.events.remove(&subject)),
            None => waiting.closed.then_some(None),
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        *waiting = Waiting { closed: true, ..Waiting::default() };
    }
}

#[cfg(test)]
mod tests;
