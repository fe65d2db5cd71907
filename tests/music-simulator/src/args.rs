//! The commands that a simulated server knows, and what each wants to be told (contract 07 §6.5).

use serde_json::{Map, Value, json};

/// Code of a refusal without one of its own.
const GENERIC: i64 = 999;

/// A refusal: code and words.
pub(crate) type Refusal = (i64, String);

/// The type of an argument.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Whole,
    Truth,
    /// An address, an object, or a list of them.
    Media,
    /// One of these words.
    Word(&'static str, &'static [&'static str]),
    /// A list of these words.
    Words(&'static str, &'static [&'static str]),
}

use Kind::{Media, Text, Truth, Whole, Word, Words};

const OPTIONS: Kind = Word("QueueOption", &["play", "replace", "next", "replace_next", "add"]);
const MEDIA_TYPES: Kind =
    Words("MediaType", &["artist", "album", "track", "playlist", "radio", "audiobook", "podcast", "unknown"]);

/// An argument: its name, its type and whether it must be there.
type Argument = (&'static str, Kind, bool);

const PLAYER: &[Argument] = &[("player_id", Text, true)];
const QUEUE: &[Argument] = &[("queue_id", Text, true)];

/// What a command takes; `None` for one that there is not.
fn arguments(command: &str) -> Option<&'static [Argument]> {
    Some(match command {
        "info" | "player_queues/all" | "providers" | "providers/manifests" => &[],
        "players/all" => &[
            ("return_unavailable", Truth, false),
            ("return_disabled", Truth, false),
            ("provider_filter", Text, false),
        ],
        "players/get" => &[("player_id", Text, true), ("raise_unavailable", Truth, false)],
        "players/cmd/play"
        | "players/cmd/pause"
        | "players/cmd/play_pause"
        | "players/cmd/stop"
        | "players/cmd/next"
        | "players/cmd/previous"
        | "player_queues/get_active_queue" => PLAYER,
        "players/cmd/volume_set" => &[("player_id", Text, true), ("volume_level", Whole, true)],
        "players/cmd/power" => &[("player_id", Text, true), ("powered", Truth, true)],
        "player_queues/get"
        | "player_queues/clear"
        | "player_queues/play"
        | "player_queues/pause"
        | "player_queues/stop"
        | "player_queues/next"
        | "player_queues/previous" => QUEUE,
        "player_queues/items" => {
            &[("queue_id", Text, true), ("limit", Whole, false), ("offset", Whole, false)]
        }
        "player_queues/play_media" => &[
            ("queue_id", Text, true),
            ("media", Media, true),
            ("option", OPTIONS, false),
            ("radio_mode", Truth, false),
            ("start_item", Text, false),
        ],
        "music/search" => &[
            ("search_query", Text, true),
            ("media_types", MEDIA_TYPES, false),
            ("limit", Whole, false),
            ("library_only", Truth, false),
        ],
        "music/tracks/library_items" => &[
            ("favorite", Truth, false),
            ("search", Text, false),
            ("limit", Whole, false),
            ("offset", Whole, false),
            ("order_by", Text, false),
            ("provider", Text, false),
        ],
        _ => return None,
    })
}

/// Checks the arguments of a command as strictly as the real server: those it does not know are ignored, and a null one is
/// like one that is absent.
///
/// # Errors
/// The refusal, in the real server's words.
pub(crate) fn check(command: &str, args: &Map<String, Value>) -> Result<(), Refusal> {
    let known = arguments(command).ok_or_else(|| (12, format!("Invalid command: {command}")))?;
    for (name, kind, required) in known {
        match args.get(*name).filter(|value| !value.is_null()) {
            None if *required => {
                let text = format!("\"`{name}` of type `{}` is required.\"", kind.class());
                return Err((GENERIC, text));
            }
            None => {}
            Some(value) => kind.check(name, value)?,
        }
    }
    Ok(())
}

impl Kind {
    fn class(self) -> String {
        match self {
            Text => "<class 'str'>".to_owned(),
            Whole => "<class 'int'>".to_owned(),
            Truth => "<class 'bool'>".to_owned(),
            Media => "MediaItemType | list[MediaItemType] | str | list[str]".to_owned(),
            Word(name, _) => format!("<enum '{name}'>"),
            Words(name, _) => format!("list[{name}]"),
        }
    }

    fn check(self, name: &str, value: &Value) -> Result<(), Refusal> {
        let wrong_word = |class: &str, word: &Value| {
            (GENERIC, format!("{} is not a valid {class}", word.as_str().unwrap_or_default()))
        };
        let fits = match self {
            Text => value.is_string(),
            Whole => value.is_i64() || value.is_u64(),
            Truth => value.is_boolean(),
            Media => match value {
                Value::Array(list) => list.iter().all(|one| one.is_string() || one.is_object()),
                one => one.is_string() || one.is_object(),
            },
            Word(class, words) => match value.as_str() {
                Some(word) if words.contains(&word) => true,
                Some(_) => return Err(wrong_word(class, value)),
                None => false,
            },
            Words(class, words) => match value.as_array() {
                Some(list) => {
                    let is_known = |word: &Value| word.as_str().is_some_and(|word| words.contains(&word));
                    if let Some(word) = list.iter().find(|word| !is_known(word)) {
                        return Err(wrong_word(class, word));
                    }
                    true
                }
                None => false,
            },
        };
        if fits {
            return Ok(());
        }
        let (text, class) = python(value);
        let expected = self.class();
        let text = format!(
            "Value {text} of type <class '{class}'> is invalid for {name}, expected value of type {expected}"
        );
        Err((GENERIC, text))
    }
}

/// How the real server, which is written in Python, prints a value and its type.
fn python(value: &Value) -> (String, &'static str) {
    match value {
        Value::Null => ("None".to_owned(), "NoneType"),
        Value::Bool(true) => ("True".to_owned(), "bool"),
        Value::Bool(false) => ("False".to_owned(), "bool"),
        Value::Number(number) if number.is_f64() => (number.to_string(), "float"),
        Value::Number(number) => (number.to_string(), "int"),
        Value::String(text) => (text.clone(), "str"),
        Value::Array(_) => (value.to_string(), "list"),
        Value::Object(_) => (value.to_string(), "dict"),
    }
}

/// The refusal as a frame.
pub(crate) fn refusal(id: &Value, (code, details): &Refusal) -> Value {
    json!({ "message_id": id, "error_code": code, "details": details })
}
