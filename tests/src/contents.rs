//! Everything a running system holds, to tell whether a request left a trace.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

use crate::Shared;

const REGION: &str = "us-east-1";

/// The items of the table (without the counters of the throttle and what the music bridge says) and the keys of the bucket at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    items: BTreeMap<(String, String), Item>,
    files: BTreeSet<String>,
}

impl Contents {
    /// What the servers hold now.
    ///
    /// # Panics
    /// When they do not answer.
    pub async fn of(shared: &Shared) -> Self {
        let mut items = scan(&table(shared)).await;
        items.retain(|key, _| !is_throttle(key) && !is_of_bridge(key));
        Self { items, files: files(shared).await }
    }

    /// The keys in the bucket.
    pub fn files(&self) -> &BTreeSet<String> {
        &self.files
    }

    /// The facts of the outbox, as written.
    pub fn facts(&self) -> Vec<serde_json::Value> {
        let facts = self.items.iter().filter(|((pk, sk), _)| pk.starts_with("OUT#") && sk == "A");
        let doc = |item: &Item| serde_json::from_str(item.get("doc")?.as_s().ok()?).ok();
        facts.filter_map(|(_, item)| doc(item)).collect()
    }

    /// How many items the table holds.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What differs in `later`, one line per item or file: `+` new, `-` gone, `~` changed.
    pub fn differences(&self, later: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, item) in &later.items {
            match self.items.get(key) {
                None => lines.push(format!("+ {key:?}")),
                Some(before) if before != item => lines.push(format!("~ {key:?}: {before:?} → {item:?}")),
                Some(_) => {}
            }
        }
        lines.extend(
            self.items.keys().filter(|key| !later.items.contains_key(*key)).map(|key| format!("- {key:?}")),
        );
        lines.extend(later.files.difference(&self.files).map(|file| format!("+ file {file}")));
        lines.extend(self.files.difference(&later.files).map(|file| format!("- file {file}")));
        lines
    }
}

fn credentials(shared: &Shared) -> Credentials {
    let (id, secret) = (shared.endpoint("AWS_ACCESS_KEY_ID"), shared.endpoint("AWS_SECRET_ACCESS_KEY"));
    Credentials::new(id, secret, None, None, "test")
}

type Item = HashMap<String, AttributeValue>;

fn table(shared: &Shared) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials(shared))
        .endpoint_url(shared.endpoint("AWS_ENDPOINT_URL_DYNAMODB"))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// Every item under its key, the throttle's included.
async fn scan(client: &aws_sdk_dynamodb::Client) -> BTreeMap<(String, String), Item> {
    let (mut items, mut from) = (BTreeMap::new(), None);
    loop {
        let page =
            client.scan().table_name("casa").consistent_read(true).set_exclusive_start_key(from).send().await;
        let page = page.unwrap_or_else(|problem| panic!("the table cannot be read: {problem:?}"));
        for item in page.items() {
            let text =
                |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
            items.insert((text("pk"), text("sk")), item.clone());
        }
        from = page.last_evaluated_key().cloned();
        if from.is_none() {
            return items;
        }
    }
}

/// What the music bridge says of itself and of players, and its answers, which come and go by themselves.
fn is_of_bridge((pk, _): &(String, String)) -> bool {
    pk.starts_with("MUSIC#")
}

fn is_throttle(key: &(String, String)) -> bool {
    key.0.starts_with("THROTTLE#")
}

/// Lets the windows of all throttle counters end, as time would.
///
/// # Panics
/// When the table cannot be written.
pub async fn end_throttle_windows(shared: &Shared) {
    let client = table(shared);
    for ((pk, sk), _) in scan(&client).await.into_iter().filter(|(key, _)| is_throttle(key)) {
        let update = client
            .update_item()
            .table_name("casa")
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk));
        let update =
            update.update_expression("SET #until = :past").expression_attribute_names("#until", "until");
        let answer =
            update.expression_attribute_values(":past", AttributeValue::N("1".to_owned())).send().await;
        answer.unwrap_or_else(|problem| panic!("the table cannot be written: {problem:?}"));
    }
}

async fn files(shared: &Shared) -> BTreeSet<String> {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials(shared))
        .endpoint_url(shared.endpoint("AWS_ENDPOINT_URL_S3"))
        .force_path_style(true)
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let (mut files, mut from) = (BTreeSet::new(), None);
    loop {
        let page = client.list_objects_v2().bucket("casa-files").set_continuation_token(from).send().await;
        let page = page.unwrap_or_else(|problem| panic!("the bucket cannot be read: {problem:?}"));
        files.extend(page.contents().iter().filter_map(|file| file.key().map(str::to_owned)));
        from = page.next_continuation_token().map(str::to_owned);
        if from.is_none() {
            return files;
        }
    }
}
