//! What the connections of a simulated server share.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use serde_json::Value;
use tokio::sync::{broadcast, mpsc, watch};

use crate::{Executed, faults::Planned, world::World};

/// Messages that may wait for a client; the real server drops one for which more do.
pub(crate) const MOST_UNSENT: usize = 512;

/// What the connections share.
#[derive(Debug)]
pub(crate) struct Hub {
    inner: Mutex<Inner>,
    /// Grows by one whenever all connections are to be lost.
    pub(crate) losses: broadcast::Sender<()>,
    /// Whether nothing is read from the sockets.
    pub(crate) frozen: watch::Sender<bool>,
    /// Whether pings stay unanswered.
    pub(crate) deaf: AtomicBool,
}

/// What is kept under one lock.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) clients: Vec<Client>,
    pub(crate) connections: usize,
    pub(crate) executed: Vec<Executed>,
    pub(crate) received: Vec<Value>,
    pub(crate) violations: Vec<String>,
    pub(crate) faults: Vec<Planned>,
    /// Frames that may still go out before a connection is lost.
    pub(crate) frames_left: Option<usize>,
    /// Whether commands are neither carried out nor answered.
    pub(crate) stalled: bool,
}

/// A connection that gets events.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) number: usize,
    pub(crate) outgoing: mpsc::Sender<Value>,
}

impl Hub {
    pub(crate) fn new(world: World) -> Self {
        let inner = Inner {
            world,
            clients: Vec::new(),
            connections: 0,
            executed: Vec::new(),
            received: Vec::new(),
            violations: Vec::new(),
            faults: Vec::new(),
            frames_left: None,
            stalled: false,
        };
        Self {
            inner: Mutex::new(inner),
            losses: broadcast::Sender::new(16),
            frozen: watch::Sender::new(false),
            deaf: AtomicBool::new(false),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_deaf(&self) -> bool {
        self.deaf.load(Ordering::Relaxed)
    }
}

impl Inner {
    /// Tells everybody who listens; who is too slow is dropped.
    pub(crate) fn tell(&mut self, events: &[Value]) {
        self.clients
            .retain(|client| events.iter().all(|event| client.outgoing.try_send(event.clone()).is_ok()));
    }
}
