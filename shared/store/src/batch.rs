//! Reading and writing many items at once.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::{KeysAndAttributes, PutRequest, WriteRequest};

use crate::{
    Store, StoreError,
    item::{Item, key_item, text},
    keys::Key,
};

const READS_PER_REQUEST: usize = 100;
const WRITES_PER_REQUEST: usize = 25;
const ROUNDS: u32 = 10;

impl Store {
    /// The items that exist among `keys` (which must be distinct), by key; one request per hundred.
    pub(crate) async fn get_many(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, StoreError> {
        let mut found = HashMap::new();
        for chunk in keys.chunks(READS_PER_REQUEST) {
            let mut wanted: Vec<Item> = chunk.iter().map(key_item).collect();
            for round in 0.. {
                let ask =
                    KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build()?;
                let mut answer =
                    Box::pin(self.dynamo().batch_get_item().request_items(self.table(), ask).send()).await?;
                for item in answer
                    .responses
                    .take()
                    .and_then(|mut tables| tables.remove(self.table()))
                    .unwrap_or_default()
                {
                    if let (Some(pk), Some(sk)) = (text(&item, "pk"), text(&item, "sk")) {
                        found.insert(Key::new(pk, sk), item);
                    }
                }
                wanted = answer
                    .unprocessed_keys
                    .and_then(|mut tables| tables.remove(self.table()))
                    .map(|left| left.keys)
                    .unwrap_or_default();
                if wanted.is_empty() {
                    break;
                }
                pause(round).await?;
            }
        }
        Ok(found)
    }

    /// Writes items whatever was there; one request per twenty-five. Not a transaction.
    pub(crate) async fn put_many(&self, items: Vec<Item>) -> Result<(), StoreError> {
        for chunk in items.chunks(WRITES_PER_REQUEST) {
            let mut wanted = Vec::with_capacity(chunk.len());
            for item in chunk {
                let put = PutRequest::builder().set_item(Some(item.clone())).build()?;
                wanted.push(WriteRequest::builder().put_request(put).build());
            }
            for round in 0.. {
                let answer =
                    Box::pin(self.dynamo().batch_write_item().request_items(self.table(), wanted).send())
                        .await?;
                wanted = answer
                    .unprocessed_items
                    .and_then(|mut tables| tables.remove(self.table()))
                    .unwrap_or_default();
                if wanted.is_empty() {
                    break;
                }
                pause(round).await?;
            }
        }
        Ok(())
    }
}

async fn pause(round: u32) -> Result<(), StoreError> {
    if round >= ROUNDS {
        return Err(StoreError::Busy);
    }
    tokio::time::sleep(Duration::from_millis(20 << round.min(6))).await;
    Ok(())
}
