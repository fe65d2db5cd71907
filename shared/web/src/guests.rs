//! Sign-in tokens of guests: made, checked, and demanded by the extractor [`Guest`] (contract 02 §2.1, §8 defect 9;
//! decisions 3, 4). Same key and lives as those of staff, another `kind`.

use axum::extract::FromRequestParts;
use casa_domain::{Client, ClientId};
use casa_store::StoredClient;
use chrono::{DateTime, Utc};
use http::{StatusCode, request::Parts};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    ApiError, AppState, error,
    tokens::{Pair, Tokens, bearer},
};

/// Claims of a guest's token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestClaims {
    /// `access` or `refresh`.
    pub token_type: String,
    /// Unix seconds after which it is worthless.
    pub exp: i64,
    /// Unix seconds of the sign-in it descends from.
    pub iat: i64,
    /// Unique.
    pub jti: String,
    /// The guest.
    pub client_id: ClientId,
    /// The guest again, as the site's code expects.
    pub user_id: ClientId,
    /// Kind of the guest's document.
    pub document_type: String,
    /// Its number.
    pub number_doc: String,
    /// The guest's session number when signed in; a higher one since ends the token.
    pub session: u32,
    /// `client`: keeps tokens of staff from passing as tokens of guests.
    pub kind: String,
}

const CLIENT: &str = "client";

impl Tokens {
    /// The tokens of a guest's sign-in.
    ///
    /// # Errors
    /// 401 when signing fails.
    pub fn guest_pair(&self, guest: &Client, now: DateTime<Utc>) -> Result<Pair, ApiError> {
        let (access, refresh) = self.lives();
        Ok(Pair {
            access: self.guest_token(guest, "access", access, now, now.timestamp())?,
            refresh: self.guest_token(guest, "refresh", refresh, now, now.timestamp())?,
        })
    }

    /// A new access token from a guest's checked refresh token; keeps the instant of the sign-in.
    ///
    /// # Errors
    /// 401 when signing fails.
    pub fn guest_refreshed(
        &self,
        guest: &Client,
        refresh: &GuestClaims,
        now: DateTime<Utc>,
    ) -> Result<String, ApiError> {
        self.guest_token(guest, "access", self.lives().0, now, refresh.iat)
    }

    fn guest_token(
        &self,
        guest: &Client,
        token_type: &str,
        life: std::time::Duration,
        now: DateTime<Utc>,
        iat: i64,
    ) -> Result<String, ApiError> {
        self.signed(&GuestClaims {
            token_type: token_type.to_owned(),
            exp: now.timestamp().saturating_add_unsigned(life.as_secs()),
            iat,
            jti: uuid::Uuid::new_v4().simple().to_string(),
            client_id: guest.id,
            user_id: guest.id,
            document_type: guest.document_type.clone(),
            number_doc: guest.number_doc.clone(),
            session: guest.session,
            kind: CLIENT.to_owned(),
        })
    }

    /// The claims of a guest's token of the wanted type that is signed by us and has not expired at `now`.
    pub fn guest_claims(&self, token: &str, token_type: &str, now: DateTime<Utc>) -> Option<GuestClaims> {
        let claims: GuestClaims = self.opened(token)?;
        let fits = claims.kind == CLIENT && claims.token_type == token_type && claims.exp > now.timestamp();
        fits.then_some(claims)
    }
}

/// Demands the access token of a guest who is not deleted and gives the guest's record (contract 02 §2.1).
#[derive(Clone, Debug)]
pub struct Guest(pub StoredClient);

impl FromRequestParts<AppState> for Guest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let token = bearer(parts)?.ok_or_else(nobody)?;
        let now = state.clock.now();
        let Some(claims) = state.tokens.guest_claims(token, "access", now) else {
            // A valid token of a member of staff stands for no guest.
            let of_staff = state.tokens.claims(token, "access", now).is_some();
            return Err(if of_staff { nobody() } else { error::bad_token() });
        };
        let guest = state.store.clients().get(claims.client_id).await?;
        live(guest, &claims).map(Self)
    }
}

/// The guest who asks, on endpoints that are public but know guests. Every other token, or none, counts as nobody
/// (decision 3).
#[derive(Clone, Debug)]
pub struct MaybeGuest(pub Option<StoredClient>);

impl FromRequestParts<AppState> for MaybeGuest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        match Guest::from_request_parts(parts, state).await {
            Ok(Guest(guest)) => Ok(Self(Some(guest))),
            Err(refusal) if refusal.status() == StatusCode::UNAUTHORIZED => Ok(Self(None)),
            Err(failure) => Err(failure),
        }
    }
}

/// The guest a token stands for, if they still may use it.
///
/// # Errors
/// 401 when the guest is unknown or deleted, or all sessions were ended since.
pub fn live(guest: Option<StoredClient>, claims: &GuestClaims) -> Result<StoredClient, ApiError> {
    let guest = guest.filter(|guest| !guest.client.deleted).ok_or_else(nobody)?;
    if guest.client.session == claims.session { Ok(guest) } else { Err(error::bad_token()) }
}

/// 401: nobody is signed in. `message` is what the site shows.
fn nobody() -> ApiError {
    let text = "Token inválido";
    ApiError::new(StatusCode::UNAUTHORIZED, json!({ "message": text, "detail": text }))
}
