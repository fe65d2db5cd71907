//! Delivers the table's outbox entries to the reactions, as the stream trigger does in AWS: at least once, each entry
//! on its own, retried with growing pauses and parked when it keeps failing.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reactions::Image;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use crate::embedded::Stop;
use crate::stream::Stream;

/// How often the stream is looked at when nothing asks for it.
const LOOK: Duration = Duration::from_millis(500);
/// How soon after a wake-up call it is looked at: many calls at once make one look.
const SOON: Duration = Duration::from_millis(20);
/// How often entries are looked for that the stream did not tell of (another process died with them, say).
const SWEEP: Duration = Duration::from_secs(60);
/// Entries handled at the same time.
const TOGETHER: usize = 16;
/// The pause after the first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Attempts per entry; after the last one it is parked. With the pauses: about eight seconds.
const ATTEMPTS: u32 = 6;
/// How long a caller waits for the outbox to drain.
const PATIENCE: Duration = Duration::from_secs(60);

/// What handles outbox entries.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Carries out the effects of an entry; doing it again changes nothing.
    fn handle(&self, image: &Image) -> impl Future<Output = Result<(), String>> + Send;
    /// The entries not handled and not parked yet.
    fn pending(&self) -> impl Future<Output = Result<Vec<Image>, String>> + Send;
    /// Puts an entry aside with the reason, for people to look at.
    fn park(&self, image: &Image, reason: &str) -> impl Future<Output = Result<(), String>> + Send;
}

/// Where the pump reads.
#[derive(Debug, Clone)]
pub struct Source {
    /// The client of the stream.
    pub client: aws_sdk_dynamodbstreams::Client,
    /// The table.
    pub table: String,
    /// Where the position is kept, if anywhere.
    pub position: Option<PathBuf>,
}

/// Asks a running pump.
#[derive(Debug, Clone)]
pub struct PumpHandle {
    asking: mpsc::Sender<oneshot::Sender<usize>>,
    waking: Arc<Notify>,
}

impl PumpHandle {
    /// Says that something may have been written just now.
    pub fn wake(&self) {
        self.waking.notify_one();
    }

    /// Waits until no entry is left to handle; answers how many were handled since this was last answered. `None`:
    /// they were still not done after a minute, or the pump has ended.
    pub async fn settle(&self) -> Option<usize> {
        let (reply, answer) = oneshot::channel();
        self.asking.send(reply).await.ok()?;
        tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()
    }
}

struct Delivery {
    key: String,
    image: Arc<Image>,
    attempts: u32,
    due: Instant,
}

struct Pump<H> {
    handler: H,
    source: Source,
    stream: Option<Stream>,
    waiting: VecDeque<Delivery>,
    running: JoinSet<(Delivery, Result<(), String>)>,
    /// Keys of the entries waiting or running.
    busy: HashSet<String>,
    /// Entries handled since a caller was last told.
    handled: usize,
    settles: Vec<oneshot::Sender<usize>>,
    swept: Option<Instant>,
}

/// Runs a pump until `stop`; the handle asks it, the future is its life.
pub fn pump<H: Handler>(
    handler: H,
    source: Source,
    stop: Stop,
) -> (PumpHandle, impl Future<Output = ()> + Send) {
    let (asking, asked) = mpsc::channel(16);
    let waking = Arc::new(Notify::new());
    let pump = Pump {
        handler,
        source,
        stream: None,
        waiting: VecDeque::new(),
        running: JoinSet::new(),
        busy: HashSet::new(),
        handled: 0,
        settles: Vec::new(),
        swept: None,
    };
    let life = pump.run(asked, Arc::clone(&waking), stop);
    (PumpHandle { asking, waking }, life)
}

impl<H: Handler> Pump<H> {
    async fn run(
        mut self,
        mut asked: mpsc::Receiver<oneshot::Sender<usize>>,
        woken: Arc<Notify>,
        stop: Stop,
    ) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.wait() => break,
                Some(done) = self.running.join_next(), if !self.running.is_empty() => {
                    if let Ok((delivery, result)) = done {
                        self.finish(delivery, result).await;
                    }
                }
                Some(reply) = asked.recv() => {
                    self.settles.push(reply);
                    self.look().await;
                }
                () = woken.notified() => ticks.reset_after(SOON),
                _ = ticks.tick() => self.look().await,
            }
            self.start_due();
            self.answer_settled().await;
            if !self.waiting.is_empty() && self.running.is_empty() {
                // Only pauses are left: the next look must not come long after the first of them ends.
                ticks.reset_after(SOON.max(FIRST_PAUSE / 4));
            }
        }
        // What runs now may finish; what waits is pending at the next start.
        while let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(5), self.running.join_next()).await {
        }
        if let Some(stream) = &mut self.stream {
            stream.save();
        }
    }

    /// Takes in what the stream tells since the last look.
    async fn look(&mut self) {
        if self.stream.is_none() {
            match Stream::open(self.source.client.clone(), &self.source.table, self.source.position.clone())
                .await
            {
                Ok(stream) => {
                    self.stream = Some(stream);
                    // Only now, with the place in the stream taken, nothing can be written unseen in between.
                    self.swept = None;
                }
                Err(error) => tracing::debug!(%error, "the stream is not open yet"),
            }
        }
        if self.swept.is_none_or(|last| last.elapsed() >= SWEEP) && self.stream.is_some() {
            self.sweep().await;
        }
        while let Some(stream) = &mut self.stream {
            match stream.read().await {
                Ok((items, more)) => {
                    for image in items {
                        self.take(image);
                    }
                    if !more {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "opening the stream again");
                    self.stream = None;
                }
            }
        }
        if self.busy.is_empty()
            && let Some(stream) = &mut self.stream
        {
            stream.save();
        }
    }

    /// Takes in every pending entry; answers whether there was a new one.
    async fn sweep(&mut self) -> bool {
        match self.handler.pending().await {
            Ok(images) => {
                self.swept = Some(Instant::now());
                let new = images.into_iter().filter(|image| self.take(image.clone())).count();
                new > 0
            }
            Err(error) => {
                tracing::warn!(%error, "pending outbox entries cannot be read");
                true
            }
        }
    }

    fn take(&mut self, image: Image) -> bool {
        let key = format!("{} {}", image.pk, image.sk);
        let new = self.busy.insert(key.clone());
        if new {
            self.waiting.push_back(Delivery {
                key,
                image: Arc::new(image),
                attempts: 0,
                due: Instant::now(),
            });
        }
        new
    }

    fn start_due(&mut self) {
        let now = Instant::now();
        while self.running.len() < TOGETHER {
            let Some(index) = self.waiting.iter().position(|delivery| delivery.due <= now) else { break };
            let Some(delivery) = self.waiting.remove(index) else { break };
            let (handler, image) = (self.handler.clone(), Arc::clone(&delivery.image));
            // A task of its own, so that a reaction that panics fails like any other.
            let handling = tokio::spawn(async move { handler.handle(&image).await });
            self.running.spawn(async move {
                let result = handling.await.unwrap_or_else(|error| Err(error.to_string()));
                (delivery, result)
            });
        }
    }

    async fn finish(&mut self, mut delivery: Delivery, result: Result<(), String>) {
        delivery.attempts += 1;
        let error = match result {
            Ok(()) => {
                self.busy.remove(&delivery.key);
                self.handled += 1;
                return;
            }
            Err(error) => error,
        };
        let entry = &delivery.key;
        if delivery.attempts < ATTEMPTS {
            tracing::warn!(
                entry,
                attempt = delivery.attempts,
                error,
                "a reaction failed and will be tried again"
            );
        } else {
            match self.handler.park(&delivery.image, &error).await {
                Ok(()) => {
                    tracing::error!(entry, error, "a reaction keeps failing; the outbox entry is parked");
                    self.busy.remove(&delivery.key);
                    return;
                }
                Err(error) => tracing::error!(entry, error, "an outbox entry cannot be parked"),
            }
        }
        delivery.due = Instant::now() + FIRST_PAUSE * 2_u32.pow(delivery.attempts.min(ATTEMPTS) - 1);
        self.waiting.push_back(delivery);
    }

    async fn answer_settled(&mut self) {
        if self.settles.is_empty() || !self.busy.is_empty() || self.stream.is_none() {
            return;
        }
        // Handling an entry may write another one, and other processes write too: settled means none is left.
        if self.sweep().await {
            self.start_due();
            return;
        }
        for reply in self.settles.drain(..) {
            let _ = reply.send(self.handled);
        }
        self.handled = 0;
    }
}
