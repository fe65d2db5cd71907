//! `POST clients/client-auth/login/` (contract 02 §3.6).

use axum::{Json, extract::State};
use casa_domain::client::Client;
use casa_store::StoredClient;
use casa_web::{
    ApiError, ApiResult, AppState, Form, RemoteAddress,
    openapi::{Racing, WithBody},
    passwords::{self, Right},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    LONGEST_PASSWORD,
    answers::{AccountRefusal, bad, refused},
    change::change,
    document::Document,
    guard,
    passwords::has_password,
    profile::GuestProfile,
};
use crate::fields::text_schema;

/// Who signs in.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct GuestLogin {
    /// `dni`, `cex`, `pas` or `ruc`, in any case.
    #[schema(schema_with = text_schema::<1, 3>)]
    document_type: String,
    /// Its number.
    #[schema(schema_with = text_schema::<1, 50>)]
    number_doc: String,
    /// The password. White space around it does not count.
    #[schema(schema_with = text_schema::<1, LONGEST_PASSWORD>)]
    password: String,
}

/// Tokens and profile of the guest who signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuestLoginAnswer {
    /// For the header `Authorization: Bearer …`; lives 7 days.
    token: String,
    /// For `token/refresh/`; lives 60 days.
    refresh: String,
    /// The guest.
    client: GuestProfile,
}

/// Signs a guest in. Ten failures of a document or a hundred from an address within 15 minutes make further tries wait.
#[utoipa::path(
    post,
    path = "/api/v1/clients/client-auth/login/",
    tag = "clients",
    operation_id = "client_login",
    request_body(content(
        (GuestLogin = "application/json"),
        (GuestLogin = "application/x-www-form-urlencoded"),
        (GuestLogin = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Signed in.", body = GuestLoginAnswer),
        (status = 400, description = "A field is missing or unusable, the guest has not chosen a password yet, or the body cannot be read.", body = AccountRefusal),
        (status = 401, description = "Unknown document or wrong password: the same for both.", body = AccountRefusal),
        (status = 429, description = "Too many failures: wait.", body = AccountRefusal,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        WithBody,
        Racing,
    ),
)]
pub(crate) async fn login(
    State(state): State<AppState>,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<Json<GuestLoginAnswer>> {
    let mut fields = form.check();
    let document = Document::read(&mut fields);
    let password = fields.text("password", LONGEST_PASSWORD).value();
    let (Some(document), Some(password), Ok(())) = (document, password, fields.finish()) else {
        return Err(bad("Indique el tipo y el número de documento y la contraseña."));
    };
    let guard = guard::sign_in(&state, &document, &address);
    guard::obey(&state, &guard).await?;

    let guest = document.holder(&state).await?;
    if guest.as_ref().is_some_and(|guest| !has_password(&guest.client)) {
        return Err(bad("Todavía no ha configurado una contraseña."));
    }
    let stored = guest.as_ref().and_then(|guest| guest.client.password.clone());
    let right = passwords::check(stored, password).await;
    let (Some(guest), Some(right)) = (guest, right) else { return Err(unknown()) };

    guard::forgive(&state, &guard).await;
    let pair = state.tokens.guest_pair(&guest.client, state.clock.now())?;
    let guest = remember(&state, guest, right).await;
    let client = GuestProfile::of(&state, guest).await?;
    Ok(Json(GuestLoginAnswer { token: pair.access, refresh: pair.refresh, client }))
}

/// Stores when the guest signed in, and the new hash of an unchanged password (decision 5); sessions go on. A failure
/// here does not fail the sign-in.
async fn remember(state: &AppState, guest: StoredClient, right: Right) -> StoredClient {
    let now = state.clock.now();
    let signed_in = |before: &Client| Client { last_login: Some(now), ..before.clone() };
    let edit = |before: &Client| {
        // Another password since, or nobody any more: this sign-in is history.
        let is_current = before.password == guest.client.password && !before.deleted;
        let mut after = signed_in(before);
        if let Right::AndHashedAnew(hash) = &right {
            after.password = Some(hash.clone());
        }
        is_current.then(|| (after, Vec::new()))
    };
    match change(state, guest.clone(), edit).await {
        Ok(stored) => stored,
        Err(error) => {
            tracing::warn!(%error, "a sign-in could not be remembered");
            StoredClient { client: signed_in(&guest.client), ..guest }
        }
    }
}

/// The same answer for an unknown document and a wrong password.
fn unknown() -> ApiError {
    refused(StatusCode::UNAUTHORIZED, "El documento o la contraseña no son correctos.")
}
