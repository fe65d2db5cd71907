//! What bodies say of a guest, field by field (contract 03 §2.1, 02 §3.14).

use casa_domain::client::Client;
use casa_web::{Checked, Form, form::Given};
use chrono::NaiveDate;
use serde_json::Value;
use utoipa::openapi::{
    RefOr, Schema,
    schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type},
};

use crate::email::is_email;

/// Kinds of document.
pub(crate) const DOCUMENTS: [&str; 4] = ["dni", "cex", "pas", "ruc"];
const SEXES: [&str; 3] = ["m", "f", "e"];
const NOT_A_CHOICE: &str = "No es una elección válida.";
/// Longest notes of staff, in characters: a record must fit into one item of the table.
pub(crate) const LONGEST_NOTES: usize = 10_000;
/// The largest number the original's column takes.
const LARGEST: i64 = 2_147_483_647;

fn object(kinds: impl IntoIterator<Item = Type>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::from_iter(kinds))
}

/// Text; numbers count as text.
pub(crate) fn text_schema<const LEAST: usize, const MOST: usize>() -> RefOr<Schema> {
    object([Type::String, Type::Number]).min_length(Some(LEAST)).max_length(Some(MOST)).into()
}

pub(crate) fn nullable_schema<const MOST: usize>() -> RefOr<Schema> {
    object([Type::String, Type::Number, Type::Null]).max_length(Some(MOST)).into()
}

pub(crate) fn document_type_schema() -> RefOr<Schema> {
    object([Type::String]).enum_values(Some(DOCUMENTS)).into()
}

pub(crate) fn sex_schema() -> RefOr<Schema> {
    let choices = SEXES.into_iter().chain([""]).map(Value::from).chain([Value::Null]);
    object([Type::String, Type::Null]).enum_values(Some(choices)).into()
}

pub(crate) fn date_schema() -> RefOr<Schema> {
    object([Type::String, Type::Null]).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))).into()
}

pub(crate) fn truth_schema() -> RefOr<Schema> {
    object([Type::Boolean, Type::String, Type::Integer]).into()
}

pub(crate) fn number_schema() -> RefOr<Schema> {
    let kinds = [Type::Integer, Type::String, Type::Null];
    object(kinds).minimum(Some(0)).maximum(Some(LARGEST)).into()
}

pub(crate) fn id_schema() -> RefOr<Schema> {
    object([Type::String, Type::Null]).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).into()
}

/// What a body says of a guest: everything staff may write. Points, password and Facebook account are not among it.
#[derive(Debug)]
pub(crate) struct ClientFields {
    document_type: Given<String>,
    number_doc: Given<String>,
    first_name: Given<String>,
    last_name: Given<String>,
    sex: Given<String>,
    email: Given<String>,
    date: Given<NaiveDate>,
    tel_number: Given<String>,
    enviado_meta: Given<bool>,
    manychat: Given<i64>,
    id_manychat: Given<String>,
    comentarios_clientes: Given<String>,
}

impl ClientFields {
    /// Reads the fields and notes what is wrong with them; `needs_phone` also when the phone is missing.
    pub fn read(form: &Form, fields: &mut Checked<'_>, needs_phone: bool) -> Self {
        let document_type = not_blank(form, fields, "document_type", 3);
        if matches!(&document_type, Given::Value(kind) if !DOCUMENTS.contains(&kind.as_str())) {
            fields.wrong("document_type", NOT_A_CHOICE);
        }
        let number_doc = not_blank(form, fields, "number_doc", 50);
        let first_name = not_blank(form, fields, "first_name", 30);
        let last_name = nullable(form, fields, "last_name", 40);
        let sex = nullable(form, fields, "sex", 1);
        if matches!(&sex, Given::Value(sex) if !sex.is_empty() && !SEXES.contains(&sex.as_str())) {
            fields.wrong("sex", NOT_A_CHOICE);
        }
        let email = nullable(form, fields, "email", 150);
        if matches!(&email, Given::Value(email) if !email.is_empty() && !is_email(email)) {
            fields.wrong("email", "Introduzca una dirección de correo electrónico válida.");
        }
        let date = birth_date(form, fields);
        let tel_number = match fields.text("tel_number", 50) {
            Given::Absent if !needs_phone => Given::Absent,
            given => fields.required("tel_number", given).map_or(Given::Wrong, Given::Value),
        };
        let enviado_meta = match fields.boolean("enviado_meta") {
            Given::Null if is_blank_in_form(form, "enviado_meta") => Given::Absent,
            given => fields.not_null("enviado_meta", given),
        };
        Self {
            document_type,
            number_doc,
            first_name,
            last_name,
            sex,
            email,
            date,
            tel_number,
            enviado_meta,
            manychat: fields.integer("manychat", 0, LARGEST),
            id_manychat: fields.text("id_manychat", 255),
            comentarios_clientes: fields.text("comentarios_clientes", LONGEST_NOTES),
        }
    }

    /// The kind of document that was sent.
    pub fn document_type(&self) -> Option<&str> {
        match &self.document_type {
            Given::Value(kind) => Some(kind),
            _ => None,
        }
    }

    /// The family names that were sent; empty when none were.
    pub fn last_name(&self) -> &str {
        match &self.last_name {
            Given::Value(name) => name,
            _ => "",
        }
    }

    /// The given names that were sent.
    pub fn first_name(&self) -> Option<&str> {
        match &self.first_name {
            Given::Value(name) => Some(name),
            _ => None,
        }
    }

    /// Writes what was sent into a record.
    pub fn write(self, client: &mut Client) {
        self.document_type.set(&mut client.document_type);
        self.number_doc.set(&mut client.number_doc);
        self.first_name.set(&mut client.first_name);
        self.last_name.set_option(&mut client.last_name);
        self.sex.set_option(&mut client.sex);
        self.email.set_option(&mut client.email);
        self.date.set_option(&mut client.date);
        self.tel_number.set(&mut client.tel_number);
        self.enviado_meta.set(&mut client.enviado_meta);
        self.manychat.set_option(&mut client.manychat);
        self.id_manychat.set_option(&mut client.id_manychat);
        self.comentarios_clientes.set_option(&mut client.comentarios_clientes);
    }
}

/// A form has no null: it leaves a field blank to say nothing.
fn is_blank_in_form(form: &Form, name: &str) -> bool {
    !form.is_json() && is_blank(form, name)
}

fn is_blank(form: &Form, name: &str) -> bool {
    form.get(name).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty())
}

/// Text that cannot be empty; left blank in a form it counts as not sent.
fn not_blank(form: &Form, fields: &mut Checked<'_>, name: &str, most: usize) -> Given<String> {
    match fields.text(name, most) {
        Given::Absent => Given::Absent,
        Given::Null if is_blank_in_form(form, name) => Given::Absent,
        given => fields.required(name, given).map_or(Given::Wrong, Given::Value),
    }
}

/// Text that can be null; blank stays blank, as in the original.
fn nullable(form: &Form, fields: &mut Checked<'_>, name: &str, most: usize) -> Given<String> {
    match fields.text(name, most) {
        Given::Null if is_blank(form, name) => Given::Value(String::new()),
        given => given,
    }
}

/// A blank date is nothing in a form and an error in JSON (contract 03 §2.1).
fn birth_date(form: &Form, fields: &mut Checked<'_>) -> Given<NaiveDate> {
    let given = fields.date("date");
    if form.is_json() && is_blank(form, "date") {
        fields.wrong("date", "Fecha con formato erróneo. Use AAAA-MM-DD.");
    }
    given
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::blank;

    fn read_json(body: Value) -> Result<Client, Vec<String>> {
        let form = Form::from_json(body.as_object().unwrap().clone());
        let mut fields = form.check();
        let given = ClientFields::read(&form, &mut fields, true);
        fields
            .finish()
            .map(|()| {
                let mut client = blank(chrono::DateTime::UNIX_EPOCH);
                given.write(&mut client);
                client
            })
            .map_err(|refusal| {
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

    #[test]
    fn what_is_not_sent_stays() {
        let form = Form::from_json(json!({"last_name": null, "manychat": 3}).as_object().unwrap().clone());
        let mut fields = form.check();
        let given = ClientFields::read(&form, &mut fields, false);
        fields.finish().unwrap();
        let mut client = Client { first_name: "Ana".into(), ..blank(chrono::DateTime::UNIX_EPOCH) };
        client.last_name = Some("Rojas".into());
        client.tel_number = "900".into();
        given.write(&mut client);
        assert_eq!((client.first_name.as_str(), client.last_name, client.manychat), ("Ana", None, Some(3)));
        assert_eq!(client.tel_number, "900");
    }
}
