//! The root of the API.

use axum::Json;
use casa_web::BaseUrl;
use serde::Serialize;
use utoipa::ToSchema;

/// Where to go from the root.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Root {
    /// Absolute address of the list of guests.
    clients: String,
}

/// Says where to go from here. As the original, it names only its first family of addresses.
#[utoipa::path(
    get,
    path = "/api/v1/",
    tag = "docs",
    operation_id = "root",
    responses((status = 200, description = "Addresses.", body = Root)),
)]
pub(crate) async fn root(BaseUrl(base): BaseUrl) -> Json<Root> {
    Json(Root { clients: format!("{base}/api/v1/clients/") })
}
