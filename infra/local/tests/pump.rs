//! The pump, over the embedded table and with a handler that fails as told.
#![allow(clippy::expect_used, reason = "helpers of tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use casa::embedded::{Home, Stop, Stopper};
use casa::pump::{Handler, PumpHandle, Source, pump};
use casa::sdk::Clients;
use common::{create_table, start};
use reactions::Image;
use tokio::task::JoinHandle;

#[derive(Default)]
struct Book {
    /// How often each entry still fails.
    failures: BTreeMap<String, u32>,
    /// Deliveries by entry, in order.
    delivered: Vec<String>,
    handled: BTreeSet<String>,
    parked: BTreeMap<String, String>,
    pending: Vec<String>,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Book>>);

impl Fake {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("book")
    }
}

fn image(key: &str) -> Image {
    Image { pk: key.to_owned(), sk: "EVENT".to_owned(), doc: Some("{}".to_owned()) }
}

impl Handler for Fake {
    async fn handle(&self, image: &Image) -> Result<(), String> {
        let mut book = self.book();
        book.delivered.push(image.pk.clone());
        if let Some(left) = book.failures.get_mut(&image.pk).filter(|left| **left > 0) {
            *left -= 1;
            return Err("out of order".to_owned());
        }
        book.handled.insert(image.pk.clone());
        book.pending.retain(|key| *key != image.pk);
        Ok(())
    }

    async fn pending(&self) -> Result<Vec<Image>, String> {
        Ok(self.book().pending.iter().map(|key| image(key)).collect())
    }

    async fn park(&self, image: &Image, reason: &str) -> Result<(), String> {
        self.book().parked.insert(image.pk.clone(), reason.to_owned());
        Ok(())
    }
}

async fn put(clients: &Clients, pk: &str, sk: &str, document: bool) {
    let mut request = clients
        .dynamodb
        .put_item()
        .table_name("casa")
        .item("pk", AttributeValue::S(pk.to_owned()))
        .item("sk", AttributeValue::S(sk.to_owned()));
    if document {
        request = request.item("doc", AttributeValue::S("{}".to_owned()));
    }
    request.send().await.expect("put");
}

fn run(
    clients: &Clients,
    fake: &Fake,
    position: Option<std::path::PathBuf>,
) -> (PumpHandle, Stopper, JoinHandle<()>) {
    let (stopper, stop) = Stop::new();
    let source = Source { client: clients.streams.clone(), table: "casa".to_owned(), position };
    let (handle, life) = pump(fake.clone(), source, stop);
    (handle, stopper, tokio::spawn(life))
}

#[tokio::test]
async fn new_entries_are_delivered_once_and_other_items_never() {
    let (embedded, clients) = start(&Home::Memory).await;
    create_table(&clients).await;
    let fake = Fake::default();
    let (handle, stopper, life) = run(&clients, &fake, None);
    assert_eq!(handle.settle().await, Some(0));
    for number in 0..40 {
        put(&clients, &format!("OUT#{number}"), "EVENT", true).await;
        put(&clients, &format!("R#{number}"), "A", true).await;
        put(&clients, &format!("OUT#{number}"), "DONE#telegram", false).await;
    }
    // A change of an entry is no new entry.
    put(&clients, "OUT#0", "EVENT", true).await;
    assert_eq!(handle.settle().await, Some(40));
    assert_eq!(fake.book().delivered.len(), 40);
    stopper.stop();
    life.await.expect("pump");
    embedded.stop().await;
}

#[tokio::test]
async fn a_failing_entry_is_tried_again_and_parked_without_holding_up_others() {
    let (embedded, clients) = start(&Home::Memory).await;
    create_table(&clients).await;
    let fake = Fake::default();
    fake.book().failures.extend([("OUT#twice".to_owned(), 2), ("OUT#always".to_owned(), u32::MAX)]);
    let (handle, stopper, life) = run(&clients, &fake, None);
    handle.settle().await.expect("settled");
    for key in ["OUT#always", "OUT#twice", "OUT#fine"] {
        put(&clients, key, "EVENT", true).await;
    }
    handle.wake();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(fake.book().handled.contains("OUT#fine"), "the others do not wait");
    assert_eq!(handle.settle().await, Some(2), "settled means handled or parked");
    {
        let book = fake.book();
        assert_eq!(book.delivered.iter().filter(|key| *key == "OUT#twice").count(), 3);
        assert_eq!(book.delivered.iter().filter(|key| *key == "OUT#always").count(), 6);
        assert_eq!(book.parked.get("OUT#always").map(String::as_str), Some("out of order"));
    }
    stopper.stop();
    life.await.expect("pump");
    embedded.stop().await;
}

#[tokio::test]
async fn entries_written_while_no_pump_ran_are_handled_at_the_next_start() {
    let folder = tempfile::tempdir().expect("folder");
    let position = folder.path().join("stream.json");
    let (embedded, clients) = start(&Home::Memory).await;
    create_table(&clients).await;
    let fake = Fake::default();

    // Pending from before the stream was ever read.
    fake.book().pending.push("OUT#old".to_owned());
    let (handle, stopper, life) = run(&clients, &fake, Some(position.clone()));
    handle.settle().await.expect("settled");
    assert!(fake.book().handled.contains("OUT#old"));
    stopper.stop();
    life.await.expect("pump");
    assert!(position.exists());

    // Written without a pump; the position in the stream alone finds it again.
    put(&clients, "OUT#between", "EVENT", true).await;
    let seen = fake.book().delivered.len();
    let (handle, stopper, life) = run(&clients, &fake, Some(position));
    handle.settle().await.expect("settled");
    assert_eq!(fake.book().delivered[seen..], ["OUT#between"]);
    stopper.stop();
    life.await.expect("pump");
    embedded.stop().await;
}
