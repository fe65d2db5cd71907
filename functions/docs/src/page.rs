//! The page to read and try the API: Swagger UI, its files compiled in.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::{Path, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use casa_web::{ApiError, ApiResult, error};
use http::{StatusCode, header};
use utoipa_swagger_ui::Config;

/// Files of a version never change; a new version comes with a new page.
const KEPT: &str = "public, max-age=3600";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/api/v1/schema/?format=json");
    Arc::new(config.try_it_out_enabled(true).persist_authorization(true))
});

/// The page to read and try the API.
#[utoipa::path(
    get,
    path = "/api/v1/schema/docs/",
    tag = "docs",
    operation_id = "schema_docs",
    responses((status = 200, description = "A web page.", body = String, content_type = "text/html")),
)]
pub(crate) async fn page() -> ApiResult<Response> {
    let file = find("index.html")?;
    // The page is served with and without its last slash; its files are found from both.
    let html = String::from_utf8_lossy(&file.bytes).replacen(
        "<head>",
        "<head><base href=\"/api/v1/schema/docs/\">",
        1,
    );
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, KEPT)], html)
        .into_response())
}

/// A file of the page.
pub(crate) async fn asset(path: Result<Path<String>, PathRejection>) -> ApiResult<Response> {
    let Path(path) = path.map_err(|_| error::not_found())?;
    if path == "index.html" {
        return page().await;
    }
    let file = find(&path)?;
    let kind = file.content_type.clone();
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, KEPT.to_owned())];
    Ok((headers, file.bytes.into_owned()).into_response())
}

fn find(path: &str) -> Result<utoipa_swagger_ui::SwaggerFile<'static>, ApiError> {
    match utoipa_swagger_ui::serve(path, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(error::not_found()),
        Err(problem) => {
            tracing::error!(%problem, path, "a file of the documentation page cannot be made");
            Err(error::detail(StatusCode::INTERNAL_SERVER_ERROR, "Ocurrió un error interno."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the page refers to is there, and nothing comes from elsewhere.
    #[tokio::test]
    async fn the_page_is_complete() {
        let index = find("index.html").ok().unwrap();
        let html = String::from_utf8(index.bytes.into_owned()).unwrap();
        assert!(html.contains("<head>") && !html.contains("https://"), "{html}");
        let parts = html
            .split(['"'])
            .filter_map(|part| part.strip_prefix("./").or_else(|| (part == "index.css").then_some(part)));
        let mut found = 0;
        for name in parts {
            assert!(find(name).is_ok(), "{name}");
            found += 1;
        }
        assert!(found >= 4, "{html}");
        let initializer = find("swagger-initializer.js").ok().unwrap();
        let script = String::from_utf8(initializer.bytes.into_owned()).unwrap();
        assert!(script.contains("/api/v1/schema/?format=json"), "{script}");
        assert_eq!(asset(Ok(Path("nothing.js".to_owned()))).await.unwrap_err().status(), 404);
    }

    #[tokio::test]
    async fn files_are_found_without_the_slash() {
        let response = page().await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("<base href=\"/api/v1/schema/docs/\">"));
    }
}
