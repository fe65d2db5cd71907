//! `feeds-import`: brings the stays of other calendars into our houses, and takes back those that vanished from them
//! (contract 05 §4.7 with defect 14 of §8; [`casa_domain::feed`] says what an event does).
//!
//! Every calendar is read by itself: one that fails does not stop the others, and nothing is concluded from one that
//! cannot be read whole. Reading it again changes nothing.

mod bring;
mod enter;
mod report;
mod tell;

use std::collections::BTreeSet;

use casa_domain::{HouseId, feed::Feed, ids::FeedId};
use casa_gateways::{FeedFetcher, Fetched, Telegram, ical};
use casa_store::StoreError;
use casa_web::AppState;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::JobError;

pub use report::{FeedConflict, FeedReport};

/// Calendars read at once.
const AT_ONCE: usize = 4;
/// Days from today on whose nights are of interest.
const DAYS_AHEAD: u64 = 1_100;
/// Minutes for which a reader has a calendar alone.
const READING_MINUTES: i64 = 10;

/// All calendars that are known: those that staff entered, and those at houses' own addresses. Two reads, and a query
/// where houses changed.
///
/// # Errors
/// [`StoreError`].
pub async fn known(state: &AppState) -> Result<Vec<Feed>, StoreError> {
    let mut feeds = state.store.feeds().all().await?;
    let catalogue = state.store.houses().catalogue().await?;
    let own: Vec<Feed> = catalogue
        .live()
        .filter_map(Feed::of_house)
        .map(|fresh| {
            let read =
                feeds.iter().find(|feed| feed.of_house && feed.id == fresh.id && feed.url == fresh.url);
            read.cloned().unwrap_or(fresh)
        })
        .collect();
    feeds.retain(|feed| !feed.of_house);
    feeds.extend(own);
    feeds.sort_by_key(|feed| (feed.created, feed.id));
    Ok(feeds)
}

/// Reads every calendar of a house that is offered. With `dry_run` nothing is written. Answers what each did; staff are
/// told of new conflicts, and of a calendar that failed three times in a row.
///
/// # Errors
/// [`JobError`]; [`JobError::Partly`] where the table failed for some.
pub async fn run(state: &AppState, telegram: Option<&Telegram>, dry_run: bool) -> Result<Value, JobError> {
    let feeds = known(state).await?;
    let catalogue = state.store.houses().catalogue().await?;
    let live: BTreeSet<HouseId> = catalogue.live().map(|house| house.id).collect();
    let mut waiting = feeds.iter().filter(|feed| live.contains(&feed.house));
    let fetcher = fetcher(state);
    let mut running: JoinSet<(FeedId, Result<Option<FeedReport>, JobError>)> = JoinSet::new();
    let (mut reports, mut busy, mut broken) = (Vec::new(), 0, 0);
    loop {
        while running.len() < AT_ONCE
            && let Some(feed) = waiting.next()
        {
            let reading = Reading {
                state: state.clone(),
                fetcher: fetcher.clone(),
                telegram: telegram.cloned(),
                others: others(&feeds, feed),
                feed: feed.clone(),
                dry_run,
            };
            running.spawn(async move { (reading.feed.id, Box::pin(reading.carry_out()).await) });
        }
        let Some(done) = running.join_next().await else { break };
        match done.map_err(|error| JobError::Partly(error.to_string()))? {
            (_, Ok(Some(report))) => reports.push(report),
            (_, Ok(None)) => busy += 1,
            (feed, Err(error)) => {
                tracing::error!(%feed, %error, "a calendar was not brought in");
                broken += 1;
            }
        }
    }
    if broken > 0 {
        return Err(JobError::Partly(format!("{broken} calendars could not be brought in")));
    }
    reports.sort_by_key(|report| report.id);
    let sum = |of: fn(&FeedReport) -> usize| reports.iter().map(of).sum::<usize>();
    Ok(json!({
        "feeds": reports.len(),
        "busy": busy,
        "failed": reports.iter().filter(|report| report.problem.is_some()).count(),
        "created": sum(|report| report.created),
        "moved": sum(|report| report.moved),
        "revived": sum(|report| report.revived),
        "cancelled": sum(|report| report.cancelled),
        "conflicts": sum(|report| report.conflicts.len()),
        "reports": reports,
    }))
}

/// Reads one calendar now; `None` where somebody else is just reading it. Staff are told of conflicts by the next run by
/// the clock, not by this one.
///
/// # Errors
/// [`JobError`].
pub async fn read_now(state: &AppState, id: FeedId) -> Result<Option<FeedReport>, JobError> {
    let feeds = known(state).await?;
    let Some(feed) = feeds.iter().find(|feed| feed.id == id) else { return Ok(None) };
    let reading = Reading {
        state: state.clone(),
        fetcher: fetcher(state),
        telegram: None,
        others: others(&feeds, feed),
        // Somebody waits for what it says now.
        feed: Feed { etag: None, last_modified: None, ..feed.clone() },
        dry_run: false,
    };
    Box::pin(reading.carry_out()).await
}

/// Deployed functions go to public addresses only.
fn fetcher(state: &AppState) -> FeedFetcher {
    if state.settings.local { FeedFetcher::anywhere() } else { FeedFetcher::public() }
}

fn others(feeds: &[Feed], feed: &Feed) -> Vec<FeedId> {
    let same_house = |other: &&Feed| other.house == feed.house && other.id != feed.id;
    feeds.iter().filter(same_house).map(|other| other.id).collect()
}

/// One calendar being read.
struct Reading {
    state: AppState,
    fetcher: FeedFetcher,
    telegram: Option<Telegram>,
    feed: Feed,
    /// The other calendars of its house.
    others: Vec<FeedId>,
    dry_run: bool,
}

impl Reading {
    async fn carry_out(mut self) -> Result<Option<FeedReport>, JobError> {
        if self.dry_run {
            return self.read().await.map(|(report, _)| Some(report));
        }
        // Readers meet in real time, also where the business's clock stands still.
        let (reader, real) = (Uuid::new_v4(), Utc::now());
        let until = real + TimeDelta::minutes(READING_MINUTES);
        let store = self.state.store.clone();
        if !store.feeds().take(self.feed.id, reader, real, until).await? {
            return Ok(None);
        }
        let outcome = self.read_and_keep().await;
        store.feeds().give_back(self.feed.id, reader).await?;
        outcome.map(Some)
    }

    async fn read_and_keep(&mut self) -> Result<FeedReport, JobError> {
        let (report, conflicts) = self.read().await?;
        if let Some(telegram) = self.telegram.clone() {
            tell::tell(&self.state, &telegram, &mut self.feed, &report, &conflicts).await?;
        }
        match self.state.store.feeds().save(&self.feed).await {
            // Removed meanwhile.
            Ok(()) | Err(StoreError::Changed) => Ok(report),
            Err(error) => Err(error.into()),
        }
    }

    /// Fetches the calendar and brings its stays in. Answers what that did, with the name of each conflict.
    async fn read(&mut self) -> Result<(FeedReport, Vec<String>), JobError> {
        let now = self.state.clock.now();
        let mut report = FeedReport::of(&self.feed);
        let (etag, last_modified) = self.feed.validators(now);
        let fetched = self.fetcher.fetch(self.feed.url.secret(), etag, last_modified).await;
        let (bytes, etag, last_modified) = match fetched {
            Ok(Fetched::Body { bytes, etag, last_modified }) => (bytes, etag, last_modified),
            Ok(Fetched::NotModified) => {
                self.feed.succeed(now);
                report.not_modified = true;
                return Ok((report, self.feed.told.clone()));
            }
            Err(problem) => return Ok(self.failed(report, problem.to_string(), now)),
        };
        let window = window(self.state.clock.today());
        let events = match ical::read(&bytes, self.state.clock.zone(), window) {
            Ok(events) => events,
            Err(problem) => return Ok(self.failed(report, problem.to_string(), now)),
        };
        let mut bringing = bring::Bringing::new(self, window, &mut report).await?;
        let conflicts = bringing.bring(&events).await?;
        self.feed.succeed(now);
        self.feed.brought = Some(now);
        // What could not be brought in is tried again, whether the calendar changes or not.
        (self.feed.etag, self.feed.last_modified) =
            if conflicts.is_empty() { (etag, last_modified) } else { (None, None) };
        Ok((report, conflicts))
    }

    fn failed(
        &mut self,
        mut report: FeedReport,
        problem: String,
        now: DateTime<Utc>,
    ) -> (FeedReport, Vec<String>) {
        report.problem = Some(problem.clone());
        self.feed.fail(problem, now);
        (report, self.feed.told.clone())
    }
}

/// The nights that matter: from today on, the second date is no longer among them.
fn window(today: NaiveDate) -> (NaiveDate, NaiveDate) {
    (today, today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(NaiveDate::MAX))
}
