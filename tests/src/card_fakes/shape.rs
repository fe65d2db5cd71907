//! Strictness about bodies: exactly the fields that an API describes, of exactly their types.

use rust_decimal::Decimal;
use serde_json::{Number, Value};

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Some text.
    Text,
    /// Text, also none.
    TextOrNull,
    /// A number of soles, more than zero, of at most two decimals.
    Soles,
    /// A whole number of one or more.
    Count,
    /// A list of one of these or more.
    List(&'static [Field]),
    /// An object.
    Object(&'static [Field]),
}

/// A field: its name, what it holds, whether it must be there.
pub(super) type Field = (&'static str, Kind, bool);

/// What is wrong with an object: the name of the field, and whether there is no such field.
pub(super) struct Wrong {
    pub(super) field: String,
    pub(super) unknown: bool,
}

/// Checks an object.
pub(super) fn check(value: &Value, fields: &[Field]) -> Result<(), Wrong> {
    let wrong = |field: &str| Wrong { field: field.to_owned(), unknown: false };
    let object = value.as_object().ok_or_else(|| wrong("body"))?;
    if let Some(unknown) = object.keys().find(|key| !fields.iter().any(|(name, ..)| name == key)) {
        return Err(Wrong { field: unknown.clone(), unknown: true });
    }
    for (name, kind, required) in fields {
        let below = |inner: Wrong| Wrong { field: format!("{name}.{}", inner.field), ..inner };
        match (object.get(*name), kind) {
            (None, _) if *required => return Err(wrong(name)),
            (None, _) => {}
            (Some(value), Kind::Object(fields)) => check(value, fields).map_err(below)?,
            (Some(Value::Array(values)), Kind::List(fields)) if !values.is_empty() => {
                values.iter().try_for_each(|value| check(value, fields)).map_err(below)?;
            }
            (Some(value), kind) if holds(value, *kind) => {}
            _ => return Err(wrong(name)),
        }
    }
    Ok(())
}

fn holds(value: &Value, kind: Kind) -> bool {
    match kind {
        Kind::Text => value.as_str().is_some_and(|text| !text.is_empty()),
        Kind::TextOrNull => value.is_string() || value.is_null(),
        Kind::Soles => soles(value).is_some(),
        Kind::Count => value.as_u64().is_some_and(|count| count > 0),
        Kind::List(_) | Kind::Object(_) => false,
    }
}

/// An amount of soles.
pub(super) fn soles(value: &Value) -> Option<Decimal> {
    let amount: Decimal = value.as_number()?.to_string().parse().ok()?;
    (amount > Decimal::ZERO && amount.scale() <= 2).then_some(amount)
}

/// An amount as a JSON number.
pub(super) fn number(amount: Decimal) -> Number {
    amount.normalize().to_string().parse().unwrap()
}
