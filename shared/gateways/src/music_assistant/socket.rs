//! The one task that holds the socket: it reads whatever happens, and writes and pings beside that.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt, stream::SplitSink, stream::SplitStream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Bytes, Message, Utf8Bytes},
};

use super::{
    Event,
    connection::{Closed, Command, Shared},
    events::Inbox,
    frame::{self, Incoming},
    image::Gallery,
};

/// Unanswered pings after which the connection counts as lost.
const MISSED_PINGS: u8 = 2;
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// What carries the bytes: a plain or an encrypted connection.
pub(super) trait Carrier: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Carrier for T {}

/// The socket after its upgrade.
pub(super) type Socket = WebSocketStream<Box<dyn Carrier>>;

/// The socket's task: its ends and what it shares with the callers and the reader of events.
pub(super) struct Task {
    pub(super) shared: Arc<Shared>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) gallery: Gallery,
    pub(super) ping_every: Duration,
}

/// Pings between the part that counts them, the part that writes them and the part that hears the answers.
#[derive(Default)]
struct Pings {
    due: Notify,
    answered: Notify,
}

impl Task {
    /// Runs until the connection is over, and then tells everybody.
    pub(super) async fn run(self, socket: Socket) {
        let Self { shared, inbox, commands, gallery, ping_every } = self;
        let (mut sink, stream) = socket.split();
        let pings = Pings::default();
        // The parts take turns within one task: a write that is stuck never keeps a frame from being read.
        let reason = tokio::select! {
            reason = read(stream, &shared, &inbox, &gallery, &pings) => reason,
            reason = write(&mut sink, &shared, commands, &pings) => reason,
            reason = count(&pings, ping_every) => reason,
            () = shared.close.notified() => Closed::ByUs,
        };
        let polite = reason == Closed::ByUs;
        shared.end(reason);
        inbox.close();
        if polite {
            let _ = timeout(GOODBYE, sink.close()).await;
        }
    }
}

async fn read(
    mut stream: SplitStream<Socket>,
    shared: &Shared,
    inbox: &Inbox,
    gallery: &Gallery,
    pings: &Pings,
) -> Closed {
    loop {
        let message = match stream.next().await {
            None | Some(Ok(Message::Close(_))) => return Closed::ByServer,
            Some(Err(error)) => return broken(&error),
            Some(Ok(message)) => message,
        };
        shared.hear();
        match message {
            Message::Text(text) => dispatch(text, shared, inbox, gallery),
            Message::Pong(_) => pings.answered.notify_one(),
            // Pings are answered below us. Nothing else belongs to the protocol.
            _ => {}
        }
    }
}

/// Passes a frame on to whom it concerns; what cannot be understood concerns nobody.
fn dispatch(text: Utf8Bytes, shared: &Shared, inbox: &Inbox, gallery: &Gallery) {
    match frame::read(text.as_str()) {
        Some(Incoming::Event { kind, object_id, data }) => {
            if let Some(event) = Event::read(&kind, object_id, data, gallery) {
                inbox.put(event);
            }
        }
        Some(Incoming::Error { id: Some(id), error }) => shared.refuse(id, error),
        Some(Incoming::Answer { id: Some(id), partial }) => shared.answer(id, text, partial),
        _ => {}
    }
}

async fn write(
    sink: &mut SplitSink<Socket, Message>,
    shared: &Shared,
    mut commands: mpsc::Receiver<Command>,
    pings: &Pings,
) -> Closed {
    loop {
        let message = tokio::select! {
            () = pings.due.notified() => Message::Ping(Bytes::new()),
            command = commands.recv() => match command {
                None => return Closed::ByUs,
                Some(command) if shared.begin(&command) => Message::Text(command.text.into()),
                Some(_) => continue,
            },
        };
        if let Err(error) = sink.send(message).await {
            return broken(&error);
        }
    }
}

async fn count(pings: &Pings, every: Duration) -> Closed {
    let mut due = interval_at(Instant::now() + every, every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unanswered = 0;
    loop {
        tokio::select! {
            () = pings.answered.notified() => unanswered = 0,
            _ = due.tick() => {
                if unanswered >= MISSED_PINGS {
                    return Closed::Silent;
                }
                unanswered += 1;
                pings.due.notify_one();
            }
        }
    }
}

fn broken(error: &tungstenite::Error) -> Closed {
    match error {
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => Closed::ByServer,
        error => Closed::Broken(error.to_string()),
    }
}
