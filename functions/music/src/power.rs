//! `POST music/auto-power-on/` and `music/auto-power-on-all/` (contract 07 §3.9; §8 defects 4 and 5).

use axum::{Json, extract::State};
use casa_domain::{
    HouseId,
    music::{Action, Failure, Outcome},
};
use casa_jobs::music::{
    ask,
    power::{Powered, Step, power_all},
};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Guest, MusicMachine,
    openapi::{ForGuests, ForStaff, WithBody},
};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::{control_in, with_players},
    refusal::{self, ForSteering, MusicRefusal},
};

/// A house whose player shall be on.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes the body, which is read field by field
pub(crate) struct MusicPowerOn {
    /// The house.
    property_id: Uuid,
}

/// A player that is on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicPoweredOn {
    /// Always true.
    success: bool,
    /// `none` where it was on already, else `powered_on`.
    action: &'static str,
    /// In words.
    message: &'static str,
    /// Always true.
    player_powered: bool,
}

/// What became of all players.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicPoweredAll {
    /// Always true.
    success: bool,
    /// In words.
    message: String,
    /// How many houses have a player.
    total_properties: usize,
    /// How many players were switched on.
    powered_on_count: usize,
    /// What became of each.
    results: Vec<MusicPowerResult>,
}

/// What became of a player.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicPowerResult {
    /// The house.
    property_id: Uuid,
    /// Its name.
    property_name: String,
    /// The music server's id of the player.
    player_id: String,
    /// `none`, `powered_on` or `error`.
    action: &'static str,
    /// Why, in Spanish.
    reason: &'static str,
    /// On or off; null where it is not known.
    player_powered: Option<bool>,
}

/// Switches the player of a house on, unless it is on. Whoever may steer it now may (the original let every guest, and
/// answered `none` without a stay under way; that is 403 now).
#[utoipa::path(
    post,
    path = "/api/v1/music/auto-power-on/",
    tag = "music",
    operation_id = "music_auto_power_on",
    request_body = MusicPowerOn,
    responses(
        (status = 200, description = "It is on", body = MusicPoweredOn),
        (status = 400, description = "No house named", body = MusicRefusal),
        ForSteering,
        ForGuests,
        WithBody,
    ),
    security(("client" = []))
)]
pub(crate) async fn one(
    Guest(guest): Guest,
    State(state): State<AppState>,
    form: Result<Form, ApiError>,
) -> ApiResult<Json<MusicPoweredOn>> {
    let form = form.map_err(refusal::of_body)?;
    let id = form.get("property_id").and_then(Value::as_str).map(str::trim).filter(|id| !id.is_empty());
    let id: Option<HouseId> = id.ok_or_else(|| refusal::invalid("Indique property_id."))?.parse().ok();
    let catalogue = state.store.houses().catalogue().await?;
    let house = with_players(&catalogue).into_iter().find(|house| Some(house.id) == id);
    let house = house.ok_or_else(|| {
        casa_web::error::failure(
            StatusCode::NOT_FOUND,
            "La propiedad no existe o no tiene reproductor de música.",
        )
    })?;
    control_in(&state, guest.client.id, house).await?;
    let player = house.player_id.clone().unwrap_or_default();
    let known = state.store.music().player(&player).await?;
    let answer = |action, message| MusicPoweredOn { success: true, action, message, player_powered: true };
    if known.is_some_and(|player| player.powered == Some(true)) {
        return Ok(Json(answer("none", "El reproductor ya está encendido.")));
    }
    match ask(&state, Action::Power { on: true }, Some(player)).await {
        Outcome::Done(_) => Ok(Json(answer("powered_on", "Reproductor encendido."))),
        Outcome::Failed(why) => Err(refusal::failed(why)),
    }
}

/// Switches on the players of all houses with a stay under way. For a clock elsewhere; here a schedule does it at check-in.
#[utoipa::path(
    post,
    path = "/api/v1/music/auto-power-on-all/",
    tag = "music",
    operation_id = "music_auto_power_on_all",
    responses(
        (status = 200, description = "What became of each player", body = MusicPoweredAll),
        (status = 503, description = "No connection to the music server, or an outage", body = MusicRefusal),
        ForStaff,
    ),
    security(("music" = []), ("staff" = []))
)]
pub(crate) async fn all(_: MusicMachine, State(state): State<AppState>) -> ApiResult<Json<MusicPoweredAll>> {
    power_on_all(&state).await
}

/// The same as `POST`, until the clocks that know it as `GET` are changed.
#[utoipa::path(
    get,
    path = "/api/v1/music/auto-power-on-all/",
    tag = "music",
    operation_id = "music_auto_power_on_all_by_link",
    responses(
        (status = 200, description = "What became of each player", body = MusicPoweredAll),
        (status = 503, description = "No connection to the music server, or an outage", body = MusicRefusal),
        ForStaff,
    ),
    security(("music" = []), ("staff" = []))
)]
pub(crate) async fn all_by_link(
    _: MusicMachine,
    State(state): State<AppState>,
) -> ApiResult<Json<MusicPoweredAll>> {
    power_on_all(&state).await
}

async fn power_on_all(state: &AppState) -> ApiResult<Json<MusicPoweredAll>> {
    let steps = power_all(state).await?.ok_or_else(|| refusal::failed(Failure::Offline))?;
    let powered_on_count = steps.iter().filter(|step| step.became == Powered::SwitchedOn).count();
    let message = match steps.len() {
        0 => "Ninguna propiedad tiene reproductor de música.".to_owned(),
        _ => format!("Reproductores encendidos: {powered_on_count}."),
    };
    Ok(Json(MusicPoweredAll {
        success: true,
        message,
        total_properties: steps.len(),
        powered_on_count,
        results: steps.into_iter().map(MusicPowerResult::from).collect(),
    }))
}

impl From<Step> for MusicPowerResult {
    fn from(step: Step) -> Self {
        let (action, reason, player_powered) = match step.became {
            Powered::NobodyThere => ("none", "Sin reserva activa.", None),
            Powered::Unknown => ("error", "El servidor de música no conoce el reproductor.", None),
            Powered::WasOn => ("none", "El reproductor ya estaba encendido.", Some(true)),
            Powered::SwitchedOn => ("powered_on", "Reproductor encendido.", Some(true)),
            Powered::Failed => ("error", "No se pudo encender el reproductor.", Some(false)),
        };
        Self {
            property_id: step.house.0,
            property_name: step.name,
            player_id: step.player,
            action,
            reason,
            player_powered,
        }
    }
}
