//! Amounts as JSON numbers, without a binary float on the way.

use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// An amount to send. `None` for what cannot be paid: nothing, less, or parts of a cent.
pub(super) fn number(amount: Decimal) -> Option<Box<RawValue>> {
    let exact = amount.normalize();
    if exact <= Decimal::ZERO || exact.scale() > 2 {
        return None;
    }
    RawValue::from_string(exact.to_string()).ok()
}

/// An amount that was received, as a number or as its text.
pub(super) fn read(raw: &RawValue) -> Option<Decimal> {
    let text = raw.get().trim_matches('"');
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_go_out_as_plain_numbers() {
        for (amount, sent) in
            [("5", "5"), ("5.50", "5.5"), ("0.01", "0.01"), ("1500.000", "1500"), ("1000", "1000")]
        {
            assert_eq!(number(amount.parse().unwrap()).unwrap().get(), sent, "{amount}");
        }
        for amount in ["0", "0.00", "-1", "0.005", "1.001"] {
            assert!(number(amount.parse().unwrap()).is_none(), "{amount}");
        }
    }

    #[test]
    fn amounts_come_in_to_the_cent() {
        for (received, amount) in [
            ("0.1", "0.1"),
            ("1234567.89", "1234567.89"),
            ("\"12.30\"", "12.30"),
            ("1.5e3", "1500"),
            ("7", "7"),
        ] {
            let raw = RawValue::from_string(received.to_owned()).unwrap();
            assert_eq!(read(&raw), Some(amount.parse().unwrap()), "{received}");
        }
        for received in ["true", "\"S/ 5\"", "[1]", "{}"] {
            assert_eq!(read(&RawValue::from_string(received.to_owned()).unwrap()), None, "{received}");
        }
    }
}
