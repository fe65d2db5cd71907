//! `POST music/players/{player_id}/volume/` and `/power/` (contract 07 §3.3; §8 defect 8).

use axum::{Json, extract::State};
use casa_domain::music::Action;
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

/// How loud.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes the body, which is read field by field
pub(crate) struct MusicVolume {
    /// 0 to 100; a fraction is cut off, a text of digits counts as a number.
    #[schema(minimum = 0, maximum = 100)]
    volume: i64,
}

/// On or off.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes the body, which is read field by field
pub(crate) struct MusicPower {
    /// On? The texts `true` and `false` count too.
    powered: bool,
}

/// Sets the volume of a player.
#[utoipa::path(
    post,
    path = "/api/v1/music/players/{player_id}/volume/",
    tag = "music",
    operation_id = "music_volume",
    params(("player_id" = String, Path, description = "The music server's id of the player")),
    request_body = MusicVolume,
    responses(
        (status = 200, description = "Done", body = MusicDone),
        (status = 400, description = "No volume, or not one of 0 to 100", body = MusicRefusal),
        ForSteering,
        ForGuests,
        WithBody,
    ),
    security(("client" = []))
)]
pub(crate) async fn volume(
    Guest(guest): Guest,
    State(state): State<AppState>,
    PlayerPath(player): PlayerPath,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<MusicDone>> {
    control(&state, guest.client.id, &player).await?;
    let form = form.map_err(refusal::of_body)?;
    let wrong = || refusal::invalid("El volumen debe ser un número entre 0 y 100.");
    let level = level(form.get("volume").ok_or_else(wrong)?).ok_or_else(wrong)?;
    asked(&state, Action::Volume { level }, Some(&player)).await?;
    Ok(done(format!("Volumen ajustado a {level}%")))
}

/// Switches a player on or off.
#[utoipa::path(
    post,
    path = "/api/v1/music/players/{player_id}/power/",
    tag = "music",
    operation_id = "music_power",
    params(("player_id" = String, Path, description = "The music server's id of the player")),
    request_body = MusicPower,
    responses(
        (status = 200, description = "Done", body = MusicDone),
        (status = 400, description = "Neither on nor off", body = MusicRefusal),
        ForSteering,
        ForGuests,
        WithBody,
    ),
    security(("client" = []))
)]
pub(crate) async fn power(
    Guest(guest): Guest,
    State(state): State<AppState>,
    PlayerPath(player): PlayerPath,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<MusicDone>> {
    control(&state, guest.client.id, &player).await?;
    let form = form.map_err(refusal::of_body)?;
    let wrong = || refusal::invalid("Indique powered con true o false.");
    let on = switch(form.get("powered").ok_or_else(wrong)?).ok_or_else(wrong)?;
    asked(&state, Action::Power { on }, Some(&player)).await?;
    Ok(done(if on { "Reproductor encendido." } else { "Reproductor apagado." }))
}

/// A volume as the original took it: whole numbers, fractions cut off, texts of whole numbers, and yes for one.
fn level(value: &Value) -> Option<u8> {
    let level = match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().map(|number| number.trunc()).and_then(whole))?
        }
        Value::String(text) => text.trim().parse().ok()?,
        Value::Bool(yes) => i64::from(*yes),
        _ => return None,
    };
    u8::try_from(level).ok().filter(|level| *level <= 100)
}

/// A whole number of moderate size as one.
fn whole(number: f64) -> Option<i64> {
    (-1.0..=101.0).contains(&number).then(|| format!("{number:.0}").parse().ok())?
}

fn switch(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Contract 07 §9, example 10, and §3.3.
    #[test]
    fn example_10_volumes() {
        for (value, wanted) in [
            (json!("55"), Some(55)),
            (json!(55.9), Some(55)),
            (json!(101), None),
            (json!("x"), None),
            (json!(0), Some(0)),
            (json!(100.9), Some(100)),
            (json!(-0.5), Some(0)),
            (json!(-1), None),
            (json!(true), Some(1)),
            (json!(" 7 "), Some(7)),
            (json!("55.9"), None),
            (json!(1e300), None),
            (json!(18_446_744_073_709_551_615_u64), None),
            (json!([5]), None),
            (json!({"a": 5}), None),
            (json!(null), None),
        ] {
            assert_eq!(level(&value), wanted, "{value}");
        }
    }

    #[test]
    fn a_switch_is_on_or_off() {
        for (value, wanted) in [
            (json!(true), Some(true)),
            (json!("false"), Some(false)),
            (json!("True"), Some(true)),
            (json!(1), None),
            (json!("on"), None),
            (json!(null), None),
        ] {
            assert_eq!(switch(&value), wanted, "{value}");
        }
    }
}
