//! One-time codes on request (contract 02 §3.4).

use axum::{Extension, Json, extract::State};
use casa_web::{ApiResult, AppState, Form, RemoteAddress, form::Given, openapi::WithBody};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    LONGEST_PHONE, Vendors,
    answers::{AccountRefusal, bad, nobody},
    codes::{Codes, Purpose, is_phone},
    document::Document,
    guard, mask,
    verify::DocumentQuestion,
};
use crate::fields::text_schema;

/// Digits of a phone, at least and at most (the most is that of ITU-T E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 9..=15;

/// A phone that is to be proven.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct PhoneToProve {
    /// Nine digits or more, with the country code unless it is Peru's.
    #[schema(schema_with = text_schema::<9, LONGEST_PHONE>)]
    tel_number: String,
}

/// A code was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeSent {
    /// The same in words, Spanish.
    message: String,
    /// The last characters of the phone.
    phone_masked: String,
}

impl CodeSent {
    fn new(phone_masked: String) -> Json<Self> {
        Json(Self { message: "Le enviamos un código de verificación.".to_owned(), phone_masked })
    }
}

/// Sends a code with which `clients/complete-register/` proves the phone. It is good for ten minutes, five tries and one
/// use. Three codes per phone, and per address, in 15 minutes.
#[utoipa::path(
    post,
    path = "/api/v1/clients/client-auth/request-otp-registration/",
    tag = "clients",
    operation_id = "client_request_otp_registration",
    request_body(content(
        (PhoneToProve = "application/json"),
        (PhoneToProve = "application/x-www-form-urlencoded"),
        (PhoneToProve = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Sent.", body = CodeSent),
        (status = 400, description = "The phone is missing or none, or the body cannot be read.", body = AccountRefusal),
        (status = 429, description = "Too many codes: wait.", body = AccountRefusal,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        (status = 503, description = "The code could not be sent, or the table does not answer.", body = AccountRefusal),
        WithBody,
    ),
)]
pub(crate) async fn for_registration(
    State(state): State<AppState>,
    Extension(gateways): Vendors,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<Json<CodeSent>> {
    let phone = match form.check().text("tel_number", LONGEST_PHONE) {
        Given::Value(phone) => phone,
        Given::Absent | Given::Null => return Err(bad("Indique su número de teléfono.")),
        Given::Wrong => return Err(not_a_phone()),
    };
    if !DIGITS.contains(&phone.bytes().filter(u8::is_ascii_digit).count()) {
        return Err(not_a_phone());
    }
    Codes::new(&state, &gateways).send(Purpose::Registration, &phone, &address).await?;
    Ok(CodeSent::new(mask::typed_phone(&phone)))
}

/// Sends a code with which the guest chooses a password, to the phone of the guest's record. It is good for ten minutes,
/// five tries and one use. Three codes per phone, and per address, in 15 minutes.
#[utoipa::path(
    post,
    path = "/api/v1/clients/client-auth/request-otp/",
    tag = "clients",
    operation_id = "client_request_otp",
    request_body(content(
        (DocumentQuestion = "application/json"),
        (DocumentQuestion = "application/x-www-form-urlencoded"),
        (DocumentQuestion = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Sent.", body = CodeSent),
        (status = 400, description = "The document is missing, the guest has no phone, or the body cannot be read.", body = AccountRefusal),
        (status = 404, description = "Nobody is registered with the document.", body = AccountRefusal),
        (status = 429, description = "Too many codes or questions: wait.", body = AccountRefusal,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        (status = 503, description = "The code could not be sent, or the table does not answer.", body = AccountRefusal),
        WithBody,
    ),
)]
pub(crate) async fn for_password(
    State(state): State<AppState>,
    Extension(gateways): Vendors,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<Json<CodeSent>> {
    let mut fields = form.check();
    let document = Document::read(&mut fields);
    let (Some(document), Ok(())) = (document, fields.finish()) else {
        return Err(bad("Indique el tipo y el número de documento."));
    };
    guard::ask(&state, "guest-request-otp", &address).await?;
    let guest = document.holder(&state).await?.ok_or_else(nobody)?.client;
    if !is_phone(&guest.tel_number) {
        return Err(bad("No tenemos un teléfono suyo al que enviar el código."));
    }
    let codes = Codes::new(&state, &gateways);
    codes.send(Purpose::Password(guest.id), &guest.tel_number, &address).await?;
    Ok(CodeSent::new(mask::phone(&guest.tel_number)))
}

fn not_a_phone() -> casa_web::ApiError {
    bad("El número de teléfono no es válido: debe tener al menos 9 dígitos.")
}
