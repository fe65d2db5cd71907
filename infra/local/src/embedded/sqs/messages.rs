//! What happens to messages: sent, received, hidden, deleted, moved to a dead-letter queue.
//!
//! Times are milliseconds since 1970. A message is in flight while it has been received and `visible` lies ahead.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::queues::{self, Queue};
use super::wire::{Entry, MessageAttribute, Received, Sent, SqsError};
use super::{digest, queues::ACCOUNT};

/// How long a FIFO queue remembers a deduplication id (SQS developer guide: five minutes).
const REMEMBERED: i64 = 5 * 60 * 1000;

/// What a receive asks for.
pub(super) struct Wish<'a> {
    pub(super) at_most: i64,
    pub(super) hidden_seconds: i64,
    pub(super) system_attributes: &'a [String],
    pub(super) attributes: &'a [String],
}

/// Puts one message into a queue; a FIFO queue answers a repeated deduplication id with the first message's id.
pub(super) fn send(
    connection: &mut Connection,
    queue: &Queue,
    entry: &Entry,
    now: i64,
) -> Result<Sent, SqsError> {
    let body = entry.message_body.as_deref().ok_or(SqsError::MissingParameter("MessageBody"))?;
    check_body(queue, body, &entry.message_attributes)?;
    let delay = match entry.delay_seconds {
        Some(seconds) if queue.is_fifo() && seconds != queue.number("DelaySeconds") => {
            return Err(invalid(
                "DelaySeconds",
                seconds,
                "The request include parameter that is not valid for this queue type",
            ));
        }
        Some(seconds) if !(0..=900).contains(&seconds) => {
            return Err(invalid("DelaySeconds", seconds, "DelaySeconds must be >= 0 and <= 900"));
        }
        Some(seconds) => seconds,
        None => queue.number("DelaySeconds"),
    };
    let dedup_id = match (&entry.message_deduplication_id, queue.is_fifo()) {
        (Some(given), true) => Some(given.clone()),
        (Some(given), false) => {
            return Err(invalid(
                "MessageDeduplicationId",
                given,
                "The request include parameter that is not valid for this queue type",
            ));
        }
        (None, true) if queue.deduplicates_by_content() => Some(digest::content_id(body)),
        (None, true) => {
            return Err(invalid(
                "MessageDeduplicationId",
                "null",
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
            ));
        }
        (None, false) => None,
    };
    if queue.is_fifo() && entry.message_group_id.is_none() {
        return Err(SqsError::MissingParameter("MessageGroupId"));
    }

    let transaction = connection.transaction()?;
    transaction.execute("DELETE FROM sent_ids WHERE forgotten <= ?1", [now])?;
    let repeated = match &dedup_id {
        Some(dedup_id) => transaction
            .query_row(
                "SELECT message_id, seq FROM sent_ids WHERE queue = ?1 AND dedup_id = ?2",
                params![queue.name, dedup_id],
                |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)),
            )
            .optional()?,
        None => None,
    };
    let (message_id, seq) = match repeated {
        Some(first) => first,
        None => insert(&transaction, queue, entry, body, dedup_id.as_deref(), now, delay)?,
    };
    transaction.commit()?;
    Ok(Sent {
        id: entry.id.clone(),
        message_id,
        md5_of_body: digest::of_body(body),
        md5_of_attributes: digest::of_attributes(&entry.message_attributes),
        sequence_number: queue.is_fifo().then(|| sequence(seq)),
    })
}

fn insert(
    transaction: &Transaction<'_>,
    queue: &Queue,
    entry: &Entry,
    body: &str,
    dedup_id: Option<&str>,
    now: i64,
    delay_seconds: i64,
) -> Result<(String, i64), SqsError> {
    let id = uuid::Uuid::new_v4().to_string();
    let attributes = serde_json::to_string(&entry.message_attributes).unwrap_or_else(|_| "{}".to_owned());
    transaction.execute(
        "INSERT INTO messages (queue, id, body, attributes, group_id, dedup_id, sent, visible)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            queue.name,
            id,
            body,
            attributes,
            entry.message_group_id,
            dedup_id,
            now,
            now + delay_seconds * 1000
        ],
    )?;
    let seq = transaction.last_insert_rowid();
    if let Some(dedup_id) = dedup_id {
        transaction.execute(
            "INSERT INTO sent_ids (queue, dedup_id, message_id, seq, forgotten) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![queue.name, dedup_id, id, seq, now + REMEMBERED],
        )?;
    }
    Ok((id, seq))
}

fn check_body(
    queue: &Queue,
    body: &str,
    attributes: &BTreeMap<String, MessageAttribute>,
) -> Result<(), SqsError> {
    if body.is_empty() {
        return Err(SqsError::MissingParameter("MessageBody"));
    }
    let attribute_bytes: usize = attributes
        .iter()
        .map(|(name, attribute)| {
            let value = attribute.string_value.as_ref().or(attribute.binary_value.as_ref());
            name.len() + attribute.data_type.len() + value.map_or(0, String::len)
        })
        .sum();
    let limit = queue.number("MaximumMessageSize");
    if i64::try_from(body.len() + attribute_bytes).unwrap_or(i64::MAX) > limit {
        return Err(invalid("MessageBody", "...", &format!("Message must be shorter than {limit} bytes")));
    }
    Ok(())
}

/// A message as the file holds it.
struct Stored {
    seq: i64,
    id: String,
    body: String,
    attributes: String,
    group_id: Option<String>,
    dedup_id: Option<String>,
    sent: i64,
    first_received: Option<i64>,
    receives: i64,
    source: Option<String>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            id: row.get(1)?,
            body: row.get(2)?,
            attributes: row.get(3)?,
            group_id: row.get(4)?,
            dedup_id: row.get(5)?,
            sent: row.get(6)?,
            first_received: row.get(7)?,
            receives: row.get(8)?,
            source: row.get(9)?,
        })
    }
}

const COLUMNS: &str = "seq, id, body, attributes, group_id, dedup_id, sent, first_received, receives, source";

/// Hands out the messages that are due, oldest first, and hides them for a while.
///
/// A FIFO queue keeps a group back while one of its messages is in flight, or an older one is still delayed.
/// A message that was already received as often as its redrive policy allows goes to the dead-letter queue instead.
pub(super) fn receive(
    connection: &mut Connection,
    queue: &Queue,
    wish: &Wish<'_>,
    now: i64,
) -> Result<Vec<Received>, SqsError> {
    let transaction = connection.transaction()?;
    let oldest = now - queue.number("MessageRetentionPeriod") * 1000;
    transaction
        .execute("DELETE FROM messages WHERE queue = ?1 AND sent < ?2", params![queue.name, oldest])?;
    bury(&transaction, queue, now)?;

    let in_order = if queue.is_fifo() {
        "AND NOT EXISTS (SELECT 1 FROM messages held WHERE held.queue = m.queue AND held.group_id = m.group_id
         AND held.visible > ?2 AND (held.receives > 0 OR held.seq < m.seq))"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM messages m WHERE queue = ?1 AND visible <= ?2 {in_order} ORDER BY seq LIMIT ?3"
    );
    let due = transaction
        .prepare_cached(&sql)?
        .query_map(params![queue.name, now, wish.at_most], Stored::read)?
        .collect::<Result<Vec<_>, _>>()?;
    let mut received = Vec::with_capacity(due.len());
    for message in due {
        let receipt = format!("{}.{}", message.id, uuid::Uuid::new_v4().simple());
        transaction.execute(
            "UPDATE messages SET visible = ?2, receives = receives + 1, receipt = ?3,
             first_received = COALESCE(first_received, ?4) WHERE seq = ?1",
            params![message.seq, now + wish.hidden_seconds * 1000, receipt, now],
        )?;
        received.push(hand_out(message, receipt, wish, now));
    }
    transaction.commit()?;
    Ok(received)
}

/// Moves messages that were received too often to the dead-letter queue, if that queue exists.
fn bury(transaction: &Transaction<'_>, queue: &Queue, now: i64) -> Result<(), SqsError> {
    let Some(redrive) = queue.redrive() else { return Ok(()) };
    if queues::find(transaction, &redrive.target)?.is_none() {
        return Ok(());
    }
    transaction.execute(
        "UPDATE messages SET queue = ?3, source = ?4, receives = 0, visible = ?2, receipt = NULL
         WHERE queue = ?1 AND visible <= ?2 AND receives >= ?5",
        params![queue.name, now, redrive.target, queue.arn(), redrive.max_receives],
    )?;
    Ok(())
}

fn hand_out(message: Stored, receipt_handle: String, wish: &Wish<'_>, now: i64) -> Received {
    let mut system = BTreeMap::from([
        ("SenderId", ACCOUNT.to_owned()),
        ("SentTimestamp", message.sent.to_string()),
        ("ApproximateReceiveCount", (message.receives + 1).to_string()),
        ("ApproximateFirstReceiveTimestamp", message.first_received.unwrap_or(now).to_string()),
    ]);
    if let Some(dedup_id) = message.dedup_id {
        system.insert("MessageDeduplicationId", dedup_id);
        system.insert("SequenceNumber", sequence(message.seq));
    }
    if let Some(group_id) = message.group_id {
        system.insert("MessageGroupId", group_id);
    }
    if let Some(source) = message.source {
        system.insert("DeadLetterQueueSourceArn", source);
    }
    system.retain(|name, _| wish.system_attributes.iter().any(|wanted| wanted == "All" || wanted == name));
    let mut attributes: BTreeMap<String, MessageAttribute> =
        serde_json::from_str(&message.attributes).unwrap_or_default();
    attributes.retain(|name, _| wish.attributes.iter().any(|wanted| matches(wanted, name)));
    Received {
        message_id: message.id,
        receipt_handle,
        md5_of_body: digest::of_body(&message.body),
        body: message.body,
        md5_of_attributes: digest::of_attributes(&attributes),
        attributes: system,
        message_attributes: attributes,
    }
}

/// Whether an attribute's name is asked for: by itself, by `All`, `.*`, or a prefix such as `trace.*`.
fn matches(wanted: &str, name: &str) -> bool {
    wanted == "All"
        || wanted == name
        || wanted.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
}

/// Deletes the message of a receipt. An outdated receipt of a standard queue deletes nothing and is no error.
pub(super) fn delete(
    connection: &Connection,
    queue: &Queue,
    entry: &Entry,
    now: i64,
) -> Result<(), SqsError> {
    let receipt = receipt(entry)?;
    if queue.is_fifo() {
        let visible: Option<i64> = connection
            .query_row(
                "SELECT visible FROM messages WHERE receipt = ?1 AND queue = ?2",
                params![receipt, queue.name],
                |row| row.get(0),
            )
            .optional()?;
        if visible.is_some_and(|visible| visible <= now) {
            return Err(invalid("ReceiptHandle", receipt, "The receipt handle has expired."));
        }
    }
    connection
        .execute("DELETE FROM messages WHERE receipt = ?1 AND queue = ?2", params![receipt, queue.name])?;
    Ok(())
}

/// Hides a message in flight for another while, from now on; 0 gives it back at once.
pub(super) fn change_visibility(
    connection: &Connection,
    queue: &Queue,
    entry: &Entry,
    now: i64,
) -> Result<(), SqsError> {
    let receipt = receipt(entry)?;
    let seconds = entry.visibility_timeout.ok_or(SqsError::MissingParameter("VisibilityTimeout"))?;
    if !(0..=43_200).contains(&seconds) {
        return Err(invalid("VisibilityTimeout", seconds, "Must be between 0 and 43200"));
    }
    let changed = connection.execute(
        "UPDATE messages SET visible = ?3 WHERE receipt = ?1 AND queue = ?2 AND visible > ?4",
        params![receipt, queue.name, now + seconds * 1000, now],
    )?;
    if changed == 0 { Err(SqsError::MessageNotInflight) } else { Ok(()) }
}

/// Removes every message of a queue.
pub(super) fn purge(connection: &Connection, queue: &Queue) -> Result<(), SqsError> {
    connection.execute("DELETE FROM messages WHERE queue = ?1", [&queue.name])?;
    Ok(())
}

/// When the next hidden message of a queue comes into sight, if there is one.
pub(super) fn next_due(connection: &Connection, queue: &Queue, now: i64) -> Result<Option<i64>, SqsError> {
    Ok(connection.query_row(
        "SELECT MIN(visible) FROM messages WHERE queue = ?1 AND visible > ?2",
        params![queue.name, now],
        |row| row.get(0),
    )?)
}

fn receipt(entry: &Entry) -> Result<&str, SqsError> {
    let receipt = entry.receipt_handle.as_deref().ok_or(SqsError::MissingParameter("ReceiptHandle"))?;
    let shaped = receipt
        .split_once('.')
        .is_some_and(|(id, nonce)| uuid::Uuid::try_parse(id).is_ok() && uuid::Uuid::try_parse(nonce).is_ok());
    if shaped { Ok(receipt) } else { Err(SqsError::ReceiptHandleIsInvalid(receipt.to_owned())) }
}

fn sequence(seq: i64) -> String {
    format!("{seq:020}")
}

fn invalid(name: &'static str, value: impl ToString, reason: &str) -> SqsError {
    SqsError::InvalidParameter { name, value: value.to_string(), reason: reason.to_owned() }
}
