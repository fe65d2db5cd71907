//! The document by which guests say who they are.

use casa_store::StoredClient;
use casa_web::{ApiResult, AppState, Checked};

/// Kind and number of a document, as far as the body gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// Kind; the same in any case (contract 02 §4.10).
    pub kind: String,
    /// Number.
    pub number: String,
}

impl Document {
    /// The document that a body names; what is wrong with it is noted.
    pub fn read(fields: &mut Checked<'_>) -> Option<Self> {
        let (kind, number) = (fields.text("document_type", 3), fields.text("number_doc", 50));
        let (kind, number) = (fields.required("document_type", kind), fields.required("number_doc", number));
        Some(Self { kind: kind?.to_lowercase(), number: number? })
    }

    /// Whether the number has the form that its kind demands (contract 02 §3.1).
    pub fn is_well_formed(&self) -> bool {
        let length = self.number.chars().count();
        let only_digits = self.number.bytes().all(|byte| byte.is_ascii_digit());
        match self.kind.as_str() {
            "dni" => length == 8 && only_digits,
            "cex" => (9..=12).contains(&length),
            "pas" => (8..=9).contains(&length),
            "ruc" => length == 11 && only_digits,
            _ => true,
        }
    }

    /// The guest who holds it and is not deleted.
    ///
    /// # Errors
    /// 503.
    pub async fn holder(&self, state: &AppState) -> ApiResult<Option<StoredClient>> {
        let holder = state.store.clients().by_document(&self.kind, &self.number).await?;
        Ok(holder.filter(|holder| !holder.client.deleted))
    }
}

#[cfg(test)]
mod tests {
    use casa_web::Form;
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_by_kind() {
        for (kind, number, fits) in [
            ("dni", "12345678", true),
            ("dni", "1234567", false),
            ("dni", "1234567a", false),
            ("cex", "000123456", true),
            ("cex", "12345678", false),
            ("pas", "AB123456", true),
            ("pas", "1234567", false),
            ("ruc", "20123456789", true),
            ("ruc", "123", false),
            ("x", "?", true),
        ] {
            let document = Document { kind: kind.to_owned(), number: number.to_owned() };
            assert_eq!(document.is_well_formed(), fits, "{kind} {number}");
        }
    }

    #[test]
    fn numbers_are_text_and_kinds_have_no_case() {
        let read = |body: serde_json::Value| {
            let form = Form::from_json(body.as_object().unwrap().clone());
            let mut fields = form.check();
            let document = Document::read(&mut fields);
            fields.finish().ok().and(document)
        };
        let document = read(json!({"document_type": " DNI ", "number_doc": 12345678})).unwrap();
        assert_eq!((document.kind.as_str(), document.number.as_str()), ("dni", "12345678"));
        for bad in [
            json!({}),
            json!({"document_type": "dni"}),
            json!({"document_type": "dnis", "number_doc": "1"}),
            json!({"document_type": "dni", "number_doc": "1\u{0}"}),
            json!({"document_type": ["dni"], "number_doc": {}}),
            json!({"document_type": "dni", "number_doc": "1".repeat(51)}),
        ] {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
    }
}
