//! Changes of a guest's record by the guest.

use casa_domain::{client::Client, event::What};
use casa_store::{StoreError, StoredClient};
use casa_web::AppState;

/// Tries after losing a race for the record.
const TRIES: usize = 8;

/// What becomes of a record, and the facts that follow; `None` to leave it.
pub(crate) type Edited = Option<(Client, Vec<What>)>;

/// Changes a record as `edit` says of it, which is asked again about the newest one after a lost race. Gives the record
/// as it is then, changed or left.
///
/// # Errors
/// [`StoreError::Changed`] when races kept being lost or the record is gone, [`StoreError::Taken`], else [`StoreError`].
pub(crate) async fn change(
    state: &AppState,
    mut seen: StoredClient,
    edit: impl Fn(&Client) -> Edited,
) -> Result<StoredClient, StoreError> {
    let clients = state.store.clients();
    for _ in 0..TRIES {
        let Some((after, facts)) = edit(&seen.client) else { return Ok(seen) };
        match clients.change(&seen, &after, None, facts).await {
            Err(StoreError::Changed) => {}
            outcome => return outcome,
        }
        seen = clients.get(seen.client.id).await?.ok_or(StoreError::Changed)?;
    }
    Err(StoreError::Changed)
}
