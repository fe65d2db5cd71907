//! Enters the reservation of an event that is new.

use casa_domain::{
    Client, Reservation, ReservationId, StaffId, Status, calendar::Hold, event, reservation::Origin,
    stay::Stay, text::fold,
};
use casa_gateways::ical::FeedEvent;
use casa_store::{
    AuditAction, StoreError,
    client_book::{By, Lookup, Order},
    reservations::{Change, Once},
};
use casa_web::AppState;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    FeedConflict,
    bring::{Bringing, Outcome},
};
use crate::JobError;

/// Times that a stay may be deleted and come back within the days for which that is remembered.
const MOST_RETURNS: usize = 24;

/// Whom Airbnb's stays belong to.
pub(super) struct Airbnb {
    client: Option<Client>,
    seller: Option<StaffId>,
}

impl Bringing<'_> {
    /// Enters a new stay.
    pub(super) async fn enter(&mut self, event: &FeedEvent, stay: Stay) -> Result<Outcome, JobError> {
        let reservations = self.state.store.reservations();
        let hold = Hold { house: self.feed.house, stay };
        // Two readings at once must not enter it twice: both want the same mark, which goes with the reservation.
        let mut subject = format!("feed:{}:{}", self.feed.house, event.uid);
        for _ in 0..MOST_RETURNS {
            if let Some((id, _)) = reservations.entered_by(&subject).await? {
                if let Some(stored) = reservations.get(id).await?
                    && !stored.booked.reservation.deleted
                {
                    self.stored.insert(id, stored);
                    self.note(event, id).await?;
                    return Ok(Outcome::Unchanged);
                }
                // Deleted since: the next of its name.
                subject = format!("feed:{}:{}:{id}", self.feed.house, event.uid);
                continue;
            }
            let (one, client) = self.new_stay(event, stay).await?;
            let id = one.id;
            let conflict = self.conflict(hold, id).await?;
            if !conflict.held_by.is_empty() {
                return self.in_the_way(event, stay, conflict).await;
            }
            if self.dry_run {
                return Ok(Outcome::Created);
            }
            // Before the stay itself: one that is entered is always remembered as this calendar's.
            self.note(event, id).await?;
            let change = Change {
                facts: event::facts(None, &one, Decimal::ZERO),
                audit: Some(self.audit(AuditAction::Added, id)),
                once: Some(Once { subject: subject.clone(), digest: String::new() }),
                ..Change::new(None, one, client.map(|client| client.card()))
            };
            match reservations.commit(change, self.now).await {
                Ok(stored) => {
                    self.stored.insert(id, stored);
                    return Ok(Outcome::Created);
                }
                Err(StoreError::NightTaken) => {
                    self.state.store.feeds().forget(self.feed.id, &event.uid).await?;
                    self.told.remove(&event.uid);
                    let conflict = self.conflict(hold, id).await?;
                    return self.in_the_way(event, stay, conflict).await;
                }
                // Somebody else entered it: that one is found now.
                Err(StoreError::Taken(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Outcome::Left)
    }

    /// A new stay cannot be entered; perhaps because somebody else entered it this very moment.
    async fn in_the_way(
        &mut self,
        event: &FeedEvent,
        stay: Stay,
        conflict: FeedConflict,
    ) -> Result<Outcome, JobError> {
        match self.standing_for(&event.uid).await? {
            Some((stored, told)) => self.follow(event, stay, stored, told).await,
            None => Ok(Outcome::Conflict(conflict)),
        }
    }

    /// The reservation that a new event makes, and its guest.
    async fn new_stay(
        &mut self,
        event: &FeedEvent,
        stay: Stay,
    ) -> Result<(Reservation, Option<Client>), JobError> {
        if self.airbnb.is_none() {
            self.airbnb = Some(airbnb(self.state).await?);
        }
        let airbnb = self.airbnb.as_ref();
        let client = airbnb.and_then(|airbnb| airbnb.client.clone());
        let id = ReservationId(Uuid::new_v4());
        let house = self.feed.house;
        let one = Reservation {
            client: client.as_ref().map(|client| client.id),
            seller: airbnb.and_then(|airbnb| airbnb.seller),
            origin: Origin::Airbnb,
            status: Status::Approved,
            uuid_external: Some(event.uid.clone()),
            ..Reservation::new(id, house, stay.check_in(), stay.check_out(), self.now)
        };
        Ok((one, client))
    }
}

/// The guest and the member of staff that stand for Airbnb (decision 19): the guest who was entered first under that name.
async fn airbnb(state: &AppState) -> Result<Airbnb, JobError> {
    let name = state.settings.airbnb_name.as_str();
    let book = state.client_book().await.map_err(|_| JobError::Unavailable)?;
    let terms = [fold(name)];
    let lookup = Lookup { terms: &terms, order: Order(vec![(By::Created, false)]), ..Lookup::default() };
    let found = book.find(&lookup, |total| (0, total)).clients;
    let staff = state.store.users().directory().await?;
    Ok(Airbnb {
        client: found.into_iter().find(|client| client.first_name == name),
        seller: staff.by_first_name(name).map(|user| user.id),
    })
}
