//! `POST music/sessions/{reservation_id}/request-access/` (contract 07 §3.11; §8 defects 15 and 16).

use std::time::Duration;

use axum::{Json, extract::State};
use casa_domain::{
    ClientId,
    ids::ParticipantId,
    music::{
        Participant,
        session::{self as rules, MOST_OPEN},
    },
};
use casa_store::{StoreError, music::Session};
use casa_web::{
    ApiResult, AppState, Guest, error,
    guard::{Guard, Limit},
    openapi::{ForGuests, Racing},
};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{TRIES, session, stay};
use crate::{
    path::StayPath,
    refusal::{self, MusicRefusal},
};

/// Requests a guest may send in an hour, to whatever stays. Those that reach no host are not counted.
const REQUESTS: Limit = Limit { most: 10, window: Duration::from_secs(60 * 60) };

/// A request that was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MusicAsked {
    /// Always true.
    success: bool,
    /// Its id; the same however often a guest asks for the same stay.
    request_id: Uuid,
    /// In words.
    message: &'static str,
}

/// Asks the host of a stay to let the guest steer the music. Before and during the stay. After a refusal it can be asked
/// again a day later.
#[utoipa::path(
    post,
    path = "/api/v1/music/sessions/{reservation_id}/request-access/",
    tag = "music",
    operation_id = "music_request_access",
    params(("reservation_id" = String, Path, description = "The stay")),
    responses(
        (status = 201, description = "Asked", body = MusicAsked),
        (status = 400, description = "The guest's own stay, asked before, or the stay is over", body = MusicRefusal),
        (status = 404, description = "No such stay", body = MusicRefusal),
        (status = 429, description = "Too many requests", body = MusicRefusal),
        (status = 503, description = "The table does not answer", body = MusicRefusal),
        ForGuests,
        Racing,
    ),
    security(("client" = []))
)]
pub(crate) async fn ask(
    Guest(guest): Guest,
    State(state): State<AppState>,
    StayPath(id): StayPath,
) -> ApiResult<(StatusCode, Json<MusicAsked>)> {
    let (guest, now) = (guest.client.id, state.clock.now());
    let new = ParticipantId(Uuid::new_v4());
    let mut counted = false;
    for _ in 0..TRIES {
        let session = session(&state, id).await?;
        allowed(&state, &session, guest)?;
        let before = session.of(guest);
        let after = match before {
            None => Participant::new(new, stay(&session).id, guest, now),
            Some(row) => row.participant.asked_again(now).map_err(|asked| refusal::asked(asked.0))?,
        };
        if !counted {
            let guard = Guard::of("music-request");
            let guard = guard.per_subject(&state.settings.secret, &guest.to_string(), REQUESTS);
            guard.obey(&state.store, refusal::wait).await?;
            counted = true;
        }
        match state.store.music().save_participant(&session, before, &after).await {
            Ok(()) => {
                let message = "Solicitud enviada. El anfitrión debe aceptarla.";
                let body = MusicAsked { success: true, request_id: after.id.0, message };
                return Ok((StatusCode::CREATED, Json(body)));
            }
            Err(StoreError::Changed) => {}
            Err(StoreError::Taken(_)) => {
                let text =
                    format!("Esta sesión ya tiene {MOST_OPEN} solicitudes sin respuesta. Intente más tarde.");
                return Err(refusal::invalid(&text));
            }
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}

fn allowed(state: &AppState, session: &Session, guest: ClientId) -> ApiResult<()> {
    let stay = stay(session);
    if !stay.status.blocks() {
        return Err(refusal::no_stay());
    }
    if stay.client == Some(guest) {
        return Err(refusal::invalid("Usted es el anfitrión de esta sesión."));
    }
    if !rules::may_be_joined(stay, state.clock.local_now()) {
        return Err(refusal::invalid("La estadía ya terminó."));
    }
    Ok(())
}
