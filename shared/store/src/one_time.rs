//! One-time codes, seen by every process: each is good for some minutes, a few tries and one use (contract 02 §4.4; §8,
//! defects 4 and 5).
//!
//! What a code is for is the caller's business: it comes as a `subject`, one per purpose and phone, which must tell
//! nothing to whoever reads keys of the table. The code itself is never here, only what the caller made of it.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemError, update_item::UpdateItemError},
    types::ReturnValue,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    item::{key_item, n, s, text},
    keys,
};

/// How long a code is good.
pub const CODE_LIFE: Duration = Duration::from_secs(10 * 60);
/// Tries that a code bears, right or wrong.
pub const CODE_TRIES: u32 = 5;

/// A counted try of a code that is good as far as the table knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeTry {
    subject: String,
    id: String,
    /// What was kept of the code; `None` when somebody else made it and knows it.
    pub digest: Option<String>,
}

/// One-time codes.
#[derive(Debug)]
pub struct OneTime<'a>(pub(crate) &'a Store);

impl OneTime<'_> {
    /// Remembers a new code, given as a digest, in the place of any earlier one. `None` when somebody else made it and
    /// will check it.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn begin(
        &self,
        subject: &str,
        digest: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let end = now.timestamp().saturating_add_unsigned(CODE_LIFE.as_secs());
        let mut item = key_item(&keys::one_time(subject));
        item.insert("id".to_owned(), s(Uuid::new_v4().to_string()));
        item.extend(digest.map(|digest| ("digest".to_owned(), s(digest))));
        item.insert("tries".to_owned(), n(0));
        item.insert("until".to_owned(), n(end));
        item.insert("ttl".to_owned(), n(end));
        self.0.put(item).await
    }

    /// Counts a try before it is looked at, so that parallel tries cannot slip through. `None` when there is no code, it
    /// lapsed, was used, or bore its tries.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn attempt(&self, subject: &str, now: DateTime<Utc>) -> Result<Option<CodeTry>, StoreError> {
        let answer = self
            .0
            .dynamo()
            .update_item()
            .table_name(self.0.table())
            .set_key(Some(key_item(&keys::one_time(subject))))
            .update_expression("ADD tries :one")
            .condition_expression("#until > :now AND tries < :most")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":now", n(now.timestamp()))
            .expression_attribute_values(":most", n(CODE_TRIES))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let item = match answer {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(UpdateItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(text(&item, "id").map(|id| CodeTry {
            subject: subject.to_owned(),
            id: id.to_owned(),
            digest: text(&item, "digest").map(str::to_owned),
        }))
    }

    /// Uses up the code that was tried; of any number of callers one is told true. False when another was faster, or a
    /// newer code took its place.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn use_up(&self, tried: &CodeTry) -> Result<bool, StoreError> {
        let answer = self
            .0
            .dynamo()
            .delete_item()
            .table_name(self.0.table())
            .set_key(Some(key_item(&keys::one_time(&tried.subject))))
            .condition_expression("id = :id")
            .expression_attribute_values(":id", s(&tried.id))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(DeleteItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}
