//! The S3 API, from `s3s` and `s3s-fs`: every object is a plain file below one folder.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

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

async fn answer(service: S3Service, request: Request) -> Response {
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::error!(?error, "the file server failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
