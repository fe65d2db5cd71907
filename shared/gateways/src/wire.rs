//! What the modules of the vendors share: sending, reading within bounds, and telling failures apart.

use std::time::Duration;

use reqwest::{RequestBuilder, Response, StatusCode, redirect::Policy};
use serde_json::Value;

use crate::{GatewayError, client_builder};

/// Most of an answer that is read, in bytes.
pub(crate) const LONGEST_ANSWER: usize = 1_000_000;

/// A client that gives up after `patience` and follows no redirect: one would carry tokens to wherever it leads.
pub(crate) fn http(patience: Duration) -> reqwest::Client {
    client_builder().timeout(patience).redirect(Policy::none()).build().unwrap_or_default()
}

/// Sends a request, once.
pub(crate) async fn send(vendor: &'static str, request: RequestBuilder) -> Result<Response, GatewayError> {
    request.send().await.map_err(|error| unreachable(vendor, error))
}

/// Reads the beginning of an answer, up to the bound.
pub(crate) async fn read(vendor: &'static str, mut answer: Response) -> Result<Vec<u8>, GatewayError> {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_ANSWER
        && let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(vendor, error))?
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(LONGEST_ANSWER);
    Ok(bytes)
}

/// Reads an answer as JSON.
pub(crate) async fn json(vendor: &'static str, answer: Response) -> Result<Value, GatewayError> {
    serde_json::from_slice(&read(vendor, answer).await?).map_err(|_| nonsense(vendor))
}

/// What a status other than success means.
pub(crate) fn failure(vendor: &'static str, status: StatusCode) -> GatewayError {
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        GatewayError::Busy { vendor }
    } else {
        GatewayError::Refused { vendor, status: status.as_u16() }
    }
}

/// An answer that claims success and says nothing we know: something else answered in the vendor's place, so that
/// trying again later is right.
pub(crate) fn nonsense(vendor: &'static str) -> GatewayError {
    GatewayError::Unreachable { vendor, problem: "its answer cannot be understood".to_owned() }
}

/// What a request that came to nothing means, without its address.
pub(crate) fn unreachable(vendor: &'static str, error: reqwest::Error) -> GatewayError {
    let problem = if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        error.without_url().to_string()
    };
    GatewayError::Unreachable { vendor, problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOBODY, Vendor, silent};

    const SHORT: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn a_silence_is_told_apart_from_a_closed_door() {
        for (address, problem) in [
            (silent("").await, "V could not be reached: no answer in time"),
            (NOBODY.to_owned(), "V could not be reached: no connection"),
        ] {
            let request = http(SHORT).get(format!("{address}/secret?token=secret"));
            assert_eq!(send("V", request).await.unwrap_err().to_string(), problem);
        }
    }

    #[tokio::test]
    async fn an_answer_that_stops_halfway_is_not_waited_for() {
        let address = silent("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await;
        let answer = send("V", http(SHORT).get(format!("{address}/secret"))).await.unwrap();
        let error = json("V", answer).await.unwrap_err().to_string();
        assert_eq!(error, "V could not be reached: no answer in time");
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_not_shown() {
        let error = send("V", http(SHORT).get("secret")).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }

    #[tokio::test]
    async fn no_more_than_the_bound_is_read() {
        let vendor = Vendor::start([(200, "x".repeat(2 * LONGEST_ANSWER))]).await;
        let answer = send("V", http(SHORT * 20).get(&vendor.base)).await.unwrap();
        assert_eq!(read("V", answer).await.unwrap().len(), LONGEST_ANSWER);
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let elsewhere = Vendor::start([(200, "")]).await;
        let vendor = Vendor::start([(302, elsewhere.base.clone())]).await;
        let answer = send("V", http(SHORT * 20).get(&vendor.base)).await.unwrap();
        assert_eq!(failure("V", answer.status()).to_string(), "V refused with status 302");
        assert!(elsewhere.calls().is_empty());
    }
}
