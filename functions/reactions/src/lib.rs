//! Carries out what facts in the outbox cause elsewhere: Telegram notices (contract 05 §5.1) and entries of the
//! activity feed (contract 05 §4.3, 08 §4.9).
//!
//! Every effect of a fact is carried out by itself: one that fails is tried again without repeating the others, and
//! one that was carried out is remembered. A fact may arrive any number of times.

mod activity;
mod notices;

use casa_domain::{
    client::Client,
    event::{Event, What},
    house::House,
    ids::ReservationId,
    reservation::Reservation,
};
use casa_gateways::{GatewayError, Gateways};
use casa_store::{Item, Store, StoreError};
use casa_web::{AppState, Clock, Settings, SettingsError};
use serde::Deserialize;
use uuid::Uuid;

/// A fact could not be handled completely; what worked is remembered.
#[derive(Debug, thiserror::Error)]
pub enum ReactError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A vendor failed.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The image of an outbox item cannot be read.
    #[error("unreadable fact: {0}")]
    Unreadable(String),
}

/// What an item of the table's stream shows of itself, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Image {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
    /// The document.
    pub doc: Option<String>,
}

impl From<&Item> for Image {
    fn from(item: &Item) -> Self {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        Self { pk: text("pk").unwrap_or_default(), sk: text("sk").unwrap_or_default(), doc: text("doc") }
    }
}

impl Image {
    /// The fact this item is; `None` for items that are none.
    ///
    /// # Errors
    /// [`ReactError::Unreadable`] for a fact of an unknown shape.
    pub fn fact(&self) -> Result<Option<Event>, ReactError> {
        match &self.doc {
            Some(doc) if self.pk.starts_with("OUT#") => serde_json::from_str(doc)
                .map(Some)
                .map_err(|problem| ReactError::Unreadable(problem.to_string())),
            _ => Ok(None),
        }
    }
}

/// Handles facts.
#[derive(Clone, Debug)]
pub struct React {
    store: Store,
    gateways: Gateways,
    clock: Clock,
}

/// What a fact about a reservation is told with.
struct Told<'a> {
    event: &'a Event,
    reservation: &'a Reservation,
    client: Option<&'a Client>,
    house: Option<&'a House>,
    receipts: usize,
    clock: Clock,
}

impl React {
    /// A handler over this table and these vendors.
    pub fn new(store: Store, gateways: Gateways, clock: Clock) -> Self {
        Self { store, gateways, clock }
    }

    /// A handler as the environment configures it.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub async fn from_env() -> Result<Self, SettingsError> {
        // Nothing is signed here, so the function runs without the secret.
        let settings = Settings::without_secret()?;
        let state = AppState::connect(settings).await;
        Ok(Self::new(state.store, Gateways::from_env(), state.clock))
    }

    /// Carries out every effect of the fact this item is that was not carried out yet; does nothing for other items.
    ///
    /// # Errors
    /// The first failure, after every other effect was tried.
    pub async fn handle(&self, image: &Image) -> Result<(), ReactError> {
        let Some(event) = image.fact()? else { return Ok(()) };
        let done = match reservation_of(&event.what) {
            Some(reservation) => self.about_reservation(&event, reservation).await,
            None => Ok(()),
        };
        done?;
        Ok(self.store.outbox().handled(event.id, self.clock.now()).await?)
    }

    /// The facts that wait, as items of the table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending(&self) -> Result<Vec<Image>, StoreError> {
        Ok(self.store.outbox().pending().await?.iter().map(Image::from).collect())
    }

    /// Gives a fact up after too many failures: it stays in the table under the index key `PARKED` with the reason.
    ///
    /// # Errors
    /// [`ReactError`].
    pub async fn park(&self, image: &Image, reason: &str) -> Result<(), ReactError> {
        let id = image.pk.strip_prefix("OUT#").and_then(|id| id.parse::<Uuid>().ok());
        match id {
            Some(id) => Ok(self.store.outbox().park(id, reason, self.clock.now()).await?),
            None => Ok(()),
        }
    }

    async fn about_reservation(&self, event: &Event, id: ReservationId) -> Result<(), ReactError> {
        let Some(stored) = self.store.reservations().get(id).await? else { return Ok(()) };
        let reservation = stored.booked.reservation;
        let client = match reservation.client {
            Some(client) => self.store.clients().get(client).await?.map(|stored| stored.client),
            None => None,
        };
        let catalogue = self.store.houses().catalogue().await?;
        let receipts = self.store.receipts().of(id).await?.len();
        let told = Told {
            event,
            reservation: &reservation,
            client: client.as_ref(),
            house: catalogue.house(reservation.house),
            receipts,
            clock: self.clock,
        };
        let mut failed = None;
        for notice in notices::notices(&told) {
            failed = failed.or(self.once(event, notice.effect, self.send(&notice)).await.err());
        }
        for (number, entry) in activity::entries(&told).into_iter().enumerate() {
            let effect = format!("activity-{number}");
            failed = failed.or(self.once(event, &effect, self.enter(entry)).await.err());
        }
        failed.map_or(Ok(()), Err)
    }

    /// Carries out an effect unless it was before.
    async fn once(
        &self,
        event: &Event,
        effect: &str,
        act: impl Future<Output = Result<(), ReactError>>,
    ) -> Result<(), ReactError> {
        if self.store.outbox().is_done(event.id, effect).await? {
            return Ok(());
        }
        act.await?;
        Ok(self.store.outbox().mark_done(event.id, effect, self.clock.now()).await?)
    }

    async fn send(&self, notice: &notices::Notice) -> Result<(), ReactError> {
        match &self.gateways.telegram {
            Some(telegram) => Ok(telegram.send(notice.chat, &notice.text).await?),
            None => Ok(()),
        }
    }

    async fn enter(&self, mut entry: activity::Entry) -> Result<(), ReactError> {
        let settings = self.store.records().activity_settings(&entry.activity_type).await?;
        if !settings.is_enabled {
            return Ok(());
        }
        entry.is_public = settings.is_public_by_default;
        entry.importance_level = settings.default_importance_level;
        Ok(self.store.records().add_activity(&entry).await?)
    }
}

fn reservation_of(what: &What) -> Option<ReservationId> {
    match what {
        What::ReservationCreated { reservation, .. }
        | What::ReservationStatusChanged { reservation, .. }
        | What::ReservationMoved { reservation, .. }
        | What::ReservationPaidInFull { reservation }
        | What::ReservationDeleted { reservation, .. } => Some(*reservation),
        What::ClientCreated { .. }
        | What::ClientChanged { .. }
        | What::ClientPasswordSet { .. }
        | What::PointsEarned { .. }
        | What::LevelsReached { .. } => None,
    }
}
