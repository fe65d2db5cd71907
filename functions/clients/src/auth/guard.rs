//! Limits on what strangers may ask of guests' accounts (contract 02 §8, defects 2 to 4).

use std::time::Duration;

use casa_web::{
    ApiError, ApiResult, AppState,
    guard::{Guard, Limit},
};
use http::StatusCode;

use super::{answers::refused, document::Document};

const QUARTER: Duration = Duration::from_secs(15 * 60);
/// Questions of one kind that an address may ask, each of which tells whether a document is registered. Generous, since
/// many guests can share an address.
const QUESTIONS: Limit = Limit { most: 60, window: QUARTER };
/// Codes that may be sent to a phone, and on behalf of an address.
const SENDS: Limit = Limit { most: 3, window: QUARTER };
/// Guests that an address may register.
const REGISTRATIONS: Limit = Limit { most: 20, window: Duration::from_secs(60 * 60) };

/// Counts a question of a kind.
///
/// # Errors
/// 429.
pub(crate) async fn ask(state: &AppState, kind: &'static str, address: &str) -> ApiResult<()> {
    obey(state, &Guard::of(kind).per_address(address, QUESTIONS)).await
}

/// Counts the sending of a code to a phone.
///
/// # Errors
/// 429.
pub(crate) async fn send(state: &AppState, phone: &str, address: &str) -> ApiResult<()> {
    let guard = Guard::of("guest-send").per_address(address, SENDS);
    obey(state, &guard.per_subject(&state.settings.secret, phone, SENDS)).await
}

/// Counts a registration.
///
/// # Errors
/// 429.
pub(crate) async fn register(state: &AppState, address: &str) -> ApiResult<()> {
    obey(state, &Guard::of("guest-register").per_address(address, REGISTRATIONS)).await
}

/// The limits on failed sign-ins with a document.
pub(crate) fn sign_in(state: &AppState, document: &Document, address: &str) -> Guard {
    let account = format!("{} {}", document.kind, document.number);
    Guard::of_sign_in("guest-login", &state.settings.secret, &account, address)
}

/// Forgets failed sign-ins with a document: somebody proved to be its guest.
pub(crate) async fn forgive(state: &AppState, guard: &Guard) {
    // What was proven stands even if the counters cannot be reset now.
    if let Err(error) = guard.succeeded(&state.store).await {
        tracing::warn!(%error, "failed sign-ins could not be forgotten");
    }
}

/// Counts what the guard is of.
///
/// # Errors
/// 429.
pub(crate) async fn obey(state: &AppState, guard: &Guard) -> ApiResult<()> {
    guard.obey(&state.store, wait).await
}

/// 429: too often.
fn wait(seconds: u64) -> ApiError {
    let text = format!("Demasiados intentos. Intente de nuevo en {} min.", seconds.div_ceil(60));
    refused(StatusCode::TOO_MANY_REQUESTS, &text).retry_after(seconds)
}
