//! Staff sign in, renew their access tokens and test them (contract 01 §3.1 to §3.3).

mod login;
mod refresh;
mod test;

use casa_web::{AppState, OpenApiRouter};
use utoipa::openapi::{
    RefOr, Schema,
    schema::{ObjectBuilder, SchemaType, Type},
};
use utoipa_axum::routes;

/// The endpoints of this function, with their documentation.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(test::open))
        .routes(routes!(test::signed_in))
}

/// Most characters of a password or token; far more than any real one.
const LONGEST: usize = 4096;

/// Required text of at most so many characters. Numbers count as text (contract 01 §3.1).
fn text_schema<const MOST: usize>() -> RefOr<Schema> {
    let kinds = SchemaType::from_iter([Type::String, Type::Number]);
    ObjectBuilder::new().schema_type(kinds).min_length(Some(1)).max_length(Some(MOST)).into()
}
