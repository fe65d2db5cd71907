//! Files of the bucket under `/media/<path>`: photos for everybody, everything else only with a signed address that has
//! not expired (decision 21). What may not be read answers exactly like what is not there.

mod answer;
mod key;

use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use casa_web::{ApiResult, AppState, Fetched, Files, OpenApiRouter, Query, error};
use http::{HeaderMap, HeaderValue, header};

use answer::Audience;

/// Larger files go straight from the bucket: an answer of a Lambda function has at most 6 MB, base64 included.
const LARGEST: i64 = 4 * 1024 * 1024;

/// The routes of this function. They answer with files, so they have no place in the API's document.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route("/media/{*path}", get(file))
}

async fn file(
    State(state): State<AppState>,
    path: Result<Path<String>, PathRejection>,
    query: Query,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let Path(key) = path.map_err(|_| error::not_found())?;
    if !key::is_sound(&key) {
        return Err(error::not_found());
    }
    let audience = if Files::is_public(&key) && key::names_a_file(&key) {
        Audience::Everybody
    } else if state.files.is_signed(&key, &query, state.clock.now()) {
        Audience::Holder
    } else {
        return Err(error::not_found());
    };
    match state.files.get_at_most(&key, LARGEST).await? {
        Fetched::Missing => Err(error::not_found()),
        Fetched::File(stored) => Ok(answer::file(&key, stored, audience, headers.get(header::IF_NONE_MATCH))),
        Fetched::TooLarge => {
            // The address at the bucket soon expires, so nobody may keep it.
            let mut response = redirect(&state.files.direct_url(&key).await?);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
    }
}

/// 302.
fn redirect(address: &str) -> Response {
    let mut response = Redirect::temporary(address).into_response();
    *response.status_mut() = http::StatusCode::FOUND;
    response
}
