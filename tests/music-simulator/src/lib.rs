//! A simulated Music Assistant server (contract 07 §6), for tests and for a stack on one machine.
//!
//! It listens on a port of this machine and speaks the documented protocol strictly: what the real server would refuse, it
//! refuses in the same words, and what a client should not do is kept as a violation. It has players with queues and a small
//! library, tells of changes as a recorded server did, keeps what it carried out, and can be made to fail.

mod args;
mod carrier;
mod faults;
mod hub;
mod library;
mod player;
mod session;
mod world;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    task::AbortHandle,
    time::{Instant, sleep},
};

pub use faults::Fault;
pub use library::{Picture, Track};
pub use player::{Player, QueueItem};

use faults::Planned;
use hub::Hub;
use world::{World, event};

/// How often [`Simulator::until`] looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How a simulated server is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Version of the protocol, 24 to 98. From 28 on a client must show a token.
    pub schema: u32,
    /// The oldest version that it claims to speak; by default what real servers of the schema claim.
    pub min_schema: Option<u32>,
    /// The token that it takes.
    pub token: Option<String>,
    /// Nobody has set it up: it says so and hangs up.
    pub setup: bool,
    /// Lists of over 500 come in parts.
    pub partial: bool,
    /// Answers carry the ids of their commands as numbers.
    pub integer_ids: bool,
    /// Whether `player_queues/get_active_queue` is there.
    pub knows_active_queue: bool,
    /// Path of the socket.
    pub path: String,
    /// Its players.
    pub players: Vec<Player>,
    /// Its music.
    pub library: Vec<Track>,
}

impl Default for Options {
    /// The recorded server: schema 26, two players and three tones.
    fn default() -> Self {
        Self {
            schema: 26,
            min_schema: None,
            token: None,
            setup: false,
            partial: false,
            integer_ids: false,
            knows_active_queue: true,
            path: "/ws".to_owned(),
            players: Player::recorded(),
            library: Track::tones(),
        }
    }
}

impl Options {
    /// The recorded server with another schema; from 28 on it takes the token `token`.
    pub fn schema(schema: u32) -> Self {
        Self { schema, token: (schema >= 28).then(|| "token".to_owned()), ..Self::default() }
    }
}

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Executed {
    /// The player or queue that it changed; `None` for a question.
    pub player: Option<String>,
    /// Its name.
    pub command: String,
    /// Its arguments.
    pub args: Value,
    /// The connection it came over, counted from 1.
    pub connection: usize,
    /// When it was carried out.
    pub at: std::time::Instant,
}

/// A simulated server. It stops when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    hub: Arc<Hub>,
    address: SocketAddr,
    listener: Mutex<Option<AbortHandle>>,
}

impl Simulator {
    /// Starts one on a free port of this machine.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), options).await
    }

    /// Starts one at an address.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn start_at(address: SocketAddr, options: Options) -> io::Result<Self> {
        let (players, library) = (options.players.clone(), options.library.clone());
        let hub = Arc::new(Hub::new(World { options, players, library }));
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let accepting = accept(Arc::clone(&hub), listener);
        Ok(Self { hub, address, listener: Mutex::new(Some(accepting)) })
    }

    /// Its base address over HTTP, as `MUSIC_ASSISTANT_URL` wants it.
    pub fn url(&self) -> String {
        let path = self.hub.lock().world.options.path.clone();
        format!("http://{}{}", self.address, path.trim_end_matches("/ws"))
    }

    /// Stops it: connections are lost and new ones refused. Players, queues and all it keeps stay.
    pub fn stop(&self) {
        if let Some(accepting) = self.listening().take() {
            accepting.abort();
        }
        self.drop_connections();
    }

    /// Starts it again on the same port; nothing happens where it runs.
    ///
    /// # Errors
    /// The port was taken meanwhile.
    pub async fn restart(&self) -> io::Result<()> {
        if self.listening().is_some() {
            return Ok(());
        }
        let mut last = Ok(());
        // The old listener is closed when its task gets to it.
        for _ in 0..100 {
            match TcpListener::bind(self.address).await {
                Ok(listener) => {
                    *self.listening() = Some(accept(Arc::clone(&self.hub), listener));
                    return Ok(());
                }
                Err(error) => last = Err(error),
            }
            sleep(LOOK_EVERY).await;
        }
        last
    }

    fn listening(&self) -> MutexGuard<'_, Option<AbortHandle>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loses all connections now, without a goodbye.
    pub fn drop_connections(&self) {
        let _ = self.hub.losses.send(());
    }

    /// Loses a connection in the place of the frame after so many more.
    pub fn drop_after_frames(&self, frames: usize) {
        self.hub.lock().frames_left = Some(frames);
    }

    /// Plans a fault for the next command of that name, in the order in which they are planned.
    pub fn fault(&self, command: &str, fault: Fault) {
        self.hub.lock().faults.push(Planned { command: Some(command.to_owned()), fault });
    }

    /// Plans a fault for the next command, whatever it is.
    pub fn fault_next(&self, fault: Fault) {
        self.hub.lock().faults.push(Planned { command: None, fault });
    }

    /// While stalled, commands are read and neither carried out nor answered, also not later. Pings are answered.
    pub fn stall(&self, stalled: bool) {
        self.hub.lock().stalled = stalled;
    }

    /// While frozen, nothing is read at all: what is sent piles up, and is read afterwards.
    pub fn freeze(&self, frozen: bool) {
        self.hub.frozen.send_replace(frozen);
    }

    /// Whether pings stay unanswered, while all else goes on.
    pub fn ignore_pings(&self, ignore: bool) {
        self.hub.deaf.store(ignore, Ordering::Relaxed);
    }

    /// Changes how it is set up, for connections to come: schema, token, setup, and so on. Its players and its music stay.
    pub fn reconfigure(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.hub.lock().world.options);
    }

    /// Adds a player, or puts another in the place of one of the same id, and tells of it and of its queue.
    pub fn add_player(&self, player: Player) {
        let mut inner = self.hub.lock();
        let schema = inner.world.schema();
        let events = [
            event("queue_added", &player.id, player.queue(schema)),
            event("player_added", &player.id, player.json(schema)),
        ];
        inner.world.players.retain(|other| other.id != player.id);
        inner.world.players.push(player);
        inner.tell(&events);
    }

    /// Removes a player and tells of it.
    pub fn remove_player(&self, id: &str) {
        let mut inner = self.hub.lock();
        inner.world.players.retain(|player| player.id != id);
        inner.tell(&[event("player_removed", id, Value::Null)]);
    }

    /// Changes a player from within the house and tells of it and of its queue; nothing happens where there is none.
    pub fn change_player(&self, id: &str, change: impl FnOnce(&mut Player)) {
        let mut inner = self.hub.lock();
        let schema = inner.world.schema();
        let Some(player) = inner.world.player(id) else { return };
        change(player);
        let events = world::changed(player, schema);
        inner.tell(&events);
    }

    /// Lets seconds pass for what a player plays and tells of it.
    pub fn play_on(&self, id: &str, seconds: f64) {
        let mut inner = self.hub.lock();
        let Some(player) = inner.world.player(id).filter(|player| player.state == "playing") else { return };
        player.elapsed = seconds;
        inner.tell(&[event("queue_time_updated", id, json!(seconds))]);
    }

    /// Tells any event.
    pub fn tell(&self, kind: &str, object_id: &str, data: Value) {
        self.hub.lock().tell(&[event(kind, object_id, data)]);
    }

    /// A player as it is now.
    pub fn player(&self, id: &str) -> Option<Player> {
        self.hub.lock().world.player(id).cloned()
    }

    /// Every command that was carried out, in order; commands for players that are not there are not among them.
    pub fn executed(&self) -> Vec<Executed> {
        self.hub.lock().executed.clone()
    }

    /// Those that changed a player or its queue, in order, without its questions: the names of the commands and their
    /// arguments.
    pub fn executed_for(&self, player: &str) -> Vec<(String, Value)> {
        let inner = self.hub.lock();
        let of_player = inner.executed.iter().filter(|one| one.player.as_deref() == Some(player));
        of_player.map(|one| (one.command.clone(), one.args.clone())).collect()
    }

    /// Every frame that came, in order, without tokens.
    pub fn received(&self) -> Vec<Value> {
        self.hub.lock().received.clone()
    }

    /// What clients did that the protocol does not allow, also what was refused for its name or its arguments.
    pub fn violations(&self) -> Vec<String> {
        self.hub.lock().violations.clone()
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.hub.lock().connections
    }

    /// How many clients get events now.
    pub fn clients(&self) -> usize {
        self.hub.lock().clients.len()
    }

    /// Waits until something is so, at most for `patience`, and says whether it is.
    pub async fn until(&self, patience: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let end = Instant::now() + patience;
        while !is_so(self) {
            if Instant::now() >= end {
                return false;
            }
            sleep(LOOK_EVERY).await;
        }
        true
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop();
    }
}

fn accept(hub: Arc<Hub>, listener: TcpListener) -> AbortHandle {
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // From here on it can be lost, also before its task has begun.
            let losses = hub.losses.subscribe();
            tokio::spawn(session::serve(Arc::clone(&hub), stream, losses));
        }
    });
    accepting.abort_handle()
}
