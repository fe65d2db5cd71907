//! Pages of reservations in the documented order (check-in, then creation, then id), filtered and counted without
//! reading the whole history.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use casa_domain::{
    ClientId, HouseId,
    reservation::{Origin, Status},
    text::{fold, matches_all},
    time::Month,
};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};

use super::{Booked, Heads, Reservations, counts::Slot};
use crate::{
    StoreError,
    item::{Span, read},
    keys,
};

/// A search that names at most this many guests goes through their own rows instead of the years'.
const GUESTS_ONE_BY_ONE: usize = 48;

/// Which dates a list covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Everything.
    All,
    /// Check-in on this day or later.
    From(NaiveDate),
    /// Check-in or check-out within the month, both ends included; only check-in when `arrivals`.
    Month {
        /// The month.
        month: Month,
        /// Count arrivals only.
        arrivals: bool,
    },
    /// Check-in or check-out within the year.
    Year(i32),
    /// In the house on this day: checked in, not out yet.
    Staying(NaiveDate),
}

/// A search as resolved by the caller.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Folded terms, each of which must be contained in a name or address of the guest or in the house's name.
    pub terms: Vec<String>,
    /// Where some term is in no house's name: the guests that match all such terms. Every row found has one of them.
    pub guests: Option<Vec<ClientId>>,
}

/// What is wanted of the list. All conditions hold together.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Dates.
    pub window: Window,
    /// Further date conditions that only drop rows.
    pub also: Vec<Window>,
    /// Entered within these instants (first included, second not).
    pub entered: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Only this origin.
    pub origin: Option<Origin>,
    /// Not this origin.
    pub not_origin: Option<Origin>,
    /// Only these statuses.
    pub statuses: Option<BTreeSet<Status>>,
    /// Text search.
    pub search: Search,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            window: Window::All,
            also: Vec::new(),
            entered: None,
            origin: None,
            not_origin: None,
            statuses: None,
            search: Search::default(),
        }
    }
}

/// Which part of the list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// All rows.
    Everything,
    /// `size` rows after the first `skip`.
    Part {
        /// Rows to pass over.
        skip: u64,
        /// Rows wanted.
        size: u64,
    },
}

/// Rows of a page and how many rows the whole list has.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The rows, in order.
    pub rows: Vec<Booked>,
    /// The count of the whole list.
    pub total: u64,
}

impl Window {
    fn holds(self, booked: &Booked) -> bool {
        let (check_in, check_out) = (booked.reservation.check_in_date, booked.reservation.check_out_date);
        match self {
            Self::All => true,
            Self::From(day) => check_in >= day,
            Self::Month { month, arrivals } => {
                Month::of(check_in) == month || (!arrivals && Month::of(check_out) == month)
            }
            Self::Year(year) => check_in.year() == year || check_out.year() == year,
            Self::Staying(day) => check_in <= day && day < check_out,
        }
    }
}

impl Wish {
    fn wants_slot(&self, slot: &Slot) -> bool {
        self.origin.is_none_or(|origin| slot.origin == origin)
            && self.not_origin != Some(slot.origin)
            && self.statuses.as_ref().is_none_or(|statuses| statuses.contains(&slot.status))
    }

    fn holds(&self, booked: &Booked, houses: &BTreeMap<HouseId, String>) -> bool {
        let reservation = &booked.reservation;
        Slot::of(reservation).is_some_and(|slot| self.wants_slot(&slot))
            && self.window.holds(booked)
            && self.also.iter().all(|window| window.holds(booked))
            && self.entered.is_none_or(|(from, to)| from <= reservation.created && reservation.created < to)
            && (self.search.terms.is_empty() || {
                let mut fields = vec![houses.get(&reservation.house).cloned().unwrap_or_default()];
                if let Some(client) = &booked.client {
                    let texts = [Some(&client.first_name), client.last_name.as_ref(), client.email.as_ref()];
                    fields.extend(texts.into_iter().flatten().map(|text| fold(text)));
                }
                matches_all(&self.search.terms, &fields)
            })
    }

    /// Whether rows can be told by their slot alone, so that counts are exact.
    fn is_countable(&self) -> bool {
        self.search.terms.is_empty() && self.also.is_empty() && self.entered.is_none()
    }
}

impl Reservations<'_> {
    /// A page of the list. What it reads: `README.md`, "Reservation list".
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, heads: &Heads, wish: &Wish, page: Page) -> Result<Listed, StoreError> {
        let houses: BTreeMap<_, _> =
            heads.catalogue().all_houses().map(|house| (house.id, fold(&house.name))).collect();
        if let Some((from, to)) = wish.entered {
            return Ok(cut(self.entered_rows(from, to).await?, wish, &houses, page));
        }
        if let Some(guests) = wish.search.guests.as_ref().filter(|guests| guests.len() <= GUESTS_ONE_BY_ONE) {
            return Ok(cut(self.guest_rows(guests).await?, wish, &houses, page));
        }
        match wish.window {
            Window::Month { month, .. } => Ok(cut(self.month_rows(month).await?, wish, &houses, page)),
            Window::Staying(day) => Ok(cut(self.month_rows(Month::of(day)).await?, wish, &houses, page)),
            Window::Year(year) => {
                let rows = self.year_rows(heads, year).await?;
                Ok(cut(
                    rows.iter().filter(|row| wish.holds(row, &houses)).cloned().collect(),
                    wish,
                    &houses,
                    page,
                ))
            }
            Window::All | Window::From(_) if !wish.is_countable() => {
                self.searched(heads, wish, page, &houses).await
            }
            Window::All => self.wide(heads, wish, page, None, &houses).await,
            Window::From(day) => self.wide(heads, wish, page, Some(day), &houses).await,
        }
    }

    /// Lists that begin somewhere and go on to the end of time.
    async fn wide(
        &self,
        heads: &Heads,
        wish: &Wish,
        page: Page,
        from: Option<NaiveDate>,
        houses: &BTreeMap<HouseId, String>,
    ) -> Result<Listed, StoreError> {
        let first_month = from.map(Month::of);
        let mut months = heads
            .counts
            .by_month(|slot| wish.wants_slot(slot) && first_month.is_none_or(|first| slot.month >= first));
        let mut rows = Vec::new();
        // The month in which the list begins is counted by its rows: some of them come before the day.
        if let Some(day) = from.filter(|day| day.day() > 1)
            && months.remove(&Month::of(day)).is_some()
        {
            rows = self.arrivals(day, Month::of(day).last_day(), None).await?;
            rows.retain(|row| wish.holds(row, houses));
        }
        let (skip, end) = match page {
            Page::Part { skip, size } => (skip, Some(skip.saturating_add(size))),
            Page::Everything => (0, None),
        };
        let begun = rows.len() as u64;
        let total = begun + months.values().sum::<u64>();
        rows = rows.into_iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)).collect();
        let mut passed = begun;
        let mut wanted: Vec<Month> = Vec::new();
        let mut before_wanted = 0;
        for (month, count) in months {
            let (starts, ends) = (passed, passed + count);
            passed = ends;
            if ends <= skip || end.is_some_and(|end| starts >= end) {
                continue;
            }
            if wanted.is_empty() {
                before_wanted = skip.saturating_sub(starts);
            }
            wanted.push(month);
        }
        // Rows are read only as far as the page goes when every row of the months counts.
        let all_count = wish.origin.is_none() && wish.not_origin.is_none() && wish.statuses.is_none();
        let mut missing =
            end.map(|end| end.saturating_sub(skip.max(begun)) + before_wanted).filter(|_| all_count);
        let mut found = Vec::new();
        for (first, last) in runs(&wanted) {
            if missing == Some(0) {
                break;
            }
            let limit = missing.and_then(|missing| usize::try_from(missing).ok());
            let read = self.arrivals(first.first_day(), last.last_day(), limit).await?;
            missing = missing.map(|missing| missing.saturating_sub(read.len() as u64));
            found.extend(read.into_iter().filter(|row| wish.holds(row, houses)));
        }
        rows.extend(found.into_iter().skip(usize::try_from(before_wanted).unwrap_or(usize::MAX)));
        if let Page::Part { size, .. } = page {
            rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        }
        Ok(Listed { rows, total })
    }

    /// Rows that check in from `first` to `last` (both included), at most `limit` if given.
    async fn arrivals(
        &self,
        first: NaiveDate,
        last: NaiveDate,
        limit: Option<usize>,
    ) -> Result<Vec<Booked>, StoreError> {
        let mut rows: Vec<Booked> = Vec::new();
        for year in first.year()..=last.year() {
            let span = Span {
                from: format!("R#{}", first.max(NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(first))),
                to: format!(
                    "R#{}\u{10ffff}",
                    last.min(NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(last))
                ),
                limit: limit.map(|limit| limit - rows.len().min(limit)),
                backwards: false,
            };
            for item in self.0.query(&keys::year(year), span).await? {
                rows.push(read(&item)?);
            }
        }
        Ok(rows)
    }

    /// Rows that check in within the month or stayed into it (a check-out on the 1st counts).
    async fn month_rows(&self, month: Month) -> Result<Vec<Booked>, StoreError> {
        let mut rows = Vec::new();
        for item in self.0.query(&keys::year(month.year()), Span::prefix(format!("X#{month}#"))).await? {
            rows.push(read(&item)?);
        }
        rows.extend(self.arrivals(month.first_day(), month.last_day(), None).await?);
        Ok(rows)
    }

    /// Rows that check in within the year or stayed into it; a warm copy serves until the year's version moves.
    async fn year_rows(&self, heads: &Heads, year: i32) -> Result<Arc<Vec<Booked>>, StoreError> {
        let (Some(january), Some(version)) = (Month::new(year, 1), heads.years.get(&year)) else {
            return Ok(Arc::default());
        };
        if let Some(warm) = self.0.0.year_rows.at(year, *version) {
            return Ok(warm);
        }
        let mut rows = Vec::new();
        for prefix in [format!("X#{january}#"), "R#".to_owned()] {
            for item in self.0.query(&keys::year(year), Span::prefix(prefix)).await? {
                rows.push(read(&item)?);
            }
        }
        let rows = Arc::new(rows);
        self.0.0.year_rows.keep(year, *version, Arc::clone(&rows));
        Ok(rows)
    }

    /// Searches that counts cannot answer look at the rows of every year of the window.
    async fn searched(
        &self,
        heads: &Heads,
        wish: &Wish,
        page: Page,
        houses: &BTreeMap<HouseId, String>,
    ) -> Result<Listed, StoreError> {
        let first = if let Window::From(day) = wish.window { day.year() } else { i32::MIN };
        let mut found = Vec::new();
        for year in heads.years.keys().filter(|year| **year >= first) {
            let rows = self.year_rows(heads, *year).await?;
            found.extend(rows.iter().filter(|row| wish.holds(row, houses)).cloned());
        }
        Ok(cut(found, wish, houses, page))
    }

    async fn entered_rows(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Booked>, StoreError> {
        let mut rows = Vec::new();
        let mut day = from.date_naive();
        while day <= to.date_naive() {
            for item in self.0.query(&keys::entered(day), Span::all()).await? {
                rows.push(read(&item)?);
            }
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            day = next;
        }
        Ok(rows)
    }

    async fn guest_rows(&self, guests: &[ClientId]) -> Result<Vec<Booked>, StoreError> {
        let mut tasks = tokio::task::JoinSet::new();
        for guest in guests {
            let (store, pk) = (self.0.clone(), format!("CLIENT#{guest}"));
            tasks.spawn(async move { store.query(&pk, Span::prefix("STAY#")).await });
        }
        let mut rows = Vec::new();
        while let Some(items) = tasks.join_next().await {
            for item in items.map_err(|error| StoreError::Service(error.to_string()))?? {
                rows.push(read(&item)?);
            }
        }
        Ok(rows)
    }
}

/// Filters, sorts, counts and cuts rows that were all read.
fn cut(mut rows: Vec<Booked>, wish: &Wish, houses: &BTreeMap<HouseId, String>, page: Page) -> Listed {
    rows.retain(|row| wish.holds(row, houses));
    rows.sort_by_key(|row| (row.reservation.check_in_date, row.reservation.created, row.reservation.id));
    rows.dedup_by_key(|row| row.reservation.id);
    let total = rows.len() as u64;
    if let Page::Part { skip, size } = page {
        let (skip, size) =
            (usize::try_from(skip).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(usize::MAX));
        rows = rows.into_iter().skip(skip).take(size).collect();
    }
    Listed { rows, total }
}

/// Groups months of one year, in order, into spans that one query can read. Months without rows may lie between.
fn runs(months: &[Month]) -> Vec<(Month, Month)> {
    let mut runs: Vec<(Month, Month)> = Vec::new();
    for month in months {
        match runs.last_mut() {
            Some((_, last)) if last.year() == month.year() => *last = *month,
            _ => runs.push((*month, *month)),
        }
    }
    runs
}
