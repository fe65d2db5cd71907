//! The switches of the pools' heating: a house has one address that switches it on and one that switches it off.

use std::time::Duration;

use reqwest::Url;

use crate::{GatewayError, wire};

const VENDOR: &str = "pool heating";
/// For the whole call: a small device answers at once or not at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// Moves switches.
#[derive(Clone, Debug)]
pub struct PoolSwitch {
    http: reqwest::Client,
}

impl Default for PoolSwitch {
    fn default() -> Self {
        Self { http: wire::http(PATIENCE) }
    }
}

impl PoolSwitch {
    #[cfg(test)]
    fn with_timeout(patience: Duration) -> Self {
        Self { http: wire::http(patience) }
    }

    /// Asks for the address of a switch, once. Who knows the address can move the switch, so that it is in no error.
    ///
    /// # Errors
    /// [`GatewayError`]: also for what is no HTTP address, and for a redirect, which is not followed.
    pub async fn call(&self, address: &str) -> Result<(), GatewayError> {
        let url = Url::parse(address.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(url) = url else {
            let problem = "its address is no web address".to_owned();
            return Err(GatewayError::Unreachable { vendor: VENDOR, problem });
        };
        let answer = wire::send(VENDOR, self.http.get(url)).await?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(wire::failure(VENDOR, status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOBODY, Vendor, silent};

    #[tokio::test]
    async fn a_switch_is_asked_for_once() {
        let switch = Vendor::start([(200, "ok")]).await;
        PoolSwitch::default().call(&format!(" {}/relay?turn=on&key=secreta ", switch.base)).await.unwrap();
        let call = switch.call();
        assert_eq!((call.line.as_str(), call.body.as_str()), ("GET /relay?turn=on&key=secreta", ""));
    }

    #[tokio::test]
    async fn failures_are_told_apart_and_hide_the_address() {
        let elsewhere = Vendor::start([(200, "ok")]).await;
        for (status, busy) in [(500, true), (429, true), (404, false), (302, false), (307, false)] {
            let to = if (300..400).contains(&status) { elsewhere.base.clone() } else { String::new() };
            let switch = Vendor::start([(status, to)]).await;
            let error = PoolSwitch::default().call(&format!("{}/secreta", switch.base)).await.unwrap_err();
            assert_eq!(matches!(error, GatewayError::Busy { .. }), busy, "{error}");
            assert_eq!(matches!(error, GatewayError::Refused { .. }), !busy, "{error}");
            assert_eq!(switch.calls().len(), 1, "{status}");
            assert!(!format!("{error} {error:?}").contains("secreta"), "{error}");
        }
        assert!(elsewhere.calls().is_empty(), "a redirect was followed");
        let quick = PoolSwitch::with_timeout(Duration::from_millis(200));
        for address in [format!("{NOBODY}/secreta"), format!("{}/secreta", silent("").await)] {
            let error = quick.call(&address).await.unwrap_err();
            assert!(matches!(error, GatewayError::Unreachable { .. }), "{error}");
            assert!(!format!("{error} {error:?}").contains("secreta"), "{error}");
        }
    }

    #[tokio::test]
    async fn only_web_addresses() {
        for address in ["", "secreta", "file:///etc/secreta", "ftp://secreta.example/", "//secreta.example"] {
            let error = PoolSwitch::default().call(address).await.unwrap_err();
            assert!(matches!(error, GatewayError::Unreachable { .. }), "{address}");
            assert!(!format!("{error} {error:?}").contains("secreta"), "{error}");
        }
    }
}
