//! Items: a key, a JSON document in `doc`, and the few attributes that conditions and indexes need.
//!
//! A document is one string attribute: it is read whole or not at all, costs the fewest bytes on the wire and the least
//! time to parse, and its shape is the domain type's.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Store, StoreError, keys::Key};

/// An item as the SDK gives it.
pub type Item = HashMap<String, AttributeValue>;

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn key_item(key: &Key) -> Item {
    HashMap::from([("pk".to_owned(), s(&key.pk)), ("sk".to_owned(), s(&key.sk))])
}

/// An item with a document.
pub(crate) fn document<T: Serialize>(key: &Key, value: &T) -> Result<Item, StoreError> {
    let text = serde_json::to_string(value)
        .map_err(|error| StoreError::Unreadable(format!("{}/{}", key.pk, key.sk), error.to_string()))?;
    let mut item = key_item(key);
    item.insert("doc".to_owned(), s(text));
    Ok(item)
}

/// Reads the document of an item.
pub(crate) fn read<T: DeserializeOwned>(item: &Item) -> Result<T, StoreError> {
    let text = text(item, "doc").unwrap_or_default();
    serde_json::from_str(text).map_err(|error| {
        let key =
            format!("{}/{}", self::text(item, "pk").unwrap_or("?"), self::text(item, "sk").unwrap_or("?"));
        StoreError::Unreadable(key, error.to_string())
    })
}

pub(crate) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

pub(crate) fn number<T: std::str::FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok())
}

/// How far a query goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    /// Smallest sort key, inclusive.
    pub from: String,
    /// Largest sort key, inclusive.
    pub to: String,
    /// Most items wanted.
    pub limit: Option<usize>,
    /// Largest sort key first.
    pub backwards: bool,
}

impl Span {
    /// The sort keys that begin with `prefix`.
    pub fn prefix(prefix: impl Into<String>) -> Self {
        let from = prefix.into();
        Self { to: format!("{from}\u{10ffff}"), from, ..Self::default() }
    }

    /// The whole partition. A key value may not be empty, and no sort key of ours begins with a space.
    pub fn all() -> Self {
        Self { from: " ".to_owned(), to: "\u{10ffff}".to_owned(), ..Self::default() }
    }
}

impl Store {
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>, StoreError> {
        let ask = self
            .dynamo()
            .get_item()
            .table_name(self.table())
            .set_key(Some(key_item(key)))
            .consistent_read(true);
        // The SDK's futures are large, and everything that reads would carry them: here and below they go to the heap.
        Ok(Box::pin(ask.send()).await?.item)
    }

    pub(crate) async fn get_document<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        self.get(key).await?.map(|item| read(&item)).transpose()
    }

    /// The items of a partition within `span`, in order; as many requests as a megabyte each needs.
    pub(crate) async fn query(&self, pk: &str, span: Span) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let limit = span.limit.map(|limit| limit.saturating_sub(items.len()));
            if limit == Some(0) {
                return Ok(items);
            }
            let ask = self
                .dynamo()
                .query()
                .table_name(self.table())
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":pk", s(pk))
                .expression_attribute_values(":from", s(&span.from))
                .expression_attribute_values(":to", s(&span.to))
                .consistent_read(true)
                .scan_index_forward(!span.backwards)
                .set_limit(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
                .set_exclusive_start_key(start);
            let answer = Box::pin(ask.send()).await?;
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Writes an item whatever was there.
    pub(crate) async fn put(&self, item: Item) -> Result<(), StoreError> {
        Box::pin(self.dynamo().put_item().table_name(self.table()).set_item(Some(item)).send()).await?;
        Ok(())
    }
}
