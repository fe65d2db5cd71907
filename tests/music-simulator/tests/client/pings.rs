//! Whether the other side still lives.

use std::time::Duration;

use casa_gateways::music_assistant::{Closed, Error, connect};
use casa_music_simulator::Options;

use crate::{PATIENCE, SALA, settings, simulator};

#[tokio::test]
async fn a_server_that_answers_no_pings_is_lost() {
    let simulator = simulator(Options::default()).await;
    let mut settings = settings(&simulator);
    settings.ping_every = Duration::from_millis(50);
    simulator.ignore_pings(true);
    let (connection, mut events) = connect(&settings).await.unwrap();
    simulator.stall(true);
    assert_eq!(connection.set_volume(SALA, 1, PATIENCE).await, Err(Error::Interrupted));
    assert_eq!(connection.ended().await, Closed::Silent);
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_server_that_answers_pings_is_not_lost_however_little_it_says() {
    let simulator = simulator(Options::default()).await;
    let mut settings = settings(&simulator);
    // Two of these would have to pass without a turn of the server before it counted as lost.
    settings.ping_every = Duration::from_millis(600);
    let (connection, _events) = connect(&settings).await.unwrap();
    tokio::time::sleep(settings.ping_every * 5).await;
    assert_eq!(connection.end(), None);
    assert!(connection.silence() < settings.ping_every * 3, "{:?}", connection.silence());
}
