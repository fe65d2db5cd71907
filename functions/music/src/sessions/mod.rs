//! Sessions of stays (contract 07 §3.11, §3.12): a stay is its own session, under its own id.

pub(crate) mod ask;
pub(crate) mod participants;
pub(crate) mod requests;

use std::collections::HashMap;

use casa_domain::{Client, ClientId, Reservation, ReservationId, music::Role};
use casa_store::{StoreError, music::Session};
use casa_web::{ApiResult, AppState};

use crate::refusal;

/// Tries after losing a race against another change.
const TRIES: usize = 6;

/// The session of a live stay.
///
/// # Errors
/// 404.
async fn session(state: &AppState, id: Option<ReservationId>) -> ApiResult<Session> {
    let id = id.ok_or_else(refusal::no_stay)?;
    let session = state.store.music().session(id).await?;
    session.filter(|session| !stay(session).deleted).ok_or_else(refusal::no_stay)
}

/// The session of a live stay, if it is this guest's.
///
/// # Errors
/// 403 for everybody else (decision 24), 404.
async fn own_session(state: &AppState, id: Option<ReservationId>, guest: ClientId) -> ApiResult<Session> {
    let session = session(state, id).await?;
    if session.role(guest) == Some(Role::Host) { Ok(session) } else { Err(refusal::not_host()) }
}

fn stay(session: &Session) -> &Reservation {
    &session.stay.booked.reservation
}

/// Name of the house of a stay.
async fn house_name(state: &AppState, stay: &Reservation) -> Result<String, StoreError> {
    let catalogue = state.store.houses().catalogue().await?;
    Ok(catalogue.house(stay.house).map(|house| house.name.clone()).unwrap_or_default())
}

/// Guests who are not deleted, by id.
async fn people(
    state: &AppState,
    ids: impl Iterator<Item = ClientId>,
) -> Result<HashMap<ClientId, Client>, StoreError> {
    let ids: std::collections::BTreeSet<_> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = state.store.clients().get_many(&ids.into_iter().collect::<Vec<_>>()).await?;
    Ok(found.into_iter().filter(|one| !one.deleted).map(|one| (one.id, one)).collect())
}
