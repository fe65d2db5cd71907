//! Referring guests and searching for nights (contract 03 §3.3 to §3.9, 05 §3.10): what referrers see, the rankings, the
//! page behind a code, the QR of a stay; searches, their export and their sheet.

mod code;
mod export;
mod facebook;
mod figures;
mod guard;
mod own;
mod problem;
mod qr;
mod ranking;
mod tracking;

use axum::Extension;
use casa_gateways::Sheets;
use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The routes of this function, which hand searches to this sheet.
pub fn routes(sheets: Option<Sheets>) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(own::config))
        .routes(routes!(own::stats))
        .routes(routes!(ranking::ranking))
        .routes(routes!(ranking::current))
        .routes(routes!(figures::stats))
        .routes(routes!(code::page))
        .routes(routes!(qr::show))
        .routes(routes!(tracking::last, tracking::note))
        .routes(routes!(export::list, export::push))
        .layer(Extension(sheets))
}
