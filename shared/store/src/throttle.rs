//! Counters in the table that slow guessing down, seen by every process.

use std::time::Duration;

use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, Utc};

use crate::{
    Store, StoreError,
    item::{key_item, n, number},
    keys,
};

/// Counters that slow guessing down.
#[derive(Debug)]
pub struct Throttle<'a>(pub(crate) &'a Store);

impl Throttle<'_> {
    /// Counts one try of `subject`; answers false, counting nothing, once `limit` tries fell into the running window.
    /// A window begins with its first try and lasts `window`. Safe under parallel tries: the count is conditional.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn try_once(
        &self,
        subject: &str,
        limit: u32,
        window: Duration,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let start = now.timestamp();
        let end = start.saturating_add_unsigned(window.as_secs());
        // Counting in a running window, or in the first one of a subject, is one request; so is a refusal, which the item
        // explains. Only a window that is over but not swept yet takes a second request, and a lost race for that a third.
        let count = (
            "ADD tries :one SET #until = if_not_exists(#until, :end), #ttl = if_not_exists(#ttl, :end)",
            "attribute_not_exists(pk) OR (#until > :now AND tries < :limit)",
        );
        let begin = ("SET tries = :one, #until = :end, #ttl = :end", "#until <= :now");
        for (change, condition) in [count, begin, count] {
            let begins = change == begin.0;
            let mut update = self
                .0
                .dynamo()
                .update_item()
                .table_name(self.0.table())
                .set_key(Some(key_item(&keys::throttle(subject))))
                .update_expression(change)
                .condition_expression(condition)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .expression_attribute_names("#until", "until")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":one", n(1))
                .expression_attribute_values(":now", n(start))
                .expression_attribute_values(":end", n(end));
            if !begins {
                update = update.expression_attribute_values(":limit", n(limit));
            }
            let error = match Box::pin(update.send()).await {
                Ok(_) => return Ok(true),
                Err(error) => error,
            };
            let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
            else {
                return Err(error.into());
            };
            let runs = failed
                .item()
                .and_then(|item| number::<i64>(item, "until"))
                .is_some_and(|until| until > start);
            if !begins && runs {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// Takes one counted try of `subject` back: it turned out well. Does nothing once its window is over.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn give_back(&self, subject: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let answer = self
            .0
            .dynamo()
            .update_item()
            .table_name(self.0.table())
            .set_key(Some(key_item(&keys::throttle(subject))))
            .update_expression("ADD tries :back")
            .condition_expression("#until > :now AND tries > :zero")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":back", n(-1))
            .expression_attribute_values(":now", n(now.timestamp()))
            .expression_attribute_values(":zero", n(0))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(UpdateItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Seconds until the running window of `subject` is over, at least 1: what to tell whoever was refused.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn seconds_left(&self, subject: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let until =
            self.0.get(&keys::throttle(subject)).await?.and_then(|item| number::<i64>(&item, "until"));
        let left = until.unwrap_or_default().saturating_sub(now.timestamp());
        Ok(u64::try_from(left).unwrap_or_default().max(1))
    }

    /// Forgets the tries of `subject` (a sign-in succeeded).
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn forget(&self, subject: &str) -> Result<(), StoreError> {
        self.0
            .dynamo()
            .delete_item()
            .table_name(self.0.table())
            .set_key(Some(key_item(&keys::throttle(subject))))
            .send()
            .await?;
        Ok(())
    }
}
