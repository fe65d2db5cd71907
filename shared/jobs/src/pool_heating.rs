//! `pool-heating`: moves the switches of the pools' heating with the stays ([`casa_domain::heating`] says when).
//!
//! Only stays that hold last night or this one, and those not finished with, are looked at.

use std::collections::{BTreeMap, BTreeSet};

use casa_domain::{
    House, HouseId, Reservation, ReservationId,
    heating::{self, Mark, Step, Switch},
    stay::Stay,
};
use casa_gateways::{GatewayError, PoolSwitch};
use casa_store::Catalogue;
use casa_web::AppState;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::JobError;

/// Under which its marks are remembered.
const NAME: &str = "pool-heating";

/// Switches called at once.
const AT_ONCE: usize = 8;

/// What is remembered between runs.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Marks {
    marks: Vec<Mark>,
}

impl Marks {
    fn set(&mut self, mark: Mark) {
        self.marks.retain(|old| (old.house, old.reservation) != (mark.house, mark.reservation));
        self.marks.push(mark);
    }
}

/// Takes the steps that are due, or with `dry_run` only counts them. Answers how many stays were looked at and how many
/// switches were moved to on and to off. What failed is tried again by the next run.
///
/// # Errors
/// [`JobError`]; [`JobError::Partly`] where a switch could not be moved.
pub async fn run(state: &AppState, pool: &PoolSwitch, dry_run: bool) -> Result<Value, JobError> {
    let (jobs, now) = (state.store.jobs(), state.clock.now());
    let mut marks: Marks = jobs.state(NAME).await?.unwrap_or_default();
    let remembered = marks.marks.len();
    marks.marks.retain(|mark| mark.is_needed(now));
    let mut stale = marks.marks.len() < remembered;
    let catalogue = state.store.houses().catalogue().await?;
    let stays = around_today(state, &catalogue, &marks.marks).await?;
    let local = state.clock.local(now);
    let (mut on, mut off, mut calls) = (0, 0, Vec::new());
    for step in heating::steps(&stays, &marks.marks, local) {
        match address(&catalogue, step) {
            Some(address) if step.moves => calls.push((step, address.to_owned())),
            // Without a switch, or with a guest who needs the warm pool, nothing is left to do after the stay.
            _ if step.to == Switch::Off => {
                marks.set(mark(step, now));
                stale = true;
            }
            _ => {}
        }
    }
    if dry_run {
        let ons = calls.iter().filter(|(step, _)| step.to == Switch::On).count();
        return Ok(json!({ "stays": stays.len(), "on": ons, "off": calls.len() - ons }));
    }
    let wanted = calls.len();
    let mut waiting = calls.into_iter();
    let mut running: JoinSet<(Step, Result<(), GatewayError>)> = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((step, address)) = waiting.next()
        {
            let pool = pool.clone();
            running.spawn(async move { (step, pool.call(&address).await) });
        }
        let Some(done) = running.join_next().await else { break };
        let (step, outcome) = done.map_err(|error| JobError::Partly(error.to_string()))?;
        if let Err(error) = outcome {
            tracing::error!(%error, house = %step.house, to = ?step.to, "a pool's heating was not switched");
            continue;
        }
        if step.to == Switch::On {
            on += 1
        } else {
            off += 1
        }
        marks.set(mark(step, now));
        // At once: whatever ends this run, the next one does not call again.
        jobs.save_state(NAME, &marks).await?;
        stale = false;
    }
    if stale {
        jobs.save_state(NAME, &marks).await?;
    }
    match wanted - on - off {
        0 => Ok(json!({ "stays": stays.len(), "on": on, "off": off })),
        failed => Err(JobError::Partly(format!("{failed} of {wanted} switches of pools could not be moved"))),
    }
}

fn mark(step: Step, now: chrono::DateTime<chrono::Utc>) -> Mark {
    Mark { reservation: step.reservation, house: step.house, last: step.to, at: now }
}

/// The address of the switch, where the house has one.
fn address(catalogue: &Catalogue, step: Step) -> Option<&str> {
    let house = catalogue.house(step.house)?;
    let address = match step.to {
        Switch::On => &house.on_temperature_pool_url,
        Switch::Off => &house.off_temperature_pool_url,
    };
    address.as_deref().filter(|address| !address.trim().is_empty())
}

/// The stays that hold last night or this one in a house with a switch, and those with a mark. One request per hundred
/// houses, one or two per hundred stays.
async fn around_today(
    state: &AppState,
    catalogue: &Catalogue,
    marks: &[Mark],
) -> Result<Vec<Reservation>, JobError> {
    let mut ids: BTreeSet<ReservationId> = marks.iter().map(|mark| mark.reservation).collect();
    let has_switch =
        |house: &&House| house.on_temperature_pool_url.is_some() || house.off_temperature_pool_url.is_some();
    let houses: Vec<HouseId> = catalogue.all_houses().filter(has_switch).map(|house| house.id).collect();
    if !houses.is_empty()
        && let Some(nights) = last_night_and_this(state.clock.today())
    {
        let held = state.store.calendar().held_in(&houses, nights).await?;
        ids.extend(held.values().flat_map(BTreeMap::values));
    }
    let ids: Vec<_> = ids.into_iter().collect();
    let found = state.store.reservations().get_many(&ids).await?;
    Ok(found.into_values().map(|stored| stored.booked.reservation).collect())
}

fn last_night_and_this(today: NaiveDate) -> Option<Stay> {
    let from = today.checked_sub_days(Days::new(1))?;
    Stay::new(from, today.checked_add_days(Days::new(1))?).ok()
}
