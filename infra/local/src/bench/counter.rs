//! A proxy in front of the DynamoDB API that counts what passes: requests, capacity units, bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Failure;

/// Operations that read items.
const READS: [&str; 5] = ["BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems"];
/// Operations that write items.
const WRITES: [&str; 5] = ["BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"];
/// How the names of the table's own operations begin; those of its stream begin otherwise.
const TABLE: &str = "DynamoDB_20120810.";

/// What passed in some time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Tally {
    /// Requests that read or write items.
    pub requests: usize,
    /// The same by operation.
    pub operations: BTreeMap<String, usize>,
    /// Capacity units, as the table reports them; absent when it reports none.
    pub units: Option<f64>,
    /// Bytes of the table's answers.
    pub table_bytes: usize,
    /// Items that requests wrote or removed, those of transactions one by one.
    pub items_written: usize,
}

impl Tally {
    fn add(&mut self, operation: &str, written: usize, answer: &[u8]) {
        self.requests += 1;
        self.items_written += written;
        *self.operations.entry(operation.to_owned()).or_default() += 1;
        self.table_bytes += answer.len();
        if let Some(units) = serde_json::from_slice(answer).ok().as_ref().and_then(units) {
            *self.units.get_or_insert_default() += units;
        }
    }

    /// Which operations, in words.
    pub(super) fn words(&self) -> String {
        let parts: Vec<_> = self.operations.iter().map(|(name, count)| format!("{count} {name}")).collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    }

    /// Only the reads.
    pub(super) fn reads(self) -> Self {
        self.only(&READS)
    }

    /// Only the writes.
    pub(super) fn writes(self) -> Self {
        self.only(&WRITES)
    }

    fn only(mut self, names: &[&str]) -> Self {
        self.operations.retain(|name, _| names.contains(&name.as_str()));
        self.requests = self.operations.values().sum();
        self
    }
}

/// How many items a request writes or removes.
fn written(operation: &str, body: &[u8]) -> usize {
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => 1,
        "TransactWriteItems" => {
            let request: Value = serde_json::from_slice(body).unwrap_or_default();
            let items = request["TransactItems"].as_array().map(Vec::as_slice).unwrap_or_default();
            items.iter().filter(|item| item.get("ConditionCheck").is_none()).count()
        }
        "BatchWriteItem" => {
            let request: Value = serde_json::from_slice(body).unwrap_or_default();
            let tables = request["RequestItems"].as_object();
            tables
                .into_iter()
                .flat_map(|tables| tables.values())
                .filter_map(Value::as_array)
                .map(Vec::len)
                .sum()
        }
        _ => 0,
    }
}

/// The units of an answer: of the one table, or of each table of a batch.
fn units(answer: &Value) -> Option<f64> {
    match answer.get("ConsumedCapacity")? {
        Value::Array(tables) => Some(tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum()),
        table => table["CapacityUnits"].as_f64(),
    }
}

#[derive(Clone, Debug)]
struct Passage {
    target: String,
    http: reqwest::Client,
    tally: Arc<Mutex<Tally>>,
}

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub(super) struct Counter {
    /// Where it listens.
    pub address: String,
    tally: Arc<Mutex<Tally>>,
    serving: JoinHandle<()>,
}

impl Counter {
    /// Starts a proxy before the API at `target`.
    pub(super) async fn start(target: &str, http: reqwest::Client) -> Result<Self, Failure> {
        let tally = Arc::<Mutex<Tally>>::default();
        let passage = Passage { target: target.to_owned(), http, tally: Arc::clone(&tally) };
        let router = Router::new().fallback(pass).with_state(passage);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, tally, serving })
    }

    /// What passed since this was last asked.
    pub(super) fn take(&self) -> Tally {
        std::mem::take(&mut *self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(State(passage): State<Passage>, headers: HeaderMap, body: Bytes) -> Response {
    let operation = headers
        .get("x-amz-target")
        .and_then(|name| name.to_str().ok()?.strip_prefix(TABLE))
        .filter(|name| READS.contains(name) || WRITES.contains(name))
        .map(str::to_owned);
    let written = operation.as_deref().map_or(0, |operation| written(operation, &body));
    let body = if operation.is_some() { asking_for_units(body) } else { body };
    let mut request = passage.http.post(&passage.target).body(body);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host" && *name != "content-length") {
        request = request.header(name, value);
    }
    let Ok(answer) = request.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let Ok(answer) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    if let Some(operation) = operation {
        passage.tally.lock().unwrap_or_else(PoisonError::into_inner).add(&operation, written, &answer);
    }
    (status, headers, answer).into_response()
}

/// The request with the wish to be told its units. The local table does not check what was signed.
fn asking_for_units(body: Bytes) -> Bytes {
    match serde_json::from_slice(&body) {
        Ok(Value::Object(mut request)) => {
            request.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
            Value::Object(request).to_string().into()
        }
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_single_requests_and_of_batches_add_up() {
        let mut tally = Tally::default();
        tally.add("Query", 0, br#"{"Items": [], "ConsumedCapacity": {"CapacityUnits": 1.5}}"#);
        tally.add(
            "BatchGetItem",
            0,
            br#"{"ConsumedCapacity": [{"CapacityUnits": 2.0}, {"CapacityUnits": 0.5}]}"#,
        );
        tally.add("PutItem", 1, b"{}");
        assert_eq!((tally.requests, tally.units, tally.items_written), (3, Some(4.0), 1));
        assert_eq!(
            written("TransactWriteItems", br#"{"TransactItems": [{"Put": {}}, {"ConditionCheck": {}}]}"#),
            1
        );
        assert_eq!(tally.words(), "1 BatchGetItem, 1 PutItem, 1 Query");
        assert_eq!((tally.clone().reads().requests, tally.writes().requests), (2, 1));
    }

    #[test]
    fn every_request_asks_for_its_units() {
        let asked = asking_for_units(Bytes::from_static(br#"{"TableName":"casa"}"#));
        assert_eq!(asked, r#"{"TableName":"casa","ReturnConsumedCapacity":"TOTAL"}"#);
        assert_eq!(asking_for_units(Bytes::from_static(b"?")), "?");
    }
}
