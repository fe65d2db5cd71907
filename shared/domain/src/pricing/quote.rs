//! A quote of one house (contract 04 §3.5, §4). Amounts are exact; they are rounded only where they are shown.

use std::collections::HashSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    house::House,
    ids::{HouseId, LevelId, ServiceId},
    money::displayed::shown_exact,
    stay::Stay,
};

use super::{
    automatic::automatic,
    book::{PriceBook, Service},
    code::{CodeKind, DiscountCode, validate_code},
    nights::StayPrice,
    services,
};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The nights.
    pub stay: Stay,
    /// Guests, at least 1.
    pub guests: u32,
    /// The local date (decision 6).
    pub today: NaiveDate,
    /// The guest who asks, if known.
    pub guest: Option<Guest>,
    /// The code that was sent.
    pub code: CodeAsked,
    /// Services that were asked for.
    pub services: Vec<ServiceId>,
}

/// What a quote needs to know of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guest {
    /// Birth date.
    pub birth_date: Option<NaiveDate>,
    /// Levels ever reached, revoked ones included (contract 04 §4.5.2).
    pub levels: HashSet<LevelId>,
    /// Approved reservations that are not deleted.
    pub approved: u64,
    /// Reservations in any status that are not deleted.
    pub reservations: u64,
    /// The levels (not revoked) of the guest who referred this one; `None` when nobody did.
    pub referrer_levels: Option<HashSet<LevelId>>,
}

/// What was sent as a code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CodeAsked {
    /// Nothing.
    #[default]
    None,
    /// Only spaces: answered like nothing, but answered (contract 04 §4.6.7).
    Blank,
    /// No active code has this (trimmed, upper-case) text.
    Unknown(String),
    /// An active code, with the trimmed, upper-case text that was sent.
    Found {
        /// The code as stored.
        code: DiscountCode,
        /// What was sent.
        sent: String,
    },
}

impl CodeAsked {
    /// What the parameter asks for: `sent` as it came, empty when absent, and the code that has this text, if any.
    /// A code that is switched off or deleted counts as unknown (contract 04 §4.6.1).
    pub fn new(sent: &str, found: Option<DiscountCode>) -> Self {
        if sent.is_empty() {
            return Self::None;
        }
        let clean = sent.trim();
        if clean.is_empty() {
            return Self::Blank;
        }
        let sent = clean.to_uppercase();
        match found {
            Some(code) if code.is_active && !code.deleted => Self::Found { code, sent },
            _ => Self::Unknown(sent),
        }
    }
}

/// A house's quote; it borrows the services from the price book.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote<'b> {
    /// Soles per dollar.
    pub rate: Decimal,
    /// Nights.
    pub nights: i64,
    /// Guests.
    pub guests: u32,
    /// Dollars: all nights for one guest.
    pub base_usd: Decimal,
    /// Dollars per guest beyond the first and night.
    pub extra_per_night_usd: Decimal,
    /// Dollars: all guests beyond the first, all nights.
    pub extra_usd: Decimal,
    /// Dollars: `base + extra`.
    pub subtotal_usd: Decimal,
    /// What lowers it.
    pub discount: Discount,
    /// Dollars: after the discount, services excluded; never negative (defect 16 of 04 §8).
    pub final_usd: Decimal,
    /// Every service offered for the house, by name, each with its total.
    pub services: Vec<ServiceLine<'b>>,
    /// Those that were asked for.
    pub selected: Vec<ServiceLine<'b>>,
    /// Services were asked for and none is offered here.
    pub none_of_the_services: bool,
}

/// A service with what it costs for the stay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceLine<'b> {
    /// The service.
    pub service: &'b Service,
    /// Dollars for the stay.
    pub total_usd: Decimal,
}

/// The discount of a quote.
#[derive(Clone, Debug, PartialEq)]
pub struct Discount {
    /// What it is.
    pub kind: DiscountKind,
    /// The text shown, in Spanish; empty when there is none.
    pub description: String,
    /// The configured percentage, also when capped; 0 for fixed amounts.
    pub percentage: Decimal,
    /// Dollars.
    pub amount_usd: Decimal,
    /// The code as stored when it applied, as sent (cleaned) when it did not.
    pub code_used: Option<String>,
    /// Automatic ones: the percentage is of the price for one guest only.
    pub base_only: bool,
}

/// Kinds of outcome (contract 04 §3.5 `type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountKind {
    /// Nothing applies.
    None,
    /// The code does not apply.
    Error,
    /// The code applies.
    Code,
    /// An automatic or referral discount applies.
    Automatic,
}

impl DiscountKind {
    /// The text of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Error => "error",
            Self::Code => "discount_code",
            Self::Automatic => "automatic",
        }
    }
}

impl Discount {
    fn none() -> Self {
        Self {
            kind: DiscountKind::None,
            description: String::new(),
            percentage: Decimal::ZERO,
            amount_usd: Decimal::ZERO,
            code_used: None,
            base_only: false,
        }
    }

    /// A code that does not apply, with the reason.
    fn refused(reason: String, sent: &str) -> Self {
        let (kind, code_used) = (DiscountKind::Error, Some(sent.to_owned()));
        Self { kind, description: reason, code_used, ..Self::none() }
    }

    /// A code that applies.
    fn of_code(code: &DiscountCode, amount_usd: Decimal) -> Self {
        let is_percentage = code.discount_type == CodeKind::Percentage;
        let description = match code.description.trim() {
            "" => format!("Código de descuento {}", code.code),
            description => description.to_owned(),
        };
        Self {
            kind: DiscountKind::Code,
            description,
            percentage: if is_percentage { code.discount_value } else { Decimal::ZERO },
            amount_usd,
            code_used: Some(code.code.clone()),
            base_only: false,
        }
    }

    /// Whether the percentage is of the price for one guest only; `None` where the API does not say (contract 04
    /// §3.5).
    pub fn apply_only_to_base_price(&self) -> Option<bool> {
        (self.kind == DiscountKind::Automatic).then_some(self.base_only)
    }
}

/// The quote of a house. Whether the house may be sold for these nights is not part of it: see
/// [`super::protection::protection`] and [`crate::calendar::Occupancy`].
pub fn quote<'b>(book: &'b PriceBook, house: &House, request: &Request) -> Quote<'b> {
    let price = book.stay_price(house, request.stay, request.guests);
    let discount = discount(book, house.id, request, &price);
    let services: Vec<_> = services::offered(book, house.id, price.nights, request.guests).collect();
    let selected: Vec<_> =
        services.iter().filter(|line| request.services.contains(&line.service.id)).copied().collect();
    Quote {
        rate: book.rate,
        nights: price.nights,
        guests: request.guests,
        base_usd: price.base_usd,
        extra_per_night_usd: price.extra_per_night_usd,
        extra_usd: price.extra_usd,
        subtotal_usd: price.subtotal_usd,
        final_usd: (price.subtotal_usd - discount.amount_usd).max(Decimal::ZERO),
        discount,
        none_of_the_services: selected.is_empty() && !request.services.is_empty(),
        services,
        selected,
    }
}

/// A code that applies wins over every automatic discount, a known one that does not leaves the field to them, an
/// unknown one does not (contract 04 §4.6).
fn discount(book: &PriceBook, house: HouseId, request: &Request, price: &StayPrice) -> Discount {
    let automatic = || automatic(book, house, request, price);
    match &request.code {
        CodeAsked::None | CodeAsked::Blank => automatic().unwrap_or_else(Discount::none),
        CodeAsked::Unknown(sent) => {
            Discount::refused(format!("El código de descuento {sent} no existe."), sent)
        }
        CodeAsked::Found { code, sent } => {
            match validate_code(book, code, house, request.stay, price.subtotal_usd, request.today) {
                Ok(amount_usd) => Discount::of_code(code, amount_usd),
                Err(refusal) => automatic().unwrap_or_else(|| Discount::refused(refusal.to_string(), sent)),
            }
        }
    }
}

impl Quote<'_> {
    /// Dollars in soles, exact.
    pub fn in_soles(&self, usd: Decimal) -> Decimal {
        usd * self.rate
    }

    /// Soles: all nights for one guest.
    pub fn base_sol(&self) -> Decimal {
        self.in_soles(self.base_usd)
    }

    /// Soles per guest beyond the first and night.
    pub fn extra_per_night_sol(&self) -> Decimal {
        self.in_soles(self.extra_per_night_usd)
    }

    /// Soles: all guests beyond the first, all nights.
    pub fn extra_sol(&self) -> Decimal {
        self.in_soles(self.extra_usd)
    }

    /// Soles: before the discount.
    pub fn subtotal_sol(&self) -> Decimal {
        self.in_soles(self.subtotal_usd)
    }

    /// Soles: the discount.
    pub fn discount_sol(&self) -> Decimal {
        self.in_soles(self.discount.amount_usd)
    }

    /// Soles: after the discount, services excluded.
    pub fn final_sol(&self) -> Decimal {
        self.in_soles(self.final_usd)
    }

    /// Dollars: the services asked for, a sum of rounded lines (contract 04 §4.7.3).
    pub fn selected_usd(&self) -> Decimal {
        self.selected.iter().map(|line| shown_exact(line.total_usd)).sum()
    }

    /// Soles: the services asked for, a sum of rounded lines and so not always dollars times the rate.
    pub fn selected_sol(&self) -> Decimal {
        self.selected.iter().map(|line| shown_exact(self.in_soles(line.total_usd))).sum()
    }

    /// Dollars: after the discount, with the services asked for (contract 04 §4.7.4).
    pub fn with_services_usd(&self) -> Decimal {
        self.final_usd + self.selected_usd()
    }

    /// Soles: after the discount, with the services asked for.
    pub fn with_services_sol(&self) -> Decimal {
        self.final_sol() + self.selected_sol()
    }

    /// Whether the answer tells of a discount: one applies, or a code was sent, be it only spaces (contract 04 §3.5).
    pub fn shows_discount(&self, asked: &CodeAsked) -> bool {
        self.discount.kind != DiscountKind::None || *asked != CodeAsked::None
    }
}
