//! The MD5 digests SQS answers with, which some SDKs check.
//!
//! The body's digest is plain; the attributes' digest follows the length-prefixed encoding of the SQS developer
//! guide ("Calculating the MD5 message digest for message attributes").

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

use super::wire::MessageAttribute;

/// The lower-case hexadecimal MD5 of a message body.
pub(super) fn of_body(body: &str) -> String {
    hex(&Md5::digest(body.as_bytes()))
}

/// The lower-case hexadecimal MD5 of message attributes, or nothing when there are none.
pub(super) fn of_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    // A BTreeMap iterates in name order, as the algorithm asks.
    for (name, attribute) in attributes {
        part(&mut digest, name.as_bytes());
        part(&mut digest, attribute.data_type.as_bytes());
        match (&attribute.string_value, &attribute.binary_value) {
            (Some(text), _) => {
                digest.update([1]);
                part(&mut digest, text.as_bytes());
            }
            (None, Some(encoded)) => {
                digest.update([2]);
                part(&mut digest, &STANDARD.decode(encoded).unwrap_or_default());
            }
            (None, None) => {}
        }
    }
    Some(hex(&digest.finalize()))
}

/// The lower-case hexadecimal SHA-256 of a body: its deduplication id when the queue deduplicates by content.
pub(super) fn content_id(body: &str) -> String {
    hex(&sha2::Sha256::digest(body.as_bytes()))
}

fn part(digest: &mut Md5, bytes: &[u8]) {
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_well_known_digest() {
        assert_eq!(of_body("hello"), "5d41402abc4b2a76b9719d911017c592");
    }

    #[test]
    fn no_attributes_have_no_digest() {
        assert_eq!(of_attributes(&BTreeMap::new()), None);
    }
}
