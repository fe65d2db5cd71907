//! The money of a reservation: what was paid, what is left, and what payments and refunds do to it (contract 05 §4.2, 06 §4.2).

use rust_decimal::Decimal;

use super::{Currency, Reservation};
use crate::money::{displayed, to_cents};

impl Reservation {
    fn sol(&self) -> Decimal {
        self.price_sol.unwrap_or_default()
    }

    fn usd(&self) -> Decimal {
        self.price_usd.unwrap_or_default()
    }

    /// The advance in soles, two decimals (contract 01 §4.10; missing amounts and rates count as 0).
    pub fn advance_in_soles(&self) -> f64 {
        let advance = self.advance_payment.unwrap_or_default();
        match self.advance_payment_currency {
            Currency::Sol => displayed::round2(displayed::number(advance)),
            Currency::Usd => displayed::advance_in_soles(advance, self.sol(), self.usd()),
        }
    }

    /// What is left to pay in soles, as text (contract 05 §4.2.1).
    pub fn left_in_soles(&self) -> String {
        displayed::left_in_soles(self.sol(), self.advance_in_soles(), self.points_redeemed)
    }

    /// What is left to pay in dollars, as text (contract 05 §4.2.2).
    pub fn left_in_dollars(&self) -> String {
        let in_dollars = self.advance_payment_currency == Currency::Usd;
        let advance = self.advance_payment.unwrap_or_default();
        displayed::left_in_dollars(self.usd(), self.sol(), advance, in_dollars, self.points_redeemed)
    }

    /// Sets the advance to the whole price minus the points already redeemed, in the advance's currency
    /// (contract 05 §4.2.3).
    pub fn pay_in_full(&mut self) {
        let (sol, usd, points) = (self.sol(), self.usd(), self.points_redeemed);
        let advance = match self.advance_payment_currency {
            Currency::Sol => sol - points,
            Currency::Usd if sol > Decimal::ZERO && usd > Decimal::ZERO => usd - points * usd / sol,
            Currency::Usd => usd,
        };
        self.advance_payment = Some(to_cents(advance));
    }

    /// What is left to pay in soles, to the cent: the amount that answers show as `resta_pagar` (decision 17); negative
    /// when too much was paid.
    pub fn due_in_soles(&self) -> Decimal {
        let left: Decimal = self.left_in_soles().parse().unwrap_or_default();
        to_cents(left)
    }

    /// What was paid, in soles.
    pub fn paid_in_soles(&self) -> Decimal {
        match self.advance_payment_currency {
            Currency::Sol => self.advance_payment.unwrap_or_default(),
            Currency::Usd => displayed::exact(self.advance_in_soles()),
        }
    }

    /// Adds money in soles to the advance. An advance in dollars becomes one in soles at the reservation's own rate first
    /// (defects 8 and 10 of contract 06 §8); a negative amount takes money away again.
    pub fn receive(&mut self, soles: Decimal) {
        self.advance_payment = Some(to_cents(self.paid_in_soles() + soles));
        self.advance_payment_currency = Currency::Sol;
    }

    /// Adds something sold beside the stay to both prices: soles, and the same in dollars (contract 06 §3.2).
    pub fn charge_more(&mut self, soles: Decimal, dollars: Decimal) {
        self.price_sol = Some(to_cents(self.sol() + soles));
        self.price_usd = Some(to_cents(self.usd() + dollars));
    }
}
