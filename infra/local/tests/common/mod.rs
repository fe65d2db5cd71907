//! What several tests need.
#![allow(dead_code, clippy::expect_used, reason = "each test file uses its part")]

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType,
};
use casa::embedded::{Embedded, Given, Home, Ports};
use casa::sdk::Clients;

/// Servers over `home` on free ports, with their clients.
pub async fn start(home: &Home) -> (Embedded, Clients) {
    let given = Given::default();
    let embedded = Embedded::start(home, Ports::default(), &given, false).await.expect("servers start");
    let clients = Clients::new(embedded.endpoints(), &given).await;
    (embedded, clients)
}

/// A table `casa` with a stream; answers the stream's ARN.
pub async fn create_table(clients: &Clients) -> String {
    let key = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("key")
    };
    let text = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .expect("attribute")
    };
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages)
        .build()
        .expect("stream");
    let created = clients
        .dynamodb
        .create_table()
        .table_name("casa")
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .attribute_definitions(text("pk"))
        .attribute_definitions(text("sk"))
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(stream)
        .send()
        .await
        .expect("table");
    created.table_description.expect("description").latest_stream_arn.expect("stream")
}
