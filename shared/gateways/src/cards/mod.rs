//! Card payments: two gateways behind one trait, and who may tell us about them (contract 06 §5.1, §5.5, §5.6, §8).
//!
//! The rule above all others: what may have been charged is never called refused. Where an answer is lost, the gateway is
//! asked again under the same key, and then asked what became of it; what is still open after that is unknown.

mod amount;
mod asking;
pub mod mercado_pago;
pub mod openpay;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use rust_decimal::Decimal;
use uuid::Uuid;

pub use asking::Patience;
pub use casa_domain::payment::Vendor;
pub use mercado_pago::{MercadoPago, WebhookSecret};
pub use openpay::{OpenPay, WebhookLogin};

use crate::GatewayError;

/// Most characters of a gateway's short words.
const LONGEST_WORD: usize = 60;
/// Most characters of a gateway's ids.
const LONGEST_ID: usize = 64;

/// A card as the browser's part of a gateway made it: good for one charge, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct CardToken(String);

impl CardToken {
    /// The token as it came from the browser.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token itself, for the gateway and for a digest.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardToken(…)")
    }
}

/// Who pays. Personal, never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Payer {
    /// E-mail address.
    pub email: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: Option<String>,
    /// Telephone number in any spelling.
    pub phone: Option<String>,
}

impl fmt::Debug for Payer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payer(…)")
    }
}

/// A charge to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Our id of the attempt: the idempotency key, and the name under which the gateway finds it again. Another attempt
    /// needs another one; the same one never charges twice.
    pub reference: Uuid,
    /// Soles, more than zero, of at most two decimals.
    pub amount: Decimal,
    /// The card.
    pub token: CardToken,
    /// MercadoPago's word for the kind of card, such as `visa`; OpenPay needs none.
    pub method: String,
    /// In how many parts the guest pays his bank.
    pub installments: u32,
    /// What OpenPay's script in the browser knows the device by; MercadoPago needs none.
    pub device_session: Option<String>,
    /// What the guest reads on the receipt.
    pub description: String,
    /// Id of what is bought.
    pub item_id: String,
    /// Name of what is bought.
    pub item_title: String,
    /// Who pays.
    pub payer: Payer,
}

/// Where a transaction stands at its gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The money was taken, or is held for us. It may have gone back since.
    Approved,
    /// Not decided.
    Processing,
    /// Refused: no money was taken.
    Rejected,
    /// Called off or expired before any money was taken.
    Cancelled,
}

/// What a gateway knows of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id at the gateway.
    pub transaction: String,
    /// Our reference; `None` where the transaction has none that is ours.
    pub reference: Option<Uuid>,
    /// Where it stands.
    pub standing: Standing,
    /// The gateway's word for that, such as `in_process`.
    pub status: String,
    /// The gateway's reason as a short word, such as `cc_rejected_high_risk`; empty when it gives none.
    pub detail: String,
    /// Soles it is about: taken where it is approved.
    pub amount: Decimal,
    /// Soles given back so far, in all.
    pub refunded: Decimal,
    /// Whether the guest's bank took the money back, or is about to.
    pub charged_back: bool,
}

/// Why a gateway refused a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalCode {
    /// The token was used before: the guest must enter the card again.
    TokenUsed,
    /// There is no such token, or it is too old.
    TokenInvalid,
    /// The bank or the gateway refused the card, with the reason as a short word.
    Declined(String),
    /// The charge never got to the gateway, or the gateway was too busy to look at it: the guest may try again.
    Unavailable,
    /// Anything else: our settings, or a request that it does not take.
    Other,
}

/// A charge did not come to an answer about its transaction.
#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    /// It was refused: surely nothing was charged.
    #[error("the charge was refused with status {status}: {code:?}")]
    Refused {
        /// Why.
        code: RefusalCode,
        /// The gateway's HTTP status; 0 where it was not asked or not reached.
        status: u16,
    },
    /// It may have been charged: ask with [`CardGateway::find`] later, and do not charge again under another reference.
    #[error("the charge has no known outcome: {0}")]
    Unknown(GatewayError),
}

/// A refund did not come to an answer.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// It was refused: surely nothing went back now.
    #[error("the refund was refused with status {status}")]
    Refused {
        /// The gateway's HTTP status; 0 where it was not asked.
        status: u16,
    },
    /// It may have gone back: ask again under the same key, or look the transaction up.
    #[error("the refund has no known outcome: {0}")]
    Unknown(GatewayError),
}

/// A gateway that takes money from cards.
#[async_trait]
pub trait CardGateway: Send + Sync + fmt::Debug {
    /// Which one.
    fn vendor(&self) -> Vendor;

    /// Charges a card, trying again under the same key where an answer is lost or the gateway is in trouble. Ends within
    /// [`Patience::whole`]. A charge that the bank refused can be a [`Seen`] too, with [`Standing::Rejected`].
    ///
    /// # Errors
    /// [`ChargeError`].
    async fn charge(&self, charge: &Charge) -> Result<Seen, ChargeError>;

    /// The truth about a transaction, by the gateway's id; `None` where there is none.
    ///
    /// # Errors
    /// [`GatewayError`].
    async fn look_up(&self, transaction: &str) -> Result<Option<Seen>, GatewayError>;

    /// The truth about a charge, by our reference. `None` says that the gateway does not know it yet: its search can lag
    /// some minutes behind its charges. Of several, one that took money comes first.
    ///
    /// # Errors
    /// [`GatewayError`].
    async fn find(&self, reference: Uuid) -> Result<Option<Seen>, GatewayError>;

    /// Gives back `amount` soles (more than zero, at most two decimals) of a transaction. The same `key` gives back once,
    /// however often it is asked; not from two places at the same time.
    ///
    /// # Errors
    /// [`RefundError`].
    async fn refund(&self, transaction: &str, amount: Decimal, key: Uuid) -> Result<(), RefundError>;
}

/// A call of a webhook that does not prove who makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the webhook's call is not signed by the gateway")]
pub struct Forged;

/// What a gateway's webhook says. Only a hint: the truth is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something happened to the transaction with this id at the gateway.
    Payment(String),
    /// OpenPay tries the address; staff enter this code in its panel.
    Verification(String),
    /// Nothing for us.
    Other,
}

/// The card gateways that are configured.
#[derive(Clone, Debug, Default)]
pub struct Cards {
    gateways: Vec<Arc<dyn CardGateway>>,
    /// What MercadoPago signs its webhook with; `None` when not configured.
    pub mercado_pago_webhook: Option<WebhookSecret>,
    /// How OpenPay's webhook signs in; `None` when not configured.
    pub openpay_webhook: Option<WebhookLogin>,
}

impl Cards {
    /// The gateways that the environment configures.
    pub fn from_env() -> Self {
        let mercado_pago = MercadoPago::from_env().map(|gateway| Arc::new(gateway) as Arc<dyn CardGateway>);
        let openpay = OpenPay::from_env().map(|gateway| Arc::new(gateway) as Arc<dyn CardGateway>);
        Self {
            gateways: mercado_pago.into_iter().chain(openpay).collect(),
            mercado_pago_webhook: WebhookSecret::from_env(),
            openpay_webhook: WebhookLogin::from_env(),
        }
    }

    /// These gateways and no webhooks.
    pub fn with(gateways: impl IntoIterator<Item = Arc<dyn CardGateway>>) -> Self {
        Self { gateways: gateways.into_iter().collect(), ..Self::default() }
    }

    /// The gateway of a vendor; `None` when it is not configured.
    pub fn get(&self, vendor: Vendor) -> Option<Arc<dyn CardGateway>> {
        self.gateways.iter().find(|gateway| gateway.vendor() == vendor).cloned()
    }
}

/// A gateway's word, unless it is none that we would repeat: its sentences stay with it.
fn word(text: &str) -> Option<&str> {
    let short = (1..=LONGEST_WORD).contains(&text.len());
    let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    (short && plain).then_some(text)
}

/// A gateway's id, unless it could lead to another address.
fn id(text: &str) -> Option<&str> {
    let short = (1..=LONGEST_ID).contains(&text.len());
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    (short && plain).then_some(text)
}

/// Of several transactions under one reference, the one that matters most.
fn foremost(seen: impl IntoIterator<Item = Seen>) -> Option<Seen> {
    seen.into_iter().min_by_key(|seen| match seen.standing {
        Standing::Approved => 0,
        Standing::Processing => 1,
        Standing::Rejected => 2,
        Standing::Cancelled => 3,
    })
}

#[cfg(test)]
mod tests;
