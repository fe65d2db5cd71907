//! Finishes a router: slashes, CORS, headers, JSON for every error, panics and logs.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header, request};
use tower::ServiceExt;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
};
use utoipa_axum::router::OpenApiRouter;

use crate::{ApiError, AppState, error, logs};

/// Most bytes of a request body: what the original took (contract 01 §4.8.5) and a little for the frame.
const LARGEST_BODY: usize = 21 * 1024 * 1024;

/// Turns the routes of one or more functions into the application that answers requests.
pub fn app(routes: OpenApiRouter<AppState>, state: AppState) -> Router {
    let (router, _) = routes.split_for_parts();
    let settings = std::sync::Arc::clone(&state.settings);
    let inner = router
        .fallback(|| async { no_such_address() })
        .method_not_allowed_fallback(|| async { method_not_allowed() })
        .with_state(state)
        .layer(middleware::from_fn(refuse_large))
        .layer(middleware::from_fn(logs::log_request))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a request panicked");
            error::detail(StatusCode::INTERNAL_SERVER_ERROR, "Ocurrió un error interno.").into_response()
        }));
    let origins = AllowOrigin::predicate(move |origin: &HeaderValue, _: &request::Parts| {
        origin.to_str().is_ok_and(|origin| {
            settings.cors_origins.iter().any(|listed| listed == origin)
                || (settings.local && is_local(origin))
        })
    });
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_credentials(true)
        .allow_methods([
            Method::DELETE,
            Method::GET,
            Method::OPTIONS,
            Method::PATCH,
            Method::POST,
            Method::PUT,
        ])
        .allow_headers([
            header::ACCEPT,
            header::ACCEPT_ENCODING,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::DNT,
            header::ORIGIN,
            header::USER_AGENT,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-csrftoken"),
            HeaderName::from_static("x-requested-with"),
        ])
        .max_age(std::time::Duration::from_secs(86_400));
    let mut outer = Router::new()
        .fallback(move |request: Request| {
            let inner = inner.clone();
            async move { answer(inner, request).await }
        })
        .layer(cors);
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        outer = outer.layer(SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        ));
    }
    outer
}

async fn answer(inner: Router, mut request: Request) -> Response {
    if let Some(uri) = slashed(request.uri()) {
        *request.uri_mut() = uri;
    }
    match inner.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Answers a body that announces itself as too large before any of it is read. One that does not say its size is read up
/// to the limit.
async fn refuse_large(request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if announced
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length > LARGEST_BODY as u64)
    {
        return too_large().into_response();
    }
    next.run(request).await
}

/// Every API address ends in a slash; requests without it mean the same (decision 14).
fn slashed(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if !path.starts_with("/api/") || path.ends_with('/') || path.contains("/schema/docs/") {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    parts.path_and_query = format!("{path}/{query}").parse().ok();
    Uri::from_parts(parts).ok()
}

fn is_local(origin: &str) -> bool {
    ["http://localhost", "http://127.0.0.1"]
        .iter()
        .any(|host| origin.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
}

fn no_such_address() -> ApiError {
    error::detail(StatusCode::NOT_FOUND, "La dirección solicitada no existe.")
}

fn too_large() -> ApiError {
    error::detail(StatusCode::PAYLOAD_TOO_LARGE, "La solicitud es demasiado grande.")
}

fn method_not_allowed() -> ApiError {
    error::detail(StatusCode::METHOD_NOT_ALLOWED, "Método no permitido.")
}
