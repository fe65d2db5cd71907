//! Who takes part in the music of a stay: races of requests and answers, and the limit on open ones.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use casa_domain::{
    ClientId, ReservationId,
    ids::ParticipantId,
    music::{Access, Participant, Role, session::MOST_OPEN},
};
use casa_store::{Store, StoreError, import::Importer, music::Session};
use serde_json::json;
use support::{commit, day, house, now, reservation, table};
use tokio::task::JoinSet;
use uuid::Uuid;

fn client(number: u128) -> ClientId {
    ClientId(Uuid::from_u128(number))
}

fn stay() -> ReservationId {
    ReservationId(Uuid::from_u128(1))
}

fn request(id: u128, who: u128) -> Participant {
    Participant::new(ParticipantId(Uuid::from_u128(id)), stay(), client(who), now())
}

async fn session(store: &Store) -> Session {
    store.music().session(stay()).await.unwrap().unwrap()
}

async fn store() -> Store {
    let store = table().await;
    let mut one = reservation(1, 1, 0, 2);
    one.client = Some(client(500));
    commit(&store, None, one).await.unwrap();
    store
}

#[tokio::test]
async fn two_requests_at_once_make_one_row() {
    let store = store().await;
    let seen = session(&store).await;
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let (store, seen) = (store.clone(), seen.clone());
        tasks.spawn(async move {
            let one = request(number, 7);
            (one.id, store.music().save_participant(&seen, None, &one).await)
        });
    }
    let outcomes = tasks.join_all().await;
    let won: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(id, _)| *id).collect();
    assert_eq!(won.len(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|(_, one)| matches!(one, Ok(()) | Err(StoreError::Changed))));
    let found = session(&store).await;
    assert_eq!(found.participants.len(), 1);
    assert_eq!(found.of(client(7)).unwrap().participant.id, won[0]);
    assert_eq!(store.music().session(ReservationId(Uuid::from_u128(9))).await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_to_what_changed_meanwhile_does_nothing() {
    let store = store().await;
    let music = store.music();
    music.save_participant(&session(&store).await, None, &request(1, 7)).await.unwrap();
    let seen = session(&store).await;
    let row = seen.of(client(7)).unwrap();
    music.save_participant(&seen, Some(row), &row.participant.expelled(now())).await.unwrap();
    let late = music.save_participant(&seen, Some(row), &row.participant.accepted(now()).unwrap()).await;
    assert!(matches!(late, Err(StoreError::Changed)), "{late:?}");
    let after = session(&store).await;
    assert_eq!(after.role(client(7)), None);
    let row = after.of(client(7)).unwrap();
    music.save_participant(&after, Some(row), &row.participant.asked_again(now()).unwrap()).await.unwrap();
    let again = session(&store).await;
    assert_eq!(again.with(Access::Pending).next().unwrap().id, row.participant.id);
    let row = again.of(client(7)).unwrap();
    music.save_participant(&again, Some(row), &row.participant.accepted(now()).unwrap()).await.unwrap();
    let joined = session(&store).await;
    assert_eq!(joined.role(client(7)), Some(Role::Joined));
    assert_eq!(joined.role(client(500)), Some(Role::Host));
    let own = music.participations(&[stay(), ReservationId(Uuid::from_u128(2))], client(7)).await.unwrap();
    assert_eq!(own.iter().map(|one| one.status).collect::<Vec<_>>(), [Access::Accepted]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_requests_are_limited_also_when_they_come_at_once() {
    let store = store().await;
    let mut tasks = JoinSet::new();
    for number in 0..u128::from(MOST_OPEN) + 15 {
        let store = store.clone();
        tasks.spawn(async move {
            loop {
                let seen = session(&store).await;
                let row = request(1000 + number, 1000 + number);
                match store.music().save_participant(&seen, None, &row).await {
                    Ok(()) => return true,
                    Err(StoreError::Taken(_)) => return false,
                    Err(StoreError::Busy) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        });
    }
    let entered = tasks.join_all().await.into_iter().filter(|entered| *entered).count();
    assert_eq!(entered, MOST_OPEN as usize);
    // An answer makes room for one more.
    let seen = session(&store).await;
    let row = &seen.participants[0];
    store
        .music()
        .save_participant(&seen, Some(row), &row.participant.rejected(now()).unwrap())
        .await
        .unwrap();
    let seen = session(&store).await;
    store.music().save_participant(&seen, None, &request(1, 1)).await.unwrap();
    let seen = session(&store).await;
    let full = store.music().save_participant(&seen, None, &request(2, 2)).await;
    assert!(matches!(full, Err(StoreError::Taken(_))), "{full:?}");
}

#[tokio::test]
async fn imported_rows_keep_their_ids_and_open_requests_count() {
    let store = store().await;
    let row = |id: u128, who: u128, status: &str, deleted: bool| {
        json!({"model": "reservation.musicsessionparticipant", "pk": Uuid::from_u128(id), "fields": {
            "created": "2025-11-12T06:18:39.192Z", "updated": "2025-11-12T06:18:39.192Z", "deleted": deleted,
            "reservation": stay(), "client": client(who), "status": status,
            "requested_at": "2025-11-12T06:18:39.192Z", "accepted_at": null, "rejected_at": null,
        }})
    };
    let mut rows = vec![row(100, 7, "accepted", true), row(101, 8, "invented", false)];
    rows.extend((0..u128::from(MOST_OPEN)).map(|number| row(200 + number, 200 + number, "pending", false)));
    let report = Importer::new(store.clone()).run(rows, &mut |_, _| ()).await.unwrap();
    assert_eq!(report.rejected.len(), 1, "{report:?}");
    let seen = session(&store).await;
    assert_eq!(seen.participants.len(), MOST_OPEN as usize + 1);
    let gone = seen.of(client(7)).unwrap();
    assert_eq!((gone.participant.id.0.as_u128(), gone.participant.deleted), (100, true));
    let full = store.music().save_participant(&seen, None, &request(1, 1)).await;
    assert!(matches!(full, Err(StoreError::Taken(_))), "{full:?}");
    let open = seen.of(client(200)).unwrap();
    store
        .music()
        .save_participant(&seen, Some(open), &open.participant.accepted(now()).unwrap())
        .await
        .unwrap();
    let seen = session(&store).await;
    let again = seen.of(client(7)).unwrap();
    store
        .music()
        .save_participant(&seen, Some(again), &again.participant.asked_again(now()).unwrap())
        .await
        .unwrap();
    assert_eq!(session(&store).await.of(client(7)).unwrap().participant.id.0.as_u128(), 100);
}

#[tokio::test]
async fn stays_around_a_day() {
    let store = table().await;
    for (number, in_house, from, nights) in [(1, 1, 0, 2), (2, 1, 2, 3), (3, 2, 1, 1), (4, 3, 0, 9)] {
        commit(&store, None, reservation(number, in_house, from, nights)).await.unwrap();
    }
    let around = async |houses: &[u128], offset| {
        let houses: Vec<_> = houses.iter().map(|number| house(*number)).collect();
        let found = store.reservations().around(&houses, day(offset)).await.unwrap();
        let mut found: Vec<_> = found.iter().map(|one| one.reservation.id.0.as_u128()).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(around(&[1, 2], 2).await, [1, 2, 3]);
    assert_eq!(around(&[1], 3).await, [2]);
    assert_eq!(around(&[1, 2], -1).await, Vec::<u128>::new());
    assert_eq!(around(&[], 2).await, Vec::<u128>::new());
}
