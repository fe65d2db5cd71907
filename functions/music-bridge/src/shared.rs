//! What the parts of a bridge share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use casa_domain::music::Player;
use casa_gateways::music_assistant::{Connection, Mirror};
use casa_store::Store;
use chrono::{DateTime, Utc};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use crate::{lease::Tenure, line::Line, metrics::Metrics, settings::Settings};

/// The connection to the music server.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// The connection, while there is one.
    pub(crate) connection: Option<Connection>,
    /// Since when there is one, or none.
    pub(crate) since: DateTime<Utc>,
}

/// What the parts of a bridge share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// This bridge, new with every start.
    pub(crate) id: Uuid,
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) line: Line,
    pub(crate) metrics: Metrics,
    pub(crate) link: watch::Sender<Link>,
    pub(crate) tenure: watch::Sender<Option<Tenure>>,
    pub(crate) stopping: watch::Sender<bool>,
    /// Players as the server told of them since this bridge first reached it; `None` before that.
    mirror: Mutex<Option<Mirror>>,
    /// Rung when the mirror may have changed.
    pub(crate) mirrored: Notify,
    /// Rung when there is something to report.
    pub(crate) news: Notify,
}

impl Shared {
    pub(crate) fn new(settings: Settings, store: Store, sqs: aws_sdk_sqs::Client) -> Self {
        Self {
            id: Uuid::new_v4(),
            line: Line::new(sqs, &settings),
            settings,
            store,
            metrics: Metrics::default(),
            link: watch::Sender::new(Link { connection: None, since: Utc::now() }),
            tenure: watch::Sender::new(None),
            stopping: watch::Sender::new(false),
            mirror: Mutex::new(None),
            mirrored: Notify::new(),
            news: Notify::new(),
        }
    }

    /// Notes a lease that was asked for at `asked` and given.
    pub(crate) fn hold(&self, fence: u64, asked: Instant) {
        let until = asked + self.settings.pace.trusted();
        self.tenure.send_replace(Some(Tenure { fence, until }));
    }

    /// The tenure, while it holds.
    pub(crate) fn acting(&self) -> Option<Tenure> {
        (*self.tenure.borrow()).filter(Tenure::holds)
    }

    /// Whether the tenure with this number still holds.
    pub(crate) fn acts_under(&self, fence: u64) -> bool {
        self.acting().is_some_and(|tenure| tenure.fence == fence)
    }

    /// Waits until this bridge acts.
    pub(crate) async fn until_acting(&self) -> Tenure {
        let mut tenures = self.tenure.subscribe();
        loop {
            if let Some(tenure) = (*tenures.borrow_and_update()).filter(Tenure::holds) {
                return tenure;
            }
            // The sender lives as long as `self`.
            let _ = tenures.changed().await;
        }
    }

    /// Waits until the tenure with this number is over.
    pub(crate) async fn until_not_acting(&self, fence: u64) {
        let mut tenures = self.tenure.subscribe();
        loop {
            let tenure = *tenures.borrow_and_update();
            match tenure {
                Some(tenure) if tenure.fence == fence && tenure.holds() => {
                    tokio::select! {
                        () = sleep_until(tenure.until) => {}
                        _ = tenures.changed() => {}
                    }
                }
                _ => return,
            }
        }
    }

    /// Waits for the signal to stop.
    pub(crate) async fn until_stopping(&self) {
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// The connection, while there is one.
    pub(crate) fn connection(&self) -> Option<Connection> {
        self.link.borrow().connection.clone().filter(|connection| connection.end().is_none())
    }

    /// Changes the connection, with the instant of the change.
    pub(crate) fn relink(&self, connection: Option<Connection>) {
        self.link.send_if_modified(|link| {
            if link.connection.is_none() && connection.is_none() {
                return false;
            }
            *link = Link { connection, since: Utc::now() };
            true
        });
        self.news.notify_one();
    }

    fn mirror(&self) -> MutexGuard<'_, Option<Mirror>> {
        self.mirror.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the mirror; `change` says whether anything is different.
    pub(crate) fn reflect(&self, change: impl FnOnce(&mut Option<Mirror>) -> bool) {
        if change(&mut self.mirror()) {
            self.mirrored.notify_one();
        }
    }

    /// Every player, once the server told of them.
    pub(crate) fn players(&self) -> Option<Vec<Player>> {
        self.mirror().as_ref().map(Mirror::players)
    }

    /// How many players there are.
    pub(crate) fn player_count(&self) -> u32 {
        let count = self.mirror().as_ref().map_or(0, Mirror::count);
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// A player as last told of.
    pub(crate) fn player(&self, id: &str) -> Option<Player> {
        self.mirror().as_ref()?.player(id)
    }
}
