//! Answers that show that the service and a token work (contract 01 §3.3).

use axum::Json;
use casa_web::{
    Staff,
    openapi::{Detail, ForStaff},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The service answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alive {
    /// A greeting.
    message: &'static str,
}

/// The token works.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// A greeting.
    message: &'static str,
    /// The user's id.
    id: i64,
    /// The user's e-mail address.
    email: String,
}

/// Says that the service answers. Needs no token.
#[utoipa::path(
    get,
    path = "/api/v1/test/",
    tag = "accounts",
    operation_id = "test",
    responses((status = 200, description = "The service answers.", body = Alive)),
)]
pub(crate) async fn open() -> Json<Alive> {
    Json(Alive { message: "El servicio funciona." })
}

/// Says whose token this is.
#[utoipa::path(
    get,
    path = "/api/v1/test/login/",
    tag = "accounts",
    operation_id = "test_login",
    responses(
        (status = 200, description = "The token works.", body = SignedIn),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn signed_in(Staff(user): Staff) -> Json<SignedIn> {
    Json(SignedIn { message: "La sesión es válida.", id: user.id, email: user.email })
}
