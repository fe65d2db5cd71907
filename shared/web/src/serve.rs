//! The main function of every API function.

use utoipa_axum::router::OpenApiRouter;

use crate::{AppState, Settings, app, start_logs};

/// Runs the routes as a Lambda function until the runtime ends it. State is built once, before the first event.
///
/// # Errors
/// When a setting is missing or the Lambda runtime is not there.
pub async fn serve(routes: OpenApiRouter<AppState>) -> Result<(), lambda_http::Error> {
    start_logs(true);
    let state = AppState::connect(Settings::from_env()?).await;
    lambda_http::run(app(routes, state)).await
}
