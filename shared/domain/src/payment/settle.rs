//! What a gateway's word does to a payment and to its reservation. Pure: the caller reads both, decides with these, and
//! writes the outcome in one transaction; the same word again changes nothing.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Cause, Payment, Purpose, Refund, RefundState, State};
use crate::{
    event::{self, What},
    ids::StaffId,
    money::to_cents,
    reservation::{Reservation, Status},
};

/// Where a payment stands at its gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The money was taken (it may have gone back since).
    Approved,
    /// Not decided.
    Processing,
    /// Refused or called off: no money was taken.
    Rejected,
}

/// What a gateway says of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It knows it.
    Seen {
        /// Its id there.
        transaction: String,
        /// Where it stands.
        standing: Standing,
        /// The gateway's word for that.
        word: String,
        /// The gateway's reason, empty when it gives none.
        detail: String,
        /// Soles taken.
        taken: Decimal,
        /// Soles given back so far.
        refunded: Decimal,
        /// The guest's bank took the money back.
        charged_back: bool,
    },
    /// It refused the request itself: surely nothing was taken.
    Refused {
        /// Its reason, as a short word.
        detail: String,
    },
    /// It has never heard of it, and will not any more.
    Unheard,
}

/// What follows from a gateway's word.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The payment after it.
    pub payment: Payment,
    /// The reservation after it, where it changes.
    pub reservation: Option<Reservation>,
    /// The facts to tell.
    pub facts: Vec<What>,
}

/// Why a refund cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRefund {
    /// No money was taken.
    #[error("Este pago no fue cobrado.")]
    NotTaken,
    /// Another refund of this payment has no outcome yet.
    #[error("Hay una devolución de este pago en curso.")]
    UnderWay,
    /// More than is left of it, or nothing.
    #[error("El monto a devolver debe ser mayor que cero y no superar lo que queda del pago.")]
    Amount,
}

impl Payment {
    /// Whether a reservation can take this payment's money: it holds its nights, at least that much is due, and what was
    /// bought is not there yet.
    fn fits(&self, reservation: &Reservation) -> bool {
        let live = !reservation.deleted && reservation.status.blocks();
        live && match self.purpose {
            Purpose::Reservation => reservation.due_in_soles() >= self.amount,
            Purpose::TemperaturePool => !reservation.temperature_pool,
            Purpose::LateCheckout => !reservation.late_checkout,
        }
    }

    /// Puts its money, and what it bought, into the reservation (contract 06 §3.1, §3.2).
    fn book(&mut self, reservation: &mut Reservation, now: DateTime<Utc>) {
        self.booked = true;
        reservation.updated = now;
        reservation.payment_voucher_deadline = None;
        match self.purpose {
            Purpose::Reservation => {
                reservation.receive(self.amount);
                if reservation.due_in_soles() <= Decimal::ZERO {
                    reservation.full_payment = true;
                    reservation.status = Status::Approved;
                    reservation.note_approval();
                } else if reservation.status == Status::Incomplete {
                    // A part of the price confirms nothing by itself: staff decide, as with a voucher.
                    reservation.status = Status::Pending;
                }
                return;
            }
            Purpose::TemperaturePool => {
                reservation.temperature_pool = true;
                reservation.price_temperature_pool = Some(self.amount);
            }
            Purpose::LateCheckout => {
                reservation.grant_late_checkout();
                reservation.price_latecheckout = Some(self.amount);
            }
        }
        // The money first: an advance in dollars is worth what the price says that it was paid on.
        reservation.receive(self.amount);
        reservation.charge_more(self.amount, self.dollars);
    }

    /// Takes money that went back out of the reservation, and what it bought once all of it did.
    fn unbook(&self, reservation: &mut Reservation, soles: Decimal, now: DateTime<Utc>) {
        reservation.updated = now;
        reservation.receive(-soles);
        let all = self.refunded() >= self.amount;
        match self.purpose {
            Purpose::TemperaturePool if all && reservation.temperature_pool => {
                reservation.temperature_pool = false;
                reservation.price_temperature_pool = Some(Decimal::ZERO);
                reservation.charge_more(-self.amount, -self.dollars);
            }
            Purpose::LateCheckout if all && reservation.late_checkout => {
                reservation.revoke_late_checkout();
                reservation.price_latecheckout = Some(Decimal::ZERO);
                reservation.charge_more(-self.amount, -self.dollars);
            }
            _ => {}
        }
        if reservation.due_in_soles() > Decimal::ZERO {
            reservation.full_payment = false;
        }
    }

    fn given_back(&self, amount: Decimal, cause: Cause) -> What {
        What::PaymentGivenBack { payment: self.id, reservation: self.reservation, amount, cause }
    }
}

/// Applies a gateway's word. `reservation` is the one it pays, as stored. With `usable` false the money cannot be booked
/// (the night it buys was sold meanwhile) and goes back. Never moves backwards: what was taken stays taken until it is
/// given back.
pub fn settle(
    before: &Payment,
    reservation: Option<&Reservation>,
    truth: &Truth,
    usable: bool,
    now: DateTime<Utc>,
) -> Settled {
    let mut payment = before.clone();
    let mut after = reservation.cloned();
    let mut told = Vec::new();
    match truth {
        Truth::Seen { transaction, standing, word, detail, taken, refunded, charged_back } => {
            payment.transaction = Some(transaction.clone());
            if !detail.is_empty() {
                payment.detail = Some(detail.clone());
            }
            match standing {
                Standing::Approved => {
                    if payment.state != State::Approved {
                        payment.amount = to_cents(*taken);
                        payment.step(State::Approved, Some(word), now);
                        approve(&mut payment, &mut after, usable, now);
                        told.push(What::PaymentTaken {
                            payment: payment.id,
                            reservation: payment.reservation,
                        });
                    }
                    let total = if *charged_back { payment.amount } else { to_cents(*refunded) };
                    let cause = if *charged_back { Cause::Chargeback } else { Cause::Gateway };
                    catch_up(&mut payment, &mut after, total, cause, &mut told, now);
                }
                Standing::Processing if matches!(payment.state, State::Started | State::Abandoned) => {
                    payment.step(State::Processing, Some(word), now);
                }
                Standing::Rejected if payment.is_open() || payment.state == State::Abandoned => {
                    payment.step(State::Rejected, Some(word), now);
                }
                Standing::Processing | Standing::Rejected => {}
            }
        }
        Truth::Refused { detail } if payment.is_open() => {
            payment.detail = Some(detail.clone());
            payment.step(State::Rejected, None, now);
        }
        Truth::Unheard if payment.state == State::Started => payment.step(State::Abandoned, None, now),
        Truth::Refused { .. } | Truth::Unheard => {}
    }
    finish(reservation, after, payment, told)
}

/// Books the money where it fits; where it does not, decides that it goes back.
fn approve(payment: &mut Payment, reservation: &mut Option<Reservation>, usable: bool, now: DateTime<Utc>) {
    match reservation {
        Some(reservation) if usable && payment.fits(reservation) => payment.book(reservation, now),
        _ => payment.refunds.push(unusable(payment, payment.amount, now)),
    }
}

/// The refund of so much money that the reservation could not take.
fn unusable(payment: &Payment, amount: Decimal, now: DateTime<Utc>) -> Refund {
    Refund {
        id: Uuid::new_v5(&payment.id.0, format!("unusable {amount}").as_bytes()),
        created: now,
        asked: None,
        amount,
        by: None,
        cause: Cause::Unusable,
        state: RefundState::Asked,
    }
}

/// Notes what went back according to the gateway beyond what is known here: first the refund that was asked for.
fn catch_up(
    payment: &mut Payment,
    reservation: &mut Option<Reservation>,
    total: Decimal,
    cause: Cause,
    told: &mut Vec<What>,
    now: DateTime<Utc>,
) {
    let mut fresh = total - payment.refunded();
    if fresh <= Decimal::ZERO {
        return;
    }
    let mut back = Vec::new();
    for refund in payment.refunds.iter_mut().filter(|refund| refund.state == RefundState::Asked) {
        if refund.amount <= fresh {
            refund.state = RefundState::Done;
            fresh -= refund.amount;
            back.push((refund.amount, refund.cause));
        } else if cause == Cause::Chargeback {
            // Nothing is left that could go back this way.
            refund.state = RefundState::Refused;
        }
    }
    if fresh > Decimal::ZERO {
        payment.refunds.push(Refund {
            id: Uuid::new_v5(&payment.id.0, format!("{cause} {total}").as_bytes()),
            created: now,
            asked: None,
            amount: fresh,
            by: None,
            cause,
            state: RefundState::Done,
        });
        back.push((fresh, cause));
    }
    payment.updated = now;
    give_back(payment, reservation, &back, told, now);
}

fn give_back(
    payment: &Payment,
    reservation: &mut Option<Reservation>,
    back: &[(Decimal, Cause)],
    told: &mut Vec<What>,
    now: DateTime<Utc>,
) {
    let soles = back.iter().map(|(amount, _)| *amount).sum();
    if let Some(reservation) = reservation.as_mut().filter(|_| payment.booked) {
        payment.unbook(reservation, soles, now);
    }
    told.extend(back.iter().map(|(amount, cause)| payment.given_back(*amount, *cause)));
}

fn finish(
    before: Option<&Reservation>,
    after: Option<Reservation>,
    payment: Payment,
    told: Vec<What>,
) -> Settled {
    let reservation = after.filter(|after| Some(after) != before);
    let mut facts = match (before, &reservation) {
        (Some(before), Some(after)) => event::facts(Some(before), after, Decimal::ZERO),
        _ => Vec::new(),
    };
    facts.extend(told);
    Settled { payment, reservation, facts }
}

/// Decides that money goes back: `amount` soles, or all that is left.
///
/// # Errors
/// [`NoRefund`].
pub fn ask_refund(
    before: &Payment,
    id: Uuid,
    amount: Option<Decimal>,
    by: StaffId,
    now: DateTime<Utc>,
) -> Result<Payment, NoRefund> {
    if before.state != State::Approved {
        return Err(NoRefund::NotTaken);
    }
    if before.asked_refund().is_some() {
        return Err(NoRefund::UnderWay);
    }
    let amount = amount.unwrap_or_else(|| before.left());
    if amount <= Decimal::ZERO || amount > before.left() || amount != to_cents(amount) {
        return Err(NoRefund::Amount);
    }
    let mut payment = before.clone();
    payment.updated = now;
    let state = RefundState::Asked;
    payment.refunds.push(Refund {
        id,
        created: now,
        asked: None,
        amount: to_cents(amount),
        by: Some(by),
        cause: Cause::Staff,
        state,
    });
    Ok(payment)
}

/// Applies the gateway's answer to the refund that was asked for: it went back, or was refused.
pub fn settle_refund(
    before: &Payment,
    reservation: Option<&Reservation>,
    done: bool,
    now: DateTime<Utc>,
) -> Settled {
    let mut payment = before.clone();
    let mut after = reservation.cloned();
    let mut told = Vec::new();
    if let Some(refund) = payment.refunds.iter_mut().find(|refund| refund.state == RefundState::Asked) {
        refund.state = if done { RefundState::Done } else { RefundState::Refused };
        let (amount, cause) = (refund.amount, refund.cause);
        payment.updated = now;
        if done {
            give_back(&payment, &mut after, &[(amount, cause)], &mut told, now);
        } else {
            let left = payment.amount - payment.refunded();
            if cause == Cause::Unusable && left > Decimal::ZERO && left < amount {
                // A part of it went back meanwhile, so that the whole could not: the rest is asked for, under another key.
                payment.refunds.push(unusable(&payment, left, now));
            } else {
                told.push(What::PaymentTroubled { payment: payment.id, reservation: payment.reservation });
            }
        }
    }
    finish(reservation, after, payment, told)
}

#[cfg(test)]
mod tests;
