//! The Google sheet of searches, through a script that runs as a web app (contract 03 §5.1).

use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode, Url, header::LOCATION};
use serde_json::{Value, json};

use crate::{GatewayError, setting, wire};

const VENDOR: &str = "Google Sheets";
/// For all hops together: the script writes row by row.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most redirects that are followed; one is usual.
const MOST_HOPS: usize = 5;

/// What the script said.
#[derive(Clone, Debug, PartialEq)]
pub enum SheetReply {
    /// It took the records.
    Taken {
        /// Its whole answer.
        reply: Value,
    },
    /// It did not take them.
    Declined {
        /// Its reason, where it gave one.
        message: Option<String>,
    },
    /// Something answered that is not the script, such as the page where Google asks to sign in: no success.
    NotUnderstood,
}

/// A script that writes into a sheet.
#[derive(Clone)]
pub struct Sheets {
    http: reqwest::Client,
    /// Who knows it can write: never logged.
    webhook: Url,
    patience: Duration,
}

impl std::fmt::Debug for Sheets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sheets(…)")
    }
}

impl Sheets {
    /// The script that `GOOGLE_SCRIPT_WEBHOOK` names; `None` without a usable address.
    pub fn from_env() -> Option<Self> {
        Self::configured(setting)
    }

    fn configured(setting: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Self::new(&setting("GOOGLE_SCRIPT_WEBHOOK")?)
    }

    /// The script at `webhook`. `None` for what is no HTTP address.
    pub fn new(webhook: &str) -> Option<Self> {
        let webhook = Url::parse(webhook).ok().filter(is_web)?;
        Some(Self { http: wire::http(PATIENCE), webhook, patience: PATIENCE })
    }

    #[cfg(test)]
    fn with_timeout(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Hands records to the script, all at once; `timestamp` is when that is. Records that it has already are skipped
    /// there, so that after a failure all can be handed over again.
    ///
    /// # Errors
    /// [`GatewayError`]; `Refused` also for redirects that are not followed.
    pub async fn insert(&self, records: &[Value], timestamp: &str) -> Result<SheetReply, GatewayError> {
        let body = json!({ "action": "insert_search_tracking", "data": records, "timestamp": timestamp });
        let end = Instant::now() + self.patience;
        let left = || end.saturating_duration_since(Instant::now());
        let mut address = self.webhook.clone();
        let request = self.http.post(address.clone()).json(&body).timeout(left());
        let mut answer = wire::send(VENDOR, request).await?;
        let mut hops = 0;
        while is_redirect(answer.status()) {
            hops += 1;
            let next = next(&address, &answer).filter(|_| hops <= MOST_HOPS);
            address = next.ok_or_else(|| wire::failure(VENDOR, answer.status()))?;
            answer = wire::send(VENDOR, self.http.get(address.clone()).timeout(left())).await?;
        }
        if answer.status() != StatusCode::OK {
            return Err(wire::failure(VENDOR, answer.status()));
        }
        let text = wire::read(VENDOR, answer).await?;
        Ok(serde_json::from_slice(&text).map_or(SheetReply::NotUnderstood, understood))
    }
}

fn understood(reply: Value) -> SheetReply {
    match reply["success"] {
        Value::Bool(true) => SheetReply::Taken { reply },
        Value::Bool(false) => SheetReply::Declined { message: reply["message"].as_str().map(str::to_owned) },
        _ => SheetReply::NotUnderstood,
    }
}

/// The redirects that Google answers with; all of them lead to a page to get.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status, StatusCode::FOUND | StatusCode::SEE_OTHER | StatusCode::TEMPORARY_REDIRECT)
}

/// Where a redirect leads, unless it leads out of the web or out of encryption.
fn next(address: &Url, answer: &Response) -> Option<Url> {
    let location = answer.headers().get(LOCATION)?.to_str().ok()?;
    allowed(address, address.join(location).ok()?)
}

fn allowed(from: &Url, to: Url) -> Option<Url> {
    (is_web(&to) && (from.scheme() != "https" || to.scheme() == "https")).then_some(to)
}

fn is_web(address: &Url) -> bool {
    matches!(address.scheme(), "http" | "https") && address.has_host()
}

#[cfg(test)]
mod tests;
