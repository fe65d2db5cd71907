//! What facts about reservations cause.

use std::sync::Arc;

use casa_domain::{
    ClientId,
    client::{Client, ClientCard},
    event::{Event, What},
    house::House,
    ids::ReservationId,
    reservation::Reservation,
};
use casa_store::Catalogue;
use casa_web::Clock;

use crate::{Failures, React, ReactError, activity, notices};

/// What a fact about a reservation is told with.
pub(crate) struct Told<'a> {
    pub event: &'a Event,
    pub reservation: &'a Reservation,
    pub client: Option<&'a Client>,
    pub house: Option<&'a House>,
    pub clock: Clock,
}

/// A reservation with its guest and the houses, as they are when a fact about it is handled.
pub(crate) struct Scene {
    pub reservation: Reservation,
    pub client: Option<Client>,
    card: Option<ClientCard>,
    catalogue: Arc<Catalogue>,
    clock: Clock,
}

impl Scene {
    #[cfg(test)]
    pub fn new(reservation: Reservation, client: Option<Client>, houses: Catalogue, clock: Clock) -> Self {
        Self { reservation, client, card: None, catalogue: Arc::new(houses), clock }
    }

    /// The same together with the fact.
    pub fn told<'a>(&'a self, event: &'a Event) -> Told<'a> {
        Told {
            event,
            reservation: &self.reservation,
            client: self.client.as_ref(),
            house: self.catalogue.house(self.reservation.house),
            clock: self.clock,
        }
    }
}

impl React {
    /// Reads what a fact about a reservation is told with; `None` where there is no such reservation. Deleted ones are told
    /// of too.
    pub(crate) async fn scene(&self, id: ReservationId) -> Result<Option<Scene>, ReactError> {
        let store = &self.state.store;
        let Some(stored) = store.reservations().get(id).await? else { return Ok(None) };
        let (reservation, card) = (stored.booked.reservation, stored.booked.client);
        let client = match reservation.client {
            Some(client) => store.clients().get(client).await?.map(|stored| stored.client),
            None => None,
        };
        let catalogue = store.houses().catalogue().await?;
        Ok(Some(Scene { reservation, client, card, catalogue, clock: self.state.clock }))
    }

    pub(crate) async fn about_stay(&self, event: &Event, id: ReservationId) -> Result<(), ReactError> {
        let Some(scene) = self.scene(id).await? else { return Ok(()) };
        let (told, reservation) = (scene.told(event), &scene.reservation);
        let mut failures = Failures::default();
        if let Some(client) = &scene.client
            && scene.card.as_ref() != Some(&client.card())
        {
            // The guest was renamed while this was booked.
            failures.note(self.renew_card(client.id).await);
        }
        let (before, after) = whose_standing_changes(&event.what, reservation.client);
        for (effect, guest) in [("levels-before", before), ("levels", after)] {
            if let Some(guest) = guest {
                failures.note(self.once(event, effect, self.review_around(guest)).await);
                failures.note(self.refresh_figures_of(&[guest]).await);
            }
        }
        // A stay that was approved after it was over; all others wait for the nightly job.
        failures.note(self.once(event, "award", self.award(reservation)).await);
        if matches!(event.what, What::ReservationPaidInFull { .. }) {
            failures.note(self.once(event, "chatbot", self.start_payment_flow(&scene)).await);
        }
        for notice in notices::notices(&told) {
            failures.note(self.once(event, notice.effect, self.tell(notice.chat, &notice.text)).await);
        }
        for (number, entry) in activity::entries(&told).into_iter().enumerate() {
            let effect = format!("activity-{number}");
            failures.note(self.once(event, &effect, self.enter(entry)).await);
        }
        failures.first()
    }
}

/// The guests whose reservations, as levels and public figures count them, a fact changes: the one it had before, and the
/// one it has. Other nights, another price and payments count for nothing there.
fn whose_standing_changes(what: &What, guest: Option<ClientId>) -> (Option<ClientId>, Option<ClientId>) {
    match what {
        What::ReservationGuestChanged { before, .. } => (*before, guest),
        What::ReservationCreated { .. }
        | What::ReservationStatusChanged { .. }
        | What::ReservationDeleted { .. } => (None, guest),
        _ => (None, None),
    }
}
