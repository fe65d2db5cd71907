//! A small SQS server: the JSON 1.0 protocol over HTTP, queues in one SQLite file.
//!
//! Written here because the crate that was examined has no FIFO order and no durable messages (see the README beside
//! the crate). It answers what the project's functions, the AWS CLI and the SDKs use; anything else is
//! refused with `UnsupportedOperation`.

mod digest;
mod messages;
mod queues;
mod wire;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use self::messages::Wish;
pub(crate) use self::queues::ACCOUNT;
use self::queues::Queue;
use self::wire::{Entry, Request, SqsError};
use super::{EmbeddedError, Stop};

/// What every request shares.
struct Shared {
    connection: Mutex<Connection>,
    /// Rung whenever a message may have come into sight, for the receivers that wait.
    changed: Notify,
    base_url: String,
    stop: Stop,
}

/// Open queues, ready to be served.
pub(super) struct Queues(Arc<Shared>);

impl Queues {
    /// Opens the file of a path, or queues in memory without one. `url` is the address clients use.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub(super) fn open(path: Option<&Path>, url: &str, stop: &Stop) -> Result<Self, EmbeddedError> {
        let connection = queues::open(path).map_err(|error| EmbeddedError::Queues(error.to_string()))?;
        Ok(Self(Arc::new(Shared {
            connection: Mutex::new(connection),
            changed: Notify::new(),
            base_url: url.to_owned(),
            stop: stop.clone(),
        })))
    }
}

/// Serves the queues on a listener until `stop`.
///
/// # Errors
///
/// When the listener fails.
pub(super) async fn serve(listener: TcpListener, queues: Queues, stop: Stop) -> Result<(), EmbeddedError> {
    // SDKs post to `/` or to the queue's own address; the target header alone says what is meant.
    let router = Router::new().fallback(answer).with_state(queues.0);
    axum::serve(listener, router).with_graceful_shutdown(async move { stop.wait().await }).await?;
    Ok(())
}

async fn answer(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut response = match dispatch(&shared, &headers, &body).await {
        Ok(value) => axum::Json(value).into_response(),
        Err(error) => error.into_response(),
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    response
}

async fn dispatch(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Value, SqsError> {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(action) = target.strip_prefix("AmazonSQS.") else {
        let reason = "this server speaks the JSON 1.0 protocol (header X-Amz-Target: AmazonSQS.<action>)";
        return Err(SqsError::Unreadable(reason.to_owned()));
    };
    let request: Request =
        serde_json::from_slice(body).map_err(|error| SqsError::Unreadable(error.to_string()))?;
    let now = now();
    match action {
        "CreateQueue" => {
            let name = queue_name(&request)?;
            queues::create(&shared.file(), name, request.attributes.clone(), now)?;
            Ok(json!({ "QueueUrl": shared.url_of(name) }))
        }
        "GetQueueUrl" => {
            let name = queue_name(&request)?;
            queues::find(&shared.file(), name)?.ok_or(SqsError::QueueDoesNotExist)?;
            Ok(json!({ "QueueUrl": shared.url_of(name) }))
        }
        "ListQueues" => {
            let prefix = request.queue_name_prefix.as_deref().unwrap_or_default();
            let names = queues::list(&shared.file(), prefix)?;
            let urls: Vec<_> = names.iter().map(|name| shared.url_of(name)).collect();
            Ok(json!({ "QueueUrls": urls }))
        }
        "ReceiveMessage" => receive(shared, &request).await,
        _ => with_queue(shared, action, request, now),
    }
}

/// The operations that name a queue by its address and answer at once.
fn with_queue(shared: &Shared, action: &str, request: Request, now: i64) -> Result<Value, SqsError> {
    let mut file = shared.file();
    let queue = queue_of(&file, &request)?;
    let answer = match action {
        "GetQueueAttributes" => {
            let attributes = queues::describe(&file, &queue, &request.attribute_names, now)?;
            json!({ "Attributes": attributes })
        }
        "SetQueueAttributes" => {
            queues::set(&file, &queue, request.attributes, now)?;
            json!({})
        }
        "DeleteQueue" => {
            queues::delete(&mut file, &queue)?;
            json!({})
        }
        "PurgeQueue" => {
            messages::purge(&file, &queue)?;
            json!({})
        }
        "SendMessage" => json!(messages::send(&mut file, &queue, &request.entry, now)?),
        "SendMessageBatch" => {
            batch(&request.entries, |entry| Ok(json!(messages::send(&mut file, &queue, entry, now)?)))?
        }
        "DeleteMessage" => {
            messages::delete(&file, &queue, &request.entry, now)?;
            json!({})
        }
        "DeleteMessageBatch" => batch(&request.entries, |entry| {
            messages::delete(&file, &queue, entry, now)?;
            Ok(json!({ "Id": entry.id }))
        })?,
        "ChangeMessageVisibility" => {
            messages::change_visibility(&file, &queue, &request.entry, now)?;
            json!({})
        }
        "ChangeMessageVisibilityBatch" => batch(&request.entries, |entry| {
            messages::change_visibility(&file, &queue, entry, now)?;
            Ok(json!({ "Id": entry.id }))
        })?,
        other => return Err(SqsError::UnsupportedOperation(other.to_owned())),
    };
    drop(file);
    shared.changed.notify_waiters();
    Ok(answer)
}

/// Receives, waiting up to the asked time (0 to 20 seconds) for a message to come into sight.
async fn receive(shared: &Shared, request: &Request) -> Result<Value, SqsError> {
    let at_most = request.max_number_of_messages.unwrap_or(1);
    if !(1..=10).contains(&at_most) {
        return Err(out_of_range("MaxNumberOfMessages", at_most, "Must be between 1 and 10, if provided"));
    }
    let mut system_attributes = request.message_system_attribute_names.clone();
    system_attributes.extend(request.attribute_names.iter().cloned());
    let queue = queue_of(&shared.file(), request)?;
    let seconds = request.wait_time_seconds.unwrap_or_else(|| queue.number("ReceiveMessageWaitTimeSeconds"));
    if !(0..=20).contains(&seconds) {
        return Err(out_of_range("WaitTimeSeconds", seconds, "Must be >= 0 and <= 20, if provided"));
    }
    let hidden_seconds =
        request.entry.visibility_timeout.unwrap_or_else(|| queue.number("VisibilityTimeout"));
    if !(0..=43_200).contains(&hidden_seconds) {
        return Err(out_of_range("VisibilityTimeout", hidden_seconds, "Must be between 0 and 43200"));
    }
    let wish = Wish {
        at_most,
        hidden_seconds,
        system_attributes: &system_attributes,
        attributes: &request.message_attribute_names,
    };
    let deadline = now() + seconds * 1000;
    loop {
        // Listening begins before looking, so that a message sent in between is not slept through.
        let changed = shared.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let now = now();
        let next = {
            let mut file = shared.file();
            let queue = queue_of(&file, request)?;
            let received = messages::receive(&mut file, &queue, &wish, now)?;
            if !received.is_empty() {
                return Ok(json!({ "Messages": received }));
            }
            messages::next_due(&file, &queue, now)?
        };
        if now >= deadline {
            return Ok(json!({}));
        }
        let sleep = next.unwrap_or(deadline).min(deadline).saturating_sub(now).max(1);
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(Duration::from_millis(u64::try_from(sleep).unwrap_or(1))) => {}
            () = shared.stop.wait() => return Ok(json!({})),
        }
    }
}

/// Runs every entry of a batch; a refused one is reported beside the others.
fn batch(
    entries: &[Entry],
    mut run: impl FnMut(&Entry) -> Result<Value, SqsError>,
) -> Result<Value, SqsError> {
    if entries.is_empty() {
        return Err(SqsError::EmptyBatchRequest);
    }
    if entries.len() > 10 {
        return Err(SqsError::TooManyEntries(entries.len()));
    }
    for (position, entry) in entries.iter().enumerate() {
        let id = entry.id.as_ref().ok_or(SqsError::MissingParameter("Id"))?;
        if entries.iter().take(position).any(|earlier| earlier.id.as_ref() == Some(id)) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.clone()));
        }
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match run(entry) {
            Ok(value) => successful.push(value),
            Err(error @ SqsError::Storage(_)) => return Err(error),
            Err(error) => failed.push(json!({
                "Id": entry.id,
                "Code": error.names().1,
                "Message": error.to_string(),
                "SenderFault": true,
            })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

impl Shared {
    fn file(&self) -> MutexGuard<'_, Connection> {
        // A panic in another request leaves no half-done state: its transaction was rolled back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url_of(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.base_url, queues::ACCOUNT)
    }
}

fn queue_name(request: &Request) -> Result<&str, SqsError> {
    request.queue_name.as_deref().ok_or(SqsError::MissingParameter("QueueName"))
}

/// The queue a request's address names. Only the last part counts: ports change between starts.
fn queue_of(connection: &Connection, request: &Request) -> Result<Queue, SqsError> {
    let url = request.queue_url.as_deref().ok_or(SqsError::MissingParameter("QueueUrl"))?;
    let name = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    queues::find(connection, name)?.ok_or(SqsError::QueueDoesNotExist)
}

fn out_of_range(name: &'static str, value: i64, reason: &str) -> SqsError {
    SqsError::InvalidParameter { name, value: value.to_string(), reason: reason.to_owned() }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
