//! Two bridges: one acts, and whatever happens to it, the other goes on where it stopped, and nothing is done twice.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use casa::{
    embedded::{Endpoints, Given},
    sdk::Clients,
};
use casa_domain::music::{Command, Outcome};
use casa_store::Store;
use music_bridge::Bridge;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, sleep},
};

use crate::stage::{Lateness, Stage, check_order, ready, until, volume};

const PLAYERS: usize = 3;
/// Between two commands for one player: guests press no faster, and a debug build on a busy machine does no more.
const EVERY: Duration = Duration::from_millis(300);
/// No longer may the music go unheard (requirement).
const GAP: Duration = Duration::from_secs(10);

/// Sends commands to each player until told to stop; what was sent, per player.
async fn send_on(stage: Arc<Stage>, stop: Arc<AtomicBool>) -> Vec<Vec<Command>> {
    let mut commands: Vec<Vec<Command>> = vec![Vec::new(); PLAYERS];
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let round: Vec<_> = (0..PLAYERS).map(|player| volume(&format!("p{player}"), number % 101)).collect();
        stage.send(&round).await;
        for (its, command) in commands.iter_mut().zip(round) {
            its.push(command);
        }
        number += 1;
        sleep(EVERY).await;
    }
    commands
}

/// The longest time in which nothing was carried out, until told to stop.
async fn longest_gap(stage: Arc<Stage>, stop: Arc<AtomicBool>) -> Duration {
    let (mut longest, mut last, mut count) = (Duration::ZERO, Instant::now(), 0);
    while !stop.load(Ordering::Relaxed) {
        let now: usize = (0..PLAYERS).map(|player| stage.volumes(&format!("p{player}")).len()).sum();
        if now != count {
            (count, last) = (now, Instant::now());
        }
        longest = longest.max(last.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
    longest
}

async fn check(stage: &Stage, commands: &[Vec<Command>]) -> (usize, usize) {
    let (mut done, mut failed) = (0, 0);
    for (player, its) in commands.iter().enumerate() {
        let outcomes = stage.outcomes(its).await;
        let asked: Vec<_> = its
            .iter()
            .enumerate()
            .map(|(number, command)| (number as u64 % 101, outcomes[&command.id].clone()))
            .collect();
        check_order(&asked, &stage.volumes(&format!("p{player}")));
        let well = asked.iter().filter(|(_, outcome)| matches!(outcome, Some(Outcome::Done(_)))).count();
        done += well;
        failed += asked.len() - well;
    }
    (done, failed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_killed_and_the_other_goes_on() {
    let stage = Arc::new(Stage::open(PLAYERS).await);
    let lateness = Lateness::measure();
    let mut bridges = vec![stage.acting().await, stage.bridge()];
    assert!(until(|| bridges[1].status().connected).await);
    assert!(!bridges[1].status().acting && bridges[1].status().is_well());

    let stop = Arc::new(AtomicBool::new(false));
    let sending = tokio::spawn(send_on(Arc::clone(&stage), Arc::clone(&stop)));
    let watching = tokio::spawn(longest_gap(Arc::clone(&stage), Arc::clone(&stop)));
    let mut dice = StdRng::seed_from_u64(11);
    for _ in 0..3 {
        sleep(Duration::from_millis(dice.random_range(1000..3000))).await;
        let victim = bridges.iter().position(|bridge| bridge.status().acting).unwrap();
        // Dropping ends it between two instructions, like a machine that is switched off.
        drop(bridges.remove(victim));
        bridges.push(stage.bridge());
        let acts = |bridge: &Bridge| bridge.status().acting && bridge.status().connected;
        assert!(until(|| bridges.iter().any(acts)).await);
    }
    sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::Relaxed);
    let (commands, gap) = (sending.await.unwrap(), watching.await.unwrap());
    stage.drained().await;
    let (done, failed) = check(&stage, &commands).await;
    println!("three kills: longest gap {gap:.2?}, {done} done, {failed} answered as failed");
    assert!(gap < GAP + lateness.allowance(), "{gap:?}");
    // At each kill what was under way, and what expired on a busy machine.
    assert!(done > failed, "{done} {failed}");
    assert_eq!(stage.server.violations(), Vec::<String>::new());
}

/// Passes connections on to another address until it is frozen: then nothing passes, and nobody is told.
async fn freezable(target: String, frozen: watch::Receiver<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut inward, _)) = listener.accept().await {
            let (target, mut frozen) = (target.clone(), frozen.clone());
            tokio::spawn(async move {
                let mut outward = TcpStream::connect(target.trim_start_matches("http://")).await.unwrap();
                loop {
                    tokio::select! {
                        _ = copy_bidirectional(&mut inward, &mut outward) => return,
                        _ = frozen.wait_for(|frozen| *frozen) => {}
                    }
                    let _ = frozen.wait_for(|frozen| !*frozen).await;
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_loses_sight_of_the_table_stops_acting() {
    let stage = Arc::new(Stage::open(PLAYERS).await);
    let lateness = Lateness::measure();
    let (freeze, frozen) = watch::channel(false);
    let address = freezable(stage.local.endpoints().dynamodb.clone(), frozen).await;
    let through = Endpoints { dynamodb: address, ..stage.local.endpoints().clone() };
    let blind = Clients::new(&through, &Given::default()).await.dynamodb;
    let blind = Store::new(blind, &stage.local.state.settings.table);
    let first = Bridge::start(stage.settings(), blind, stage.local.clients.sqs.clone());
    ready(&first).await;
    let second = stage.bridge();
    assert!(until(|| second.status().connected).await);

    let stop = Arc::new(AtomicBool::new(false));
    let sending = tokio::spawn(send_on(Arc::clone(&stage), Arc::clone(&stop)));
    let watching = tokio::spawn(longest_gap(Arc::clone(&stage), Arc::clone(&stop)));
    sleep(Duration::from_secs(1)).await;
    freeze.send_replace(true);
    let begun = Instant::now();
    assert!(until(|| second.status().acting).await);
    // The first knew before: its time ran out a second earlier.
    assert!(!first.status().acting);
    println!("the other took over after {:.2?}", begun.elapsed());
    sleep(Duration::from_secs(1)).await;
    // It sees again, and finds that another acts.
    freeze.send_replace(false);
    sleep(Duration::from_secs(2)).await;
    assert!(!first.status().acting && second.status().acting);
    stop.store(true, Ordering::Relaxed);
    let (commands, gap) = (sending.await.unwrap(), watching.await.unwrap());
    stage.drained().await;
    let (done, failed) = check(&stage, &commands).await;
    println!("blind for a while: longest gap {gap:.2?}, {done} done, {failed} answered as failed");
    assert!(gap < GAP + lateness.allowance(), "{gap:?}");
    assert!(done > failed, "{done} {failed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_stops_hands_over_and_loses_nothing() {
    let stage = Arc::new(Stage::open(PLAYERS).await);
    let lateness = Lateness::measure();
    let first = stage.acting().await;
    let second = stage.bridge();
    assert!(until(|| second.status().connected).await);
    let stop = Arc::new(AtomicBool::new(false));
    let sending = tokio::spawn(send_on(Arc::clone(&stage), Arc::clone(&stop)));
    sleep(Duration::from_secs(1)).await;

    let begun = Instant::now();
    first.stop().await.unwrap();
    let stopped = begun.elapsed();
    assert!(until(|| second.status().acting).await);
    let handed_over = begun.elapsed() - stopped;
    sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::Relaxed);
    let commands = sending.await.unwrap();
    stage.drained().await;
    let (done, failed) = check(&stage, &commands).await;
    println!("stopped in {stopped:.2?}, handed over in {handed_over:.2?}: {done} done, {failed} failed");
    // The lease was given back: it is not waited for, only looked at every second.
    assert!(handed_over < Duration::from_secs(4) + lateness.allowance(), "{handed_over:?}");
    assert_eq!(failed, 0);
    assert_eq!(second.status().counts.interrupted, 0);
}
