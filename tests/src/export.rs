//! Small invented exports, row by row.

use serde_json::{Value, json};

/// A row of an export, with the columns every row has.
pub fn row(model: &str, pk: impl Into<Value>, fields: Value) -> Value {
    let mut all =
        json!({"created": "2025-01-01T10:00:00Z", "updated": "2025-01-01T10:00:00Z", "deleted": false});
    if let (Some(all), Value::Object(fields)) = (all.as_object_mut(), fields) {
        all.extend(fields);
    }
    json!({"model": model, "pk": pk.into(), "fields": all})
}

/// An id that is easy to tell in a failure.
pub fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
