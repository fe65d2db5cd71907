//! Bookings that guests make on the site (contract 03 §3.11, §3.12, §3.14, §4.F; 06 §3.3, §3.4): making one, listing them,
//! calling one off, and the vouchers that prove a transfer.

mod body;
mod cancel;
mod create;
mod list;
mod refusal;
mod voucher;

use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::create))
        .routes(routes!(list::list))
        .routes(routes!(cancel::cancel))
        .routes(routes!(voucher::upload))
        .routes(routes!(voucher::status))
}
