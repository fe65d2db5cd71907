//! The own table answers this process as it answers others.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use casa::embedded::{Given, Home};
use casa::sdk::Clients;

fn put(sk: &str, fresh: bool) -> TransactWriteItem {
    let put = Put::builder()
        .table_name("casa")
        .item("pk", AttributeValue::S("P".to_owned()))
        .item("sk", AttributeValue::S(sk.to_owned()))
        .item("n", AttributeValue::N("1".to_owned()));
    let put = if fresh {
        put.condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    } else {
        put
    };
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

/// What one way answers to a series of requests that succeed and fail, without the numbers of requests.
async fn series(client: &Client) -> Vec<String> {
    let mut said = Vec::new();
    let written = client.transact_write_items().transact_items(put("A", false)).send().await;
    said.push(format!("{:?}", written.map(|written| written.consumed_capacity)));
    let refused = client
        .transact_write_items()
        .transact_items(put("B", true))
        .transact_items(put("A", true))
        .send()
        .await
        .expect_err("A is there");
    said.push(format!("{:?}", refused.into_service_error().to_string()));
    let refused = client
        .transact_write_items()
        .transact_items(put("A", true))
        .send()
        .await
        .expect_err("A is there")
        .into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(why) = refused else { panic!("{refused:?}") };
    for reason in why.cancellation_reasons() {
        said.push(format!(
            "{:?} {:?} {:?}",
            reason.code,
            reason.message,
            reason.item.clone().map(BTreeMap::from_iter)
        ));
    }
    let item = client
        .get_item()
        .table_name("casa")
        .key("pk", AttributeValue::S("P".to_owned()))
        .key("sk", AttributeValue::S("A".to_owned()))
        .send()
        .await
        .expect("read");
    said.push(format!("{:?}", item.item.map(BTreeMap::from_iter)));
    let missing = client.get_item().table_name("elsewhere").key("pk", AttributeValue::S("P".to_owned()));
    said.push(missing.send().await.expect_err("no such table").into_service_error().to_string());
    let counted = client
        .update_item()
        .table_name("casa")
        .key("pk", AttributeValue::S("P".to_owned()))
        .key("sk", AttributeValue::S("A".to_owned()))
        .update_expression("SET n = n - :one")
        .condition_expression("n > :one")
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .expect_err("the condition fails")
        .into_service_error();
    let UpdateItemError::ConditionalCheckFailedException(why) = counted else { panic!("{counted:?}") };
    said.push(format!("{:?} {:?}", why.message, why.item.map(BTreeMap::from_iter)));
    let wrong = client.query().table_name("casa").key_condition_expression("pk = ").send().await;
    said.push(wrong.expect_err("no expression").into_service_error().to_string());
    said
}

#[tokio::test]
async fn both_ways_to_the_table_answer_the_same() {
    let (embedded, by_address) = common::start(&Home::Memory).await;
    let direct = Clients::reaching(embedded.endpoints(), &Given::default(), embedded.direct_table()).await;
    common::create_table(&by_address).await;
    let first = series(&by_address.dynamodb).await;
    assert_eq!(series(&direct.dynamodb).await, first);
    assert!(first[1].contains("ConditionalCheckFailed"), "{first:?}");
    assert!(first[2].contains("\"A\""), "the item that was in the way is told: {first:?}");
    embedded.stop().await;
}
