//! Players and queues as the server last told of them, put together.

use std::collections::BTreeMap;

use casa_domain::music::Player;

use super::{Event, KnownPlayer, KnownQueue};

/// How many leaders and groups are followed from a player to its queue: houses nest them twice at most, and a circle ends.
const DEEPEST: usize = 4;

/// Players and queues as the server last told of them. Load it with the answers to `players/all` and `player_queues/all`, and
/// then apply the events of the same connection, those that arrived meanwhile too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirror {
    players: BTreeMap<String, KnownPlayer>,
    queues: BTreeMap<String, KnownQueue>,
}

impl Mirror {
    /// The state as it was loaded.
    #[must_use]
    pub fn new(players: Vec<KnownPlayer>, queues: Vec<KnownQueue>) -> Self {
        let players = players.into_iter().map(|player| (player.player.player_id.clone(), player));
        let queues = queues.into_iter().map(|queue| (queue.state.queue_id.clone(), queue));
        Self { players: players.collect(), queues: queues.collect() }
    }

    /// Applies an event and says whether anything is different now. After [`Event::Lost`] the state must be loaded anew.
    pub fn apply(&mut self, event: Event) -> bool {
        match event {
            Event::Player(player) => {
                let id = player.player.player_id.clone();
                replace(&mut self.players, id, *player)
            }
            Event::PlayerRemoved { player_id } => {
                // Nothing else tells that its queue is gone as well.
                let queue = self.queues.remove(&player_id);
                self.players.remove(&player_id).is_some() || queue.is_some()
            }
            Event::Queue { queue, .. } => {
                let id = queue.state.queue_id.clone();
                replace(&mut self.queues, id, *queue)
            }
            Event::QueueTime { .. } | Event::ProvidersUpdated | Event::ShuttingDown | Event::Lost => false,
        }
    }

    /// Every player with its active queue, by id.
    #[must_use]
    pub fn players(&self) -> Vec<Player> {
        self.players.values().map(|player| self.whole(player)).collect()
    }

    /// How many players there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.players.len()
    }

    /// A player with its active queue.
    #[must_use]
    pub fn player(&self, player_id: &str) -> Option<Player> {
        self.players.get(player_id).map(|player| self.whole(player))
    }

    /// The queue that a player plays: that of its leader or its group where it has one, else the one it names as its source,
    /// and its own where it names none (contract 07 §6.5).
    #[must_use]
    pub fn active_queue(&self, player_id: &str) -> Option<&KnownQueue> {
        let mut player = self.players.get(player_id)?;
        for _ in 0..DEEPEST {
            let leader = [&player.synced_to, &player.active_group].into_iter().flatten();
            match leader
                .filter(|leader| **leader != player.player.player_id)
                .find_map(|id| self.players.get(id))
            {
                Some(leader) => player = leader,
                None => break,
            }
        }
        self.queues.get(player.active_source.as_ref().unwrap_or(&player.player.player_id))
    }

    /// The picture is that of the queue's item and, only without one, that of what the player says it plays: a queue's is at
    /// the size we ask for (contract 07 §3.1, §8 no. 14).
    fn whole(&self, player: &KnownPlayer) -> Player {
        let queue = self.active_queue(&player.player.player_id);
        let mut whole = player.player.clone();
        if let Some(media) = &mut whole.media
            && let Some(image) = queue.and_then(|queue| queue.image.clone())
        {
            media.image = Some(image);
        }
        whole.queue = queue.map(|queue| queue.state.clone());
        whole
    }
}

fn replace<T: PartialEq>(all: &mut BTreeMap<String, T>, id: String, new: T) -> bool {
    if all.get(&id) == Some(&new) {
        return false;
    }
    all.insert(id, new);
    true
}

#[cfg(test)]
mod tests;
