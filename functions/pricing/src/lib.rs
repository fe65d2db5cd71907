//! Quotes, the search for room by moving stays, discount codes and special dates (contract 04 §3.5 to §3.9, §3.11; 05
//! §3.12).

mod ask;
mod codes;
mod discount;
mod erp;
mod failure;
mod late_checkout;
mod moves;
mod numbers;
mod quote;
mod shapes;
mod special_dates;

use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(quote::calculate))
        .routes(routes!(erp::search))
        .routes(routes!(late_checkout::calculate))
        .routes(routes!(codes::simple::simple))
        .routes(routes!(codes::template::templates, codes::template::from_template))
        .routes(routes!(discount::detail))
        .routes(routes!(special_dates::all, special_dates::bulk))
        .routes(routes!(special_dates::houses))
        .routes(routes!(special_dates::of_house, special_dates::replace))
}
