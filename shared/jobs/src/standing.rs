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
    if let Some(referrer) = review(state, guest).await? {
        state.store.referrers().refresh(referrer).await?;
    }
    Ok(())
}

/// The levels alone; answers who referred the guest.
///
/// # Errors
/// [`StoreError`].
pub async fn review(state: &AppState, guest: ClientId) -> Result<Option<ClientId>, StoreError> {
    let (levels, now) = (state.store.levels(), state.clock.now());
    let referrer = levels.review(guest, now).await?.referrer;
    if let Some(referrer) = referrer {
        levels.review(referrer, now).await?;
    }
    Ok(referrer)
}
