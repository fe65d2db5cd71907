//! Checks the fields of a body one by one and collects every error, as the original's serializers do.

use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::Form;
use crate::{ApiError, Clock, error};

const REQUIRED: &str = "Este campo es requerido.";
const NOT_NULL: &str = "Este campo no puede ser nulo.";
const NOT_BLANK: &str = "Este campo no puede estar en blanco.";

/// What a body says of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Given<T> {
    /// Nothing: keep what is there, or take the default.
    Absent,
    /// Explicitly nothing.
    Null,
    /// A value.
    Value(T),
    /// Something unusable; the error is noted.
    Wrong,
}

impl<T> Given<T> {
    /// The value, if one is given.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Writes the value into a field that cannot be empty.
    pub fn set(self, field: &mut T) {
        if let Self::Value(value) = self {
            *field = value;
        }
    }

    /// Writes the value, or nothing for an explicit nothing, into a field that can be empty.
    pub fn set_option(self, field: &mut Option<T>) {
        match self {
            Self::Value(value) => *field = Some(value),
            Self::Null => *field = None,
            Self::Absent | Self::Wrong => {}
        }
    }
}

/// The fields of a body being checked.
#[derive(Debug)]
pub struct Checked<'a> {
    form: &'a Form,
    errors: Map<String, Value>,
}

/// A scalar as text, or what stands in its place.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl<'a> Checked<'a> {
    pub(super) fn new(form: &'a Form) -> Self {
        Self { form, errors: Map::new() }
    }

    /// Notes an error of a field.
    pub fn wrong(&mut self, name: &str, text: &str) {
        if let Value::Array(list) = self.errors.entry(name).or_insert_with(|| json!([])) {
            list.push(Value::String(text.to_owned()));
        }
    }

    fn wrong_value<T>(&mut self, name: &str, text: &str) -> Given<T> {
        self.wrong(name, text);
        Given::Wrong
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// 400 with every noted error.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(error::fields(self.errors)) }
    }

    /// The field's trimmed text; blank means nothing. Numbers count as text, other kinds do not.
    fn trimmed(&mut self, name: &str) -> Given<String> {
        match self.form.get(name) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(value) => match scalar(value) {
                Some(text) if text.trim().is_empty() => Given::Null,
                Some(text) => Given::Value(text.trim().to_owned()),
                None => self.wrong_value(name, "No es una cadena válida."),
            },
        }
    }

    fn parsed<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Option<T>, problem: &str) -> Given<T> {
        match self.trimmed(name) {
            Given::Value(text) => match read(&text) {
                Some(value) => Given::Value(value),
                None => self.wrong_value(name, problem),
            },
            Given::Absent => Given::Absent,
            Given::Null => Given::Null,
            Given::Wrong => Given::Wrong,
        }
    }

    /// A text of at most `most` characters; blank is `Null`.
    pub fn text(&mut self, name: &str, most: usize) -> Given<String> {
        match self.trimmed(name) {
            Given::Value(text) if text.contains('\0') => {
                self.wrong_value(name, "No se permiten caracteres nulos.")
            }
            Given::Value(text) if text.chars().count() > most => self.wrong_value(
                name,
                &format!("Asegúrese de que este campo no tenga más de {most} caracteres."),
            ),
            given => given,
        }
    }

    /// An id.
    pub fn id<T: FromStr>(&mut self, name: &str) -> Given<T> {
        self.parsed(name, |text| text.parse().ok(), "Debe ser un UUID válido.")
    }

    /// A date `YYYY-MM-DD` of the years 1 to 9999.
    pub fn date(&mut self, name: &str) -> Given<NaiveDate> {
        self.parsed(name, read_date, "Fecha con formato erróneo. Use AAAA-MM-DD.")
    }

    /// An instant in ISO 8601; without offset it is local.
    pub fn instant(&mut self, name: &str, clock: &Clock) -> Given<DateTime<Utc>> {
        let read = |text: &str| {
            let fixed = DateTime::parse_from_rfc3339(text).map(|instant| instant.with_timezone(&Utc)).ok();
            let naive = || {
                let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
                Some(clock.start_of(local.date()) + (local - local.date().and_time(chrono::NaiveTime::MIN)))
            };
            fixed.or_else(naive).filter(|instant| (1..=9998).contains(&instant.year()))
        };
        self.parsed(name, read, "Fecha y hora con formato erróneo. Use el formato ISO 8601.")
    }

    /// A decimal of at most `digits` digits, two of them behind the point, stored with two.
    pub fn money(&mut self, name: &str, digits: u32) -> Given<Decimal> {
        let read = |text: &str| {
            let amount =
                Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()?.normalize();
            let whole = amount.trunc().abs().to_string().trim_start_matches('0').len();
            (amount.scale() <= 2 && whole + 2 <= digits as usize)
                .then(|| casa_domain::money::to_cents(amount))
        };
        let problem = format!("Se requiere un número con no más de {digits} dígitos y 2 decimales.");
        self.parsed(name, read, &problem)
    }

    /// A whole number from `least` to `most`.
    pub fn integer(&mut self, name: &str, least: i64, most: i64) -> Given<i64> {
        let read = |text: &str| {
            let whole = text.strip_suffix(".0").unwrap_or(text);
            whole.parse::<i64>().ok().filter(|number| (least..=most).contains(number))
        };
        self.parsed(name, read, &format!("Se requiere un número entero entre {least} y {most}."))
    }

    /// A truth value, also as the texts forms send.
    pub fn boolean(&mut self, name: &str) -> Given<bool> {
        match self.form.get(name) {
            Some(Value::Bool(value)) => Given::Value(*value),
            _ => {
                let read = |text: &str| match text.to_ascii_lowercase().as_str() {
                    "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
                    "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
                    _ => None,
                };
                self.parsed(name, read, "Debe ser verdadero o falso.")
            }
        }
    }

    /// One of a set of texts.
    pub fn choice<T: FromStr>(&mut self, name: &str) -> Given<T> {
        self.parsed(name, |text| text.parse().ok(), "No es una elección válida.")
    }

    /// Demands a value.
    pub fn required<T>(&mut self, name: &str, given: Given<T>) -> Option<T> {
        match given {
            Given::Value(value) => return Some(value),
            Given::Wrong => {}
            Given::Absent => self.wrong(name, REQUIRED),
            Given::Null if self.form.get(name) == Some(&Value::Null) => self.wrong(name, NOT_NULL),
            Given::Null => self.wrong(name, NOT_BLANK),
        }
        None
    }

    /// Demands that a field is not explicitly nothing.
    pub fn not_null<T>(&mut self, name: &str, given: Given<T>) -> Given<T> {
        if let Given::Null = given {
            self.required(name, given);
            return Given::Wrong;
        }
        given
    }
}

/// `YYYY-MM-DD`, years 1 to 9999.
fn read_date(text: &str) -> Option<NaiveDate> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| shaped && (1..=9999).contains(&date.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(value: Value) -> Form {
        Form::from_json(value.as_object().unwrap().clone())
    }

    #[test]
    fn every_error_is_told_at_once() {
        let form = form(json!({"a": "x", "b": "2025-02-30", "c": null, "d": "1.234", "e": [1], "f": 3}));
        let mut checked = form.check();
        assert_eq!(checked.integer("a", 0, 9), Given::Wrong);
        assert_eq!(checked.date("b"), Given::Wrong);
        let c = checked.text("c", 5);
        assert_eq!(checked.required("c", c), None);
        assert_eq!(checked.money("d", 10), Given::Wrong);
        assert_eq!(checked.text("e", 5), Given::Wrong);
        assert_eq!(checked.integer("f", 0, 9), Given::Value(3));
        let missing = checked.boolean("g");
        assert_eq!(checked.required("g", missing), None);
        let body = checked.finish().unwrap_err();
        let keys: Vec<_> = body.body().as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["a", "b", "c", "d", "e", "g", "detail"]);
    }

    #[test]
    fn money_has_two_decimals() {
        let form =
            form(json!({"a": "1500", "b": 12.5, "c": "123456789.00", "d": "-0.10", "e": "1e2", "f": "NaN"}));
        let mut checked = form.check();
        let mut money = |name: &str| checked.money(name, 10).value().map(|amount| amount.to_string());
        assert_eq!(money("a").as_deref(), Some("1500.00"));
        assert_eq!(money("b").as_deref(), Some("12.50"));
        assert_eq!(money("c"), None);
        assert_eq!(money("d").as_deref(), Some("-0.10"));
        assert_eq!(money("e").as_deref(), Some("100.00"));
        assert_eq!(money("f"), None);
    }

    #[test]
    fn junk_in_forms_is_absent() {
        let pairs =
            vec![("a".to_owned(), "undefined".to_owned()), ("b".to_owned(), "Invalid Date".to_owned())];
        let form = Form::from_pairs(pairs);
        assert_eq!((form.check().money("a", 10), form.check().date("b")), (Given::Absent, Given::Absent));
        assert!(form.has("a"));
    }
}
