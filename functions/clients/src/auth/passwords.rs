//! Passwords: the first one, a forgotten one, a new one (contract 02 §3.5).

use axum::{Extension, Json, extract::State};
use casa_domain::{client::Client, event::What};
use casa_store::StoredClient;
use casa_web::{
    ApiResult, AppState, Form, RemoteAddress,
    openapi::{Racing, WithBody},
    passwords,
};
use utoipa::ToSchema;

use super::{
    LONGEST_CODE, LONGEST_PASSWORD, Vendors,
    answers::{AccountMessage, AccountRefusal, bad, nobody},
    change::change,
    codes::{Codes, Purpose, is_phone},
    document::Document,
    guard, mask,
    verify::DocumentQuestion,
};
use crate::fields::text_schema;

/// Fewest characters of a password.
const SHORTEST: usize = 6;
/// Fewest characters of one that takes the place of another.
const SHORTEST_AGAIN: usize = 8;

/// A password to be chosen.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct NewPassword {
    /// `dni`, `cex`, `pas` or `ruc`, in any case.
    #[schema(schema_with = text_schema::<1, 3>)]
    document_type: String,
    /// Its number.
    #[schema(schema_with = text_schema::<1, 50>)]
    number_doc: String,
    /// The code that was sent to the guest's phone.
    #[schema(schema_with = text_schema::<1, LONGEST_CODE>)]
    otp_code: String,
    /// The password. White space around it does not count.
    #[schema(schema_with = text_schema::<SHORTEST, LONGEST_PASSWORD>)]
    password: String,
}

/// What a body says of the password to be chosen.
struct Wish {
    document: Document,
    code: String,
    password: String,
}

impl Wish {
    fn read(form: &Form) -> ApiResult<Self> {
        let mut fields = form.check();
        let document = Document::read(&mut fields);
        let (code, password) = (
            fields.text("otp_code", LONGEST_CODE).value(),
            fields.text("password", LONGEST_PASSWORD).value(),
        );
        let password = password.filter(|password| password.chars().count() >= SHORTEST);
        match (document, code, password, fields.finish()) {
            (Some(document), Some(code), Some(password), Ok(())) => Ok(Self { document, code, password }),
            _ => Err(bad(&format!(
                "Indique el documento, el código que recibió y una contraseña de {SHORTEST} a {LONGEST_PASSWORD} caracteres."
            ))),
        }
    }
}

/// Whether a guest can sign in with a password.
pub(crate) fn has_password(guest: &Client) -> bool {
    guest.is_password_set && guest.password.as_ref().is_some_and(|hash| !hash.is_empty())
}

/// Chooses a password with the code that `clients/client-auth/request-otp/` sent; also in the place of another. Every
/// earlier sign-in of the guest ends.
#[utoipa::path(
    post,
    path = "/api/v1/clients/client-auth/setup-password/",
    tag = "clients",
    operation_id = "client_setup_password",
    request_body(content(
        (NewPassword = "application/json"),
        (NewPassword = "application/x-www-form-urlencoded"),
        (NewPassword = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Chosen.", body = AccountMessage),
        (status = 400, description = "A field is missing or unusable, the code is wrong or used up, or the body cannot be read.", body = AccountRefusal),
        (status = 404, description = "Nobody is registered with the document.", body = AccountRefusal),
        (status = 429, description = "Too many tries: wait.", body = AccountRefusal,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        WithBody,
        Racing,
    ),
)]
pub(crate) async fn setup(
    State(state): State<AppState>,
    Extension(gateways): Vendors,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<Json<AccountMessage>> {
    let wish = Wish::read(&form)?;
    guard::ask(&state, "guest-setup-password", &address).await?;
    let guest = wish.document.holder(&state).await?.ok_or_else(nobody)?;
    check_code(&state, &gateways, &guest.client, &wish.code).await?;
    choose(&state, guest, wish).await?;
    Ok(Json(AccountMessage::new("Su contraseña quedó configurada. Ya puede iniciar sesión.")))
}

/// Sends a code to a guest who forgot the password. Three codes per phone, and per address, in 15 minutes.
#[utoipa::path(
    post,
    path = "/api/v1/clients/client-auth/forgot-password/",
    tag = "clients",
    operation_id = "client_forgot_password",
    request_body(content(
        (DocumentQuestion = "application/json"),
        (DocumentQuestion = "application/x-www-form-urlencoded"),
        (DocumentQuestion = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Sent.", body = AccountMessage),
        (status = 400, description = "The document is missing, the guest has no password or no phone, or the body cannot be read.", body = AccountRefusal),
        (status = 404, description = "Nobody is registered with the document.", body = AccountRefusal),
        (status = 429, description = "Too many codes or questions: wait.", body = AccountRefusal,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        (status = 503, description = "The code could not be sent, or the table does not answer.", body = AccountRefusal),
        WithBody,
    ),
)]
pub(crate) async fn forgot(
    State(state): State<AppState>,
    Extension(gateways): Vendors,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<Json<AccountMessage>> {
    let mut fields = form.check();
    let document = Document::read(&mut fields);
    let (Some(document), Ok(())) = (document, fields.finish()) else {
        return Err(bad("Indique el tipo y el número de documento."));
    };
    guard::ask(&state, "guest-forgot-password", &address).await?;
    let guest = document.holder(&state).await?.ok_or_else(nobody)?.client;
    if !has_password(&guest) {
        return Err(no_password());
    }
    if !is_phone(&guest.tel_number) {
        return Err(bad("No tenemos un teléfono suyo al que enviar el código."));
    }
    let codes = Codes::new(&state, &gateways);
    codes.send(Purpose::Password(guest.id), &guest.tel_number, &address).await?;
    let text =
        format!("Le enviamos un código de verificación al teléfono {}.", mask::phone(&guest.tel_number));
    Ok(Json(AccountMessage::new(text)))
}

/// Puts a new password of at least eight characters in the place of a forgotten one. Every earlier sign-in of the guest
/// ends.
#[utoipa::path(
    post,
    path = "/api/v1/clients/client-auth/reset-password/",
    tag = "clients",
    operation_id = "client_reset_password",
    request_body(content(
        (NewPassword = "application/json"),
        (NewPassword = "application/x-www-form-urlencoded"),
        (NewPassword = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Changed.", body = AccountMessage),
        (status = 400, description = "A field is missing or unusable, the guest has no password, the code is wrong or used up, or the body cannot be read.", body = AccountRefusal),
        (status = 404, description = "Nobody is registered with the document.", body = AccountRefusal),
        (status = 429, description = "Too many tries: wait.", body = AccountRefusal,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        WithBody,
        Racing,
    ),
)]
pub(crate) async fn reset(
    State(state): State<AppState>,
    Extension(gateways): Vendors,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<Json<AccountMessage>> {
    let wish = Wish::read(&form)?;
    guard::ask(&state, "guest-reset-password", &address).await?;
    let guest = wish.document.holder(&state).await?.ok_or_else(nobody)?;
    if !has_password(&guest.client) {
        return Err(no_password());
    }
    check_code(&state, &gateways, &guest.client, &wish.code).await?;
    if wish.password.chars().count() < SHORTEST_AGAIN {
        return Err(bad(&format!("La contraseña debe tener al menos {SHORTEST_AGAIN} caracteres.")));
    }
    choose(&state, guest, wish).await?;
    Ok(Json(AccountMessage::new("Su contraseña fue cambiada. Ya puede iniciar sesión.")))
}

async fn check_code(
    state: &AppState,
    gateways: &casa_gateways::Gateways,
    guest: &Client,
    code: &str,
) -> ApiResult<()> {
    Codes::new(state, gateways).check(Purpose::Password(guest.id), &guest.tel_number, code).await
}

/// Stores a password and ends every earlier sign-in of the guest (decision 4).
async fn choose(state: &AppState, guest: StoredClient, wish: Wish) -> ApiResult<()> {
    let hash = passwords::hash(wish.password).await?;
    let now = state.clock.now();
    let edit = |before: &Client| {
        let after = || Client { updated: now, ..with_password(before, hash.clone()) };
        (!before.deleted).then(|| (after(), first_password(before).into_iter().collect()))
    };
    let stored = change(state, guest, edit).await?;
    if stored.client.deleted {
        return Err(nobody());
    }
    // Whoever forgot the password has failed often enough: the new one shall serve at once.
    guard::forgive(state, &guard::sign_in(state, &wish.document, "")).await;
    Ok(())
}

/// The guest with a new password.
pub(crate) fn with_password(guest: &Client, hash: String) -> Client {
    Client {
        password: Some(hash),
        is_password_set: true,
        session: guest.session.wrapping_add(1),
        ..guest.clone()
    }
}

/// The fact that a guest gets a first password.
pub(crate) fn first_password(before: &Client) -> Option<What> {
    (!before.is_password_set).then_some(What::ClientPasswordSet { client: before.id })
}

fn no_password() -> casa_web::ApiError {
    bad("Todavía no ha configurado una contraseña.")
}
