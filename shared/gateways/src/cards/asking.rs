//! How a gateway is asked: again under the same key where an answer is lost, and what became of it where none comes.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use reqwest::{RequestBuilder, StatusCode};
use uuid::Uuid;

use super::{Charge, ChargeError, RefundError, RefusalCode, Seen};
use crate::{GatewayError, wire};

/// How long and how often a gateway is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one attempt at a charge, and for any other question.
    pub each: Duration,
    /// Before the second and before the third attempt.
    pub pauses: [Duration; 2],
    /// For a charge with all its attempts; the last sixth is kept for asking what became of it.
    pub whole: Duration,
}

impl Default for Patience {
    /// A charge ends within 24 s: API Gateway gives up after 30 s.
    fn default() -> Self {
        Self {
            each: Duration::from_secs(11),
            pauses: [Duration::from_millis(500), Duration::from_secs(1)],
            whole: Duration::from_secs(24),
        }
    }
}

/// What came of one attempt at a charge.
pub(super) enum Outcome {
    /// A transaction.
    Seen(Seen),
    /// Refused, as far as this attempt goes.
    Refused { code: RefusalCode, status: u16 },
    /// It may have been charged, and another attempt can tell.
    Trouble(GatewayError),
    /// It may have been charged, and the gateway's records can tell: it knows the attempt, or its answer is not
    /// understood.
    Doubt(GatewayError),
    /// It never got to the gateway (status 0), or the gateway did not look at it.
    Untouched { error: GatewayError, status: u16 },
}

/// A gateway, seen from the attempts.
#[async_trait]
pub(super) trait Attempts: Sync {
    /// Who.
    const NAME: &'static str;

    /// One attempt.
    async fn attempt(&self, charge: &Charge, within: Duration) -> Outcome;

    /// What became of a charge, by our reference.
    async fn seek(&self, reference: Uuid, within: Duration) -> Result<Option<Seen>, GatewayError>;
}

/// Charges with up to three attempts under one reference.
///
/// A refusal counts only while no earlier attempt may have gone through: a token that is refused as used may have been
/// used by ourselves.
pub(super) async fn charge<G: Attempts>(
    gateway: &G,
    charge: &Charge,
    patience: Patience,
) -> Result<Seen, ChargeError> {
    let end = Instant::now() + patience.whole;
    let left = |until: Instant| until.saturating_duration_since(Instant::now());
    let last_attempt = end - patience.whole / 6;
    let mut doubt = false;
    let mut failure = None;
    let mut looked = false;
    for pause in [None].into_iter().chain(patience.pauses.map(Some)) {
        if let Some(pause) = pause {
            if left(last_attempt) < pause + patience.each / 4 {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        looked = false;
        let (error, status) = match gateway.attempt(charge, patience.each.min(left(last_attempt))).await {
            Outcome::Seen(seen) => return Ok(seen),
            Outcome::Refused { code, status } if !doubt => return Err(ChargeError::Refused { code, status }),
            Outcome::Refused { status, .. } => {
                looked = true;
                (GatewayError::Refused { vendor: G::NAME, status }, status)
            }
            Outcome::Doubt(error) => {
                (doubt, looked) = (true, true);
                (error, 0)
            }
            Outcome::Trouble(error) => {
                doubt = true;
                (error, 0)
            }
            Outcome::Untouched { error, status } => (error, status),
        };
        if looked && let Ok(Some(seen)) = gateway.seek(charge.reference, patience.each.min(left(end))).await {
            return Ok(seen);
        }
        failure = Some((error, status));
    }
    let (error, status) = failure.unwrap_or((wire::nonsense(G::NAME), 0));
    if !doubt {
        return Err(ChargeError::Refused { code: RefusalCode::Unavailable, status });
    }
    if !looked && let Ok(Some(seen)) = gateway.seek(charge.reference, patience.each.min(left(end))).await {
        return Ok(seen);
    }
    Err(ChargeError::Unknown(error))
}

/// Sends an attempt. The answer is one of success or a refusal; everything else is an outcome already.
pub(super) async fn attempt(
    vendor: &'static str,
    request: RequestBuilder,
) -> Result<(StatusCode, Vec<u8>), Outcome> {
    let answer = request.send().await.map_err(|error| {
        let untouched = error.is_connect() || error.is_builder();
        let error = wire::unreachable(vendor, error);
        if untouched { Outcome::Untouched { error, status: 0 } } else { Outcome::Trouble(error) }
    })?;
    let status = answer.status();
    match status {
        StatusCode::TOO_MANY_REQUESTS => {
            let error = GatewayError::Busy { vendor };
            Err(Outcome::Untouched { error, status: status.as_u16() })
        }
        _ if in_progress(status) => Err(Outcome::Doubt(GatewayError::Busy { vendor })),
        _ if status == StatusCode::REQUEST_TIMEOUT || !(status.is_success() || status.is_client_error()) => {
            Err(Outcome::Trouble(GatewayError::Busy { vendor }))
        }
        _ => {
            let body = wire::read(vendor, answer).await.map_err(Outcome::Trouble)?;
            Ok((status, body))
        }
    }
}

/// Sends a refund. The answer is one of success.
pub(super) async fn refund(vendor: &'static str, request: RequestBuilder) -> Result<Vec<u8>, RefundError> {
    let answer = wire::send(vendor, request).await.map_err(RefundError::Unknown)?;
    let status = answer.status();
    if status.is_success() {
        return wire::read(vendor, answer).await.map_err(RefundError::Unknown);
    }
    let open = status == StatusCode::REQUEST_TIMEOUT || status == StatusCode::TOO_MANY_REQUESTS;
    if status.is_client_error() && !open && !in_progress(status) {
        Err(RefundError::Refused { status: status.as_u16() })
    } else {
        Err(RefundError::Unknown(GatewayError::Busy { vendor }))
    }
}

/// Asks for something there may be or not.
pub(super) async fn fetch(
    vendor: &'static str,
    request: RequestBuilder,
) -> Result<Option<Vec<u8>>, GatewayError> {
    let answer = wire::send(vendor, request).await?;
    match answer.status() {
        StatusCode::OK => wire::read(vendor, answer).await.map(Some),
        StatusCode::NOT_FOUND => Ok(None),
        status => Err(wire::failure(vendor, status)),
    }
}

/// Whether a status says that the same is there or under way already: conflict, locked, too early.
fn in_progress(status: StatusCode) -> bool {
    matches!(status, StatusCode::CONFLICT | StatusCode::LOCKED | StatusCode::TOO_EARLY)
}
