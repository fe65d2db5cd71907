//! The price book: everything staff configure about prices (contract 04 §2). Deleted rows are not in it (defect 14 of
//! 04 §8); inactive ones are where an endpoint shows them.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{DiscountId, HouseId, LevelId, RowId, ServiceId},
    level::Level,
};

use super::yes;

/// Soles per dollar where no rate is active (contract 04 §2).
pub const DEFAULT_RATE: Decimal = Decimal::from_parts(3800, 0, 0, false, 3);

/// All price tables as of one version.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceBook {
    /// Soles per dollar, three decimals: the newest active rate, else 3.800.
    pub rate: Decimal,
    /// What each house costs; houses without rates or special dates may be absent.
    pub tariffs: HashMap<HouseId, Tariff>,
    /// Active high seasons and informational low ones.
    pub seasons: Vec<Season>,
    /// Active services by name.
    pub services: Vec<Service>,
    /// Active cancellation policies by days before check-in.
    pub policies: Vec<Policy>,
    /// Automatic discounts, inactive ones too, by name, creation and id.
    pub discounts: Vec<AutomaticDiscount>,
    /// Active late check-out rules, at most one per weekday.
    pub late_checkouts: Vec<LateCheckout>,
    /// Active referral percentages, at most one per level.
    pub referral_percents: Vec<ReferralPercent>,
    /// Active templates of generated codes, by name.
    pub code_templates: Vec<CodeTemplate>,
    /// Every level, inactive and deleted ones too: guests may still hold them.
    pub levels: Vec<Level>,
    /// Percentage of what a referred guest pays that the referrer gets in points: the newest active setting; `None`
    /// pays nothing (contract 02 §1.5, §4.7).
    pub referral_share: Option<Decimal>,
}

impl Default for PriceBook {
    fn default() -> Self {
        Self {
            rate: DEFAULT_RATE,
            tariffs: HashMap::new(),
            seasons: Vec::new(),
            services: Vec::new(),
            policies: Vec::new(),
            discounts: Vec::new(),
            late_checkouts: Vec::new(),
            referral_percents: Vec::new(),
            code_templates: Vec::new(),
            levels: Vec::new(),
            referral_share: None,
        }
    }
}

impl PriceBook {
    /// The level with this id.
    pub fn level(&self, id: LevelId) -> Option<&Level> {
        self.levels.iter().find(|level| level.id == id)
    }
}

/// What one house costs: nightly rates and special dates, edited together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    /// Nightly rates; absent when the house has none (contract 04 §4.2.4).
    #[serde(default)]
    pub rates: Option<Rates>,
    /// Special dates, at most one per month and day; inactive ones too.
    #[serde(default)]
    pub special_dates: Vec<SpecialDate>,
}

/// Nightly rates of a house in dollars, for one guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// Id of the row.
    pub id: RowId,
    /// Sunday to Thursday nights outside high season.
    #[serde(default)]
    pub weekday_low_season_usd: Decimal,
    /// Friday and Saturday nights outside high season.
    #[serde(default)]
    pub weekend_low_season_usd: Decimal,
    /// Sunday to Thursday nights in high season.
    #[serde(default)]
    pub weekday_high_season_usd: Decimal,
    /// Friday and Saturday nights in high season.
    #[serde(default)]
    pub weekend_high_season_usd: Decimal,
}

/// A date of every year with a price and a minimum of nights of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecialDate {
    /// Id of the row.
    pub id: RowId,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31; a day the month does not have (29 February in common years) is absent that year.
    pub day: u32,
    /// What is celebrated.
    #[serde(default)]
    pub description: Option<String>,
    /// Dollars for the night, one guest.
    pub price_usd: Decimal,
    /// Least nights of a stay that touches the protected days, at least 1.
    #[serde(default = "one_night")]
    pub minimum_consecutive_nights: u32,
    /// Only active ones count.
    #[serde(default = "yes")]
    pub is_active: bool,
}

fn one_night() -> u32 {
    1
}

/// A season, recurring every year; inclusive on both ends, across New Year when start is after end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Season {
    /// Id of the row.
    pub id: RowId,
    /// Its name.
    pub name: String,
    /// Only high seasons change prices.
    pub season_type: SeasonType,
    /// 1 to 12.
    pub start_month: u32,
    /// 1 to 31.
    pub start_day: u32,
    /// 1 to 12.
    pub end_month: u32,
    /// 1 to 31.
    pub end_day: u32,
}

crate::reservation::choices! {
    /// Kinds of season.
    SeasonType {
        /// Informational.
        #[default]
        Low = "low",
        /// Raises prices.
        High = "high",
    }
}

/// A service sold beside the stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// Dollars per unit.
    pub price_usd: Decimal,
    /// `optional` or `mandatory`, a label only.
    #[serde(default = "optional")]
    pub service_type: String,
    /// Counted per night.
    #[serde(default)]
    pub is_per_night: bool,
    /// Counted per guest.
    #[serde(default)]
    pub is_per_person: bool,
    /// Hint for the front end.
    #[serde(default)]
    pub post_action: Option<String>,
    /// Houses where it is offered; none means all.
    #[serde(default, rename = "properties")]
    pub houses: Vec<HouseId>,
}

fn optional() -> String {
    "optional".to_owned()
}

impl Service {
    /// Whether it is offered for a house (contract 04 §4.7.1).
    pub fn offered_for(&self, house: HouseId) -> bool {
        self.houses.is_empty() || self.houses.contains(&house)
    }
}

/// A cancellation policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Id of the row.
    pub id: RowId,
    /// Its name.
    pub name: String,
    /// Its text.
    #[serde(default)]
    pub description: String,
    /// Days before check-in from which it applies.
    pub days_before_checkin: i64,
    /// Percent given back.
    pub refund_percentage: Decimal,
    /// The one that applies when no days are given.
    #[serde(default)]
    pub is_default: bool,
    /// Houses it is for; none means general.
    #[serde(default, rename = "properties")]
    pub houses: Vec<HouseId>,
}

crate::reservation::choices! {
    /// What an automatic discount looks at.
    Trigger {
        /// Check-in in the month of the guest's birth.
        Birthday = "birthday",
        /// The guest has an approved reservation.
        Returning = "returning",
        /// The guest has no reservation at all.
        FirstTime = "first_time",
        /// The guest holds a required level.
        Loyalty = "loyalty",
        /// Check-in today or tomorrow.
        LastMinute = "last_minute",
        /// Everybody.
        #[default]
        GlobalPromotion = "global_promotion",
    }
}

impl Trigger {
    /// The label shown (contract 04 §2).
    pub fn label(self) -> &'static str {
        match self {
            Self::Birthday => "Mes de Cumpleaños",
            Self::Returning => "Cliente Frecuente",
            Self::FirstTime => "Primera Reserva",
            Self::Loyalty => "Programa de Lealtad",
            Self::LastMinute => "Último Minuto",
            Self::GlobalPromotion => "Promoción Global",
        }
    }
}

/// A discount that needs no code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutomaticDiscount {
    /// Its id.
    pub id: DiscountId,
    /// When it was entered.
    pub created: DateTime<Utc>,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// Its name.
    pub name: String,
    /// Shown to staff.
    #[serde(default)]
    pub description: Option<String>,
    /// What it looks at.
    pub trigger: Trigger,
    /// 0 to 100.
    pub discount_percentage: Decimal,
    /// Most dollars; none or zero means no cap.
    #[serde(default)]
    pub max_discount_usd: Option<Decimal>,
    /// The guest must hold any of these; none means no such demand.
    #[serde(default)]
    pub required_achievements: Vec<LevelId>,
    /// Comma-separated weekday numbers of check-in, Monday is 0; overrides both flags below.
    #[serde(default)]
    pub specific_weekdays: Option<String>,
    /// Check-in Sunday to Thursday.
    #[serde(default)]
    pub restrict_weekdays: bool,
    /// Check-in Friday or Saturday.
    #[serde(default)]
    pub restrict_weekends: bool,
    /// First check-in date.
    #[serde(default)]
    pub start_date: Option<NaiveDate>,
    /// Last check-in date.
    #[serde(default)]
    pub end_date: Option<NaiveDate>,
    /// The percentage applies to the price for one guest only.
    #[serde(default)]
    pub apply_only_to_base_price: bool,
    /// Only active ones apply.
    #[serde(default = "yes")]
    pub is_active: bool,
}

/// How late check-out is sold on a weekday of departure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateCheckout {
    /// Id of the row.
    pub id: RowId,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Monday is 0.
    pub weekday: u32,
    /// Whether it is sold at all.
    #[serde(default = "yes")]
    pub allows_late_checkout: bool,
    /// How the value counts.
    #[serde(default)]
    pub discount_type: LateDiscount,
    /// Percent or dollars.
    #[serde(default)]
    pub discount_value: Decimal,
}

crate::reservation::choices! {
    /// How a late check-out discount counts.
    LateDiscount {
        /// Percent of the night.
        #[default]
        Percentage = "percentage",
        /// Dollars.
        Fixed = "fixed",
    }
}

/// The first-booking discount of guests referred by somebody of this level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralPercent {
    /// Id of the row.
    pub id: RowId,
    /// The referrer's level.
    #[serde(rename = "achievement")]
    pub level: LevelId,
    /// 0 to 100.
    pub discount_percentage: Decimal,
}

/// A template of generated discount codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeTemplate {
    /// Id of the row.
    pub id: RowId,
    /// Its name, by which staff and tools ask for it.
    pub name: String,
    /// First letters of its codes.
    pub prefix: String,
    /// 1 to 100.
    pub discount_percentage: Decimal,
    /// Days a code stays valid after the day it is made.
    pub validity_days: i64,
    /// Least dollars of a stay.
    #[serde(default)]
    pub min_amount_usd: Option<Decimal>,
    /// Most dollars; none or zero means no cap.
    #[serde(default)]
    pub max_discount_usd: Option<Decimal>,
    /// Uses per code.
    #[serde(default)]
    pub usage_limit: Option<u32>,
    /// Houses its codes are for; none means all (decision 10).
    #[serde(default, rename = "properties")]
    pub houses: Vec<HouseId>,
}
