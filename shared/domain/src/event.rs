//! What happened: the facts that leave a transaction through the outbox. They name rows, not people.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{ClientId, ReservationId},
    reservation::{Reservation, Status},
};

/// A fact with its identity: effects are carried out at most once per id and effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Identity of the fact.
    pub id: Uuid,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// The kinds of facts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A reservation was entered.
    ReservationCreated {
        /// Which.
        reservation: ReservationId,
        /// Its status when entered.
        status: Status,
    },
    /// A reservation's status changed.
    ReservationStatusChanged {
        /// Which.
        reservation: ReservationId,
        /// Before.
        from: Status,
        /// After.
        to: Status,
    },
    /// A reservation's nights changed while it blocks (moved, extended, late check-out).
    ReservationMoved {
        /// Which.
        reservation: ReservationId,
        /// Departure before.
        check_out_before: NaiveDate,
        /// Departure after.
        check_out_after: NaiveDate,
    },
    /// A reservation was paid in full.
    ReservationPaidInFull {
        /// Which.
        reservation: ReservationId,
    },
    /// A reservation was deleted.
    ReservationDeleted {
        /// Which.
        reservation: ReservationId,
        /// Points given back to the guest.
        points_returned: Decimal,
    },
    /// A guest's record was entered.
    ClientCreated {
        /// Which.
        client: ClientId,
    },
}

/// The facts that lead from `before` (absent for a new reservation) to `after`, in the order they are told.
pub fn facts(before: Option<&Reservation>, after: &Reservation, points_returned: Decimal) -> Vec<What> {
    let reservation = after.id;
    let Some(before) = before else {
        let mut facts = vec![What::ReservationCreated { reservation, status: after.status }];
        if after.full_payment {
            facts.push(What::ReservationPaidInFull { reservation });
        }
        return facts;
    };
    if after.deleted && !before.deleted {
        return vec![What::ReservationDeleted { reservation, points_returned }];
    }
    let mut facts = Vec::new();
    if before.status != after.status {
        facts.push(What::ReservationStatusChanged { reservation, from: before.status, to: after.status });
    }
    let moved = (before.house, before.check_in_date, before.check_out_date)
        != (after.house, after.check_in_date, after.check_out_date);
    if moved && after.status.blocks() {
        facts.push(What::ReservationMoved {
            reservation,
            check_out_before: before.check_out_date,
            check_out_after: after.check_out_date,
        });
    }
    if after.full_payment && !before.full_payment {
        facts.push(What::ReservationPaidInFull { reservation });
    }
    facts
}
