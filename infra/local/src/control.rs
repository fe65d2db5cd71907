//! The two addresses that only `casa dev` has, for tests and demonstrations.

use std::future::Future;
use std::pin::Pin;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use casa_web::AppState;
use serde_json::json;

use crate::pump::PumpHandle;

/// A job that runs: its end, or why it failed.
type Running = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// A scheduled job under the name that `template.yaml` gives its schedule.
struct Job {
    name: &'static str,
    run: fn(AppState) -> Running,
}

/// The jobs. There are none yet: each comes with the function that a schedule triggers.
const JOBS: &[Job] = &[];

#[derive(Clone)]
struct Control {
    app: AppState,
    pump: PumpHandle,
}

/// Adds `POST /_casa/settle` and `POST /_casa/run/{job}` before an application, and wakes the pump after each of its
/// requests that may have written.
pub(crate) fn with_control(application: Router, app: AppState, pump: PumpHandle) -> Router {
    let waking = pump.clone();
    let application = application.layer(middleware::from_fn(move |request: Request, next: Next| {
        let waking = waking.clone();
        async move {
            let writes = !request.method().is_safe();
            let response = next.run(request).await;
            if writes {
                waking.wake();
            }
            response
        }
    }));
    Router::new()
        .route("/_casa/settle", post(settle))
        .route("/_casa/run/{job}", post(run))
        .with_state(Control { app, pump })
        .fallback_service(application)
}

/// Answers when the outbox is drained.
async fn settle(State(control): State<Control>) -> Response {
    match control.pump.settle().await {
        Some(handled) => Json(json!({ "settled": true, "handled": handled })).into_response(),
        None => {
            let body = json!({ "settled": false, "detail": "the outbox was not drained within a minute" });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}

/// Runs a job; answers when its effects, the outbox included, are done.
async fn run(State(control): State<Control>, Path(name): Path<String>) -> Response {
    let Some(job) = JOBS.iter().find(|job| job.name == name) else {
        let known: Vec<_> = JOBS.iter().map(|job| job.name).collect();
        let body = json!({ "detail": format!("there is no job {name}"), "jobs": known });
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    };
    match (job.run)(control.app.clone()).await {
        Ok(()) => settle(State(control)).await,
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "detail": error }))).into_response(),
    }
}
