//! Guests' records (contract 02 §1.1, 03 §2.1).

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{house::JsonText, ids::ClientId, level::Held};

/// A guest's record, every column of the original.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// When it was entered.
    pub created: DateTime<Utc>,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// Soft-deleted.
    #[serde(default)]
    pub deleted: bool,
    /// `dni`, `cex`, `pas` or `ruc`.
    pub document_type: String,
    /// The document's number; unique per type.
    pub number_doc: String,
    /// Given names.
    #[serde(default)]
    pub first_name: String,
    /// Family names.
    pub last_name: Option<String>,
    /// `m`, `f` or `e` (company).
    pub sex: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Birth date.
    pub date: Option<NaiveDate>,
    /// Phone with country code.
    #[serde(default)]
    pub tel_number: String,
    /// Sent to the advertising audience.
    #[serde(default)]
    pub enviado_meta: bool,
    /// Used by an outside tool.
    pub manychat: Option<i64>,
    /// Contact id in the chatbot.
    pub id_manychat: Option<String>,
    /// Staff notes.
    pub comentarios_clientes: Option<String>,
    /// Password hash; never leaves the table.
    pub password: Option<String>,
    /// Whether the guest has chosen a password.
    #[serde(default)]
    pub is_password_set: bool,
    /// Last sign-in.
    pub last_login: Option<DateTime<Utc>>,
    /// Facebook account.
    pub facebook_id: Option<String>,
    /// Whether it is linked.
    #[serde(default)]
    pub facebook_linked: bool,
    /// JSON text of the stored profile.
    pub facebook_profile_data: Option<JsonText>,
    /// When it was linked.
    pub facebook_linked_at: Option<DateTime<Utc>>,
    /// Loyalty points; never negative.
    #[serde(default)]
    pub points_balance: Decimal,
    /// When the points lapse.
    pub points_expires_at: Option<DateTime<Utc>>,
    /// Own referral code.
    pub referral_code: Option<String>,
    /// Who referred this guest.
    pub referred_by: Option<ClientId>,
    /// The levels this guest reached, revoked ones too.
    #[serde(default)]
    pub levels: Vec<Held>,
    /// Moves on when all earlier sign-ins of the guest shall end (decision 4).
    #[serde(default)]
    pub session: u32,
}

impl Client {
    /// Points that can be spent at `now`: the balance, or nothing once it has lapsed (contract 02 §4.6).
    pub fn available_points(&self, now: DateTime<Utc>) -> Decimal {
        if self.points_expires_at.is_some_and(|expiry| expiry < now) {
            Decimal::ZERO
        } else {
            self.points_balance
        }
    }

    /// The name that other guests may see: the first word and a capital initial, "Ana R."; `Usuario` where there is no
    /// first name (contract 02 §4.8.2, 03 §4.G).
    pub fn short_name(&self) -> String {
        let first = self.first_name.split_whitespace().next().unwrap_or("Usuario");
        match self.last_name.as_deref().unwrap_or_default().trim_start().chars().next() {
            Some(initial) => format!("{first} {}.", initial.to_uppercase()),
            None => first.to_owned(),
        }
    }

    /// What reservations show of the guest.
    pub fn card(&self) -> ClientCard {
        ClientCard {
            id: self.id,
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            email: self.email.clone(),
            tel_number: self.tel_number.clone(),
            document_type: self.document_type.clone(),
            number_doc: self.number_doc.clone(),
        }
    }
}

/// What reservations show of a guest (contract 05 §3.1, `client`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCard {
    /// The guest.
    pub id: ClientId,
    /// Given names.
    pub first_name: String,
    /// Family names.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone.
    pub tel_number: String,
    /// Kind of document.
    pub document_type: String,
    /// Its number.
    pub number_doc: String,
}

impl ClientCard {
    /// First and last name, trimmed.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name.as_deref().unwrap_or_default()).trim().to_owned()
    }

    /// The name that strangers may see: first word and an initial, "Herminia U." (contract 05 §3.9).
    pub fn public_name(&self) -> Option<String> {
        let first = self.first_name.split_whitespace().next();
        let initial = self.last_name.as_deref().unwrap_or_default().trim_start().chars().next();
        match (first, initial) {
            (Some(first), Some(initial)) => Some(format!("{first} {initial}.")),
            (Some(first), None) => Some(first.to_owned()),
            (None, Some(initial)) => Some(format!("{initial}.")),
            (None, None) => None,
        }
    }
}
