//! The S3 API, from `s3s` and `s3s-fs`: every object is a plain file below one folder.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::IF_NONE_MATCH;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::{ACCESS_KEY, EmbeddedError, SECRET_KEY, Stop};

/// Prepares the service over a folder, which is created when missing.
pub(super) fn service(root: &Path) -> Result<S3Service, EmbeddedError> {
    std::fs::create_dir_all(root)?;
    let files = FileSystem::new(root).map_err(|error| EmbeddedError::Files(format!("{error:?}")))?;
    let mut builder = S3ServiceBuilder::new(files);
    // Without keys the service refuses every signed request, and SDKs sign all of them.
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    Ok(builder.build())
}

/// Serves the files on a listener until `stop`.
pub(super) async fn serve(
    listener: TcpListener,
    service: S3Service,
    stop: Stop,
) -> Result<(), EmbeddedError> {
    let router = Router::new().fallback(move |request: Request| answer(service.clone(), request));
    axum::serve(listener, router).with_graceful_shutdown(async move { stop.wait().await }).await?;
    Ok(())
}

/// The file server looks for an object and then writes it; S3 does both at once. Conditional writes therefore go one
/// after the other, so that of two uploads to one free name only one succeeds, as in the account.
static CONDITIONAL: Mutex<()> = Mutex::const_new(());

async fn answer(service: S3Service, request: Request) -> Response {
    let conditional = request.method() == Method::PUT && request.headers().contains_key(IF_NONE_MATCH);
    let _turn = if conditional { Some(CONDITIONAL.lock().await) } else { None };
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::error!(?error, "the file server failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
