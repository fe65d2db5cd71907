//! Quotes, discount codes and special dates (contract 04 §3.5 to §3.9, §3.11).

use casa_web::{AppState, OpenApiRouter};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
