//! Music in the houses (contract 07): sessions of stays and who takes part in them, what guests ask of the player of their
//! house, and how the music server is.
//!
//! Who may do what is decided in `access` (and in `casa_domain::music::session`); what is asked of the music server goes
//! through [`casa_jobs::music::ask`]; what players do is read from their mirror in the table.

mod access;
mod answers;
mod debug;
mod health;
mod library;
mod media;
mod path;
mod players;
mod power;
mod queue;
mod refusal;
mod search;
mod sessions;
mod sound;
mod transport;

use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(players::list))
        .routes(routes!(transport::play))
        .routes(routes!(transport::pause))
        .routes(routes!(transport::stop))
        .routes(routes!(transport::next))
        .routes(routes!(transport::previous))
        .routes(routes!(sound::volume))
        .routes(routes!(sound::power))
        .routes(routes!(queue::show))
        .routes(routes!(queue::clear))
        .routes(routes!(media::play))
        .routes(routes!(search::search))
        .routes(routes!(library::tracks))
        .routes(routes!(power::one))
        .routes(routes!(power::all, power::all_by_link))
        .routes(routes!(health::health))
        .routes(routes!(debug::all_players))
        .routes(routes!(sessions::ask::ask))
        .routes(routes!(sessions::requests::list))
        .routes(routes!(sessions::requests::accept))
        .routes(routes!(sessions::requests::reject))
        .routes(routes!(sessions::participants::list))
        .routes(routes!(sessions::participants::expel))
}
