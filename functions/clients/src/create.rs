//! `POST clients/` (contract 03 §3.1, 02 §3.14).

use axum::{Json, extract::State, response::IntoResponse};
use casa_domain::ClientId;
use casa_store::{Audit, AuditAction};
use casa_web::{
    ApiResult, AppState, Form, Staff,
    openapi::{Detail, ForStaff, Invalid, Racing, WithBody},
};
use http::StatusCode;
use utoipa::ToSchema;

use crate::{
    body::ClientBody,
    fields::{
        ClientFields, LONGEST_NOTES, date_schema, document_type_schema, id_schema, nullable_schema,
        number_schema, sex_schema, text_schema, truth_schema,
    },
    record::{blank, check_rules, enter, is_live, referrer},
};

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
    let mut client = blank(state.clock.now());
    ClientFields::read(&form, &mut fields, true).write(&mut client);
    let code = fields.text("referral_code", 8).value();
    client.referred_by = fields.id::<ClientId>("referred_by").value();
    if let Some(referrer) = client.referred_by
        && !is_live(&state, referrer).await?
    {
        fields.wrong("referred_by", NO_SUCH_CLIENT);
    }
    fields.finish()?;
    check_rules(&state, &client).await?;

    // The code is somebody else's: the new guest has none yet, so nobody can refer themselves (contract 03 §8, D14).
    if let Some(code) = code
        && let Some(referrer) = referrer(&state, &code).await?
    {
        client.referred_by = Some(referrer.id);
    }
    let audit = Audit::new(Some(user.id), AuditAction::Added, "clients.clients", client.id, client.created);
    let client = enter(&state, client, Some(&audit)).await?;
    let book = state.store.prices().book().await?;
    Ok((StatusCode::CREATED, Json(ClientBody::new(client, &book.levels, &state.clock))))
}

/// What is told of the id of a guest who is not there.
pub(crate) const NO_SUCH_CLIENT: &str = "El cliente no existe.";
