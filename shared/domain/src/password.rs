//! Passwords: new ones are argon2id, imported ones are Django's PBKDF2 (decision 5).

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq;

/// The iteration counts we are willing to compute, so that a stored value cannot stall a login.
const MAX_ITERATIONS: u32 = 5_000_000;

/// Hashing failed (no randomness, or parameters refused).
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashError;

/// What a stored hash says about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does not match, or the hash is unusable.
    Wrong,
    /// It matches and the hash is current.
    Right,
    /// It matches an older algorithm: hash it again and store that.
    RightButOld,
}

/// The argon2id hash of `password` in PHC form, with a random salt.
///
/// # Errors
/// [`HashError`] when the system has no randomness.
pub fn hash(password: &str) -> Result<String, HashError> {
    Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|_| HashError)
}

/// Checks `password` against a stored hash: `$argon2…` in PHC form, Django's `argon2$…` prefix included, or
/// `pbkdf2_sha256$<iterations>$<salt>$<base64>` with its own iteration count.
pub fn verify(password: &str, stored: &str) -> Verdict {
    if let Some(phc) = stored.strip_prefix("argon2$").map(|rest| format!("${rest}")) {
        return if verify_argon2(password, &phc) { Verdict::RightButOld } else { Verdict::Wrong };
    }
    if stored.starts_with("$argon2") {
        return if verify_argon2(password, stored) { Verdict::Right } else { Verdict::Wrong };
    }
    match verify_pbkdf2(password, stored) {
        Some(true) => Verdict::RightButOld,
        _ => Verdict::Wrong,
    }
}

fn verify_argon2(password: &str, phc: &str) -> bool {
    PasswordHash::new(phc)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// `None` when the text is not a PBKDF2 hash we accept.
fn verify_pbkdf2(password: &str, stored: &str) -> Option<bool> {
    let mut parts = stored.strip_prefix("pbkdf2_sha256$")?.splitn(3, '$');
    let iterations: u32 = parts.next()?.parse().ok()?;
    let (salt, digest) = (parts.next()?, STANDARD.decode(parts.next()?).ok()?);
    if !(1..=MAX_ITERATIONS).contains(&iterations) || digest.len() != 32 {
        return None;
    }
    let mut computed = [0u8; 32];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password.as_bytes(), salt.as_bytes(), iterations, &mut computed);
    Some(computed.as_slice().ct_eq(&digest).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_hashes_verify() {
        let stored = hash("clave segura").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert_eq!(verify("clave segura", &stored), Verdict::Right);
        assert_eq!(verify("otra", &stored), Verdict::Wrong);
    }

    /// A hash computed with Python's `hashlib.pbkdf2_hmac` for an invented password.
    #[test]
    fn imported_hashes_verify() {
        let stored = "pbkdf2_sha256$1000$saltroot$0SAhm8E9+/6643HCWQv/112NNjhIXjozfBxhkPoodKI=";
        assert_eq!(verify("Root-A2025", stored), Verdict::RightButOld);
        assert_eq!(verify("Root-A2026", stored), Verdict::Wrong);
    }

    #[test]
    fn junk_never_matches() {
        for stored in
            ["", "!", "x", "pbkdf2_sha256$0$s$AAAA", "pbkdf2_sha256$9999999999$s$", "$argon2id$", "argon2$"]
        {
            assert_eq!(verify("", stored), Verdict::Wrong, "{stored}");
        }
    }
}
