//! `GET music/sessions/{reservation_id}/participants/` and taking somebody out (contract 07 §3.11, §3.12).

use axum::{Json, extract::State};
use casa_domain::{
    Client, Reservation,
    music::{Access, State as Stage, names, session as rules},
    time::utc_offset_iso,
};
use casa_store::music::Session;
use casa_web::{
    ApiResult, AppState, Guest,
    openapi::{ForGuests, Racing},
};
use chrono::NaiveDateTime;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{house_name, people, requests::change, session, stay};
use crate::{
    answers::{MusicDone, done, picture},
    path::{RowPath, StayPath},
    refusal::{self, ForHosts, MusicRefusal},
};

/// The session of a stay: before it begins, while it lasts, or after its end.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum MusicSession {
    /// Before check-in.
    NotStarted(MusicSessionScheduled),
    /// Between check-in and check-out.
    Active(MusicSessionActive),
    /// After check-out.
    Ended(MusicSessionEnded),
}

/// A session that has not begun.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicSessionScheduled {
    /// Always true.
    success: bool,
    /// Always false.
    session_active: bool,
    /// `not_started`.
    status: &'static str,
    /// `Sesión programada`.
    message: &'static str,
    /// When it begins, local, with the zone's distance from UTC.
    activation_datetime: String,
    /// The day, `DD/MM/YYYY`.
    activation_date: String,
    /// The time, `HH:MM`.
    activation_time: String,
    /// The stay.
    reservation_id: Uuid,
    /// Name of the house.
    property_name: String,
}

/// A session that is over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicSessionEnded {
    /// Always true.
    success: bool,
    /// Always false.
    session_active: bool,
    /// `ended`.
    status: &'static str,
    /// `Sesión finalizada`.
    message: &'static str,
    /// When it ended, local, with the zone's distance from UTC.
    termination_datetime: String,
    /// The day, `DD/MM/YYYY`.
    termination_date: String,
    /// The time, `HH:MM`.
    termination_time: String,
    /// The stay.
    reservation_id: Uuid,
    /// Name of the house.
    property_name: String,
}

/// A session that lasts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicSessionActive {
    /// Always true.
    success: bool,
    /// Always true.
    session_active: bool,
    /// `active`.
    status: &'static str,
    /// The stay.
    reservation_id: Uuid,
    /// Name of the house.
    property_name: String,
    /// Whose stay it is; null where it has no guest any more.
    host: Option<MusicHost>,
    /// Whom the host let in, the newest request first.
    participants: Vec<MusicParticipant>,
    /// When it ends, local, with the zone's distance from UTC.
    session_ends_at: String,
}

/// The host of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicHost {
    /// The guest.
    id: Uuid,
    /// Names in full.
    name: String,
    /// Whether a Facebook account is linked.
    facebook_linked: bool,
    /// The picture there.
    profile_picture: Option<String>,
}

/// Somebody whom the host let in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicParticipant {
    /// By which the host takes them out.
    id: Uuid,
    /// The guest.
    client_id: Uuid,
    /// Given names and an initial.
    name: String,
    /// Whether a Facebook account is linked.
    facebook_linked: bool,
    /// The picture there.
    profile_picture: Option<String>,
    /// When they were let in, in UTC.
    accepted_at: Option<String>,
}

/// The session of a stay: who takes part, for those who do.
#[utoipa::path(
    get,
    path = "/api/v1/music/sessions/{reservation_id}/participants/",
    tag = "music",
    operation_id = "music_participants",
    params(("reservation_id" = String, Path, description = "The stay")),
    responses(
        (status = 200, description = "The session", body = MusicSession),
        (status = 403, description = "The guest does not take part", body = MusicRefusal),
        (status = 404, description = "No such stay", body = MusicRefusal),
        (status = 503, description = "The table does not answer", body = MusicRefusal),
        ForGuests,
    ),
    security(("client" = []))
)]
pub(crate) async fn list(
    Guest(guest): Guest,
    State(state): State<AppState>,
    StayPath(id): StayPath,
) -> ApiResult<Json<MusicSession>> {
    let session = session(&state, id).await?;
    session.role(guest.client.id).ok_or_else(refusal::not_joined)?;
    let one = stay(&session);
    let property_name = house_name(&state, one).await?;
    Ok(Json(match rules::state(one, state.clock.local_now()) {
        Stage::NotStarted => MusicSession::NotStarted(scheduled(&state, one, property_name)),
        Stage::Ended => MusicSession::Ended(ended(&state, one, property_name)),
        Stage::Active => MusicSession::Active(active(&state, &session, property_name).await?),
    }))
}

fn scheduled(state: &AppState, one: &Reservation, property_name: String) -> MusicSessionScheduled {
    let starts = rules::starts(one);
    MusicSessionScheduled {
        success: true,
        session_active: false,
        status: Stage::NotStarted.label(),
        message: "Sesión programada",
        activation_datetime: zoned(state, starts),
        activation_date: starts.format("%d/%m/%Y").to_string(),
        activation_time: starts.format("%H:%M").to_string(),
        reservation_id: one.id.0,
        property_name,
    }
}

fn ended(state: &AppState, one: &Reservation, property_name: String) -> MusicSessionEnded {
    let ends = rules::ends(one);
    MusicSessionEnded {
        success: true,
        session_active: false,
        status: Stage::Ended.label(),
        message: "Sesión finalizada",
        termination_datetime: zoned(state, ends),
        termination_date: ends.format("%d/%m/%Y").to_string(),
        termination_time: ends.format("%H:%M").to_string(),
        reservation_id: one.id.0,
        property_name,
    }
}

async fn active(state: &AppState, session: &Session, property_name: String) -> ApiResult<MusicSessionActive> {
    let one = stay(session);
    let joined = session.with(Access::Accepted);
    let people = people(state, joined.map(|row| row.client).chain(one.client)).await?;
    let host = one.client.and_then(|host| people.get(&host)).map(MusicHost::of);
    let participants = session.with(Access::Accepted).filter_map(|row| {
        let guest = people.get(&row.client)?;
        Some(MusicParticipant {
            id: row.id.0,
            client_id: guest.id.0,
            name: names::in_session(guest),
            facebook_linked: guest.facebook_linked,
            profile_picture: picture(guest),
            accepted_at: row.accepted_at.map(utc_offset_iso),
        })
    });
    Ok(MusicSessionActive {
        success: true,
        session_active: true,
        status: Stage::Active.label(),
        reservation_id: one.id.0,
        property_name,
        host,
        participants: participants.collect(),
        session_ends_at: zoned(state, rules::ends(one)),
    })
}

impl MusicHost {
    fn of(host: &Client) -> Self {
        Self {
            id: host.id.0,
            name: names::in_full(host),
            facebook_linked: host.facebook_linked,
            profile_picture: picture(host),
        }
    }
}

/// A local moment with the zone's distance from UTC on its day.
fn zoned(state: &AppState, local: NaiveDateTime) -> String {
    let offset = state.clock.offset(state.clock.start_of(local.date()));
    format!("{}{offset}", local.format("%Y-%m-%dT%H:%M:%S"))
}

/// Takes somebody out of the session of the guest's stay, or takes a request off the list, whatever its status. They may ask
/// again.
#[utoipa::path(
    delete,
    path = "/api/v1/music/sessions/{reservation_id}/participants/{participant_id}/",
    tag = "music",
    operation_id = "music_expel",
    params(
        ("reservation_id" = String, Path, description = "The stay"),
        ("participant_id" = String, Path, description = "The participant or request"),
    ),
    responses(
        (status = 200, description = "Taken out", body = MusicDone),
        ForHosts,
        ForGuests,
        Racing,
    ),
    security(("client" = []))
)]
pub(crate) async fn expel(
    Guest(guest): Guest,
    State(state): State<AppState>,
    path: RowPath,
) -> ApiResult<Json<MusicDone>> {
    change(&state, guest.client.id, path, |one, now| Ok(one.expelled(now))).await?;
    Ok(done("Participante retirado de la sesión."))
}
