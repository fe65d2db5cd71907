//! How much of a guest's name whom is shown (contract 07 §3.1, §3.11, §3.12, example 11).

use crate::client::Client;

/// The guest in a list of players: the first word of each name, with a capital and small letters. "Ana Perez".
#[must_use]
pub fn on_player(guest: &Client) -> String {
    let first_word = |text: &str| text.split_whitespace().next().map(capitalised);
    let last_name = guest.last_name.as_deref().unwrap_or_default();
    let words = [first_word(&guest.first_name), first_word(last_name)];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The host to those in the session, and those who ask to the host: both names in full, as they are written.
#[must_use]
pub fn in_full(guest: &Client) -> String {
    let last_name = guest.last_name.as_deref().unwrap_or_default();
    format!("{} {last_name}", guest.first_name).trim().to_owned()
}

/// Those in the session to each other: the given names and an initial. "Ana Lucia P."
#[must_use]
pub fn in_session(guest: &Client) -> String {
    let initial = guest.last_name.as_deref().unwrap_or_default().trim_start().chars().next();
    let first = guest.first_name.trim();
    match initial {
        Some(initial) => format!("{first} {}.", initial.to_uppercase()).trim_start().to_owned(),
        None => first.to_owned(),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn guest(first: &str, last: Option<&str>) -> Client {
        serde_json::from_value(json!({
            "id": uuid::Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "document_type": "dni", "number_doc": "11111111", "first_name": first, "last_name": last,
        }))
        .unwrap()
    }

    /// Contract 07 §9, example 11; a missing family name is not the word "None".
    #[test]
    fn example_11() {
        for (first, last, on_a_player, short, full) in [
            ("Ana Lucia", Some("perez gomez"), "Ana Perez", "Ana Lucia P.", "Ana Lucia perez gomez"),
            ("ANA", None, "Ana", "ANA", "ANA"),
            ("ñusta", Some(" "), "Ñusta", "ñusta", "ñusta"),
            ("", Some("árbol"), "Árbol", "Á.", "árbol"),
            ("", None, "", "", ""),
        ] {
            let guest = guest(first, last);
            assert_eq!(on_player(&guest), on_a_player);
            assert_eq!(in_session(&guest), short);
            assert_eq!(in_full(&guest), full);
        }
    }
}
