//! Spanish words the API and the messages use.

use chrono::{Datelike, NaiveDate};

use crate::time::Month;

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// The month's name in lower case; 1 to 12, anything else is December (contract 01 §4.9).
pub fn month_name(month: u32) -> &'static str {
    MONTHS.get(month.wrapping_sub(1) as usize).copied().unwrap_or("diciembre")
}

/// "Noviembre 2026" (contract 05 §3.8).
pub fn month_and_year(month: Month) -> String {
    let name = month_name(month.number());
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{} {}", letters.as_str(), month.year())
}

const WEEKDAYS: [&str; 7] = ["Lunes", "Martes", "Miércoles", "Jueves", "Viernes", "Sábado", "Domingo"];

/// "Viernes 5 de marzo" (contract 05 §5.1).
pub fn long_date(date: NaiveDate) -> String {
    let weekday = WEEKDAYS[date.weekday().num_days_from_monday() as usize];
    format!("{weekday} {} de {}", date.day(), month_name(date.month()))
}

/// "12 de junio de 2026" (contract 04 §4.9.6).
pub fn full_date(date: NaiveDate) -> String {
    format!("{} de {} de {}", date.day(), month_name(date.month()), date.year())
}

/// A stay's dates for a sentence, "del … al …", the year always told and nothing told twice: `10` and `12 de junio de
/// 2026`, `29 de junio` and `2 de julio de 2026`, else both in full (contract 04 §4.9.6).
pub fn full_range(check_in: NaiveDate, check_out: NaiveDate) -> (String, String) {
    let from = if check_in.year() != check_out.year() {
        full_date(check_in)
    } else if check_in.month() != check_out.month() {
        format!("{} de {}", check_in.day(), month_name(check_in.month()))
    } else {
        check_in.day().to_string()
    };
    (from, full_date(check_out))
}

/// A stay in words, as the activity feed writes it: "del 11 al 12 de octubre", "del 30 de octubre al 2 de
/// noviembre", "del 30 de diciembre al 2 de enero de 2027" (contract 05 §4.3).
pub fn date_range(check_in: NaiveDate, check_out: NaiveDate) -> String {
    let (from, to) = (month_name(check_in.month()), month_name(check_out.month()));
    if check_in.year() != check_out.year() {
        format!("del {} de {from} al {} de {to} de {}", check_in.day(), check_out.day(), check_out.year())
    } else if check_in.month() != check_out.month() {
        format!("del {} de {from} al {} de {to}", check_in.day(), check_out.day())
    } else {
        format!("del {} al {} de {to}", check_in.day(), check_out.day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract 05 §9, example 15.
    #[test]
    fn ranges() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(date_range(day(2026, 12, 2), day(2026, 12, 4)), "del 2 al 4 de diciembre");
        assert_eq!(date_range(day(2026, 10, 30), day(2026, 11, 2)), "del 30 de octubre al 2 de noviembre");
        assert_eq!(
            date_range(day(2026, 12, 30), day(2027, 1, 2)),
            "del 30 de diciembre al 2 de enero de 2027"
        );
        assert_eq!(long_date(day(2027, 3, 5)), "Viernes 5 de marzo");
        assert_eq!(month_and_year(Month::new(2026, 11).unwrap()), "Noviembre 2026");
    }
}
