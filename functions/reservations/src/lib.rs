//! Staff reservations: list, detail, create, edit, delete, receipts, calendars and the monthly export (contract 05).

mod calendar;
mod confirm;
mod create;
mod edit;
mod export;
mod feeds;
mod fields;
mod filters;
mod home_assistant;
mod ical;
mod list;
mod occupancy;
mod price;
mod profit;
mod rearrange;
mod receipts;

use axum::{Extension, routing::get};
use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

use confirm::other_method as other;

/// Takes one method, and refuses the others in its own words.
const CONFIRM: &str = "/api/v1/confirm/{uuid}/";

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
        .routes(routes!(home_assistant::present))
        .routes(routes!(profit::by_month))
        .routes(routes!(profit::for_chart))
        .routes(routes!(ical::file))
        .routes(routes!(ical::update))
        .routes(routes!(feeds::list, feeds::create))
        .routes(routes!(feeds::delete))
        .routes(routes!(feeds::sync))
        .routes(routes!(confirm::confirm))
        .route(CONFIRM, get(other).put(other).patch(other).delete(other))
        .layer(Extension(list::WarmPages::default()))
}
