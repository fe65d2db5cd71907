//! Passwords, hashed and compared off the threads that serve requests: either takes tens of milliseconds of computing.

use std::sync::LazyLock;

use casa_domain::password::{self, Verdict};

use crate::{ApiError, error};

/// A right password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// Its hash is current.
    AsStored,
    /// Its hash was old; this is the new one (decision 5).
    AndHashedAnew(String),
}

/// Stands in for the hash of accounts that do not exist, so that they take as long to refuse as others. (An imported
/// hash takes its own time until its owner signs in for the first time.)
static NOBODY: LazyLock<String> = LazyLock::new(|| password::hash("nobody").unwrap_or_default());

/// Compares a password with the stored hash, with nobody's where there is none. `None` when it is wrong.
pub async fn check(stored: Option<String>, password: String) -> Option<Right> {
    let computed = tokio::task::spawn_blocking(move || {
        let verdict = password::verify(&password, stored.as_deref().unwrap_or(&NOBODY));
        match (stored.is_some(), verdict) {
            (false, _) | (true, Verdict::Wrong) => None,
            (true, Verdict::Right) => Some(Right::AsStored),
            (true, Verdict::RightButOld) => {
                Some(password::hash(&password).map_or(Right::AsStored, Right::AndHashedAnew))
            }
        }
    });
    computed.await.unwrap_or_else(|error| {
        tracing::error!(%error, "checking a password failed");
        None
    })
}

/// The hash of a new password.
///
/// # Errors
/// 503 when the system has no randomness.
pub async fn hash(password: String) -> Result<String, ApiError> {
    match tokio::task::spawn_blocking(move || password::hash(&password)).await {
        Ok(Ok(hash)) => Ok(hash),
        _ => {
            tracing::error!("hashing a password failed");
            Err(error::unavailable())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn old_hashes_are_made_new() {
        let imported = "pbkdf2_sha256$1000$saltroot$0SAhm8E9+/6643HCWQv/112NNjhIXjozfBxhkPoodKI=";
        let Some(Right::AndHashedAnew(hash)) = check(Some(imported.into()), "Root-A2025".into()).await else {
            panic!("not hashed anew");
        };
        assert_eq!(check(Some(hash.clone()), "Root-A2025".into()).await, Some(Right::AsStored));
        assert_eq!(check(Some(hash), "Root-A2026".into()).await, None);
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        assert_eq!(check(None, "nobody".into()).await, None);
        assert_eq!(check(Some(String::new()), String::new()).await, None);
    }

    #[tokio::test]
    async fn new_hashes_serve() {
        let hash = hash("clave segura".into()).await.unwrap();
        assert_eq!(check(Some(hash), "clave segura".into()).await, Some(Right::AsStored));
    }
}
