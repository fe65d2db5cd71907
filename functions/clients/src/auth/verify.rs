//! `POST clients/verify-document/` (contract 02 §3.1).

use axum::{Json, extract::State};
use casa_domain::client::Client;
use casa_web::{ApiError, ApiResult, AppState, Form, RemoteAddress, openapi::WithBody};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    answers::{AccountRefusal, bad},
    document::Document,
    guard, mask,
    passwords::has_password,
};
use crate::fields::text_schema;

/// A document.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct DocumentQuestion {
    /// `dni`, `cex`, `pas` or `ruc`, in any case.
    #[schema(schema_with = text_schema::<1, 3>)]
    document_type: String,
    /// Its number.
    #[schema(schema_with = text_schema::<1, 50>)]
    number_doc: String,
}

/// A registered guest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KnownDocument {
    /// Always true.
    exists: bool,
    /// As much of the guest as a stranger may see.
    client: KnownGuest,
}

/// A guest, masked (contract 02 §8, defect 3).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KnownGuest {
    /// The first of the given names.
    first_name: String,
    /// The initial of the family names.
    last_name: Option<String>,
    /// The first letter and the domain of the e-mail address.
    email: Option<String>,
    /// The last four characters of the phone.
    phone: String,
    /// Whether the guest has chosen a password.
    has_password: bool,
}

/// Nobody is registered with the document.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct UnknownDocument {
    /// Always false.
    exists: bool,
    /// The same in words, Spanish.
    message: String,
}

impl KnownGuest {
    fn new(guest: &Client) -> Self {
        Self {
            first_name: mask::first_name(&guest.first_name),
            last_name: guest.last_name.as_deref().map(mask::last_name),
            email: guest.email.as_deref().map(mask::email),
            phone: mask::phone(&guest.tel_number),
            has_password: has_password(guest),
        }
    }
}

/// Tells whether a document is registered, and whether its guest has a password. Sixty questions per address in 15
/// minutes.
#[utoipa::path(
    post,
    path = "/api/v1/clients/verify-document/",
    tag = "clients",
    operation_id = "client_verify_document",
    request_body(content(
        (DocumentQuestion = "application/json"),
        (DocumentQuestion = "application/x-www-form-urlencoded"),
        (DocumentQuestion = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "It is registered.", body = KnownDocument),
        (status = 400, description = "The document is missing or has not the form of its kind, or the body cannot be read.", body = AccountRefusal),
        (status = 404, description = "It is not registered.", body = UnknownDocument),
        (status = 429, description = "Too many questions: wait.", body = AccountRefusal,
            headers(("Retry-After" = u64, description = "Seconds to wait."))),
        WithBody,
    ),
)]
pub(crate) async fn verify_document(
    State(state): State<AppState>,
    RemoteAddress(address): RemoteAddress,
    form: Form,
) -> ApiResult<Json<KnownDocument>> {
    let mut fields = form.check();
    let document = Document::read(&mut fields);
    let (Some(document), Ok(())) = (document, fields.finish()) else {
        return Err(bad("Indique el tipo y el número de documento."));
    };
    if !document.is_well_formed() {
        return Err(bad("El número no corresponde al tipo de documento."));
    }
    guard::ask(&state, "guest-verify", &address).await?;
    match document.holder(&state).await? {
        Some(holder) => Ok(Json(KnownDocument { exists: true, client: KnownGuest::new(&holder.client) })),
        None => Err(unknown()),
    }
}

fn unknown() -> ApiError {
    let message = "No hay ningún cliente registrado con ese documento.";
    ApiError::new(StatusCode::NOT_FOUND, json!({ "exists": false, "message": message }))
}
