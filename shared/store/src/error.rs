//! What can go wrong with the table.

use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};

/// Failures of the table, by what the caller can do about them.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A night that was to be claimed is held by another reservation.
    #[error("a night is held by another reservation")]
    NightTaken,
    /// The row changed since it was read (or vanished, or appeared): read again and decide again.
    #[error("the row changed meanwhile")]
    Changed,
    /// A value that must be unique is taken; names which.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// The change would not fit into one transaction.
    #[error("the change is too large for one transaction")]
    TooLarge,
    /// The table kept refusing for reasons that pass (conflicting transactions, throttling).
    #[error("the table is busy")]
    Busy,
    /// A stored item does not have the shape this version writes.
    #[error("unreadable item {0}: {1}")]
    Unreadable(String, String),
    /// Anything else the service answered or the network did.
    #[error("table request failed: {0}")]
    Service(String),
}

impl<E, R> From<SdkError<E, R>> for StoreError
where
    E: std::error::Error + 'static,
    R: std::fmt::Debug,
{
    fn from(error: SdkError<E, R>) -> Self {
        Self::Service(DisplayErrorContext(&error).to_string())
    }
}

impl From<aws_sdk_dynamodb::error::BuildError> for StoreError {
    fn from(error: aws_sdk_dynamodb::error::BuildError) -> Self {
        Self::Service(error.to_string())
    }
}
