//! Work on table and vendors that goes beyond one request. Schedules do it by the clock, reactions after facts, and requests
//! when somebody asks for a part of it. Every piece can run again at any time without doubling anything: what one run
//! leaves undone the next one does.
//!
//! It must not know the HTTP of our own API.

pub mod award;
pub mod bookings_expire;
pub mod client_book;
pub mod ending;
pub mod feeds;
pub mod month;
pub mod music;
pub mod payments;
pub mod points_award;
pub mod points_expire;
pub mod pool_heating;
pub mod quoted;
pub mod ranking;
pub mod recalculate;
pub mod searches;
pub mod standing;

use casa_store::StoreError;

/// A job could not be finished. What it did stays done; another run goes on.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A vendor failed.
    #[error(transparent)]
    Gateway(#[from] casa_gateways::GatewayError),
    /// Table or bucket failed; the log says how.
    #[error("the table or the bucket failed")]
    Unavailable,
    /// Some of the work failed, the rest is done.
    #[error("{0}")]
    Partly(String),
}
