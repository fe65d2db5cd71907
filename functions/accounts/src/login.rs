//! Sign-in of staff (contract 01 §3.1).

use axum::{Json, extract::State};
use casa_domain::StaffUser;
use casa_store::StoreError;
use casa_web::{
    ApiError, ApiResult, AppState, Form, RemoteAddress, error,
    guard::Guard,
    openapi::{Detail, Invalid, Unauthorized, WithBody},
    passwords::{self, Right},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{LONGEST, text_schema};

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
) -> ApiResult<Json<LoginAnswer>> {
    let mut fields = form.check();
    let (email, password) = (fields.text("email", LONGEST_EMAIL), fields.text("password", LONGEST));
    let (email, password) = (fields.required("email", email), fields.required("password", password));
    fields.finish()?;
    let (Some(email), Some(password)) = (email, password) else { return Err(refused()) };

    let guard = Guard::of_sign_in("login", &state.settings.secret, &email.to_lowercase(), &address);
    guard.obey(&state.store, wait).await?;
    let user = state.store.users().by_email(&email).await?;
    let checked = passwords::check(user.as_ref().map(|user| user.password.clone()), password).await;
    let (Some(user), Some(checked)) = (user.filter(|user| user.is_active), checked) else {
        return Err(refused());
    };

    // The sign-in stands even if the counters cannot be reset now.
    if let Err(error) = guard.succeeded(&state.store).await {
        tracing::warn!(%error, "failed sign-ins could not be forgotten");
    }
    if let Right::AndHashedAnew(hash) = checked {
        renew_hash(&state, &user, hash).await;
    }
    let pair = state.tokens.pair(&user, state.clock.now())?;
    let groups = user.groups.into_iter().map(|group| group.name).collect();
    Ok(Json(LoginAnswer { refresh: pair.refresh, access: pair.access, id: user.id, groups }))
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

fn wait(seconds: u64) -> ApiError {
    let text = format!("Demasiados intentos fallidos. Intente de nuevo en {} min.", seconds.div_ceil(60));
    error::detail(StatusCode::TOO_MANY_REQUESTS, &text).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn waiting_is_told() {
        let response = wait(61).into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "61");
    }
}
