//! A guest's own referral code (contract 03 §4.B): imported guests may lack one, and their profile shows one.

use casa_domain::client::Client;
use casa_store::{StoreError, StoredClient};
use casa_web::{ApiResult, AppState, error};

use super::change::change;
use crate::code::candidates;

/// The guest with a code: the one there is, or the first of the possible ones that nobody has, which is stored.
///
/// # Errors
/// 409 when races kept being lost, 503.
pub(crate) async fn with_code(state: &AppState, guest: StoredClient) -> ApiResult<StoredClient> {
    if has_code(&guest.client) {
        return Ok(guest);
    }
    let codes = candidates(&guest.client.first_name, &mut rand::rng());
    for code in codes {
        if state.store.clients().by_referral_code(&code).await?.is_some() {
            continue;
        }
        let edit = |before: &Client| {
            let coded = || Client { referral_code: Some(code.clone()), ..before.clone() };
            (!has_code(before)).then(|| (coded(), Vec::new()))
        };
        match change(state, guest.clone(), edit).await {
            // Somebody else took it a moment ago.
            Err(StoreError::Taken("referral_code")) => {}
            outcome => return Ok(outcome?),
        }
    }
    Err(error::changed_meanwhile())
}

fn has_code(client: &Client) -> bool {
    client.referral_code.as_ref().is_some_and(|code| !code.is_empty())
}
