//! Writes what changed of players into the table, and how the bridge is. Only the acting bridge does.

use std::collections::{BTreeMap, HashMap};

use casa_domain::music::{Bridge, Player};
use chrono::{TimeDelta, Utc};
use tokio::time::{Instant, interval, sleep_until};

use crate::{lease::Tenure, shared::Shared};

/// Writes players as they change: each at most once in a while, and only where something that is kept is different.
pub(crate) async fn keep(shared: &Shared) {
    loop {
        let tenure = shared.until_acting().await;
        tokio::select! {
            () = shared.until_not_acting(tenure.fence) => {}
            () = keep_under(shared, tenure) => {}
        }
    }
}

async fn keep_under(shared: &Shared, tenure: Tenure) {
    let pace = &shared.settings.pace;
    let mut written: HashMap<String, Instant> = HashMap::new();
    loop {
        // What another bridge, or this one before, left in the table: the difference is what has to be written.
        let mut kept: BTreeMap<String, Player> = match shared.store.music().players().await {
            Ok(players) => players.into_iter().map(|player| (player.player_id.clone(), player)).collect(),
            Err(error) => {
                tracing::warn!(%error, "the players in the table cannot be read");
                tokio::time::sleep(pace.mirror).await;
                continue;
            }
        };
        let anew = Instant::now() + pace.resync;
        let mut due = Instant::now();
        while Instant::now() < anew {
            tokio::select! {
                () = sleep_until(due.min(anew)) => {}
                () = shared.mirrored.notified() => {}
            }
            due = match write(shared, tenure, &mut kept, &mut written).await {
                // Those that were written a moment ago and changed since.
                Some(due) => due,
                None => anew,
            };
        }
    }
}

/// Writes what may be written now; when the rest may.
async fn write(
    shared: &Shared,
    tenure: Tenure,
    kept: &mut BTreeMap<String, Player>,
    written: &mut HashMap<String, Instant>,
) -> Option<Instant> {
    let every = shared.settings.pace.mirror;
    let players = shared.players()?;
    let now = Instant::now();
    written.retain(|_, at| now.duration_since(*at) < every);
    let removed: Vec<String> =
        kept.keys().filter(|id| !players.iter().any(|player| player.player_id == **id)).cloned().collect();
    let (mut changed, mut due) = (Vec::new(), None::<Instant>);
    for player in players.into_iter().filter(|player| kept.get(&player.player_id) != Some(player)) {
        match written.get(&player.player_id) {
            Some(at) => due = Some(due.map_or(*at + every, |due| due.min(*at + every))),
            None => changed.push(player),
        }
    }
    if changed.is_empty() && removed.is_empty() {
        return due;
    }
    if !shared.acts_under(tenure.fence) {
        return Some(now + every);
    }
    if let Err(error) = shared.store.music().keep_players(&changed, &removed).await {
        tracing::warn!(%error, "players could not be written");
        return Some(Instant::now() + every);
    }
    let recount = !removed.is_empty() || changed.iter().any(|player| !kept.contains_key(&player.player_id));
    for id in removed {
        kept.remove(&id);
    }
    for player in changed {
        written.insert(player.player_id.clone(), Instant::now());
        kept.insert(player.player_id.clone(), player);
    }
    if recount {
        shared.news.notify_one();
    }
    due
}

/// Reports how the bridge is, at every change and every half minute.
pub(crate) async fn report(shared: &Shared) {
    loop {
        let tenure = shared.until_acting().await;
        let mut ticks = interval(shared.settings.pace.look);
        loop {
            tokio::select! {
                () = shared.until_not_acting(tenure.fence) => break,
                () = shared.news.notified() => {}
                _ = ticks.tick() => {}
            }
            if let Err(error) = shared.store.music().report(&state(shared)).await {
                tracing::warn!(%error, "how the bridge is could not be written");
                ticks.reset_after(shared.settings.pace.mirror);
            }
        }
    }
}

/// How the bridge is now.
pub(crate) fn state(shared: &Shared) -> Bridge {
    let link = shared.link.borrow().clone();
    let now = Utc::now();
    let connection = link.connection.as_ref();
    let server = connection.map(|connection| connection.server().clone());
    Bridge {
        connected: connection.is_some(),
        schema_version: server.as_ref().map(|server| server.schema_version),
        server_version: server.and_then(|server| server.server_version),
        players: shared.player_count(),
        last_message_at: connection
            .and_then(|connection| TimeDelta::from_std(connection.silence()).ok())
            .map(|silence| now - silence),
        since: link.since,
        reported_at: now,
    }
}
