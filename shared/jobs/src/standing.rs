//! Where a guest stands: the levels of the guest and of whoever referred the guest, and that one's public figures. Working
//! them out anew repeats without harm.

use casa_domain::ClientId;
use casa_store::StoreError;
use casa_web::AppState;

/// Works out anew where a guest, and whoever referred the guest, stand: levels and public figures.
///
/// # Errors
/// [`StoreError`].
pub async fn renew(state: &AppState, guest: ClientId) -> Result<(), StoreError> {
    review(state, guest).await?;
    state.store.referrers().refresh_those_of(&[guest]).await?;
    Ok(())
}

/// The levels alone.
///
/// # Errors
/// [`StoreError`].
pub async fn review(state: &AppState, guest: ClientId) -> Result<(), StoreError> {
    let (store, now) = (&state.store, state.clock.now());
    let found = store.clients().get(guest).await?;
    store.levels().review(guest, now).await?;
    if let Some(referrer) = found.and_then(|stored| stored.client.referred_by) {
        store.levels().review(referrer, now).await?;
    }
    Ok(())
}
