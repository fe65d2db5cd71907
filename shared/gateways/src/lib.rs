//! The outside world, one module per vendor, each with timeouts and a typed error.
//!
//! It must not know the HTTP of our own API or the table. A vendor that is not configured is simply off.

pub mod chatbot;
pub mod telegram;

use std::{env, time::Duration};

pub use chatbot::{BotField, Chatbot};
pub use telegram::{Chat, Telegram};

/// A vendor did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It could not be reached, or did not answer in time: try again later.
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
}

impl Gateways {
    /// The vendors that the environment configures.
    pub fn from_env() -> Self {
        Self { telegram: Telegram::from_env(), chatbot: Chatbot::from_env() }
    }
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
    reqwest::Client::builder().connect_timeout(Duration::from_secs(3)).timeout(Duration::from_secs(10))
}
