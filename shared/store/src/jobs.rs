//! What scheduled jobs remember between their runs: one small item each.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Store, StoreError,
    item::document,
    keys::{self, Key},
};

/// What scheduled jobs remember.
#[derive(Debug)]
pub struct Jobs<'a>(pub(crate) &'a Store);

impl Jobs<'_> {
    /// What the job remembered last; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn state<T: DeserializeOwned>(&self, job: &str) -> Result<Option<T>, StoreError> {
        self.0.get_document(&key(job)).await
    }

    /// Remembers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_state<T: Serialize>(&self, job: &str, state: &T) -> Result<(), StoreError> {
        self.0.put(document(&key(job), state)?).await
    }
}

fn key(job: &str) -> Key {
    Key::new(format!("JOB#{job}"), keys::ITSELF)
}
