//! The DynamoDB API, from `dynoxide` over one SQLite file.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use dynoxide::Database;
use rusqlite::Connection;
use tokio::net::TcpListener;

use super::{EmbeddedError, Stop};

/// How long the table keeps stream records, as DynamoDB does: 24 hours.
const STREAM_KEPT_SECONDS: i64 = 24 * 60 * 60;
/// How often expired items and old stream records are removed.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

/// `dynoxide` looks for the last stream record at every write and for the next ones at every read of the stream,
/// by a number that it stores as text, without an index: at ten thousand records a write took four times as long as at
/// the start, and an import grew quadratically. This index answers both. It is also why the table of memory mode is a
/// shared memory file: a second connection must reach it.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS casa_stream_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// An open table file.
#[derive(Clone)]
pub(super) struct Table {
    database: Database,
    side: Arc<Mutex<Connection>>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Table").finish_non_exhaustive()
    }
}

impl Table {
    /// Opens the file of a path, or memory without one.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, EmbeddedError> {
        let name = match path {
            Some(path) => path
                .to_str()
                .ok_or_else(|| EmbeddedError::Table(format!("{} is not UTF-8", path.display())))?
                .to_owned(),
            // Memory shared by the connections of this process, under a name no other table of it has.
            None => format!("file:/casa-{}?vfs=memdb", uuid::Uuid::new_v4()),
        };
        // The side connection opens first and closes last: memory without any connection is forgotten.
        let failed = |error: &dyn std::fmt::Display| EmbeddedError::Table(error.to_string());
        let side = Connection::open(&name).map_err(|error| failed(&error))?;
        side.busy_timeout(Duration::from_secs(5)).map_err(|error| failed(&error))?;
        let database = Database::new(&name).map_err(|error| failed(&error))?;
        side.execute_batch(STREAM_INDEX).map_err(|error| failed(&error))?;
        // These are also dynoxide's settings after an import: commits reach the operating system, so a killed process
        // loses nothing, but do not wait for the disk; a power cut may cost the last moments.
        database.disable_bulk_loading().map_err(|error| failed(&error))?;
        Ok(Self { database, side: Arc::new(Mutex::new(side)) })
    }

    /// See [`super::Embedded::direct_table`].
    pub(super) fn direct(&self) -> SharedHttpClient {
        super::direct::reach(self.database.clone())
    }

    pub(super) fn load_fast(&self, fast: bool) -> Result<(), EmbeddedError> {
        let result =
            if fast { self.database.enable_bulk_loading() } else { self.database.disable_bulk_loading() };
        result.map_err(|error| EmbeddedError::Table(error.to_string()))
    }

    fn trim_stream(&self) -> rusqlite::Result<usize> {
        let oldest = chrono::Utc::now().timestamp() - STREAM_KEPT_SECONDS;
        let side = self.side.lock().unwrap_or_else(PoisonError::into_inner);
        side.execute("DELETE FROM _stream_records WHERE created_at < ?1", [oldest])
    }
}

/// Serves the table on a listener until `stop`, and keeps house beside it.
pub(super) async fn serve(
    listener: TcpListener,
    table: Table,
    sweep: bool,
    stop: Stop,
) -> Result<(), EmbeddedError> {
    let housekeeper = tokio::spawn(keep_house(table.clone(), sweep, stop.clone()));
    let until = stop.clone();
    dynoxide::server::serve_with_shutdown(
        listener,
        table.database.clone(),
        async move { until.wait().await },
    )
    .await
    .map_err(EmbeddedError::Table)?;
    let _ = housekeeper.await;
    Ok(())
}

async fn keep_house(table: Table, sweep: bool, stop: Stop) {
    while !stop.is_raised() {
        let table = table.clone();
        let _ = tokio::task::spawn_blocking(move || {
            if let Err(error) = table.trim_stream() {
                tracing::warn!(%error, "old stream records could not be removed");
            }
            if sweep && let Err(error) = table.database.sweep_ttl() {
                tracing::warn!(%error, "expired items could not be removed");
            }
        })
        .await;
        tokio::select! {
            () = tokio::time::sleep(HOUSEKEEPING) => {}
            () = stop.wait() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_read_through_the_index() {
        let table = Table::open(None).expect("table");
        let side = table.side.lock().expect("side");
        // The two statements dynoxide runs (`next_stream_sequence_number`, `stream_records_with_event_ids`).
        let last = "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records
                    WHERE table_name = 'casa'";
        let next = "SELECT event_name FROM _stream_records WHERE table_name = 'casa' AND shard_id = 's'
                    AND CAST(sequence_number AS INTEGER) > 5 ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 10";
        let journal: String = side.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("journal");
        assert_eq!(journal, "memory", "nothing of memory mode reaches a disk");
        for sql in [last, next] {
            let mut statement = side.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("plan");
            let plan: Vec<String> = statement
                .query_map([], |row| row.get(3))
                .expect("rows")
                .collect::<Result<_, _>>()
                .expect("text");
            assert!(plan.iter().any(|step| step.contains("casa_stream_order")), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
        }
    }
}
