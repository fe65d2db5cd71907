//! Money: decimal soles and dollars, and the two places where the contract fixes a rounding.

use rust_decimal::{Decimal, RoundingStrategy};

/// An amount as the API writes it: two decimals, never an exponent (`"380.00"`).
pub fn fixed2(amount: Decimal) -> String {
    format!("{:.2}", to_cents(amount))
}

/// Rounds half to even to two decimals, as amounts are stored (contract 05 §4.2.3).
pub fn to_cents(amount: Decimal) -> Decimal {
    let mut rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven);
    rounded.rescale(2);
    rounded
}

/// Quotients the original computes in binary floating point and rounds on output (contract 01 §4.10, 05 §4.2).
/// Kept in one place; amounts that are stored or charged never pass through here.
#[allow(clippy::float_arithmetic)]
pub mod displayed {
    use rust_decimal::{Decimal, prelude::ToPrimitive};

    fn float(amount: Decimal) -> f64 {
        amount.to_f64().unwrap_or(0.0)
    }

    /// Rounds a float to two decimals on its exact binary value, ties to even.
    pub fn round2(value: f64) -> f64 {
        format!("{value:.2}").parse().unwrap_or(0.0)
    }

    /// An amount as answers about prices show it (contract 04 §4.1.2): converted to a double, then rounded to two
    /// decimals on the double's exact value, so 694.675 is 694.67 and 1145.275 is 1145.28.
    pub fn shown(amount: Decimal) -> f64 {
        match quick_cents(amount) {
            Some(cents) => cents as f64 / 100.0,
            None => round2(double(amount)),
        }
    }

    /// What [`shown`] gives, as a decimal of two places: for sums of amounts that were rounded one by one.
    pub fn shown_exact(amount: Decimal) -> Decimal {
        match quick_cents(amount) {
            Some(cents) => Decimal::new(cents, 2),
            None => format!("{:.2}", double(amount)).parse().unwrap_or_default(),
        }
    }

    /// The cents of [`shown`] where integers tell: the double lies so close to the decimal that only exact ties can
    /// go either way. Its error is below half a unit of the decimal's last place while the digits are below 2^52;
    /// without decimals to round, the cents themselves must stay below 2^53.
    fn quick_cents(amount: Decimal) -> Option<i64> {
        let scale = amount.scale();
        let most: i64 = if scale < 2 { 1 << 45 } else { 1 << 52 };
        let digits = i64::try_from(amount.mantissa()).ok().filter(|digits| digits.abs() < most)?;
        if scale <= 2 {
            return Some(digits * 10i64.pow(2 - scale));
        }
        let unit = 10i64.checked_pow(scale - 2)?;
        let (cents, rest) = (digits / unit, digits % unit);
        match (rest.abs() * 2).cmp(&unit) {
            std::cmp::Ordering::Less => Some(cents),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(cents + rest.signum()),
        }
    }

    /// The double nearest to the amount.
    fn double(amount: Decimal) -> f64 {
        let digits = i64::try_from(amount.mantissa()).ok().filter(|digits| digits.abs() < 1 << 53);
        match (digits, 10u64.checked_pow(amount.scale())) {
            // Both are doubles exactly, and a division of doubles is rounded once.
            (Some(digits), Some(unit)) => digits as f64 / unit as f64,
            _ => amount.to_string().parse().unwrap_or(0.0),
        }
    }

    /// `price_sol / price_usd × advance`, two decimals: an advance in dollars, in soles at the reservation's own
    /// rate (contract 01 §4.10). Zero when there is no rate (defect 16 of 05 §8).
    pub fn advance_in_soles(advance_usd: Decimal, price_sol: Decimal, price_usd: Decimal) -> f64 {
        if price_usd.is_zero() || advance_usd.is_zero() {
            return 0.0;
        }
        round2(float(price_sol) / float(price_usd) * float(advance_usd))
    }

    /// A number of two decimals as a decimal.
    pub fn exact(value: f64) -> Decimal {
        format!("{value:.2}").parse().unwrap_or_default()
    }

    /// What is left to pay in soles, as text (contract 05 §4.2.1); may be negative.
    pub fn left_in_soles(price_sol: Decimal, advance_sol: f64, points: Decimal) -> String {
        format!("{:.2}", float(price_sol) - advance_sol - float(points))
    }

    /// What is left to pay in dollars, as text (contract 05 §4.2.2). `advance` is in dollars when `in_dollars`,
    /// else in soles and converted at the reservation's own rate; without a rate converted amounts count as 0.
    pub fn left_in_dollars(
        price_usd: Decimal,
        price_sol: Decimal,
        advance: Decimal,
        in_dollars: bool,
        points: Decimal,
    ) -> String {
        let has_rate = !price_usd.is_zero() && !price_sol.is_zero();
        let rate = if has_rate { float(price_sol) / float(price_usd) } else { 0.0 };
        let converted = |soles: Decimal| if has_rate { float(soles) / rate } else { 0.0 };
        let advance_usd = if in_dollars { float(advance) } else { converted(advance) };
        format!("{:.2}", float(price_usd) - advance_usd - converted(points))
    }

    /// The amount as a JSON number.
    pub fn number(amount: Decimal) -> f64 {
        float(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::{displayed::*, *};
    use std::str::FromStr;

    fn d(text: &str) -> Decimal {
        Decimal::from_str(text).unwrap()
    }

    /// Contract 05 §9, example 5.
    #[test]
    fn rest_to_pay() {
        let advance = advance_in_soles(d("33.33"), d("380"), d("100"));
        assert_eq!(format!("{advance}"), "126.65");
        assert_eq!(left_in_soles(d("380"), advance, d("10")), "243.35");
        assert_eq!(left_in_dollars(d("100"), d("380"), d("33.33"), true, d("10")), "64.04");
        assert_eq!(left_in_soles(d("380"), 100.0, d("0")), "280.00");
        assert_eq!(left_in_dollars(d("100"), d("380"), d("100"), false, d("0")), "73.68");
        assert_eq!(left_in_dollars(d("0"), d("380"), d("100"), false, d("0")), "0.00");
    }

    #[test]
    fn cents_round_half_to_even() {
        assert_eq!(fixed2(d("0.125")), "0.12");
        assert_eq!(fixed2(d("0.135")), "0.14");
        assert_eq!(fixed2(d("92.1053")), "92.11");
        assert_eq!(fixed2(d("7")), "7.00");
        assert_eq!(format!("{}", round2(2.675)), "2.67");
    }

    /// Contract 04 §4.1.2.
    #[test]
    fn shown_rounds_the_double() {
        for (amount, expected) in [
            ("694.675", 694.67),
            ("1145.275", 1145.28),
            ("56.325", 56.33),
            ("0.125", 0.12),
            ("3.755", 3.75),
            ("3.765", 3.77),
            ("3.7650000", 3.77),
            ("380", 380.0),
            ("26.631158455392809587217043941", 26.63),
            ("-0.125", -0.12),
        ] {
            assert_eq!(shown(d(amount)), expected, "{amount}");
            assert_eq!(displayed::number(shown_exact(d(amount))), expected, "{amount}");
        }
    }

    proptest::proptest! {
        /// The integer path agrees with formatting the double, ties included.
        #[test]
        fn shown_agrees_with_formatting(
            digits in -(1i64 << 54)..(1i64 << 54), shift in 0u32..54, scale in 0u32..24, tie: bool,
        ) {
            let mut amount = Decimal::new(digits >> shift, 0);
            amount.set_scale(scale).unwrap();
            if tie {
                amount = amount.trunc_with_scale(2) + d("0.005");
            }
            let double: f64 = amount.to_string().parse().unwrap();
            let expected = format!("{double:.2}");
            proptest::prop_assert_eq!(shown(amount), expected.parse::<f64>().unwrap(), "{}", amount);
            proptest::prop_assert_eq!(shown_exact(amount), d(&expected), "{}", amount);
        }
    }
}
