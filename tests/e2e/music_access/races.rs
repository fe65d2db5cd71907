//! Races of those who take part: whatever comes at once, one of it counts, and nothing fails.

use casa_tests::export::id;
use tokio::task::JoinSet;

use crate::world::{STAY, Who, World, told};

const NOW: &str = "2026-03-11T12:00:00";

/// Sends requests at once and gives the statuses, sorted.
async fn at_once(world: &World, requests: Vec<(Who, &str, String)>) -> Vec<u16> {
    let mut tasks = JoinSet::new();
    for (who, method, path) in requests {
        tasks.spawn(told(world.request(who, NOW, method, &path)));
    }
    let mut statuses: Vec<_> = tasks.join_all().await.into_iter().map(|(status, _)| status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_comes_at_once_one_counts() {
    let world = World::new(&[NOW]).await;
    let path = |rest: &str| format!("sessions/{}/{rest}", id(STAY));
    let ask = || (Who::Stranger, "POST", path("request-access/"));
    let store = world.shared.store();
    let rows = async || {
        let session = store.music().session(id(STAY).parse().unwrap()).await.unwrap().unwrap();
        let number = id(Who::Stranger.number()).parse().unwrap();
        session.participants.iter().filter(|one| one.participant.client == number).count()
    };
    for round in 0..6 {
        // A guest presses twice, and more.
        let statuses = at_once(&world, (0..8).map(|_| ask()).collect()).await;
        let made = statuses.iter().filter(|status| **status == 201).count();
        // Those counted against the limit may be told so; nothing else.
        assert!(statuses.iter().all(|status| [201, 400, 429].contains(status)), "{statuses:?}");
        assert_eq!((made, rows().await), (1, 1), "round {round}: {statuses:?}");
        let session = store.music().session(id(STAY).parse().unwrap()).await.unwrap().unwrap();
        let row = session.of(id(Who::Stranger.number()).parse().unwrap()).unwrap().participant.id;
        let answer = |how: &str| (Who::Host, "POST", path(&format!("requests/{row}/{how}/")));
        let expel = (Who::Host, "DELETE", path(&format!("participants/{row}/")));
        // The host accepts, rejects and takes out at once: one of the two answers at most, and in the end they are out.
        let mut requests =
            vec![answer("accept"), answer("reject"), expel, answer("accept"), answer("reject")];
        if round % 2 == 1 {
            requests.reverse();
        }
        let statuses = at_once(&world, requests).await;
        assert!(statuses.iter().all(|status| [200, 400, 404].contains(status)), "{statuses:?}");
        let done = statuses.iter().filter(|status| **status == 200).count();
        assert!((1..=2).contains(&done), "{statuses:?}");
        assert_eq!(world.ask(Who::Stranger, NOW, "POST", "players/p1/play/").await.0, 403, "{statuses:?}");
        casa_tests::contents::end_throttle_windows(&world.shared).await;
    }
}
