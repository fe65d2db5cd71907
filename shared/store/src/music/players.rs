//! Players as the music server last told of them, one item each, and how the bridge is.

use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use casa_domain::music::{Bridge, Player};

use super::Music;
use crate::{
    StoreError,
    item::{Span, document, key_item, read},
    keys,
};

/// Items of one `BatchWriteItem`.
const TOGETHER: usize = 25;
/// How often what the table did not take of a batch is sent again.
const ATTEMPTS: u32 = 8;

impl Music<'_> {
    /// Every player as last told of, by id. One query: an item is some 300 bytes, so ten fit into one read unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn players(&self) -> Result<Vec<Player>, StoreError> {
        self.0.query(keys::MUSIC_PLAYERS, Span::all()).await?.iter().map(read).collect()
    }

    /// The player with the music server's id; one read. `None` for one it does not know, or has not told of yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn player(&self, id: &str) -> Result<Option<Player>, StoreError> {
        // An empty key is an error of the table, and no player.
        if id.is_empty() {
            return Ok(None);
        }
        self.0.get_document(&keys::music_player(id)).await
    }

    /// Keeps players as they are now and forgets others, in any number; no id may be in both. Not one transaction: each
    /// player is right on its own.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the table kept refusing some of it; what was kept stays kept.
    pub async fn keep_players(&self, changed: &[Player], removed: &[String]) -> Result<(), StoreError> {
        let mut writes = Vec::with_capacity(changed.len() + removed.len());
        for player in changed.iter().filter(|player| !player.player_id.is_empty()) {
            let item = document(&keys::music_player(&player.player_id), player)?;
            let put = PutRequest::builder().set_item(Some(item)).build()?;
            writes.push(WriteRequest::builder().put_request(put).build());
        }
        for id in removed.iter().filter(|id| !id.is_empty()) {
            let delete = DeleteRequest::builder().set_key(Some(key_item(&keys::music_player(id)))).build()?;
            writes.push(WriteRequest::builder().delete_request(delete).build());
        }
        for batch in writes.chunks(TOGETHER) {
            self.write_batch(batch.to_vec()).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, mut batch: Vec<WriteRequest>) -> Result<(), StoreError> {
        for attempt in 0..ATTEMPTS {
            let ask = self.0.dynamo().batch_write_item().request_items(self.0.table(), batch);
            let answer = Box::pin(ask.send()).await?;
            batch = answer
                .unprocessed_items
                .and_then(|mut tables| tables.remove(self.0.table()))
                .unwrap_or_default();
            if batch.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(20 << attempt)).await;
        }
        Err(StoreError::Busy)
    }

    /// How the bridge last said it is; one read. `None` where there never was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bridge(&self) -> Result<Option<Bridge>, StoreError> {
        self.0.get_document(&keys::music_bridge()).await
    }

    /// Tells how the bridge is; only the acting one does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn report(&self, bridge: &Bridge) -> Result<(), StoreError> {
        self.0.put(document(&keys::music_bridge(), bridge)?).await
    }
}
