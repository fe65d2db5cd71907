//! The queue server, driven by the AWS SDK.
#![allow(clippy::expect_used, reason = "helpers of tests")]

mod common;

use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use casa::embedded::Home;
use common::start;

async fn queue(client: &Client, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
    let mut request = client.create_queue().queue_name(name);
    for (key, value) in attributes {
        request = request.attributes(key.clone(), *value);
    }
    request.send().await.expect("queue created").queue_url.expect("url")
}

async fn receive(client: &Client, url: &str, at_most: i32, wait: i32) -> Vec<Message> {
    client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(at_most)
        .wait_time_seconds(wait)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .send()
        .await
        .expect("received")
        .messages
        .unwrap_or_default()
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(Message::body).collect()
}

#[tokio::test]
async fn a_message_is_hidden_after_a_receive_and_gone_after_a_delete() {
    let (embedded, clients) = start(&Home::Memory).await;
    let sqs = &clients.sqs;
    let url = queue(sqs, "plain", &[(QueueAttributeName::VisibilityTimeout, "1")]).await;
    let attribute =
        MessageAttributeValue::builder().data_type("String").string_value("v").build().expect("attribute");
    sqs.send_message()
        .queue_url(&url)
        .message_body("hola")
        .message_attributes("k", attribute)
        .send()
        .await
        .expect("sent");

    let first = receive(sqs, &url, 10, 0).await;
    assert_eq!(bodies(&first), ["hola"]);
    assert_eq!(first[0].md5_of_body(), Some("4d186321c1a7f0f354b297e8914ab240"));
    assert_eq!(first[0].message_attributes().expect("attributes")["k"].string_value(), Some("v"));
    assert!(receive(sqs, &url, 10, 0).await.is_empty(), "hidden");

    let again = receive(sqs, &url, 10, 3).await;
    assert_eq!(bodies(&again), ["hola"], "back after the visibility timeout");
    let count =
        &again[0].attributes().expect("attributes")[&MessageSystemAttributeName::ApproximateReceiveCount];
    assert_eq!(count, "2");
    // The first receipt is outdated: it deletes nothing.
    sqs.delete_message()
        .queue_url(&url)
        .receipt_handle(first[0].receipt_handle().expect("receipt"))
        .send()
        .await
        .expect("no error");
    sqs.delete_message()
        .queue_url(&url)
        .receipt_handle(again[0].receipt_handle().expect("receipt"))
        .send()
        .await
        .expect("deleted");
    assert!(receive(sqs, &url, 10, 2).await.is_empty());
    embedded.stop().await;
}

#[tokio::test]
async fn a_waiting_receive_is_woken_by_a_send() {
    let (embedded, clients) = start(&Home::Memory).await;
    let sqs = clients.sqs.clone();
    let url = queue(&sqs, "waiting", &[]).await;
    let sender = {
        let (sqs, url) = (sqs.clone(), url.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            sqs.send_message().queue_url(url).message_body("late").send().await.expect("sent");
        })
    };
    let begun = Instant::now();
    assert_eq!(bodies(&receive(&sqs, &url, 1, 10).await), ["late"]);
    assert!(begun.elapsed() >= Duration::from_millis(250) && begun.elapsed() < Duration::from_secs(3));
    sender.await.expect("sender");

    let begun = Instant::now();
    assert!(receive(&sqs, &url, 1, 1).await.is_empty());
    assert!(begun.elapsed() >= Duration::from_millis(950), "waited for nothing");
    embedded.stop().await;
}

#[tokio::test]
async fn a_fifo_queue_keeps_groups_in_order_and_drops_repeats() {
    let (embedded, clients) = start(&Home::Memory).await;
    let sqs = &clients.sqs;
    let url = queue(sqs, "players.fifo", &[(QueueAttributeName::FifoQueue, "true")]).await;
    let send = async |group: &str, body: &str, id: &str| {
        sqs.send_message()
            .queue_url(&url)
            .message_body(body)
            .message_group_id(group)
            .message_deduplication_id(id)
            .send()
            .await
            .expect("sent")
            .message_id
            .expect("id")
    };
    let first = send("a", "a1", "1").await;
    send("a", "a2", "2").await;
    send("b", "b1", "3").await;
    assert_eq!(send("a", "a1 again", "1").await, first, "a repeated id is the first message");

    let one = receive(sqs, &url, 1, 0).await;
    assert_eq!(bodies(&one), ["a1"]);
    assert_eq!(bodies(&receive(sqs, &url, 10, 0).await), ["b1"], "group a waits for a1");
    sqs.delete_message()
        .queue_url(&url)
        .receipt_handle(one[0].receipt_handle().expect("receipt"))
        .send()
        .await
        .expect("deleted");
    assert_eq!(bodies(&receive(sqs, &url, 10, 0).await), ["a2"]);

    let missing = sqs.send_message().queue_url(&url).message_body("x").message_group_id("a").send().await;
    assert!(missing.is_err(), "no deduplication id and no deduplication by content");
    embedded.stop().await;
}

#[tokio::test]
async fn a_fifo_queue_may_deduplicate_by_content() {
    let (embedded, clients) = start(&Home::Memory).await;
    let sqs = &clients.sqs;
    let settings =
        [(QueueAttributeName::FifoQueue, "true"), (QueueAttributeName::ContentBasedDeduplication, "true")];
    let url = queue(sqs, "content.fifo", &settings).await;
    for body in ["same", "same", "other"] {
        sqs.send_message()
            .queue_url(&url)
            .message_body(body)
            .message_group_id("g")
            .send()
            .await
            .expect("sent");
    }
    assert_eq!(bodies(&receive(sqs, &url, 10, 0).await), ["same", "other"]);
    embedded.stop().await;
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue() {
    let (embedded, clients) = start(&Home::Memory).await;
    let sqs = &clients.sqs;
    let dead = queue(sqs, "dead", &[]).await;
    let attributes = sqs
        .get_queue_attributes()
        .queue_url(&dead)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .expect("attributes")
        .attributes
        .expect("some");
    let arn = &attributes[&QueueAttributeName::QueueArn];
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"2"}}"#);
    let url = queue(
        sqs,
        "work",
        &[(QueueAttributeName::RedrivePolicy, &policy), (QueueAttributeName::VisibilityTimeout, "0")],
    )
    .await;
    sqs.send_message().queue_url(&url).message_body("poison").send().await.expect("sent");
    assert_eq!(receive(sqs, &url, 1, 0).await.len(), 1);
    assert_eq!(receive(sqs, &url, 1, 0).await.len(), 1);
    assert!(receive(sqs, &url, 1, 0).await.is_empty(), "moved away");
    assert_eq!(bodies(&receive(sqs, &dead, 1, 0).await), ["poison"]);
    embedded.stop().await;
}

#[tokio::test]
async fn visibility_can_be_changed_and_batches_report_each_entry() {
    let (embedded, clients) = start(&Home::Memory).await;
    let sqs = &clients.sqs;
    let url = queue(sqs, "batch", &[]).await;
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().expect("entry")
    };
    let sent = sqs
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("1", "one"))
        .entries(entry("2", "two"))
        .entries(entry("3", ""))
        .send()
        .await
        .expect("batch");
    assert_eq!((sent.successful().len(), sent.failed().len()), (2, 1));

    let received = receive(sqs, &url, 10, 0).await;
    assert_eq!(bodies(&received), ["one", "two"]);
    let receipt = |message: &Message| message.receipt_handle().expect("receipt").to_owned();
    sqs.change_message_visibility()
        .queue_url(&url)
        .receipt_handle(receipt(&received[0]))
        .visibility_timeout(0)
        .send()
        .await
        .expect("given back");
    let again = receive(sqs, &url, 10, 0).await;
    assert_eq!(bodies(&again), ["one"]);
    let error = sqs
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(receipt(&received[0]))
        .visibility_timeout(5)
        .send()
        .await;
    assert!(error.expect_err("outdated").into_service_error().is_message_not_inflight());

    let entries = [&again[0], &received[1]].map(|message| {
        DeleteMessageBatchRequestEntry::builder()
            .id(message.message_id().expect("id"))
            .receipt_handle(receipt(message))
            .build()
            .expect("entry")
    });
    let deleted = sqs
        .delete_message_batch()
        .queue_url(&url)
        .set_entries(Some(entries.to_vec()))
        .send()
        .await
        .expect("batch");
    assert_eq!(deleted.successful().len(), 2);

    sqs.send_message().queue_url(&url).message_body("three").delay_seconds(60).send().await.expect("sent");
    let counted = sqs
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .expect("attributes")
        .attributes
        .expect("some");
    assert_eq!(counted[&QueueAttributeName::ApproximateNumberOfMessages], "0");
    assert_eq!(counted[&QueueAttributeName::ApproximateNumberOfMessagesDelayed], "1");
    sqs.purge_queue().queue_url(&url).send().await.expect("purged");
    let names = sqs.list_queues().queue_name_prefix("ba").send().await.expect("list");
    assert_eq!(names.queue_urls(), [url]);
    embedded.stop().await;
}

#[tokio::test]
async fn refusals_have_the_types_the_sdk_knows() {
    let (embedded, clients) = start(&Home::Memory).await;
    let sqs = &clients.sqs;
    let missing = sqs.get_queue_url().queue_name("nowhere").send().await.expect_err("missing");
    assert!(missing.into_service_error().is_queue_does_not_exist());
    let url = queue(sqs, "twice", &[]).await;
    assert_eq!(queue(sqs, "twice", &[(QueueAttributeName::DelaySeconds, "0")]).await, url);
    let other =
        sqs.create_queue().queue_name("twice").attributes(QueueAttributeName::DelaySeconds, "5").send().await;
    assert!(other.expect_err("other attributes").into_service_error().is_queue_name_exists());
    let receipt = sqs.delete_message().queue_url(&url).receipt_handle("nonsense").send().await;
    assert!(receipt.expect_err("malformed").into_service_error().is_receipt_handle_is_invalid());
    assert!(sqs.create_queue().queue_name("no spaces").send().await.is_err());
    embedded.stop().await;
}

#[tokio::test]
async fn a_long_wait_does_not_hold_up_the_end() {
    let (embedded, clients) = start(&Home::Memory).await;
    let sqs = clients.sqs.clone();
    let url = queue(&sqs, "end", &[]).await;
    let waiting = tokio::spawn(async move { receive(&sqs, &url, 1, 20).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    embedded.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(waiting.await.expect("answered").is_empty());
}
