//! Players and queues in the table follow the server.

use std::time::Duration;

use casa_domain::music::{Playback, Player};
use casa_music_simulator::{Options, Track};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::stage::{PATIENCE, Stage};

/// Waits until the players in the table are so.
async fn told(stage: &Stage, is_so: impl Fn(&[Player]) -> bool) {
    let end = Instant::now() + PATIENCE;
    loop {
        let players = stage.local.state.store.music().players().await.unwrap();
        if is_so(&players) {
            return;
        }
        assert!(Instant::now() < end, "{players:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

fn by_id<'a>(players: &'a [Player], id: &str) -> Option<&'a Player> {
    players.iter().find(|player| player.player_id == id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn players_come_change_and_go() {
    let stage = Stage::with(Options::default()).await;
    let music = stage.local.state.store.music();
    // What a bridge before this one left.
    let mut ghost = Player {
        player_id: "ghost".to_owned(),
        name: "Nadie".to_owned(),
        kind: "player".to_owned(),
        available: true,
        powered: None,
        playback: Playback::Idle,
        volume_level: None,
        media: None,
        queue: None,
    };
    music.keep_players(std::slice::from_ref(&ghost), &[]).await.unwrap();
    let mut settings = stage.settings();
    settings.pace.resync = Duration::from_secs(2);
    let bridge = stage.bridge_with(settings);
    told(&stage, |players| players.len() == 2 && by_id(players, "ghost").is_none()).await;

    let new = casa_music_simulator::Player::new("nuevo", "Casa Nueva").with_queue(Track::many(3));
    stage.server.add_player(new);
    told(&stage, |players| {
        by_id(players, "nuevo").is_some_and(|new| new.queue.as_ref().is_some_and(|queue| queue.items == 3))
    })
    .await;
    stage.server.change_player("nuevo", |player| player.volume = 77);
    told(&stage, |players| by_id(players, "nuevo").is_some_and(|new| new.volume_level == Some(77))).await;
    stage.server.remove_player("nuevo");
    told(&stage, |players| by_id(players, "nuevo").is_none()).await;
    assert_eq!(music.bridge().await.unwrap().map(|bridge| bridge.connected), Some(true));

    // An event that was missed, or a row that another hand changed: it is right again after the next asking anew.
    ghost.name = "Otra vez".to_owned();
    music.keep_players(&[ghost], &[]).await.unwrap();
    told(&stage, |players| by_id(players, "ghost").is_none()).await;

    // A thousand changes are a few writes, and the last one is right.
    let id = casa_music_simulator::Player::recorded()[0].id.clone();
    let begun = Instant::now();
    for number in 0..1000_u32 {
        stage.server.change_player(&id, |player| player.volume = u8::try_from(number % 100).unwrap());
        stage.server.tell("queue_time_updated", &id, json!(number));
    }
    told(&stage, |players| by_id(players, &id).is_some_and(|player| player.volume_level == Some(99))).await;
    println!("the last of a thousand changes was kept after {:.2?}", begun.elapsed());
    bridge.stop().await.unwrap();
    stage.close().await;
}
