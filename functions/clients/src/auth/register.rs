//! `POST clients/public-register/`: registration without proof of the phone (contract 02 §3.2).

use axum::{Json, extract::State};
use casa_web::{
    ApiResult, AppState, Form, RemoteAddress,
    openapi::{Racing, WithBody},
    passwords,
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    LONGEST_PASSWORD,
    answers::{AccountRefusal, RegistrationRefusal, bad},
    guard,
    registration::{
        demand, document_taken, new_record, passwords_differ, read_document, read_password, read_referrer,
        register,
    },
};
use crate::fields::{date_schema, document_type_schema, nullable_schema, sex_schema, text_schema};

/// Fewest characters of a password that is typed twice.
const SHORTEST: usize = 8;

/// A new guest. Other keys are ignored.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct PublicRegistration {
    /// Kind of document.
    #[schema(schema_with = document_type_schema)]
    document_type: String,
    /// Its number, unique per kind.
    #[schema(schema_with = text_schema::<1, 50>)]
    number_doc: String,
    /// Given names, or the name of a company.
    #[schema(schema_with = text_schema::<1, 30>)]
    first_name: String,
    /// Family names; required with a `dni`.
    #[schema(schema_with = nullable_schema::<40>)]
    last_name: Option<String>,
    /// `m`, `f` or `e` (company); default `m`.
    #[schema(schema_with = sex_schema)]
    sex: Option<String>,
    /// E-mail address.
    #[schema(schema_with = nullable_schema::<150>)]
    email: Option<String>,
    /// Birth date, `YYYY-MM-DD`.
    #[schema(schema_with = date_schema)]
    date: Option<String>,
    /// Phone with country code.
    #[schema(schema_with = text_schema::<1, 50>)]
    tel_number: String,
    /// A password, to sign in at once. White space around it does not count.
    #[schema(schema_with = nullable_schema::<LONGEST_PASSWORD>)]
    password: Option<String>,
    /// The same again; then the password needs eight characters.
    #[schema(schema_with = nullable_schema::<LONGEST_PASSWORD>)]
    confirm_password: Option<String>,
    /// Referral code of the guest who referred this one; an unknown code is ignored.
    #[schema(schema_with = nullable_schema::<8>)]
    referral_code: Option<String>,
}

/// A guest was registered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicRegistered {
    /// Always true.
    success: bool,
    /// The same in words, Spanish.
    message: String,
    /// The guest's id.
    client_id: Uuid,
    /// Whether the guest still has to choose a password.
    requires_password_setup: bool,
}

/// Registers a guest. The phone is not proven. A document that a deleted guest held passes to the new one. Twenty
/// registrations per address and hour, sixty tries in 15 minutes.
#[utoipa::path(
    post,
    path = "/api/v1/clients/public-register/",
    tag = "clients",
    operation_id = "client_public_register",
    request_body(content(
        (PublicRegistration = "application/json"),
        (PublicRegistration = "application/x-www-form-urlencoded"),
        (PublicRegistration = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "Registered.", body = PublicRegistered),
        (status = 400, description = "A field is missing or unusable, the document is registered already, or the body cannot be read.", body = RegistrationRefusal),
        (status = 429, description = "Too many registrations: wait.", body = AccountRefusal,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        WithBody,
        Racing,
    ),
)]
pub(crate) async fn public_register(
    State(state): State<AppState>,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<(StatusCode, Json<PublicRegistered>)> {
    demand(&form, &["document_type", "number_doc", "first_name", "tel_number"])?;
    guard::ask(&state, "guest-register-try", &address).await?;
    if let Some(document) = read_document(&form)
        && document.holder(&state).await?.is_some()
    {
        return Err(document_taken());
    }
    let password = read_password(&form, "password")?;
    if let (Some(password), Some(again)) = (&password, read_password(&form, "confirm_password")?) {
        if *password != again {
            return Err(passwords_differ());
        }
        if password.chars().count() < SHORTEST {
            return Err(bad(&format!("La contraseña debe tener al menos {SHORTEST} caracteres.")));
        }
    }
    let (_, referrer) = read_referrer(&state, &form).await?;
    let mut guest = new_record(&state, &form).await?;
    // What the original stores of fields that are not sent.
    guest.last_name = guest.last_name.or_else(|| absent(&form, "last_name", ""));
    guest.email = guest.email.or_else(|| absent(&form, "email", ""));
    guest.sex = guest.sex.or_else(|| absent(&form, "sex", "m"));
    guest.referred_by = referrer.map(|referrer| referrer.id);
    let requires_password_setup = password.is_none();
    if let Some(password) = password {
        guest.password = Some(passwords::hash(password).await?);
        guest.is_password_set = true;
    }
    let guest = register(&state, guest, &address).await?;
    let answer = PublicRegistered {
        success: true,
        message: "Registro completado.".to_owned(),
        client_id: guest.id.0,
        requires_password_setup,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A default for a field that is not sent at all.
fn absent(form: &Form, name: &str, default: &str) -> Option<String> {
    form.get(name).is_none().then(|| default.to_owned())
}
