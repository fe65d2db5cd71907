//! `POST music/players/{player_id}/play-media/` (contract 07 §3.6).

use axum::{Json, extract::State};
use casa_domain::music::{Action, QueueOption};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Guest,
    openapi::{ForGuests, WithBody},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    access::control,
    answers::{MusicDone, asked, done},
    path::PlayerPath,
    refusal::{self, ForSteering, MusicRefusal},
};

/// Most addresses in one request; an album or a list is one address.
const MOST: usize = 100;
/// Longest address, in characters.
const LONGEST: usize = 2000;

/// What to play, and where in the queue.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes the body, which is read field by field
pub(crate) struct MusicPlayMedia {
    /// One address or a list of up to 100, of up to 2000 characters each.
    media_id: OneOrMany,
    /// `track`, `album`, …: must be there, and is not looked at.
    media_type: String,
    /// `play`, `replace`, `next`, `replace_next` or `add`, in any case.
    queue_option: String,
}

/// One text or several.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // describes the body, which is read field by field
pub(crate) enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// Puts music into the active queue of a player.
#[utoipa::path(
    post,
    path = "/api/v1/music/players/{player_id}/play-media/",
    tag = "music",
    operation_id = "music_play_media",
    params(("player_id" = String, Path, description = "The music server's id of the player")),
    request_body = MusicPlayMedia,
    responses(
        (status = 200, description = "Done", body = MusicDone),
        (status = 400, description = "A field is missing or wrong", body = MusicRefusal),
        ForSteering,
        ForGuests,
        WithBody,
    ),
    security(("client" = []))
)]
pub(crate) async fn play(
    Guest(guest): Guest,
    State(state): State<AppState>,
    PlayerPath(player): PlayerPath,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<MusicDone>> {
    control(&state, guest.client.id, &player).await?;
    let form = form.map_err(refusal::of_body)?;
    let media = media(form.get("media_id"))?;
    if !form.get("media_type").is_some_and(is_something) {
        return Err(refusal::invalid("Indique media_type."));
    }
    let option = form.get("queue_option").and_then(Value::as_str).and_then(option);
    let option = option
        .ok_or_else(|| refusal::invalid("Indique queue_option: play, replace, next, replace_next o add."))?;
    asked(&state, Action::PlayMedia { media, option }, Some(&player)).await?;
    Ok(done(match option {
        QueueOption::Play | QueueOption::Replace => "Reproduciendo.",
        QueueOption::Next | QueueOption::ReplaceNext => "Sonará a continuación.",
        QueueOption::Add => "Agregado a la cola.",
    }))
}

fn media(value: Option<&Value>) -> ApiResult<Vec<String>> {
    let missing = || refusal::invalid("Indique media_id: una dirección o una lista de direcciones.");
    let media = match value.ok_or_else(missing)? {
        Value::String(text) => vec![text.trim().to_owned()],
        Value::Array(list) if list.len() > MOST => {
            return Err(refusal::invalid(&format!("Envíe hasta {MOST} direcciones a la vez.")));
        }
        Value::Array(list) => {
            let texts = list.iter().map(|one| one.as_str().map(|text| text.trim().to_owned()));
            texts.collect::<Option<Vec<_>>>().ok_or_else(missing)?
        }
        _ => return Err(missing()),
    };
    if media.is_empty() || media.iter().any(String::is_empty) {
        return Err(missing());
    }
    if media.iter().any(|one| one.chars().count() > LONGEST || one.chars().any(char::is_control)) {
        return Err(refusal::invalid(&format!("Cada dirección debe tener hasta {LONGEST} caracteres.")));
    }
    Ok(media)
}

fn option(text: &str) -> Option<QueueOption> {
    Some(match text.to_lowercase().as_str() {
        "play" => QueueOption::Play,
        "replace" => QueueOption::Replace,
        "next" => QueueOption::Next,
        "replace_next" => QueueOption::ReplaceNext,
        "add" => QueueOption::Add,
        _ => return None,
    })
}

/// Whether a value counted as given in the original.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_address_or_a_list() {
        for (value, wanted) in [
            (json!("library://track/1"), Some(1)),
            (json!(["library://track/1", "https://open.example/track/2"]), Some(2)),
            (json!("x".repeat(2000)), Some(1)),
            (json!("x".repeat(2001)), None),
            (json!(vec!["x"; 100]), Some(100)),
            (json!(vec!["x"; 101]), None),
            (json!([]), None),
            (json!(""), None),
            (json!(["x", " "]), None),
            (json!(["x", 5]), None),
            (json!(5), None),
            (json!({"uri": "x"}), None),
            (json!(null), None),
            (json!("a\u{0}b"), None),
        ] {
            let found = media(Some(&value)).ok().map(|media| media.len());
            assert_eq!(found, wanted, "{}", value.to_string().chars().take(60).collect::<String>());
        }
        assert!(media(None).is_err());
    }

    /// Contract 07 §9, example 9.
    #[test]
    fn example_9_options_in_any_case() {
        assert_eq!(option("REPLACE"), Some(QueueOption::Replace));
        assert_eq!(option("Replace_Next"), Some(QueueOption::ReplaceNext));
        assert_eq!(option("shuffle"), None);
        for (value, given) in [(json!("x"), true), (json!(""), false), (json!(0), false), (json!([0]), true)]
        {
            assert_eq!(is_something(&value), given, "{value}");
        }
    }
}
