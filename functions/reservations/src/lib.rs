//! Staff reservations: list, detail, create, edit, delete, receipts, calendars and the monthly export (contract 05).

mod calendar;
mod create;
mod edit;
mod export;
mod fields;
mod filters;
mod list;
mod occupancy;
mod price;
mod rearrange;
mod receipts;

use axum::Extension;
use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(list::detail, edit::patch, edit::put, edit::delete))
        .routes(routes!(calendar::list))
        .routes(routes!(calendar::detail))
        .routes(routes!(occupancy::occupancy))
        .routes(routes!(rearrange::rearrange))
        .routes(routes!(receipts::delete))
        .routes(routes!(receipts::delete_as_panel))
        .routes(routes!(export::monthly))
        .layer(Extension(list::WarmPages::default()))
}
