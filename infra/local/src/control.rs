//! The two addresses that only `casa dev` has, for tests and demonstrations.

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use casa_gateways::Gateways;
use casa_web::AppState;
use schedules::Job;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::pump::PumpHandle;

#[derive(Clone)]
struct Control {
    app: AppState,
    gateways: Gateways,
    pump: PumpHandle,
}

/// How a job is to run.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    dry_run: bool,
}

/// Adds `POST /_casa/settle` and `POST /_casa/run/{job}` before an application, and wakes the pump after each of its
/// requests that may have written.
pub(crate) fn with_control(
    application: Router,
    app: AppState,
    gateways: Gateways,
    pump: PumpHandle,
) -> Router {
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
        .with_state(Control { app, gateways, pump })
        .fallback_service(application)
}

/// Answers when the outbox is drained.
async fn settle(State(control): State<Control>) -> Response {
    settled(&control, None).await
}

async fn settled(control: &Control, report: Option<Value>) -> Response {
    match control.pump.settle().await {
        Some(handled) => {
            Json(json!({ "settled": true, "handled": handled, "report": report })).into_response()
        }
        None => {
            let body = json!({
                "settled": false, "detail": "the outbox was not drained within a minute", "report": report,
            });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}

/// Runs a job; answers with its report when its effects, the outbox included, are done.
async fn run(
    State(control): State<Control>,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let Some(job) = Job::named(&name) else {
        let known = Job::ALL.map(Job::name);
        let body = json!({ "detail": format!("there is no job {name}"), "jobs": known });
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    };
    match Box::pin(schedules::run(job, &control.app, &control.gateways, wanted.dry_run)).await {
        Ok(report) => settled(&control, Some(report)).await,
        Err(error) => {
            let body = json!({ "detail": error.to_string() });
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
        }
    }
}
