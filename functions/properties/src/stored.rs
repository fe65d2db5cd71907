//! Photo files in the bucket.

use bytes::Bytes;
use casa_web::{ApiResult, Files, error, images::apart};
use uuid::Uuid;

use crate::images::{self, Refused};

/// How often a taken name is replaced before giving up; the random suffix makes a second time unheard of.
const ATTEMPTS: usize = 4;

/// The media type of thumbnails.
pub(crate) const WEBP: &str = "image/webp";

/// The thumbnail of an image, made on a thread of its own kind: decoding takes too long for the others.
///
/// # Errors
/// [`Refused`] when the image is not one we accept.
pub(crate) async fn thumbnail(image: Bytes) -> Result<Vec<u8>, Refused> {
    // A decoder that panics has met a file that it cannot read.
    apart(move || images::thumbnail(&image)).await.unwrap_or(Err(Refused::Damaged))
}

/// Stores a file under the key that `key` gives, with a short random suffix when that is taken: no file is ever
/// overwritten. Answers the key.
///
/// # Errors
/// 503 when the bucket fails.
pub(crate) async fn put_free(
    files: &Files,
    key: impl Fn(Option<&str>) -> String,
    bytes: Bytes,
    content_type: &str,
) -> ApiResult<String> {
    let mut wanted = key(None);
    for _ in 0..ATTEMPTS {
        if files.put_new(&wanted, bytes.clone(), content_type).await? {
            return Ok(wanted);
        }
        let random = Uuid::new_v4().simple().to_string();
        wanted = key(random.get(..7));
    }
    Err(error::changed_meanwhile())
}

/// Removes files that no row names; one that stays behind harms nobody and is only logged.
pub(crate) async fn remove(files: &Files, keys: &[String]) {
    for key in keys {
        if let Err(error) = files.delete(key).await {
            tracing::warn!(%error, key, "a file without a row stayed in the bucket");
        }
    }
}
