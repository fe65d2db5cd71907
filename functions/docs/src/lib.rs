//! What the API is (contract 01 §3.5): its root, its OpenAPI document and a page to try it.
//!
//! The document is `openapi.json` beside this crate, compiled in: a function must not know the others, so a test that
//! knows them all makes the file with [`document`] and fails when it is out of date.

mod document;
mod page;
mod root;
mod schema;

use axum::routing::get;
use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

pub use document::{clashes, document};

/// The endpoints of this function, with their documentation.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(root::root))
        .routes(routes!(schema::schema))
        .routes(routes!(page::page))
        .route("/api/v1/schema/docs/{*rest}", get(page::asset))
}
