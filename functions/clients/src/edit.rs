//! `GET`, `PATCH`, `PUT` and `DELETE clients/{id}/` (contract 03 §3.1).

use axum::{Json, extract::State};
use casa_domain::{ClientId, StaffUser, client::Client, event};
use casa_store::{Audit, AuditAction, StoreError, StoredClient};
use casa_web::{
    ApiResult, AppState, Form, IdPath, Staff, error,
    form::Given,
    openapi::{Detail, ForStaff, Invalid, Racing, WithBody},
};
use http::StatusCode;
use utoipa::ToSchema;

use crate::{
    body::ClientBody,
    create::NO_SUCH_CLIENT,
    fields::{
        ClientFields, LONGEST_NOTES, date_schema, document_type_schema, id_schema, nullable_schema,
        number_schema, sex_schema, text_schema, truth_schema,
    },
    record::{check_names, is_live, is_registered, registered},
};

/// Tries after losing a race against another edit.
const TRIES: usize = 6;
/// How far a chain of referrers is followed to see that it does not come back.
const LONGEST_CHAIN: usize = 32;
const MODEL: &str = "clients.clients";

/// What changes of a guest; what is not sent stays. Points, password, Facebook account and the guest's own referral code
/// are not changed here; keys not listed are ignored.
#[derive(ToSchema)]
#[allow(dead_code)] // describes the body; `Form` reads it
pub(crate) struct ClientEdit {
    /// Kind of document.
    #[schema(schema_with = document_type_schema)]
    document_type: Option<String>,
    /// Number of the document, unique per kind.
    #[schema(schema_with = text_schema::<1, 50>)]
    number_doc: Option<String>,
    /// Given names, or the name of a company.
    #[schema(schema_with = text_schema::<1, 30>)]
    first_name: Option<String>,
    /// Family names. Required unless a `document_type` other than `dni` is sent with them, as in the original.
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
    tel_number: Option<String>,
    /// Sent to the advertising audience.
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
    /// Id of the guest who referred this one; nobody can end up referring themselves.
    #[schema(schema_with = id_schema)]
    referred_by: Option<String>,
}

/// A guest.
#[utoipa::path(
    get,
    path = "/api/v1/clients/{id}/",
    tag = "clients",
    operation_id = "clients_detail",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The guest.", body = ClientBody),
        (status = 404, description = "No such guest, or not for this user.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn detail(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<ClientId>,
) -> ApiResult<Json<ClientBody>> {
    let client = find(&state, &user, id).await?.client;
    let book = state.store.prices().book().await?;
    Ok(Json(ClientBody::new(client, &book.levels, &state.clock)))
}

/// Changes what is sent of a guest.
#[utoipa::path(
    patch,
    path = "/api/v1/clients/{id}/",
    tag = "clients",
    operation_id = "clients_change",
    params(("id" = String, Path, description = "Its id.")),
    request_body(content(
        (ClientEdit = "application/json"),
        (ClientEdit = "application/x-www-form-urlencoded"),
        (ClientEdit = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Changed.", body = ClientBody),
        (status = 400, description = "A field is unusable, another guest has the document, or the body cannot be read.", body = Invalid),
        (status = 404, description = "No such guest, or not for this user.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn patch(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<ClientId>,
    form: Form,
) -> ApiResult<Json<ClientBody>> {
    edit(&state, &user, id, &form, false).await
}

/// As the change of a part, but the phone must be sent. What is not sent stays (contract 03 §8, D16).
#[utoipa::path(
    put,
    path = "/api/v1/clients/{id}/",
    tag = "clients",
    operation_id = "clients_replace",
    params(("id" = String, Path, description = "Its id.")),
    request_body(content(
        (ClientEdit = "application/json"),
        (ClientEdit = "application/x-www-form-urlencoded"),
        (ClientEdit = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Changed.", body = ClientBody),
        (status = 400, description = "A field is missing or unusable, another guest has the document, or the body cannot be read.", body = Invalid),
        (status = 404, description = "No such guest, or not for this user.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
        WithBody,
        Racing,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn put(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<ClientId>,
    form: Form,
) -> ApiResult<Json<ClientBody>> {
    edit(&state, &user, id, &form, true).await
}

/// Deletes a guest: reservations, points and referrals stay, sign-ins end.
#[utoipa::path(
    delete,
    path = "/api/v1/clients/{id}/",
    tag = "clients",
    operation_id = "clients_delete",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 204, description = "Deleted."),
        (status = 404, description = "No such guest, or not for this user.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
        Racing,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn delete(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<ClientId>,
) -> ApiResult<StatusCode> {
    let now = state.clock.now();
    for _ in 0..TRIES {
        let seen = find(&state, &user, id).await?;
        let after = Client { deleted: true, updated: now, ..seen.client.clone() };
        if store(&state, &user, &seen, &after, AuditAction::Deleted).await?.is_some() {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(error::changed_meanwhile())
}

async fn edit(
    state: &AppState,
    user: &StaffUser,
    id: ClientId,
    form: &Form,
    needs_phone: bool,
) -> ApiResult<Json<ClientBody>> {
    let book = state.store.prices().book().await?;
    for _ in 0..TRIES {
        let seen = find(state, user, id).await?;
        let after = changed(state, &seen.client, form, needs_phone).await?;
        if let Some(stored) = store(state, user, &seen, &after, AuditAction::Changed).await? {
            return Ok(Json(ClientBody::new(stored.client, &book.levels, &state.clock)));
        }
    }
    Err(error::changed_meanwhile())
}

/// The guest who is not deleted and whom this user may see.
async fn find(state: &AppState, user: &StaffUser, id: ClientId) -> ApiResult<StoredClient> {
    let stored = state.store.clients().get(id).await?.ok_or_else(error::not_found)?;
    let hidden = !user.is_admin() && stored.client.first_name == state.settings.maintenance_name;
    if stored.client.deleted || hidden { Err(error::not_found()) } else { Ok(stored) }
}

/// The guest as the body wants it, checked in the documented order.
async fn changed(state: &AppState, seen: &Client, form: &Form, needs_phone: bool) -> ApiResult<Client> {
    let mut fields = form.check();
    let given = ClientFields::read(form, &mut fields, needs_phone);
    let referrer = fields.id::<ClientId>("referred_by");
    if let Given::Value(referrer) = &referrer {
        if !is_live(state, *referrer).await? {
            fields.wrong("referred_by", NO_SUCH_CLIENT);
        } else if leads_back(state, *referrer, seen.id).await? {
            fields.wrong("referred_by", "Un cliente no puede ser su propio referido.");
        }
    }
    fields.finish()?;
    // What the rules look at is what was sent, not what is stored: the panel sends both (contract 03 §3.1, PATCH).
    let kind = given.document_type().unwrap_or("dni").to_owned();
    let (first_name, last_name) = (given.first_name().map(str::to_owned), given.last_name().to_owned());
    let mut after = Client { updated: state.clock.now(), ..seen.clone() };
    given.write(&mut after);
    referrer.set_option(&mut after.referred_by);
    let moved = (&after.document_type, &after.number_doc) != (&seen.document_type, &seen.number_doc);
    if moved && is_registered(state, &after.document_type, &after.number_doc, seen.id).await? {
        return Err(registered());
    }
    check_names(state, &kind, first_name.as_deref(), &last_name)?;
    Ok(after)
}

/// Whether a chain of referrers that begins with `referrer` comes to `client`.
async fn leads_back(state: &AppState, referrer: ClientId, client: ClientId) -> ApiResult<bool> {
    let mut next = Some(referrer);
    for _ in 0..LONGEST_CHAIN {
        match next {
            None => return Ok(false),
            Some(id) if id == client => return Ok(true),
            Some(id) => {
                next = state.store.clients().get(id).await?.and_then(|stored| stored.client.referred_by);
            }
        }
    }
    // Too long to be believed: nobody refers along so many.
    Ok(true)
}

/// Stores a change; `None` when somebody else changed the guest meanwhile.
async fn store(
    state: &AppState,
    user: &StaffUser,
    seen: &StoredClient,
    after: &Client,
    action: AuditAction,
) -> ApiResult<Option<StoredClient>> {
    let audit = Audit::new(Some(user.id), action, MODEL, after.id, after.updated);
    let facts = event::client_changed(&seen.client, after).into_iter().collect();
    match state.store.clients().change(seen, after, Some(&audit), facts).await {
        Ok(stored) => Ok(Some(stored)),
        Err(StoreError::Changed) => Ok(None),
        Err(StoreError::Taken(_)) => Err(registered()),
        Err(error) => Err(error.into()),
    }
}
