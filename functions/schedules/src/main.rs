//! Schedules as a Lambda function: EventBridge names the job.

use casa_gateways::Gateways;
use casa_web::{AppState, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use schedules::Job;
use serde::Deserialize;
use serde_json::Value;

/// What a schedule sends.
#[derive(Deserialize)]
struct Wanted {
    job: Job,
    #[serde(default)]
    dry_run: bool,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    casa_web::start_logs(true);
    // Nothing is signed here, so the function runs without the secret.
    let state = AppState::connect(Settings::without_secret()?).await;
    let gateways = Gateways::from_env();
    run(service_fn(|event: LambdaEvent<Wanted>| handle(&state, &gateways, event.payload))).await
}

async fn handle(state: &AppState, gateways: &Gateways, wanted: Wanted) -> Result<Value, Error> {
    Ok(schedules::run(wanted.job, state, gateways, wanted.dry_run).await?)
}
