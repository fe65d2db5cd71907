//! What a stay costs: nightly prices, special dates, discounts, codes, services and late check-out (contract 04 §4).
//!
//! Pure functions over a [`book::PriceBook`]. Amounts are exact decimals until they are shown; see
//! [`crate::money::displayed::shown`] for the documented rounding.

use rust_decimal::Decimal;

pub mod automatic;
pub mod book;
pub mod code;
pub mod late_checkout;
pub mod nights;
pub mod policy;
pub mod protection;
pub mod quote;
pub mod services;
pub mod words;

#[cfg(test)]
mod tests;

/// The default of flags that are on unless said otherwise.
pub(crate) fn yes() -> bool {
    true
}

/// A percentage of an amount, exact.
fn percent_of(amount: Decimal, percent: Decimal) -> Decimal {
    const HUNDREDTH: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
    amount * percent * HUNDREDTH
}

/// An amount, at most `cap` where there is one; zero means none (contract 04 §2).
fn capped(amount: Decimal, cap: Option<Decimal>) -> Decimal {
    cap.filter(|cap| !cap.is_zero()).map_or(amount, |cap| amount.min(cap))
}

/// A discount as far as there is a price to lower: from nothing up to the whole (defect 16 of 04 §8).
fn within(discount: Decimal, price: Decimal) -> Decimal {
    discount.min(price).max(Decimal::ZERO)
}
