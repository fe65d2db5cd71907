//! The table of a running program, and reactions over it.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    config::{BehaviorVersion, Credentials, Region},
    types::AttributeValue,
};
use casa_gateways::Gateways;
use casa_tests::Shared;
use casa_web::{AppState, Aws, Clock, Settings};
use reactions::{Image, React};
use serde_json::Value;

use crate::CLOCK;

/// An item, as far as tests look at it.
#[derive(Clone, Debug)]
pub struct Row {
    pub pk: String,
    pub sk: String,
    /// Where the index has it.
    pub index: Option<String>,
    pub doc: Value,
    /// Why it was parked.
    pub reason: Option<String>,
    text: Option<String>,
}

impl Row {
    pub fn image(&self) -> Image {
        Image { pk: self.pk.clone(), sk: self.sk.clone(), doc: self.text.clone() }
    }
}

fn dynamodb(shared: &Shared) -> aws_sdk_dynamodb::Client {
    let (key, secret) = (shared.endpoint("AWS_ACCESS_KEY_ID"), shared.endpoint("AWS_SECRET_ACCESS_KEY"));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(key, secret, None, None, "test"))
        .endpoint_url(shared.endpoint("AWS_ENDPOINT_URL_DYNAMODB"))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// Every item whose key begins so.
pub async fn rows(shared: &Shared, beginning: &str) -> Vec<Row> {
    let (client, mut rows, mut from) = (dynamodb(shared), Vec::new(), None);
    loop {
        let page = client.scan().table_name("casa").consistent_read(true).set_exclusive_start_key(from);
        let page = page.send().await.unwrap();
        rows.extend(page.items().iter().map(row).filter(|row| row.pk.starts_with(beginning)));
        from = page.last_evaluated_key().cloned();
        if from.is_none() {
            return rows;
        }
    }
}

fn row(item: &HashMap<String, AttributeValue>) -> Row {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let doc = text("doc");
    Row {
        pk: text("pk").unwrap(),
        sk: text("sk").unwrap(),
        index: text("gsi1pk"),
        doc: doc.as_deref().and_then(|doc| serde_json::from_str(doc).ok()).unwrap_or_default(),
        reason: text("reason"),
        text: doc,
    }
}

/// The facts in the outbox, handled ones included.
pub async fn facts(shared: &Shared) -> Vec<Row> {
    rows(shared, "OUT#").await.into_iter().filter(|row| row.sk == "A").collect()
}

/// The entries of the activity feed about a guest, of one type.
pub async fn feed(shared: &Shared, guest: &str, activity_type: &str) -> Vec<Value> {
    let rows = rows(shared, "FEED#").await.into_iter().map(|row| row.doc);
    rows.filter(|doc| doc["client"] == guest && doc["activity_type"] == activity_type).collect()
}

/// Reactions of another process over the same table, with vendors of its own.
pub fn reactions(shared: &Shared, gateways: Gateways) -> React {
    React::new(state(shared), gateways)
}

/// The state of another process over the same table.
pub fn state(shared: &Shared) -> AppState {
    let s3 = aws_sdk_s3::Config::builder().behavior_version(BehaviorVersion::latest()).build();
    let sqs = aws_sdk_sqs::Config::builder().behavior_version(BehaviorVersion::latest()).build();
    let mut settings = Settings::without_secret().unwrap();
    settings.clock = Clock::frozen_at(CLOCK.parse().unwrap(), "America/Lima".parse().unwrap());
    let aws = Aws {
        dynamodb: dynamodb(shared),
        s3: aws_sdk_s3::Client::from_conf(s3),
        sqs: aws_sdk_sqs::Client::from_conf(sqs),
    };
    AppState::with_sdk(settings, aws)
}
