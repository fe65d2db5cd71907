//! Referring guests and searching for nights (contract 03 §3.3 to §3.9, 05 §3.10).

use axum::Extension;
use casa_gateways::Sheets;
use casa_web::{AppState, OpenApiRouter};

/// The routes of this function, which hand searches to this sheet.
pub fn routes(sheets: Option<Sheets>) -> OpenApiRouter<AppState> {
    OpenApiRouter::new().layer(Extension(sheets))
}
