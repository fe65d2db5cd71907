use super::*;
use uuid::Uuid;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, day).unwrap()
}

fn reservation() -> Reservation {
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    Reservation::new(ReservationId(Uuid::nil()), HouseId(Uuid::nil()), day(2), day(4), now)
}

/// Contract 05 §9, example 4 (create and both PATCHes).
#[test]
fn late_checkout_adds_and_returns_one_night() {
    let mut created = reservation();
    created.grant_late_checkout();
    assert_eq!((created.check_out_date, created.late_check_out_date), (day(5), Some(day(4))));

    let mut withdrawn = created.clone();
    withdrawn.late_checkout = false;
    withdrawn.settle_late_checkout(&created);
    assert_eq!((withdrawn.check_out_date, withdrawn.late_check_out_date), (day(4), None));

    let mut granted = withdrawn.clone();
    granted.late_checkout = true;
    granted.check_out_date = day(12);
    granted.settle_late_checkout(&withdrawn);
    assert_eq!((granted.check_out_date, granted.late_check_out_date), (day(5), Some(day(4))));
}

/// Contract 05 §9, example 6.
#[test]
fn full_payment_sets_the_advance() {
    let mut paid = reservation();
    (paid.price_sol, paid.price_usd, paid.points_redeemed) = (Some(d("380")), Some(d("100")), d("30"));
    paid.pay_in_full();
    assert_eq!((paid.advance_payment, paid.left_in_soles()), (Some(d("350.00")), "0.00".to_owned()));
    paid.advance_payment_currency = Currency::Usd;
    paid.pay_in_full();
    assert_eq!(paid.advance_payment, Some(d("92.11")));
    paid.price_sol = None;
    paid.pay_in_full();
    assert_eq!(paid.advance_payment, Some(d("100.00")));
}

/// Contract 01 §8 and 05 §8.16: a missing price or rate is 0, not a failure.
#[test]
fn missing_money_counts_as_nothing() {
    let mut odd = reservation();
    (odd.price_usd, odd.price_sol, odd.advance_payment) = (None, None, None);
    odd.advance_payment_currency = Currency::Usd;
    assert_eq!((odd.left_in_soles().as_str(), odd.left_in_dollars().as_str()), ("0.00", "0.00"));
    odd.advance_payment = Some(d("10"));
    assert_eq!(odd.left_in_dollars(), "-10.00");
}

/// Defect 17 of contract 05 §8.
#[test]
fn what_makes_room() {
    let one = reservation();
    assert!(one.may_move(day(1)));
    assert!(!one.may_move(day(2)), "arrives today");
    assert!(!one.may_move(day(3)), "in the house");
    for origin in [Origin::Airbnb, Origin::Maintenance] {
        assert!(!Reservation { origin, ..one.clone() }.may_move(day(1)), "{origin}");
    }
    assert!(!Reservation { fixed: true, ..one }.may_move(day(1)));
}

/// Decision 7.
#[test]
fn only_live_blocking_reservations_hold_nights() {
    let mut held = reservation();
    for status in Status::ALL {
        held.status = *status;
        let expected = !matches!(status, Status::Cancelled | Status::Rejected);
        assert_eq!(held.wanted_hold().is_some(), expected, "{status}");
    }
    held.status = Status::Approved;
    held.deleted = true;
    assert_eq!(held.wanted_hold(), None);
}
