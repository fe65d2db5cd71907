use proptest::prelude::*;
use serde_json::json;

use super::*;

fn guest(balance: &str, expires: Option<&str>) -> Client {
    serde_json::from_value(json!({
        "id": Uuid::from_u128(1), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
        "document_type": "dni", "number_doc": "1", "first_name": "Ana María", "last_name": "rojas",
        "points_balance": balance, "points_expires_at": expires,
    }))
    .unwrap()
}

fn stay(price: &str, redeemed: &str) -> Reservation {
    serde_json::from_value(json!({
        "id": Uuid::from_u128(9), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
        "property": Uuid::nil(), "client": Uuid::from_u128(1), "check_in_date": "2025-11-01",
        "check_out_date": "2025-11-03", "guests": 2, "status": "approved", "origin": "aus",
        "price_sol": price, "points_redeemed": redeemed,
    }))
    .unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

const NOW: &str = "2025-11-12T15:30:00Z";
const LAPSES: &str = "2026-11-03T05:00:00Z";

/// Contract 02 §9, examples 1 and 2.
#[test]
fn five_percent_rounded_once() {
    for (price, redeemed, points) in [
        ("100.00", "0", Some("5.00")),
        ("100.10", "0", Some("5.00")),
        ("99.90", "0", Some("5.00")),
        ("1234.50", "0", Some("61.72")),
        ("10.30", "0", Some("0.52")),
        ("10.50", "0", Some("0.52")),
        ("0.01", "0", None),
        ("1234.50", "34.50", Some("60.00")),
        ("50", "80", None),
    ] {
        let movement = earned(&stay(price, redeemed), "Casa", at(LAPSES), at(NOW));
        assert_eq!(movement.map(|one| one.points.to_string()).as_deref(), points, "{price}");
    }
    let share = for_referrer(&stay("1234.50", "34.50"), &guest("0", None), dec("10"), at(LAPSES), at(NOW));
    let share = share.unwrap();
    assert_eq!((share.points, share.referred_client), (dec("120.00"), Some(ClientId(Uuid::from_u128(1)))));
    assert!(share.description.ends_with("Ana R."), "no full name in another guest's ledger");
    assert_eq!(for_referrer(&stay("0.01", "0"), &guest("0", None), dec("10"), at(LAPSES), at(NOW)), None);
}

/// Contract 02 §9, example 3: what the original let drift does not.
#[test]
fn the_balance_follows_the_ledger() {
    let mut client = guest("0.01", None);
    let movement = earned(&stay("1234.50", "0"), "Casa", at(LAPSES), at(NOW)).unwrap();
    movement.carry_out(&mut client, at(NOW)).unwrap();
    assert_eq!(client.points_balance, dec("61.73"));
}

/// Contract 02 §4.7 with defect 12, local dates (decision 6).
#[test]
fn only_finished_approved_stays_are_due() {
    let today: NaiveDate = "2025-11-03".parse().unwrap();
    assert!(is_due(&stay("100", "0"), today));
    assert!(!is_due(&stay("100", "0"), today.pred_opt().unwrap()));
    assert!(!is_due(&stay("0", "0"), today));
    for change in [
        |one: &mut Reservation| one.status = Status::Cancelled,
        |one: &mut Reservation| one.status = Status::Pending,
        |one: &mut Reservation| one.deleted = true,
        |one: &mut Reservation| one.origin = Origin::Airbnb,
        |one: &mut Reservation| one.client = None,
        |one: &mut Reservation| one.price_sol = None,
    ] {
        let mut one = stay("100", "0");
        change(&mut one);
        assert!(!is_due(&one, today), "{one:?}");
    }
}

/// Contract 02 §9, examples 4 and 5; decision 11.
#[test]
fn lives_are_never_shortened() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(last_day(day("2025-03-10")), day("2026-03-10"));
    assert_eq!(last_day(day("2027-03-10")), day("2028-03-09"));
    let old = earned(&stay("100.10", "0"), "Casa", at("2026-10-18T05:00:00Z"), at(NOW)).unwrap();
    for (balance, before, after) in [
        ("60.00", Some("2027-11-22T00:00:00Z"), Some("2027-11-22T00:00:00Z")),
        ("60.00", Some("2026-01-01T00:00:00Z"), Some("2026-10-18T05:00:00Z")),
        ("0.00", None, Some("2026-10-18T05:00:00Z")),
        ("60.00", None, None),
    ] {
        let mut client = guest(balance, before);
        old.carry_out(&mut client, at(NOW)).unwrap();
        assert_eq!(client.points_expires_at, after.map(at), "{balance} {before:?}");
    }
}

/// Contract 02 §9, example 6.
#[test]
fn staff_adjust() {
    let mut client = guest("0.00", None);
    for (points, balance) in [
        ("100", Ok("100.00")),
        ("-30.5", Ok("69.50")),
        ("10.255", Ok("79.76")),
        ("-79.77", Err(())),
        ("-79.76", Ok("0.00")),
    ] {
        let outcome = adjusted(dec(points), String::new(), at(NOW)).carry_out(&mut client, at(NOW));
        match balance {
            Ok(balance) => assert_eq!(client.points_balance, dec(balance), "{points}"),
            Err(()) => assert_eq!(outcome, Err(PointsError::NotEnough), "{points}"),
        }
    }
    assert_eq!(client.points_expires_at, Some(at("2026-11-12T15:30:00Z")));
    let mut lapsed = guest("5.00", Some("2025-01-01T00:00:00Z"));
    adjusted(dec("1"), String::new(), at(NOW)).carry_out(&mut lapsed, at(NOW)).unwrap();
    assert_eq!(lapsed.available_points(at(NOW)), dec("6.00"));
    let too_many = adjusted(dec("100000000"), String::new(), at(NOW)).carry_out(&mut client, at(NOW));
    assert_eq!(too_many, Err(PointsError::TooMany));
}

/// Contract 02 §9, example 7: the last cent can be spent.
#[test]
fn everything_can_be_spent() {
    let mut client = guest("0.29", None);
    redeemed(dec("0.29"), String::new(), None).carry_out(&mut client, at(NOW)).unwrap();
    assert_eq!(client.points_balance, dec("0.00"));
}

#[test]
fn lapsed_points_go_whole() {
    let lapsing = lapsed(&guest("7.50", Some("2025-11-12T15:29:59Z")), at(NOW)).unwrap();
    let mut client = guest("7.50", Some("2025-11-12T15:29:59Z"));
    lapsing.carry_out(&mut client, at(NOW)).unwrap();
    assert_eq!((client.points_balance, client.points_expires_at), (dec("0.00"), None));
    assert_eq!(lapsed(&guest("7.50", Some(NOW)), at(NOW)), None);
    assert_eq!(lapsed(&guest("0", Some("2020-01-01T00:00:00Z")), at(NOW)), None);
    assert_eq!(lapsed(&guest("7", None), at(NOW)), None);
}

#[test]
fn one_cause_is_one_entry() {
    let movement = refunded(dec("3"), String::new(), ReservationId(Uuid::from_u128(9)));
    let client = ClientId(Uuid::from_u128(1));
    let (first, again) = (
        movement.entry(client, Uuid::from_u128(5), at(NOW)),
        movement.entry(client, Uuid::from_u128(6), at(NOW)),
    );
    assert_eq!(first.id, again.id);
    let other = redeemed(dec("3"), String::new(), Some(ReservationId(Uuid::from_u128(9))));
    assert_ne!(first.id, other.entry(client, Uuid::from_u128(5), at(NOW)).id);
}

proptest! {
    /// Whatever is tried in whatever order, the balance is what the ledger adds up to and never negative.
    #[test]
    fn balance_is_the_sum_of_the_ledger(steps in prop::collection::vec((0u8..5, 0i64..2_000_000, -400i64..400), 0..60)) {
        let mut client = guest("0.00", None);
        let mut ledger = Vec::new();
        let mut now = at(NOW);
        for (number, (step, thousandths, hours)) in steps.into_iter().enumerate() {
            now += TimeDelta::hours(hours.abs());
            let amount = Decimal::new(thousandths, 3);
            let mut one = stay(&amount.to_string(), "0");
            one.id = ReservationId(Uuid::from_u128(number as u128));
            let lapses = now + TimeDelta::hours(hours * 24);
            let movement = match step {
                0 => earned(&one, "Casa", lapses, now),
                1 => for_referrer(&one, &client, dec("10"), lapses, now),
                2 => Some(adjusted(if hours < 0 { -amount } else { amount }, String::new(), now)),
                3 => Some(redeemed(amount, String::new(), None)),
                _ => lapsed(&client, now),
            };
            let Some(movement) = movement else { continue };
            if movement.carry_out(&mut client, now).is_ok() {
                ledger.push(movement.entry(client.id, Uuid::from_u128(number as u128), now));
            }
            prop_assert!(client.points_balance >= Decimal::ZERO);
            prop_assert_eq!(client.points_balance, sum(&ledger));
        }
    }
}
