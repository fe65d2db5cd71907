//! What the ranking of a month stands on: the reservations entered in the local month, those who referred their guests,
//! and what those earned. Nothing else of the history is read.

use std::{collections::HashMap, ops::Range};

use casa_domain::{
    Client, ClientId, Reservation,
    referrals::{self, Ground, Ranked},
    time::Month,
};
use casa_store::{Store, StoreError};
use casa_web::{AppState, Clock};
use chrono::{DateTime, Utc};

/// Referrers looked at at once.
const AT_ONCE: usize = 16;

/// The instants of a local month.
fn window(month: Month, clock: &Clock) -> Range<DateTime<Utc>> {
    clock.start_of(month.first_day())..clock.start_of(month.next().first_day())
}

/// The ranking of a month as it is now.
///
/// # Errors
/// [`StoreError`].
pub async fn ranking(state: &AppState, month: Month) -> Result<Vec<Ranked>, StoreError> {
    let (store, window) = (&state.store, window(month, &state.clock));
    let mut stays = store.rankings().entered(window.start, window.end).await?;
    stays.retain(|stay| referrals::counts(stay, &window));
    let guests: Vec<ClientId> = stays.iter().filter_map(|stay| stay.client).collect();
    let guests = store.clients().get_many(&guests).await?;
    let referrer_of: HashMap<ClientId, ClientId> =
        guests.iter().filter_map(|guest| Some((guest.id, guest.referred_by?))).collect();
    let mut by_referrer: HashMap<ClientId, Vec<Reservation>> = HashMap::new();
    for stay in stays {
        if let Some(referrer) = stay.client.and_then(|guest| referrer_of.get(&guest)) {
            by_referrer.entry(*referrer).or_default().push(stay);
        }
    }
    let referrers = store.clients().get_many(&by_referrer.keys().copied().collect::<Vec<_>>()).await?;
    let mut grounds = Vec::new();
    for some in referrers.chunks(AT_ONCE) {
        let mut tasks = tokio::task::JoinSet::new();
        for referrer in some {
            let stays = by_referrer.remove(&referrer.id).unwrap_or_default();
            tasks.spawn(ground(store.clone(), referrer.clone(), stays));
        }
        while let Some(ground) = tasks.join_next().await {
            grounds.push(ground.map_err(|error| StoreError::Service(error.to_string()))??);
        }
    }
    Ok(referrals::monthly(month, &window, &grounds, state.clock.now()))
}

async fn ground(store: Store, referrer: Client, stays: Vec<Reservation>) -> Result<Ground, StoreError> {
    let (levels, points) = (store.levels(), store.points());
    let (circle, ledger) = tokio::try_join!(levels.circle(referrer.id), points.ledger(referrer.id, None))?;
    let referred = circle.referred.into_iter().map(|one| one.client).collect();
    Ok(Ground { referrer, referred, stays, ledger })
}
