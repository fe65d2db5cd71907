//! Switches the players of the houses: all of those with a stay under way when asked to (contract 07 §3.9), and by the clock
//! when stays begin and end ([`casa_domain::music::power`] says when).

use std::collections::{BTreeMap, HashMap};

use casa_domain::{
    House, HouseId, Reservation,
    music::{
        Action, Failure, Outcome, Playback, Player,
        power::{Due, Mark, due, note},
        session::current,
        with_players,
    },
};
use casa_store::StoreError;
use casa_web::AppState;
use chrono::{NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::ask;
use crate::JobError;

/// Under which it is remembered what was done.
const NAME: &str = "music-power";
/// Players asked at once.
const AT_ONCE: usize = 8;

/// What became of a player that should be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Powered {
    /// No stay is under way in its house, so nothing was done.
    NobodyThere,
    /// The music server does not know it.
    Unknown,
    /// It was on.
    WasOn,
    /// It was switched on.
    SwitchedOn,
    /// It could not be switched on.
    Failed,
}

/// A player and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The house it stands in.
    pub house: HouseId,
    /// Name of the house.
    pub name: String,
    /// The music server's id of the player.
    pub player: String,
    /// What became of it.
    pub became: Powered,
}

/// What is remembered between runs.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Marks {
    marks: Vec<Mark>,
}

/// The houses with a player, their stays of today, and what the music server last told of the players.
struct Ground {
    houses: Vec<House>,
    stays: BTreeMap<HouseId, Vec<Reservation>>,
    players: HashMap<String, Player>,
    local: NaiveDateTime,
}

impl Ground {
    /// `None` where houses have players and there is no connection to the music server.
    async fn read(state: &AppState) -> Result<Option<Self>, StoreError> {
        let catalogue = state.store.houses().catalogue().await?;
        let houses: Vec<House> = with_players(catalogue.all_houses()).into_iter().cloned().collect();
        let music = state.store.music();
        let local = state.clock.local_now();
        let mut ground = Self { houses, stays: BTreeMap::new(), players: HashMap::new(), local };
        if ground.houses.is_empty() {
            return Ok(Some(ground));
        }
        // The bridge reports by the machine's clock.
        if state.music.is_none() || !music.bridge().await?.is_some_and(|bridge| bridge.is_up(Utc::now())) {
            return Ok(None);
        }
        let ids: Vec<_> = ground.houses.iter().map(|house| house.id).collect();
        let reservations = state.store.reservations();
        let (stays, players) = tokio::try_join!(reservations.around(&ids, local.date()), music.players())?;
        for stay in stays {
            ground.stays.entry(stay.reservation.house).or_default().push(stay.reservation);
        }
        ground.players = players.into_iter().map(|player| (player.player_id.clone(), player)).collect();
        Ok(Some(ground))
    }

    fn stays_of(&self, house: &House) -> &[Reservation] {
        self.stays.get(&house.id).map(Vec::as_slice).unwrap_or_default()
    }

    fn player_of(&self, house: &House) -> Option<&Player> {
        self.players.get(house.player_id.as_deref()?)
    }
}

/// Switches on the player of every house with a stay under way, and tells what became of each, in the order of the houses'
/// names. `None` without a connection to the music server.
///
/// # Errors
/// [`StoreError`].
pub async fn power_all(state: &AppState) -> Result<Option<Vec<Step>>, StoreError> {
    let Some(ground) = Ground::read(state).await? else { return Ok(None) };
    let mut steps = Vec::with_capacity(ground.houses.len());
    let mut wanted = Vec::new();
    for house in &ground.houses {
        let became = match (current(ground.stays_of(house), ground.local), ground.player_of(house)) {
            (None, _) => Powered::NobodyThere,
            (Some(_), None) => Powered::Unknown,
            (Some(_), Some(player)) if player.powered == Some(true) => Powered::WasOn,
            (Some(_), Some(_)) => {
                wanted.push(steps.len());
                Powered::Failed
            }
        };
        let (name, player) = (house.name.clone(), house.player_id.clone().unwrap_or_default());
        steps.push(Step { house: house.id, name, player, became });
    }
    let asked = wanted.iter().filter_map(|at| steps.get(*at)).map(|step| step.player.clone());
    let outcomes = ask_all(state, asked.map(|player| (player, vec![Action::Power { on: true }]))).await;
    for (at, outcome) in wanted.into_iter().zip(outcomes) {
        let became = match outcome {
            Outcome::Done(_) => Powered::SwitchedOn,
            Outcome::Failed(Failure::UnknownPlayer) => Powered::Unknown,
            Outcome::Failed(_) => Powered::Failed,
        };
        if let Some(step) = steps.get_mut(at) {
            step.became = became;
        }
    }
    Ok(Some(steps))
}

/// Does what is due now, or with `dry_run` only counts it. Answers how many players were switched on and off. What failed
/// is tried again by the next run as long as it is due.
///
/// # Errors
/// [`JobError`]; [`JobError::Partly`] where a player could not be switched.
pub async fn run(state: &AppState, dry_run: bool) -> Result<Value, JobError> {
    if state.music.is_none() {
        return Ok(json!({ "music": "not configured" }));
    }
    let Some(ground) = Ground::read(state).await? else { return Ok(json!({ "music": "not connected" })) };
    let jobs = state.store.jobs();
    let mut marks: Marks = jobs.state(NAME).await?.unwrap_or_default();
    let remembered = marks.marks.len();
    marks.marks.retain(|mark| mark.is_needed(ground.local.date()));
    let steps: Vec<_> = ground
        .houses
        .iter()
        .filter_map(|house| {
            let (stay, what) = due(ground.stays_of(house), &marks.marks, ground.local)?;
            Some((stay, what, ground.player_of(house)?))
        })
        .collect();
    let count = |wanted| steps.iter().filter(|(_, what, _)| *what == wanted).count();
    if dry_run {
        return Ok(json!({ "on": count(Due::On), "off": count(Due::Off) }));
    }
    let mut stale = marks.marks.len() < remembered;
    let wanted = steps.iter().map(|(_, what, player)| (player.player_id.clone(), actions(*what, player)));
    let outcomes = ask_all(state, wanted).await;
    let (mut on, mut off, mut failed) = (0, 0, 0);
    for ((stay, what, _), outcome) in steps.into_iter().zip(outcomes) {
        match outcome {
            // A player that cannot be switched is as good as it gets; asking it every five minutes changes nothing.
            Outcome::Done(_) | Outcome::Failed(Failure::Refused) => {
                note(&mut marks.marks, stay, what);
                stale = true;
                match what {
                    Due::On => on += 1,
                    Due::Off => off += 1,
                }
            }
            Outcome::Failed(why) => {
                tracing::warn!(house = %stay.house, ?what, ?why, "a player was not switched");
                failed += 1;
            }
        }
    }
    // At once for all: doing it again is harmless.
    if stale {
        jobs.save_state(NAME, &marks).await?;
    }
    match failed {
        0 => Ok(json!({ "on": on, "off": off })),
        failed => Err(JobError::Partly(format!("{failed} players could not be switched"))),
    }
}

/// What to ask of a player; nothing where it is as it should be.
fn actions(what: Due, player: &Player) -> Vec<Action> {
    match what {
        Due::On if player.powered == Some(true) => Vec::new(),
        Due::On => vec![Action::Power { on: true }],
        Due::Off if player.powered == Some(false) && player.playback != Playback::Playing => Vec::new(),
        // Where there is no switch, silence is all there is.
        Due::Off if player.powered.is_none() => vec![Action::Stop],
        Due::Off => vec![Action::Stop, Action::Power { on: false }],
    }
}

/// Asks each player for its actions one after the other, until one fails; several players at once. The outcomes come in the
/// order of the players.
async fn ask_all(state: &AppState, wanted: impl Iterator<Item = (String, Vec<Action>)>) -> Vec<Outcome> {
    let mut waiting = wanted.enumerate();
    let mut running = JoinSet::new();
    let mut outcomes = BTreeMap::new();
    let mut started = 0;
    loop {
        while running.len() < AT_ONCE
            && let Some((at, (player, actions))) = waiting.next()
        {
            let state = state.clone();
            started = at + 1;
            running.spawn(async move { (at, ask_each(&state, player, actions).await) });
        }
        match running.join_next().await {
            None => break,
            Some(Ok((at, outcome))) => drop(outcomes.insert(at, outcome)),
            Some(Err(error)) => tracing::error!(%error, "asking a player ended early"),
        }
    }
    let lost = Outcome::Failed(Failure::Interrupted);
    (0..started).map(|at| outcomes.remove(&at).unwrap_or_else(|| lost.clone())).collect()
}

async fn ask_each(state: &AppState, player: String, actions: Vec<Action>) -> Outcome {
    let mut last = Outcome::Done(casa_domain::music::Reply::Nothing);
    for action in actions {
        last = ask(state, action, Some(player.clone())).await;
        if matches!(last, Outcome::Failed(_)) {
            return last;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_is_asked_for_what_it_lacks() {
        let player = |powered, playback| Player {
            player_id: "p1".to_owned(),
            name: "Sala".to_owned(),
            kind: "player".to_owned(),
            available: true,
            powered,
            playback,
            volume_level: None,
            media: None,
            queue: None,
        };
        let on = Action::Power { on: true };
        let off = Action::Power { on: false };
        for (what, powered, playback, wanted) in [
            (Due::On, Some(true), Playback::Idle, vec![]),
            (Due::On, Some(false), Playback::Idle, vec![on.clone()]),
            (Due::On, None, Playback::Idle, vec![on]),
            (Due::Off, Some(false), Playback::Idle, vec![]),
            (Due::Off, Some(true), Playback::Playing, vec![Action::Stop, off.clone()]),
            (Due::Off, Some(false), Playback::Playing, vec![Action::Stop, off]),
            (Due::Off, None, Playback::Paused, vec![Action::Stop]),
        ] {
            assert_eq!(actions(what, &player(powered, playback)), wanted, "{what:?} {powered:?}");
        }
    }
}
