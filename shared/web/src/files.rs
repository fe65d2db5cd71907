//! The bucket. Photos are public under `/media/<key>`; receipts and the like are private and get short-lived signed
//! addresses on our own host (decision 21).

use std::time::Duration;

use aws_sdk_s3::{
    error::{DisplayErrorContext, SdkError},
    operation::{
        create_bucket::CreateBucketError,
        get_object::{GetObjectError, GetObjectOutput},
    },
    presigning::PresigningConfig,
    primitives::ByteStream,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{BaseUrl, Query};

/// How long a signed address works. Rounded to this grid too, so that one page shows one address per file.
const LINK_LIFE: i64 = 60 * 60;

/// Folders whose files anybody may read.
const PUBLIC: [&str; 5] =
    ["property_photos/", "events/thumbnails/", "events/images/", "user_profile_photo/", "staff_photos/"];

/// The bucket failed.
#[derive(Debug, thiserror::Error)]
#[error("bucket request failed: {0}")]
pub struct FileError(String);

impl<E, R> From<SdkError<E, R>> for FileError
where
    E: std::error::Error + 'static,
    R: std::fmt::Debug,
{
    fn from(error: SdkError<E, R>) -> Self {
        Self(DisplayErrorContext(&error).to_string())
    }
}

/// A stored file.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// Its content.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: String,
    /// Changes with the content.
    pub etag: Option<String>,
}

/// What a read with a limit found.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// No such file.
    Missing,
    /// More bytes than wanted.
    TooLarge,
    /// The file.
    File(StoredFile),
}

/// The bucket. Cheap to clone.
#[derive(Clone)]
pub struct Files {
    s3: aws_sdk_s3::Client,
    bucket: String,
    secret: Vec<u8>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Files({})", self.bucket)
    }
}

impl Files {
    /// The bucket `bucket`; `secret` signs addresses.
    pub fn new(s3: aws_sdk_s3::Client, bucket: &str, secret: &str) -> Self {
        // A key of its own, so that a signed address can never pass as a token.
        Self { s3, bucket: bucket.to_owned(), secret: format!("files:{secret}").into_bytes() }
    }

    /// Writes a file.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn put(&self, key: &str, bytes: impl Into<Bytes>, content_type: &str) -> Result<(), FileError> {
        let body = ByteStream::from(bytes.into());
        let put = self.s3.put_object().bucket(&self.bucket).key(key).body(body).content_type(content_type);
        put.send().await?;
        Ok(())
    }

    /// Writes a file unless the key is taken; answers whether it wrote.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn put_new(
        &self,
        key: &str,
        bytes: impl Into<Bytes>,
        content_type: &str,
    ) -> Result<bool, FileError> {
        let body = ByteStream::from(bytes.into());
        let put = self.s3.put_object().bucket(&self.bucket).key(key).body(body).content_type(content_type);
        match put.if_none_match("*").send().await {
            Ok(_) => Ok(true),
            // Taken, or being taken by somebody else right now.
            Err(error)
                if error.raw_response().is_some_and(|raw| matches!(raw.status().as_u16(), 409 | 412)) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a file unless it has more than `most` bytes; one request either way.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn get_at_most(&self, key: &str, most: i64) -> Result<Fetched, FileError> {
        let Some(answer) = self.open(key).await? else { return Ok(Fetched::Missing) };
        if answer.content_length().is_some_and(|length| length > most) {
            return Ok(Fetched::TooLarge);
        }
        Ok(Fetched::File(stored(answer).await?))
    }

    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn get(&self, key: &str) -> Result<Option<StoredFile>, FileError> {
        match self.open(key).await? {
            Some(answer) => Ok(Some(stored(answer).await?)),
            None => Ok(None),
        }
    }

    /// The beginning of a file's answer; `None` when there is no such file.
    async fn open(&self, key: &str) -> Result<Option<GetObjectOutput>, FileError> {
        match self.s3.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if matches!(error.as_service_error(), Some(GetObjectError::NoSuchKey(_))) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The size of a file in bytes; `None` when there is none.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn size(&self, key: &str) -> Result<Option<i64>, FileError> {
        match self.s3.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => Ok(Some(answer.content_length().unwrap_or_default())),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found()) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a file; one that is not there is fine.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn delete(&self, key: &str) -> Result<(), FileError> {
        self.s3.delete_object().bucket(&self.bucket).key(key).send().await?;
        Ok(())
    }

    /// Creates the bucket where it does not exist (one machine and tests only).
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn create_bucket_if_missing(&self) -> Result<(), FileError> {
        match self.s3.create_bucket().bucket(&self.bucket).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(
                        CreateBucketError::BucketAlreadyExists(_)
                            | CreateBucketError::BucketAlreadyOwnedByYou(_)
                    )
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// An address at the bucket itself that gives the file for a minute: for files too large to pass through a
    /// function.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn direct_url(&self, key: &str) -> Result<String, FileError> {
        let life = PresigningConfig::expires_in(Duration::from_secs(60))
            .map_err(|error| FileError(error.to_string()))?;
        let request = self.s3.get_object().bucket(&self.bucket).key(key).presigned(life).await?;
        Ok(request.uri().to_owned())
    }

    /// Whether anybody may read the file.
    pub fn is_public(key: &str) -> bool {
        PUBLIC.iter().any(|folder| key.starts_with(folder))
            || (key.starts_with("events/") && key.matches('/').count() == 1)
    }

    /// The absolute address of a private file, signed, good for one to two hours; works without a header.
    pub fn private_url(&self, base: &BaseUrl, key: &str, now: DateTime<Utc>) -> String {
        let expires = (now.timestamp() / LINK_LIFE + 2) * LINK_LIFE;
        format!(
            "{}/media/{}?expires={expires}&signature={}",
            base.0,
            encode_path(key),
            self.sign(key, expires)
        )
    }

    /// Whether the query carries a signature for this key that has not expired.
    pub fn is_signed(&self, key: &str, query: &Query, now: DateTime<Utc>) -> bool {
        let expires = query.get("expires").and_then(|expires| expires.parse::<i64>().ok());
        let signature = query.get("signature").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        match (expires, signature) {
            (Some(expires), Some(signature)) => {
                expires > now.timestamp() && self.mac(key, expires).verify_slice(&signature).is_ok()
            }
            _ => false,
        }
    }

    fn sign(&self, key: &str, expires: i64) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(key, expires).finalize().into_bytes())
    }

    #[allow(clippy::expect_used)] // HMAC takes keys of any length
    fn mac(&self, key: &str, expires: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(format!("{expires}\n{key}").as_bytes());
        mac
    }
}

async fn stored(answer: GetObjectOutput) -> Result<StoredFile, FileError> {
    let content_type = answer.content_type().unwrap_or("application/octet-stream").to_owned();
    let etag = answer.e_tag().map(str::to_owned);
    let bytes = answer.body.collect().await.map_err(|error| FileError(error.to_string()))?.into_bytes();
    Ok(StoredFile { bytes, content_type, etag })
}

/// Percent-encodes what may not stand in a path.
fn encode_path(key: &str) -> String {
    let mut encoded = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(secret: &str) -> Files {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
            .build();
        Files::new(aws_sdk_s3::Client::from_conf(config), "b", secret)
    }

    #[test]
    fn signatures_bind_key_and_time() {
        let now: DateTime<Utc> = "2026-01-01T10:30:00Z".parse().unwrap();
        let url = files("one").private_url(&BaseUrl("https://h".into()), "rental_recipt/a/b c.png", now);
        assert!(url.starts_with("https://h/media/rental_recipt/a/b%20c.png?expires="));
        let query = Query::parse(url.split_once('?').unwrap().1);
        assert!(files("one").is_signed("rental_recipt/a/b c.png", &query, now));
        assert!(!files("two").is_signed("rental_recipt/a/b c.png", &query, now));
        assert!(!files("one").is_signed("rental_recipt/a/other.png", &query, now));
        assert!(!files("one").is_signed(
            "rental_recipt/a/b c.png",
            &query,
            now + chrono::TimeDelta::hours(2)
        ));
        assert!(!files("one").is_signed("rental_recipt/a/b c.png", &Query::default(), now));
    }

    #[test]
    fn receipts_and_evidence_are_private() {
        for (key, public) in [
            ("property_photos/x/y.png", true),
            ("events/gala.webp", true),
            ("events/thumbnails/gala.webp", true),
            ("events/evidence/e4.png", false),
            ("rental_recipt/x/y.png", false),
            ("task_photos/t.png", false),
        ] {
            assert_eq!(Files::is_public(key), public, "{key}");
        }
    }
}
