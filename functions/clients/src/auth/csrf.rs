//! `GET clients/csrf-token/`: the site asks for one before it writes. Nothing here goes by cookies, so nothing checks it.

use axum::Json;
use rand::{Rng, distr::Alphanumeric};
use serde::Serialize;
use utoipa::ToSchema;

/// Characters of a token, as in Django.
const LENGTH: usize = 64;

/// A token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CsrfToken {
    /// Random letters and digits.
    #[serde(rename = "csrfToken")]
    csrf_token: String,
}

/// A random token for the header `X-CSRFToken`. The API accepts requests with and without it.
#[utoipa::path(
    get,
    path = "/api/v1/clients/csrf-token/",
    tag = "clients",
    operation_id = "client_csrf_token",
    responses((status = 200, description = "A token.", body = CsrfToken)),
)]
pub(crate) async fn csrf_token() -> Json<CsrfToken> {
    let letters = rand::rng().sample_iter(Alphanumeric).take(LENGTH);
    Json(CsrfToken { csrf_token: letters.map(char::from).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tokens_differ_and_look_alike() {
        let (one, other) = (csrf_token().await.0.csrf_token, csrf_token().await.0.csrf_token);
        assert_ne!(one, other);
        for token in [one, other] {
            assert!(
                token.len() == LENGTH && token.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                "{token}"
            );
        }
    }
}
