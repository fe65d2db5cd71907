//! Examples of contract 07 §9, and the rules of its §8.

use chrono::NaiveDate;
use uuid::Uuid;

use super::*;
use crate::ids::HouseId;

fn stay(number: u128, from: u32, to: u32) -> Reservation {
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let id = ReservationId(Uuid::from_u128(number));
    let entered = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut stay = Reservation::new(id, HouseId(Uuid::nil()), day(from), day(to), entered);
    (stay.status, stay.client) = (Status::Approved, Some(client(number)));
    stay
}

fn client(number: u128) -> ClientId {
    ClientId(Uuid::from_u128(number))
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn asked(reservation: u128, who: u128) -> Participant {
    let (id, at) = (ParticipantId(Uuid::from_u128(7)), instant("2026-03-10T20:00:00Z"));
    Participant::new(id, ReservationId(Uuid::from_u128(reservation)), client(who), at)
}

#[test]
fn examples_1_to_4() {
    let one = stay(1, 10, 12);
    for (moment, wanted) in [
        ("2026-03-10T14:59:59.999999", State::NotStarted),
        ("2026-03-10T15:00:00", State::Active),
        ("2026-03-12T10:59:59.999999", State::Active),
        ("2026-03-12T11:00:00", State::Ended),
    ] {
        assert_eq!(state(&one, local(moment)), wanted, "{moment}");
        assert_eq!(current([&one], local(moment)).is_some(), wanted == State::Active, "{moment}");
    }
    assert_eq!((starts(&one), ends(&one)), (local("2026-03-10T15:00:00"), local("2026-03-12T11:00:00")));
}

#[test]
fn example_5_nobody_is_there_between_two_stays() {
    let stays = [stay(1, 10, 12), stay(2, 12, 14)];
    let who = |moment| current(&stays, local(moment)).map(|stay| stay.id.0.as_u128());
    assert_eq!(who("2026-03-12T10:59:59"), Some(1));
    assert_eq!(who("2026-03-12T13:00:00"), None);
    assert_eq!(who("2026-03-12T15:00:00"), Some(2));
}

#[test]
fn only_an_approved_stay_gives_control() {
    for status in Status::ALL {
        let one = Reservation { status: *status, ..stay(1, 10, 12) };
        let found = current([&one], local("2026-03-11T12:00:00"));
        assert_eq!(found.is_some(), *status == Status::Approved, "{status}");
        assert_eq!(may_be_joined(&one, local("2026-03-12T10:59:59")), status.blocks(), "{status}");
        assert!(!may_be_joined(&one, local("2026-03-12T11:00:00")), "{status}: it is over");
    }
    let gone = Reservation { deleted: true, ..stay(1, 10, 12) };
    assert_eq!(current([&gone], local("2026-03-11T12:00:00")), None);
    assert!(!may_be_joined(&gone, local("2026-03-09T12:00:00")));
}

#[test]
fn of_stays_that_overlap_the_last_to_arrive_counts() {
    let mut late = stay(2, 11, 13);
    late.created = instant("2026-02-01T00:00:00Z");
    let stays = [stay(1, 10, 14), late, stay(3, 11, 12)];
    let who = |moment| current(&stays, local(moment)).map(|stay| stay.id.0.as_u128());
    assert_eq!(who("2026-03-10T16:00:00"), Some(1));
    assert_eq!(who("2026-03-11T16:00:00"), Some(3), "the same arrival, entered earlier");
    assert_eq!(who("2026-03-12T12:00:00"), Some(2));
}

#[test]
fn roles() {
    let one = stay(1, 10, 12);
    let now = instant("2026-03-11T00:00:00Z");
    let open = asked(1, 2);
    let accepted = open.accepted(now).unwrap();
    assert_eq!(role(&one, [], client(1)), Some(Role::Host));
    assert_eq!(role(&one, [&accepted], client(2)), Some(Role::Joined));
    assert_eq!(role(&one, [&accepted], client(3)), None, "somebody else's row");
    assert_eq!(role(&stay(9, 10, 12), [&accepted], client(2)), None, "a row of another stay");
    for without in [open.clone(), open.rejected(now).unwrap(), accepted.expelled(now)] {
        assert_eq!(role(&one, [&without], client(2)), None, "{without:?}");
    }
    let empty = Reservation { client: None, ..one };
    assert_eq!(role(&empty, [], client(1)), None, "no guest, no host");
}

/// Contract 07 §9, example 12.
#[test]
fn example_12_asking_again_keeps_the_id() {
    let now = instant("2026-03-11T00:00:00Z");
    let accepted = asked(1, 2).accepted(now).unwrap();
    assert_eq!((accepted.status, accepted.accepted_at), (Access::Accepted, Some(now)));
    assert_eq!(accepted.asked_again(now), Err(Asked(Access::Accepted)));
    let again = accepted.expelled(now).asked_again(now).unwrap();
    assert_eq!((again.id, again.status, again.deleted), (accepted.id, Access::Pending, false));
    assert_eq!((again.accepted_at, again.requested_at), (None, now));
    assert_eq!(again.created, accepted.created);
}

#[test]
fn a_refusal_stands_for_a_day() {
    let refused = instant("2026-03-11T00:00:00Z");
    let rejected = asked(1, 2).rejected(refused).unwrap();
    assert_eq!(rejected.asked_again(refused), Err(Asked(Access::Rejected)));
    assert_eq!(rejected.asked_again(instant("2026-03-11T23:59:59Z")), Err(Asked(Access::Rejected)));
    let again = rejected.asked_again(instant("2026-03-12T00:00:00Z")).unwrap();
    assert_eq!((again.status, again.rejected_at), (Access::Pending, None));
    assert_eq!(rejected.expelled(refused).asked_again(refused).map(|one| one.id), Ok(rejected.id));
}

#[test]
fn only_open_requests_are_answered() {
    let now = instant("2026-03-11T00:00:00Z");
    let open = asked(1, 2);
    assert_eq!(open.asked_again(now), Err(Asked(Access::Pending)));
    for closed in [open.accepted(now).unwrap(), open.rejected(now).unwrap(), open.expelled(now)] {
        assert_eq!(closed.accepted(now), Err(NotPending));
        assert_eq!(closed.rejected(now), Err(NotPending));
    }
}

/// Imported rows leave out what is empty.
#[test]
fn imported_rows_are_read() {
    let row = serde_json::json!({
        "id": Uuid::from_u128(7), "created": "2025-11-12T06:18:39.192Z", "updated": "2025-11-12T06:18:39.192Z",
        "deleted": false, "reservation": Uuid::from_u128(1), "client": Uuid::from_u128(2), "status": "pending",
        "requested_at": "2025-11-12T06:18:39.192Z",
    });
    let read: Participant = serde_json::from_value(row).unwrap();
    assert!(read.is(Access::Pending));
    assert_eq!(serde_json::from_value::<Participant>(serde_json::to_value(&read).unwrap()).unwrap(), read);
}
