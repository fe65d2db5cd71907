//! Searches for free nights, as the site tells of them (contract 03 §2.6, §3.8).

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{ClientId, HouseId};

/// Most characters of a browser's name that are kept.
const LONGEST_AGENT: usize = 500;
/// Most characters of the page somebody came from that are kept.
const LONGEST_REFERRER: usize = 200;
/// Most characters of a session's key that are kept.
const LONGEST_SESSION: usize = 100;

/// A search, every column of the original. Made by [`Search::tidy`] into what may be stored of new ones, and by
/// [`Search::bounded`] of imported ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Its id.
    pub id: Uuid,
    /// When it was entered.
    pub created: DateTime<Utc>,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// Soft-deleted.
    #[serde(default)]
    pub deleted: bool,
    /// The guest who searched; nobody knows without.
    #[serde(default)]
    pub client: Option<ClientId>,
    /// First night.
    pub check_in_date: NaiveDate,
    /// Day of departure; in no order with the first night.
    pub check_out_date: NaiveDate,
    /// How many would come.
    pub guests: u32,
    /// The house searched for; any without.
    #[serde(default, rename = "property")]
    pub house: Option<HouseId>,
    /// When it was made.
    pub search_timestamp: DateTime<Utc>,
    /// The visit it belongs to.
    #[serde(default)]
    pub session_key: Option<String>,
    /// Where it came from, as far as that is kept.
    #[serde(default)]
    pub ip_address: Option<String>,
    /// The browser.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// The page the visitor came from.
    #[serde(default)]
    pub referrer: Option<String>,
}

impl Search {
    /// What may be stored of it: the address without the part that tells one household from another, texts of bounded
    /// length.
    #[must_use]
    pub fn tidy(self) -> Self {
        Self { ip_address: self.ip_address.as_deref().and_then(anonymous_address), ..self.bounded() }
    }

    /// The same with texts of bounded length; the address stays as it is. The original counted visitors by the addresses
    /// it kept, and its figures have to come out the same (contract 09 §4.5).
    #[must_use]
    pub fn bounded(self) -> Self {
        let cut = |text: Option<String>, most: usize| text.map(|text| text.chars().take(most).collect());
        Self {
            session_key: cut(self.session_key, LONGEST_SESSION),
            user_agent: cut(self.user_agent, LONGEST_AGENT),
            referrer: cut(self.referrer, LONGEST_REFERRER),
            ..self
        }
    }
}

/// The network of an address: its first 24 bits of 32, or 48 of 128. `None` for what is no address.
pub fn anonymous_address(text: &str) -> Option<String> {
    let network = match text.trim().parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => IpAddr::from((address.to_bits() & (u32::MAX << 8)).to_be_bytes()),
        IpAddr::V6(address) => IpAddr::from((address.to_bits() & (u128::MAX << 80)).to_be_bytes()),
    };
    Some(network.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_what_tells_households_apart() {
        for (address, kept) in [
            ("192.0.2.77", Some("192.0.2.0")),
            (" 203.0.113.255 ", Some("203.0.113.0")),
            ("2001:db8:1234:5678:9abc:def0:1234:5678", Some("2001:db8:1234::")),
            ("::ffff:192.0.2.77", Some("192.0.2.0")),
            ("::1", Some("::")),
            ("unknown", None),
            ("192.0.2.7:443", None),
            ("", None),
        ] {
            assert_eq!(anonymous_address(address).as_deref(), kept, "{address}");
        }
    }

    #[test]
    fn texts_are_cut_at_characters() {
        let search: Search = serde_json::from_value(serde_json::json!({
            "id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "check_in_date": "2025-01-02", "check_out_date": "2025-01-01", "guests": 0,
            "search_timestamp": "2025-01-01T00:00:00Z", "ip_address": "10.1.2.3",
            "user_agent": "ñ".repeat(501), "referrer": "ñ".repeat(200), "session_key": "x".repeat(101),
        }))
        .unwrap();
        let kept = search.tidy();
        let length = |text: &Option<String>| text.as_ref().map(|text| text.chars().count());
        assert_eq!(
            [length(&kept.user_agent), length(&kept.referrer), length(&kept.session_key)],
            [500, 200, 100].map(Some)
        );
        assert_eq!(kept.ip_address.as_deref(), Some("10.1.2.0"));
        assert_eq!(kept.clone().bounded(), kept);
        assert_eq!(kept.clone().tidy(), kept);
    }
}
