//! What happened: the facts that leave a transaction through the outbox. They name rows, not people.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    client::Client,
    ids::{ClientId, LevelId, PaymentId, ReceiptId, ReservationId},
    payment::Cause,
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
    /// A reservation passed from one guest to another.
    ReservationGuestChanged {
        /// Which.
        reservation: ReservationId,
        /// Its guest before.
        before: Option<ClientId>,
        /// Its guest after.
        after: Option<ClientId>,
    },
    /// What an approved reservation is worth changed: its price in soles, or where it came from.
    ReservationPriced {
        /// Which.
        reservation: ReservationId,
    },
    /// A reservation was paid in full.
    ReservationPaidInFull {
        /// Which.
        reservation: ReservationId,
    },
    /// A booking from the site was approved for the first time: its guest is to be told.
    ReservationConfirmed {
        /// Which.
        reservation: ReservationId,
    },
    /// A voucher arrived from the guest.
    VoucherReceived {
        /// For which reservation.
        reservation: ReservationId,
        /// The receipt.
        receipt: ReceiptId,
        /// How many there are with it.
        number: usize,
    },
    /// Its guest called a reservation off.
    ReservationCalledOff {
        /// Which.
        reservation: ReservationId,
        /// Points given back to the guest.
        points_returned: Decimal,
    },
    /// A booking lapsed unpaid; the fact of its deletion is told beside this one.
    ReservationLapsed {
        /// Which.
        reservation: ReservationId,
    },
    /// Its guest came back from paying through the confirmation link: a purchase for the advertisements.
    PurchaseConfirmed {
        /// Which reservation.
        reservation: ReservationId,
    },
    /// A card payment was taken.
    PaymentTaken {
        /// Which.
        payment: PaymentId,
        /// The reservation it pays.
        reservation: ReservationId,
    },
    /// Money of a card payment went back.
    PaymentGivenBack {
        /// Which.
        payment: PaymentId,
        /// The reservation it paid.
        reservation: ReservationId,
        /// Soles.
        amount: Decimal,
        /// Why.
        cause: Cause,
    },
    /// A gateway refused to give money back: somebody must look.
    PaymentTroubled {
        /// Which.
        payment: PaymentId,
        /// The reservation it paid.
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
    /// A guest's record changed in what others keep of it, was deleted or came back.
    ClientChanged {
        /// Which.
        client: ClientId,
        /// What reservations show of the guest changed.
        card: bool,
        /// E-mail address or phone changed.
        contact: bool,
        /// Guests whose standing it may change: referrers gained, lost or unchanged.
        referrers: Vec<ClientId>,
    },
    /// A guest chose a password for the first time.
    ClientPasswordSet {
        /// Which.
        client: ClientId,
    },
    /// A finished stay brought a guest points.
    PointsEarned {
        /// Whom.
        client: ClientId,
        /// Which stay.
        reservation: ReservationId,
        /// How many.
        points: Decimal,
        /// The guest who stayed, when it was one that this guest referred.
        referred: Option<ClientId>,
    },
    /// A guest reached levels.
    LevelsReached {
        /// Who.
        client: ClientId,
        /// Which, in the order of lists.
        levels: Vec<LevelId>,
    },
}

/// The fact that a guest's record changed; `None` when nothing changed that others keep.
pub fn client_changed(before: &Client, after: &Client) -> Option<What> {
    let card = before.card() != after.card();
    let contact = (&before.email, &before.tel_number) != (&after.email, &after.tel_number);
    let circle = before.referred_by != after.referred_by || before.deleted != after.deleted;
    let mut referrers: Vec<_> = before.referred_by.into_iter().chain(after.referred_by).collect();
    referrers.dedup();
    if !circle {
        referrers.clear();
    }
    (card || contact || circle).then_some(What::ClientChanged { client: after.id, card, contact, referrers })
}

/// The facts that lead from `before` (absent for a new reservation) to `after`, in the order they are told.
pub fn facts(before: Option<&Reservation>, after: &Reservation, points_returned: Decimal) -> Vec<What> {
    let reservation = after.id;
    let Some(before) = before else {
        let mut facts = vec![What::ReservationCreated { reservation, status: after.status }];
        if after.payment_approved_notification_sent {
            facts.push(What::ReservationConfirmed { reservation });
        }
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
    if after.payment_approved_notification_sent && !before.payment_approved_notification_sent {
        facts.push(What::ReservationConfirmed { reservation });
    }
    if before.client != after.client {
        facts.push(What::ReservationGuestChanged { reservation, before: before.client, after: after.client });
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
    let priced = (before.price_sol, before.origin) != (after.price_sol, after.origin);
    if priced && after.status == Status::Approved && before.status == Status::Approved {
        facts.push(What::ReservationPriced { reservation });
    }
    if after.full_payment && !before.full_payment {
        facts.push(What::ReservationPaidInFull { reservation });
    }
    facts
}
