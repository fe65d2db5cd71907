//! Rows of an export: `{"model", "pk", "fields"}`.

use std::collections::HashMap;

use casa_domain::staff::Group;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A row of an export.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `app.model`, lower case.
    pub model: String,
    /// The primary key as text.
    pub pk: String,
    /// The columns.
    pub fields: Map<String, Value>,
    key: Value,
}

impl Row {
    /// Reads one element of an export.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(value: Value) -> Result<Self, String> {
        let Value::Object(mut row) = value else { return Err("not an object".to_owned()) };
        let model = row.get("model").and_then(Value::as_str).ok_or("no model")?.to_lowercase();
        let key = row.remove("pk").unwrap_or_default();
        let pk = match &key {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(format!("{model}: no key")),
        };
        match row.remove("fields") {
            Some(Value::Object(fields)) => Ok(Self { model, pk, fields, key }),
            _ => Err(format!("{model} {pk}: no fields")),
        }
    }

    /// The row as a domain value. Empty columns count as absent.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(self.record()).map_err(|error| error.to_string())
    }

    /// The row as kept for models without an aggregate: its columns with the id. Empty columns are left out.
    pub fn record(&self) -> Value {
        let mut fields: Map<String, Value> = self
            .fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        fields.insert("id".to_owned(), self.key.clone());
        Value::Object(fields)
    }

    /// The row with JSON columns turned into their text.
    pub(super) fn with_json_texts(&self, columns: &[&str]) -> Self {
        let mut row = self.clone();
        for column in columns {
            if let Some(value) = row.fields.get_mut(*column).filter(|value| !value.is_null()) {
                *value = Value::String(value.to_string());
            }
        }
        row
    }

    /// The row with group ids turned into groups.
    pub(super) fn with_groups(&self, groups: &HashMap<i64, Group>) -> Self {
        let mut row = self.clone();
        let ids = row.fields.get("groups").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut own: Vec<_> =
            ids.iter().filter_map(Value::as_i64).filter_map(|id| groups.get(&id).cloned()).collect();
        own.sort();
        row.fields.insert("groups".to_owned(), json!(own));
        row
    }
}
