//! The guest's card that reservations and their rows repeat.

use casa_domain::{Client, ReservationId};
use chrono::{DateTime, Utc};

use super::{Change, Conflicts, Reservations, Stored};
use crate::StoreError;

/// Tries after losing a race for a reservation.
const TRIES: usize = 8;

impl Reservations<'_> {
    /// Rewrites the card of a guest in all reservations of theirs that show another; answers how many did. Repeating it
    /// changes nothing. One query, and a read and a transaction per reservation that shows an old card.
    ///
    /// # Errors
    /// [`StoreError`]; reservations done until then keep the new card.
    pub async fn renew_card(&self, client: &Client, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let card = client.card();
        let mut renewed = 0;
        for row in self.of_client(client.id).await? {
            if row.client.as_ref() != Some(&card) {
                renewed += usize::from(self.renew_one(row.reservation.id, client, now).await?);
            }
        }
        Ok(renewed)
    }

    async fn renew_one(
        &self,
        id: ReservationId,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let Some(stored) = self.get(id).await? else { return Ok(false) };
            let booked = &stored.booked;
            // It may have passed to another guest, or been renewed, meanwhile.
            if booked.reservation.client != Some(client.id) || booked.client.as_ref() == Some(&client.card())
            {
                return Ok(false);
            }
            match self.commit(with_card(&stored, client), now).await {
                Ok(_) => return Ok(true),
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Changed)
    }
}

/// The change that does nothing but show the card.
fn with_card<'a>(stored: &'a Stored, client: &Client) -> Change<'a> {
    let booked = &stored.booked;
    let conflicts = Conflicts::as_held(booked);
    Change { conflicts, ..Change::new(Some(stored), booked.reservation.clone(), Some(client.card())) }
}
