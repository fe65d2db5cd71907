//! Loyalty points (contract 02 §1.2, §4.5 to §4.7; decision 11). One point is one sol. The ledger is append-only; the
//! balance stands in the guest's record and moves together with it. Every amount is rounded once, half to even, to two
//! decimals before it is used, so that ledger and balance never drift apart.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    client::Client,
    ids::{ClientId, ReservationId},
    money::to_cents,
    reservation::{Origin, Reservation, Status, choices},
};

/// Points per sol of a stay: 5 %.
const EARNED_SHARE: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
/// For how many days points last after the check-out (or the adjustment) that brought them.
const LAST_DAYS: i64 = 365;
/// Balances stay below this: the original's column ends there.
const TOO_MANY: Decimal = Decimal::from_parts(100_000_000, 0, 0, false, 0);

choices! {
    /// Why points moved.
    Kind {
        /// For a stay, or given by staff.
        #[default]
        Earned = "earned",
        /// Spent on a booking, taken by staff.
        Redeemed = "redeemed",
        /// Lapsed.
        Expired = "expired",
        /// Given back.
        Refunded = "refunded",
        /// For a stay of a referred guest.
        Referral = "referral",
        /// By hand, in old rows only.
        Manual = "manual",
        /// Without a kind: written by an old command that never moved the balance.
        Unnamed = "",
    }
}

/// An entry of a guest's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id; follows from its cause where it has one.
    pub id: Uuid,
    /// When the points moved.
    pub created: DateTime<Utc>,
    /// Soft-deleted: counts for nothing.
    #[serde(default)]
    pub deleted: bool,
    /// Whose points.
    pub client: ClientId,
    /// The reservation that caused it.
    #[serde(default)]
    pub reservation: Option<ReservationId>,
    /// The referred guest whose stay brought the points.
    #[serde(default)]
    pub referred_client: Option<ClientId>,
    /// Why.
    #[serde(default)]
    pub transaction_type: Kind,
    /// How many: positive adds, negative takes. Two decimals.
    pub points: Decimal,
    /// For people, in Spanish.
    #[serde(default)]
    pub description: String,
    /// What the row says of its own life. Informative only: the balance lapses as a whole.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a movement does to the instant at which the whole balance lapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// Nothing.
    Keep,
    /// Not before this instant (decision 11: never shortened).
    NotBefore(DateTime<Utc>),
    /// There is none any more.
    Never,
}

/// Points that are to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Why.
    pub kind: Kind,
    /// How many: positive adds, negative takes. Two decimals.
    pub points: Decimal,
    /// For people.
    pub description: String,
    /// The reservation that causes it. A movement of one kind happens once per guest and reservation, ever.
    pub reservation: Option<ReservationId>,
    /// The referred guest.
    pub referred_client: Option<ClientId>,
    /// What the ledger's row says of its life.
    pub expires_at: Option<DateTime<Utc>>,
    /// What happens to the balance's life.
    pub lapse: Lapse,
}

/// Why points cannot move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsError {
    /// The balance would become negative.
    #[error("not enough points")]
    NotEnough,
    /// The balance would leave the column of the original.
    #[error("too many points")]
    TooMany,
}

impl Movement {
    /// Carries the movement out on a guest's record: balance, lapse and `updated`.
    ///
    /// # Errors
    /// [`PointsError`].
    pub fn carry_out(&self, client: &mut Client, now: DateTime<Utc>) -> Result<(), PointsError> {
        let balance = to_cents(client.points_balance + self.points);
        if balance < Decimal::ZERO {
            return Err(PointsError::NotEnough);
        }
        if balance >= TOO_MANY {
            return Err(PointsError::TooMany);
        }
        match self.lapse {
            Lapse::Keep => {}
            Lapse::Never => client.points_expires_at = None,
            // A balance that never lapses (points given back after everything had lapsed) goes on like that.
            Lapse::NotBefore(_)
                if client.points_expires_at.is_none() && client.points_balance > Decimal::ZERO => {}
            Lapse::NotBefore(instant) => {
                client.points_expires_at = client.points_expires_at.max(Some(instant));
            }
        }
        client.points_balance = balance;
        client.updated = now;
        Ok(())
    }

    /// The ledger's entry; its id follows from the cause, or is `id` where there is none.
    pub fn entry(&self, client: ClientId, id: Uuid, now: DateTime<Utc>) -> Entry {
        let id = match self.reservation {
            Some(reservation) => Uuid::new_v5(&reservation.0, format!("{}#{client}", self.kind).as_bytes()),
            None => id,
        };
        Entry {
            id,
            created: now,
            deleted: false,
            client,
            reservation: self.reservation,
            referred_client: self.referred_client,
            transaction_type: self.kind,
            points: self.points,
            description: self.description.clone(),
            expires_at: self.expires_at,
        }
    }
}

/// Whether a reservation brings points on a local date: approved, not deleted, booked by a guest or by staff for one,
/// with a price in soles, and its check-out reached (contract 02 §4.7 with §8, defect 12). Whether its guest is one of
/// the house's own (maintenance, Airbnb) the caller knows.
pub fn is_due(reservation: &Reservation, today: NaiveDate) -> bool {
    !reservation.deleted
        && reservation.status == Status::Approved
        && reservation.client.is_some()
        && matches!(reservation.origin, Origin::Staff | Origin::Client)
        && reservation.price_sol.is_some_and(|price| price > Decimal::ZERO)
        && reservation.check_out_date <= today
}

/// What a reservation is worth for points: its price in soles less the points spent on it.
pub fn effective(reservation: &Reservation) -> Decimal {
    let price = reservation.price_sol.unwrap_or_default();
    if reservation.points_redeemed > Decimal::ZERO { price - reservation.points_redeemed } else { price }
}

/// The local date at whose beginning points of a stay lapse.
pub fn last_day(check_out: NaiveDate) -> NaiveDate {
    check_out.checked_add_signed(TimeDelta::days(LAST_DAYS)).unwrap_or(NaiveDate::MAX)
}

/// When points given at `now` lapse.
pub fn a_year_from(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::days(LAST_DAYS)
}

/// What the guest of a finished stay earns; `None` when it is nothing. `lapses` is the beginning of [`last_day`].
pub fn earned(
    reservation: &Reservation,
    house: &str,
    lapses: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Movement> {
    let points = to_cents(effective(reservation) * EARNED_SHARE);
    (points > Decimal::ZERO).then(|| Movement {
        kind: Kind::Earned,
        points,
        description: format!("Puntos por la estadía en {house}"),
        reservation: Some(reservation.id),
        referred_client: None,
        expires_at: Some(a_year_from(now)),
        lapse: Lapse::NotBefore(lapses),
    })
}

/// What the referrer of a finished stay's guest gets at `share` percent; `None` when it is nothing.
pub fn for_referrer(
    reservation: &Reservation,
    guest: &Client,
    share: Decimal,
    lapses: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Movement> {
    let points = to_cents(effective(reservation) * share / Decimal::ONE_HUNDRED);
    (points > Decimal::ZERO).then(|| Movement {
        kind: Kind::Referral,
        points,
        description: format!("Puntos por referir a {}", guest.short_name()),
        reservation: Some(reservation.id),
        referred_client: Some(guest.id),
        expires_at: Some(a_year_from(now)),
        lapse: Lapse::NotBefore(lapses),
    })
}

/// Points that staff give (positive) or take (negative); lapsed points live again when some are added
/// (contract 02 §4.6.4).
pub fn adjusted(points: Decimal, description: String, now: DateTime<Utc>) -> Movement {
    let points = to_cents(points);
    let gives = points > Decimal::ZERO;
    Movement {
        kind: if gives { Kind::Earned } else { Kind::Redeemed },
        points,
        description,
        reservation: None,
        referred_client: None,
        expires_at: gives.then(|| a_year_from(now)),
        lapse: if gives { Lapse::NotBefore(a_year_from(now)) } else { Lapse::Keep },
    }
}

/// Points that a guest spends, on a reservation or at the desk.
pub fn redeemed(points: Decimal, description: String, reservation: Option<ReservationId>) -> Movement {
    Movement {
        kind: Kind::Redeemed,
        points: -to_cents(points),
        description,
        reservation,
        referred_client: None,
        expires_at: None,
        lapse: Lapse::Keep,
    }
}

/// Points of a reservation that go back to the guest.
pub fn refunded(points: Decimal, description: String, reservation: ReservationId) -> Movement {
    Movement {
        kind: Kind::Refunded,
        points: to_cents(points),
        description,
        reservation: Some(reservation),
        referred_client: None,
        expires_at: None,
        lapse: Lapse::Keep,
    }
}

/// The whole balance of a guest, when it has lapsed at `now`; `None` when nothing lapses.
pub fn lapsed(client: &Client, now: DateTime<Utc>) -> Option<Movement> {
    let is_over = client.points_expires_at.is_some_and(|instant| instant < now);
    (is_over && client.points_balance > Decimal::ZERO && !client.deleted).then(|| Movement {
        kind: Kind::Expired,
        points: -to_cents(client.points_balance),
        description: "Puntos vencidos".to_owned(),
        reservation: None,
        referred_client: None,
        expires_at: None,
        lapse: Lapse::Never,
    })
}

/// The balance that a ledger adds up to. Rows without a kind never moved a balance (contract 02 §6.5).
pub fn sum<'a>(ledger: impl IntoIterator<Item = &'a Entry>) -> Decimal {
    let counted =
        ledger.into_iter().filter(|entry| !entry.deleted && entry.transaction_type != Kind::Unnamed);
    to_cents(counted.map(|entry| entry.points).sum())
}

#[cfg(test)]
mod tests;
