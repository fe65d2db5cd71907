use super::*;
use chrono::NaiveDate;
use proptest::prelude::*;

use crate::{
    ids::{ClientId, HouseId, PaymentId, ReservationId},
    money::fixed2,
    payment::Vendor,
    reservation::{Currency, Origin},
};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-11-01T15:00:00Z".parse().unwrap()
}

fn reservation(price_sol: &str, price_usd: &str) -> Reservation {
    let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
    let mut one = Reservation::new(ReservationId(Uuid::nil()), HouseId(Uuid::nil()), day(23), day(25), now());
    (one.price_sol, one.price_usd) = (Some(d(price_sol)), Some(d(price_usd)));
    one.origin = Origin::Client;
    one.start_deadline(now());
    one
}

fn payment(purpose: Purpose, amount: &str) -> Payment {
    Payment {
        id: PaymentId(Uuid::from_u128(7)),
        created: now(),
        updated: now(),
        reservation: ReservationId(Uuid::nil()),
        house: HouseId(Uuid::nil()),
        client: ClientId(Uuid::nil()),
        purpose,
        vendor: Vendor::MercadoPago,
        amount: d(amount),
        dollars: d(amount) / d("3.8"),
        partial: false,
        state: State::Started,
        transaction: None,
        word: None,
        detail: None,
        token: "digest".to_owned(),
        booked: false,
        refunds: Vec::new(),
        history: Vec::new(),
    }
}

fn seen(standing: Standing, taken: &str, refunded: &str) -> Truth {
    Truth::Seen {
        transaction: "123456".to_owned(),
        standing,
        word: "approved".to_owned(),
        detail: String::new(),
        taken: d(taken),
        refunded: d(refunded),
        charged_back: false,
    }
}

fn approved(payment: &Payment, reservation: &Reservation) -> Settled {
    let truth = seen(Standing::Approved, &payment.amount.to_string(), "0");
    settle(payment, Some(reservation), &truth, true, now())
}

#[test]
fn the_whole_price_confirms_the_booking() {
    let one = reservation("1000.00", "250.00");
    let settled = approved(&payment(Purpose::Reservation, "1000"), &one);
    let after = settled.reservation.unwrap();
    assert_eq!(
        (after.status, after.full_payment, after.left_in_soles()),
        (Status::Approved, true, "0.00".into())
    );
    assert_eq!((after.payment_voucher_deadline, after.lapses_at()), (None, None));
    assert!(after.payment_approved_notification_sent);
    let told: Vec<_> = settled.facts.iter().map(std::mem::discriminant).collect();
    let confirmed = What::ReservationConfirmed { reservation: one.id };
    assert!(told.contains(&std::mem::discriminant(&confirmed)), "{:?}", settled.facts);
    assert_eq!(told.len(), 4, "{:?}", settled.facts);
}

#[test]
fn a_part_of_the_price_confirms_nothing() {
    let settled = approved(&payment(Purpose::Reservation, "0.50"), &reservation("1000.00", "250.00"));
    let after = settled.reservation.unwrap();
    assert_eq!(
        (after.status, after.full_payment, after.left_in_soles()),
        (Status::Pending, false, "999.50".into())
    );
    assert_eq!(after.lapses_at(), None);
}

/// Contract 06 §9, examples 5 and 6, with the dollars of the advance turned into soles (defect 10): 100 dollars at the
/// reservation's own rate of 4 are 400 soles.
#[test]
fn additions_raise_both_prices() {
    let mut one = reservation("1000.00", "250.00");
    (one.advance_payment, one.advance_payment_currency) = (Some(d("100")), Currency::Usd);
    let one = approved(&payment(Purpose::TemperaturePool, "100"), &one).reservation.unwrap();
    let texts = |one: &Reservation| {
        [one.price_sol, one.price_usd, one.advance_payment].map(|amount| fixed2(amount.unwrap()))
    };
    assert_eq!(texts(&one), ["1100.00", "276.32", "500.00"]);
    assert_eq!(one.advance_payment_currency, Currency::Sol);
    let one = approved(&payment(Purpose::LateCheckout, "38.00"), &one).reservation.unwrap();
    assert_eq!(texts(&one), ["1138.00", "286.32", "538.00"]);
    let day = |day| NaiveDate::from_ymd_opt(2026, 12, day);
    assert_eq!((Some(one.check_out_date), one.late_check_out_date), (day(26), day(25)));
}

#[test]
fn money_that_cannot_be_booked_goes_back() {
    let paid = payment(Purpose::Reservation, "1000");
    for spoil in [
        |one: &mut Reservation| one.deleted = true,
        |one: &mut Reservation| one.status = Status::Cancelled,
        |one: &mut Reservation| one.advance_payment = Some(Decimal::ONE),
    ] {
        let mut one = reservation("1000.00", "250.00");
        spoil(&mut one);
        let settled = approved(&paid, &one);
        assert_eq!(settled.reservation, None);
        let refund = settled.payment.asked_refund().unwrap();
        assert_eq!((refund.amount, refund.cause), (d("1000.00"), Cause::Unusable));
        assert_eq!(settled.payment.left(), Decimal::ZERO);
        // The gateway has done it, whoever asked.
        let truth = seen(Standing::Approved, "1000", "1000");
        let back = settle(&settled.payment, Some(&one), &truth, true, now());
        assert_eq!((back.payment.refunded(), back.payment.is_unsettled()), (d("1000"), false));
        assert_eq!(back.reservation, None);
    }
}

/// Somebody gave a part back in the gateway's panel before the whole could go back.
#[test]
fn the_rest_of_what_cannot_be_booked_goes_back_too() {
    let mut gone = reservation("1000", "250");
    gone.deleted = true;
    let first = approved(&payment(Purpose::Reservation, "1000"), &gone).payment;
    let part = settle(&first, Some(&gone), &seen(Standing::Approved, "1000", "100"), true, now()).payment;
    let refused = settle_refund(&part, Some(&gone), false, now());
    let rest = refused.payment.asked_refund().unwrap();
    assert_eq!((rest.amount, rest.cause), (d("900"), Cause::Unusable));
    assert_ne!(rest.id, first.asked_refund().unwrap().id, "another amount needs another key");
    assert!(refused.facts.is_empty());
    let done = settle_refund(&refused.payment, Some(&gone), true, now()).payment;
    assert_eq!((done.refunded(), done.is_unsettled()), (d("1000"), false));
    // Refused though nothing went back: people must look.
    let troubled = settle_refund(&first, Some(&gone), false, now());
    assert!(matches!(troubled.facts[..], [What::PaymentTroubled { .. }]));
    assert!(!troubled.payment.is_unsettled());
}

#[test]
fn refunds_take_money_and_additions_away() {
    let one = reservation("1000.00", "250.00");
    let settled = approved(&payment(Purpose::LateCheckout, "38"), &one);
    let late = settled.reservation.unwrap();
    let by = 2;
    assert_eq!(ask_refund(&settled.payment, Uuid::nil(), Some(d("38.01")), by, now()), Err(NoRefund::Amount));
    assert_eq!(ask_refund(&settled.payment, Uuid::nil(), Some(d("0")), by, now()), Err(NoRefund::Amount));
    let asked = ask_refund(&settled.payment, Uuid::nil(), Some(d("8")), by, now()).unwrap();
    assert_eq!(ask_refund(&asked, Uuid::nil(), None, by, now()), Err(NoRefund::UnderWay));
    let part = settle_refund(&asked, Some(&late), true, now());
    let after = part.reservation.unwrap();
    assert_eq!((after.advance_payment, after.late_checkout), (Some(d("30.00")), true));
    let rest = ask_refund(&part.payment, Uuid::from_u128(1), None, by, now()).unwrap();
    let all = settle_refund(&rest, Some(&after), true, now()).reservation.unwrap();
    assert_eq!((all.advance_payment, all.price_sol), (Some(d("0.00")), Some(d("1000.00"))));
    assert_eq!((all.check_out_date, all.late_checkout), (one.check_out_date, false));
    let refused = settle_refund(&rest, Some(&after), false, now());
    assert_eq!((refused.reservation, refused.payment.left()), (None, d("30")));
}

#[test]
fn chargebacks_are_noted_once() {
    let one = reservation("1000.00", "250.00");
    let settled = approved(&payment(Purpose::Reservation, "1000"), &one);
    let paid = settled.reservation.unwrap();
    let mut truth = seen(Standing::Approved, "1000", "0");
    if let Truth::Seen { charged_back, .. } = &mut truth {
        *charged_back = true;
    }
    let back = settle(&settled.payment, Some(&paid), &truth, true, now());
    let after = back.reservation.unwrap();
    assert_eq!((after.full_payment, after.left_in_soles()), (false, "1000.00".to_owned()));
    let again = settle(&back.payment, Some(&after), &truth, true, now());
    assert_eq!((again.reservation, again.facts), (None, Vec::new()));
}

#[derive(Clone, Copy, Debug)]
enum Word {
    Processing,
    Rejected,
    Approved { refunded: u32 },
    Refused,
    Unheard,
}

fn words() -> impl Strategy<Value = Vec<Word>> {
    let word = prop_oneof![
        Just(Word::Processing),
        Just(Word::Rejected),
        (0u32..=4).prop_map(|refunded| Word::Approved { refunded: refunded * 25 }),
        Just(Word::Refused),
        Just(Word::Unheard),
    ];
    proptest::collection::vec(word, 1..12)
}

proptest! {
    /// Words in any order, repeated, late: the reservation holds exactly the money that was taken and not given back, and
    /// the same word twice changes nothing.
    #[test]
    fn the_reservation_holds_what_was_taken(words in words(), purpose in 0usize..3) {
        let purpose = Purpose::ALL[purpose];
        let mut payment = payment(purpose, "100.00");
        let mut one = reservation("100.00", "25.00");
        let mut taken = false;
        let mut back = 0;
        for word in words {
            let truth = match word {
                Word::Processing => seen(Standing::Processing, "100", "0"),
                Word::Rejected => seen(Standing::Rejected, "0", "0"),
                Word::Approved { refunded } => {
                    taken = true;
                    back = back.max(refunded);
                    seen(Standing::Approved, "100", &back.to_string())
                }
                Word::Refused => Truth::Refused { detail: "other".to_owned() },
                Word::Unheard => Truth::Unheard,
            };
            let settled = settle(&payment, Some(&one), &truth, true, now());
            payment = settled.payment;
            one = settled.reservation.unwrap_or(one);
            let again = settle(&payment, Some(&one), &truth, true, now());
            prop_assert_eq!(again.reservation, None);
            prop_assert!(again.facts.is_empty());
            let expected = if taken { Decimal::from(100 - back) } else { Decimal::ZERO };
            prop_assert_eq!(one.advance_payment.unwrap(), expected);
            prop_assert_eq!(payment.left(), expected);
        }
    }
}
