//! What the chatbot reads: discounts for everybody, levels, a guest's profile (contract 04 §3.10, 03 §3.7).

mod discounts;
mod guest;
mod levels;
mod push;

use axum::Extension;
use casa_gateways::Chatbot;
use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// The routes of this function, which push to this platform.
pub fn routes(chatbot: Option<Chatbot>) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(discounts::list))
        .routes(routes!(levels::list))
        .routes(routes!(guest::profile))
        .layer(Extension(chatbot))
}
