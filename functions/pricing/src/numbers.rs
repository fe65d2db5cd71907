//! Numbers of a body as the original read them: also as texts, and as large as anybody writes them.

use std::num::IntErrorKind;

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde_json::Value;

/// A number, or a text that is one.
pub(crate) fn number(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let exact = text.parse().or_else(|_| Decimal::from_scientific(&text.to_lowercase()));
    exact.ok().or_else(|| beyond(&text))
}

/// A number that a decimal cannot hold, as the nearest that it can: still out of range wherever a range is asked for,
/// where "not a number" would be the wrong answer.
fn beyond(text: &str) -> Option<Decimal> {
    let float: f64 = text.parse().ok()?;
    if float.is_nan() {
        None
    } else if (-1.0..1.0).contains(&float) {
        Some(Decimal::ZERO)
    } else if float.is_sign_negative() {
        Some(Decimal::MIN)
    } else {
        Some(Decimal::MAX)
    }
}

/// A number without its fraction; texts must be whole already. What is too large becomes the largest there is.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text
            .trim()
            .parse()
            .or_else(|problem: std::num::ParseIntError| match problem.kind() {
                IntErrorKind::PosOverflow => Ok(i64::MAX),
                IntErrorKind::NegOverflow => Ok(i64::MIN),
                _ => Err(problem),
            })
            .ok(),
        _ => number(value)?.trunc().clamp(i64::MIN.into(), i64::MAX.into()).to_i64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_of_any_size() {
        let text = |value: Value| number(&value).map(|number| number.to_string());
        for (value, expected) in [(json!(12.345), "12.345"), (json!(" 1e1 "), "10"), (json!(1e-300), "0")] {
            assert_eq!(text(value).as_deref(), Some(expected));
        }
        for (value, expected) in [
            (json!(1e300), Decimal::MAX),
            (json!("9".repeat(40)), Decimal::MAX),
            (json!("1e999"), Decimal::MAX),
            (json!("inf"), Decimal::MAX),
            (json!(-1e300), Decimal::MIN),
        ] {
            assert_eq!(number(&value), Some(expected), "{value}");
        }
        for value in [json!(null), json!(true), json!([]), json!("nan"), json!(""), json!("x")] {
            assert_eq!(number(&value), None, "{value}");
        }
    }

    #[test]
    fn whole_numbers_of_any_size() {
        for (value, expected) in [
            (json!(9.9), 9),
            (json!(-0.5), 0),
            (json!(" 30 "), 30),
            (json!(1e300), i64::MAX),
            (json!(-1e300), i64::MIN),
            (json!("9".repeat(40)), i64::MAX),
            (json!(format!("-{}", "9".repeat(40))), i64::MIN),
        ] {
            assert_eq!(whole(&value), Some(expected), "{value}");
        }
        for value in [json!("9.9"), json!("1e1"), json!(null), json!("")] {
            assert_eq!(whole(&value), None, "{value}");
        }
    }
}
