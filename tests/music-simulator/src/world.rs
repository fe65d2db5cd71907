//! What the simulated server does when it is told to.

use serde_json::{Map, Value, json};

use crate::{Options, Player, Track, args::Refusal, library, player::Place};

/// What the server has, and what of it has been told to happen.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) players: Vec<Player>,
    pub(crate) library: Vec<Track>,
}

/// What came of a command.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) result: Value,
    pub(crate) events: Vec<Value>,
    /// Whether the answer goes before the events, as the real server does with what takes it no time.
    pub(crate) answer_first: bool,
    /// The player or queue that it concerned.
    pub(crate) player: Option<String>,
    /// Whether anything was done at all: commands for players that are not there are answered and ignored.
    pub(crate) ignored: bool,
}

impl World {
    pub(crate) fn schema(&self) -> u32 {
        self.options.schema
    }

    /// What the server says of itself.
    pub(crate) fn hello(&self) -> Value {
        let schema = self.schema();
        let mut hello = json!({
            "server_id": "01f93a3738e042e3a6525efecf53edf4", "server_version": "0.0.0", "schema_version": schema,
            "min_supported_schema_version":
                self.options.min_schema.unwrap_or(if schema >= 28 { 28 } else { 24 }.min(schema)),
            "base_url": "http://127.0.0.1:8095", "homeassistant_addon": false, "onboard_done": true,
        });
        if schema >= 29 {
            hello["name"] = json!("Casa");
            hello["status"] = json!("running");
        }
        if schema >= 32 {
            hello["internal_url"] = json!("http://127.0.0.1:8095");
            hello["external_url"] = json!(null);
            hello["has_remote_access"] = json!(false);
        }
        hello
    }

    pub(crate) fn player(&mut self, id: &str) -> Option<&mut Player> {
        self.players.iter_mut().find(|player| player.id == id)
    }

    /// Position of the player whose queue a player plays.
    fn active(&self, player_id: &str) -> Option<usize> {
        let find = |id: &str| self.players.iter().position(|player| player.id == id);
        let own = find(player_id)?;
        match &self.players[own].synced_to {
            Some(leader) => find(leader),
            None => Some(own),
        }
    }

    /// Carries a command out whose arguments were checked.
    pub(crate) fn execute(&mut self, command: &str, args: &Map<String, Value>) -> Result<Done, Refusal> {
        if command == "player_queues/get_active_queue" && !self.options.knows_active_queue {
            return Err((12, format!("Invalid command: {command}")));
        }
        let text = |name: &str| args.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str, otherwise: usize| {
            let number = args.get(name).and_then(Value::as_i64);
            number.map_or(otherwise, |number| usize::try_from(number).unwrap_or(0))
        };
        let schema = self.schema();
        let answer = |result: Value| Ok(Done { result, ..Done::default() });
        match command {
            "info" => answer(self.hello()),
            "providers" | "providers/manifests" => answer(json!([])),
            "players/all" => {
                let unavailable = args.get("return_unavailable").and_then(Value::as_bool).unwrap_or(true);
                let players = self.players.iter().filter(|player| player.available || unavailable);
                answer(players.map(|player| player.json(schema)).collect::<Vec<_>>().into())
            }
            "players/get" => {
                answer(self.player(text("player_id")).map_or(Value::Null, |player| player.json(schema)))
            }
            "player_queues/all" => {
                answer(self.players.iter().map(|player| player.queue(schema)).collect::<Vec<_>>().into())
            }
            "player_queues/get" => {
                answer(self.player(text("queue_id")).map_or(Value::Null, |player| player.queue(schema)))
            }
            "player_queues/get_active_queue" => {
                let queue = self.active(text("player_id")).map(|at| self.players[at].queue(schema));
                answer(queue.unwrap_or(Value::Null))
            }
            "player_queues/items" => {
                let (limit, offset) = (number("limit", 500), number("offset", 0));
                let items = self.player(text("queue_id")).map(|player| player.page(limit, offset, schema));
                answer(items.unwrap_or_default().into())
            }
            "music/search" => {
                let kinds: Option<Vec<String>> = args
                    .get("media_types")
                    .and_then(Value::as_array)
                    .map(|kinds| kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect());
                let limit = number("limit", 25);
                let query = text("search_query");
                answer(library::search(&self.library, query, kinds.as_deref(), limit, schema))
            }
            "music/tracks/library_items" => {
                let mut tracks: Vec<&Track> = self.library.iter().collect();
                tracks.sort_by_key(|track| track.name.to_lowercase());
                let page = tracks.into_iter().skip(number("offset", 0)).take(number("limit", 500));
                answer(page.map(|track| track.json(schema, false)).collect::<Vec<_>>().into())
            }
            "player_queues/play_media" => self.play_media(text("queue_id"), args),
            _ => match command.strip_prefix("players/cmd/") {
                Some(verb) => {
                    let id = text("player_id").to_owned();
                    if !self.players.iter().any(|player| player.id == id && player.available) {
                        return Ok(Done { player: Some(id), ignored: true, ..Done::default() });
                    }
                    self.player_command(&id, verb, args)
                }
                None => {
                    let id = text("queue_id").to_owned();
                    let verb = command.rsplit('/').next().unwrap_or_default();
                    let at = self.players.iter().position(|player| player.id == id);
                    let at = at.ok_or_else(|| (999, format!("'{id}'")))?;
                    Ok(self.queue_command(at, verb, id))
                }
            },
        }
    }

    fn player_command(&mut self, id: &str, verb: &str, args: &Map<String, Value>) -> Result<Done, Refusal> {
        let schema = self.schema();
        let owner = Some(id.to_owned());
        match verb {
            "volume_set" => {
                let level = args.get("volume_level").and_then(Value::as_i64).unwrap_or(0).clamp(0, 100);
                let Some(player) = self.player(id) else { return Ok(Done::default()) };
                player.volume = u8::try_from(level).unwrap_or(100);
                let events = vec![event("player_updated", id, player.json(schema))];
                Ok(Done { events, player: owner, ..Done::default() })
            }
            "power" => {
                let on = args.get("powered").and_then(Value::as_bool).unwrap_or(false);
                let Some(player) = self.player(id) else { return Ok(Done::default()) };
                let mut events = Vec::new();
                if player.powered != on {
                    player.powered = on;
                    if !on {
                        player.state = "idle";
                    }
                    events = changed(player, schema);
                }
                Ok(Done { events, player: owner, ..Done::default() })
            }
            verb => match self.active(id) {
                Some(at) => Ok(self.queue_command(at, verb, id.to_owned())),
                None => Ok(Done { player: owner, ignored: true, ..Done::default() }),
            },
        }
    }

    fn queue_command(&mut self, at: usize, verb: &str, id: String) -> Done {
        let schema = self.schema();
        let player = &mut self.players[at];
        let mut done = Done { player: Some(id), ..Done::default() };
        let current = player.current.unwrap_or(0);
        match verb {
            "play" => player.begin(current),
            "next" if current + 1 < player.items.len() => player.begin(current + 1),
            "previous" => player.begin(current.saturating_sub(1)),
            "pause" | "play_pause" if player.state == "playing" => {
                if !player.confirms_pause {
                    return done;
                }
                player.state = "paused";
            }
            "play_pause" => player.begin(current),
            "stop" => {
                player.state = "idle";
                done.answer_first = true;
            }
            "clear" => {
                player.items.clear();
                player.current = None;
                let was = std::mem::replace(&mut player.state, "idle");
                done.answer_first = true;
                done.events.push(event("queue_items_updated", &player.id, player.queue(schema)));
                done.events.push(event("queue_updated", &player.id, player.queue(schema)));
                if was != "idle" {
                    done.events.push(event("player_updated", &player.id, player.json(schema)));
                }
                return done;
            }
            // The end of the queue, or a pause of what does not play.
            _ => {}
        }
        done.events = changed(player, schema);
        done
    }

    fn play_media(&mut self, queue_id: &str, args: &Map<String, Value>) -> Result<Done, Refusal> {
        let schema = self.schema();
        let media = match args.get("media") {
            Some(Value::Array(list)) => list.clone(),
            Some(one) => vec![one.clone()],
            None => Vec::new(),
        };
        let uris = media.iter().filter_map(|one| one.as_str().or_else(|| one.get("uri")?.as_str()));
        let tracks: Vec<Track> = uris.flat_map(|uri| self.resolve(uri)).collect();
        let place = match args.get("option").and_then(Value::as_str) {
            Some("replace") => Place::Replace,
            Some("next") => Place::Next,
            Some("replace_next") => Place::ReplaceNext,
            Some("add") => Place::Add,
            _ => Place::Play,
        };
        let unavailable = || (10, format!("Queue {queue_id} is not available"));
        let player = self.player(queue_id).filter(|player| player.available).ok_or_else(unavailable)?;
        if tracks.is_empty() {
            return Err((2, "No playable items found".to_owned()));
        }
        player.put(tracks, place);
        let starts = matches!(place, Place::Play | Place::Replace);
        if starts {
            player.begin(player.current.unwrap_or(0));
        }
        let mut events = vec![
            event("queue_items_updated", &player.id, player.queue(schema)),
            event("queue_updated", &player.id, player.queue(schema)),
        ];
        if starts {
            events.push(event("player_updated", &player.id, player.json(schema)));
        }
        Ok(Done { events, answer_first: !starts, player: Some(queue_id.to_owned()), ..Done::default() })
    }

    /// The pieces at an address: a track, or all of an album, an artist or a list.
    fn resolve(&self, uri: &str) -> Vec<Track> {
        let is_all =
            ["album", "artist", "playlist"].iter().any(|kind| uri.starts_with(&format!("library://{kind}/")));
        self.library.iter().filter(|track| is_all || track.uri() == uri).cloned().collect()
    }
}

/// The events of a player and its queue that changed.
pub(crate) fn changed(player: &Player, schema: u32) -> Vec<Value> {
    vec![
        event("queue_updated", &player.id, player.queue(schema)),
        event("player_updated", &player.id, player.json(schema)),
    ]
}

/// An event as a frame.
pub(crate) fn event(kind: &str, object_id: &str, data: Value) -> Value {
    json!({ "event": kind, "object_id": object_id, "data": data })
}
