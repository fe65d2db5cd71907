//! The public catalogue of houses, their photos, Airbnb earnings and the panel's date check (contract 04 §3.1 to §3.4).

mod availability;
mod catalogue;
mod earnings;
mod images;
mod names;
mod photos;
mod seller;
pub mod shapes;
mod stored;
mod upload;

use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(catalogue::list))
        .routes(routes!(catalogue::detail))
        .routes(routes!(photos::list, upload::create))
        .routes(routes!(photos::detail, photos::put, photos::patch, photos::delete))
        .routes(routes!(upload::upload))
        .routes(routes!(upload::test))
        .routes(routes!(photos::list_numbered, upload::create_numbered))
        .routes(routes!(earnings::detail, earnings::put, earnings::patch, earnings::delete))
        .routes(routes!(availability::check, availability::check_except))
}
