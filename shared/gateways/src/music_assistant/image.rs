//! Where a picture of the music server can be had (contract 07 §6.6).

use super::objects::wire::Image;

/// Pixels of the longer side that are asked for: enough for a phone's full width.
const SIZE: u16 = 512;
/// Since which schema pictures have an id at the server's proxy.
const PROXY_IDS: u32 = 31;
/// Longest address that is passed on, in bytes: a picture that comes as data would swell every answer that names it.
const LONGEST: usize = 2_000;

/// What the addresses of pictures depend on.
#[derive(Clone, Debug)]
pub(super) struct Gallery {
    /// Address of the server over HTTP, without a slash at its end.
    pub(super) base: String,
    pub(super) schema: u32,
}

impl Gallery {
    /// The address under which a browser gets the picture; `None` for one that has none, or none of a sensible length.
    pub(super) fn address(&self, image: &Image) -> Option<String> {
        if image.path.is_empty() {
            return None;
        }
        if image.remotely_accessible && is_address(&image.path) {
            return ready(&image.path);
        }
        self.proxied(image).filter(|address| address.len() <= LONGEST)
    }

    fn proxied(&self, image: &Image) -> Option<String> {
        let base = &self.base;
        match image.proxy_id.as_deref() {
            Some(id) if self.schema >= PROXY_IDS && !id.is_empty() => {
                Some(format!("{base}/imageproxy/{}?size={SIZE}", encode(id)))
            }
            // Twice: the server decodes the query, and then the path once more.
            _ => Some(format!(
                "{base}/imageproxy?path={}&provider={}&size={SIZE}",
                encode(&encode(&image.path)),
                encode(&image.provider)
            )),
        }
    }
}

/// An address that the server made ready for browsers; `None` where it is none.
pub(super) fn ready(address: &str) -> Option<String> {
    (is_address(address) && address.len() <= LONGEST).then(|| address.to_owned())
}

fn is_address(path: &str) -> bool {
    path.starts_with("https://") || path.starts_with("http://")
}

/// Percent-encodes everything but letters, digits and `-._~`.
fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(path: &str, remotely_accessible: bool, proxy_id: Option<&str>) -> Image {
        let provider = "filesystem_local--Ab1".to_owned();
        let proxy_id = proxy_id.map(str::to_owned);
        Image { kind: "thumb".to_owned(), path: path.to_owned(), provider, remotely_accessible, proxy_id }
    }

    #[test]
    fn pictures_are_where_a_browser_gets_them() {
        let local = "http://ma.test/imageproxy?path=M%25C3%25BAsica%252Fa%2520b.jpg&provider=filesystem_local--Ab1&size=512";
        let remote = "https://i.example/a b.jpg";
        let by_id = "http://ma.test/imageproxy/a%2Fb-1?size=512";
        for (schema, path, remotely_accessible, proxy_id, address) in [
            (26, remote, true, None, Some(remote)),
            (98, remote, true, Some("a/b-1"), Some(remote)),
            (26, "Música/a b.jpg", false, None, Some(local)),
            (30, "Música/a b.jpg", false, Some("a/b-1"), Some(local)),
            (31, "Música/a b.jpg", false, Some("a/b-1"), Some(by_id)),
            (98, "Música/a b.jpg", false, None, Some(local)),
            (98, "Música/a b.jpg", false, Some(""), Some(local)),
            (98, "", false, Some("a/b-1"), None),
            (98, "Música/a b.jpg", true, None, Some(local)),
        ] {
            let gallery = Gallery { base: "http://ma.test".to_owned(), schema };
            let image = image(path, remotely_accessible, proxy_id);
            assert_eq!(gallery.address(&image).as_deref(), address, "{schema} {image:?}");
        }
    }

    #[test]
    fn pictures_that_come_as_data_are_not_passed_on() {
        let gallery = Gallery { base: "http://ma.test".to_owned(), schema: 98 };
        let data = format!("data:image/png;base64,{}", "A".repeat(LONGEST));
        assert_eq!(gallery.address(&image(&data, true, None)), None);
        assert_eq!(ready(&format!("https://{}", "a".repeat(LONGEST))), None);
    }
}
