//! Guests: the book that staff keep (contract 03 §3.1), points and levels (contract 02 §3.10 to §3.13), and what guests
//! see of themselves.

mod achievements;
mod auth;
mod body;
mod code;
mod create;
mod edit;
mod email;
mod fields;
mod list;
mod order;
mod own;
mod points;
mod record;
mod texts;

use casa_gateways::Gateways;
use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The endpoints of this function, with their documentation. Codes go to guests through these vendors.
pub fn routes(gateways: Gateways) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(list::search))
        .routes(routes!(edit::detail, edit::patch, edit::put, edit::delete))
        .routes(routes!(achievements::list))
        .routes(routes!(achievements::own))
        .routes(routes!(own::points))
        .routes(routes!(own::redeem))
        .routes(routes!(own::reservations))
        .routes(routes!(own::reservation))
        .routes(routes!(texts::loyalty_message))
        .routes(routes!(texts::lookup_token))
        .merge(points::routes())
        .merge(auth::routes(gateways))
}
