//! Looks for stays that were never credited, balances that are not what their ledgers add up to, and levels that are not
//! what their guests have reached; reports, and mends when told to. By command only: it looks at every guest.

use std::collections::BTreeMap;

use casa_domain::{ClientId, ReservationId, level, points};
use casa_store::Store;
use casa_web::AppState;
use rust_decimal::Decimal;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::{JobError, award, points_award};

/// Guests looked at at once.
const AT_ONCE: usize = 16;

/// A stay that brought no points yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Uncredited {
    /// The reservation.
    pub reservation: ReservationId,
    /// Its guest.
    pub client: Option<ClientId>,
    /// Points it brings its guest.
    pub points: Decimal,
}

/// A balance that is not what the ledger adds up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Whose.
    pub client: ClientId,
    /// The balance.
    pub balance: Decimal,
    /// What the ledger adds up to.
    pub ledger: Decimal,
}

/// Levels that are not what the guest has reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Misplaced {
    /// Whose.
    pub client: ClientId,
    /// Names of levels to give.
    pub to_give: Vec<String>,
    /// Names of levels to take away.
    pub to_take: Vec<String>,
}

/// What a recalculation found, and mended where it was told to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Guests looked at.
    pub guests: usize,
    /// Stays that brought no points.
    pub uncredited: Vec<Uncredited>,
    /// Balances that differ from their ledgers.
    pub balances: Vec<Drift>,
    /// Levels that differ from what was reached.
    pub levels: Vec<Misplaced>,
    /// Whether all of it was mended.
    pub mended: bool,
}

/// What is wrong with one guest.
type Looked = (Option<Drift>, Option<Misplaced>);

/// Looks at every guest who is not deleted, or at one; mends what it finds when `apply` says so.
///
/// # Errors
/// [`JobError`]; what was mended until then stays.
pub async fn run(state: &AppState, only: Option<ClientId>, apply: bool) -> Result<Findings, JobError> {
    let today = state.clock.today();
    let mut findings = Findings { mended: apply, ..Findings::default() };
    for stay in points_award::finished(state, None, today).await? {
        if only.is_some() && stay.client != only {
            continue;
        }
        // The guest's points stand first; those of a referrer follow from them.
        if let Some(movement) = award::rehearsed(state, &stay).await?.first() {
            let (client, points) = (stay.client, movement.points);
            findings.uncredited.push(Uncredited { reservation: stay.id, client, points });
            if apply {
                award::if_due(state, &stay).await?;
            }
        }
    }
    let guests = match only {
        Some(guest) => vec![guest],
        None => state.client_book().await.map_err(|_| JobError::Unavailable)?.everybody(),
    };
    findings.guests = guests.len();
    let (mut balances, mut levels) = (BTreeMap::new(), BTreeMap::new());
    let mut waiting = guests.into_iter();
    let mut running: JoinSet<Result<Looked, JobError>> = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(guest) = waiting.next()
        {
            let state = state.clone();
            running.spawn(async move { look_at(&state, guest, apply).await });
        }
        let Some(looked) = running.join_next().await else { break };
        let (drift, misplaced) = looked.map_err(|error| JobError::Partly(error.to_string()))??;
        balances.extend(drift.map(|one| (one.client, one)));
        levels.extend(misplaced.map(|one| (one.client, one)));
    }
    findings.balances = balances.into_values().collect();
    findings.levels = levels.into_values().collect();
    Ok(findings)
}

async fn look_at(state: &AppState, guest: ClientId, apply: bool) -> Result<Looked, JobError> {
    let drift = drift(&state.store, guest).await?;
    if apply && drift.is_some() {
        state.store.points().settle(guest, state.clock.now()).await?;
    }
    let misplaced = misplaced(state, guest).await?;
    if apply && misplaced.is_some() {
        state.store.levels().review(guest, state.clock.now()).await?;
    }
    Ok((drift, misplaced))
}

async fn drift(store: &Store, guest: ClientId) -> Result<Option<Drift>, JobError> {
    let Some(seen) = store.clients().get(guest).await? else { return Ok(None) };
    let ledger = points::sum(&store.points().ledger(guest, None).await?);
    let balance = seen.client.points_balance;
    Ok((ledger != balance).then_some(Drift { client: guest, balance, ledger }))
}

async fn misplaced(state: &AppState, guest: ClientId) -> Result<Option<Misplaced>, JobError> {
    let (clients, levels, prices) = (state.store.clients(), state.store.levels(), state.store.prices());
    let (seen, circle, book) = tokio::try_join!(clients.get(guest), levels.circle(guest), prices.book())?;
    let Some(seen) = seen.filter(|seen| !seen.client.deleted) else { return Ok(None) };
    let now = state.clock.now();
    let review = level::review(guest, &seen.client.levels, &book.levels, circle.standing, now);
    let names = |ids: &[casa_domain::ids::LevelId]| {
        ids.iter().filter_map(|id| book.level(*id)).map(|level| level.name.clone()).collect::<Vec<_>>()
    };
    Ok(review.changes().then(|| Misplaced {
        client: guest,
        to_give: names(&review.given),
        to_take: names(&review.revoked),
    }))
}
