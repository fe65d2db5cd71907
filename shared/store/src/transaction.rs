//! All-or-nothing writes whose refusals tell the caller which condition failed.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update},
};
use rand::Rng;

use crate::{
    Store, StoreError,
    item::{Item, key_item, n, s},
    keys::Key,
};

/// DynamoDB's limit.
const MOST_ITEMS: usize = 100;
const ATTEMPTS: u32 = 12;

/// What a failed condition of an item means to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guards {
    /// Nothing: the item has no condition.
    Nothing,
    /// A night of the calendar.
    Night,
    /// The version of an aggregate.
    Version,
    /// A unique value; its name.
    Unique(&'static str),
}

/// A transaction being put together. Every key may appear once.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    items: Vec<TransactWriteItem>,
    guards: Vec<Guards>,
}

/// A condition or update with its names and values.
#[derive(Debug, Default)]
pub(crate) struct Expression {
    pub text: String,
    pub names: Vec<(String, String)>,
    pub values: Vec<(String, AttributeValue)>,
}

impl Expression {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn name(mut self, placeholder: impl Into<String>, name: impl Into<String>) -> Self {
        self.names.push((placeholder.into(), name.into()));
        self
    }

    pub fn value(mut self, placeholder: impl Into<String>, value: AttributeValue) -> Self {
        self.values.push((placeholder.into(), value));
        self
    }

    fn names(&self) -> Option<std::collections::HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.iter().cloned().collect())
    }

    fn values(&self) -> Option<Item> {
        (!self.values.is_empty()).then(|| self.values.iter().cloned().collect())
    }
}

/// The item must not exist yet.
pub(crate) fn absent() -> Expression {
    Expression::new("attribute_not_exists(pk)")
}

/// The item must still carry this version in `v`.
pub(crate) fn at_version(version: u64) -> Expression {
    Expression::new("v = :version").value(":version", n(version))
}

impl Transaction {
    fn push(&mut self, item: TransactWriteItem, guards: Guards) {
        self.items.push(item);
        self.guards.push(guards);
    }

    /// Writes an item, under a condition if there is one.
    pub fn put(
        &mut self,
        table: &str,
        item: Item,
        when: Option<Expression>,
        guards: Guards,
    ) -> Result<(), StoreError> {
        let mut put = Put::builder().table_name(table).set_item(Some(item));
        if let Some(when) = when {
            put = put
                .condition_expression(&when.text)
                .set_expression_attribute_names(when.names())
                .set_expression_attribute_values(when.values());
        }
        self.push(TransactWriteItem::builder().put(put.build()?).build(), guards);
        Ok(())
    }

    /// Removes an item; no condition.
    pub fn delete(&mut self, table: &str, key: &Key) -> Result<(), StoreError> {
        let delete = Delete::builder().table_name(table).set_key(Some(key_item(key))).build()?;
        self.push(TransactWriteItem::builder().delete(delete).build(), Guards::Nothing);
        Ok(())
    }

    /// Removes an item under a condition.
    pub fn delete_when(
        &mut self,
        table: &str,
        key: &Key,
        when: Expression,
        guards: Guards,
    ) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key_item(key)))
            .condition_expression(&when.text)
            .set_expression_attribute_names(when.names())
            .set_expression_attribute_values(when.values())
            .build()?;
        self.push(TransactWriteItem::builder().delete(delete).build(), guards);
        Ok(())
    }

    /// Changes attributes of an item. Names and values of `change` and `when` share one space.
    pub fn update(
        &mut self,
        table: &str,
        key: &Key,
        change: Expression,
        when: Option<&str>,
        guards: Guards,
    ) -> Result<(), StoreError> {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key_item(key)))
            .update_expression(&change.text)
            .set_condition_expression(when.map(str::to_owned))
            .set_expression_attribute_names(change.names())
            .set_expression_attribute_values(change.values())
            .build()?;
        self.push(TransactWriteItem::builder().update(update).build(), guards);
        Ok(())
    }

    /// Moves the version of a partition on, so that warm copies of it are read again.
    pub fn touch(&mut self, table: &str, pk: &str) -> Result<(), StoreError> {
        let key = Key::new(pk, crate::keys::VERSION);
        self.update(table, &key, Expression::new("ADD v :one").value(":one", n(1)), None, Guards::Nothing)
    }

    /// Carries it out. Conflicts with other transactions are tried again with growing, random pauses.
    ///
    /// # Errors
    /// The meaning of the first failed condition, [`StoreError::TooLarge`], [`StoreError::Busy`] or the service's error.
    pub async fn commit(self, store: &Store) -> Result<(), StoreError> {
        if self.items.len() > MOST_ITEMS {
            return Err(StoreError::TooLarge);
        }
        // One token for all attempts: an attempt whose answer was lost is not carried out twice.
        let token = uuid::Uuid::new_v4().to_string();
        for attempt in 0..ATTEMPTS {
            let ask = store
                .dynamo()
                .transact_write_items()
                .set_transact_items(Some(self.items.clone()))
                .client_request_token(&token);
            let answer = Box::pin(ask.send()).await;
            let Err(error) = answer else { return Ok(()) };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons();
                    if let Some(meaning) = self.refusal(reasons.iter().map(|reason| reason.code())) {
                        return Err(meaning);
                    }
                    if !reasons.iter().any(|reason| reason.code().is_some_and(passes)) {
                        return Err(error.into());
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ => return Err(error.into()),
            }
            let pause = rand::rng().random_range(5..=(10u64 << attempt.min(7)));
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Err(StoreError::Busy)
    }

    fn refusal<'a>(&self, codes: impl Iterator<Item = Option<&'a str>>) -> Option<StoreError> {
        let mut failed = codes
            .zip(&self.guards)
            .filter(|(code, _)| *code == Some("ConditionalCheckFailed"))
            .map(|(_, guards)| guards);
        // A vanished or changed aggregate explains failed nights too, so it is told first.
        let failed: Vec<_> = failed.by_ref().collect();
        if failed.iter().any(|guards| **guards == Guards::Version) {
            return Some(StoreError::Changed);
        }
        failed.first().map(|guards| match guards {
            Guards::Night => StoreError::NightTaken,
            Guards::Unique(name) => StoreError::Taken(name),
            Guards::Version | Guards::Nothing => StoreError::Changed,
        })
    }
}

fn passes(code: &str) -> bool {
    matches!(code, "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
}

/// An item that carries a version.
pub(crate) fn versioned(mut item: Item, version: u64) -> Item {
    item.insert("v".to_owned(), n(version));
    item
}

/// An item that points to another.
pub(crate) fn pointer(key: &Key, target: impl ToString) -> Item {
    let mut item = key_item(key);
    item.insert("to".to_owned(), s(target.to_string()));
    item
}
