//! The OpenAPI document as YAML or JSON.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use casa_web::{ApiResult, Query, error, openapi::Detail};
use http::{HeaderMap, header};
use serde_json::Value;

/// The document, made from the code of all functions.
const JSON: &str = include_str!("../openapi.json");
const JSON_TYPE: &str = "application/vnd.oai.openapi+json";
const YAML_TYPE: &str = "application/vnd.oai.openapi";

/// The same as YAML. Every JSON text is YAML too, so that is what is left if it cannot be rewritten.
static YAML: LazyLock<String> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(JSON).unwrap_or_default();
    yaml_serde::to_string(&document).unwrap_or_else(|problem| {
        tracing::error!(%problem, "the OpenAPI document cannot be written as YAML");
        JSON.to_owned()
    })
});

/// The OpenAPI 3.1 document of this API: YAML, or JSON for `format=json` or an `Accept` that names JSON.
#[utoipa::path(
    get,
    path = "/api/v1/schema/",
    tag = "docs",
    operation_id = "schema",
    params(("format" = Option<String>, Query, description = "`json` or `yaml`; else the header `Accept` decides.")),
    responses(
        (status = 200, description = "The document.", content(
            (String = "application/vnd.oai.openapi"),
            (serde_json::Value = "application/vnd.oai.openapi+json"),
        )),
        (status = 404, description = "No such format.", body = Detail),
    ),
)]
pub(crate) async fn schema(query: Query, headers: HeaderMap) -> ApiResult<Response> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (content_type, name, body) = match (query.get("format"), accept.contains("json")) {
        (Some("json"), _) | (None, true) => (JSON_TYPE, "casa-austin-api.json", JSON),
        (Some("yaml"), _) | (None, false) => (YAML_TYPE, "casa-austin-api.yaml", YAML.as_str()),
        (Some(_), _) => return Err(error::not_found()),
    };
    let disposition = format!("inline; filename=\"{name}\"");
    let headers = [(header::CONTENT_TYPE, content_type), (header::VARY, "Accept")];
    Ok((headers, [(header::CONTENT_DISPOSITION, disposition)], body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(query: &str, accept: Option<&str>) -> (u16, String) {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(header::ACCEPT, accept.parse().unwrap());
        }
        let response = schema(Query::parse(query), headers).await.unwrap_or_else(IntoResponse::into_response);
        let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        (response.status().as_u16(), content_type)
    }

    #[tokio::test]
    async fn yaml_unless_json_is_wanted() {
        for (query, accept, status, content_type) in [
            ("", None, 200, YAML_TYPE),
            ("", Some("*/*"), 200, YAML_TYPE),
            ("", Some("application/json"), 200, JSON_TYPE),
            ("format=json", Some("text/html"), 200, JSON_TYPE),
            ("format=yaml", Some("application/json"), 200, YAML_TYPE),
            ("format=xml", None, 404, "application/json"),
        ] {
            assert_eq!(asked(query, accept).await, (status, content_type.to_owned()), "{query} {accept:?}");
        }
    }

    #[test]
    fn both_say_the_same() {
        let json: Value = serde_json::from_str(JSON).unwrap();
        let yaml: Value = yaml_serde::from_str(&YAML).unwrap();
        assert_eq!(json, yaml);
        assert!(YAML.starts_with("openapi: 3.1"), "{}", &YAML[..40]);
    }
}
