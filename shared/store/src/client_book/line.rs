//! One client in the book: what is searched and ordered by, ready to be compared, and the record itself as text.

use casa_domain::{Client, ClientId, ids::LevelId, text::fold};
use chrono::Datelike;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Between the fields of [`Line::text`]: no search term contains it.
const BETWEEN: char = '\0';

/// A client in the book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    pub id: ClientId,
    pub version: u64,
    pub deleted: bool,
    /// First name, last name, e-mail address, document number and phone, folded, with NULs between them.
    pub text: Box<str>,
    /// Where last name, e-mail address and document number begin in `text`.
    starts: [u16; 3],
    pub has_last_name: bool,
    /// Kind of document.
    pub kind: Box<str>,
    /// Hundredths of points.
    pub points: i64,
    /// Microseconds since 1970.
    pub created: i64,
    /// Month and day of birth.
    pub born: Option<(u8, u8)>,
    /// Levels reached, revoked ones included.
    pub levels: Box<[LevelId]>,
    /// The record as JSON text, without what is null or empty.
    doc: Box<str>,
}

impl Line {
    pub fn new(client: &Client, version: u64) -> Self {
        let last_name = client.last_name.as_deref().unwrap_or_default();
        let email = client.email.as_deref().unwrap_or_default();
        let mut text = String::new();
        let mut starts = [0; 3];
        for (number, field) in
            [client.first_name.as_str(), last_name, email, &client.number_doc, &client.tel_number]
                .into_iter()
                .enumerate()
        {
            if number > 0 {
                text.push(BETWEEN);
            }
            if let Some(start) = number.checked_sub(1).and_then(|index| starts.get_mut(index)) {
                *start = u16::try_from(text.len()).unwrap_or(u16::MAX);
            }
            text.push_str(&fold(field).replace(BETWEEN, ""));
        }
        let cents = (client.points_balance * rust_decimal::Decimal::ONE_HUNDRED).round();
        Self {
            id: client.id,
            version,
            deleted: client.deleted,
            text: text.into(),
            starts,
            has_last_name: client.last_name.is_some(),
            kind: client.document_type.as_str().into(),
            points: cents.to_i64().unwrap_or_default(),
            created: client.created.timestamp_micros(),
            born: client
                .date
                .and_then(|date| Some((u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?))),
            levels: client.levels.iter().map(|held| held.level).collect(),
            doc: compact(client).into(),
        }
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn start(&self, number: usize) -> usize {
        usize::from(self.starts[number])
    }

    /// The first name, folded.
    pub fn first_name(&self) -> &str {
        self.part(0, self.start(0).saturating_sub(1))
    }

    /// The last name, folded; empty where there is none.
    pub fn last_name(&self) -> &str {
        self.part(self.start(0), self.start(1).saturating_sub(1))
    }

    /// Names and e-mail address, folded.
    pub fn name_and_email(&self) -> &str {
        self.part(0, self.start(2).saturating_sub(1))
    }

    /// The document's number, folded.
    pub fn number_doc(&self) -> &str {
        self.text.get(self.start(2)..).and_then(|rest| rest.split(BETWEEN).next()).unwrap_or_default()
    }

    /// The record; `None` when this version cannot read it.
    pub fn client(&self) -> Option<Client> {
        serde_json::from_str(&self.doc).ok()
    }
}

/// The record as JSON text without nulls: half of it, for guests of whom little is known.
fn compact(client: &Client) -> String {
    let mut value = serde_json::to_value(client).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.retain(|_, value| !value.is_null());
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client(last_name: Option<&str>, email: Option<&str>) -> Client {
        serde_json::from_value(json!({
            "id": uuid::Uuid::from_u128(3), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "document_type": "dni", "number_doc": "50586476", "first_name": "José\u{0}María", "last_name": last_name,
            "email": email, "tel_number": "51999", "points_balance": "12.34", "date": "1980-02-29",
        }))
        .unwrap()
    }

    #[test]
    fn fields_are_told_apart() {
        let line = Line::new(&client(Some("Ñahui"), Some("Jose@Correo.example")), 4);
        assert_eq!((line.first_name(), line.last_name()), ("josemaria", "nahui"));
        assert_eq!(line.name_and_email(), "josemaria\0nahui\0jose@correo.example");
        assert_eq!((line.number_doc(), line.points, line.born), ("50586476", 1234, Some((2, 29))));
        let bare = Line::new(&client(None, None), 1);
        assert_eq!((bare.last_name(), bare.has_last_name, bare.number_doc()), ("", false, "50586476"));
        assert_eq!(bare.name_and_email(), "josemaria\0\0");
    }

    #[test]
    fn the_record_comes_back_whole() {
        for client in [client(Some("Ñahui"), None), client(None, Some(""))] {
            let line = Line::new(&client, 1);
            assert_eq!(line.client(), Some(client));
            let bytes = postcard::to_allocvec(&line).unwrap();
            assert_eq!(postcard::from_bytes::<Line>(&bytes).unwrap(), line);
        }
    }
}
