//! What cells say: texts, documents, dates, amounts, numbers of guests (contract 05 §6, example 13 of §9).

use calamine::{Data, DataType as _};
use casa_domain::{money::to_cents, text::fold};
use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;

/// The years a stay can lie in; what falls outside is a number that was taken for a date.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;
/// The same as Excel counts days, roughly.
const DAYS: std::ops::Range<f64> = 30_000.0..80_000.0;
/// Digits of a `dni`; Excel drops leading zeros.
const DNI_DIGITS: usize = 8;
/// No price of a stay comes near it.
const MOST: Decimal = Decimal::from_parts(0x4876_e800, 0x17, 0, false, 0); // 100 000 000 000

/// What a cell shows; `None` for blank ones, also those that an export wrote as `nan`.
pub(super) fn text(cell: &Data) -> Option<String> {
    let text = match cell {
        Data::Empty => return None,
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    (!text.is_empty() && !text.eq_ignore_ascii_case("nan")).then_some(text)
}

/// The number of a document: without the decimals that a numeric column may have, with the zeros it may have lost.
pub(super) fn document(cell: &Data) -> Option<String> {
    let text = text(cell)?;
    let number = without_decimals(&text);
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    Some(if is_number { format!("{number:0>DNI_DIGITS$}") } else { number.to_owned() })
}

fn without_decimals(text: &str) -> &str {
    text.strip_suffix(".0").filter(|whole| whole.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(text)
}

/// How many guests; a blank cell is one guest. `None` for what is no such number.
pub(super) fn guests(cell: &Data) -> Option<u32> {
    match text(cell) {
        None => Some(1),
        Some(text) => without_decimals(&text).parse().ok(),
    }
}

/// An amount in soles or dollars, rounded to cents; a blank cell is nothing. `None` for what is no amount.
pub(super) fn amount(cell: &Data) -> Option<Decimal> {
    let amount = match cell {
        Data::Float(number) => Decimal::from_f64(*number)?,
        Data::Int(number) => Decimal::from(*number),
        _ => match text(cell) {
            None => Decimal::ZERO,
            Some(text) => amount_of(&text)?,
        },
    };
    (Decimal::ZERO <= amount && amount < MOST).then(|| to_cents(amount))
}

/// "S/.1,200.50" and "$ 310".
fn amount_of(text: &str) -> Option<Decimal> {
    let text: String = text.to_lowercase().split_whitespace().collect();
    let number = ["s/.", "s/", "us$", "$"].iter().find_map(|sign| text.strip_prefix(sign)).unwrap_or(&text);
    let whole = number.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    // A comma parts thousands. One that could be meant as the decimal point is not guessed at.
    let head = groups.next().unwrap_or_default();
    let mut tails = groups.peekable();
    let has_head = tails.peek().is_none() || (1..=3).contains(&head.len());
    if !has_head || !tails.all(|group| group.len() == 3) || number[whole.len()..].contains(',') {
        return None;
    }
    let plain = number.replace(',', "");
    let is_plain = plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_plain { plain.parse().ok() } else { None }
}

/// A date, and whether its text could also be read with day and month the other way round. Such a text is read month
/// first, as the original read it (example 13), unless `day_first`. `None` for what is no date of the years 2000 to 2100.
pub(super) fn date(cell: &Data, day_first: bool) -> Option<(NaiveDate, bool)> {
    let (date, ambiguous) = match cell {
        Data::String(text) => date_of(text, day_first)?,
        // Beyond these numbers the conversion of days may panic.
        Data::DateTime(day) if !DAYS.contains(&day.as_f64()) => return None,
        Data::Float(day) if !DAYS.contains(day) => return None,
        Data::Int(_) => return date(&Data::Float(cell.as_f64()?), day_first),
        other => (other.as_date()?, false),
    };
    YEARS.contains(&date.year()).then_some((date, ambiguous))
}

fn date_of(text: &str, day_first: bool) -> Option<(NaiveDate, bool)> {
    let text = fold(text);
    // A time of day says nothing about nights.
    let text = match text.find(':') {
        Some(colon) => text[..colon].rsplit_once([' ', 't'])?.0,
        None => &text,
    };
    let parts = text.split(|letter: char| !letter.is_alphanumeric());
    let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "" | "de" | "del")).collect();
    let [one, two, three] = parts.as_slice() else { return None };
    let number = |part: &str| part.parse::<u32>().ok();
    if one.len() == 4 {
        let month = number(two).or_else(|| month(two))?;
        return Some((NaiveDate::from_ymd_opt(one.parse().ok()?, month, number(three)?)?, false));
    }
    let year = match three.len() {
        2 => 2000 + three.parse::<i32>().ok()?,
        4 => three.parse().ok()?,
        _ => return None,
    };
    let date = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    if let Some(month) = month(two) {
        return Some((date(month, number(one)?)?, false));
    }
    let (one, two) = (number(one)?, number(two)?);
    let (first, second) =
        if day_first { (date(two, one), date(one, two)) } else { (date(one, two), date(two, one)) };
    match (first, second) {
        (Some(first), second) => Some((first, second.is_some_and(|second| second != first))),
        (None, second) => Some((second?, false)),
    }
}

/// A month by the beginning of its Spanish or English name.
fn month(name: &str) -> Option<u32> {
    const NAMES: [&[&str]; 12] = [
        &["ene", "jan"],
        &["feb"],
        &["mar"],
        &["abr", "apr"],
        &["may"],
        &["jun"],
        &["jul"],
        &["ago", "aug"],
        &["sep", "set"],
        &["oct"],
        &["nov"],
        &["dic", "dec"],
    ];
    let place = NAMES.iter().position(|names| names.iter().any(|begin| name.starts_with(begin)))?;
    u32::try_from(place + 1).ok()
}

#[cfg(test)]
mod tests {
    use calamine::{ExcelDateTime, ExcelDateTimeType};

    use super::*;

    fn string(text: &str) -> Data {
        Data::String(text.to_owned())
    }

    /// Contract 05 §9, example 13.
    #[test]
    fn the_documented_row() {
        assert_eq!(amount(&string("S/.1,200.50")).unwrap().to_string(), "1200.50");
        assert_eq!(amount(&string("$ 310")).unwrap().to_string(), "310.00");
        assert_eq!(guests(&Data::Empty), Some(1));
        let may = NaiveDate::from_ymd_opt(2023, 5, 2).unwrap();
        assert_eq!(date(&string("05/02/2023"), false), Some((may, true)));
    }

    #[test]
    fn dates() {
        for (text, usual, day_first) in [
            ("05/02/2023", "2023-05-02 ?", "2023-02-05 ?"),
            ("5-2-23", "2023-05-02 ?", "2023-02-05 ?"),
            ("05.05.2023", "2023-05-05", "2023-05-05"),
            ("13/02/2023", "2023-02-13", "2023-02-13"),
            ("02/13/2023", "2023-02-13", "2023-02-13"),
            ("2023-02-05", "2023-02-05", "2023-02-05"),
            ("2023/2/5 00:00:00", "2023-02-05", "2023-02-05"),
            ("2023-02-05T15:00", "2023-02-05", "2023-02-05"),
            ("5 de Setiembre de 2023", "2023-09-05", "2023-09-05"),
            ("5-feb-2023", "2023-02-05", "2023-02-05"),
        ] {
            let read = |day_first| {
                let (date, ambiguous) = date(&string(text), day_first).unwrap();
                format!("{date}{}", if ambiguous { " ?" } else { "" })
            };
            assert_eq!((read(false).as_str(), read(true).as_str()), (usual, day_first), "{text}");
        }
        for text in
            ["", "ayer", "30/02/2023", "05/02", "5/2/1823", "5/2/223", "1/2/3/4", ":", "2023-02-05T", "ñ/ñ/ñ"]
        {
            assert_eq!(date(&string(text), false).map(|(date, _)| date.to_string()), None, "{text}");
        }
        let day = Data::DateTime(ExcelDateTime::new(44_962.5, ExcelDateTimeType::DateTime, false));
        assert_eq!(date(&day, false).unwrap().0.to_string(), "2023-02-05");
        assert_eq!(date(&Data::Float(44_962.0), false).unwrap().0.to_string(), "2023-02-05");
        for junk in [
            Data::Float(3.0),
            Data::Float(f64::NAN),
            Data::Float(1e300),
            Data::Float(-1e300),
            Data::Int(i64::MIN),
            Data::Bool(true),
            Data::Empty,
        ] {
            assert_eq!(date(&junk, false), None, "{junk:?}");
        }
    }

    #[test]
    fn amounts() {
        for (text, expected) in [
            ("", "0.00"),
            ("nan", "0.00"),
            ("S/ 1,000,000", "1000000.00"),
            ("US$ 99.999", "100.00"),
            ("0", "0.00"),
            ("1200.5", "1200.50"),
        ] {
            assert_eq!(amount(&string(text)).unwrap().to_string(), expected, "{text}");
        }
        for text in
            ["1200,50", "1,20", ",100", "1.5,000", "-5", "mil", "1.2.3", "S/", "1e5", "9".repeat(30).as_str()]
        {
            assert_eq!(amount(&string(text)), None, "{text}");
        }
        assert_eq!(amount(&Data::Float(1200.1)).unwrap().to_string(), "1200.10");
        assert_eq!(amount(&Data::Int(7)).unwrap().to_string(), "7.00");
        for junk in [Data::Float(-1.0), Data::Float(f64::INFINITY), Data::Float(1e20), Data::Bool(true)] {
            assert_eq!(amount(&junk), None, "{junk:?}");
        }
    }

    #[test]
    fn documents() {
        for (cell, expected) in [
            (Data::Float(1_234_567.0), Some("01234567")),
            (Data::Int(11_111_111), Some("11111111")),
            (string(" 11111111.0 "), Some("11111111")),
            (string("123"), Some("00000123")),
            (string("20123456789"), Some("20123456789")),
            (string("AB.0"), Some("AB.0")),
            (string("NaN"), None),
            (string("  "), None),
            (Data::Empty, None),
        ] {
            assert_eq!(document(&cell).as_deref(), expected, "{cell:?}");
        }
    }

    #[test]
    fn numbers_of_guests() {
        for (cell, expected) in [
            (Data::Float(4.0), Some(4)),
            (string("4.0"), Some(4)),
            (string("12"), Some(12)),
            (Data::Float(2.5), None),
            (string("-1"), None),
            (string("muchos"), None),
        ] {
            assert_eq!(guests(&cell), expected, "{cell:?}");
        }
    }
}
