//! `POST clients/complete-register/`: registration with a proven phone (contract 02 §3.3).

use axum::{Extension, Json, extract::State};
use casa_domain::{
    client::Client,
    event::{What, client_changed},
};
use casa_store::{StoreError, StoredClient};
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
    LONGEST_CODE, LONGEST_PASSWORD, LONGEST_PHONE, Vendors,
    answers::{AccountRefusal, RegistrationRefusal, bad, invalid_record},
    change::change,
    codes::{Codes, Purpose},
    guard,
    passwords::{first_password, with_password},
    registration::{
        demand, document_taken, new_record, passwords_differ, read_document, read_password, read_record,
        read_referrer, register,
    },
};
use crate::{
    fields::{date_schema, document_type_schema, sex_schema, text_schema},
    record::check_names,
};

/// Fields without which nobody registers, in the order in which they are missed.
const DEMANDED: [&str; 11] = [
    "document_type",
    "number_doc",
    "first_name",
    "last_name",
    "email",
    "tel_number",
    "sex",
    "date",
    "otp_code",
    "password",
    "confirm_password",
];

/// A new guest with a code that was sent to the phone. Other keys are ignored.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct ProvenRegistration {
    /// Kind of document.
    #[schema(schema_with = document_type_schema)]
    document_type: String,
    /// Its number, unique per kind.
    #[schema(schema_with = text_schema::<1, 50>)]
    number_doc: String,
    /// Given names, or the name of a company.
    #[schema(schema_with = text_schema::<1, 30>)]
    first_name: String,
    /// Family names.
    #[schema(schema_with = text_schema::<1, 40>)]
    last_name: String,
    /// E-mail address.
    #[schema(schema_with = text_schema::<1, 150>)]
    email: String,
    /// The phone that the code was sent to.
    #[schema(schema_with = text_schema::<1, LONGEST_PHONE>)]
    tel_number: String,
    /// `m`, `f` or `e` (company).
    #[schema(schema_with = sex_schema)]
    sex: String,
    /// Birth date, `YYYY-MM-DD`.
    #[schema(schema_with = date_schema)]
    date: String,
    /// The code.
    #[schema(schema_with = text_schema::<1, LONGEST_CODE>)]
    otp_code: String,
    /// The password. White space around it does not count.
    #[schema(schema_with = text_schema::<1, LONGEST_PASSWORD>)]
    password: String,
    /// The same again.
    #[schema(schema_with = text_schema::<1, LONGEST_PASSWORD>)]
    confirm_password: String,
    /// Referral code of the guest who referred this one.
    #[schema(schema_with = crate::fields::nullable_schema::<8>)]
    referral_code: Option<String>,
}

/// A guest was registered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProvenRegistered {
    /// Always true.
    success: bool,
    /// The same in words, Spanish.
    message: String,
    /// The guest.
    client: RegisteredGuest,
    /// Who referred a guest who came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer: Option<RegisteredReferrer>,
}

/// A guest who registered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisteredGuest {
    /// Its id.
    id: Uuid,
    /// Kind of document.
    document_type: String,
    /// Its number.
    number_doc: String,
    /// Given names.
    first_name: String,
    /// Family names.
    last_name: Option<String>,
    /// E-mail address.
    email: Option<String>,
}

/// Who referred a guest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisteredReferrer {
    /// Its id.
    id: Uuid,
    /// Both names.
    name: String,
    /// The code.
    referral_code: String,
}

/// Registers a guest whose phone the code proves, or brings one back who was deleted: with the same id, points, levels
/// and referral code, and the data of this body. Twenty registrations per address and hour, sixty tries in 15 minutes.
#[utoipa::path(
    post,
    path = "/api/v1/clients/complete-register/",
    tag = "clients",
    operation_id = "client_complete_register",
    request_body(content(
        (ProvenRegistration = "application/json"),
        (ProvenRegistration = "application/x-www-form-urlencoded"),
        (ProvenRegistration = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "Registered.", body = ProvenRegistered),
        (status = 400, description = "A field is missing or unusable, the code is wrong or used up, the document is registered already, or the body cannot be read.", body = RegistrationRefusal),
        (status = 429, description = "Too many registrations: wait.", body = AccountRefusal,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        WithBody,
        Racing,
    ),
)]
pub(crate) async fn complete_register(
    State(state): State<AppState>,
    Extension(gateways): Vendors,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<(StatusCode, Json<ProvenRegistered>)> {
    demand(&form, &DEMANDED)?;
    let (password, again) = (read_password(&form, "password")?, read_password(&form, "confirm_password")?);
    let Some(password) = password.filter(|password| Some(password) == again.as_ref()) else {
        return Err(passwords_differ());
    };
    guard::ask(&state, "guest-complete-try", &address).await?;
    let (is_referred, referrer) = read_referrer(&state, &form).await?;
    if is_referred && referrer.is_none() {
        return Err(bad("El código de referido no existe."));
    }
    let holder = match read_document(&form) {
        Some(document) => state.store.clients().by_document(&document.kind, &document.number).await?,
        None => None,
    };
    if holder.as_ref().is_some_and(|holder| !holder.client.deleted) {
        return Err(document_taken());
    }

    // Nothing is told or changed before the phone is proven, of a deleted guest neither (contract 02 §8, defect 1).
    let mut fields = form.check();
    let (phone, code) = (fields.text("tel_number", LONGEST_PHONE), fields.text("otp_code", LONGEST_CODE));
    let (Some(phone), Some(code)) = (phone.value(), code.value()) else {
        return Err(bad("El teléfono o el código no es válido."));
    };
    Codes::new(&state, &gateways).check(Purpose::Registration, &phone, &code).await?;

    let (guest, shown_referrer) = match holder {
        Some(deleted) => {
            let mut wanted = read_record(&form, deleted.client.clone())?;
            let last_name = wanted.last_name.as_deref().unwrap_or_default();
            check_names(&state, &wanted.document_type, Some(&wanted.first_name), last_name)
                .map_err(invalid_record)?;
            wanted.referred_by = referrer.as_ref().map(|referrer| referrer.id).or(wanted.referred_by);
            guard::register(&state, &address).await?;
            let hash = passwords::hash(password).await?;
            (come_back(&state, deleted, &wanted, hash).await?, referrer)
        }
        None => {
            let mut wanted = new_record(&state, &form).await?;
            wanted.referred_by = referrer.map(|referrer| referrer.id);
            wanted.password = Some(passwords::hash(password).await?);
            wanted.is_password_set = true;
            (register(&state, wanted, &address).await?, None)
        }
    };
    let sent = form.get("referral_code").and_then(|code| code.as_str()).unwrap_or_default().trim();
    let answer = ProvenRegistered {
        success: true,
        message: "Registro completado. Ya puede iniciar sesión.".to_owned(),
        client: RegisteredGuest::new(guest),
        referrer: shown_referrer.map(|referrer| RegisteredReferrer::new(&referrer, sent)),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Brings a deleted guest back with the data of `wanted`. A Facebook account that another guest linked meanwhile stays
/// theirs.
async fn come_back(
    state: &AppState,
    deleted: StoredClient,
    wanted: &Client,
    hash: String,
) -> ApiResult<Client> {
    let now = state.clock.now();
    let mut keeps_facebook = true;
    loop {
        let edit = |before: &Client| {
            let mut after = back(before, wanted, &hash);
            after.updated = now;
            if !keeps_facebook {
                unlink(&mut after);
            }
            let facts = client_changed(before, &after).into_iter().chain(first_password(before));
            let facts: Vec<What> = facts.collect();
            before.deleted.then_some((after, facts))
        };
        match change(state, deleted.clone(), edit).await {
            Ok(stored) if stored.client.password.as_ref() == Some(&hash) => return Ok(stored.client),
            // Somebody else was faster.
            Ok(_) | Err(StoreError::Taken("document")) => return Err(document_taken()),
            Err(StoreError::Taken("facebook")) if keeps_facebook => keeps_facebook = false,
            Err(error) => return Err(error.into()),
        }
    }
}

/// A deleted guest, back with the data that `wanted` brings.
fn back(before: &Client, wanted: &Client, hash: &str) -> Client {
    Client {
        deleted: false,
        first_name: wanted.first_name.clone(),
        last_name: wanted.last_name.clone(),
        email: wanted.email.clone(),
        tel_number: wanted.tel_number.clone(),
        sex: wanted.sex.clone(),
        date: wanted.date,
        referred_by: wanted.referred_by,
        ..with_password(before, hash.to_owned())
    }
}

/// Forgets the guest's Facebook account.
pub(crate) fn unlink(guest: &mut Client) {
    guest.facebook_id = None;
    guest.facebook_linked = false;
    guest.facebook_profile_data = None;
    guest.facebook_linked_at = None;
}

impl RegisteredGuest {
    fn new(guest: Client) -> Self {
        Self {
            id: guest.id.0,
            document_type: guest.document_type,
            number_doc: guest.number_doc,
            first_name: guest.first_name,
            last_name: guest.last_name,
            email: guest.email,
        }
    }
}

impl RegisteredReferrer {
    fn new(referrer: &Client, sent: &str) -> Self {
        Self { id: referrer.id.0, name: referrer.card().full_name(), referral_code: sent.to_owned() }
    }
}
