//! Who may steer which player now (contract 07 §4.2 and its §8: defects 2, 3, 11, 12, 17).

use casa_domain::{
    ClientId, House, Reservation,
    music::{
        Role,
        session::{current, role},
    },
};
use casa_store::Catalogue;
use casa_web::{ApiResult, AppState};

use crate::refusal;

/// The right to steer a player now.
#[derive(Debug)]
pub(crate) struct Control {
    /// The stay that gives it.
    pub stay: Reservation,
    /// As whom.
    pub role: Role,
}

/// The right of a guest to steer the player with this id of the music server. Nothing of it is kept: who was taken out or
/// left has lost it with the next request.
///
/// Costs the version of the catalogue, the nights and the stays of one house, and for anybody but the host a row: at most
/// four small reads.
///
/// # Errors
/// 403, also for players of no house.
pub(crate) async fn control(state: &AppState, guest: ClientId, player: &str) -> ApiResult<Control> {
    let catalogue = state.store.houses().catalogue().await?;
    let house = casa_domain::music::house_of(catalogue.all_houses(), player);
    control_in(state, guest, house.ok_or_else(refusal::no_control)?).await
}

/// The right of a guest to steer the player of a house.
///
/// # Errors
/// 403.
pub(crate) async fn control_in(state: &AppState, guest: ClientId, house: &House) -> ApiResult<Control> {
    let stays = state.store.reservations().around(&[house.id], state.clock.today()).await?;
    let stays = stays.into_iter().map(|stay| stay.reservation).collect::<Vec<_>>();
    let stay = current(&stays, state.clock.local_now()).ok_or_else(refusal::no_control)?;
    let own = match role(stay, [], guest) {
        Some(host) => Some(host),
        None => {
            let rows = state.store.music().participations(&[stay.id], guest).await?;
            role(stay, &rows, guest)
        }
    };
    let role = own.ok_or_else(refusal::no_control)?;
    Ok(Control { stay: stay.clone(), role })
}

/// The houses with a player of their own, in the catalogue's order.
pub(crate) fn with_players(catalogue: &Catalogue) -> Vec<&House> {
    casa_domain::music::with_players(catalogue.all_houses())
}
