//! Commands that were begun and how they ended: one item each, which lapses after a day.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::{put_item::PutItemError, update_item::UpdateItemError},
    primitives::Blob,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use casa_domain::music::Answer;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Music;
use crate::{
    StoreError,
    item::{Item, key_item, n, read, s, text},
    keys,
};

/// How long it is known that a command was begun, and how it ended: far longer than a queue delivers it again.
pub const ANSWER_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// From so many bytes on an answer is packed: a queue of 500 pieces is 150 KB as JSON and a tenth of it packed.
const PACKED_FROM: usize = 2048;
/// More than this would not fit an item beside the rest (DynamoDB: 400 KB).
const MOST_PACKED: usize = 380 * 1024;
/// No answer is larger than this unpacked.
const MOST_UNPACKED: usize = 32 * 1024 * 1024;
/// A good part of the compression for little time.
const LEVEL: u8 = 4;

/// Whether a command may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It begins now, and nobody else may begin it any more.
    Begun,
    /// It was begun before.
    AlreadyBegun {
        /// The bridge that began it; `None` where it was answered without having begun.
        by: Option<Uuid>,
        /// How it ended, where that is known.
        answer: Option<Answer>,
    },
}

impl Music<'_> {
    /// Marks a command as begun by a bridge, at `now` of the machine's clock; one write. Whoever comes second is told.
    ///
    /// # Errors
    /// [`StoreError`]: the mark may or may not be there. Who asks again is told of the own one.
    pub async fn claim(&self, command: Uuid, bridge: Uuid, now: DateTime<Utc>) -> Result<Claim, StoreError> {
        let mut item = key_item(&keys::music_command(command));
        item.insert("holder".to_owned(), s(bridge.to_string()));
        item.insert("ttl".to_owned(), n(end(now)));
        let ask = self
            .0
            .dynamo()
            .put_item()
            .table_name(self.0.table())
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match Box::pin(ask.send()).await {
            Ok(_) => Ok(Claim::Begun),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    let item = match &refused.item {
                        Some(item) => item.clone(),
                        None => self.0.get(&keys::music_command(command)).await?.unwrap_or_default(),
                    };
                    let by = text(&item, "holder").and_then(|holder| holder.parse().ok());
                    Ok(Claim::AlreadyBegun { by, answer: read_answer(&item)? })
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Writes how a command ended, at `now` of the machine's clock; one write. The first answer stays: whether this is it.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when it fits no item; [`StoreError::Service`].
    pub async fn answer(&self, answer: &Answer, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let (name, value) = packed(answer)?;
        let ask = self
            .0
            .dynamo()
            .update_item()
            .table_name(self.0.table())
            .set_key(Some(key_item(&keys::music_command(answer.id))))
            .condition_expression("attribute_not_exists(doc) AND attribute_not_exists(packed)")
            .update_expression("SET #answer = :answer, #ttl = :ttl")
            .expression_attribute_names("#answer", name)
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":answer", value)
            .expression_attribute_values(":ttl", n(end(now)));
        match Box::pin(ask.send()).await {
            Ok(_) => Ok(true),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(UpdateItemError::ConditionalCheckFailedException(_))
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// How a command ended; one read. `None`: it has not, or is not known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answer_of(&self, command: Uuid) -> Result<Option<Answer>, StoreError> {
        let item = self.0.get(&keys::music_command(command)).await?;
        item.map_or(Ok(None), |item| read_answer(&item))
    }
}

fn end(now: DateTime<Utc>) -> i64 {
    now.timestamp().saturating_add_unsigned(ANSWER_LIFE.as_secs())
}

/// The attribute that holds an answer: text, or packed where it is large.
fn packed(answer: &Answer) -> Result<(&'static str, AttributeValue), StoreError> {
    let json = serde_json::to_string(answer).map_err(|error| unreadable(answer.id, error))?;
    if json.len() < PACKED_FROM {
        return Ok(("doc", s(json)));
    }
    let bytes = miniz_oxide::deflate::compress_to_vec(json.as_bytes(), LEVEL);
    if bytes.len() > MOST_PACKED {
        return Err(StoreError::TooLarge);
    }
    Ok(("packed", AttributeValue::B(Blob::new(bytes))))
}

fn read_answer(item: &Item) -> Result<Option<Answer>, StoreError> {
    if item.contains_key("doc") {
        return read(item).map(Some);
    }
    let Some(AttributeValue::B(bytes)) = item.get("packed") else { return Ok(None) };
    let key = text(item, "pk").unwrap_or("?");
    let json = miniz_oxide::inflate::decompress_to_vec_with_limit(bytes.as_ref(), MOST_UNPACKED)
        .map_err(|error| unreadable(key, error))?;
    serde_json::from_slice(&json).map(Some).map_err(|error| unreadable(key, error))
}

fn unreadable(key: impl ToString, error: impl ToString) -> StoreError {
    StoreError::Unreadable(key.to_string(), error.to_string())
}
