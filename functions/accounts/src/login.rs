//! Sign-in of staff (contract 01 §3.1).

use std::sync::LazyLock;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use casa_domain::{
    StaffUser,
    password::{self, Verdict},
};
use casa_store::StoreError;
use casa_web::{
    ApiError, ApiResult, AppState, Form, RemoteAddress, error,
    openapi::{Detail, Invalid, Unauthorized, WithBody},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    LONGEST,
    guard::{Guard, Leave},
    text_schema,
};

/// Most characters of an e-mail address (contract 01 §2.2). It becomes part of a key of the table, which has a limit.
const LONGEST_EMAIL: usize = 254;

/// Who signs in.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct LoginRequest {
    /// The user's e-mail address, in any case.
    #[schema(schema_with = text_schema::<LONGEST_EMAIL>)]
    email: String,
    /// The user's password. White space around it does not count.
    #[schema(schema_with = text_schema::<LONGEST>)]
    password: String,
}

/// Tokens and role of who signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoginAnswer {
    /// For `token/refresh/`; lives 60 days.
    refresh: String,
    /// For the header `Authorization: Bearer …`; lives 7 days.
    access: String,
    /// The user's id.
    id: i64,
    /// Names of the user's groups, lowest group id first. The panel takes the first one as the role.
    groups: Vec<String>,
}

/// Signs a member of staff in. Ten failures of an account or a hundred from an address within 15 minutes make further
/// tries wait.
#[utoipa::path(
    post,
    path = "/api/v1/login/",
    tag = "accounts",
    operation_id = "login",
    request_body(content(
        (LoginRequest = "application/json"),
        (LoginRequest = "application/x-www-form-urlencoded"),
        (LoginRequest = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Signed in.", body = LoginAnswer),
        (status = 400, description = "A field is missing or unusable, or the body cannot be read.", body = Invalid),
        (status = 401, description = "Unknown address, wrong password or inactive user: the same for all three.", body = Unauthorized),
        (status = 429, description = "Too many failures: wait.", body = Detail,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        (status = 503, description = "The table does not answer.", body = Detail),
        WithBody,
    ),
)]
pub(crate) async fn login(
    State(state): State<AppState>,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<Response> {
    let mut fields = form.check();
    let (email, password) = (fields.text("email", LONGEST_EMAIL), fields.text("password", LONGEST));
    let (email, password) = (fields.required("email", email), fields.required("password", password));
    fields.finish()?;
    let (Some(email), Some(password)) = (email, password) else { return Err(refused()) };

    let guard = Guard::new(&email, &address);
    if let Leave::Refused(seconds) = guard.count(&state.store).await? {
        return Ok(wait(seconds));
    }
    let user = state.store.users().by_email(&email).await?;
    let checked = check(user.as_ref(), password).await;
    let (Some(user), Some(checked)) = (user.filter(|user| user.is_active), checked) else {
        return Err(refused());
    };

    // The sign-in stands even if the counters cannot be reset now.
    if let Err(error) = guard.succeeded(&state.store).await {
        tracing::warn!(%error, "failed sign-ins could not be forgotten");
    }
    if let Checked::AndHashedAnew(hash) = checked {
        renew_hash(&state, &user, hash).await;
    }
    let pair = state.tokens.pair(&user, state.clock.now())?;
    let groups = user.groups.into_iter().map(|group| group.name).collect();
    Ok(Json(LoginAnswer { refresh: pair.refresh, access: pair.access, id: user.id, groups }).into_response())
}

/// A right password.
enum Checked {
    /// Its hash is current.
    AsStored,
    /// Its hash was old; this is the new one.
    AndHashedAnew(String),
}

/// Stands in for the hash of users that do not exist, so that they take as long to refuse as others. (An imported
/// hash takes its own time until its user signs in for the first time.)
static NOBODY: LazyLock<String> = LazyLock::new(|| password::hash("nobody").unwrap_or_default());

/// Compares the password off the threads that serve requests: it takes tens of milliseconds of computing. `None` when
/// it is wrong or there is no such user.
async fn check(user: Option<&StaffUser>, password: String) -> Option<Checked> {
    let stored = user.map(|user| user.password.clone());
    let computed = tokio::task::spawn_blocking(move || {
        let verdict = password::verify(&password, stored.as_deref().unwrap_or(&NOBODY));
        match (stored.is_some(), verdict) {
            (false, _) | (true, Verdict::Wrong) => None,
            (true, Verdict::Right) => Some(Checked::AsStored),
            (true, Verdict::RightButOld) => {
                Some(password::hash(&password).map_or(Checked::AsStored, Checked::AndHashedAnew))
            }
        }
    });
    computed.await.unwrap_or_else(|error| {
        tracing::error!(%error, "checking a password failed");
        None
    })
}

/// Stores the new hash of an unchanged password (decision 5). Sessions go on. Another sign-in or a change of the user
/// may get there first: the next sign-in tries again.
async fn renew_hash(state: &AppState, user: &StaffUser, hash: String) {
    let after = StaffUser { password: hash, ..user.clone() };
    match state.store.users().replace(user, &after).await {
        Ok(()) | Err(StoreError::Changed) => {}
        Err(error) => tracing::warn!(%error, user = user.id, "a password hash could not be renewed"),
    }
}

/// The same answer for an unknown address, a wrong password and an inactive user.
fn refused() -> ApiError {
    error::detail(StatusCode::UNAUTHORIZED, "No se encontró una cuenta activa con las credenciales dadas.")
}

fn wait(seconds: u64) -> Response {
    let text = format!("Demasiados intentos fallidos. Intente de nuevo en {} min.", seconds.div_ceil(60));
    let mut response = error::detail(StatusCode::TOO_MANY_REQUESTS, &text).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(hash: &str) -> StaffUser {
        serde_json::from_value(serde_json::json!({
            "id": 1, "email": "ana@personal.example", "username": "ana", "password": hash, "is_active": true,
            "created": "2025-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    #[tokio::test]
    async fn old_hashes_are_made_new() {
        let imported = user("pbkdf2_sha256$1000$saltroot$0SAhm8E9+/6643HCWQv/112NNjhIXjozfBxhkPoodKI=");
        let Some(Checked::AndHashedAnew(hash)) = check(Some(&imported), "Root-A2025".into()).await else {
            panic!("not hashed anew");
        };
        assert!(matches!(check(Some(&user(&hash)), "Root-A2025".into()).await, Some(Checked::AsStored)));
        assert!(check(Some(&user(&hash)), "Root-A2026".into()).await.is_none());
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        assert!(check(None, "nobody".into()).await.is_none());
        assert!(check(Some(&user("")), String::new()).await.is_none());
    }

    #[test]
    fn waiting_is_told() {
        let response = wait(61);
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "61");
    }
}
