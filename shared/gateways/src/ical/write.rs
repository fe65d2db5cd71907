//! The calendar of a house as others fetch it (contract 05 §4.6).

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// Most octets of a line without its end.
const LINE: usize = 75;

/// A stay as others may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedStay {
    /// Id of the reservation; stays the same for as long as the reservation lives.
    pub id: Uuid,
    /// First night, a local date.
    pub check_in: NaiveDate,
    /// Day of departure, a local date.
    pub check_out: NaiveDate,
    /// When the reservation was made.
    pub created: DateTime<Utc>,
    /// Code of where it came from, such as `aus`.
    pub origin: String,
}

/// The calendar with one event per stay, in the order given. No guest is named in it: the calendar is public.
pub fn write<'a>(stays: impl IntoIterator<Item = &'a ExportedStay>) -> String {
    let mut text = String::new();
    line(&mut text, "BEGIN:VCALENDAR");
    line(&mut text, "VERSION:2.0");
    line(&mut text, "PRODID:-//Casa Austin//Reservas//ES");
    for stay in stays {
        let ExportedStay { id, check_in, check_out, created, origin } = stay;
        line(&mut text, "BEGIN:VEVENT");
        line(&mut text, &format!("UID:{id}"));
        let description = escaped(&format!("Reserva de Casa Austin - {id} ({origin})"));
        line(&mut text, &format!("DESCRIPTION:{description}"));
        line(&mut text, &format!("DTSTART:{}", midnight(*check_in)));
        line(&mut text, &format!("DTEND:{}", midnight(*check_out)));
        line(&mut text, &format!("DTSTAMP:{}", created.format("%Y%m%dT%H%M%SZ")));
        line(&mut text, "END:VEVENT");
    }
    line(&mut text, "END:VCALENDAR");
    text
}

/// The beginning of a local day. Without a zone, as the original writes it: platforms take the house's own.
fn midnight(day: NaiveDate) -> impl std::fmt::Display {
    day.format("%Y%m%dT000000")
}

/// A text as the format wants it (RFC 5545 §3.3.11).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            // No control may stand in a line.
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Adds a line, folded so that no part is longer than allowed and no letter is cut.
fn line(text: &mut String, content: &str) {
    let mut width = 0;
    for letter in content.chars() {
        if width + letter.len_utf8() > LINE {
            text.push_str("\r\n ");
            width = 1;
        }
        text.push(letter);
        width += letter.len_utf8();
    }
    text.push_str("\r\n");
}
