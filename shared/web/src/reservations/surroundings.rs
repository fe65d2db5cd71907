//! What reservations are shown to their guests with.

use std::{collections::HashMap, sync::Arc};

use casa_domain::HouseId;
use casa_store::{Catalogue, StaffDirectory, StoreError, reservations::Booked};

use super::ReservationBody;
use crate::{
    AppState, Clock,
    houses::{PropertyDetail, property_for_guests},
};

/// Houses and staff as they are now.
#[derive(Debug)]
pub struct Surroundings {
    /// The houses.
    pub catalogue: Arc<Catalogue>,
    /// The staff.
    pub staff: Arc<StaffDirectory>,
}

impl Surroundings {
    /// Reads them; two small requests where the process is warm.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(state: &AppState) -> Result<Self, StoreError> {
        let (houses, users) = (state.store.houses(), state.store.users());
        let (catalogue, staff) = tokio::try_join!(houses.catalogue(), users.directory())?;
        Ok(Self { catalogue, staff })
    }

    /// The houses of these reservations, with what their guests may see of them.
    pub fn houses_of(&self, reservations: &[Booked]) -> HashMap<HouseId, PropertyDetail> {
        self.catalogue
            .all_houses()
            .filter(|house| reservations.iter().any(|one| one.reservation.house == house.id))
            .map(|house| (house.id, property_for_guests(&self.catalogue, house)))
            .collect()
    }

    /// A reservation as its guest sees it on the clock's day, its house among [`Self::houses_of`].
    pub fn shown<'a>(
        &'a self,
        booked: &'a Booked,
        houses: &'a HashMap<HouseId, PropertyDetail>,
        clock: &Clock,
    ) -> ReservationBody<'a> {
        ReservationBody::new(booked, houses.get(&booked.reservation.house), &self.staff, clock)
    }
}
