//! `bookings-expire`: ends bookings from the site whose hour is over without voucher or payment (contract 06 §4.5, §6,
//! `delete_expired_reservations`). Nights, points and the use of a discount code go back in the transaction that deletes
//! the booking, so that two runs at once give back nothing twice.

use std::collections::BTreeSet;

use casa_domain::{ReservationId, event::What};
use casa_store::{
    Audit, AuditAction, RESERVATION_ROWS, StoreError,
    reservations::{Booked, Change},
};
use casa_web::AppState;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{JobError, ending};

/// Tries at one booking after losing races for it or for its guest's points.
const TRIES: usize = 6;
/// Looks at the overdue bookings, two hundred at most each. What is left after them the next run does.
const LOOKS: usize = 20;

/// What became of an overdue booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It lapsed.
    Lapsed,
    /// A card payment is under way: whatever becomes of it decides.
    Paying,
    /// It waits for nothing any more.
    Kept,
}

/// Ends what is overdue; with `dry_run` only says what would end. Answers how many bookings lapsed and how many were left
/// because a card payment is under way.
///
/// # Errors
/// [`JobError`]; [`JobError::Partly`] where some bookings could not be ended. The others were.
pub async fn run(state: &AppState, dry_run: bool) -> Result<Value, JobError> {
    let now = state.clock.now();
    let (mut seen, mut lapsed, mut paying, mut failed) = (BTreeSet::new(), 0, 0, 0);
    for _ in 0..LOOKS {
        let found = state.store.reservations().overdue(now).await?;
        // What stays in the index was looked at before, as was what has just left it: an index lags.
        let fresh: Vec<_> = found.into_iter().filter(|id| seen.insert(*id)).collect();
        if fresh.is_empty() {
            break;
        }
        for id in fresh {
            match end(state, id, now, dry_run).await {
                Ok(Outcome::Lapsed) => lapsed += 1,
                Ok(Outcome::Paying) => paying += 1,
                Ok(Outcome::Kept) => {}
                Err(error) => {
                    tracing::error!(%error, reservation = %id, "an overdue booking could not be ended");
                    failed += 1;
                }
            }
        }
    }
    if failed > 0 {
        return Err(JobError::Partly(format!("{failed} overdue bookings could not be ended, {lapsed} were")));
    }
    Ok(json!({ "lapsed": lapsed, "paying": paying }))
}

/// Ends one booking, if it is still to end as it stands now.
async fn end(
    state: &AppState,
    id: ReservationId,
    now: DateTime<Utc>,
    dry_run: bool,
) -> Result<Outcome, StoreError> {
    let reservations = state.store.reservations();
    for _ in 0..TRIES {
        let Some(stored) = reservations.get(id).await? else { return Ok(Outcome::Kept) };
        let outcome = decide(&stored.booked, now);
        if dry_run || outcome != Outcome::Lapsed {
            return Ok(outcome);
        }
        let deleted = ending::deleted(&state.store, &stored, now).await?;
        let mut facts = deleted.facts.clone();
        facts.push(What::ReservationLapsed { reservation: id });
        let audit = Some(Audit::new(None, AuditAction::Deleted, RESERVATION_ROWS, id, now));
        match reservations.commit(Change { facts, audit, ..deleted }, now).await {
            Ok(_) => return Ok(Outcome::Lapsed),
            // A voucher, a payment, staff or another run was first: what is to be done now, the booking says.
            Err(StoreError::Changed) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Changed)
}

fn decide(booked: &Booked, now: DateTime<Utc>) -> Outcome {
    match booked.reservation.lapses_at() {
        // The last instant still counts, as it does for a voucher.
        Some(deadline) if deadline < now && booked.paying.is_some() => Outcome::Paying,
        Some(deadline) if deadline < now => Outcome::Lapsed,
        _ => Outcome::Kept,
    }
}

#[cfg(test)]
mod tests {
    use casa_domain::{
        HouseId,
        ids::PaymentId,
        reservation::{Origin, Reservation, Status},
    };
    use casa_store::reservations::Paying;
    use chrono::{NaiveDate, TimeDelta};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_unpaid_bookings_of_guests_end() {
        let now: DateTime<Utc> = "2025-11-12T15:30:00Z".parse().unwrap();
        let day = |day| NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
        let mut one = Reservation::new(ReservationId(Uuid::nil()), HouseId(Uuid::nil()), day(5), day(8), now);
        one.origin = Origin::Client;
        one.payment_voucher_deadline = Some(now - TimeDelta::milliseconds(1));
        let booked = |one: &Reservation| Booked {
            reservation: one.clone(),
            client: None,
            hold: None,
            code: None,
            paying: None,
        };
        assert_eq!(decide(&booked(&one), now), Outcome::Lapsed);
        let paying = Some(Paying { payment: PaymentId(Uuid::nil()), night: false });
        assert_eq!(decide(&Booked { paying, ..booked(&one) }, now), Outcome::Paying);
        let changed = |change: fn(&mut Reservation, DateTime<Utc>)| {
            let mut other = one.clone();
            change(&mut other, now);
            decide(&booked(&other), now)
        };
        assert_eq!(changed(|one, _| one.status = Status::Pending), Outcome::Lapsed);
        for kept in [
            changed(|one, now| one.payment_voucher_deadline = Some(now)),
            changed(|one, _| one.payment_voucher_deadline = None),
            changed(|one, _| one.payment_voucher_uploaded = true),
            changed(|one, _| one.status = Status::Approved),
            changed(|one, _| one.status = Status::UnderReview),
            changed(|one, _| one.status = Status::Cancelled),
            changed(|one, _| one.origin = Origin::Staff),
            changed(|one, _| one.deleted = true),
        ] {
            assert_eq!(kept, Outcome::Kept);
        }
    }
}
