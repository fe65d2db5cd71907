//! The book of guests: every client as one line in memory, for search, order and counts that no key of the table
//! answers. A process fills it once, from a snapshot or from the rows of the list, and keeps it current with the log of
//! changes, which is written in the same transactions as the clients: what was committed before a request is in the
//! book of that request. `README.md` has the costs.

mod find;
mod line;

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use casa_domain::{Client, ClientId, time::sortable};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Store, StoreError,
    clients::{LOG_DAYS, log_ttl},
    item::{Span, document, key_item, n, number, read},
    keys::{self, Key},
};

pub use find::{By, Found, Lookup, Order};
use line::Line;

/// A transaction names its instant before it is committed, on a clock that may differ from ours: entries this much older
/// than the last look are looked at again. Its attempts end after some fifteen seconds.
const OVERLAP: TimeDelta = TimeDelta::seconds(40);
/// What stands in the log instead of a client, when clients were entered without it.
const ANEW: &str = "ANEW";
/// What snapshots of this shape begin with.
const FORMAT: &[u8] = b"casa client book 1\n";

/// Where the newest snapshot is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its key in the bucket.
    pub file: String,
    /// The instant (of the real clock) from which on changes are to be read from the log.
    pub from: DateTime<Utc>,
    /// How many clients it holds, deleted ones included.
    pub clients: usize,
    /// The key of the one before, which processes that are just starting may still read.
    #[serde(default)]
    pub previous: Option<String>,
}

/// Every client, as of the last [`Book::refresh`].
#[derive(Debug, Default)]
pub struct Book(RwLock<Lines>);

#[derive(Debug, Default)]
struct Lines {
    lines: Vec<Line>,
    places: HashMap<ClientId, usize>,
    /// The instant from which on changes are to be read; `None` before anything was.
    from: Option<DateTime<Utc>>,
    /// The instant as of which it was filled.
    filled: Option<DateTime<Utc>>,
}

/// What a look at the log brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The book is up to date; so many entries were read.
    Current(usize),
    /// Clients were entered without the log since it was filled: it is to be filled anew, as of this instant or later.
    Outdated(DateTime<Utc>),
}

/// A snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("unreadable snapshot of the client book: {0}")]
pub struct BadSnapshot(String);

impl Lines {
    fn take(&mut self, line: Line) {
        match self.places.get(&line.id) {
            Some(place) if self.lines[*place].version >= line.version => {}
            Some(place) => self.lines[*place] = line,
            None => {
                self.places.insert(line.id, self.lines.len());
                self.lines.push(line);
            }
        }
    }
}

impl Book {
    /// Whether it was filled, and recently enough for the log to tell everything since.
    pub fn is_usable(&self, now: DateTime<Utc>) -> bool {
        let from = self.0.read().unwrap_or_else(PoisonError::into_inner).from;
        from.is_some_and(|from| now - from < TimeDelta::days(LOG_DAYS - 1))
    }

    /// Whether it was filled as of this instant or later.
    pub fn is_as_of(&self, instant: Option<DateTime<Utc>>) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).filled >= instant
    }

    /// How many clients it holds, deleted ones included.
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).lines.len()
    }

    /// Whether it holds no client.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills it from the rows of the list: one read unit per four or five clients. For tables without a snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fill(&self, store: &Store) -> Result<(), StoreError> {
        let from = Utc::now();
        let mut tasks = tokio::task::JoinSet::new();
        for shard in 0..keys::CLIENT_SHARDS {
            let store = store.clone();
            tasks.spawn(async move { store.query(&keys::clients_pk(shard), Span::all()).await });
        }
        let mut filled = Lines { from: Some(from), filled: Some(from), ..Lines::default() };
        while let Some(items) = tasks.join_next().await {
            for item in &items.map_err(|error| StoreError::Service(error.to_string()))?? {
                filled.take(line_of(item)?);
            }
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = filled;
        Ok(())
    }

    /// Brings it up to date from the log: four queries at once, one read unit each while little changes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refresh(&self, store: &Store) -> Result<Refreshed, StoreError> {
        let looked = Utc::now();
        let (from, filled) = {
            let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
            (lines.from.unwrap_or(looked), lines.filled)
        };
        let span = || Span { from: sortable(from - OVERLAP), ..Span::all() };
        let partitions: Vec<_> = (0..keys::CLIENT_LOGS).map(keys::client_log_pk).collect();
        let [a, b, c, d] = [0, 1, 2, 3].map(|shard| store.query(&partitions[shard], span()));
        let (a, b, c, d) = tokio::try_join!(a, b, c, d)?;
        let items: Vec<_> = [a, b, c, d].concat();
        let mut changed = Vec::with_capacity(items.len());
        for item in &items {
            match anew(item) {
                Some(instant) if filled.is_none_or(|filled| filled < instant) => {
                    return Ok(Refreshed::Outdated(instant));
                }
                Some(_) => {}
                None if self.is_news(item) => changed.push(line_of(item)?),
                None => {}
            }
        }
        let mut lines = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for line in changed {
            lines.take(line);
        }
        lines.from = lines.from.max(Some(looked));
        Ok(Refreshed::Current(items.len()))
    }

    /// Whether an entry of the log says more than the book knows. Most of what is looked at again does not.
    fn is_news(&self, item: &Item) -> bool {
        let id = crate::item::text(item, "sk").and_then(|sk| sk.rsplit('#').next()?.parse::<ClientId>().ok());
        let version = number::<u64>(item, "v").unwrap_or_default();
        let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
        id.and_then(|id| lines.places.get(&id)).is_none_or(|place| lines.lines[*place].version < version)
    }

    /// The whole book as a file.
    ///
    /// # Errors
    /// [`BadSnapshot`] when it cannot be written down.
    pub fn to_bytes(&self) -> Result<(Vec<u8>, Option<DateTime<Utc>>), BadSnapshot> {
        let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let packed = postcard::to_allocvec(&lines.lines).map_err(|error| BadSnapshot(error.to_string()))?;
        let packed = lz4_flex::compress_prepend_size(&packed);
        Ok(([FORMAT, &packed].concat(), lines.from))
    }

    /// Takes the place of its content what a file says that was written when changes up to `from` were known.
    ///
    /// # Errors
    /// [`BadSnapshot`]; the book stays as it is.
    pub fn load(&self, bytes: &[u8], from: DateTime<Utc>) -> Result<(), BadSnapshot> {
        let bad = |problem: String| BadSnapshot(problem);
        let packed = bytes.strip_prefix(FORMAT).ok_or_else(|| bad("another format".to_owned()))?;
        let packed = lz4_flex::decompress_size_prepended(packed).map_err(|error| bad(error.to_string()))?;
        let lines: Vec<Line> = postcard::from_bytes(&packed).map_err(|error| bad(error.to_string()))?;
        let places = lines.iter().enumerate().map(|(place, line)| (line.id, place)).collect();
        let filled = Lines { lines, places, from: Some(from), filled: Some(from) };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = filled;
        Ok(())
    }
}

/// The instant as of which books are to be filled anew, where an entry of the log says so.
fn anew(item: &Item) -> Option<DateTime<Utc>> {
    let (instant, what) = crate::item::text(item, "sk")?.split_once('#')?;
    (what == ANEW).then(|| instant.parse().ok()).flatten()
}

fn line_of(item: &Item) -> Result<Line, StoreError> {
    let client: Client = read(item)?;
    Ok(Line::new(&client, number(item, "v").unwrap_or_default()))
}

fn snapshot_key() -> Key {
    Key::new("CLIENTBOOK", keys::ITSELF)
}

impl crate::Clients<'_> {
    /// The newest snapshot of the book; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn snapshot(&self) -> Result<Option<Snapshot>, StoreError> {
        self.0.get_document(&snapshot_key()).await
    }

    /// Has every process that keeps the book fill it anew, and no snapshot serve that is older: for clients who are entered
    /// without the log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn forget_book(&self) -> Result<(), StoreError> {
        let now = Utc::now();
        let mut entry = key_item(&Key::new(keys::client_log_pk(0), format!("{}#{ANEW}", sortable(now))));
        entry.insert("ttl".to_owned(), n(log_ttl(now)));
        self.0.put(entry).await
    }

    /// Makes a snapshot the newest one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.0.put(document(&snapshot_key(), snapshot)?).await
    }
}
