//! What the music bridge keeps in the table: players, its own state, the lease, begun commands and answers.
#![allow(missing_docs)]

mod support;

use std::collections::BTreeSet;

use casa_domain::music::{
    Answer, Bridge, Failure, Outcome, Piece, Playback, Player, QueuePage, QueueState, Reply,
};
use casa_store::music::{Claim, Seen};
use chrono::Utc;
use support::{now, table};
use tokio::task::JoinSet;
use uuid::Uuid;

fn player(id: &str, volume: u8) -> Player {
    Player {
        player_id: id.to_owned(),
        name: format!("Sala {id}"),
        kind: "player".to_owned(),
        available: true,
        powered: Some(true),
        playback: Playback::Playing,
        volume_level: Some(volume),
        media: None,
        queue: Some(QueueState {
            queue_id: id.to_owned(),
            playback: Playback::Playing,
            current_index: Some(3),
            items: 40,
        }),
    }
}

#[tokio::test]
async fn players_are_kept_changed_and_forgotten() {
    let store = table().await;
    let music = store.music();
    assert_eq!(music.players().await.unwrap(), []);
    assert_eq!(music.player("").await.unwrap(), None);

    // More than one batch.
    let many: Vec<_> = (0..60).map(|number| player(&format!("p{number:02}"), 10)).collect();
    music.keep_players(&many, &[]).await.unwrap();
    assert_eq!(music.players().await.unwrap(), many);

    music.keep_players(&[player("p07", 55)], &["p08".to_owned(), "nobody".to_owned()]).await.unwrap();
    assert_eq!(music.player("p07").await.unwrap(), Some(player("p07", 55)));
    assert_eq!(music.player("p08").await.unwrap(), None);
    assert_eq!(music.players().await.unwrap().len(), 59);
    music.keep_players(&[], &[]).await.unwrap();
}

#[tokio::test]
async fn the_bridge_tells_how_it_is() {
    let store = table().await;
    assert_eq!(store.music().bridge().await.unwrap(), None);
    let bridge = Bridge {
        connected: true,
        schema_version: Some(28),
        server_version: Some("2.7.0".to_owned()),
        players: 5,
        last_message_at: Some(now()),
        since: now(),
        reported_at: now(),
    };
    store.music().report(&bridge).await.unwrap();
    assert_eq!(store.music().bridge().await.unwrap(), Some(bridge));
    assert!(matches!(store.music().look_at_lease().await.unwrap(), Seen::Free { fence: 0 }));
}

#[tokio::test]
async fn one_of_many_takes_the_lease_and_only_a_silent_holder_loses_it() {
    let store = table().await;
    let mut seen = store.music().look_at_lease().await.unwrap();
    let mut fences = Vec::new();
    for _ in 0..5 {
        // All see the same, and one gets it.
        let mut trying = JoinSet::new();
        for _ in 0..8 {
            let (store, seen) = (store.clone(), seen.clone());
            trying.spawn(async move { store.music().take_lease(Uuid::new_v4(), &seen).await.unwrap() });
        }
        let taken: Vec<_> = trying.join_all().await.into_iter().flatten().collect();
        let [lease] = taken.as_slice() else { panic!("{} took it", taken.len()) };
        fences.push(lease.fence);
        // Renewing moves it on: who saw it before cannot take it.
        let before = store.music().look_at_lease().await.unwrap();
        assert_eq!(before, Seen::Held(lease.clone()));
        let renewed = store.music().renew_lease(lease).await.unwrap().expect("still the holder");
        assert_eq!(renewed.fence, lease.fence);
        assert_eq!(store.music().take_lease(Uuid::new_v4(), &before).await.unwrap(), None);
        seen = store.music().look_at_lease().await.unwrap();
        assert_eq!(seen, Seen::Held(renewed));
    }
    assert_eq!(fences, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_lease_given_back_is_free_and_the_fence_grows_on() {
    let store = table().await;
    let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
    let music = store.music();
    let first = music.take_lease(one, &music.look_at_lease().await.unwrap()).await.unwrap().unwrap();
    music.give_back_lease(&first).await.unwrap();
    let free = music.look_at_lease().await.unwrap();
    assert_eq!(free, Seen::Free { fence: 1 });
    let second = music.take_lease(other, &free).await.unwrap().unwrap();
    assert_eq!((second.holder, second.fence), (other, 2));
    // The first holder is told, and can neither renew nor give back what is another's.
    assert_eq!(music.renew_lease(&first).await.unwrap(), None);
    music.give_back_lease(&first).await.unwrap();
    assert_eq!(music.look_at_lease().await.unwrap(), Seen::Held(second));
    assert_eq!(music.take_lease(one, &Seen::Free { fence: 0 }).await.unwrap(), None);
}

#[tokio::test]
async fn a_command_begins_once() {
    let store = table().await;
    let (command, real) = (Uuid::new_v4(), Utc::now());
    let mut trying = JoinSet::new();
    for _ in 0..12 {
        let (store, bridge) = (store.clone(), Uuid::new_v4());
        trying.spawn(async move { (bridge, store.music().claim(command, bridge, real).await.unwrap()) });
    }
    let tried = trying.join_all().await;
    let begun: BTreeSet<_> =
        tried.iter().filter(|(_, claim)| *claim == Claim::Begun).map(|(bridge, _)| *bridge).collect();
    assert_eq!(begun.len(), 1);
    let winner = begun.first().copied();
    for (_, claim) in tried.iter().filter(|(_, claim)| *claim != Claim::Begun) {
        assert_eq!(*claim, Claim::AlreadyBegun { by: winner, answer: None });
    }

    // The answer lies in the same item; the first one stays.
    let music = store.music();
    assert_eq!(music.answer_of(command).await.unwrap(), None);
    let done = Answer { id: command, outcome: Outcome::Done(Reply::Nothing) };
    let late = Answer { id: command, outcome: Outcome::Failed(Failure::Interrupted) };
    assert!(music.answer(&done, real).await.unwrap());
    assert!(!music.answer(&late, real).await.unwrap());
    assert_eq!(music.answer_of(command).await.unwrap(), Some(done.clone()));
    let again = music.claim(command, Uuid::new_v4(), real).await.unwrap();
    assert_eq!(again, Claim::AlreadyBegun { by: winner, answer: Some(done) });

    // One that was answered without beginning does not begin any more.
    let refused = Answer { id: Uuid::new_v4(), outcome: Outcome::Failed(Failure::Expired) };
    assert!(music.answer(&refused, real).await.unwrap());
    let claim = music.claim(refused.id, Uuid::new_v4(), real).await.unwrap();
    assert_eq!(claim, Claim::AlreadyBegun { by: None, answer: Some(refused) });
}

#[tokio::test]
async fn large_answers_fit() {
    let store = table().await;
    let piece = |number: u32| Piece {
        item_id: Uuid::new_v4().simple().to_string(),
        name: format!("Canción número {number} de una lista larga - Álbum de la noche (versión {number})"),
        uri: format!("spotify--{}://track/{}", number % 7, Uuid::new_v4().simple()),
        duration: Some(180 + number % 90),
        image: Some(format!("https://music.example/imageproxy/{}?size=256", Uuid::new_v4().simple())),
    };
    let page = QueuePage {
        state: QueueState {
            queue_id: "p1".to_owned(),
            playback: Playback::Paused,
            current_index: None,
            items: 5000,
        },
        items: (0..500).map(piece).collect(),
    };
    let answer = Answer { id: Uuid::new_v4(), outcome: Outcome::Done(Reply::Queue(Some(page))) };
    let json = serde_json::to_string(&answer).unwrap().len();
    assert!(json > 100_000, "{json}");
    assert!(store.music().answer(&answer, Utc::now()).await.unwrap());
    assert_eq!(store.music().answer_of(answer.id).await.unwrap(), Some(answer));

    // What packing cannot make small enough is refused before it is sent.
    let noise: String = (0..40_000).map(|_| Uuid::new_v4().simple().to_string()).collect();
    let mut monster = piece(1);
    monster.name = noise;
    let answer = Answer { id: Uuid::new_v4(), outcome: Outcome::Done(Reply::Tracks(vec![monster])) };
    let refused = store.music().answer(&answer, Utc::now()).await.unwrap_err();
    assert!(matches!(refused, casa_store::StoreError::TooLarge), "{refused}");
    assert_eq!(store.music().answer_of(answer.id).await.unwrap(), None);
}
