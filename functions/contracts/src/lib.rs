//! The contract of a reservation as a document to sign, PDF or DOCX (contract 05 §3.1, §4.9; decisions 2, 21, 26).

mod answer;
mod contract;
mod docx;
mod fields;
mod landlord;
mod pdf;
mod writer;

use axum::Extension;
use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

pub use landlord::Landlord;

/// The routes of this function, whose contracts name this landlord.
pub fn routes(landlord: Landlord) -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(contract::show)).layer(Extension(writer::Writer::new(landlord)))
}
