//! What facts about reservations cause.

use casa_domain::{
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
        if let What::ReservationGuestChanged { before: Some(before), .. } = event.what {
            failures.note(self.once(event, "levels-before", self.review_around(before)).await);
        }
        if let Some(client) = reservation.client {
            failures.note(self.once(event, "levels", self.review_around(client)).await);
        }
        let concerned: Vec<_> = match event.what {
            What::ReservationGuestChanged { before, .. } => {
                before.into_iter().chain(reservation.client).collect()
            }
            _ => reservation.client.into_iter().collect(),
        };
        failures.note(self.refresh_figures_of(&concerned).await);
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
