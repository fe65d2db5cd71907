//! The file server and the table's stream, driven by the AWS SDK.
#![allow(clippy::expect_used, reason = "helpers of tests")]

mod common;

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodbstreams::types::ShardIteratorType;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use casa::embedded::Home;
use common::{create_table, start};

#[tokio::test]
async fn an_object_comes_back_with_its_type_and_through_a_signed_address() {
    let (embedded, clients) = start(&Home::Memory).await;
    let s3 = &clients.s3;
    s3.create_bucket().bucket("fotos").send().await.expect("bucket");
    s3.put_object()
        .bucket("fotos")
        .key("casas/casa uno/ñandú.png")
        .content_type("image/png")
        .body(ByteStream::from_static(b"not really a png"))
        .send()
        .await
        .expect("put");

    let object = s3.get_object().bucket("fotos").key("casas/casa uno/ñandú.png").send().await.expect("get");
    assert_eq!(object.content_type(), Some("image/png"));
    assert_eq!(&object.body.collect().await.expect("body").into_bytes()[..], b"not really a png");

    let signing = PresigningConfig::expires_in(Duration::from_secs(60)).expect("config");
    let signed = s3
        .get_object()
        .bucket("fotos")
        .key("casas/casa uno/ñandú.png")
        .presigned(signing)
        .await
        .expect("signed");
    let answer = reqwest::get(signed.uri()).await.expect("answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(&answer.bytes().await.expect("body")[..], b"not really a png");

    let unsigned = signed.uri().split('?').next().expect("address");
    assert_eq!(reqwest::get(unsigned).await.expect("answer").status(), 403);
    let forged = signed.uri().replace("X-Amz-Expires=60", "X-Amz-Expires=61");
    assert_eq!(reqwest::get(forged).await.expect("answer").status(), 403);

    s3.delete_object().bucket("fotos").key("casas/casa uno/ñandú.png").send().await.expect("deleted");
    let gone =
        s3.get_object().bucket("fotos").key("casas/casa uno/ñandú.png").send().await.expect_err("gone");
    assert!(gone.into_service_error().is_no_such_key());
    s3.delete_object().bucket("fotos").key("never/was").send().await.expect("deleting nothing is no error");
    embedded.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_uploads_to_a_free_name_one_succeeds() {
    let (embedded, clients) = start(&Home::Memory).await;
    clients.s3.create_bucket().bucket("fotos").send().await.expect("bucket");
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..24u8 {
        let put = clients.s3.put_object().bucket("fotos").key("casa.png").if_none_match("*");
        let put = put.body(ByteStream::from(vec![number; 20_000]));
        tasks.spawn(async move { put.send().await.is_ok().then_some(number) });
    }
    let mut winners = Vec::new();
    while let Some(done) = tasks.join_next().await {
        winners.extend(done.expect("upload"));
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    let object = clients.s3.get_object().bucket("fotos").key("casa.png").send().await.expect("get");
    assert_eq!(&object.body.collect().await.expect("body").into_bytes()[..], vec![winners[0]; 20_000]);
    embedded.stop().await;
}

#[tokio::test]
async fn the_stream_tells_every_write_in_order() {
    let (embedded, clients) = start(&Home::Memory).await;
    let arn = create_table(&clients).await;
    let put = async |number: usize| {
        clients
            .dynamodb
            .put_item()
            .table_name("casa")
            .item("pk", AttributeValue::S(format!("P#{number}")))
            .item("sk", AttributeValue::S("A".to_owned()))
            .item("filler", AttributeValue::S("x".repeat(1000)))
            .send()
            .await
            .expect("put");
    };
    for number in 0..1200 {
        put(number).await;
    }

    let shards = clients.streams.describe_stream().stream_arn(&arn).send().await.expect("described");
    let shard = shards.stream_description.expect("description").shards.expect("shards").remove(0);
    let mut iterator = clients
        .streams
        .get_shard_iterator()
        .stream_arn(&arn)
        .shard_id(shard.shard_id.expect("id"))
        .shard_iterator_type(ShardIteratorType::TrimHorizon)
        .send()
        .await
        .expect("iterator")
        .shard_iterator;
    let mut seen = Vec::new();
    while seen.len() < 1200 {
        let page = clients.streams.get_records().set_shard_iterator(iterator).send().await.expect("records");
        assert!(!page.records().is_empty(), "{} of 1200", seen.len());
        for record in page.records() {
            let key = &record.dynamodb().expect("change").keys().expect("keys")["pk"];
            seen.push(key.as_s().expect("text").clone());
        }
        iterator = page.next_shard_iterator;
    }
    assert!(seen.iter().enumerate().all(|(number, key)| *key == format!("P#{number}")));
    embedded.stop().await;
}
