//! The outside world, one module per vendor, each with timeouts and a typed error.
//!
//! It must not know the HTTP of our own API or the table. A vendor that is not configured is simply off.

pub mod cards;
pub mod chatbot;
pub mod facebook;
pub mod feed;
pub mod ical;
pub mod meta;
pub mod music_assistant;
pub mod phone;
pub mod pool;
pub mod sheets;
pub mod telegram;
#[cfg(test)]
mod testing;
pub mod twilio;
pub mod whatsapp;
mod wire;

use std::{env, time::Duration};

pub use cards::Cards;
pub use chatbot::{BotField, Chatbot};
pub use facebook::{Facebook, FacebookProfile, TokenFacts};
pub use feed::{FeedError, FeedFetcher, Fetched};
pub use meta::{Buyer, MetaAudience, MetaConversions, Person, Purchase, Trace};
pub use pool::PoolSwitch;
pub use sheets::{SheetReply, Sheets};
pub use telegram::{Attachment, Chat, Telegram};
pub use twilio::TwilioVerify;
pub use whatsapp::WhatsApp;

/// How long a vendor may take in all, unless its module says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// A vendor did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It could not be reached, did not answer in time or not in a way that can be understood: try again later.
    #[error("{vendor} could not be reached: {problem}")]
    Unreachable {
        /// Who.
        vendor: &'static str,
        /// What happened, without addresses (they carry tokens).
        problem: String,
    },
    /// It asks to slow down: try again later.
    #[error("{vendor} is busy")]
    Busy {
        /// Who.
        vendor: &'static str,
    },
    /// It refused, and would refuse the same again.
    #[error("{vendor} refused with status {status}")]
    Refused {
        /// Who.
        vendor: &'static str,
        /// Its HTTP status.
        status: u16,
    },
}

/// All vendors, as configured.
#[derive(Clone, Debug, Default)]
pub struct Gateways {
    /// Telegram notices; `None` when not configured.
    pub telegram: Option<Telegram>,
    /// The chatbot platform; `None` when not configured.
    pub chatbot: Option<Chatbot>,
    /// One-time codes by SMS; `None` when not configured.
    pub twilio: Option<TwilioVerify>,
    /// Messages to guests on WhatsApp; `None` when not configured.
    pub whatsapp: Option<WhatsApp>,
    /// Facebook accounts of guests; `None` when not configured.
    pub facebook: Option<Facebook>,
    /// The audience of the advertisements; `None` when not configured.
    pub meta: Option<MetaAudience>,
    /// Purchases that advertisements led to; `None` when not configured.
    pub conversions: Option<MetaConversions>,
    /// The sheet of searches; `None` when not configured.
    pub sheets: Option<Sheets>,
    /// The switches of the pools' heating; their addresses are the houses'.
    pub pool: PoolSwitch,
    /// The card gateways.
    pub cards: Cards,
    /// Whether one-time codes are ours and go by WhatsApp, instead of Twilio's by SMS (`OTP_SERVICE_PROVIDER`).
    pub otp_by_whatsapp: bool,
}

impl Gateways {
    /// The vendors that the environment configures.
    pub fn from_env() -> Self {
        Self {
            telegram: Telegram::from_env(),
            chatbot: Chatbot::from_env(),
            twilio: TwilioVerify::from_env(),
            whatsapp: WhatsApp::from_env(),
            facebook: Facebook::from_env(),
            meta: MetaAudience::from_env(),
            conversions: MetaConversions::from_env(),
            sheets: Sheets::from_env(),
            pool: PoolSwitch::default(),
            cards: Cards::from_env(),
            otp_by_whatsapp: is_whatsapp(setting("OTP_SERVICE_PROVIDER")),
        }
    }
}

/// Whether a setting names WhatsApp; anything else, also nothing, means Twilio (contract 02 §4.4).
fn is_whatsapp(provider: Option<String>) -> bool {
    provider.is_some_and(|provider| provider.to_lowercase() == "whatsapp")
}

fn setting(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// An HTTP client with the bounds every vendor call has.
fn client() -> reqwest::Client {
    client_builder().build().unwrap_or_default()
}

/// The same, for vendors that need another bound.
fn client_builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder().connect_timeout(Duration::from_secs(3)).timeout(PATIENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_by_whatsapp_only_where_the_setting_says_so() {
        for (provider, whatsapp) in
            [("whatsapp", true), ("WhatsApp", true), ("twilio", false), ("sms", false)]
        {
            assert_eq!(is_whatsapp(Some(provider.to_owned())), whatsapp, "{provider}");
        }
        assert!(!is_whatsapp(None));
    }

    #[test]
    fn by_default_everything_is_off() {
        let off = Gateways::default();
        assert!(off.twilio.is_none() && off.whatsapp.is_none() && off.facebook.is_none());
        assert!(
            off.meta.is_none() && off.conversions.is_none() && off.sheets.is_none() && !off.otp_by_whatsapp
        );
    }
}
