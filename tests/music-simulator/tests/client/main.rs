//! The client of the music server against the simulated one.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod commands;
mod connecting;
mod events;
mod failing;
mod pings;
mod running;
mod tls;

use std::time::Duration;

use casa_gateways::music_assistant::{Connection, Events, Settings, connect};
use casa_music_simulator::{Options, Player, Simulator, Track};

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(8);
/// The first player of the recording.
const SALA: &str = "02:00:00:00:00:01";
/// The second one.
const TERRAZA: &str = "02:00:00:00:00:02";

async fn simulator(options: Options) -> Simulator {
    Simulator::start(options).await.unwrap()
}

fn settings(simulator: &Simulator) -> Settings {
    Settings::new(&simulator.url()).unwrap().with_token("token")
}

async fn connected(options: Options) -> (Simulator, Connection, Events) {
    let simulator = simulator(options).await;
    let (connection, events) = connect(&settings(&simulator)).await.unwrap();
    (simulator, connection, events)
}

/// The recorded players, the first of them on and with three pieces in its queue, the first one playing.
fn playing() -> Options {
    let mut players = Player::recorded();
    players[0] = players[0].clone().with_queue(Track::tones());
    players[0].powered = true;
    players[0].state = "playing";
    players[0].items[0].begun = true;
    Options { players, ..Options::default() }
}
