//! Reads the table's stream and remembers how far.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aws_sdk_dynamodbstreams::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::types::{OperationType, Record, ShardIteratorType};
use aws_sdk_dynamodbstreams::{Client, error::SdkError};
use reactions::Image;
use serde::{Deserialize, Serialize};

use crate::home;

/// The stream cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the table's stream cannot be read: {0}")]
pub struct StreamError(String);

impl<E: std::error::Error + 'static, R: std::fmt::Debug> From<SdkError<E, R>> for StreamError {
    fn from(error: SdkError<E, R>) -> Self {
        Self(DisplayErrorContext(&error).to_string())
    }
}

/// How far the stream was read, as kept in a file.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    stream: String,
    /// The last record read, by shard.
    shards: BTreeMap<String, String>,
}

/// A reader of a table's stream.
#[derive(Debug)]
pub struct Stream {
    client: Client,
    table: String,
    file: Option<PathBuf>,
    position: Position,
    saved: Position,
    /// The next page of each open shard.
    iterators: Vec<(String, String)>,
}

impl Stream {
    /// Opens the stream of a table where an earlier reader left off (as `file` says), else at its end.
    ///
    /// # Errors
    ///
    /// When the table has no stream or cannot be reached.
    pub async fn open(client: Client, table: &str, file: Option<PathBuf>) -> Result<Self, StreamError> {
        let streams = client.list_streams().table_name(table).send().await?;
        // A table made again has a new stream under a later label; the labels are instants.
        let stream = streams
            .streams()
            .iter()
            .max_by_key(|stream| stream.stream_label())
            .and_then(|stream| stream.stream_arn())
            .ok_or_else(|| StreamError(format!("the table {table} has none")))?
            .to_owned();
        let kept: Position = file
            .as_ref()
            .and_then(|file| std::fs::read(file).ok())
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        let known = kept.stream == stream;
        let position =
            if known { kept } else { Position { stream: stream.clone(), shards: BTreeMap::new() } };
        let mut opened = Self {
            client,
            table: table.to_owned(),
            file,
            saved: Position::default(),
            position,
            iterators: Vec::new(),
        };
        let description = opened.client.describe_stream().stream_arn(&stream).send().await?;
        let shards = description.stream_description.and_then(|stream| stream.shards).unwrap_or_default();
        for shard in shards.into_iter().filter_map(|shard| shard.shard_id) {
            if let Some(iterator) = opened.iterator(&shard, known).await? {
                opened.iterators.push((shard, iterator));
            }
        }
        Ok(opened)
    }

    /// Where to read a shard on: after the last record read; else, of a stream that was read before, from its start
    /// (records told twice do no harm); else only what is new.
    async fn iterator(&self, shard: &str, known: bool) -> Result<Option<String>, StreamError> {
        let request = || self.client.get_shard_iterator().stream_arn(&self.position.stream).shard_id(shard);
        if let Some(read) = self.position.shards.get(shard) {
            let after = request()
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .sequence_number(read)
                .send()
                .await;
            // A position too old to be known any more is no reason to stop: what it missed is still pending.
            if let Ok(found) = after {
                return Ok(found.shard_iterator);
            }
        }
        let start = if known { ShardIteratorType::TrimHorizon } else { ShardIteratorType::Latest };
        Ok(request().shard_iterator_type(start).send().await?.shard_iterator)
    }

    /// The table this stream tells about.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The new images of outbox entries written since the last call, in order, a page of each shard at most; and
    /// whether there may be more at once.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read on from here: open it again.
    pub async fn read(&mut self) -> Result<(Vec<Image>, bool), StreamError> {
        let (mut items, mut more) = (Vec::new(), false);
        for index in 0..self.iterators.len() {
            let (shard, iterator) = self.iterators[index].clone();
            let page = self.client.get_records().shard_iterator(iterator).send().await?;
            more |= !page.records().is_empty();
            if let Some(last) = page.records().last().and_then(|record| record.dynamodb()?.sequence_number())
            {
                self.position.shards.insert(shard.clone(), last.to_owned());
            }
            items.extend(page.records().iter().filter_map(outbox_entry));
            match page.next_shard_iterator {
                Some(next) => self.iterators[index].1 = next,
                None => return Err(StreamError(format!("shard {shard} has ended"))),
            }
        }
        Ok((items, more))
    }

    /// Keeps the position, if there is a file for it and it moved.
    pub fn save(&mut self) {
        let Some(file) = &self.file else { return };
        if self.saved == self.position {
            return;
        }
        let text = serde_json::to_vec(&self.position).unwrap_or_default();
        match home::replace(file, &text) {
            Ok(()) => self.saved = self.position.clone(),
            Err(error) => tracing::warn!(%error, "the position in the table's stream cannot be kept"),
        }
    }
}

/// The image of a record that tells of a new outbox entry. Items without a document under an entry's key only note
/// which of its effects are done.
fn outbox_entry(record: &Record) -> Option<Image> {
    if record.event_name() != Some(&OperationType::Insert) {
        return None;
    }
    let item = record.dynamodb()?.new_image()?;
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let image = Image { pk: text("pk")?, sk: text("sk")?, doc: text("doc") };
    (image.pk.starts_with("OUT#") && image.doc.is_some()).then_some(image)
}
