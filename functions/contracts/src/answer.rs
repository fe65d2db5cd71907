//! The answer with a document, under the name its file shall have.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use unicode_normalization::UnicodeNormalization;

use crate::writer::Format;

/// The document as a download named after the house. Nobody may keep it: it names a guest (decision 21).
pub(crate) fn download(document: Bytes, format: Format, house: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&format!("{house}_contract.{}", format.ending()))),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    (headers, document).into_response()
}

/// The header that names a file, and the name in full where ASCII cannot hold it (RFC 6266 §4.3).
fn disposition(name: &str) -> String {
    let plain: String = name.nfkd().filter(char::is_ascii).map(harmless).collect();
    if plain == name {
        return format!("attachment; filename=\"{plain}\"");
    }
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// The letter, or `_` for one that ends a quoted text or names a folder.
fn harmless(letter: char) -> char {
    if letter.is_ascii_control() || matches!(letter, '"' | '\\' | '/' | '%') { '_' } else { letter }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        for (name, expected) in [
            ("Casa Austin 2_contract.pdf", "attachment; filename=\"Casa Austin 2_contract.pdf\""),
            (
                "Villa Lúcuma_contract.pdf",
                "attachment; filename=\"Villa Lucuma_contract.pdf\"; filename*=UTF-8''Villa%20L%C3%BAcuma_contract.pdf",
            ),
            (
                "a\"b\\c\r\nx_contract.docx",
                "attachment; filename=\"a_b_c__x_contract.docx\"; filename*=UTF-8''a%22b%5Cc%0D%0Ax_contract.docx",
            ),
        ] {
            let named = disposition(name);
            assert_eq!(named, expected);
            assert!(http::HeaderValue::from_str(&named).is_ok());
        }
    }

    #[test]
    fn a_document_is_a_download_that_nobody_keeps() {
        let response = download("x".into(), Format::Docx, "Casa");
        let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap();
        assert!(header("content-type").ends_with("wordprocessingml.document"));
        assert_eq!(header("content-disposition"), "attachment; filename=\"Casa_contract.docx\"");
        assert_eq!(header("cache-control"), "private, no-store");
    }
}
