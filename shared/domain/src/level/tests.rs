use serde_json::json;

use super::*;

fn level(name: &str, order: i64, needs: (i64, i64, i64), is_active: bool) -> Level {
    serde_json::from_value(json!({
        "id": Uuid::new_v5(&Uuid::nil(), name.as_bytes()), "created": "2025-01-01T00:00:00Z", "name": name,
        "order": order, "required_reservations": needs.0, "required_referrals": needs.1,
        "required_referral_reservations": needs.2, "is_active": is_active,
    }))
    .unwrap()
}

fn guest() -> ClientId {
    ClientId(Uuid::from_u128(7))
}

fn stands(reservations: u64, referrals: u64, referral_reservations: u64) -> Standing {
    Standing { reservations, referrals, referral_reservations }
}

fn at(day: u32) -> DateTime<Utc> {
    format!("2025-11-{day:02}T15:30:00Z").parse().unwrap()
}

/// Contract 02 §9, example 13.
#[test]
fn levels_are_given_taken_and_given_again() {
    let levels = [
        level("Bronze", 0, (0, 0, 0), true),
        level("Silver", 1, (2, 0, 0), true),
        level("Gold", 2, (3, 1, 0), true),
    ];
    let [bronze, silver, gold] = [0, 1, 2].map(|index| levels[index].id);
    let first = review(guest(), &[], &levels, stands(0, 0, 0), at(1));
    assert_eq!((&first.given, &first.revoked), (&vec![bronze], &vec![]));
    let second = review(guest(), &first.held, &levels, stands(2, 0, 0), at(2));
    assert_eq!(second.given, [silver]);
    let names = |held: &[Held]| highest(held, &levels).map(|one| one.level.name.clone());
    assert_eq!(names(&second.held).as_deref(), Some("Silver"));
    assert_eq!(next(&second.held, &levels).map(|level| level.id), Some(gold));
    let third = review(guest(), &second.held, &levels, stands(1, 0, 0), at(3));
    assert_eq!((third.given.len(), &third.revoked), (0, &vec![silver]));
    assert_eq!(names(&third.held).as_deref(), Some("Bronze"));
    let fourth = review(guest(), &third.held, &levels, stands(2, 0, 0), at(4));
    assert_eq!(fourth.given, [silver]);
    let restored = fourth.held.iter().find(|held| held.level == silver).unwrap();
    assert_eq!((restored.earned_at, fourth.held.len()), (at(4), 2), "restored, not given twice");
    assert!(!review(guest(), &fourth.held, &levels, stands(2, 0, 0), at(5)).changes());
}

#[test]
fn inactive_levels_stay_as_they_are() {
    let levels = [level("Old", 0, (1, 0, 0), false), level("New", 1, (1, 0, 0), true)];
    let held = [Held { id: Uuid::nil(), level: levels[0].id, earned_at: at(1), revoked: false }];
    let after = review(guest(), &held, &levels, stands(0, 0, 0), at(2));
    assert!(!after.changes());
    assert_eq!(highest(&after.held, &levels).map(|one| one.level.name.as_str()), Some("Old"));
    assert_eq!(next(&after.held, &levels).map(|level| level.name.as_str()), Some("New"));
    assert!(!review(guest(), &[], &levels[..1], stands(5, 5, 5), at(2)).changes());
}

#[test]
fn every_minimum_counts_and_the_highest_rank_wins() {
    let gold = level("Gold", 0, (3, 1, 2), true);
    assert!(stands(3, 1, 2).suffices(&gold) && stands(9, 9, 9).suffices(&gold));
    for less in [stands(2, 1, 2), stands(3, 0, 2), stands(3, 1, 1)] {
        assert!(!less.suffices(&gold), "{less:?}");
    }
    let levels = [level("Low", 9, (1, 5, 5), true), level("High", 0, (2, 0, 0), true)];
    let held: Vec<_> = levels
        .iter()
        .map(|level| Held { id: level.id.0, level: level.id, earned_at: at(1), revoked: false })
        .collect();
    assert_eq!(highest(&held, &levels).map(|one| one.level.name.as_str()), Some("High"));
    assert_eq!(highest(&held[..1], &[]), None);
}
