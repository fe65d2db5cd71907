//! Searches for free nights: by month and shard, so that no partition takes all writes, and once more under the guest who
//! made them. Also how far the sheet that repeats them is.

use std::{
    collections::BTreeSet,
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use aws_sdk_dynamodb::types::AttributeValue;
use casa_domain::{
    ClientId, HouseId,
    search::Search,
    time::{Month, sortable},
};
use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use crate::{
    Item, Store, StoreError,
    item::{Span, document, n, read, s, text},
    keys,
    transaction::{Expression, Guards, Transaction},
};

/// Rows asked for at once, per partition.
const CHUNK: usize = 500;
/// Rows that one question reads at most, whether they fit or not.
const MOST_READ: usize = 20_000;
/// How sort keys begin under a guest.
const UNDER_GUEST: &str = "SEARCH#";

/// A place in the order of searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    at: DateTime<Utc>,
    id: Uuid,
}

impl Mark {
    /// The place of a search.
    pub fn of(search: &Search) -> Self {
        // Keys have microseconds.
        Self { at: search.search_timestamp.trunc_subsecs(6), id: search.id }
    }

    /// Its instant.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    fn key(&self) -> String {
        keys::search_order(self.at, self.id)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", sortable(self.at), self.id)
    }
}

/// The text is no place in the order of searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in the order of searches")]
pub struct NotAMark;

impl FromStr for Mark {
    type Err = NotAMark;

    fn from_str(text: &str) -> Result<Self, NotAMark> {
        let (at, id) = text.split_once('_').ok_or(NotAMark)?;
        let at: DateTime<Utc> = at.parse().map_err(|_| NotAMark)?;
        let mark = Self { at, id: Uuid::try_parse(id).map_err(|_| NotAMark)? };
        // Only what we wrote ourselves sorts as we write it.
        if mark.to_string() == text { Ok(mark) } else { Err(NotAMark) }
    }
}

/// Which searches are wanted. All conditions hold together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
    /// Of this guest.
    pub client: Option<ClientId>,
    /// For this house.
    pub house: Option<HouseId>,
    /// Behind this place, in the order asked for.
    pub behind: Option<Mark>,
    /// The oldest first instead of the newest.
    pub oldest_first: bool,
}

/// Searches that were found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In order.
    pub rows: Vec<Search>,
    /// Where to go on, if there may be more.
    pub next: Option<Mark>,
}

/// The months that have searches, as far as this process knows.
#[derive(Debug, Default)]
pub(crate) struct Months(Mutex<BTreeSet<Month>>);

impl Months {
    fn knows(&self, month: Month) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&month)
    }

    fn learn(&self, month: Month) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(month);
    }
}

/// Searches for free nights.
#[derive(Debug)]
pub struct Searches<'a>(pub(crate) &'a Store);

impl Searches<'_> {
    /// Enters a search, tidied (see [`Search::tidy`]): one write, two for a guest's, one more where a month begins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enter(&self, search: &Search) -> Result<(), StoreError> {
        let (store, month) = (self.0, month_of(search));
        let mut items = items_of(&search.clone().tidy())?;
        if items.len() == 1 && store.0.search_months.knows(month) {
            return store.put(items.remove(0)).await;
        }
        let mut transaction = Transaction::default();
        for item in items {
            transaction.put(store.table(), item, None, Guards::Nothing)?;
        }
        if !store.0.search_months.knows(month) {
            add_months(store, &mut transaction, [month])?;
        }
        transaction.commit(store).await?;
        store.0.search_months.learn(month);
        Ok(())
    }

    /// The last search of a guest; one query for one row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest_of(&self, client: ClientId) -> Result<Option<Search>, StoreError> {
        let span = Span { limit: Some(1), backwards: true, ..Span::prefix(UNDER_GUEST) };
        let rows = self.0.query(&format!("CLIENT#{client}"), span).await?;
        rows.first().map(read).transpose()
    }

    /// At most so many of the wanted searches, read from the months that may have some (or from the guest's own). What
    /// does not fit is read too, up to 20,000 rows; then `next` says where to go on although there is room left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, wish: &Wish, most: usize) -> Result<Found, StoreError> {
        let mut found = Found::default();
        let mut read = 0;
        let (mut low, mut high) = wish.bounds();
        // Nothing but what lies behind this key is wanted.
        let mut edge = wish.behind.map(|mark| mark.key());
        for part in self.parts(wish).await? {
            loop {
                let room =
                    if wish.house.is_some() { CHUNK } else { (most - found.rows.len()).saturating_add(2) };
                let heap = self.layer(&part, &low, &high, wish.oldest_first, room.min(CHUNK)).await?;
                for (key, row) in heap.rows {
                    if edge.as_ref().is_some_and(|edge| !wish.is_behind(edge, &key)) {
                        continue;
                    }
                    read += 1;
                    if wish.holds(&row) {
                        if found.rows.len() == most {
                            found.next = found.rows.last().map(Mark::of).or(wish.behind);
                            return Ok(found);
                        }
                        found.rows.push(row);
                    }
                    edge = Some(key);
                }
                let Some(end) = heap.end else { break };
                if read >= MOST_READ {
                    found.next = edge.as_deref().and_then(|key| key.replacen('#', "_", 1).parse().ok());
                    return Ok(found);
                }
                if wish.oldest_first { low = end } else { high = end }
            }
            (low, high) = wish.bounds();
        }
        Ok(found)
    }

    /// The partitions to look at one after the other, in the order asked for.
    async fn parts(&self, wish: &Wish) -> Result<Vec<Part>, StoreError> {
        if let Some(client) = wish.client {
            return Ok(vec![Part { pks: vec![format!("CLIENT#{client}")], prefix: UNDER_GUEST }]);
        }
        let (low, high) = wish.bounds();
        let within = |month: &Month| {
            let name = month.to_string();
            let begins = low.get(..name.len()).is_none_or(|low| low <= name.as_str());
            begins && name.as_str() <= high.as_str()
        };
        let item = self.0.get(&keys::search_months()).await?;
        let names = item.as_ref().and_then(|item| item.get("months")).and_then(|months| months.as_ss().ok());
        let mut months: Vec<Month> =
            names.into_iter().flatten().filter_map(|name| name.parse().ok()).filter(within).collect();
        months.sort_unstable();
        if !wish.oldest_first {
            months.reverse();
        }
        let shards = |month| (0..keys::SEARCH_SHARDS).map(|shard| keys::searches_pk(month, shard)).collect();
        Ok(months.into_iter().map(|month| Part { pks: shards(month), prefix: "" }).collect())
    }

    /// The next rows of all partitions of a part, in order, as far as all of them were read.
    async fn layer(
        &self,
        part: &Part,
        low: &str,
        high: &str,
        oldest_first: bool,
        limit: usize,
    ) -> Result<Layer, StoreError> {
        let mut tasks = tokio::task::JoinSet::new();
        for pk in &part.pks {
            let (store, pk) = (self.0.clone(), pk.clone());
            let span = Span {
                from: format!("{}{low}", part.prefix),
                to: format!("{}{high}", part.prefix),
                limit: Some(limit),
                backwards: !oldest_first,
            };
            tasks.spawn(async move { store.query(&pk, span).await });
        }
        let mut rows: Vec<(String, Search)> = Vec::new();
        let mut ends = Vec::new();
        while let Some(items) = tasks.join_next().await {
            let items = items.map_err(|error| StoreError::Service(error.to_string()))??;
            let key =
                |item: &Item| text(item, "sk").and_then(|sk| sk.strip_prefix(part.prefix)).map(str::to_owned);
            if items.len() >= limit {
                ends.extend(items.last().and_then(key));
            }
            for item in &items {
                rows.push((key(item).unwrap_or_default(), read(item)?));
            }
        }
        let end = if oldest_first { ends.into_iter().min() } else { ends.into_iter().max() };
        if let Some(end) = &end {
            rows.retain(|(key, _)| if oldest_first { key <= end } else { key >= end });
        }
        rows.sort_by(|a, b| if oldest_first { a.0.cmp(&b.0) } else { b.0.cmp(&a.0) });
        Ok(Layer { rows, end })
    }

    /// Up to which search the sheet has them all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn in_sheet(&self) -> Result<Option<Mark>, StoreError> {
        let item = self.0.get(&keys::sheet_sync()).await?;
        Ok(item.as_ref().and_then(|item| text(item, "to")).and_then(|text| text.parse().ok()))
    }

    /// Takes the sheet for oneself until an instant of the real clock, or for longer where one has it already; whether
    /// that worked: somebody else may have it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_sheet(
        &self,
        holder: Uuid,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let change = Expression::new("SET holder = :holder, #until = :until")
            .name("#until", "until")
            .value(":holder", s(holder.to_string()))
            .value(":until", n(until.timestamp()))
            .value(":now", n(now.timestamp()));
        let free = "attribute_not_exists(#until) OR #until <= :now OR holder = :holder";
        self.turn_sheet(change, free).await
    }

    /// Notes up to which search the sheet has them all; whether one still has it for oneself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_in_sheet(&self, holder: Uuid, mark: Mark) -> Result<bool, StoreError> {
        let change = Expression::new("SET #to = :to")
            .name("#to", "to")
            .value(":to", s(mark.to_string()))
            .value(":holder", s(holder.to_string()));
        self.turn_sheet(change, "holder = :holder").await
    }

    /// Gives the sheet back, if one still has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_sheet(&self, holder: Uuid) -> Result<(), StoreError> {
        let change = Expression::new("REMOVE holder, #until")
            .name("#until", "until")
            .value(":holder", s(holder.to_string()));
        self.turn_sheet(change, "holder = :holder").await.map(drop)
    }

    async fn turn_sheet(&self, change: Expression, when: &str) -> Result<bool, StoreError> {
        let mut transaction = Transaction::default();
        transaction.update(self.0.table(), &keys::sheet_sync(), change, Some(when), Guards::Version)?;
        match transaction.commit(self.0).await {
            Ok(()) => Ok(true),
            Err(StoreError::Changed) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Partitions that are read together.
struct Part {
    pks: Vec<String>,
    prefix: &'static str,
}

/// Rows of several partitions in one order.
struct Layer {
    rows: Vec<(String, Search)>,
    /// The key at which to go on; nothing is left without.
    end: Option<String>,
}

impl Wish {
    /// The smallest and the largest key that may be wanted. The key of a search at an instant is longer than the instant,
    /// so it sorts behind it.
    fn bounds(&self) -> (String, String) {
        let mut low = self.from.map_or_else(|| "0".to_owned(), sortable);
        let mut high = self.to.map_or_else(|| "~".to_owned(), sortable);
        if let Some(mark) = &self.behind {
            if self.oldest_first {
                low = low.max(mark.key());
            } else {
                high = high.min(mark.key());
            }
        }
        // A query may not end before it begins.
        let high = high.max(low.clone());
        (low, high)
    }

    fn is_behind(&self, edge: &str, key: &str) -> bool {
        if self.oldest_first { key > edge } else { key < edge }
    }

    fn holds(&self, row: &Search) -> bool {
        !row.deleted
            && self.client.is_none_or(|client| row.client == Some(client))
            && self.house.is_none_or(|house| row.house == Some(house))
            && self.from.is_none_or(|from| row.search_timestamp >= from)
            && self.to.is_none_or(|to| row.search_timestamp < to)
    }
}

/// The month under which a search lies.
pub(crate) fn month_of(search: &Search) -> Month {
    Month::of(search.search_timestamp.date_naive())
}

/// A search, and its copy under the guest who made it.
pub(crate) fn items_of(search: &Search) -> Result<Vec<Item>, StoreError> {
    let (at, id) = (search.search_timestamp, search.id);
    let mut items = vec![document(&keys::search(at, id), search)?];
    if let Some(client) = search.client.filter(|_| !search.deleted) {
        items.push(document(&keys::client_search(client, at, id), search)?);
    }
    Ok(items)
}

/// Adds to a transaction that these months have searches.
pub(crate) fn add_months(
    store: &Store,
    transaction: &mut Transaction,
    months: impl IntoIterator<Item = Month>,
) -> Result<(), StoreError> {
    let names: BTreeSet<_> = months.into_iter().map(|month| month.to_string()).collect();
    let names = AttributeValue::Ss(names.into_iter().collect());
    let change = Expression::new("ADD months :months").value(":months", names);
    transaction.update(store.table(), &keys::search_months(), change, None, Guards::Nothing)
}
