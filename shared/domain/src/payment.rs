//! Payments by card: what was asked of which gateway, what became of it, and what that does to the reservation
//! (contract 06 §3 to §5 with the repairs of §8; decisions 16, 17). One record per attempt, written before the gateway is
//! asked; the card itself is never kept.

mod settle;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{ClientId, HouseId, PaymentId, ReservationId, StaffId},
    reservation::choices,
};

pub use settle::{NoRefund, Settled, Standing, Truth, ask_refund, settle, settle_refund};

choices! {
    /// A card gateway.
    Vendor {
        /// MercadoPago.
        #[default]
        MercadoPago = "mercadopago",
        /// OpenPay.
        OpenPay = "openpay",
    }
}

choices! {
    /// What a payment is for.
    Purpose {
        /// The stay, or a part of it.
        #[default]
        Reservation = "reservation",
        /// The heated pool.
        TemperaturePool = "temperature_pool",
        /// Late check-out.
        LateCheckout = "late_checkout",
    }
}

choices! {
    /// What became of a payment, as far as we know.
    State {
        /// The gateway was asked, or is about to be; its answer is not known.
        #[default]
        Started = "started",
        /// The gateway took it and has not decided.
        Processing = "processing",
        /// The money was taken.
        Approved = "approved",
        /// The gateway refused: no money was taken.
        Rejected = "rejected",
        /// The gateway never heard of it: no money was taken.
        Abandoned = "abandoned",
    }
}

choices! {
    /// What became of a refund.
    RefundState {
        /// The gateway was asked, or is about to be; its answer is not known.
        #[default]
        Asked = "asked",
        /// The money went back.
        Done = "done",
        /// The gateway refused.
        Refused = "refused",
    }
}

choices! {
    /// Why money goes back.
    Cause {
        /// A member of staff said so.
        #[default]
        Staff = "staff",
        /// The reservation could not take the money any more.
        Unusable = "unusable",
        /// It was done at the gateway.
        Gateway = "gateway",
        /// The guest's bank took it back.
        Chargeback = "chargeback",
    }
}

/// Money that goes back to the card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id; the gateway's idempotency key.
    pub id: Uuid,
    /// When it was decided.
    pub created: DateTime<Utc>,
    /// When the gateway was last asked for it; `None` before that.
    #[serde(default)]
    pub asked: Option<DateTime<Utc>>,
    /// Soles.
    pub amount: Decimal,
    /// Who decided; `None` for the system and the gateway.
    pub by: Option<StaffId>,
    /// Why.
    pub cause: Cause,
    /// What became of it.
    pub state: RefundState,
}

/// A step in the life of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: DateTime<Utc>,
    /// What became of it.
    pub state: State,
    /// The gateway's own word, where it said one.
    pub word: Option<String>,
}

/// A payment by card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id: also the gateway's idempotency key and our reference there.
    pub id: PaymentId,
    /// When it was started.
    pub created: DateTime<Utc>,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// The reservation it pays.
    pub reservation: ReservationId,
    /// The house of that reservation.
    pub house: HouseId,
    /// Who pays.
    pub client: ClientId,
    /// What for.
    pub purpose: Purpose,
    /// Through whom.
    pub vendor: Vendor,
    /// Soles.
    pub amount: Decimal,
    /// The same in dollars at the rate of its day; what an addition adds to the price in dollars.
    pub dollars: Decimal,
    /// Pays a part of what is due on purpose (decision 17).
    #[serde(default)]
    pub partial: bool,
    /// What became of it.
    pub state: State,
    /// The gateway's id of it.
    pub transaction: Option<String>,
    /// The gateway's own word for its state.
    pub word: Option<String>,
    /// The gateway's reason.
    pub detail: Option<String>,
    /// Digest of the card token, to know it again.
    pub token: String,
    /// Whether its money stands in the reservation.
    #[serde(default)]
    pub booked: bool,
    /// What went back, or is to.
    #[serde(default)]
    pub refunds: Vec<Refund>,
    /// Its life.
    #[serde(default)]
    pub history: Vec<Step>,
}

impl Payment {
    /// Whether the gateway's decision is not known.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Started | State::Processing)
    }

    /// Whether the gateway is to be asked again: its decision, or what became of a refund, is not known.
    pub fn is_unsettled(&self) -> bool {
        self.is_open() || self.asked_refund().is_some()
    }

    /// The refund whose outcome is not known; there is at most one.
    pub fn asked_refund(&self) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.state == RefundState::Asked)
    }

    /// Soles that went back.
    pub fn refunded(&self) -> Decimal {
        let done = self.refunds.iter().filter(|refund| refund.state == RefundState::Done);
        done.map(|refund| refund.amount).sum()
    }

    /// Soles that were taken and neither went back nor are about to.
    pub fn left(&self) -> Decimal {
        if self.state != State::Approved {
            return Decimal::ZERO;
        }
        let asked = self.asked_refund().map(|refund| refund.amount).unwrap_or_default();
        self.amount - self.refunded() - asked
    }

    /// Notes a state with the gateway's word.
    fn step(&mut self, state: State, word: Option<&str>, at: DateTime<Utc>) {
        self.state = state;
        self.updated = at;
        if let Some(word) = word {
            self.word = Some(word.to_owned());
        }
        self.history.push(Step { at, state, word: word.map(str::to_owned) });
    }
}
