//! What facts about reservations cause.

use casa_domain::{
    ClientId,
    client::Client,
    event::{Event, What},
    house::House,
    ids::ReservationId,
    reservation::Reservation,
};
use casa_web::Clock;

use crate::{Failures, React, ReactError, activity, notices};

/// What a fact about a reservation is told with.
pub(crate) struct Told<'a> {
    pub event: &'a Event,
    pub reservation: &'a Reservation,
    pub client: Option<&'a Client>,
    pub house: Option<&'a House>,
    pub receipts: usize,
    pub clock: Clock,
}

impl React {
    pub(crate) async fn about_stay(&self, event: &Event, id: ReservationId) -> Result<(), ReactError> {
        let store = &self.state.store;
        let Some(stored) = store.reservations().get(id).await? else { return Ok(()) };
        let (reservation, card) = (stored.booked.reservation, stored.booked.client);
        let client = match reservation.client {
            Some(client) => store.clients().get(client).await?.map(|stored| stored.client),
            None => None,
        };
        let catalogue = store.houses().catalogue().await?;
        let receipts = store.receipts().of(id).await?.len();
        let told = Told {
            event,
            reservation: &reservation,
            client: client.as_ref(),
            house: catalogue.house(reservation.house),
            receipts,
            clock: self.state.clock,
        };
        let mut failures = Failures::default();
        if let Some(client) = &client
            && card.as_ref() != Some(&client.card())
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
        failures.note(self.once(event, "award", self.award(&reservation)).await);
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
