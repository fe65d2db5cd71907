//! Logs: one JSON line per request in Lambda, plain text on one machine. Never a token, a document number or a query.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use tracing_subscriber::EnvFilter;

/// Starts logging once per process; `CASA_LOG` filters (default `info`).
pub fn start_logs(json: bool) {
    let filter = EnvFilter::try_from_env("CASA_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr);
    // A second start (tests in one process) changes nothing.
    let _ = if json { logs.json().flatten_event(true).try_init() } else { logs.try_init() };
}

/// Logs one line per request, by route pattern rather than path.
pub(crate) async fn log_request(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let id = request
        .headers()
        .get("x-amzn-trace-id")
        .or_else(|| request.headers().get("x-request-id"))
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let milliseconds = begun.elapsed().as_millis() as u64;
    let route = route.as_deref().unwrap_or("-");
    if status >= 500 {
        tracing::error!(%method, route, status, milliseconds, request_id = id, "request");
    } else {
        tracing::debug!(%method, route, status, milliseconds, request_id = id, "request");
    }
    response
}
