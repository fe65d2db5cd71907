//! The servers of one machine, opened for a command: own ones, those of a running `casa dev`, or given ones.

use std::env;

use casa_web::{AppState, Aws, Clock, Settings};
use chrono::{DateTime, FixedOffset};

use crate::Failure;
use crate::bridge::Queues;
use crate::embedded::{Embedded, Endpoints, Given, Home, Ports};
use crate::home::{self, Access, DataFolder, Lock};
use crate::sdk::Clients;

/// What a command opens.
#[derive(Debug, Default)]
pub struct Wish {
    /// The folder with the data; `None` keeps them in memory.
    pub folder: Option<DataFolder>,
    /// The ports of own servers.
    pub ports: Ports,
    /// Where the clock stands still, if it does.
    pub clock: Option<DateTime<FixedOffset>>,
    /// Whether to use the servers of a running `casa dev` that has the folder, rather than fail.
    pub share: bool,
}

/// The opened servers and what the functions need of them.
#[derive(Debug)]
pub struct Local {
    /// The state of the functions.
    pub state: AppState,
    /// The SDK clients.
    pub clients: Clients,
    /// The folder with the data, if they are kept.
    pub folder: Option<DataFolder>,
    /// The queues of commands to the music server, where this machine has them.
    pub queues: Option<Queues>,
    embedded: Embedded,
    lock: Option<Lock>,
}

impl Local {
    /// Opens the servers, and creates the table and the bucket where they are missing.
    ///
    /// # Errors
    ///
    /// When the data are in use, a port is taken, a setting is wrong or a server fails.
    pub async fn open(wish: Wish) -> Result<Self, Failure> {
        let from_env = Given::from_env();
        let mut given = from_env.clone();
        let mut lock = None;
        if let Some(folder) = wish.folder.as_ref().filter(|_| !given.is_complete()) {
            match folder.take()? {
                Access::Own(own) => lock = Some(own),
                Access::Served(running) if wish.share => given = given.or(running.endpoints),
                Access::Served(running) => {
                    return Err(Failure::new(format!(
                        "{} is served by another casa dev (process {}). To run a second one on the same data:\n\n{}",
                        folder.path().display(),
                        running.pid,
                        running.endpoints.exports(),
                    )));
                }
            }
        }
        let mut settings = settings(&wish)?;
        let frozen = wish.clock.is_some() || env::var_os("CASA_CLOCK").is_some();
        let home = match &wish.folder {
            Some(folder) => Home::Folder(folder.path().to_owned()),
            None => Home::Memory,
        };
        // Items expire by the machine's clock. Where the business lives at another time, nothing expires.
        let embedded = Embedded::start(&home, wish.ports, &given, !frozen).await?;
        let clients = Clients::reaching(embedded.endpoints(), &from_env, embedded.direct_table()).await;
        // Queues elsewhere are not ours to make: their address comes from the environment.
        let queues = match from_env.sqs {
            None => Some(Queues::create(&clients.sqs).await?),
            Some(_) => None,
        };
        if let Some(queues) = &queues {
            settings.music_queue = Some(queues.commands.clone());
        }
        let aws =
            Aws { dynamodb: clients.dynamodb.clone(), s3: clients.s3.clone(), sqs: clients.sqs.clone() };
        let state = AppState::with_sdk(settings, aws);
        state.store.create_table_if_missing().await?;
        state.files.create_bucket_if_missing().await.map_err(|error| Failure::new(error.to_string()))?;
        Ok(Self { state, clients, folder: wish.folder, queues, embedded, lock })
    }

    /// The addresses of the servers.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        self.embedded.endpoints()
    }

    /// Whether nobody else reads the table: where another process serves the data, it also sees to what follows from facts.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.lock.is_some()
    }

    /// Lets other commands find these servers, where they are own ones over a folder.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn publish(&self) -> Result<(), Failure> {
        self.lock.as_ref().map_or(Ok(()), |lock| Ok(lock.publish(self.endpoints())?))
    }

    /// See [`Embedded::load_fast`].
    ///
    /// # Errors
    ///
    /// When the table refuses the setting.
    pub fn load_fast(&self, fast: bool) -> Result<(), Failure> {
        Ok(self.embedded.load_fast(fast)?)
    }

    /// Ends own servers and gives the folder free.
    pub async fn close(self) {
        let Self { state, clients, embedded, lock, .. } = self;
        drop((state, clients));
        embedded.stop().await;
        drop(lock);
    }
}

fn settings(wish: &Wish) -> Result<Settings, Failure> {
    let secret = match (env::var("CASA_SECRET").ok().filter(|secret| !secret.is_empty()), &wish.folder) {
        (Some(secret), _) => secret,
        (None, Some(folder)) => folder.secret()?,
        (None, None) => home::random_secret(),
    };
    let mut settings = Settings::for_local(secret)?;
    if let Some(instant) = wish.clock {
        settings.clock = Clock::frozen_at(instant, settings.clock.zone());
    }
    Ok(settings)
}
