//! How commands are answered: asked through the functions' own way, expired, unreadable, repeated, without a connection.

use std::time::Duration;

use casa_domain::music::{Action, Answer, Command, Failure, MediaKind, Outcome, QueueOption, Reply};
use casa_jobs::music::ask;
use casa_music_simulator::{Fault, Options, Player, Track};
use chrono::{TimeDelta, Utc};
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::stage::{Stage, until, volume};

const NOTHING: Outcome = Outcome::Done(Reply::Nothing);

fn failed(failure: Failure) -> Outcome {
    Outcome::Failed(failure)
}

/// A player with five thousand pieces and another without any.
async fn furnished() -> Stage {
    let full = Player::new("sala", "Sala").with_queue(Track::many(5000));
    let players = vec![full, Player::new("patio", "Patio")];
    Stage::with(Options { players, library: Track::many(300), ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_question_has_its_answer() {
    let stage = furnished().await;
    let state = &stage.local.state;
    // Nobody is there yet.
    assert_eq!(ask(state, Action::AllPlayers, None).await, failed(Failure::Offline));
    let bridge = stage.acting().await;
    let sala = || Some("sala".to_owned());
    assert!(reported(&stage, true).await);

    for action in [
        Action::Play,
        Action::Pause,
        Action::Next,
        Action::Previous,
        Action::Stop,
        Action::Volume { level: 33 },
        Action::Power { on: true },
        Action::PlayMedia { media: vec!["library://track/7".to_owned()], option: QueueOption::Next },
    ] {
        assert_eq!(ask(state, action.clone(), sala()).await, NOTHING, "{action:?}");
    }
    let names: Vec<_> = stage.server.executed_for("sala").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 8, "{names:?}");

    let Outcome::Done(Reply::Queue(Some(page))) = ask(state, Action::Queue, sala()).await else {
        panic!("a queue")
    };
    assert_eq!((page.items.len(), page.state.items), (500, 5001));
    let query = Action::Search { query: "a".to_owned(), kinds: vec![MediaKind::Track], limit: 10 };
    let Outcome::Done(Reply::Found(_)) = ask(state, query, None).await else { panic!("what was found") };
    let tracks = Action::LibraryTracks { limit: 20, offset: 5 };
    let Outcome::Done(Reply::Tracks(tracks)) = ask(state, tracks, None).await else { panic!("tracks") };
    assert_eq!(tracks.len(), 20);
    let Outcome::Done(Reply::Players(players)) = ask(state, Action::AllPlayers, None).await else {
        panic!("players")
    };
    assert_eq!(players.len(), 2);
    assert_eq!(ask(state, Action::ClearQueue, sala()).await, Outcome::Done(Reply::Cleared(true)));
    assert_eq!(ask(state, Action::Play, Some("nadie".to_owned())).await, failed(Failure::UnknownPlayer));
    stage.server.fault("player_queues/play_media", Fault::Refuse(2, "No playable items found".to_owned()));
    let media = Action::PlayMedia { media: vec!["library://track/1".to_owned()], option: QueueOption::Add };
    assert_eq!(ask(state, media, sala()).await, failed(Failure::Media));
    bridge.stop().await.unwrap();

    // It said that it goes: after a moment nobody is kept waiting for it.
    assert!(reported(&stage, false).await);
    sleep(Duration::from_secs(4)).await;
    let begun = Instant::now();
    assert_eq!(ask(state, Action::Play, sala()).await, failed(Failure::Offline));
    assert!(begun.elapsed() < Action::Play.patience());
    stage.close().await;
}

/// Waits until the table says whether the bridge is connected.
async fn reported(stage: &Stage, connected: bool) -> bool {
    let end = Instant::now() + crate::stage::PATIENCE;
    while Instant::now() < end {
        if stage.local.state.store.music().bridge().await.unwrap().is_some_and(|b| b.connected == connected) {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_too_late_or_cannot_be_read_is_dropped_with_an_answer() {
    let stage = Stage::open(1).await;
    let late = |seconds| {
        let mut command = volume("p0", 1);
        command.asked_at = Utc::now() - TimeDelta::seconds(seconds);
        command.expires_at = command.asked_at + TimeDelta::seconds(10);
        command
    };
    let (expired, whole) = (late(60), volume("p0", 2));
    let torso = Uuid::new_v4();
    stage.send(std::slice::from_ref(&expired)).await;
    stage.send_text("p0", "not even json").await;
    stage
        .send_text("p0", &json!({ "id": torso, "player": "p0", "action": { "do": "dance" } }).to_string())
        .await;
    stage.send(std::slice::from_ref(&whole)).await;
    let bridge = stage.acting().await;

    assert_eq!(stage.outcome(expired.id).await, failed(Failure::Expired));
    assert_eq!(stage.outcome(torso).await, failed(Failure::Refused));
    // The ones behind are not held up.
    assert_eq!(stage.outcome(whole.id).await, NOTHING);
    stage.drained().await;
    assert_eq!(stage.parked().await, 2);
    assert_eq!(stage.volumes("p0"), [2]);
    let counts = bridge.status().counts;
    assert_eq!((counts.executed, counts.expired, counts.parked), (1, 1, 2));
    bridge.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_before_is_not_begun_again() {
    let stage = Stage::open(1).await;
    let music = stage.local.state.store.music();
    let (orphan, over, whole) = (volume("p0", 1), volume("p0", 2), volume("p0", 3));
    // One that expired meanwhile may have been done all the same.
    let mut expired = volume("p0", 4);
    expired.expires_at = Utc::now();
    // A bridge that is gone began them, and told of one.
    for command in [&orphan, &over, &expired] {
        music.claim(command.id, Uuid::new_v4(), Utc::now()).await.unwrap();
    }
    music.answer(&Answer { id: over.id, outcome: NOTHING }, Utc::now()).await.unwrap();
    stage.send(&[orphan.clone(), over.clone(), expired.clone(), whole.clone(), whole.clone()]).await;
    let bridge = stage.acting().await;
    assert_eq!(stage.outcome(orphan.id).await, failed(Failure::Interrupted));
    assert_eq!(stage.outcome(expired.id).await, failed(Failure::Interrupted));
    assert_eq!(stage.outcome(whole.id).await, NOTHING);
    stage.drained().await;
    assert_eq!(stage.outcome(over.id).await, NOTHING);
    assert_eq!(stage.volumes("p0"), [3]);
    bridge.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_are_told_from_what_was_not_sent() {
    let stage = Stage::open(1).await;
    let bridge = stage.acting().await;
    // Carried out, and the answer lost: nobody knows, and it is not done again.
    stage.server.fault("players/cmd/volume_set", Fault::DropAfter);
    let lost = volume("p0", 1);
    stage.send(std::slice::from_ref(&lost)).await;
    assert_eq!(stage.outcome(lost.id).await, failed(Failure::Interrupted));
    // A question is asked again.
    stage.server.fault("music/tracks/library_items", Fault::DropBefore);
    let question =
        Command::new(Uuid::new_v4(), None, Action::LibraryTracks { limit: 1, offset: 0 }, Utc::now());
    stage.send(std::slice::from_ref(&question)).await;
    assert!(matches!(stage.outcome(question.id).await, Outcome::Done(Reply::Tracks(_))));

    // Without a server a command waits, keeps its place, and runs when the server is back.
    stage.server.stop();
    assert!(until(|| !bridge.status().connected).await);
    let (first, second) = (volume("p0", 2), volume("p0", 3));
    stage.send(&[first.clone(), second.clone()]).await;
    let mut brief = volume("p0", 4);
    brief.expires_at = Utc::now() + TimeDelta::milliseconds(300);
    brief.player = None;
    stage.send(std::slice::from_ref(&brief)).await;
    let told = stage.outcome(brief.id).await;
    assert!(told == failed(Failure::Offline) || told == failed(Failure::Expired), "{told:?}");
    assert_eq!(stage.answer(first.id).await, None);
    stage.server.restart().await.unwrap();
    assert_eq!(stage.outcome(second.id).await, NOTHING);
    assert_eq!(stage.outcome(first.id).await, NOTHING);
    assert_eq!(stage.volumes("p0"), [1, 2, 3]);
    bridge.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_call_to_the_frame() {
    let stage = Stage::open(4).await;
    let bridge = stage.acting().await;
    assert!(reported(&stage, true).await);
    let state = &stage.local.state;
    let mut whole = Vec::new();
    for number in 0..100_u64 {
        let begun = Instant::now();
        let player = format!("p{}", number % 4);
        assert_eq!(ask(state, Action::Play, Some(player)).await, NOTHING);
        whole.push(begun.elapsed());
    }
    let mut searches = Vec::new();
    for _ in 0..30 {
        let query = Action::Search { query: "a".to_owned(), kinds: vec![MediaKind::Track], limit: 25 };
        let begun = Instant::now();
        assert!(matches!(ask(state, query, None).await, Outcome::Done(_)));
        searches.push(begun.elapsed());
    }
    let mut frames = bridge.status().counts.times;
    for list in [&mut whole, &mut searches] {
        list.sort_unstable();
    }
    frames.sort_unstable();
    let part = |of: usize, hundredths: usize| (of * hundredths / 100).min(of - 1);
    println!(
        "debug build, call to frame: p50 {} ms, p95 {} ms; whole play: p50 {:.1?}, p95 {:.1?}; whole search: p50 {:.1?}, \
         p95 {:.1?}",
        frames[part(frames.len(), 50)],
        frames[part(frames.len(), 95)],
        whole[part(whole.len(), 50)],
        whole[part(whole.len(), 95)],
        searches[part(searches.len(), 50)],
        searches[part(searches.len(), 95)],
    );
    bridge.stop().await.unwrap();
    stage.close().await;
}
