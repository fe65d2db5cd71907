//! `POST clients/` (contract 03 §3.1, 02 §3.14).

use axum::{Json, extract::State, response::IntoResponse};
use casa_domain::{ClientId, client::Client, event::What};
use casa_store::{Audit, AuditAction, StoreError};
use casa_web::{
    ApiError, ApiResult, AppState, Checked, Form, Staff, error,
    form::Given,
    openapi::{Detail, ForStaff, Invalid, Racing, WithBody},
};
use chrono::NaiveDate;
use http::StatusCode;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type},
    },
};
use uuid::Uuid;

use crate::{body::ClientBody, code::candidates, email::is_email};

const DOCUMENTS: [&str; 4] = ["dni", "cex", "pas", "ruc"];
const SEXES: [&str; 3] = ["m", "f", "e"];
const NOT_A_CHOICE: &str = "No es una elección válida.";
/// Longest notes of staff, in characters: a record must fit into one item of the table.
const LONGEST_NOTES: usize = 10_000;
/// The largest number the original's column takes.
const LARGEST: i64 = 2_147_483_647;

/// A new guest. Points, password and Facebook account are not set here; keys not listed are ignored.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct NewClient {
    /// Kind of document, default `dni`.
    #[schema(schema_with = document_type_schema)]
    document_type: Option<String>,
    /// Number of the document, unique per kind. Default `1`.
    #[schema(schema_with = text_schema::<1, 50>)]
    number_doc: Option<String>,
    /// Given names, or the name of a company. Default `nombre`.
    #[schema(schema_with = text_schema::<1, 30>)]
    first_name: Option<String>,
    /// Family names; required with a `dni`.
    #[schema(schema_with = nullable_schema::<40>)]
    last_name: Option<String>,
    /// `m`, `f` or `e` (company).
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
    /// Sent to the advertising audience. Default false.
    #[schema(schema_with = truth_schema)]
    enviado_meta: Option<bool>,
    /// State in the chatbot.
    #[schema(schema_with = number_schema)]
    manychat: Option<i64>,
    /// Contact id in the chatbot.
    #[schema(schema_with = nullable_schema::<255>)]
    id_manychat: Option<String>,
    /// Notes of staff.
    #[schema(schema_with = nullable_schema::<LONGEST_NOTES>)]
    comentarios_clientes: Option<String>,
    /// Referral code of the guest who referred this one; an unknown code is ignored.
    #[schema(schema_with = nullable_schema::<8>)]
    referral_code: Option<String>,
    /// Id of the guest who referred this one.
    #[schema(schema_with = id_schema)]
    referred_by: Option<String>,
}

fn object(kinds: impl IntoIterator<Item = Type>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter(kinds))
}

/// Text; numbers count as text.
fn text_schema<const LEAST: usize, const MOST: usize>() -> RefOr<Schema> {
    object([Type::String, Type::Number]).min_length(Some(LEAST)).max_length(Some(MOST)).into()
}

fn nullable_schema<const MOST: usize>() -> RefOr<Schema> {
    object([Type::String, Type::Number, Type::Null]).max_length(Some(MOST)).into()
}

fn document_type_schema() -> RefOr<Schema> {
    object([Type::String]).enum_values(Some(DOCUMENTS)).into()
}

fn sex_schema() -> RefOr<Schema> {
    let choices = SEXES.into_iter().chain([""]).map(Value::from).chain([Value::Null]);
    object([Type::String, Type::Null]).enum_values(Some(choices)).into()
}

fn date_schema() -> RefOr<Schema> {
    object([Type::String, Type::Null]).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).into()
}

fn truth_schema() -> RefOr<Schema> {
    object([Type::Boolean, Type::String, Type::Integer]).into()
}

fn number_schema() -> RefOr<Schema> {
    let kinds = [Type::Integer, Type::String, Type::Null];
    object(kinds).minimum(Some(0)).maximum(Some(LARGEST)).into()
}

fn id_schema() -> RefOr<Schema> {
    object([Type::String, Type::Null]).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).into()
}

/// Enters a guest.
#[utoipa::path(
    post,
    path = "/api/v1/clients/",
    tag = "clients",
    operation_id = "clients_create",
    request_body(content(
        (NewClient = "application/json"),
        (NewClient = "application/x-www-form-urlencoded"),
        (NewClient = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "Entered.", body = ClientBody),
        (status = 400, description = "A field is unusable, the document is registered already, or the body cannot be read.", body = Invalid),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn create(
    Staff(user): Staff,
    State(state): State<AppState>,
    form: Form,
) -> ApiResult<impl IntoResponse> {
    let mut fields = form.check();
    let mut client = read(&form, &mut fields, state.clock.now());
    let code = fields.text("referral_code", 8).value();
    client.referred_by = fields.id::<ClientId>("referred_by").value();
    if let Some(referrer) = client.referred_by
        && !is_live(&state, referrer).await?
    {
        fields.wrong("referred_by", "El cliente no existe.");
    }
    fields.finish()?;
    check_rules(&state, &client).await?;

    // The code is somebody else's: the new guest has none yet, so nobody can refer themselves (contract 03 §8, D14).
    if let Some(code) = code
        && let Some(referrer) = state.store.clients().by_referral_code(&code).await?
        && is_live(&state, referrer).await?
    {
        client.referred_by = Some(referrer);
    }
    let audit = Audit::new(Some(user.id), AuditAction::Added, "clients.clients", client.id, client.created);
    let client = enter(&state, client, &audit).await?;
    Ok((StatusCode::CREATED, Json(ClientBody::new(client, &[], &state.clock))))
}

async fn is_live(state: &AppState, client: ClientId) -> ApiResult<bool> {
    Ok(state.store.clients().get(client).await?.is_some_and(|stored| !stored.client.deleted))
}

/// The guest that the body describes, its errors noted in `fields`.
fn read(form: &Form, fields: &mut Checked<'_>, now: chrono::DateTime<chrono::Utc>) -> Client {
    let document_type = with_default(form, fields, "document_type", 3, "dni");
    if !document_type.is_empty() && !DOCUMENTS.contains(&document_type.as_str()) {
        fields.wrong("document_type", NOT_A_CHOICE);
    }
    let number_doc = with_default(form, fields, "number_doc", 50, "1");
    let first_name = with_default(form, fields, "first_name", 30, "nombre");
    let last_name = nullable(form, fields, "last_name", 40);
    let sex = nullable(form, fields, "sex", 1);
    if sex.as_deref().is_some_and(|sex| !sex.is_empty() && !SEXES.contains(&sex)) {
        fields.wrong("sex", NOT_A_CHOICE);
    }
    let email = nullable(form, fields, "email", 150);
    if email.as_deref().is_some_and(|email| !email.is_empty() && !is_email(email)) {
        fields.wrong("email", "Introduzca una dirección de correo electrónico válida.");
    }
    let date = birth_date(form, fields);
    let phone = fields.text("tel_number", 50);
    let tel_number = fields.required("tel_number", phone).unwrap_or_default();
    let mut enviado_meta = false;
    match fields.boolean("enviado_meta") {
        Given::Null if is_blank_in_form(form, "enviado_meta") => {}
        given => fields.not_null("enviado_meta", given).set(&mut enviado_meta),
    }
    Client {
        id: ClientId(Uuid::new_v4()),
        created: now,
        updated: now,
        deleted: false,
        document_type,
        number_doc,
        first_name,
        last_name,
        sex,
        email,
        date,
        tel_number,
        enviado_meta,
        manychat: fields.integer("manychat", 0, LARGEST).value(),
        id_manychat: fields.text("id_manychat", 255).value(),
        comentarios_clientes: fields.text("comentarios_clientes", LONGEST_NOTES).value(),
        password: None,
        is_password_set: false,
        last_login: None,
        facebook_id: None,
        facebook_linked: false,
        facebook_profile_data: None,
        facebook_linked_at: None,
        points_balance: rust_decimal::Decimal::ZERO,
        points_expires_at: None,
        referral_code: None,
        referred_by: None,
        levels: Vec::new(),
        session: 0,
    }
}

/// A form has no null: it leaves a field blank to say nothing.
fn is_blank_in_form(form: &Form, name: &str) -> bool {
    !form.is_json() && is_blank(form, name)
}

fn is_blank(form: &Form, name: &str) -> bool {
    form.get(name).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty())
}

/// Text that cannot be empty but has a default; empty (and noted) when unusable.
fn with_default(form: &Form, fields: &mut Checked<'_>, name: &str, most: usize, default: &str) -> String {
    match fields.text(name, most) {
        Given::Absent => default.to_owned(),
        Given::Null if is_blank_in_form(form, name) => default.to_owned(),
        given => fields.required(name, given).unwrap_or_default(),
    }
}

/// Text that can be null; blank stays blank, as in the original.
fn nullable(form: &Form, fields: &mut Checked<'_>, name: &str, most: usize) -> Option<String> {
    match fields.text(name, most) {
        Given::Null if is_blank(form, name) => Some(String::new()),
        given => given.value(),
    }
}

/// A blank date is nothing in a form and an error in JSON (contract 03 §2.1).
fn birth_date(form: &Form, fields: &mut Checked<'_>) -> Option<NaiveDate> {
    let given = fields.date("date");
    if form.is_json() && is_blank(form, "date") {
        fields.wrong("date", "Fecha con formato erróneo. Use AAAA-MM-DD.");
    }
    given.value()
}

/// The rules over several fields, in the documented order (contract 03 §3.1, checks 2 to 4).
async fn check_rules(state: &AppState, client: &Client) -> ApiResult<()> {
    let holder = state.store.clients().by_document(&client.document_type, &client.number_doc).await?;
    if holder.is_some_and(|holder| !holder.client.deleted) {
        return Err(registered());
    }
    let reserved = [&state.settings.maintenance_name, &state.settings.airbnb_name];
    if reserved.contains(&&client.first_name) {
        return Err(error::rule("Ese nombre está reservado para uso interno."));
    }
    if client.document_type == "dni" && client.last_name.as_deref().unwrap_or_default().is_empty() {
        return Err(error::rule("Los apellidos son obligatorios para personas con DNI."));
    }
    Ok(())
}

fn registered() -> ApiError {
    error::rule("Ya existe un cliente con ese tipo y número de documento.")
}

/// Stores the guest under the first of its possible referral codes that nobody has.
async fn enter(state: &AppState, mut client: Client, audit: &Audit) -> ApiResult<Client> {
    let clients = state.store.clients();
    let codes = candidates(&client.first_name, &mut rand::rng());
    for code in codes {
        if clients.by_referral_code(&code).await?.is_some() {
            continue;
        }
        client.referral_code = Some(code);
        let facts = vec![What::ClientCreated { client: client.id }];
        match clients.enter(&client, Some(audit), facts).await {
            Ok(()) => return Ok(client),
            // Somebody else took it a moment ago.
            Err(StoreError::Taken("referral_code")) => {}
            Err(StoreError::Taken("document")) => return Err(registered()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(error::changed_meanwhile())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_json(body: Value) -> Result<Client, Vec<String>> {
        let form = Form::from_json(body.as_object().unwrap().clone());
        let mut fields = form.check();
        let client = read(&form, &mut fields, chrono::DateTime::UNIX_EPOCH);
        fields.finish().map(|()| client).map_err(|refusal| {
            let keys = refusal.body().as_object().unwrap().keys();
            keys.filter(|key| *key != "detail").cloned().collect()
        })
    }

    #[test]
    fn defaults_and_blanks() {
        let client = read_json(json!({"tel_number": 900, "last_name": " ", "email": ""})).unwrap();
        assert_eq!((client.document_type.as_str(), client.number_doc.as_str()), ("dni", "1"));
        assert_eq!((client.first_name.as_str(), client.tel_number.as_str()), ("nombre", "900"));
        assert_eq!(
            (client.last_name.as_deref(), client.email.as_deref(), client.sex),
            (Some(""), Some(""), None)
        );
    }

    #[test]
    fn every_error_is_told_at_once() {
        assert_eq!(read_json(json!({})).unwrap_err(), ["tel_number"]);
        let errors = read_json(json!({
            "document_type": "DNI", "first_name": "A".repeat(31), "number_doc": null, "sex": "M", "email": "no-es",
            "date": "", "tel_number": "9", "enviado_meta": null, "manychat": -1,
        }));
        let expected =
            ["document_type", "number_doc", "first_name", "sex", "email", "date", "enviado_meta", "manychat"];
        assert_eq!(errors.unwrap_err(), expected);
    }
}
