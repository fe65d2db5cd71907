//! Reservations: the record, its statuses and the rules a change of it follows (contract 05 §2, §4).

use chrono::{DateTime, Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::Hold,
    ids::{ClientId, HouseId, ReceiptId, ReservationId, StaffId},
    stay::Stay,
};

mod life;
mod money;

pub use life::{NotTaken, VOUCHER_HOURS};

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
        )]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every choice, in the order the original lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text stored and exchanged.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::reservation::NotAChoice;

            fn from_str(text: &str) -> Result<Self, $crate::reservation::NotAChoice> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|choice| choice.as_str() == text)
                    .ok_or($crate::reservation::NotAChoice)
            }
        }
    };
}
pub(crate) use choices;

/// The text is none of the choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of the choices")]
pub struct NotAChoice;

choices! {
    /// Where a reservation stands (contract 05 §2.3).
    Status {
        /// Created, nothing received yet.
        #[default]
        Incomplete = "incomplete",
        /// First voucher received.
        Pending = "pending",
        /// Second or later voucher received.
        UnderReview = "under_review",
        /// Confirmed.
        Approved = "approved",
        /// Refused by staff.
        Rejected = "rejected",
        /// Called off.
        Cancelled = "cancelled",
    }
}

choices! {
    /// Where a reservation came from.
    Origin {
        /// Airbnb's calendar.
        Airbnb = "air",
        /// Entered by staff.
        #[default]
        Staff = "aus",
        /// House closed for maintenance.
        Maintenance = "man",
        /// Booked by the guest on the site.
        Client = "client",
    }
}

choices! {
    /// Currency of an advance payment.
    Currency {
        /// Peruvian soles.
        #[default]
        Sol = "sol",
        /// United States dollars.
        Usd = "usd",
    }
}

impl Status {
    /// Whether a reservation in this status keeps its nights from others (decision 7).
    pub fn blocks(self) -> bool {
        matches!(self, Self::Approved | Self::Pending | Self::Incomplete | Self::UnderReview)
    }

    /// The label the API shows (contract 05 §2.3).
    pub fn label(self) -> &'static str {
        match self {
            Self::Incomplete => "Incompleta",
            Self::Pending => "Pendiente",
            Self::UnderReview => "En Revisión - Segundo Voucher",
            Self::Approved => "Aprobada",
            Self::Rejected => "Rechazada",
            Self::Cancelled => "Cancelada",
        }
    }
}

impl Origin {
    /// The label the monthly export shows (contract 05 §3.8).
    pub fn label(self) -> &'static str {
        match self {
            Self::Airbnb => "Airbnb",
            Self::Staff => "Austin",
            Self::Maintenance => "Mantenimiento",
            Self::Client => "Cliente Web",
        }
    }
}

/// A reservation, every column of the original (contract 05 §2.1). Amounts are soles or dollars as named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are the contract's, explained there one by one
pub struct Reservation {
    pub id: ReservationId,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    #[serde(default)]
    pub deleted: bool,
    pub client: Option<ClientId>,
    #[serde(rename = "property")]
    pub house: HouseId,
    pub seller: Option<StaffId>,
    pub check_in_date: NaiveDate,
    /// With late check-out this is already one day later than the departure agreed first.
    pub check_out_date: NaiveDate,
    #[serde(default)]
    pub late_checkout: bool,
    pub late_check_out_date: Option<NaiveDate>,
    #[serde(default = "one")]
    pub guests: u32,
    pub price_usd: Option<Decimal>,
    pub price_sol: Option<Decimal>,
    pub advance_payment: Option<Decimal>,
    #[serde(default)]
    pub advance_payment_currency: Currency,
    #[serde(default)]
    pub points_redeemed: Decimal,
    pub discount_code_used: Option<String>,
    pub price_latecheckout: Option<Decimal>,
    pub price_temperature_pool: Option<Decimal>,
    #[serde(default)]
    pub full_payment: bool,
    #[serde(default)]
    pub temperature_pool: bool,
    #[serde(default)]
    pub origin: Origin,
    #[serde(default)]
    pub status: Status,
    pub uuid_external: Option<String>,
    pub tel_contact_number: Option<String>,
    pub comentarios_reservas: Option<String>,
    pub payment_voucher_deadline: Option<DateTime<Utc>>,
    #[serde(default)]
    pub payment_voucher_uploaded: bool,
    #[serde(default)]
    pub payment_confirmed: bool,
    #[serde(default)]
    pub payment_approved_notification_sent: bool,
    pub ip_cliente: Option<String>,
    pub user_agent: Option<String>,
    pub referer: Option<String>,
    pub fbclid: Option<String>,
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
    pub utm_campaign: Option<String>,
    pub fbp: Option<String>,
    pub fbc: Option<String>,
    #[serde(default, rename = "ManychatFecha")]
    pub manychat_fecha: i64,
    /// Promised to stay in its house: not moved to make room for others (ours, not the original's).
    #[serde(default)]
    pub fixed: bool,
    /// Its guest came back through the confirmation link: the purchase was told, once (ours, not the original's).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub purchase_confirmed: bool,
}

fn one() -> u32 {
    1
}

impl Reservation {
    /// A reservation with the defaults of every column that has one: one guest, no money, origin staff, incomplete.
    pub fn new(
        id: ReservationId,
        house: HouseId,
        check_in: NaiveDate,
        check_out: NaiveDate,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            created: now,
            updated: now,
            deleted: false,
            client: None,
            house,
            seller: None,
            check_in_date: check_in,
            check_out_date: check_out,
            late_checkout: false,
            late_check_out_date: None,
            guests: 1,
            price_usd: Some(Decimal::ZERO),
            price_sol: Some(Decimal::ZERO),
            advance_payment: Some(Decimal::ZERO),
            advance_payment_currency: Currency::Sol,
            points_redeemed: Decimal::ZERO,
            discount_code_used: None,
            price_latecheckout: Some(Decimal::ZERO),
            price_temperature_pool: Some(Decimal::ZERO),
            full_payment: false,
            temperature_pool: false,
            origin: Origin::Staff,
            status: Status::Incomplete,
            uuid_external: None,
            tel_contact_number: None,
            comentarios_reservas: None,
            payment_voucher_deadline: None,
            payment_voucher_uploaded: false,
            payment_confirmed: false,
            payment_approved_notification_sent: false,
            ip_cliente: None,
            user_agent: None,
            referer: None,
            fbclid: None,
            utm_source: None,
            utm_medium: None,
            utm_campaign: None,
            fbp: None,
            fbc: None,
            manychat_fecha: 0,
            fixed: false,
            purchase_confirmed: false,
        }
    }

    /// Its dates as a stay; `None` for imported rows whose dates are reversed.
    pub fn stay(&self) -> Option<Stay> {
        Stay::new(self.check_in_date, self.check_out_date).ok()
    }

    /// The nights it must hold: those of its stay while it is live and its status blocks (decision 7).
    pub fn wanted_hold(&self) -> Option<Hold> {
        let blocks = !self.deleted && self.status.blocks();
        self.stay().filter(|_| blocks).map(|stay| Hold { house: self.house, stay })
    }

    /// Whether it is a live one of this guest.
    pub fn is_of(&self, guest: ClientId) -> bool {
        !self.deleted && self.client == Some(guest)
    }

    /// Whether it may go to another house to make room, on the local date `today`: not once its arrival day has come,
    /// not Airbnb's or maintenance, not when fixed (defect 17 of contract 05 §8).
    pub fn may_move(&self, today: NaiveDate) -> bool {
        let ours = !matches!(self.origin, Origin::Airbnb | Origin::Maintenance);
        ours && !self.fixed && self.check_in_date > today
    }

    /// Nights between check-in and check-out, the late check-out night included.
    pub fn nights(&self) -> i64 {
        (self.check_out_date - self.check_in_date).num_days()
    }

    /// Grants late check-out: the departure agreed first is remembered and one more night is held
    /// (contract 05 §3.1 create step 7; decision 8).
    pub fn grant_late_checkout(&mut self) {
        self.late_checkout = true;
        self.late_check_out_date = Some(self.check_out_date);
        self.check_out_date =
            self.check_out_date.checked_add_days(Days::new(1)).unwrap_or(self.check_out_date);
    }

    /// Takes late check-out back: the departure agreed first applies again.
    pub fn revoke_late_checkout(&mut self) {
        self.late_checkout = false;
        if let Some(agreed) = self.late_check_out_date.take() {
            self.check_out_date = agreed;
        }
    }

    /// What becomes of late check-out when this edited reservation replaces `stored` (contract 05 §3.1 PATCH): a new
    /// grant counts from the stored departure whatever departure was sent; a withdrawal returns to the agreed one.
    pub fn settle_late_checkout(&mut self, stored: &Self) {
        match (stored.late_checkout, self.late_checkout) {
            (false, true) => {
                self.check_out_date = stored.check_out_date;
                self.grant_late_checkout();
            }
            (true, false) => self.revoke_late_checkout(),
            _ => {}
        }
    }

    /// Whether the guest has not left yet on `today`.
    pub fn is_upcoming(&self, today: NaiveDate) -> bool {
        self.check_out_date > today
    }
}

/// A payment receipt (voucher) attached to a reservation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Its id.
    pub id: ReceiptId,
    /// The reservation.
    pub reservation: ReservationId,
    /// Key of the stored file in the bucket.
    pub file: String,
    /// When it arrived.
    pub created: DateTime<Utc>,
}

#[cfg(test)]
mod tests;
