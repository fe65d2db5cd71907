//! Answers with a file: kind, caching, and what keeps a browser from running it.

use axum::response::{IntoResponse, Response};
use casa_web::StoredFile;
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Who may see a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Everybody: shared caches may keep it.
    Everybody,
    /// The holder of a signed address.
    Holder,
}

/// How a kind of file is shown: media type and content security policy.
struct Shown {
    kind: &'static str,
    policy: &'static str,
}

/// Images run nothing.
const IMAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/// Browsers show a PDF as an object with styles of their own, and not at all in a sandbox.
const PDF_POLICY: &str = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'";

/// The kinds that browsers may show in place: images that run nothing and PDF. Everything else is a download, because a
/// page or drawing on our own host could act as its visitor.
fn shown(content_type: &str) -> Option<Shown> {
    let kind = match content_type {
        "image/jpeg" => "image/jpeg",
        "image/png" => "image/png",
        "image/webp" => "image/webp",
        "image/gif" => "image/gif",
        "image/avif" => "image/avif",
        "image/heic" => "image/heic",
        "application/pdf" => return Some(Shown { kind: "application/pdf", policy: PDF_POLICY }),
        _ => return None,
    };
    Some(Shown { kind, policy: IMAGE_POLICY })
}

/// The media type that the ending of a name stands for; files stored without one are told by it.
fn by_ending(key: &str) -> &'static str {
    let ending = key.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("gif") => "image/gif",
        Some("avif") => "image/avif",
        Some("heic" | "heif") => "image/heic",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    }
}

/// The answer with a file, or 304 when the client has it already.
pub(crate) fn file(
    key: &str,
    stored: StoredFile,
    audience: Audience,
    if_none_match: Option<&HeaderValue>,
) -> Response {
    let etag = stored.etag.as_deref().and_then(|etag| HeaderValue::from_str(etag).ok());
    let known = etag.as_ref().zip(if_none_match).is_some_and(|(etag, seen)| matches(seen, etag));
    let stored_kind = stored.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let shown = shown(&stored_kind).or_else(|| {
        let unknown = stored_kind.is_empty() || stored_kind.ends_with("/octet-stream");
        if unknown { shown(by_ending(key)) } else { None }
    });
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { stored.bytes.into_response() };
    let mut set = |name: HeaderName, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(
        header::CACHE_CONTROL,
        match audience {
            Audience::Everybody => "public, max-age=86400",
            Audience::Holder => "private, max-age=300",
        },
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    match &shown {
        Some(Shown { kind, policy }) => {
            set(header::CONTENT_TYPE, kind);
            set(header::CONTENT_SECURITY_POLICY, policy);
            set(header::CONTENT_DISPOSITION, "inline");
        }
        None => {
            set(header::CONTENT_TYPE, "application/octet-stream");
            set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
            set(header::CONTENT_DISPOSITION, "attachment");
        }
    }
    if known {
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    if let Some(etag) = etag {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// Whether a list of entity tags names this one; weak tags count (RFC 9110 §13.1.2).
fn matches(list: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(list), Ok(etag)) = (list.to_str(), etag.to_str()) else { return false };
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    list.trim() == "*" || list.split(',').any(|tag| strong(tag) == strong(etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(key: &str, content_type: &str, seen: Option<&str>) -> Response {
        let stored = StoredFile {
            bytes: "x".into(),
            content_type: content_type.to_owned(),
            etag: Some("\"abc\"".to_owned()),
        };
        let seen = seen.map(|tag| HeaderValue::from_str(tag).unwrap());
        file(key, stored, Audience::Everybody, seen.as_ref())
    }

    fn text<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn images_are_shown_and_pages_are_not() {
        for (key, stored, kind, disposition) in [
            ("a.png", "image/png", "image/png", "inline"),
            ("a.webp", "application/octet-stream", "image/webp", "inline"),
            ("a.pdf", "application/pdf", "application/pdf", "inline"),
            ("a.svg", "image/svg+xml", "application/octet-stream", "attachment"),
            ("a.png", "text/html; charset=utf-8", "application/octet-stream", "attachment"),
            ("a", "", "application/octet-stream", "attachment"),
        ] {
            let response = answer(key, stored, None);
            assert_eq!(text(&response, "content-type"), kind, "{key} {stored}");
            assert_eq!(text(&response, "content-disposition"), disposition, "{key} {stored}");
            assert_eq!(text(&response, "x-content-type-options"), "nosniff");
            assert!(text(&response, "content-security-policy").starts_with("default-src 'none'"));
            assert_eq!(text(&response, "cache-control"), "public, max-age=86400");
        }
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        for seen in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            let response = answer("a.png", "image/png", Some(seen));
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{seen}");
            assert_eq!(text(&response, "etag"), "\"abc\"");
            assert_eq!(text(&response, "content-type"), "");
        }
        assert_eq!(answer("a.png", "image/png", Some("\"abd\"")).status(), StatusCode::OK);
    }
}
