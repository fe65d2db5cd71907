//! Discount codes: one item per code, with its uses counted beside the document (decision 10).

use std::collections::BTreeMap;

use casa_domain::pricing::code::DiscountCode;

use crate::{
    Item, Store, StoreError,
    item::{document, n, number, read},
    keys,
    transaction::{Expression, Guards, Transaction, absent},
};

/// Discount codes.
#[derive(Debug)]
pub struct Codes<'a>(pub(crate) &'a Store);

impl Codes<'_> {
    /// The code with this text, in any case and without the spaces around it; inactive and deleted ones too. One read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, text: &str) -> Result<Option<DiscountCode>, StoreError> {
        if !is_possible(text) {
            return Ok(None);
        }
        self.0.get(&keys::code(text)).await?.as_ref().map(from_item).transpose()
    }

    /// Enters a code.
    ///
    /// # Errors
    /// [`StoreError::Taken`] with `code` when there is one with this text, in any case.
    pub async fn enter(&self, code: &DiscountCode) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        transaction.put(self.0.table(), to_item(code)?, Some(absent()), Guards::Unique("code"))?;
        transaction.commit(self.0).await
    }
}

/// Most characters of a text that is looked up. Codes have at most 20 (contract 04 §2), some of which grow in upper case;
/// DynamoDB refuses keys beyond 2 KB.
const LONGEST: usize = 100;

/// Whether a text can be a code at all.
pub(crate) fn is_possible(text: &str) -> bool {
    (1..=LONGEST).contains(&text.trim().chars().count())
}

/// A code as its item tells it: the document, and the count beside it.
pub(crate) fn from_item(item: &Item) -> Result<DiscountCode, StoreError> {
    let mut code: DiscountCode = read(item)?;
    code.used_count = number(item, "used").unwrap_or_default();
    Ok(code)
}

/// The item of a code that is entered.
pub(crate) fn to_item(code: &DiscountCode) -> Result<Item, StoreError> {
    let mut item = document(&keys::code(&code.code), code)?;
    item.insert("used".to_owned(), n(code.used_count));
    if let Some(limit) = code.usage_limit.filter(|limit| *limit > 0) {
        item.insert("most".to_owned(), n(limit));
    }
    Ok(item)
}

/// Uses taken and given back by one transaction.
#[derive(Debug, Default)]
pub(crate) struct Uses(BTreeMap<String, i64>);

impl Uses {
    pub fn take(&mut self, code: &str) {
        *self.0.entry(code.trim().to_uppercase()).or_default() += 1;
    }

    pub fn give_back(&mut self, code: &str) {
        *self.0.entry(code.trim().to_uppercase()).or_default() -= 1;
    }

    /// Counts them: a use is taken only while one is left.
    pub fn write(self, store: &Store, transaction: &mut Transaction) -> Result<(), StoreError> {
        for (code, delta) in self.0.into_iter().filter(|(_, delta)| *delta != 0) {
            let change = Expression::new("ADD used :delta").value(":delta", n(delta));
            let (change, when) = if delta > 0 {
                // Room for one: a transaction never takes two uses of a code.
                (change, "attribute_exists(doc) AND (attribute_not_exists(most) OR used < most)")
            } else {
                (change, "attribute_exists(doc)")
            };
            transaction.update(
                store.table(),
                &keys::code(&code),
                change,
                Some(when),
                Guards::Unique("code"),
            )?;
        }
        Ok(())
    }
}
