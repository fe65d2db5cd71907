//! The connection comes back by itself, and what is asked anew costs no command.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use casa_domain::music::Outcome;
use casa_music_simulator::Options;
use music_bridge::Bridge;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

use crate::stage::{Lateness, Stage, until, volume};

/// Within which the bridge is back when the server is (requirement).
const BACK: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bridge_is_back_when_the_server_is() {
    let stage = Stage::open(1).await;
    let lateness = Lateness::measure();
    let bridge = stage.acting().await;
    let mut took = Vec::new();
    // Away for so short that the quick attempts find it, and for longer than they last.
    for away in [0, 200, 1500, 4000] {
        stage.server.stop();
        assert!(until(|| !bridge.status().connected).await);
        sleep(Duration::from_millis(away)).await;
        stage.server.restart().await.unwrap();
        let begun = Instant::now();
        assert!(until(|| bridge.status().connected).await);
        took.push(begun.elapsed());
    }
    println!("back after {took:.2?}, the machine being late by a fifth of {:.2?}", lateness.allowance());
    assert!(took.iter().all(|took| *took < BACK + lateness.allowance()), "{took:?}");
    bridge.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_is_left() {
    let stage = Stage::open(1).await;
    let mut settings = stage.settings();
    settings.pace.look = Duration::from_millis(300);
    let bridge = stage.bridge_with(settings);
    assert!(until(|| bridge.status().connected).await);
    // Pings are answered, commands are not: only asking tells.
    stage.server.stall(true);
    assert!(until(|| stage.server.connections() > 1).await);
    stage.server.stall(false);
    assert!(until(|| bridge.status().connected).await);
    bridge.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_not_hammered() {
    let stage = Stage::with(Options::schema(28)).await;
    let bridge = stage.bridge();
    sleep(Duration::from_secs(3)).await;
    // Three quick attempts, then after one second, two, four ...; how many fit depends on the machine, at most these do.
    let tried = stage.server.connections();
    assert!(!bridge.status().connected);
    println!("{tried} attempts in three seconds");
    assert!((1..=6).contains(&tried), "{tried}");
    bridge.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_anew_loses_no_command() {
    let stage = Arc::new(Stage::open(4).await);
    let mut settings = stage.settings();
    settings.pace.resync = Duration::from_millis(100);
    let bridge = stage.bridge_with(settings);
    crate::stage::ready(&bridge).await;
    let asked_anew = |stage: &Stage| {
        stage.server.received().iter().filter(|frame| frame["command"] == "players/all").count()
    };
    let mut commands = Vec::new();
    let before = asked_anew(&stage);
    for number in 0..250 {
        let round: Vec<_> = (0..4).map(|player| volume(&format!("p{player}"), number % 101)).collect();
        stage.send(&round).await;
        commands.extend(round);
        let counts = || bridge.status().counts;
        let sent = commands.len() as u64;
        assert!(until(|| sent < counts().executed + counts().failed + counts().expired + 60).await);
    }
    stage.drained().await;
    let anew = asked_anew(&stage) - before;
    let outcomes = stage.outcomes(&commands).await;
    let done = outcomes.values().filter(|outcome| matches!(outcome, Some(Outcome::Done(_)))).count();
    println!("{done} of {} commands done while players were asked anew {anew} times", commands.len());
    assert_eq!(done, commands.len());
    assert!(anew >= 5, "{anew}");
    assert_eq!(stage.server.connections(), 1);
    bridge.stop().await.unwrap();
}

async fn health(address: std::net::SocketAddr) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET /health HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_tells_how_it_is() {
    let stage = Stage::open(3).await;
    let bridge: Bridge = stage.acting().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(bridge.serve_health(listener));
    assert!(until(|| bridge.status().players == 3).await);
    let well = health(address).await;
    assert!(well.starts_with("HTTP/1.0 200"), "{well}");
    for told in ["\"status\":\"connected\"", "\"acting\":true", "\"players\":3", "\"schema_version\":26"] {
        assert!(well.contains(told), "{told}: {well}");
    }
    stage.server.stop();
    assert!(until(|| !bridge.status().connected).await);
    let ill = health(address).await;
    assert!(ill.starts_with("HTTP/1.0 503") && ill.contains("\"status\":\"disconnected\""), "{ill}");
    // The container's own check starts nothing again because of that.
    assert!(music_bridge::is_running(address).await);
    bridge.stop().await.unwrap();
    serving.abort();
    let gone = AtomicBool::new(false);
    for _ in 0..200 {
        gone.store(!music_bridge::is_running(address).await, Ordering::Relaxed);
        if gone.load(Ordering::Relaxed) {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert!(gone.load(Ordering::Relaxed));
    stage.close().await;
}
