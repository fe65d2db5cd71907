//! What a warm process remembers of a partition: a value with the version it was read at.

use std::sync::{Arc, Mutex, PoisonError};

/// A value as last read, with the version that was read before it: it may be newer than its version says, never older.
#[derive(Debug)]
pub(crate) struct Warm<T>(Mutex<Option<(u64, Arc<T>)>>);

impl<T> Default for Warm<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Warm<T> {
    fn kept(&self) -> Option<(u64, Arc<T>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The copy, current or not.
    pub fn last(&self) -> Option<Arc<T>> {
        self.kept().map(|(_, value)| value)
    }

    /// The copy, if it was read at this version; a partition without a version (0) is never believed.
    pub fn at(&self, version: u64) -> Option<Arc<T>> {
        self.kept().filter(|(kept, _)| *kept == version && version > 0).map(|(_, value)| value)
    }

    /// Keeps a value that was read after this version.
    pub fn keep(&self, version: u64, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, Arc::clone(&value)));
        value
    }
}
