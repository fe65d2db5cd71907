//! The life of a booking between the guest's click and the paid stay: deadline, vouchers, approval, calling off
//! (contract 06 §4.1, 03 §4.F with the repairs of 05 §8 and 06 §8).

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;

use super::{Origin, Reservation, Status};

/// Hours a guest has to send a voucher or pay after booking.
pub const VOUCHER_HOURS: i64 = 1;

/// Why a voucher is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Vouchers belong to bookings that guests made themselves.
    #[error("Solo las reservas hechas en la web aceptan vouchers.")]
    NotFromTheSite,
    /// The hour is over.
    #[error("El plazo para subir el voucher ya venció.")]
    TooLate,
    /// Approved, refused or called off: nothing is waited for.
    #[error("Esta reserva ya no espera un voucher.")]
    NotWaiting,
}

impl Reservation {
    /// Whether it waits for money: booked and neither confirmed nor refused.
    pub fn waits_for_money(&self) -> bool {
        !self.deleted && matches!(self.status, Status::Incomplete | Status::Pending | Status::UnderReview)
    }

    /// When it lapses by itself: made by a guest, nothing received, a deadline set (contract 06 §6,
    /// `delete_expired_reservations`).
    pub fn lapses_at(&self) -> Option<DateTime<Utc>> {
        let unpaid = matches!(self.status, Status::Incomplete | Status::Pending);
        let waits =
            unpaid && !self.deleted && !self.payment_voucher_uploaded && self.origin == Origin::Client;
        self.payment_voucher_deadline.filter(|_| waits)
    }

    /// Starts the hour in which the guest pays or sends a voucher.
    pub fn start_deadline(&mut self, now: DateTime<Utc>) {
        self.payment_voucher_deadline = now.checked_add_signed(TimeDelta::hours(VOUCHER_HOURS));
    }

    /// Whether a voucher is taken at `now`; the last instant of the deadline still counts (contract 06 §9, example 9).
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn takes_voucher(&self, now: DateTime<Utc>) -> Result<(), NotTaken> {
        if self.origin != Origin::Client {
            return Err(NotTaken::NotFromTheSite);
        }
        if self.payment_voucher_deadline.is_some_and(|deadline| now > deadline) {
            return Err(NotTaken::TooLate);
        }
        if self.waits_for_money() { Ok(()) } else { Err(NotTaken::NotWaiting) }
    }

    /// Notes the voucher that makes `number` of them: the first one makes the booking pending, later ones put it under
    /// review; the deadline is over (contract 03 §4.F, V3).
    pub fn take_voucher(&mut self, number: usize, confirmed: bool) {
        self.status = if number <= 1 { Status::Pending } else { Status::UnderReview };
        self.payment_voucher_uploaded = true;
        self.payment_confirmed = confirmed;
        self.payment_voucher_deadline = None;
    }

    /// Notes that the guest of an approved booking from the site is to be told, once ever (contract 05 §4.3, U1).
    pub fn note_approval(&mut self) {
        if self.origin == Origin::Client && self.status == Status::Approved && !self.deleted {
            self.payment_approved_notification_sent = true;
        }
    }

    /// Whether its guest may call it off on the local date `today`: it holds nights and its arrival day has not come.
    pub fn may_be_called_off(&self, today: NaiveDate) -> bool {
        self.wanted_hold().is_some() && self.check_in_date > today
    }

    /// Takes off the points it was paid with, to be given back to its guest, and answers how many. They leave the
    /// reservation, so that they are never given back twice (decision 11).
    pub fn release_points(&mut self) -> Decimal {
        std::mem::take(&mut self.points_redeemed)
    }
}
