//! `GET music/sessions/{reservation_id}/requests/` and the host's answers to them (contract 07 §3.11; §8 defects 6 and 16).

use axum::{Json, extract::State};
use casa_domain::{
    ClientId,
    music::{Access, Participant, names, session::NotPending},
    time::utc_offset_iso,
};
use casa_store::StoreError;
use casa_web::{
    ApiResult, AppState, Guest, error,
    openapi::{ForGuests, Racing},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{TRIES, house_name, own_session, people, stay};
use crate::{
    answers::{MusicDone, done},
    path::{RowPath, StayPath},
    refusal::{self, ForHosts, MusicRefusal},
};

/// Who asked to take part in the music of a stay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicRequests {
    /// Always true.
    success: bool,
    /// The stay.
    reservation_id: Uuid,
    /// Name of the house.
    property_name: String,
    /// Those who wait for an answer, the newest first.
    pending_requests: Vec<MusicRequest>,
    /// Those whom the host turned down, the newest first: taking one out lets them ask again at once.
    rejected_requests: Vec<MusicRequest>,
}

/// A request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicRequest {
    /// Its id.
    id: Uuid,
    /// Who asks.
    client_id: Uuid,
    /// Names in full.
    name: String,
    /// When, in UTC.
    requested_at: String,
}

/// Who asked to take part in the music of the guest's stay.
#[utoipa::path(
    get,
    path = "/api/v1/music/sessions/{reservation_id}/requests/",
    tag = "music",
    operation_id = "music_requests",
    params(("reservation_id" = String, Path, description = "The stay")),
    responses(
        (status = 200, description = "The requests", body = MusicRequests),
        ForHosts,
        ForGuests,
    ),
    security(("client" = []))
)]
pub(crate) async fn list(
    Guest(guest): Guest,
    State(state): State<AppState>,
    StayPath(id): StayPath,
) -> ApiResult<Json<MusicRequests>> {
    let session = own_session(&state, id, guest.client.id).await?;
    let listed = session.with(Access::Pending).chain(session.with(Access::Rejected));
    let (people, property_name) =
        tokio::try_join!(people(&state, listed.map(|one| one.client)), house_name(&state, stay(&session)))?;
    let of = |status| {
        session
            .with(status)
            .filter_map(|one| {
                Some(MusicRequest {
                    id: one.id.0,
                    client_id: one.client.0,
                    name: names::in_full(people.get(&one.client)?),
                    requested_at: utc_offset_iso(one.requested_at),
                })
            })
            .collect()
    };
    Ok(Json(MusicRequests {
        success: true,
        reservation_id: stay(&session).id.0,
        property_name,
        pending_requests: of(Access::Pending),
        rejected_requests: of(Access::Rejected),
    }))
}

/// Lets somebody who asked steer the music of the guest's stay while it lasts.
#[utoipa::path(
    post,
    path = "/api/v1/music/sessions/{reservation_id}/requests/{request_id}/accept/",
    tag = "music",
    operation_id = "music_accept",
    params(
        ("reservation_id" = String, Path, description = "The stay"),
        ("request_id" = String, Path, description = "The request"),
    ),
    responses(
        (status = 200, description = "Let in", body = MusicDone),
        (status = 400, description = "The request has an answer", body = MusicRefusal),
        ForHosts,
        ForGuests,
        Racing,
    ),
    security(("client" = []))
)]
pub(crate) async fn accept(
    Guest(guest): Guest,
    State(state): State<AppState>,
    path: RowPath,
) -> ApiResult<Json<MusicDone>> {
    answer(&state, guest.client.id, path, Participant::accepted).await?;
    Ok(done("Solicitud aceptada."))
}

/// Turns down somebody who asked.
#[utoipa::path(
    post,
    path = "/api/v1/music/sessions/{reservation_id}/requests/{request_id}/reject/",
    tag = "music",
    operation_id = "music_reject",
    params(
        ("reservation_id" = String, Path, description = "The stay"),
        ("request_id" = String, Path, description = "The request"),
    ),
    responses(
        (status = 200, description = "Turned down", body = MusicDone),
        (status = 400, description = "The request has an answer", body = MusicRefusal),
        ForHosts,
        ForGuests,
        Racing,
    ),
    security(("client" = []))
)]
pub(crate) async fn reject(
    Guest(guest): Guest,
    State(state): State<AppState>,
    path: RowPath,
) -> ApiResult<Json<MusicDone>> {
    answer(&state, guest.client.id, path, Participant::rejected).await?;
    Ok(done("Solicitud rechazada."))
}

async fn answer(
    state: &AppState,
    host: ClientId,
    path: RowPath,
    decide: fn(&Participant, DateTime<Utc>) -> Result<Participant, NotPending>,
) -> ApiResult<()> {
    change(state, host, path, |one, now| {
        decide(one, now).map_err(|NotPending| refusal::invalid("Esta solicitud ya fue respondida."))
    })
    .await
}

/// Changes a row that stands, of a stay of this guest.
pub(super) async fn change(
    state: &AppState,
    host: ClientId,
    RowPath(id, row): RowPath,
    decide: impl Fn(&Participant, DateTime<Utc>) -> ApiResult<Participant>,
) -> ApiResult<()> {
    for _ in 0..TRIES {
        let session = own_session(state, id, host).await?;
        let mut rows = session.participants.iter();
        let before = rows.find(|one| Some(one.participant.id) == row && !one.participant.deleted);
        let before = before.ok_or_else(refusal::no_participant)?;
        let after = decide(&before.participant, state.clock.now())?;
        match state.store.music().save_participant(&session, Some(before), &after).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Changed) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}
