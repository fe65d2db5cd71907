//! Holds the lease, or waits for it: of several bridges the one that has it receives commands, sends frames and writes.

use std::time::Duration;

use casa_domain::music::Bridge;
use casa_store::music::{Lease, Seen};
use chrono::Utc;
use tokio::time::{Instant, sleep, timeout};

use crate::{mirror::state, shared::Shared};

/// The right to act, as the holder knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tenure {
    /// Which of all tenures it is.
    pub(crate) fence: u64,
    /// Until when nobody else can have taken it.
    pub(crate) until: Instant,
}

impl Tenure {
    pub(crate) fn holds(&self) -> bool {
        Instant::now() < self.until
    }
}

/// Keeps the lease, or tries to get it, for ever.
pub(crate) async fn keep(shared: &Shared) {
    loop {
        let lease = obtain(shared).await;
        tracing::info!(fence = lease.fence, "this bridge acts now");
        hold(shared, lease).await;
        shared.tenure.send_replace(None);
        tracing::warn!("another bridge acts now");
    }
}

/// Gives the lease back, if this bridge has it: the other one need not wait until it is sure that nobody has it. Until another
/// says otherwise there is no connection, so that no caller waits for one.
pub(crate) async fn give_back(shared: &Shared) {
    let Some(tenure) = shared.tenure.send_replace(None) else { return };
    let giving = async {
        let gone = Bridge { connected: false, since: Utc::now(), ..state(shared) };
        shared.store.music().report(&gone).await?;
        match shared.store.music().look_at_lease().await? {
            Seen::Held(lease) if lease.holder == shared.id && lease.fence == tenure.fence => {
                shared.store.music().give_back_lease(&lease).await
            }
            _ => Ok(()),
        }
    };
    match timeout(Duration::from_secs(2), giving).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the lease was not given back"),
        Err(_) => tracing::warn!("the lease was not given back in time"),
    }
}

/// Waits until the lease is free or its holder is silent, and takes it.
async fn obtain(shared: &Shared) -> Lease {
    let pace = &shared.settings.pace;
    let mut silent: Option<(Seen, Instant)> = None;
    loop {
        let asked = Instant::now();
        match timeout(pace.trusted(), shared.store.music().look_at_lease()).await {
            Ok(Ok(seen)) => {
                let since = match &silent {
                    Some((before, since)) if *before == seen => *since,
                    // It was seen when the answer came, not when it was asked for.
                    _ => Instant::now(),
                };
                let may = match &seen {
                    Seen::Free { .. } => true,
                    Seen::Held(_) => asked.saturating_duration_since(since) >= pace.lease,
                };
                if may && let Some(lease) = take(shared, &seen).await {
                    return lease;
                }
                silent = Some((seen, since));
            }
            Ok(Err(error)) => tracing::warn!(%error, "the lease cannot be read"),
            Err(_) => tracing::warn!("the lease was not read in time"),
        }
        sleep(pace.watch).await;
    }
}

async fn take(shared: &Shared, seen: &Seen) -> Option<Lease> {
    let asked = Instant::now();
    let music = shared.store.music();
    match timeout(shared.settings.pace.trusted(), music.take_lease(shared.id, seen)).await {
        Ok(Ok(Some(lease))) => {
            shared.hold(lease.fence, asked);
            Some(lease)
        }
        Ok(Ok(None)) => None,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the lease cannot be taken");
            None
        }
        Err(_) => {
            tracing::warn!("the lease was not taken in time");
            None
        }
    }
}

/// Renews the lease until another has it. Where the table is out of reach the time simply runs out, and goes on when the
/// table is back and nobody took it meanwhile.
async fn hold(shared: &Shared, mut lease: Lease) {
    let pace = &shared.settings.pace;
    loop {
        sleep(pace.renew).await;
        let asked = Instant::now();
        match timeout(pace.trusted(), shared.store.music().renew_lease(&lease)).await {
            Ok(Ok(Some(renewed))) => {
                shared.hold(renewed.fence, asked);
                lease = renewed;
            }
            Ok(Ok(None)) => return,
            Ok(Err(error)) => tracing::warn!(%error, "the lease cannot be renewed"),
            Err(_) => tracing::warn!("the lease was not renewed in time"),
        }
    }
}
