//! The book of guests, as staff keep it (contract 03 §3.1): the list and the entry of new ones.

mod body;
mod code;
mod create;
mod edit;
mod email;
mod fields;
mod list;
mod order;
mod record;

use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The endpoints of this function, with their documentation.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list, create::create)).routes(routes!(list::search))
        .routes(routes!(edit::detail, edit::patch, edit::put, edit::delete))
}
