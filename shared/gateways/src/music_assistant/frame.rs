//! Frames of the protocol, going out and coming in (contract 07 §6.3).

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{Error, objects::wire::Scalar};

/// Most bytes of the server's words about an error that are kept.
const LONGEST_DETAILS: usize = 300;

/// A command going out.
#[derive(Serialize)]
pub(super) struct Outgoing<'a, A> {
    pub(super) message_id: &'a str,
    pub(super) command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) args: Option<A>,
}

/// What a frame is.
#[derive(Debug)]
pub(super) enum Incoming<'a> {
    Event { kind: String, object_id: Option<String>, data: Option<&'a RawValue> },
    Error { id: Option<u64>, error: Error },
    Answer { id: Option<u64>, partial: bool },
    Hello(Hello),
}

/// What the server says of itself, unasked, at the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hello {
    pub(super) server_version: Option<String>,
    pub(super) schema: Option<u32>,
    pub(super) min_supported: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    event: Scalar,
    object_id: Scalar,
    #[serde(borrow, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    message_id: Scalar,
    error_code: Scalar,
    details: Scalar,
    #[serde(borrow, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    partial: Scalar,
    server_version: Scalar,
    schema_version: Scalar,
    min_supported_schema_version: Scalar,
}

/// A null that is there is not the same as nothing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads a frame; `None` for what is no object of JSON.
pub(super) fn read(text: &str) -> Option<Incoming<'_>> {
    let frame: Envelope = serde_json::from_str(text).ok()?;
    if let Some(kind) = frame.event.text() {
        return Some(Incoming::Event { kind, object_id: frame.object_id.text(), data: frame.data });
    }
    let id = id(&frame.message_id);
    if frame.error_code != Scalar::Nothing {
        let mut details = frame.details.text().unwrap_or_default();
        details.truncate(details.floor_char_boundary(LONGEST_DETAILS));
        // A code that is no number is as unknown as any other unknown one.
        let code = frame.error_code.integer().unwrap_or(-1);
        return Some(Incoming::Error { id, error: Error::Refused { code, details } });
    }
    if frame.result.is_some() {
        return Some(Incoming::Answer { id, partial: frame.partial.truth().unwrap_or(false) });
    }
    Some(Incoming::Hello(Hello {
        server_version: frame.server_version.text(),
        schema: frame.schema_version.whole(),
        min_supported: frame.min_supported_schema_version.whole(),
    }))
}

/// The result in a frame that [`read`] found to be an answer.
pub(super) fn result(text: &str) -> Option<&RawValue> {
    serde_json::from_str::<Envelope>(text).ok()?.result
}

/// Ours are numbers written as texts; some servers answer with the number.
fn id(message_id: &Scalar) -> Option<u64> {
    message_id.integer().and_then(|id| u64::try_from(id).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> String {
        match read(text) {
            None => "nothing".to_owned(),
            Some(Incoming::Event { kind, .. }) => format!("event {kind}"),
            Some(Incoming::Error { id, error: Error::Refused { code, .. } }) => {
                format!("error {id:?} {code}")
            }
            Some(Incoming::Error { .. }) => "another error".to_owned(),
            Some(Incoming::Answer { id, partial }) => format!("answer {id:?} {partial}"),
            Some(Incoming::Hello(_)) => "hello".to_owned(),
        }
    }

    #[test]
    fn frames_are_told_apart_in_the_order_of_the_contract() {
        for (text, expected) in [
            (r#"{"event":"x","message_id":"1","error_code":1,"result":null}"#, "event x"),
            (r#"{"message_id":"1","error_code":0,"details":null,"result":null}"#, "error Some(1) 0"),
            (r#"{"message_id":1,"error_code":"12","extra":{}}"#, "error Some(1) 12"),
            (r#"{"message_id":"x","error_code":true}"#, "error None -1"),
            (r#"{"message_id":"connection","error_code":503,"details":"Setup required"}"#, "error None 503"),
            (r#"{"message_id":"7","result":null}"#, "answer Some(7) false"),
            (r#"{"result":[1],"message_id":7,"partial":true}"#, "answer Some(7) true"),
            (r#"{"message_id":null,"error_code":null,"result":{}}"#, "answer None false"),
            (r#"{"server_id":"x","schema_version":26}"#, "hello"),
            ("{}", "hello"),
            ("17", "nothing"),
            ("", "nothing"),
            ("pong", "nothing"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn results_are_handed_on_as_they_came() {
        for (text, expected) in [
            (r#"{"message_id":"7","result":null}"#, Some("null")),
            (r#"{"message_id":"7","result":{"b": 1, "a":[]}}"#, Some(r#"{"b": 1, "a":[]}"#)),
            (r#"{"message_id":"7"}"#, None),
        ] {
            assert_eq!(result(text).map(RawValue::get), expected, "{text}");
        }
    }

    #[test]
    fn the_words_of_an_error_are_cut_between_signs() {
        let text = format!(r#"{{"message_id":"1","error_code":999,"details":"{}"}}"#, "ñ🎵".repeat(99));
        let Some(Incoming::Error { error: Error::Refused { details, .. }, .. }) = read(&text) else {
            panic!()
        };
        assert!(details.len() <= LONGEST_DETAILS && details.len() > LONGEST_DETAILS - 4, "{}", details.len());
    }
}
