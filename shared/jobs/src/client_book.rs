//! `client-book`: saves a snapshot of the client book, so that a process that starts reads one file instead of the list.

use casa_web::AppState;
use serde_json::{Value, json};

use crate::JobError;

/// Fewer changes than this are read from the log as quickly: about a read unit per four.
const LEAST: usize = 40;

/// Saves a snapshot when enough has changed; with `dry_run` only says how much.
///
/// # Errors
/// [`JobError`].
pub async fn run(state: &AppState, dry_run: bool) -> Result<Value, JobError> {
    let least = if dry_run { usize::MAX } else { LEAST };
    let saved = state.save_client_book(least).await.map_err(|error| JobError::Partly(error.to_string()))?;
    Ok(json!({ "clients": saved.clients, "changes": saved.changes, "written": saved.written }))
}
