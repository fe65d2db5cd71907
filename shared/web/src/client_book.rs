//! The book of guests in a process: filled from the newest snapshot in the bucket, or from the table where there is none,
//! and brought up to date for every request.

use std::sync::Arc;

use casa_store::{
    Store, StoreError,
    client_book::{Book, Refreshed, Snapshot},
};
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use crate::{ApiError, AppState, Files, files::FileError};

/// Folder of the snapshots. Nothing in it is public.
const FOLDER: &str = "indexes/clients";
/// Fillings after being told that the book is out of date.
const TRIES: usize = 3;

/// The book of this process.
#[derive(Clone, Debug, Default)]
pub struct ClientBook {
    book: Arc<Book>,
    filling: Arc<Mutex<()>>,
}

/// A snapshot could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The book cannot be written down.
    #[error(transparent)]
    Book(#[from] casa_store::client_book::BadSnapshot),
}

/// What became of a wish to save a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Clients in the book, deleted ones included.
    pub clients: usize,
    /// Entries of the log since the snapshot before.
    pub changes: usize,
    /// Whether a new snapshot was written.
    pub written: bool,
}

impl ClientBook {
    /// The book with everything that was committed before this call.
    async fn current(&self, store: &Store, files: &Files) -> Result<&Book, StoreError> {
        self.refreshed(store, files).await.map(|_| self.book.as_ref())
    }

    /// Brings the book up to date; answers how many entries of the log were read.
    async fn refreshed(&self, store: &Store, files: &Files) -> Result<usize, StoreError> {
        let mut as_of = None;
        for _ in 0..TRIES {
            if as_of.is_some() || !self.book.is_usable(Utc::now()) {
                // One of the requests that meet an unusable book fills it, the others wait.
                let _filling = self.filling.lock().await;
                if !self.book.is_usable(Utc::now()) || !self.book.is_as_of(as_of) {
                    self.fill(store, files, as_of).await?;
                }
            }
            match self.book.refresh(store).await? {
                Refreshed::Current(entries) => return Ok(entries),
                Refreshed::Outdated(instant) => as_of = Some(instant),
            }
        }
        // Exports are being brought in; the book is as good as it can be meanwhile.
        Ok(0)
    }

    /// From the newest snapshot that is as of `as_of` or later, else from the rows of the list.
    async fn fill(
        &self,
        store: &Store,
        files: &Files,
        as_of: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let snapshot = store.clients().snapshot().await?;
        if let Some(snapshot) = snapshot.filter(|snapshot| Some(snapshot.from) >= as_of) {
            match files.get(&snapshot.file).await {
                Ok(Some(file)) => match self.book.load(&file.bytes, snapshot.from) {
                    // One that is too old for the log says so itself.
                    Ok(()) if self.book.is_usable(Utc::now()) => return Ok(()),
                    Ok(()) => tracing::warn!("the snapshot of the client book is too old"),
                    Err(error) => tracing::warn!(%error, "the snapshot of the client book is left aside"),
                },
                Ok(None) => tracing::warn!("the snapshot of the client book is missing"),
                Err(error) => tracing::warn!(%error, "the snapshot of the client book cannot be read"),
            }
        }
        self.book.fill(store).await
    }
}

impl AppState {
    /// The book of guests as of now. Four small queries at once where the process is warm; a cold one reads the newest
    /// snapshot first.
    ///
    /// # Errors
    /// 503 when the table does not answer.
    pub async fn client_book(&self) -> Result<&Book, ApiError> {
        Ok(self.guests.current(&self.store, &self.files).await?)
    }

    /// Saves a snapshot of the book, unless fewer than `least` changes happened since the newest one. Files that no
    /// starting process can still be reading are removed.
    ///
    /// # Errors
    /// [`SnapshotError`]; the newest snapshot stays what it was.
    pub async fn save_client_book(&self, least: usize) -> Result<Saved, SnapshotError> {
        // A fresh copy: its first refresh counts what happened since the snapshot.
        let fresh = ClientBook::default();
        let changes = fresh.refreshed(&self.store, &self.files).await?;
        let clients = fresh.book.len();
        let before = self.store.clients().snapshot().await?;
        if before.is_some() && changes < least {
            return Ok(Saved { clients, changes, written: false });
        }
        let (bytes, from) = fresh.book.to_bytes()?;
        let file = format!("{FOLDER}/{}.lz4", uuid::Uuid::now_v7());
        self.files.put(&file, bytes, "application/octet-stream").await?;
        let from = from.unwrap_or_else(Utc::now);
        let previous = before.as_ref().map(|before| before.file.clone());
        self.store.clients().save_snapshot(&Snapshot { file, from, clients, previous }).await?;
        if let Some(oldest) = before.and_then(|before| before.previous) {
            self.files.delete(&oldest).await?;
        }
        Ok(Saved { clients, changes, written: true })
    }
}
