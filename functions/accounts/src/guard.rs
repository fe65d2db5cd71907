//! The limit on failed sign-ins (contract 01 §8): so many per account and so many per address in a quarter of an hour.
//!
//! A try is counted before the password is looked at, so that a burst of parallel tries cannot slip through; one that
//! succeeds is taken back. The limit runs on real time even where the business's clock stands still: it guards against
//! people outside.

use std::{net::IpAddr, time::Duration};

use casa_store::{Store, StoreError};
use chrono::Utc;
use sha2::{Digest, Sha256};

/// How long failures are remembered.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Failures per account within the window.
const PER_ACCOUNT: u32 = 10;
/// Failures per address within the window.
const PER_ADDRESS: u32 = 100;

/// What one try is counted under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    account: String,
    address: Option<String>,
}

/// Whether a try may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It may.
    Granted,
    /// Too many failures; seconds until the next try.
    Refused(u64),
}

impl Guard {
    /// The counters of a try for `email` from `address` (empty when unknown: then only the account counts).
    pub fn new(email: &str, address: &str) -> Self {
        Self {
            account: account(email),
            address: network(address).map(|network| format!("login:from:{network}")),
        }
    }

    /// Counts the try.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn count(&self, store: &Store) -> Result<Leave, StoreError> {
        let (throttle, now) = (store.throttle(), Utc::now());
        let limits = [(self.address.as_ref(), PER_ADDRESS), (Some(&self.account), PER_ACCOUNT)];
        for (subject, limit) in limits {
            let Some(subject) = subject else { continue };
            if !throttle.try_once(subject, limit, WINDOW, now).await? {
                return Ok(Leave::Refused(throttle.seconds_left(subject, now).await?));
            }
        }
        Ok(Leave::Granted)
    }

    /// Forgets the account's failures after a success and takes the address's try back.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn succeeded(&self, store: &Store) -> Result<(), StoreError> {
        store.throttle().forget(&self.account).await?;
        match &self.address {
            Some(address) => store.throttle().give_back(address, Utc::now()).await,
            None => Ok(()),
        }
    }
}

/// The account's counter: a digest, because keys of the table turn up in logs and metrics.
fn account(email: &str) -> String {
    let digest = Sha256::digest(email.to_lowercase().as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("login:as:{hex}")
}

/// The network whose tries are counted together: an IPv4 address alone, an IPv6 address with its /64, which one
/// subscriber owns as a whole. `None` when the address is not known.
fn network(address: &str) -> Option<String> {
    match address.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_in_any_case() {
        let guard = Guard::new("Gerente@Personal.example", "");
        assert_eq!(guard, Guard::new("gerente@personal.EXAMPLE", ""));
        assert_ne!(guard, Guard::new("otro@personal.example", ""));
        assert!(!guard.account.contains("gerente"));
        assert_eq!(guard.address, None);
    }

    #[test]
    fn addresses_count_by_subscriber() {
        for (address, counted) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::/64")),
            ("2001:db8:1:2::9", Some("2001:db8:1:2::/64")),
            ("", None),
            ("unknown", None),
        ] {
            assert_eq!(network(address).as_deref(), counted, "{address}");
        }
    }
}
