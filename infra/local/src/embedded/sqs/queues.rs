//! The queues themselves: their file, their names, their attributes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::wire::SqsError;

/// The account that local queue addresses and ARNs name.
pub(crate) const ACCOUNT: &str = "000000000000";
const REGION: &str = crate::embedded::REGION;

/// An attribute that clients may set.
struct Setting {
    name: &'static str,
    /// What holds until it is set; nothing: it is absent.
    default: Option<&'static str>,
    /// The whole numbers it accepts, where it is one.
    range: Option<(i64, i64)>,
}

const fn number(name: &'static str, default: &'static str, low: i64, high: i64) -> Setting {
    Setting { name, default: Some(default), range: Some((low, high)) }
}

const fn text(name: &'static str) -> Setting {
    Setting { name, default: None, range: None }
}

/// The attributes of the SQS API reference, `CreateQueue`.
const SETTABLE: &[Setting] = &[
    number("VisibilityTimeout", "30", 0, 43_200),
    number("DelaySeconds", "0", 0, 900),
    number("MaximumMessageSize", "1048576", 1024, 1_048_576),
    number("MessageRetentionPeriod", "345600", 60, 1_209_600),
    number("ReceiveMessageWaitTimeSeconds", "0", 0, 20),
    text("RedrivePolicy"),
    text("RedriveAllowPolicy"),
    text("Policy"),
    text("FifoQueue"),
    text("ContentBasedDeduplication"),
    text("DeduplicationScope"),
    text("FifoThroughputLimit"),
    text("KmsMasterKeyId"),
    text("KmsDataKeyReusePeriodSeconds"),
    text("SqsManagedSseEnabled"),
];

fn setting(name: &str) -> Option<&'static Setting> {
    SETTABLE.iter().find(|known| known.name == name)
}

fn default_of(name: &str) -> Option<&'static str> {
    setting(name).and_then(|known| known.default)
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS queues (
        name TEXT PRIMARY KEY,
        attributes TEXT NOT NULL,
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,
        group_id TEXT,
        dedup_id TEXT,
        sent INTEGER NOT NULL,
        visible INTEGER NOT NULL,
        first_received INTEGER,
        receives INTEGER NOT NULL DEFAULT 0,
        receipt TEXT,
        source TEXT
    );
    CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, seq);
    CREATE INDEX IF NOT EXISTS messages_by_group ON messages (queue, group_id, visible);
    CREATE INDEX IF NOT EXISTS messages_by_receipt ON messages (receipt);
    CREATE TABLE IF NOT EXISTS sent_ids (
        queue TEXT NOT NULL,
        dedup_id TEXT NOT NULL,
        message_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        forgotten INTEGER NOT NULL,
        PRIMARY KEY (queue, dedup_id)
    );";

/// One queue and its settings.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    pub(super) name: String,
    attributes: BTreeMap<String, String>,
    created: i64,
    modified: i64,
}

/// Where a message goes after too many receives.
pub(super) struct Redrive {
    pub(super) target: String,
    pub(super) max_receives: i64,
}

impl Queue {
    pub(super) fn is_fifo(&self) -> bool {
        is_fifo(&self.name)
    }

    /// A numeric attribute, its default where it was never set; 0 for one without default.
    pub(super) fn number(&self, name: &str) -> i64 {
        self.attributes
            .get(name)
            .map(String::as_str)
            .or_else(|| default_of(name))
            .and_then(|value| value.parse().ok())
            .unwrap_or(0)
    }

    pub(super) fn deduplicates_by_content(&self) -> bool {
        self.attributes.get("ContentBasedDeduplication").is_some_and(|value| value == "true")
    }

    pub(super) fn arn(&self) -> String {
        format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", self.name)
    }

    /// The queue's redrive policy, if it has a readable one.
    pub(super) fn redrive(&self) -> Option<Redrive> {
        let policy: serde_json::Value = serde_json::from_str(self.attributes.get("RedrivePolicy")?).ok()?;
        let target = policy.get("deadLetterTargetArn")?.as_str()?.rsplit(':').next()?.to_owned();
        // The count arrives as a number or as a string, depending on the tool that wrote the policy.
        let count = policy.get("maxReceiveCount")?;
        let max_receives = count.as_i64().or_else(|| count.as_str()?.parse().ok())?;
        Some(Redrive { target, max_receives })
    }
}

fn is_fifo(name: &str) -> bool {
    name.strip_suffix(".fifo").is_some()
}

/// Opens the file of queues, or queues in memory when there is no path.
///
/// # Errors
///
/// When the file cannot be opened or is not a queue file.
pub(super) fn open(path: Option<&Path>) -> Result<Connection, SqsError> {
    let connection = match path {
        Some(path) => Connection::open(path)?,
        None => Connection::open_in_memory()?,
    };
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit reaches the operating system before the answer leaves, so a killed process loses nothing; only a
    // power cut can cost the last moments.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// Creates a queue, or finds it again when it exists with the same attributes.
pub(super) fn create(
    connection: &Connection,
    name: &str,
    mut attributes: BTreeMap<String, String>,
    now: i64,
) -> Result<(), SqsError> {
    let stem = name.strip_suffix(".fifo").unwrap_or(name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if stem.is_empty() || name.len() > 80 || !stem.chars().all(allowed) {
        return Err(SqsError::InvalidParameter {
            name: "QueueName",
            value: name.to_owned(),
            reason: "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
                .to_owned(),
        });
    }
    check(&attributes)?;
    let wants_fifo = attributes.get("FifoQueue").map(String::as_str);
    if wants_fifo == Some("true") && !is_fifo(name) || wants_fifo == Some("false") && is_fifo(name) {
        return Err(SqsError::InvalidParameter {
            name: "QueueName",
            value: name.to_owned(),
            reason: "The name of a FIFO queue ends in .fifo, and no other queue's does".to_owned(),
        });
    }
    if is_fifo(name) {
        attributes.insert("FifoQueue".to_owned(), "true".to_owned());
    } else if attributes.remove("FifoQueue").is_none() && attributes.contains_key("ContentBasedDeduplication")
    {
        return Err(SqsError::InvalidAttributeName("ContentBasedDeduplication".to_owned()));
    }
    if let Some(existing) = find(connection, name)? {
        for (key, value) in &attributes {
            let current = existing.attributes.get(key).map(String::as_str);
            if current.or(default_of(key)) != Some(value) {
                return Err(SqsError::QueueNameExists(key.clone()));
            }
        }
        return Ok(());
    }
    connection.execute(
        "INSERT INTO queues (name, attributes, created, modified) VALUES (?1, ?2, ?3, ?3)",
        params![name, json(&attributes), now],
    )?;
    Ok(())
}

/// Changes attributes of a queue; an empty value removes one.
pub(super) fn set(
    connection: &Connection,
    queue: &Queue,
    changes: BTreeMap<String, String>,
    now: i64,
) -> Result<(), SqsError> {
    if changes.contains_key("FifoQueue") {
        return Err(SqsError::InvalidAttributeName("FifoQueue".to_owned()));
    }
    check(&changes)?;
    let mut attributes = queue.attributes.clone();
    for (key, value) in changes {
        if value.is_empty() {
            attributes.remove(&key);
        } else {
            attributes.insert(key, value);
        }
    }
    connection.execute(
        "UPDATE queues SET attributes = ?2, modified = ?3 WHERE name = ?1",
        params![queue.name, json(&attributes), now],
    )?;
    Ok(())
}

/// The queue of a name, or nothing.
pub(super) fn find(connection: &Connection, name: &str) -> Result<Option<Queue>, SqsError> {
    let row = connection
        .query_row("SELECT attributes, created, modified FROM queues WHERE name = ?1", [name], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    Ok(row.map(|(attributes, created, modified)| Queue {
        name: name.to_owned(),
        attributes: serde_json::from_str(&attributes).unwrap_or_default(),
        created,
        modified,
    }))
}

/// The names of all queues that begin with a prefix, in order.
pub(super) fn list(connection: &Connection, prefix: &str) -> Result<Vec<String>, SqsError> {
    let mut statement = connection.prepare("SELECT name FROM queues ORDER BY name")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(names.into_iter().filter(|name| name.starts_with(prefix)).collect())
}

/// Removes a queue with its messages.
pub(super) fn delete(connection: &mut Connection, queue: &Queue) -> Result<(), SqsError> {
    let transaction = connection.transaction()?;
    transaction.execute("DELETE FROM messages WHERE queue = ?1", [&queue.name])?;
    transaction.execute("DELETE FROM sent_ids WHERE queue = ?1", [&queue.name])?;
    transaction.execute("DELETE FROM queues WHERE name = ?1", [&queue.name])?;
    transaction.commit()?;
    Ok(())
}

/// The attributes a client asks for by name (`All`: every one), the counted ones included.
pub(super) fn describe(
    connection: &Connection,
    queue: &Queue,
    wanted: &[String],
    now: i64,
) -> Result<BTreeMap<String, String>, SqsError> {
    let count = |condition: &str| -> Result<String, SqsError> {
        let sql = format!("SELECT COUNT(*) FROM messages WHERE queue = ?1 AND {condition}");
        let count: i64 = connection.query_row(&sql, params![queue.name, now], |row| row.get(0))?;
        Ok(count.to_string())
    };
    let mut all: BTreeMap<String, String> = SETTABLE
        .iter()
        .filter_map(|known| known.default.map(|value| (known.name.to_owned(), value.to_owned())))
        .collect();
    all.extend(queue.attributes.clone());
    all.insert("QueueArn".to_owned(), queue.arn());
    all.insert("CreatedTimestamp".to_owned(), (queue.created / 1000).to_string());
    all.insert("LastModifiedTimestamp".to_owned(), (queue.modified / 1000).to_string());
    all.insert("ApproximateNumberOfMessages".to_owned(), count("visible <= ?2")?);
    all.insert("ApproximateNumberOfMessagesNotVisible".to_owned(), count("visible > ?2 AND receives > 0")?);
    all.insert("ApproximateNumberOfMessagesDelayed".to_owned(), count("visible > ?2 AND receives = 0")?);
    for name in wanted {
        let known = name == "All" || all.contains_key(name) || setting(name).is_some();
        if !known {
            return Err(SqsError::InvalidAttributeName(name.clone()));
        }
    }
    if !wanted.iter().any(|name| name == "All") {
        all.retain(|name, _| wanted.contains(name));
    }
    Ok(all)
}

fn check(attributes: &BTreeMap<String, String>) -> Result<(), SqsError> {
    for (name, value) in attributes {
        let Some(known) = setting(name) else {
            return Err(SqsError::InvalidAttributeName(name.clone()));
        };
        if value.is_empty() {
            continue;
        }
        let acceptable = match (known.name, known.range) {
            (_, Some((low, high))) => value.parse::<i64>().is_ok_and(|number| (low..=high).contains(&number)),
            ("RedrivePolicy", None) => redrive_is_readable(value),
            ("FifoQueue" | "ContentBasedDeduplication", None) => value == "true" || value == "false",
            _ => true,
        };
        if !acceptable {
            return Err(SqsError::InvalidParameter {
                name: known.name,
                value: value.clone(),
                reason: "Invalid value for the parameter".to_owned(),
            });
        }
    }
    Ok(())
}

fn redrive_is_readable(policy: &str) -> bool {
    let probe = Queue {
        name: String::new(),
        attributes: BTreeMap::from([("RedrivePolicy".to_owned(), policy.to_owned())]),
        created: 0,
        modified: 0,
    };
    probe.redrive().is_some_and(|redrive| (1..=1000).contains(&redrive.max_receives))
}

fn json(attributes: &BTreeMap<String, String>) -> String {
    serde_json::to_string(attributes).unwrap_or_else(|_| "{}".to_owned())
}
