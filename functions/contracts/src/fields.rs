//! What a contract says of one reservation: the values behind a template's placeholders.

use casa_domain::{money::fixed2, spanish::month_name};
use casa_store::reservations::Booked;
use chrono::{Datelike, NaiveDate};

use crate::landlord::Landlord;

/// Why there is no contract for a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It has no guest.
    NoGuest,
    /// A contract names people, and the guest's document is not a person's.
    DocumentOfCompany,
}

/// The values by placeholder. Every value is one line of printable text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields([(&'static str, String); 11]);

impl Fields {
    /// The values for a reservation of the house with this name. A missing last name counts as empty, a missing price as
    /// 0 (contract 05 §8, row 16).
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn new(booked: &Booked, house: &str, landlord: &Landlord) -> Result<Self, Refused> {
        let guest = booked.client.as_ref().ok_or(Refused::NoGuest)?;
        let document = match guest.document_type.as_str() {
            "dni" => "DNI",
            "pas" => "PASAPORTE",
            "cex" => "CARNET DE EXTRANJERÍA",
            _ => return Err(Refused::DocumentOfCompany),
        };
        let stay = &booked.reservation;
        let name = format!("{} {}", guest.first_name, guest.last_name.as_deref().unwrap_or_default());
        let fields = [
            ("nombre", name.to_uppercase()),
            ("tipodocumento", document.to_owned()),
            ("dni", guest.number_doc.clone()),
            ("propiedad", house.to_owned()),
            ("checkin", long_date(stay.check_in_date)),
            ("checkout", long_date(stay.check_out_date)),
            ("preciodolares", format!("${}", fixed2(stay.price_usd.unwrap_or_default()))),
            ("numpax", stay.guests.to_string()),
            ("arrendador", landlord.name.clone()),
            ("arrendadordocumento", landlord.document.clone()),
            ("arrendadordireccion", landlord.address.clone()),
        ];
        Ok(Self(fields.map(|(name, value)| (name, one_line(&value)))))
    }

    /// The value behind a placeholder.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// Every placeholder with its value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// "5 de marzo del 2026", in the calendar's year (contract 05 §4.9; §8, row 12).
fn long_date(date: NaiveDate) -> String {
    format!("{} de {} del {}", date.day(), month_name(date.month()), date.year())
}

/// The text in one line: what breaks a line or cannot be printed becomes a space, and so do the marks that turn the
/// direction of writing, with which a name could make other words read differently. XML cannot hold some of them at all.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|letter| if is_printable(letter) { letter } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_printable(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        && !matches!(letter, '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A reservation of a guest with these names.
    pub(crate) fn booked(first: &str, last: Option<&str>) -> Booked {
        let reservation = json!({
            "id": "00000000-0000-4000-8000-000000000001", "property": "00000000-0000-4000-8000-000000000002",
            "created": "2026-01-02T03:04:05Z", "updated": "2026-01-02T03:04:05Z",
            "check_in_date": "2026-03-05", "check_out_date": "2026-03-08", "guests": 7, "price_usd": "100",
            "origin": "aus", "status": "approved",
        });
        let guest = json!({
            "id": "00000000-0000-4000-8000-000000000003", "first_name": first, "last_name": last,
            "tel_number": "51900000001", "document_type": "dni", "number_doc": "40000001",
        });
        serde_json::from_value(json!({"r": reservation, "c": guest, "h": null})).unwrap()
    }

    /// The values of such a reservation.
    pub(crate) fn fields(first: &str, last: &str) -> Fields {
        let landlord = Landlord { name: "Ana Ríos".to_owned(), ..Landlord::default() };
        Fields::new(&booked(first, Some(last)), "Casa Lúcuma", &landlord).unwrap()
    }

    #[test]
    fn values_of_a_reservation() {
        let fields = fields("José María", "Ñahui Peña");
        for (name, expected) in [
            ("nombre", "JOSÉ MARÍA ÑAHUI PEÑA"),
            ("tipodocumento", "DNI"),
            ("dni", "40000001"),
            ("propiedad", "Casa Lúcuma"),
            ("checkin", "5 de marzo del 2026"),
            ("checkout", "8 de marzo del 2026"),
            ("preciodolares", "$100.00"),
            ("numpax", "7"),
            ("arrendador", "Ana Ríos"),
        ] {
            assert_eq!(fields.get(name), Some(expected), "{name}");
        }
        assert_eq!(fields.get("otro"), None);
    }

    /// Contract 05 §9, example 14, with the calendar's year.
    #[test]
    fn dates_have_the_year_of_the_calendar() {
        for (date, expected) in [
            ("2026-03-05", "5 de marzo del 2026"),
            ("2024-12-30", "30 de diciembre del 2024"),
            ("2027-01-01", "1 de enero del 2027"),
        ] {
            assert_eq!(long_date(date.parse().unwrap()), expected);
        }
    }

    #[test]
    fn what_is_missing_and_what_is_refused() {
        let landlord = Landlord::default();
        let mut booked = booked("Ana", None);
        booked.reservation.price_usd = None;
        let fields = Fields::new(&booked, "", &landlord).unwrap();
        assert_eq!(fields.get("nombre"), Some("ANA"));
        assert_eq!(fields.get("preciodolares"), Some("$0.00"));
        for (kind, expected) in
            [("pas", Ok("PASAPORTE")), ("cex", Ok("CARNET DE EXTRANJERÍA")), ("ruc", Err(()))]
        {
            booked.client.as_mut().unwrap().document_type = kind.to_owned();
            let fields = Fields::new(&booked, "", &landlord);
            let kind = fields.as_ref().map(|fields| fields.get("tipodocumento").unwrap()).map_err(|_| ());
            assert_eq!(kind, expected);
        }
        booked.client = None;
        assert_eq!(Fields::new(&booked, "", &landlord), Err(Refused::NoGuest));
    }

    #[test]
    fn values_are_one_printable_line() {
        assert_eq!(one_line("  a\u{0}b\r\n\tc \u{202E}d\u{2028}e\u{FFFF} ñ "), "a b c d e ñ");
    }
}
