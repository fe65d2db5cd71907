//! Limits on what strangers may try: so many times per subject (an account, a phone) and per address within a window.
//!
//! A try is counted before it is looked at, so that a burst of parallel tries cannot slip through; one that turns out
//! well is taken back where the limit is on failures. Limits run on real time even where the business's clock stands
//! still: they guard against people outside.

use std::{net::IpAddr, time::Duration};

use casa_store::{Store, StoreError};
use chrono::Utc;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{ApiError, ApiResult, settings::Secret};

/// How long failed sign-ins are remembered.
const SIGN_IN_WINDOW: Duration = Duration::from_secs(15 * 60);
/// Failed sign-ins per account within the window (contract 01 §8, 02 §8 defect 4).
const SIGN_INS_PER_ACCOUNT: u32 = 10;
/// Failed sign-ins per address within the window.
const SIGN_INS_PER_ADDRESS: u32 = 100;

/// How often something may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Tries within the window.
    pub most: u32,
    /// From the first try on.
    pub window: Duration,
}

/// What one try is counted under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    action: &'static str,
    address: Option<(String, Limit)>,
    subject: Option<(String, Limit)>,
}

impl Guard {
    /// Counts tries of `action`, under nothing yet.
    pub fn of(action: &'static str) -> Self {
        Self { action, address: None, subject: None }
    }

    /// The limits on failed sign-ins of `account` from `address`.
    pub fn of_sign_in(action: &'static str, secret: &Secret, account: &str, address: &str) -> Self {
        let per_address = Limit { most: SIGN_INS_PER_ADDRESS, window: SIGN_IN_WINDOW };
        let per_account = Limit { most: SIGN_INS_PER_ACCOUNT, window: SIGN_IN_WINDOW };
        Self::of(action).per_address(address, per_address).per_subject(secret, account, per_account)
    }

    /// Counts under an address too; not where it is unknown.
    #[must_use]
    pub fn per_address(self, address: &str, limit: Limit) -> Self {
        let key = |network| format!("{}:from:{network}", self.action);
        Self { address: network(address).map(|network| (key(network), limit)), ..self }
    }

    /// Counts under whom the try is about too. Only a digest of it reaches the table.
    #[must_use]
    pub fn per_subject(self, secret: &Secret, who: &str, limit: Limit) -> Self {
        Self { subject: Some((format!("{}:as:{}", self.action, digest(secret, who)), limit)), ..self }
    }

    /// Counts the try, and refuses it with what `refusal` makes of the seconds to wait when there were too many. One that
    /// its address may not make is not counted under its subject, so that nobody is locked out by a single stranger's
    /// flood.
    ///
    /// # Errors
    /// The refusal, or 503.
    pub async fn obey(&self, store: &Store, refusal: impl FnOnce(u64) -> ApiError) -> ApiResult<()> {
        let (throttle, now) = (store.throttle(), Utc::now());
        for (key, limit) in self.address.iter().chain(&self.subject) {
            if !throttle.try_once(key, limit.most, limit.window, now).await? {
                // Another process's clock, or a later look, may have begun the window after this request's.
                let left = throttle.seconds_left(key, now).await?.min(limit.window.as_secs());
                return Err(refusal(left));
            }
        }
        Ok(())
    }

    /// After a success where failures are counted: forgets those of the subject and takes the address's try back.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn succeeded(&self, store: &Store) -> Result<(), StoreError> {
        if let Some((subject, _)) = &self.subject {
            store.throttle().forget(subject).await?;
        }
        match &self.address {
            Some((address, _)) => store.throttle().give_back(address, Utc::now()).await,
            None => Ok(()),
        }
    }
}

/// A digest that only holders of the secret can make: keys of the table turn up in logs and metrics, and there are few
/// enough documents, phones and codes to try them all.
pub fn digest(secret: &Secret, text: &str) -> String {
    // A key of any length serves, so that there is always one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.0.as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether this is the digest of `text`. How long the comparison takes tells nothing.
pub fn is_digest(secret: &Secret, text: &str, given: &str) -> bool {
    digest(secret, text).as_bytes().ct_eq(given.as_bytes()).into()
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
    fn accounts_are_told_apart_and_not_named() {
        let secret = Secret("un secreto".to_owned());
        let guard = |account| Guard::of_sign_in("login", &secret, account, "");
        assert_eq!(guard("gerente@personal.example"), guard("gerente@personal.example"));
        assert_ne!(guard("gerente@personal.example"), guard("otro@personal.example"));
        assert_eq!(guard("gerente@personal.example").address, None);
        let (key, _) = guard("gerente@personal.example").subject.unwrap();
        assert!(key.starts_with("login:as:") && !key.contains("gerente"));
        let other = Secret("otro secreto".to_owned());
        assert_ne!(digest(&secret, "12345678"), digest(&other, "12345678"));
        assert_eq!(digest(&secret, "").len(), 64);
        assert!(is_digest(&secret, "12345678", &digest(&secret, "12345678")));
        assert!(!is_digest(&secret, "12345678", &digest(&secret, "12345679")));
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
