//! `points-award`: credits finished stays with points (contract 02 §4.7, §6.1; decision 11).
//!
//! The first run looks at every stay there ever was; later ones at those that touch the months since 45 days before the
//! last run. A stay that is approved or changed later than that is credited by the reaction to that change.

use std::collections::{BTreeMap, BTreeSet};

use casa_domain::{
    points,
    reservation::{Reservation, Status},
    time::Month,
};
use casa_store::reservations::{Page, Window, Wish};
use casa_web::AppState;
use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{JobError, award};

/// Under which its state is remembered.
const NAME: &str = "points-award";

/// Days before the last run that are looked at again.
const AGAIN: TimeDelta = TimeDelta::days(45);

/// What is remembered between runs.
#[derive(Debug, Serialize, Deserialize)]
struct Through {
    /// The local date of the last complete run.
    through: NaiveDate,
}

/// Credits what is due; with `dry_run` only says what would be. Answers how many stays were looked at and credited, and
/// how many points their guests and referrers got.
///
/// # Errors
/// [`JobError`].
pub async fn run(state: &AppState, dry_run: bool) -> Result<Value, JobError> {
    let jobs = state.store.jobs();
    let before: Option<Through> = jobs.state(NAME).await?;
    let today = state.clock.today();
    let since = before.as_ref().map(|before| before.through.min(today) - AGAIN);
    let stays = finished(state, since, today).await?;
    let (looked, mut credited, mut failed) = (stays.len(), Vec::new(), 0);
    for stay in &stays {
        let outcome = if dry_run { rehearse(state, stay).await } else { credit(state, stay).await };
        match outcome {
            Ok(None) => {}
            Ok(Some(points)) => credited.push(points),
            Err(error) => {
                tracing::error!(%error, reservation = %stay.id, "a stay could not be credited");
                failed += 1;
            }
        }
    }
    if failed > 0 {
        return Err(JobError::Partly(format!("{failed} of {looked} stays could not be credited")));
    }
    if !dry_run {
        jobs.save_state(NAME, &Through { through: today }).await?;
    }
    let points: Decimal = credited.iter().sum();
    Ok(json!({ "stays": looked, "credited": credited.len(), "points": points, "since": since }))
}

/// Stays that bring points and touch a month since `since`, or all of them.
pub(crate) async fn finished(
    state: &AppState,
    since: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Vec<Reservation>, JobError> {
    let reservations = state.store.reservations();
    let heads = reservations.heads().await?;
    let windows: Vec<Window> = match since {
        None => vec![Window::All],
        Some(since) => std::iter::successors(Some(Month::of(since)), |month| Some(month.next()))
            .take_while(|month| *month <= Month::of(today))
            .map(|month| Window::Month { month, arrivals: false })
            .collect(),
    };
    let mut found = BTreeMap::new();
    for window in windows {
        let statuses = Some(BTreeSet::from([Status::Approved]));
        let wish = Wish { window, statuses, ..Wish::default() };
        for row in Box::pin(reservations.list(&heads, &wish, Page::Everything)).await?.rows {
            if points::is_due(&row.reservation, today) {
                found.insert(row.reservation.id, row.reservation);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// What crediting the stay gave its guest and referrer together; `None` when it was not credited.
async fn credit(state: &AppState, stay: &Reservation) -> Result<Option<Decimal>, JobError> {
    Ok(sum(award::if_due(state, stay).await?.iter().map(|entry| entry.points)))
}

/// What crediting the stay would give them.
async fn rehearse(state: &AppState, stay: &Reservation) -> Result<Option<Decimal>, JobError> {
    Ok(sum(award::rehearsed(state, stay).await?.iter().map(|movement| movement.points)))
}

/// The sum of the points of a stay; nobody's are none.
fn sum(points: impl Iterator<Item = Decimal>) -> Option<Decimal> {
    points.reduce(|all, one| all + one)
}
