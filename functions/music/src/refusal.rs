//! How these endpoints refuse: `{success: false, error}` in Spanish, with the same text as `detail` (contract 07 §3.0; fixed
//! texts instead of what the music server says, §8 defects 6 and 7).

use casa_domain::music::{Access, Failure};
use casa_web::{
    ApiError,
    error::failure,
    openapi::{Responses, response},
};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{IntoResponses, ToSchema};

/// What is wrong, in Spanish.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes errors, which are built by hand
pub(crate) struct MusicRefusal {
    /// False, where the endpoint itself refuses.
    success: Option<bool>,
    /// For the guest.
    error: Option<String>,
    /// The same text, and for lost races and outages.
    detail: String,
    /// Where somebody asked before: `pending`, `accepted` or `rejected`.
    status: Option<String>,
}

/// What every endpoint that asks the music server may answer instead.
pub(crate) struct FromServer;

impl IntoResponses for FromServer {
    fn responses() -> Responses {
        Responses::from(
            [
                ("404", "No such house, player or music, or music that cannot be played"),
                ("409", "The player cannot be reached"),
                ("502", "The music server refused"),
                ("503", "No connection to the music server, or an outage"),
                ("504", "The music server was too slow; it may still be done"),
            ]
            .map(|(status, description)| response(status, description, "MusicRefusal")),
        )
    }
}

/// What every endpoint that steers a player may answer instead.
pub(crate) struct ForSteering;

impl IntoResponses for ForSteering {
    fn responses() -> Responses {
        let mut responses = FromServer::responses();
        responses.extend([response("403", "Not the guest's to steer now", "MusicRefusal")]);
        responses
    }
}

/// What every endpoint for the host of a session may answer instead.
pub(crate) struct ForHosts;

impl IntoResponses for ForHosts {
    fn responses() -> Responses {
        Responses::from(
            [
                ("403", "Not the guest's stay"),
                ("404", "No such stay, request or participant"),
                ("503", "The table does not answer"),
            ]
            .map(|(status, description)| response(status, description, "MusicRefusal")),
        )
    }
}

/// 400.
pub(crate) fn invalid(text: &str) -> ApiError {
    failure(StatusCode::BAD_REQUEST, text)
}

/// 400: there is a request, or an answer to it.
pub(crate) fn asked(status: Access) -> ApiError {
    let text = match status {
        Access::Pending => "Ya envió una solicitud. El anfitrión aún no responde.",
        Access::Accepted => "Ya participa en esta sesión de música.",
        Access::Rejected => {
            "El anfitrión no aceptó su solicitud. Puede enviar otra un día después de la respuesta."
        }
    };
    let body = json!({ "success": false, "error": text, "detail": text, "status": status.as_str() });
    ApiError::new(StatusCode::BAD_REQUEST, body)
}

/// 403: the player is not the caller's to steer now, or nobody's.
pub(crate) fn no_control() -> ApiError {
    let text = "No tiene permiso para controlar este reproductor. Solo el anfitrión de la estadía en curso y sus invitados \
                pueden hacerlo.";
    failure(StatusCode::FORBIDDEN, text)
}

/// 403: only for the host of the stay.
pub(crate) fn not_host() -> ApiError {
    failure(StatusCode::FORBIDDEN, "Solo el anfitrión de la estadía puede hacer esto.")
}

/// 403: only for those who take part in the session.
pub(crate) fn not_joined() -> ApiError {
    failure(StatusCode::FORBIDDEN, "Solo el anfitrión y sus invitados pueden ver esta sesión.")
}

/// 404: no such stay.
pub(crate) fn no_stay() -> ApiError {
    failure(StatusCode::NOT_FOUND, "No encontramos esa reserva.")
}

/// 404: no such request or participant of the stay.
pub(crate) fn no_participant() -> ApiError {
    failure(StatusCode::NOT_FOUND, "No encontramos esa solicitud en esta reserva.")
}

/// 429: too often.
pub(crate) fn wait(seconds: u64) -> ApiError {
    let text = format!("Envió demasiadas solicitudes. Intente de nuevo en {} min.", seconds.div_ceil(60));
    failure(StatusCode::TOO_MANY_REQUESTS, &text).retry_after(seconds)
}

/// A body that cannot be read, in the shape of these endpoints.
pub(crate) fn of_body(refusal: ApiError) -> ApiError {
    match refusal.body().get("detail") {
        Some(Value::String(text)) => failure(refusal.status(), text),
        Some(Value::Array(texts)) => {
            let text = texts.first().and_then(Value::as_str).unwrap_or("Revise los datos enviados.");
            failure(refusal.status(), text)
        }
        _ => refusal,
    }
}

/// What the music server, or the way to it, could not do. Never 500: a player that is off the net is not our failure, and
/// what may still happen (504) is told apart from what did not (502, 503).
pub(crate) fn failed(why: Failure) -> ApiError {
    let (status, text) = match why {
        Failure::Offline => (
            StatusCode::SERVICE_UNAVAILABLE,
            "La música no está disponible en este momento. Intente más tarde.",
        ),
        Failure::Interrupted => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Se perdió la conexión con el servidor de música. Revise el reproductor e intente de nuevo.",
        ),
        Failure::TimedOut | Failure::Expired => (
            StatusCode::GATEWAY_TIMEOUT,
            "El servidor de música tardó demasiado en responder. Es posible que la orden aún se cumpla.",
        ),
        Failure::UnknownPlayer => {
            (StatusCode::NOT_FOUND, "El servidor de música no conoce este reproductor.")
        }
        Failure::PlayerUnavailable => (
            StatusCode::CONFLICT,
            "El reproductor no está disponible. Verifique que esté encendido y conectado.",
        ),
        // What was asked for is what is missing, so it is not found; 409 is the player's.
        Failure::Media => (StatusCode::NOT_FOUND, "No encontramos esa música o no se puede reproducir."),
        Failure::Refused => (StatusCode::BAD_GATEWAY, "El servidor de música no pudo cumplir la orden."),
    };
    failure(status, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_failure_is_our_own() {
        for (why, status) in [
            (Failure::Offline, 503),
            (Failure::Interrupted, 503),
            (Failure::TimedOut, 504),
            (Failure::Expired, 504),
            (Failure::UnknownPlayer, 404),
            (Failure::PlayerUnavailable, 409),
            (Failure::Media, 404),
            (Failure::Refused, 502),
        ] {
            let refusal = failed(why);
            assert_eq!(refusal.status(), status, "{why:?}");
            assert_eq!(refusal.body()["success"], false);
            assert_eq!(refusal.body()["error"], refusal.body()["detail"]);
        }
    }

    #[test]
    fn unreadable_bodies_keep_the_shape() {
        let refusal = of_body(casa_web::error::rule("Datos inválidos."));
        assert_eq!(refusal.body()["error"], "Datos inválidos.");
        assert_eq!(asked(Access::Rejected).body()["status"], "rejected");
    }
}
