//! What must be true in the end.

use std::collections::BTreeSet;

use casa_domain::{
    Stay,
    payment::{Payment, Purpose, RefundState, State},
};
use casa_tests::card_fakes::Fate;
use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::world::World;

/// The price of a stay before anything is added.
const PRICE: Decimal = Decimal::from_parts(1000, 0, 0, false, 0);

/// Compares the books of a stay with the gateways and the calendar.
pub async fn check(world: &World, number: usize) {
    let booking = &world.bookings[number];
    let store = &world.state.store;
    let stored = store.reservations().get(booking.id).await.unwrap().unwrap();
    let one = &stored.booked.reservation;
    let payments = store.payments().of(booking.id).await.unwrap();
    let at_banks = world.payments_of(number);
    let why = |what: &str| {
        format!(
            "seed {} stay {number}: {what}\n{one:#?}\n{payments:#?}\n{at_banks:#?}\n  {}",
            world.seed,
            booking.told.join("\n  ")
        )
    };

    // Every charge is known, and every intent was charged once at most.
    for (_, charged) in &at_banks {
        let known = payments.iter().any(|payment| payment.id.to_string() == charged.reference);
        assert!(known, "{}", why("a charge that nobody knows"));
    }
    let (mut taken_in_all, mut back_in_all) = (Decimal::ZERO, Decimal::ZERO);
    for payment in &payments {
        let reference = payment.id.to_string();
        let under =
            at_banks.iter().filter(|(_, charged)| charged.reference == reference && charged.took_money());
        let under: Vec<_> = under.map(|(_, charged)| charged).collect();
        assert!(under.len() <= 1, "{}", why("charged twice"));
        let taken: Decimal = under.iter().map(|charged| charged.amount).sum();
        let back: Decimal = under
            .iter()
            .map(
                |charged| if charged.fate == Fate::ChargedBack { charged.amount } else { charged.refunded() },
            )
            .sum();
        let recorded = if payment.state == State::Approved { payment.amount } else { Decimal::ZERO };
        assert_eq!(recorded, taken, "{}", why("taken"));
        assert_eq!(payment.refunded(), back, "{}", why("given back"));
        assert!(!payment.is_unsettled(), "{}", why("unsettled"));
        assert!(payment.refunds.iter().all(|refund| refund.state != RefundState::Asked), "{}", why("asked"));
        if payment.state == State::Approved && !payment.booked {
            assert_eq!(payment.refunded(), payment.amount, "{}", why("neither booked nor given back"));
            // While a payment is under way nobody pays the same again, takes its night or lets the booking lapse.
            let ended = booking.ledger.lock().unwrap().ended;
            // What the gateway's panel or the bank gave back meanwhile takes its addition along, and less is due.
            let shrunk = payments.iter().any(|other| {
                other.id != payment.id
                    && other.purpose != Purpose::Reservation
                    && other.state == State::Approved
                    && other.refunded() == other.amount
            });
            assert!(
                ended || shrunk,
                "{}",
                why("charged for what could not be bought, and nobody called it off")
            );
        }
        assert!(!payment.booked || payment.state == State::Approved, "{}", why("booked without money"));
        world.tally.count(&match payment.state {
            State::Approved if payment.booked => "payment: booked".to_owned(),
            State::Approved => "payment: not booked".to_owned(),
            state => format!("payment: {state}"),
        });
        for refund in &payment.refunds {
            world.tally.count(&format!("refund: {}", refund.cause));
        }
        taken_in_all += taken;
        back_in_all += back;
    }
    assert_eq!(stored.booked.paying, None, "{}", why("still paying"));

    // The reservation holds what was booked, and costs what was bought.
    let kept = |payment: &&Payment| payment.booked && payment.refunded() < payment.amount;
    let advance: Decimal =
        payments.iter().filter(kept).map(|payment| payment.amount - payment.refunded()).sum();
    assert_eq!(one.advance_payment.unwrap_or_default(), advance, "{}", why("advance"));
    assert_eq!(advance, taken_in_all - back_in_all, "{}", why("money in all"));
    let bought = |purpose: Purpose| -> Vec<&Payment> {
        payments.iter().filter(kept).filter(|payment| payment.purpose == purpose).collect()
    };
    let (pool, late) = (bought(Purpose::TemperaturePool), bought(Purpose::LateCheckout));
    assert!(pool.len() <= 1 && late.len() <= 1, "{}", why("bought twice"));
    assert_eq!(
        (one.temperature_pool, one.late_checkout),
        (!pool.is_empty(), !late.is_empty()),
        "{}",
        why("bought")
    );
    let additions: Decimal = pool.iter().chain(&late).map(|payment| payment.amount).sum();
    let (raised, added) = {
        let ledger = booking.ledger.lock().unwrap();
        (ledger.raised, ledger.nights_added)
    };
    assert_eq!(one.price_sol.unwrap(), PRICE + raised + additions, "{}", why("price"));
    // An addition that goes back in two parts may have been paid again in between, as a part of what was due.
    let undone = |payment: &&Payment| {
        payment.booked && payment.purpose != Purpose::Reservation && payment.refunded() == payment.amount
    };
    let undone: Decimal = payments.iter().filter(undone).map(|payment| payment.amount).sum();
    assert!(one.due_in_soles() + undone >= Decimal::ZERO, "{}", why("paid too much"));
    let departure = booking.departure + TimeDelta::days(added + i64::from(one.late_checkout));
    assert_eq!(one.check_out_date, departure, "{}", why("departure"));

    // The calendar holds the nights of what blocks nights, and no others.
    let mut wanted = BTreeSet::new();
    let others = booking.ledger.lock().unwrap().others.clone();
    for id in others.into_iter().chain([booking.id]) {
        let other = store.reservations().get(id).await.unwrap().unwrap().booked;
        assert_eq!(other.hold, other.reservation.wanted_hold(), "{}", why("hold"));
        wanted.extend(
            other
                .hold
                .into_iter()
                .flat_map(|hold| hold.stay.iter().map(move |night| (night, id)).collect::<Vec<_>>()),
        );
    }
    let around =
        Stay::new(booking.departure - TimeDelta::days(5), booking.departure + TimeDelta::days(8)).unwrap();
    let held = store.calendar().held(one.house, around).await.unwrap();
    assert_eq!(held.into_iter().collect::<BTreeSet<_>>(), wanted, "{}", why("nights"));
}
