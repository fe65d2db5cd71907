//! A booking as its guest sees it: the shape of the lists, without what works the house.

use std::collections::HashMap;

use casa_domain::HouseId;
use casa_store::{StaffDirectory, StoreError, reservations::Booked};
use casa_web::{
    ApiResult, AppState, Clock, error,
    houses::{PropertyDetail, property_for_guests},
    reservations::ReservationBody,
};
use http::{StatusCode, header};
use serde::Serialize;
use std::sync::Arc;

/// An answer that is JSON already.
pub(crate) type Rendered = (StatusCode, [(header::HeaderName, &'static str); 1], Vec<u8>);

/// Writes an answer.
///
/// # Errors
/// 503 when it cannot be written.
pub(crate) fn rendered(status: StatusCode, body: &impl Serialize) -> ApiResult<Rendered> {
    let bytes = serde_json::to_vec(body).map_err(|problem| {
        tracing::error!(%problem, "an answer could not be written");
        error::detail(StatusCode::SERVICE_UNAVAILABLE, "El servicio no está disponible en este momento.")
    })?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], bytes))
}

/// What bookings are shown with.
pub(crate) struct Around {
    staff: Arc<StaffDirectory>,
    details: HashMap<HouseId, PropertyDetail>,
}

impl Around {
    /// Reads it for these bookings; two small requests where the process is warm.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn read(state: &AppState, bookings: &[Booked]) -> Result<Self, StoreError> {
        let (houses, users) = (state.store.houses(), state.store.users());
        let (catalogue, staff) = tokio::try_join!(houses.catalogue(), users.directory())?;
        let details = catalogue
            .all_houses()
            .filter(|house| bookings.iter().any(|one| one.reservation.house == house.id))
            .map(|house| (house.id, property_for_guests(&catalogue, house)))
            .collect();
        Ok(Self { staff, details })
    }

    /// A booking.
    pub(crate) fn body<'a>(&'a self, booked: &'a Booked, clock: &Clock) -> ReservationBody<'a> {
        ReservationBody::new(booked, self.details.get(&booked.reservation.house), &self.staff, clock)
    }
}
