//! The money that a gateway holds.

use std::collections::{HashMap, HashSet};

use axum::body::Bytes;
use rust_decimal::Decimal;

use super::Answer;

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The money was taken.
    Approved,
    /// Not decided.
    Pending,
    /// The bank refused.
    Rejected,
    /// The bank took the money back.
    ChargedBack,
}

/// Money given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its number.
    pub id: usize,
    /// Soles.
    pub amount: Decimal,
    /// What was written on it.
    pub description: String,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The gateway's id.
    pub id: String,
    /// Our reference.
    pub reference: String,
    /// Soles.
    pub amount: Decimal,
    /// Where it stands.
    pub fate: Fate,
    /// What was given back.
    pub refunds: Vec<Refund>,
    /// What the guest reads.
    pub description: String,
    /// The address of its own that changes are told to.
    pub notification_url: Option<String>,
}

impl Payment {
    /// Whether money was taken, also where it went back since.
    pub fn took_money(&self) -> bool {
        matches!(self.fate, Fate::Approved | Fate::ChargedBack)
    }

    /// Soles given back.
    pub fn refunded(&self) -> Decimal {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }
}

/// Why a card or a refund is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    TokenUsed,
    TokenInvalid,
    NoPayment,
    NoMoney,
    TooMuch,
}

#[derive(Default)]
pub(super) struct Till {
    pub(super) payments: Vec<Payment>,
    /// First answers by idempotency key, with what was asked.
    pub(super) answers: HashMap<String, (String, Bytes, Answer)>,
    pub(super) lag: usize,
    tokens: HashSet<String>,
    refunds: usize,
}

impl Till {
    pub(super) fn get(&self, id: &str) -> Option<&Payment> {
        self.payments.iter().find(|payment| payment.id == id)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut Payment> {
        self.payments.iter_mut().find(|payment| payment.id == id)
    }

    /// The payments under a reference, as the search knows them.
    pub(super) fn search(&mut self, reference: &str) -> Vec<Payment> {
        if self.lag > 0 {
            self.lag -= 1;
            return Vec::new();
        }
        self.payments.iter().filter(|payment| payment.reference == reference).cloned().collect()
    }

    /// Uses a token up; what its card does.
    pub(super) fn swipe(&mut self, token: &str) -> Result<Fate, Refusal> {
        let fate = match token.split_once('-').map(|(kind, _)| kind) {
            Some("ok") => Fate::Approved,
            Some("decline") => Fate::Rejected,
            Some("pending") => Fate::Pending,
            Some("used") => return Err(Refusal::TokenUsed),
            _ => return Err(Refusal::TokenInvalid),
        };
        if self.tokens.insert(token.to_owned()) { Ok(fate) } else { Err(Refusal::TokenUsed) }
    }

    pub(super) fn refund(
        &mut self,
        id: &str,
        amount: Option<Decimal>,
        description: &str,
    ) -> Result<Refund, Refusal> {
        let number = self.refunds + 1;
        let payment = self.get_mut(id).ok_or(Refusal::NoPayment)?;
        if payment.fate != Fate::Approved {
            return Err(Refusal::NoMoney);
        }
        let left = payment.amount - payment.refunded();
        let amount = amount.unwrap_or(left);
        if amount <= Decimal::ZERO || amount > left {
            return Err(Refusal::TooMuch);
        }
        let refund = Refund { id: number, amount, description: description.to_owned() };
        payment.refunds.push(refund.clone());
        self.refunds = number;
        Ok(refund)
    }

    /// Moves a payment on; a test that has it wrong ends here.
    pub(super) fn decide(&mut self, id: &str, from: Fate, to: Fate) {
        let payment = self.get_mut(id).unwrap();
        assert_eq!(payment.fate, from, "{id}");
        payment.fate = to;
    }
}
