//! A connection to the server, over which many commands run at once.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Error, frame, image::Gallery};

/// Most bytes of an answer in parts that are kept. Ours come whole; the bound keeps a server gone mad out of our memory.
const LONGEST_ANSWER: usize = 32 << 20;

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// We closed it.
    ByUs,
    /// The server closed it.
    ByServer,
    /// Two pings stayed unanswered.
    Silent,
    /// It broke, with what the system says of it.
    Broken(String),
}

/// What the server said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// Version of the protocol that it speaks.
    pub schema_version: u32,
    /// The oldest version that it speaks too.
    pub min_supported_schema_version: u32,
    /// Version of the server itself.
    pub server_version: Option<String>,
}

/// A connection that is ready for commands: the server is understood and, where it asks for it, knows us.
///
/// Clones share it. It lives until the last clone is dropped, [`Connection::close`] is called or it is lost; after that every
/// command fails with [`Error::NotSent`]. Nothing reconnects by itself.
#[derive(Clone, Debug)]
pub struct Connection {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    pub(super) gallery: Arc<Gallery>,
    info: Arc<ServerInfo>,
}

/// A command on its way to the socket.
#[derive(Debug)]
pub(super) struct Command {
    id: u64,
    pub(super) text: String,
}

/// What the callers and the socket's task share.
#[derive(Debug)]
pub(super) struct Shared {
    pending: Mutex<Pending>,
    next_id: AtomicU64,
    in_flight: usize,
    heard: Mutex<Instant>,
    closed: watch::Sender<Option<Closed>>,
    pub(super) close: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    /// Nothing can be sent any more.
    closed: bool,
    waiting: HashMap<u64, Waiting>,
}

/// A caller that waits for an answer.
#[derive(Debug)]
struct Waiting {
    answer: oneshot::Sender<Result<Vec<Utf8Bytes>, Error>>,
    parts: Vec<Utf8Bytes>,
    /// Whether any of the command may have left. Set before it does, so that it is never wrong about what did not.
    written: bool,
}

impl Shared {
    pub(super) fn new(in_flight: usize) -> Self {
        Self {
            pending: Mutex::default(),
            next_id: AtomicU64::new(1),
            in_flight,
            heard: Mutex::new(Instant::now()),
            closed: watch::Sender::new(None),
            close: Notify::new(),
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the server said something.
    pub(super) fn hear(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether a command is still to be written: nobody writes what nobody waits for. It counts as written from now on.
    pub(super) fn begin(&self, command: &Command) -> bool {
        self.pending().waiting.get_mut(&command.id).is_some_and(|waiting| {
            waiting.written = true;
            true
        })
    }

    /// Takes an answer or a part of one; one that nobody waits for is of no use.
    pub(super) fn answer(&self, id: u64, text: Utf8Bytes, partial: bool) {
        let mut pending = self.pending();
        let Some(waiting) = pending.waiting.get_mut(&id) else { return };
        waiting.parts.push(text);
        let too_long = waiting.parts.iter().map(|part| part.len()).sum::<usize>() > LONGEST_ANSWER;
        if (!partial || too_long)
            && let Some(waiting) = pending.waiting.remove(&id)
        {
            let answer = if too_long { Err(Error::Unreadable) } else { Ok(waiting.parts) };
            let _ = waiting.answer.send(answer);
        }
    }

    /// Takes an error for an answer.
    pub(super) fn refuse(&self, id: u64, error: Error) {
        if let Some(waiting) = self.pending().waiting.remove(&id) {
            let _ = waiting.answer.send(Err(error));
        }
    }

    /// Ends everything that waits.
    pub(super) fn end(&self, reason: Closed) {
        let waiting = {
            let mut pending = self.pending();
            pending.closed = true;
            std::mem::take(&mut pending.waiting)
        };
        self.closed.send_replace(Some(reason));
        for waiting in waiting.into_values() {
            let error = if waiting.written { Error::Interrupted } else { Error::NotSent };
            let _ = waiting.answer.send(Err(error));
        }
    }
}

/// Forgets a command when its caller stops waiting, also where the caller is dropped.
struct Forget<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Forget<'_> {
    /// Whether any of the command may have left; `None` where it came to an answer at the last moment.
    fn was_written(&self) -> Option<bool> {
        Some(self.shared.pending().waiting.remove(&self.id)?.written)
    }
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.was_written();
    }
}

impl Connection {
    pub(super) fn new(
        shared: Arc<Shared>,
        commands: mpsc::Sender<Command>,
        gallery: Gallery,
        info: ServerInfo,
    ) -> Self {
        Self { shared, commands, gallery: Arc::new(gallery), info: Arc::new(info) }
    }

    /// What the server said of itself when it was reached.
    pub fn server(&self) -> &ServerInfo {
        &self.info
    }

    /// How long the server has said nothing at all, also no pong.
    pub fn silence(&self) -> Duration {
        self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Why it is over; `None` while it is not.
    pub fn end(&self) -> Option<Closed> {
        self.shared.closed.borrow().clone()
    }

    /// Waits until it is over.
    pub async fn ended(&self) -> Closed {
        let mut closed = self.shared.closed.subscribe();
        match closed.wait_for(Option::is_some).await.map(|reason| reason.clone()) {
            Ok(Some(reason)) => reason,
            // The sender lives as long as `self`, so that this is never reached.
            _ => Closed::ByUs,
        }
    }

    /// Closes it for all its clones. Commands that were written and not answered fail with [`Error::Interrupted`].
    pub fn close(&self) {
        self.shared.close.notify_one();
    }

    /// How many commands are under way.
    pub fn in_flight(&self) -> usize {
        self.shared.pending().waiting.len()
    }

    /// Sends a command and waits for the whole answer, at most for `patience`: the texts of its frames, in order.
    pub(super) async fn ask(
        &self,
        command: &str,
        args: Option<impl Serialize>,
        patience: Duration,
    ) -> Result<Vec<Utf8Bytes>, Error> {
        let shared = &*self.shared;
        if patience.is_zero() {
            return Err(Error::NotSent);
        }
        let id = shared.next_id.fetch_add(1, Ordering::Relaxed);
        let message_id = id.to_string();
        let frame = frame::Outgoing { message_id: &message_id, command, args };
        // Our arguments are texts and numbers, which always can be written.
        let text = serde_json::to_string(&frame).map_err(|_| Error::NotSent)?;
        let (answer, mut answered) = oneshot::channel();
        {
            let mut pending = shared.pending();
            if pending.closed {
                return Err(Error::NotSent);
            }
            if pending.waiting.len() >= shared.in_flight {
                return Err(Error::Busy);
            }
            pending.waiting.insert(id, Waiting { answer, parts: Vec::new(), written: false });
        }
        let forget = Forget { shared, id };
        self.commands.try_send(Command { id, text }).map_err(|error| match error {
            // Commands that nobody waits for any more wait in front of a socket that takes none.
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::NotSent,
        })?;
        match timeout(patience, &mut answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::Interrupted),
            Err(_) => match forget.was_written() {
                Some(true) => Err(Error::TimedOut),
                Some(false) => Err(Error::NotSent),
                None => answered.try_recv().unwrap_or(Err(Error::TimedOut)),
            },
        }
    }
}

#[cfg(test)]
mod tests;
