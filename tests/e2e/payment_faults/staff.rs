//! What staff, other guests and jobs do in between.

use std::sync::{Arc, Mutex};

use casa_domain::{
    ReservationId,
    ids::PaymentId,
    reservation::{Reservation, Status},
};
use casa_gateways::Cards;
use casa_jobs::{
    bookings_expire, ending,
    payments::{RefundOutcome, ask_refund, hear, settle_all, settle_one},
};
use casa_store::{StoreError, reservations::Change};
use casa_web::AppState;
use rand::{Rng, rngs::StdRng};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::guests::Deed;

/// Tries after losing a race.
const TRIES: usize = 50;
/// What staff put on a price.
const RAISE: Decimal = Decimal::from_parts(50, 0, 0, false, 0);

/// What staff did to a stay, and the other bookings of its house.
#[derive(Debug, Default)]
pub struct Ledger {
    pub raised: Decimal,
    pub nights_added: i64,
    /// Cancelled or deleted at some time.
    pub ended: bool,
    pub others: Vec<ReservationId>,
}

/// A change of a reservation by staff.
#[derive(Clone, Copy, Debug)]
pub enum Edit {
    Cancel,
    Approve,
    Raise,
    /// One night more.
    Extend,
    Delete,
}

pub fn edits(state: AppState, id: ReservationId, edit: Edit, ledger: Arc<Mutex<Ledger>>) -> Deed {
    Box::pin(async move {
        let (store, now) = (&state.store, state.clock.now());
        for _ in 0..TRIES {
            let stored = store.reservations().get(id).await.unwrap().unwrap();
            let before = stored.booked.reservation.clone();
            let mut after = before.clone();
            match edit {
                _ if before.deleted => return format!("{edit:?}: gone"),
                Edit::Cancel => after.status = Status::Cancelled,
                Edit::Approve => after.status = Status::Approved,
                Edit::Raise => after.price_sol = before.price_sol.map(|price| price + RAISE),
                Edit::Extend if before.late_checkout => return "Extend: late already".to_owned(),
                Edit::Extend => after.check_out_date = before.check_out_date.succ_opt().unwrap(),
                Edit::Delete => {}
            }
            let change = match edit {
                Edit::Delete => ending::deleted(store, &stored, now).await.unwrap(),
                _ => Change::new(Some(&stored), after, None),
            };
            match store.reservations().commit(change, now).await {
                Ok(_) => {
                    let mut ledger = ledger.lock().unwrap();
                    match edit {
                        Edit::Raise => ledger.raised += RAISE,
                        Edit::Extend => ledger.nights_added += 1,
                        Edit::Cancel | Edit::Delete => ledger.ended = true,
                        Edit::Approve => {}
                    }
                    return format!("{edit:?}: done");
                }
                Err(StoreError::Changed) => {}
                Err(problem) => return format!("{edit:?}: {problem}"),
            }
        }
        panic!("{edit:?} {id} never got through");
    })
}

/// Somebody else books the night after a stay.
pub fn neighbour(state: AppState, id: ReservationId, ledger: Arc<Mutex<Ledger>>) -> Deed {
    Box::pin(async move {
        let now = state.clock.now();
        let stored = state.store.reservations().get(id).await.unwrap().unwrap();
        let stay = &stored.booked.reservation;
        let from = stay.check_out_date;
        let other = ReservationId(Uuid::new_v4());
        let mut one = Reservation::new(other, stay.house, from, from.succ_opt().unwrap(), now);
        one.status = Status::Approved;
        match state.store.reservations().commit(Change::new(None, one, None), now).await {
            Ok(_) => {
                ledger.lock().unwrap().others.push(other);
                "neighbour: booked".to_owned()
            }
            Err(problem) => format!("neighbour: {problem}"),
        }
    })
}

/// Staff give back a part or the rest of one of a stay's payments.
pub fn refunds(state: AppState, cards: Cards, id: ReservationId, dice: &mut StdRng) -> Deed {
    let (which, percent): (usize, u32) = (dice.random_range(0..8), dice.random_range(1..100));
    let share = (percent < 60).then_some(percent);
    Box::pin(async move {
        let payments = state.store.payments().of(id).await.unwrap();
        let Some(payment) = payments.get(which % payments.len().max(1)) else {
            return "refund: none".to_owned();
        };
        let part = |share: u32| casa_domain::money::to_cents(payment.amount * Decimal::new(share.into(), 2));
        match ask_refund(&state, &cards, payment.id, share.map(part), 1).await {
            Ok(RefundOutcome::Asked(payment)) => format!("refund: {:?}", payment.refunds.last()),
            Ok(other) => format!("refund: {other:?}"),
            Err(problem) => format!("refund: {problem}"),
        }
    })
}

pub fn hears(
    state: AppState,
    cards: Cards,
    vendor: casa_domain::payment::Vendor,
    transaction: String,
) -> Deed {
    Box::pin(async move {
        match hear(&state, &cards, vendor, &transaction).await {
            Ok(_) => format!("heard of {transaction}"),
            Err(problem) => format!("heard of {transaction}: {problem}"),
        }
    })
}

pub fn settles_one(state: AppState, cards: Cards, payment: PaymentId) -> Deed {
    Box::pin(
        async move { format!("settle one: {:?}", settle_one(&state, &cards, payment).await.map(|_| ())) },
    )
}

pub fn settles(state: AppState, cards: Cards) -> Deed {
    Box::pin(async move { format!("settle: {:?}", settle_all(&state, &cards, false).await) })
}

pub fn expires(state: AppState) -> Deed {
    Box::pin(async move { format!("expire: {:?}", bookings_expire::run(&state, false).await) })
}
