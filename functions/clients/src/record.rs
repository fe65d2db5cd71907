//! New guests' records and the rules every record keeps, whoever writes it (contract 02 §3.14, 03 §3.1 and §4.B).

use casa_domain::{ClientId, client::Client, event::What};
use casa_store::{Audit, StoreError};
use casa_web::{ApiError, ApiResult, AppState, error};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::code::candidates;

/// A new guest of whom nothing is known, with the documented defaults.
pub(crate) fn blank(now: DateTime<Utc>) -> Client {
    Client {
        id: ClientId(Uuid::new_v4()),
        created: now,
        updated: now,
        deleted: false,
        document_type: "dni".to_owned(),
        number_doc: "1".to_owned(),
        first_name: "nombre".to_owned(),
        last_name: None,
        sex: None,
        email: None,
        date: None,
        tel_number: String::new(),
        enviado_meta: false,
        manychat: None,
        id_manychat: None,
        comentarios_clientes: None,
        password: None,
        is_password_set: false,
        last_login: None,
        facebook_id: None,
        facebook_linked: false,
        facebook_profile_data: None,
        facebook_linked_at: None,
        points_balance: Decimal::ZERO,
        points_expires_at: None,
        referral_code: None,
        referred_by: None,
        levels: Vec::new(),
        session: 0,
    }
}

/// Whether there is such a guest who is not deleted.
pub(crate) async fn is_live(state: &AppState, client: ClientId) -> ApiResult<bool> {
    Ok(state.store.clients().get(client).await?.is_some_and(|stored| !stored.client.deleted))
}

/// The guest who is not deleted and has this referral code.
pub(crate) async fn referrer(state: &AppState, code: &str) -> ApiResult<Option<Client>> {
    let Some(id) = state.store.clients().by_referral_code(code).await? else { return Ok(None) };
    let stored = state.store.clients().get(id).await?;
    Ok(stored.map(|stored| stored.client).filter(|client| !client.deleted))
}

/// Whether another guest who is not deleted holds a document.
pub(crate) async fn is_registered(
    state: &AppState,
    document_type: &str,
    number_doc: &str,
    own: ClientId,
) -> ApiResult<bool> {
    let holder = state.store.clients().by_document(document_type, number_doc).await?;
    Ok(holder.is_some_and(|holder| !holder.client.deleted && holder.client.id != own))
}

/// 400: another guest has the document.
pub(crate) fn registered() -> ApiError {
    error::rule("Ya existe un cliente con ese tipo y número de documento.")
}

/// The rules over names (contract 03 §3.1, checks 3 and 4).
///
/// # Errors
/// 400 for a reserved first name, or a person with a DNI who has no family names.
pub(crate) fn check_names(
    state: &AppState,
    document_type: &str,
    first_name: Option<&str>,
    last_name: &str,
) -> ApiResult<()> {
    let reserved = [&state.settings.maintenance_name, &state.settings.airbnb_name];
    if reserved.iter().any(|name| first_name == Some(name.as_str())) {
        return Err(error::rule("Ese nombre está reservado para uso interno."));
    }
    if document_type == "dni" && last_name.is_empty() {
        return Err(error::rule("Los apellidos son obligatorios para personas con DNI."));
    }
    Ok(())
}

/// The rules over several fields of a new guest, in the documented order (contract 03 §3.1, checks 2 to 4).
///
/// # Errors
/// 400.
pub(crate) async fn check_rules(state: &AppState, client: &Client) -> ApiResult<()> {
    if is_registered(state, &client.document_type, &client.number_doc, client.id).await? {
        return Err(registered());
    }
    let last_name = client.last_name.as_deref().unwrap_or_default();
    check_names(state, &client.document_type, Some(&client.first_name), last_name)
}

/// Stores a new guest under the first of the possible referral codes that nobody has, with the fact that it was.
///
/// # Errors
/// 400 when somebody else took the document a moment ago.
pub(crate) async fn enter(state: &AppState, mut client: Client, audit: Option<&Audit>) -> ApiResult<Client> {
    let clients = state.store.clients();
    let codes = candidates(&client.first_name, &mut rand::rng());
    for code in codes {
        if clients.by_referral_code(&code).await?.is_some() {
            continue;
        }
        client.referral_code = Some(code);
        let facts = vec![What::ClientCreated { client: client.id }];
        match clients.enter(&client, audit, facts).await {
            Ok(()) => return Ok(client),
            // Somebody else took it a moment ago.
            Err(StoreError::Taken("referral_code")) => {}
            Err(StoreError::Taken(_)) => return Err(registered()),
            Err(error) => return Err(error.into()),
        }
    }
    Err(error::changed_meanwhile())
}
