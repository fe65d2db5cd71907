//! Music on one machine: the queues of commands, and the bridge, with a simulated music server where no real one is named.

use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use casa_gateways::music_assistant;
use casa_music_simulator::{Options, Player, Simulator, Track};
use music_bridge::{Bridge, Settings};
use serde_json::json;

use crate::Failure;
use crate::embedded::{ACCOUNT, REGION};
use crate::local::Local;

/// Name of the queue of commands to the music server.
pub const COMMANDS: &str = "casa-music.fifo";
/// Name of the queue of messages that nobody can read.
const PARKED: &str = "casa-music-parked.fifo";
/// How often a message is received before it is put aside, as in `template.yaml`.
const MOST_RECEIVES: u32 = 5;
/// Pieces of the simulated library.
const PIECES: usize = 40;

/// Addresses of the queues.
#[derive(Debug, Clone)]
pub struct Queues {
    /// Of commands.
    pub commands: String,
    /// Of messages that nobody can read.
    pub parked: String,
}

/// The music of a running system.
#[derive(Debug)]
pub(crate) struct Music {
    bridge: Bridge,
    /// Stops when it is dropped.
    simulator: Option<Simulator>,
}

impl Queues {
    /// Creates the queues, or finds them again.
    ///
    /// # Errors
    ///
    /// When the server of queues refuses.
    pub async fn create(sqs: &aws_sdk_sqs::Client) -> Result<Self, Failure> {
        let parked = create(sqs, PARKED, None).await?;
        let target = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{PARKED}");
        let redrive = json!({ "deadLetterTargetArn": target, "maxReceiveCount": MOST_RECEIVES }).to_string();
        Ok(Self { commands: create(sqs, COMMANDS, Some(redrive)).await?, parked })
    }
}

async fn create(sqs: &aws_sdk_sqs::Client, name: &str, redrive: Option<String>) -> Result<String, Failure> {
    let mut ask = sqs.create_queue().queue_name(name).attributes(Attribute::FifoQueue, "true");
    if let Some(redrive) = redrive {
        ask = ask.attributes(Attribute::RedrivePolicy, redrive);
    }
    let failed = |reason: String| Failure::new(format!("the queue {name}: {reason}"));
    let answer = ask
        .send()
        .await
        .map_err(|error| failed(aws_sdk_sqs::error::DisplayErrorContext(&error).to_string()))?;
    answer.queue_url.ok_or_else(|| failed("it has no address".to_owned()))
}

impl Music {
    /// Starts the bridge to the server that `MUSIC_ASSISTANT_URL` names, or to a simulated one with a player for every house
    /// that has one. `None` where the queues are those of another process, which has its own bridge.
    ///
    /// # Errors
    ///
    /// When the address is none, or the table fails.
    pub(crate) async fn start(local: &Local) -> Result<Option<Self>, Failure> {
        let named = music_assistant::Settings::from_env().map_err(|error| Failure::new(error.to_string()))?;
        let (server, simulator) = match (named, &local.queues) {
            (Some(server), _) => (server, None),
            (None, Some(_)) => {
                let simulator = simulate(local).await?;
                let server = music_assistant::Settings::new(&simulator.url());
                (server.map_err(|error| Failure::new(error.to_string()))?, Some(simulator))
            }
            (None, None) => return Ok(None),
        };
        let Some(queue) = local.state.settings.music_queue.clone() else { return Ok(None) };
        let parked = local.queues.as_ref().map(|queues| queues.parked.clone());
        let settings = Settings::new(server, queue, parked);
        let bridge = Bridge::start(settings, local.state.store.clone(), local.clients.sqs.clone());
        Ok(Some(Self { bridge, simulator }))
    }

    /// The simulated music server; `None` where a real one is named.
    pub(crate) fn simulator(&self) -> Option<&Simulator> {
        self.simulator.as_ref()
    }

    /// Where the music comes from, for people.
    pub(crate) fn source(music: Option<&Self>) -> &'static str {
        match music {
            Some(Self { simulator: Some(_), .. }) => {
                "simulated; MUSIC_ASSISTANT_URL and MUSIC_ASSISTANT_TOKEN name a real server"
            }
            Some(_) => "the server that MUSIC_ASSISTANT_URL names",
            None => "off",
        }
    }

    /// Lets running commands end, and stops.
    pub(crate) async fn stop(self) {
        if let Err(error) = self.bridge.stop().await {
            tracing::warn!(%error, "the music bridge did not stop well");
        }
    }
}

/// A music server with a player for every house that has one, each with something to play.
async fn simulate(local: &Local) -> Result<Simulator, Failure> {
    let houses = local.state.store.houses().catalogue().await?;
    let mut players: Vec<Player> = Vec::new();
    for house in houses.live() {
        let Some(id) = house.player_id.as_ref().filter(|id| !id.is_empty()) else { continue };
        if players.iter().all(|player| player.id != *id) {
            players.push(Player::new(id.clone(), house.name.clone()).with_queue(Track::tones()));
        }
    }
    let options = Options { players, library: Track::many(PIECES), ..Options::default() };
    Ok(Simulator::start(options).await?)
}
