//! Carries out what facts in the outbox cause elsewhere: notices (contract 02 §4.1, 05 §5.1), messages to guests about their
//! bookings (contract 05 §5.2, §5.3), purchases for the advertisements (contract 05 §5.4), entries of the activity feed
//! (contract 05 §4.3, 08 §4.9), points and levels of guests (contract 02 §4.7, §4.9), and the copies that other rows keep
//! of a guest.
//!
//! Every effect of a fact is carried out by itself: one that fails is tried again without repeating the others, and
//! one that was carried out is remembered. A fact may arrive any number of times.

mod activity;
mod bookings;
mod guests;
mod loyalty;
mod notices;
mod payments;
#[cfg(test)]
mod samples;
mod stays;
mod vouchers;

use casa_domain::event::{Event, What};
use casa_gateways::{Chat, GatewayError, Gateways};
use casa_store::{Item, StoreError};
use casa_web::{AppState, FileError, Settings, SettingsError};
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
    /// The bucket failed.
    #[error(transparent)]
    Files(#[from] FileError),
    /// The image of an outbox item cannot be read.
    #[error("unreadable fact: {0}")]
    Unreadable(String),
}

/// A guest's vendor that refuses would refuse the same tomorrow: a number that is none, a contact or template that is not
/// there. That is noted and done with; an outage is tried again.
pub(crate) fn unless_refused(what: &str, outcome: Result<(), GatewayError>) -> Result<(), ReactError> {
    match outcome {
        Err(GatewayError::Refused { vendor, status }) => {
            tracing::warn!(status, vendor, "{what} was refused");
            Ok(())
        }
        outcome => Ok(outcome?),
    }
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
    state: AppState,
    gateways: Gateways,
}

impl React {
    /// A handler over this state and these vendors.
    pub fn new(state: AppState, gateways: Gateways) -> Self {
        Self { state, gateways }
    }

    /// A handler as the environment configures it.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub async fn from_env() -> Result<Self, SettingsError> {
        // Nothing is signed here, so the function runs without the secret.
        let settings = Settings::without_secret()?;
        Ok(Self::new(AppState::connect(settings).await, Gateways::from_env()))
    }

    /// Carries out every effect of the fact this item is that was not carried out yet; does nothing for other items.
    ///
    /// # Errors
    /// The first failure, after every other effect was tried.
    pub async fn handle(&self, image: &Image) -> Result<(), ReactError> {
        let Some(event) = image.fact()? else { return Ok(()) };
        match &event.what {
            What::ReservationCreated { reservation, .. }
            | What::ReservationStatusChanged { reservation, .. }
            | What::ReservationMoved { reservation, .. }
            | What::ReservationGuestChanged { reservation, .. }
            | What::ReservationPriced { reservation }
            | What::ReservationPaidInFull { reservation }
            | What::ReservationDeleted { reservation, .. } => {
                Box::pin(self.about_stay(&event, *reservation)).await
            }
            What::ReservationConfirmed { reservation } => {
                Box::pin(self.about_confirmed(&event, *reservation)).await
            }
            What::VoucherReceived { reservation, receipt, number } => {
                Box::pin(self.about_voucher(&event, *reservation, *receipt, *number)).await
            }
            What::ReservationCalledOff { reservation, points_returned } => {
                Box::pin(self.about_called_off(&event, *reservation, *points_returned)).await
            }
            What::ReservationLapsed { reservation } => {
                Box::pin(self.about_lapsed(&event, *reservation)).await
            }
            What::PurchaseConfirmed { reservation } => {
                Box::pin(self.about_purchase(&event, *reservation)).await
            }
            What::PaymentTaken { payment, reservation } => {
                Box::pin(self.about_taken(&event, *payment, *reservation)).await
            }
            What::PaymentGivenBack { payment, reservation, amount, cause } => {
                Box::pin(self.about_given_back(&event, *payment, *reservation, *amount, *cause)).await
            }
            What::PaymentTroubled { payment, reservation } => {
                Box::pin(self.about_troubled(&event, *payment, *reservation)).await
            }
            What::ClientCreated { client } => Box::pin(self.about_new_guest(&event, *client)).await,
            What::ClientChanged { client, card, contact, referrers } => {
                Box::pin(self.about_changed_guest(&event, *client, *card, *contact, referrers)).await
            }
            What::ClientPasswordSet { client } => Box::pin(self.about_password(&event, *client)).await,
            What::PointsEarned { .. } => Box::pin(self.about_points(&event)).await,
            What::LevelsReached { client, levels } => {
                Box::pin(self.about_levels(&event, *client, levels)).await
            }
        }?;
        Ok(self.state.store.outbox().handled(event.id, self.state.clock.now()).await?)
    }

    /// The facts that wait, as items of the table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending(&self) -> Result<Vec<Image>, StoreError> {
        Ok(self.state.store.outbox().pending().await?.iter().map(Image::from).collect())
    }

    /// Gives a fact up after too many failures: it stays in the table under the index key `PARKED` with the reason.
    ///
    /// # Errors
    /// [`ReactError`].
    pub async fn park(&self, image: &Image, reason: &str) -> Result<(), ReactError> {
        let id = image.pk.strip_prefix("OUT#").and_then(|id| id.parse::<Uuid>().ok());
        match id {
            Some(id) => Ok(self.state.store.outbox().park(id, reason, self.state.clock.now()).await?),
            None => Ok(()),
        }
    }

    /// Carries out an effect unless it was before.
    async fn once(
        &self,
        event: &Event,
        effect: &str,
        act: impl Future<Output = Result<(), ReactError>>,
    ) -> Result<(), ReactError> {
        let outbox = self.state.store.outbox();
        if outbox.is_done(event.id, effect).await? {
            return Ok(());
        }
        // On the heap: effects are large futures, and a fact has several.
        Box::pin(act).await?;
        Ok(outbox.mark_done(event.id, effect, self.state.clock.now()).await?)
    }

    /// Sends a text to a channel of the house; nothing where Telegram is not configured.
    async fn tell(&self, chat: Chat, text: &str) -> Result<(), ReactError> {
        match &self.gateways.telegram {
            Some(telegram) => Ok(telegram.send(chat, text).await?),
            None => Ok(()),
        }
    }

    /// Enters an entry of the activity feed as the settings of its type want it.
    async fn enter(&self, mut entry: activity::Entry) -> Result<(), ReactError> {
        let settings = self.state.store.records().activity_settings(&entry.activity_type).await?;
        if !settings.is_enabled {
            return Ok(());
        }
        entry.is_public = settings.is_public_by_default;
        entry.importance_level = settings.default_importance_level;
        Ok(self.state.store.records().add_activity(&entry).await?)
    }
}

/// The first failure of several effects that were all tried.
#[derive(Debug, Default)]
struct Failures(Option<ReactError>);

impl Failures {
    fn note(&mut self, outcome: Result<(), ReactError>) {
        self.0 = self.0.take().or(outcome.err());
    }

    fn first(self) -> Result<(), ReactError> {
        self.0.map_or(Ok(()), Err)
    }
}
