//! What a late check-out costs (contract 04 §4.12; decision 8; defect 16 of 04 §8).

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use crate::house::House;

use super::{
    book::{LateDiscount, PriceBook},
    nights::is_weekend,
    percent_of, within,
};

/// An offer of late check-out. Amounts in dollars, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateQuote {
    /// Soles per dollar.
    pub rate: Decimal,
    /// The night that starts on the day of departure.
    pub base_usd: Decimal,
    /// The configured percentage; 0 for fixed amounts.
    pub percentage: Decimal,
    /// What is taken off, at most the base.
    pub discount_usd: Decimal,
    /// `base − discount`, never negative.
    pub price_usd: Decimal,
}

impl LateQuote {
    /// Dollars in soles, exact.
    pub fn in_soles(&self, usd: Decimal) -> Decimal {
        usd * self.rate
    }
}

/// Why no late check-out is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LateRefusal {
    /// Not on this weekday.
    #[error("La salida tardía no se ofrece ese día de la semana.")]
    Weekday,
    /// The night is sold.
    #[error("La salida tardía no está disponible: la casa ya está reservada esa noche.")]
    Taken,
}

/// The offer of late check-out on a date of departure; `is_free` tells that nobody holds the night of that date.
///
/// # Errors
/// [`LateRefusal`] when none is offered.
pub fn late_checkout(
    book: &PriceBook,
    house: &House,
    departure: NaiveDate,
    guests: u32,
    is_free: bool,
) -> Result<LateQuote, LateRefusal> {
    let weekday = departure.weekday().num_days_from_monday();
    let rule = book.late_checkouts.iter().find(|rule| rule.weekday == weekday);
    if !rule.map_or(!is_weekend(departure), |rule| rule.allows_late_checkout) {
        return Err(LateRefusal::Weekday);
    }
    if !is_free {
        return Err(LateRefusal::Taken);
    }
    let base_usd = book.night_price(house, departure, guests);
    let (percentage, discount) = match rule {
        None => (Decimal::ZERO, Decimal::ZERO),
        Some(rule) => match rule.discount_type {
            LateDiscount::Percentage => (rule.discount_value, percent_of(base_usd, rule.discount_value)),
            LateDiscount::Fixed => (Decimal::ZERO, rule.discount_value),
        },
    };
    let discount_usd = within(discount, base_usd);
    let price_usd = (base_usd - discount_usd).max(Decimal::ZERO);
    Ok(LateQuote { rate: book.rate, base_usd, percentage, discount_usd, price_usd })
}
