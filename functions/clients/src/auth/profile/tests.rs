use casa_domain::{ids::LevelId, level::Level, pricing::book::ReferralPercent};
use serde_json::json;

use super::*;
use crate::record::blank;

fn level(name: &str, order: i64, needs: (i64, i64)) -> Level {
    let id = Uuid::new_v5(&Uuid::nil(), name.as_bytes());
    serde_json::from_value(json!({
        "id": id, "created": "2025-01-01T00:00:00Z", "name": name, "order": order,
        "required_reservations": needs.0, "required_referrals": needs.1,
    }))
    .unwrap()
}

/// Contract 02 §9, example 13.
fn levels() -> Vec<Level> {
    vec![level("Bronze", 0, (0, 0)), level("Silver", 1, (2, 0)), level("Gold", 2, (3, 1))]
}

fn guest(holds: &[&Level]) -> Client {
    let held = holds
        .iter()
        .map(|level| json!({"id": level.id, "level": level.id, "earned_at": "2026-11-22T11:14:58.456979Z"}));
    Client {
        levels: serde_json::from_value(held.collect()).unwrap(),
        referral_code: Some("ANA123".into()),
        ..blank(DateTime::UNIX_EPOCH)
    }
}

fn percent(level: LevelId, percent: &str) -> ReferralPercent {
    serde_json::from_value(json!({
        "id": Uuid::nil(), "achievement": level, "discount_percentage": percent,
    }))
    .unwrap()
}

fn shown(guest: Client, referrer: Option<&Client>, reservations: u64, book: &PriceBook) -> Value {
    let clock =
        Clock::frozen_at("2026-11-22T06:14:58-05:00".parse().unwrap(), "America/Lima".parse().unwrap());
    let standing = Standing { reservations, ..Standing::default() };
    serde_json::to_value(GuestProfile::new(guest, referrer, standing, book, &clock)).unwrap()
}

#[test]
fn levels_held_and_to_come() {
    let levels = levels();
    let book = PriceBook { levels: levels.clone(), ..PriceBook::default() };
    let profile = shown(guest(&[&levels[0], &levels[1]]), None, 2, &book);
    let info = &profile["level_info"];
    assert_eq!(
        (&info["current_level"]["name"], &info["next_level"]["name"]),
        (&json!("Silver"), &json!("Gold"))
    );
    assert_eq!(info["current_level"]["earned_at"], "2026-11-22T11:14:58.456979Z");
    assert_eq!(info["progress"]["reservations"], json!({"current": 2, "required": 3, "remaining": 1}));
    let share = json!({"earned": 2, "total": 3, "percentage": 66.7});
    assert_eq!(profile["achievements_stats"]["achievements"], share);
    assert_eq!(profile["referred_by_info"], Value::Null);

    let everything = shown(guest(&levels.iter().collect::<Vec<_>>()), None, 9, &book);
    assert_eq!(everything["level_info"]["next_level"], Value::Null);
    assert_eq!(everything["level_info"]["progress"], Value::Null);
    let nothing = shown(guest(&[]), None, 0, &PriceBook::default());
    assert_eq!(nothing["achievements_stats"]["achievements"]["percentage"], 0.0);
}

/// Contract 02 §9, example 14.
#[test]
fn the_first_booking_of_a_referred_guest_is_cheaper() {
    let levels = levels();
    let referrer = Client {
        first_name: "Ana Maria".into(),
        last_name: Some("lopez".into()),
        ..guest(&[&levels[0], &levels[1]])
    };
    let book = |level: usize| PriceBook {
        referral_percents: vec![percent(levels[level].id, "7.5")],
        levels: levels.clone(),
        ..PriceBook::default()
    };
    let info = |stays, level| {
        let mut profile = shown(guest(&[]), Some(&referrer), stays, &book(level));
        let mut info = profile["referred_by_info"].take();
        info.as_object_mut().unwrap().remove("id");
        info
    };
    let mut expected = json!({
        "name": "Ana L.", "referral_code": "ANA123", "has_used_discount": false, "discount_percentage": 7.5,
        "discount_available": true,
    });
    assert_eq!(info(0, 1), expected);
    expected["discount_percentage"] = json!(0.0);
    expected["discount_available"] = json!(false);
    assert_eq!(info(0, 0), expected, "no fallback to lower levels");
    let used = json!({"name": "Ana L.", "referral_code": "ANA123", "has_used_discount": true});
    assert_eq!(info(1, 1), used);
}

#[test]
fn points_lapse_and_facebook_shows_while_it_is_linked() {
    let mut one = guest(&[]);
    one.points_balance = "88.6".parse().unwrap();
    one.points_expires_at = Some("2026-11-22T11:14:58Z".parse().unwrap());
    one.facebook_profile_data =
        Some(casa_domain::house::JsonText(r#"{"name":"Ana","picture":{"data":{"url":"https://x"}}}"#.into()));
    let profile = shown(one.clone(), None, 0, &PriceBook::default());
    assert_eq!((&profile["points_balance"], &profile["available_points"]), (&json!("88.60"), &json!(88.6)));
    assert_eq!((&profile["points_are_expired"], &profile["facebook_name"]), (&json!(false), &Value::Null));
    one.points_expires_at = Some("2026-11-22T11:14:57Z".parse().unwrap());
    one.facebook_linked = true;
    let profile = shown(one, None, 0, &PriceBook::default());
    assert_eq!((&profile["available_points"], &profile["points_are_expired"]), (&json!(0.0), &json!(true)));
    assert_eq!(profile["points_expires_at"], "2026-11-22T06:14:57-05:00");
    assert_eq!(
        (&profile["facebook_name"], &profile["facebook_profile_picture"]),
        (&json!("Ana"), &json!("https://x"))
    );
}
