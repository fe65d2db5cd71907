//! Sign-in tokens of staff: made, checked, and demanded by the extractor [`Staff`] (contract 01 §4.2; decisions 3, 4).
//! Those of guests are in [`crate::guests`].

use std::time::Duration;

use axum::extract::FromRequestParts;
use casa_domain::staff::StaffUser;
use chrono::{DateTime, Utc};
use http::{header, request::Parts};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{ApiError, AppState, Settings, error};

/// Claims of a staff token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// `access` or `refresh`.
    pub token_type: String,
    /// Unix seconds after which it is worthless.
    pub exp: i64,
    /// Unix seconds of the sign-in it descends from.
    pub iat: i64,
    /// Unique.
    pub jti: String,
    /// The user.
    pub user_id: i64,
    /// The user's session number when signed in; a higher one since ends the token.
    #[serde(default)]
    pub session: u32,
    /// `staff`: keeps tokens of guests from passing as tokens of staff.
    pub kind: String,
}

const STAFF: &str = "staff";

/// Signs and checks tokens.
pub struct Tokens {
    sign: EncodingKey,
    check: DecodingKey,
    access_life: Duration,
    refresh_life: Duration,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

/// An access and a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// For requests.
    pub access: String,
    /// For new access tokens.
    pub refresh: String,
}

impl Tokens {
    /// Tokens under the settings' secret and lives.
    pub fn new(settings: &Settings) -> Self {
        let secret = settings.secret.0.as_bytes();
        Self {
            sign: EncodingKey::from_secret(secret),
            check: DecodingKey::from_secret(secret),
            access_life: settings.access_life,
            refresh_life: settings.refresh_life,
        }
    }

    /// The tokens of a sign-in.
    ///
    /// # Errors
    /// 401 when signing fails.
    pub fn pair(&self, user: &StaffUser, now: DateTime<Utc>) -> Result<Pair, ApiError> {
        Ok(Pair {
            access: self.make(user, "access", self.access_life, now, now.timestamp())?,
            refresh: self.make(user, "refresh", self.refresh_life, now, now.timestamp())?,
        })
    }

    /// A new access token from a checked refresh token; keeps the instant of the sign-in.
    ///
    /// # Errors
    /// 401 when signing fails.
    pub fn refreshed(
        &self,
        user: &StaffUser,
        refresh: &Claims,
        now: DateTime<Utc>,
    ) -> Result<String, ApiError> {
        self.make(user, "access", self.access_life, now, refresh.iat)
    }

    fn make(
        &self,
        user: &StaffUser,
        token_type: &str,
        life: Duration,
        now: DateTime<Utc>,
        iat: i64,
    ) -> Result<String, ApiError> {
        let claims = Claims {
            token_type: token_type.to_owned(),
            exp: now.timestamp().saturating_add_unsigned(life.as_secs()),
            iat,
            jti: uuid::Uuid::new_v4().simple().to_string(),
            user_id: user.id,
            session: user.session,
            kind: STAFF.to_owned(),
        };
        self.signed(&claims)
    }

    /// A token with these claims.
    pub(crate) fn signed(&self, claims: &impl Serialize) -> Result<String, ApiError> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.sign)
            .map_err(|_| error::bad_token())
    }

    /// How long access and refresh tokens live.
    pub(crate) fn lives(&self) -> (Duration, Duration) {
        (self.access_life, self.refresh_life)
    }

    /// The claims of a token that is signed by us; nothing else is checked.
    pub(crate) fn opened<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let mut rules = Validation::new(Algorithm::HS256);
        // Expiry is judged by our own clock, which may stand still.
        rules.validate_exp = false;
        rules.required_spec_claims.clear();
        Some(jsonwebtoken::decode::<T>(token, &self.check, &rules).ok()?.claims)
    }

    /// The claims of a staff token of the wanted type that is signed by us and has not expired at `now`.
    pub fn claims(&self, token: &str, token_type: &str, now: DateTime<Utc>) -> Option<Claims> {
        let claims: Claims = self.opened(token)?;
        let fits = claims.kind == STAFF && claims.token_type == token_type && claims.exp > now.timestamp();
        fits.then_some(claims)
    }
}

/// The token that a request bears; `None` without one, or under another scheme.
///
/// # Errors
/// 401 when the header is no text or has not exactly two parts.
pub(crate) fn bearer(parts: &Parts) -> Result<Option<&str>, ApiError> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().map_err(|_| error::bad_token())?;
    let mut words = text.split_whitespace();
    if words.next() != Some("Bearer") {
        return Ok(None);
    }
    match (words.next(), words.next()) {
        (Some(token), None) => Ok(Some(token)),
        _ => Err(error::unauthorized(
            "bad_authorization_header",
            "El encabezado de autorización debe tener dos partes separadas por un espacio.",
        )),
    }
}

/// Demands the access token of an active member of staff and gives the user (contract 01 §4.3, §4.6).
#[derive(Clone, Debug)]
pub struct Staff(pub StaffUser);

impl FromRequestParts<AppState> for Staff {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let token = bearer(parts)?.ok_or_else(error::unauthenticated)?;
        let claims = state.tokens.claims(token, "access", state.clock.now()).ok_or_else(error::bad_token)?;
        let user = state.store.users().get(claims.user_id).await?;
        Ok(Self(live(user, &claims)?))
    }
}

/// The member of staff who asks, on endpoints that are public but show staff more. Every other token, or none, counts
/// as nobody (decision 3).
#[derive(Clone, Debug)]
pub struct MaybeStaff(pub Option<StaffUser>);

impl FromRequestParts<AppState> for MaybeStaff {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        match Staff::from_request_parts(parts, state).await {
            Ok(Staff(user)) => Ok(Self(Some(user))),
            Err(refusal) if refusal.status() == http::StatusCode::UNAUTHORIZED => Ok(Self(None)),
            Err(failure) => Err(failure),
        }
    }
}

/// The user a token stands for, if they still may use it.
///
/// # Errors
/// 401 `user_not_found`, `user_inactive`, or a bad token when all sessions were ended since.
pub fn live(user: Option<StaffUser>, claims: &Claims) -> Result<StaffUser, ApiError> {
    let user = user.ok_or_else(|| error::unauthorized("user_not_found", "Usuario no encontrado."))?;
    if !user.is_active {
        return Err(error::unauthorized("user_inactive", "El usuario está inactivo."));
    }
    if user.session != claims.session {
        return Err(error::bad_token());
    }
    Ok(user)
}
