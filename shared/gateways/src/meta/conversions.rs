//! Purchases for Meta's Conversions API (contract 05 §5.4).

use casa_domain::{ReservationId, money::displayed};
use chrono::{DateTime, NaiveDate, Utc};
use reqwest::StatusCode;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{VENDOR, hash};
use crate::{GatewayError, PATIENCE, phone, setting, wire};

/// Who bought, as the guest wrote it. Only hashes leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buyer {
    /// Telephone number.
    pub phone: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Given names.
    pub first_name: String,
    /// Family names.
    pub last_name: Option<String>,
    /// Birth date.
    pub birthday: Option<NaiveDate>,
}

/// What the browser told of the visit that led to the purchase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names are Meta's and those of its links
pub struct Trace {
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub fbc: Option<String>,
    pub fbp: Option<String>,
    pub fbclid: Option<String>,
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
    pub utm_campaign: Option<String>,
}

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// What was bought. Meta counts an event with the same id once.
    pub reservation: ReservationId,
    /// When.
    pub at: DateTime<Utc>,
    /// Dollars.
    pub value: Decimal,
    /// By whom.
    pub buyer: Buyer,
    /// Through what.
    pub trace: Trace,
}

impl Purchase {
    /// The event as Meta reads it. What is missing is left out.
    fn event(&self) -> Value {
        let (buyer, trace) = (&self.buyer, &self.trace);
        let mut user = Map::new();
        let phone = phone::whatsapp(&buyer.phone);
        let birthday = buyer.birthday.map(|born| born.format("%Y%m%d").to_string());
        for (name, text) in [
            ("ph", Some(phone.as_str())),
            ("em", buyer.email.as_deref()),
            ("fn", Some(buyer.first_name.as_str())),
            ("ln", buyer.last_name.as_deref()),
            ("db", birthday.as_deref()),
        ] {
            let text = text.unwrap_or_default().trim().to_lowercase();
            if !text.is_empty() {
                user.insert(name.to_owned(), json!([hash(&text)]));
            }
        }
        for (name, text) in [
            ("client_ip_address", &trace.ip),
            ("client_user_agent", &trace.user_agent),
            ("fbc", &trace.fbc),
            ("fbp", &trace.fbp),
            ("click_id", &trace.fbclid),
        ] {
            put(&mut user, name, text);
        }
        let mut bought = Map::new();
        bought.insert("value".to_owned(), json!(displayed::number(self.value)));
        bought.insert("currency".to_owned(), json!("USD"));
        put(&mut bought, "utm_source", &trace.utm_source);
        put(&mut bought, "utm_medium", &trace.utm_medium);
        put(&mut bought, "utm_campaign", &trace.utm_campaign);
        json!({
            "event_name": "Purchase",
            "event_time": self.at.timestamp(),
            "event_id": self.reservation,
            "action_source": "website",
            "user_data": user,
            "custom_data": bought,
        })
    }
}

fn put(map: &mut Map<String, Value>, name: &str, text: &Option<String>) {
    if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
        map.insert(name.to_owned(), json!(text));
    }
}

/// A pixel that takes events of the site.
#[derive(Clone)]
pub struct MetaConversions {
    http: reqwest::Client,
    address: String,
    /// Never logged.
    token: String,
}

impl std::fmt::Debug for MetaConversions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MetaConversions(…)")
    }
}

impl MetaConversions {
    /// The pixel that `META_PIXEL_ID` and `META_PIXEL_TOKEN` configure; `None` unless both are there.
    pub fn from_env() -> Option<Self> {
        Self::configured(setting)
    }

    fn configured(setting: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let pixel = setting("META_PIXEL_ID")?;
        let token = setting("META_PIXEL_TOKEN")?;
        let base = setting("META_GRAPH_URL").unwrap_or_else(|| "https://graph.facebook.com/v18.0".to_owned());
        Some(Self::new(&base, &pixel, &token))
    }

    /// The pixel with the id `pixel`, at `base`.
    pub fn new(base: &str, pixel: &str, token: &str) -> Self {
        let address = format!("{}/{pixel}/events", base.trim_end_matches('/'));
        Self { http: wire::http(PATIENCE), address, token: token.to_owned() }
    }

    /// Tells of a purchase. Telling it again is harmless: Meta knows it by its id.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn purchase(&self, purchase: &Purchase) -> Result<(), GatewayError> {
        let body = json!({ "data": [purchase.event()], "access_token": self.token });
        match wire::send(VENDOR, self.http.post(&self.address).json(&body)).await?.status() {
            StatusCode::OK => Ok(()),
            status => Err(wire::failure(VENDOR, status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOBODY, Vendor, settings};

    fn purchase() -> Purchase {
        Purchase {
            reservation: "00000000-0000-4000-8000-000000000101".parse().unwrap(),
            at: "2025-11-12T15:30:00.9Z".parse().unwrap(),
            value: "92.10".parse().unwrap(),
            buyer: Buyer {
                phone: "911 111-111".to_owned(),
                email: Some(" Ana@Example.com ".to_owned()),
                first_name: "Ána María".to_owned(),
                last_name: Some("LIRA".to_owned()),
                birthday: NaiveDate::from_ymd_opt(1990, 3, 9),
            },
            trace: Trace {
                ip: Some("192.0.2.7".to_owned()),
                user_agent: Some("Navegador/1".to_owned()),
                fbc: Some("fb.1.2.c".to_owned()),
                fbp: Some(String::new()),
                fbclid: Some("c".to_owned()),
                utm_source: Some("ig".to_owned()),
                ..Trace::default()
            },
        }
    }

    #[tokio::test]
    async fn a_purchase_is_told_as_documented() {
        let vendor = Vendor::start([(200, "{}")]).await;
        MetaConversions::new(&vendor.base, "55", "secret").purchase(&purchase()).await.unwrap();
        let call = vendor.call();
        assert_eq!(call.line, "POST /55/events");
        assert_eq!(
            call.json(),
            json!({
                "access_token": "secret",
                "data": [{
                    "event_name": "Purchase", "event_time": 1762961400, "action_source": "website",
                    "event_id": "00000000-0000-4000-8000-000000000101",
                    "user_data": {
                        "ph": [hash("51911111111")], "em": [hash("ana@example.com")], "fn": [hash("ána maría")],
                        "ln": [hash("lira")], "db": [hash("19900309")],
                        "client_ip_address": "192.0.2.7", "client_user_agent": "Navegador/1",
                        "fbc": "fb.1.2.c", "click_id": "c",
                    },
                    "custom_data": {"value": 92.1, "currency": "USD", "utm_source": "ig"},
                }],
            })
        );
    }

    #[test]
    fn what_is_missing_is_left_out() {
        let purchase = Purchase {
            buyer: Buyer { email: Some(" ".to_owned()), ..Buyer::default() },
            trace: Trace::default(),
            value: Decimal::ZERO,
            ..purchase()
        };
        let event = purchase.event();
        assert_eq!(event["user_data"], json!({}));
        assert_eq!(event["custom_data"], json!({"value": 0.0, "currency": "USD"}));
    }

    #[tokio::test]
    async fn failures_are_told_apart_and_show_nothing() {
        for (status, expected) in [
            (500, "Meta is busy"),
            (400, "Meta refused with status 400"),
            (302, "Meta refused with status 302"),
        ] {
            let vendor = Vendor::start([(status, "")]).await;
            let pixel = MetaConversions::new(&vendor.base, "55", "secret");
            assert_eq!(pixel.purchase(&purchase()).await.unwrap_err().to_string(), expected);
        }
        let pixel = MetaConversions::new(NOBODY, "55", "secret");
        let error = pixel.purchase(&purchase()).await.unwrap_err();
        let shown = format!("{error} {error:?} {pixel:?}");
        assert!(!shown.contains("secret") && !shown.contains("example.com"), "{shown}");
    }

    #[test]
    fn both_settings_are_needed() {
        let all =
            [("META_PIXEL_ID", "55"), ("META_PIXEL_TOKEN", "t"), ("META_GRAPH_URL", "http://graph.example/")];
        let address =
            |pairs: &[(&str, &str)]| MetaConversions::configured(settings(pairs)).map(|one| one.address);
        assert_eq!(address(&all).as_deref(), Some("http://graph.example/55/events"));
        assert_eq!(address(&all[..2]).as_deref(), Some("https://graph.facebook.com/v18.0/55/events"));
        assert_eq!((address(&all[..1]), address(&all[1..])), (None, None));
    }
}
