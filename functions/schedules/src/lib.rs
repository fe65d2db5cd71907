//! What happens by the clock: which jobs there are and when they run. The work itself is in `shared/jobs`.

use casa_gateways::Gateways;
use casa_jobs::{
    JobError, bookings_expire, client_book, feeds, music, payments, points_award, points_expire,
    pool_heating, ranking,
    searches::{self, Since},
};
use casa_web::AppState;
use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A job, under the name that `template.yaml` and `casa run` give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Job {
    /// Credits finished stays with points.
    PointsAward,
    /// Takes points that have lapsed.
    PointsExpire,
    /// Ranks last month's referrers.
    ReferralRanking,
    /// Sends searches to the sheet.
    SheetsSync,
    /// Saves a snapshot of the client book.
    ClientBook,
    /// Switches the heating of the pools.
    PoolHeating,
    /// Ends bookings that were not paid in time.
    BookingsExpire,
    /// Asks the card gateways what became of payments without a known outcome.
    PaymentsSettle,
    /// Brings the stays of other calendars in.
    FeedsImport,
    /// Switches players of music on when stays begin and off when they end.
    MusicPower,
    /// Tells staff when the music server is lost and when it is back.
    MusicWatch,
}

/// When a job runs, in the business's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// The day of the month; `None` for every day.
    pub day: Option<u32>,
    /// The hour; `None` for every hour.
    pub hour: Option<u32>,
    /// The minute.
    pub minute: u32,
    /// Again every so many minutes until the hour is over; `None` for once. To strike evenly across hours it divides 60.
    pub every: Option<u32>,
}

impl Hour {
    /// Once every hour.
    const fn hourly(minute: u32) -> Self {
        Self { day: None, hour: None, minute, every: None }
    }

    /// Every so many minutes.
    const fn every(minutes: u32) -> Self {
        Self { day: None, hour: None, minute: 0, every: Some(minutes) }
    }

    /// Once every night.
    const fn nightly(hour: u32) -> Self {
        Self { day: None, hour: Some(hour), minute: 0, every: None }
    }

    /// Whether it strikes in the minute of a local time.
    pub fn strikes(self, local: DateTime<FixedOffset>) -> bool {
        let since = local.minute().checked_sub(self.minute);
        since.is_some_and(|since| since == 0 || self.every.is_some_and(|every| since.is_multiple_of(every)))
            && self.hour.is_none_or(|hour| hour == local.hour())
            && self.day.is_none_or(|day| day == local.day())
    }

    /// The same as EventBridge writes it.
    pub fn cron(self) -> String {
        let or_any = |part: Option<u32>| part.map_or_else(|| "*".to_owned(), |part| part.to_string());
        let every = self.every.map(|every| format!("/{every}")).unwrap_or_default();
        format!("cron({}{every} {} {} * ? *)", self.minute, or_any(self.hour), or_any(self.day))
    }
}

impl Job {
    /// Every job.
    pub const ALL: [Self; 11] = [
        Self::PointsAward,
        Self::PointsExpire,
        Self::ReferralRanking,
        Self::SheetsSync,
        Self::ClientBook,
        Self::PoolHeating,
        Self::BookingsExpire,
        Self::PaymentsSettle,
        Self::FeedsImport,
        Self::MusicPower,
        Self::MusicWatch,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::PointsAward => "points-award",
            Self::PointsExpire => "points-expire",
            Self::ReferralRanking => "referral-ranking",
            Self::SheetsSync => "sheets-sync",
            Self::ClientBook => "client-book",
            Self::PoolHeating => "pool-heating",
            Self::BookingsExpire => "bookings-expire",
            Self::PaymentsSettle => "payments-settle",
            Self::FeedsImport => "feeds-import",
            Self::MusicPower => "music-power",
            Self::MusicWatch => "music-watch",
        }
    }

    /// The job of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|job| job.name() == name)
    }

    /// When it runs.
    pub fn hour(self) -> Hour {
        match self {
            Self::PointsAward => Hour::nightly(2),
            Self::PointsExpire => Hour::nightly(3),
            Self::ReferralRanking => Hour { day: Some(1), ..Hour::nightly(4) },
            Self::SheetsSync => Hour::nightly(5),
            Self::ClientBook => Hour::hourly(40),
            Self::PoolHeating => Hour::hourly(5),
            Self::BookingsExpire | Self::PaymentsSettle | Self::MusicPower | Self::MusicWatch => {
                Hour::every(5)
            }
            Self::FeedsImport => Hour::every(30),
        }
    }
}

/// Runs a job and answers its report. With `dry_run` nothing is written: the report says what would be.
///
/// # Errors
/// [`JobError`].
pub async fn run(job: Job, state: &AppState, gateways: &Gateways, dry_run: bool) -> Result<Value, JobError> {
    let started = Utc::now();
    // On the heap: the jobs' futures are large, and unoptimised builds would need several on one stack.
    let report = match job {
        Job::PointsAward => Box::pin(points_award::run(state, dry_run)).await,
        Job::PointsExpire => Box::pin(points_expire::run(state, dry_run)).await,
        Job::ReferralRanking => Box::pin(rank(state, dry_run)).await,
        Job::SheetsSync => Box::pin(fill_sheet(state, gateways, dry_run)).await,
        Job::ClientBook => Box::pin(client_book::run(state, dry_run)).await,
        Job::PoolHeating => Box::pin(pool_heating::run(state, &gateways.pool, dry_run)).await,
        Job::BookingsExpire => Box::pin(bookings_expire::run(state, dry_run)).await,
        Job::PaymentsSettle => Box::pin(payments::settle_all(state, &gateways.cards, dry_run)).await,
        Job::FeedsImport => Box::pin(feeds::run(state, gateways.telegram.as_ref(), dry_run)).await,
        Job::MusicPower => Box::pin(music::power::run(state, dry_run)).await,
        Job::MusicWatch => Box::pin(music::watch::run(state, gateways.telegram.as_ref(), dry_run)).await,
    };
    let milliseconds = (Utc::now() - started).num_milliseconds();
    match &report {
        Ok(report) => tracing::info!(job = job.name(), dry_run, milliseconds, %report, "job done"),
        Err(error) => {
            tracing::error!(job = job.name(), dry_run, milliseconds, %error, "job failed")
        }
    }
    report
}

async fn rank(state: &AppState, dry_run: bool) -> Result<Value, JobError> {
    written(ranking::run(state, None, false, dry_run).await?)
}

async fn fill_sheet(state: &AppState, gateways: &Gateways, dry_run: bool) -> Result<Value, JobError> {
    let Some(sheets) = &gateways.sheets else { return Ok(json!({ "sheet": "not configured" })) };
    let report = searches::sync(state, sheets, Since::LastRun, dry_run).await?;
    match &report.problem {
        Some(problem) if !dry_run => Err(JobError::Partly(problem.clone())),
        _ => written(report),
    }
}

fn written(report: impl Serialize) -> Result<Value, JobError> {
    serde_json::to_value(report).map_err(|error| JobError::Partly(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for job in Job::ALL {
            assert_eq!(Job::named(job.name()), Some(job));
            assert_eq!(serde_json::to_value(job).unwrap(), job.name());
        }
        assert_eq!(Job::named("reboot"), None);
    }

    #[test]
    fn hours_strike_once() {
        let at = |text: &str| text.parse::<DateTime<FixedOffset>>().unwrap();
        let award = Job::PointsAward.hour();
        assert!(award.strikes(at("2025-11-12T02:00:59-05:00")));
        assert!(!award.strikes(at("2025-11-12T02:01:00-05:00")));
        assert!(!award.strikes(at("2025-11-12T03:00:00-05:00")));
        let ranking = Job::ReferralRanking.hour();
        assert!(ranking.strikes(at("2025-12-01T04:00:00-05:00")));
        assert!(!ranking.strikes(at("2025-12-02T04:00:00-05:00")));
        assert_eq!(award.cron(), "cron(0 2 * * ? *)");
        assert_eq!(ranking.cron(), "cron(0 4 1 * ? *)");
        assert_eq!(Job::ClientBook.hour().cron(), "cron(40 * * * ? *)");
        let expire = Job::BookingsExpire.hour();
        assert_eq!(expire.cron(), "cron(0/5 * * * ? *)");
        let struck = |hour: Hour| {
            let minutes =
                (0..60).filter(|minute| hour.strikes(at(&format!("2025-11-12T07:{minute:02}:30-05:00"))));
            minutes.collect::<Vec<_>>()
        };
        assert_eq!(struck(expire), (0..60).step_by(5).collect::<Vec<_>>());
        let twice = Hour { minute: 10, every: Some(30), ..Hour::hourly(0) };
        assert_eq!((struck(twice), twice.cron()), (vec![10, 40], "cron(10/30 * * * ? *)".to_owned()));
        assert_eq!(struck(Hour { every: Some(0), ..Hour::hourly(7) }), [7]);
    }

    /// The template's schedules are these jobs at these hours, in the business's zone, and no others.
    #[test]
    fn the_template_runs_the_same_jobs() {
        let template = include_str!("../../../template.yaml");
        for job in Job::ALL {
            let line = format!(
                "ScheduleExpression: \"{}\", ScheduleExpressionTimezone: !Ref TimeZone, Input: '{{\"job\":\"{}\"}}'",
                job.hour().cron(),
                job.name()
            );
            assert!(template.contains(&line), "{line}");
        }
        assert_eq!(template.matches("Type: ScheduleV2").count(), Job::ALL.len());
    }
}
