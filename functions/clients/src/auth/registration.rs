//! What both ways to register share (contract 02 §3.2, §3.3).

use casa_domain::client::Client;
use casa_web::{ApiError, ApiResult, AppState, Form, form::Given};
use http::StatusCode;
use serde_json::{Map, Value};

use super::{
    LONGEST_PASSWORD,
    answers::{bad, invalid_record},
    document::Document,
    guard,
};
use crate::{
    fields::ClientFields,
    record::{blank, check_rules, enter, referrer},
};

/// Longest referral code (contract 02 §1.1).
const LONGEST_REFERRAL: usize = 8;
/// What guests say of themselves. Everything else in a record is for staff or for us.
const OWN_FIELDS: [&str; 8] =
    ["document_type", "number_doc", "first_name", "last_name", "sex", "email", "date", "tel_number"];

/// Demands fields in order; the first that is missing is told.
///
/// # Errors
/// 400.
pub(crate) fn demand(form: &Form, names: &[&str]) -> ApiResult<()> {
    match names.iter().find(|name| !is_said(form.get(name))) {
        Some(name) => Err(bad(&format!("El campo {name} es obligatorio."))),
        None => Ok(()),
    }
}

/// Whether a value says anything; of what type is checked later.
fn is_said(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(object)) => !object.is_empty(),
        Some(Value::Bool(true)) => true,
    }
}

/// One of the two passwords, trimmed as at the sign-in (contract 02 §4.3); `None` when it is blank or absent.
///
/// # Errors
/// 400 for what could never sign in.
pub(crate) fn read_password(form: &Form, name: &str) -> ApiResult<Option<String>> {
    let mut fields = form.check();
    let given = fields.text(name, LONGEST_PASSWORD);
    match given {
        Given::Value(password) => Ok(Some(password)),
        Given::Absent | Given::Null => Ok(None),
        Given::Wrong => Err(bad(&format!(
            "La contraseña debe ser un texto de {LONGEST_PASSWORD} caracteres como máximo."
        ))),
    }
}

/// 400: the two passwords differ.
pub(crate) fn passwords_differ() -> ApiError {
    bad("Las contraseñas no coinciden.")
}

/// 400: somebody who is not deleted holds the document.
pub(crate) fn document_taken() -> ApiError {
    bad("Ya existe un cliente registrado con ese documento.")
}

/// The document that is to be registered; `None` where it cannot be one, which is told with the other fields.
pub(crate) fn read_document(form: &Form) -> Option<Document> {
    let mut fields = form.check();
    let document = Document::read(&mut fields);
    fields.finish().ok().and(document)
}

/// Whether the body names somebody who referred the guest, and who that is: only guests who are not deleted.
///
/// # Errors
/// 503.
pub(crate) async fn read_referrer(state: &AppState, form: &Form) -> ApiResult<(bool, Option<Client>)> {
    let mut fields = form.check();
    match fields.text("referral_code", LONGEST_REFERRAL) {
        Given::Value(code) => Ok((true, referrer(state, &code).await?)),
        Given::Wrong => Ok((is_said(form.get("referral_code")), None)),
        Given::Absent | Given::Null => Ok((false, None)),
    }
}

/// What the body says of the guest, written into `record`.
///
/// # Errors
/// 400 with everything that is wrong.
pub(crate) fn read_record(form: &Form, mut record: Client) -> ApiResult<Client> {
    let own = OWN_FIELDS.into_iter().filter_map(|name| Some((name.to_owned(), form.get(name)?.clone())));
    // As if sent as JSON: a blank date is an error in every encoding (contract 02 §3.2).
    let own = Form::from_json(own.collect::<Map<_, _>>());
    let mut fields = own.check();
    let given = ClientFields::read(&own, &mut fields, true);
    fields.finish().map_err(invalid_record)?;
    given.write(&mut record);
    Ok(record)
}

/// The record of a new guest as the body describes it, after every rule.
///
/// # Errors
/// 400 with everything that is wrong.
pub(crate) async fn new_record(state: &AppState, form: &Form) -> ApiResult<Client> {
    let record = read_record(form, blank(state.clock.now()))?;
    check_rules(state, &record).await.map_err(invalid_record)?;
    Ok(record)
}

/// Stores a new guest.
///
/// # Errors
/// 400 when somebody else registered with the document a moment ago, 429 after too many registrations.
pub(crate) async fn register(state: &AppState, guest: Client, address: &str) -> ApiResult<Client> {
    guard::register(state, address).await?;
    enter(state, guest, None).await.map_err(|refusal| match refusal.status() {
        StatusCode::BAD_REQUEST => document_taken(),
        _ => refusal,
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;

    fn form(body: Value) -> Form {
        Form::from_json(body.as_object().unwrap().clone())
    }

    #[test]
    fn the_first_missing_field_is_told() {
        let names = ["a", "b", "c"];
        let refusal = demand(&form(json!({"a": "x", "b": " ", "c": null})), &names).unwrap_err();
        assert!(refusal.body()["message"].as_str().unwrap().contains(" b "), "{refusal:?}");
        for nothing in [json!(""), json!(0), json!(0.0), json!(false), json!([]), json!({}), json!(null)] {
            assert!(demand(&form(json!({ "a": nothing })), &["a"]).is_err());
        }
        assert!(demand(&form(json!({"a": 5, "b": true, "c": ["x"]})), &names).is_ok());
    }

    #[test]
    fn guests_write_only_what_is_theirs() {
        let body = json!({
            "first_name": "Ana", "last_name": "Rojas", "tel_number": 967030390, "comentarios_clientes": "VIP",
            "manychat": 1, "enviado_meta": true, "points_balance": "900", "is_password_set": true, "password": "x",
        });
        let read = read_record(&form(body), blank(DateTime::UNIX_EPOCH)).unwrap();
        let expected = Client {
            id: read.id,
            first_name: "Ana".into(),
            last_name: Some("Rojas".into()),
            tel_number: "967030390".into(),
            ..blank(DateTime::UNIX_EPOCH)
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn errors_of_fields_are_told_together() {
        let refusal = read_record(
            &form(json!({"email": "no", "date": "", "sex": [], "tel_number": {}})),
            blank(DateTime::UNIX_EPOCH),
        );
        let refusal = refusal.unwrap_err();
        let keys: Vec<_> = refusal.body()["errors"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["sex", "email", "date", "tel_number"]);
    }

    #[test]
    fn passwords_are_trimmed_texts() {
        let read = |password: Value| read_password(&form(json!({ "password": password })), "password");
        assert_eq!(read(json!("  una clave ")).unwrap().as_deref(), Some("una clave"));
        assert_eq!(read(json!(12345678)).unwrap().as_deref(), Some("12345678"));
        assert_eq!(read(json!("  ")).unwrap(), None);
        for bad in [json!(["x"]), json!({}), json!(true), json!("x".repeat(129)), json!("a\u{0}b")] {
            assert_eq!(read(bad).unwrap_err().status(), 400);
        }
    }
}
