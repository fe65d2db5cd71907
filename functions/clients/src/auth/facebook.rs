//! Facebook accounts of guests (contract 02 §3.9).

use axum::{Extension, Json, extract::State};
use casa_domain::{client::Client, house::JsonText};
use casa_gateways::{FacebookProfile, GatewayError, TokenFacts};
use casa_store::{StoreError, StoredClient};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Guest,
    form::Given,
    openapi::{ForGuests, Racing, WithBody},
};
use chrono::Utc;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Vendors,
    answers::{AccountRefusal, bad, refused, vendor_failed},
    change::change,
    complete::unlink as forget,
    profile::Facebook,
};
use crate::fields::text_schema;

/// Longest token of a user; Facebook's have some hundred characters.
const LONGEST_TOKEN: usize = 4096;
/// Longest id of an account (contract 02 §1.1).
const LONGEST_ID: usize = 100;
/// Most bytes of a profile that are kept; real ones have some hundred.
const LARGEST_PROFILE: usize = 10_000;

/// A Facebook account to link.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct FacebookToken {
    /// The access token that Facebook gave the user for this app.
    #[schema(schema_with = text_schema::<1, LONGEST_TOKEN>)]
    access_token: String,
}

/// A Facebook account is linked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacebookLinked {
    /// Always true.
    success: bool,
    /// The same in words, Spanish.
    message: String,
    /// Always true.
    facebook_linked: bool,
    /// What the account shows.
    profile_data: FacebookShown,
}

/// What a Facebook account shows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacebookShown {
    /// Its name.
    name: Option<String>,
    /// Address of its picture.
    picture: Option<String>,
}

/// No Facebook account is linked any more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacebookUnlinked {
    /// Always true.
    success: bool,
    /// The same in words, Spanish.
    message: String,
    /// Always false.
    facebook_linked: bool,
}

impl FacebookLinked {
    fn new(guest: &Client) -> Json<Self> {
        let Facebook { name, picture } = Facebook::of(guest);
        Json(Self {
            success: true,
            message: "Su cuenta de Facebook está vinculada.".to_owned(),
            facebook_linked: true,
            profile_data: FacebookShown { name, picture },
        })
    }
}

/// Links the Facebook account that a user token stands for, in the place of another one. An account belongs to one guest
/// at a time.
#[utoipa::path(
    post,
    path = "/api/v1/clients/client-auth/link-facebook/",
    tag = "clients",
    operation_id = "client_link_facebook",
    request_body(content(
        (FacebookToken = "application/json"),
        (FacebookToken = "application/x-www-form-urlencoded"),
        (FacebookToken = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Linked, or was linked already.", body = FacebookLinked),
        (status = 400, description = "The token is missing, expired, or not of this user and app, or the body cannot be read.", body = AccountRefusal),
        (status = 409, description = "Another guest linked the account, or the guest changed at the same moment.", body = AccountRefusal),
        (status = 503, description = "Facebook, or the table, does not answer, or there is no app.", body = AccountRefusal),
        ForGuests,
        WithBody,
    ),
    security(("client" = [])),
)]
pub(crate) async fn link(
    Guest(guest): Guest,
    State(state): State<AppState>,
    Extension(gateways): Vendors,
    form: Form,
) -> ApiResult<Json<FacebookLinked>> {
    let token = match form.check().text("access_token", LONGEST_TOKEN) {
        Given::Value(token) => token,
        Given::Absent | Given::Null => return Err(bad("Falta el token de Facebook.")),
        Given::Wrong => return Err(unusable()),
    };
    let Some(facebook) = &gateways.facebook else { return Err(unreachable()) };
    let profile = facebook.profile(&token).await.map_err(outage)?.ok_or_else(unusable)?;
    let account = profile.id.as_deref().filter(|id| id.chars().count() <= LONGEST_ID).ok_or_else(unusable)?;
    if guest.client.facebook_id.as_deref() == Some(account) {
        return Ok(FacebookLinked::new(&guest.client));
    }
    let holder = state.store.clients().by_facebook(account).await?;
    if holder.is_some_and(|holder| !holder.client.deleted && holder.client.id != guest.client.id) {
        return Err(taken());
    }
    let facts = facebook.inspect(&token).await.map_err(outage)?;
    // Facebook's time is the real one, also where the business's clock stands still.
    check(&facts, facebook.app_id(), account, Utc::now().timestamp())?;
    let guest = store(&state, guest, account, &profile).await?;
    Ok(FacebookLinked::new(&guest.client))
}

/// Whether the token is good, of this app and of this account.
fn check(facts: &TokenFacts, app: &str, account: &str, now: i64) -> ApiResult<()> {
    let is_over = facts.expires_at.is_some_and(|end| end != 0 && end < now);
    if !facts.is_valid
        || facts.app_id.as_deref() != Some(app)
        || facts.user_id.as_deref() != Some(account)
        || is_over
    {
        return Err(unusable());
    }
    Ok(())
}

async fn store(
    state: &AppState,
    guest: StoredClient,
    account: &str,
    profile: &FacebookProfile,
) -> ApiResult<StoredClient> {
    let whole = profile.whole.to_string();
    if whole.len() > LARGEST_PROFILE {
        return Err(unreachable());
    }
    let now = state.clock.now();
    let edit = |before: &Client| {
        let after = || Client {
            facebook_id: Some(account.to_owned()),
            facebook_linked: true,
            facebook_profile_data: Some(JsonText(whole.clone())),
            facebook_linked_at: Some(now),
            updated: now,
            ..before.clone()
        };
        (!before.deleted).then(|| (after(), Vec::new()))
    };
    match change(state, guest, edit).await {
        Ok(stored) if stored.client.deleted => Err(casa_web::error::changed_meanwhile()),
        Err(StoreError::Taken(_)) => Err(taken()),
        outcome => Ok(outcome?),
    }
}

/// Forgets the Facebook account of the guest.
#[utoipa::path(
    delete,
    path = "/api/v1/clients/client-auth/unlink-facebook/",
    tag = "clients",
    operation_id = "client_unlink_facebook",
    responses(
        (status = 200, description = "Forgotten.", body = FacebookUnlinked),
        (status = 400, description = "None is linked.", body = AccountRefusal),
        ForGuests,
        Racing,
    ),
    security(("client" = [])),
)]
pub(crate) async fn unlink(
    Guest(guest): Guest,
    State(state): State<AppState>,
) -> ApiResult<Json<FacebookUnlinked>> {
    if !is_linked(&guest.client) {
        return Err(bad("No tiene una cuenta de Facebook vinculada."));
    }
    let now = state.clock.now();
    let edit = |before: &Client| {
        let mut after = Client { updated: now, ..before.clone() };
        forget(&mut after);
        is_linked(before).then(|| (after, Vec::new()))
    };
    change(&state, guest, edit).await?;
    Ok(Json(FacebookUnlinked {
        success: true,
        message: "Su cuenta de Facebook fue desvinculada.".to_owned(),
        facebook_linked: false,
    }))
}

fn is_linked(guest: &Client) -> bool {
    guest.facebook_linked && guest.facebook_id.as_ref().is_some_and(|id| !id.is_empty())
}

fn unusable() -> ApiError {
    bad("El token de Facebook no es válido o ha vencido.")
}

fn taken() -> ApiError {
    refused(StatusCode::CONFLICT, "Esa cuenta de Facebook ya está vinculada a otro cliente.")
}

fn unreachable() -> ApiError {
    vendor_failed("No pudimos comunicarnos con Facebook. Intente más tarde.")
}

fn outage(error: GatewayError) -> ApiError {
    tracing::warn!(%error, "Facebook could not be asked");
    unreachable()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_must_be_good_and_ours() {
        let good = TokenFacts {
            is_valid: true,
            app_id: Some("app".into()),
            user_id: Some("user".into()),
            expires_at: Some(0),
        };
        let passes = |facts: &TokenFacts| check(facts, "app", "user", 1_000).is_ok();
        for expires_at in [None, Some(0), Some(1_000), Some(2_000)] {
            assert!(passes(&TokenFacts { expires_at, ..good.clone() }), "{expires_at:?}");
        }
        for bad in [
            TokenFacts { is_valid: false, ..good.clone() },
            TokenFacts { app_id: Some("other".into()), ..good.clone() },
            TokenFacts { app_id: None, ..good.clone() },
            TokenFacts { user_id: Some("other".into()), ..good.clone() },
            TokenFacts { expires_at: Some(999), ..good.clone() },
        ] {
            assert!(!passes(&bad), "{bad:?}");
        }
    }
}
