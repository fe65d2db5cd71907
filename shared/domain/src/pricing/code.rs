//! Discount codes (contract 04 §2, §4.6; decision 10).

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{HouseId, RowId},
    money::fixed2,
    spanish::full_date,
    stay::Stay,
};

use super::{book::PriceBook, capped, nights::is_weekend, percent_of, within, yes};

crate::reservation::choices! {
    /// How a code's value counts.
    CodeKind {
        /// Percent of the subtotal.
        #[default]
        Percentage = "percentage",
        /// Dollars.
        FixedUsd = "fixed_usd",
        /// Soles.
        FixedSol = "fixed_sol",
    }
}

/// A discount code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountCode {
    /// Its id.
    pub id: RowId,
    /// When it was entered.
    pub created: DateTime<Utc>,
    /// When it last changed, uses not counted.
    pub updated: DateTime<Utc>,
    /// Soft-deleted: as if it did not exist.
    #[serde(default)]
    pub deleted: bool,
    /// As typed; matched in any case.
    pub code: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// How its value counts.
    pub discount_type: CodeKind,
    /// Percent, dollars or soles.
    pub discount_value: Decimal,
    /// Least dollars of a stay.
    #[serde(default)]
    pub min_amount_usd: Option<Decimal>,
    /// Most dollars, percentages only; none or zero means no cap.
    #[serde(default)]
    pub max_discount_usd: Option<Decimal>,
    /// First day it can be used on.
    pub start_date: NaiveDate,
    /// Last day it can be used on.
    pub end_date: NaiveDate,
    /// Most uses; none or zero means no limit.
    #[serde(default)]
    pub usage_limit: Option<u32>,
    /// Uses so far.
    #[serde(default)]
    pub used_count: u64,
    /// Switched on.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Houses it is for; none means all (decision 10).
    #[serde(default, rename = "properties")]
    pub houses: Vec<HouseId>,
    /// Check-in must be Sunday to Thursday.
    #[serde(default)]
    pub restrict_weekdays: bool,
    /// Check-in must be Friday or Saturday.
    #[serde(default)]
    pub restrict_weekends: bool,
}

/// Why a code does not apply (contract 04 §4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Switched off or deleted.
    #[error("El código de descuento no está activo.")]
    Inactive,
    /// Its first day is to come.
    #[error("El código de descuento es válido desde el {}.", full_date(*.0))]
    NotYet(NaiveDate),
    /// Its last day is over.
    #[error("El código de descuento venció el {}.", full_date(*.0))]
    Expired(NaiveDate),
    /// Only for check-in Sunday to Thursday.
    #[error("El código de descuento solo es válido para ingresos de domingo a jueves.")]
    OnlyWeekdays,
    /// Only for check-in Friday or Saturday.
    #[error("El código de descuento solo es válido para ingresos en viernes o sábado.")]
    OnlyWeekends,
    /// No uses are left.
    #[error("El código de descuento ya alcanzó su límite de usos.")]
    UsedUp,
    /// For other houses.
    #[error("El código de descuento no es válido para esta casa.")]
    OtherHouse,
    /// The stay costs less than this, in dollars.
    #[error("El código de descuento requiere un monto mínimo de ${}.", fixed2(*.0))]
    BelowMinimum(Decimal),
    /// Check-in is on a special date of the house.
    #[error("El código de descuento no es válido para ingresos en fechas especiales.")]
    SpecialDate,
}

/// What a code takes off a stay, in dollars: from nothing up to the whole subtotal (contract 04 §4.6.2 to §4.6.4;
/// decision 10: a code without houses is valid in every house). `today` decides whether the code is valid; weekday and
/// special date are those of check-in, also when booking (defect 13 of 04 §8).
///
/// # Errors
/// [`CodeRefusal`], the first reason in the documented order.
pub fn validate_code(
    book: &PriceBook,
    code: &DiscountCode,
    house: HouseId,
    stay: Stay,
    subtotal_usd: Decimal,
    today: NaiveDate,
) -> Result<Decimal, CodeRefusal> {
    let refuse = |is_refused: bool, refusal: CodeRefusal| if is_refused { Err(refusal) } else { Ok(()) };
    refuse(!code.is_active || code.deleted, CodeRefusal::Inactive)?;
    refuse(today < code.start_date, CodeRefusal::NotYet(code.start_date))?;
    refuse(today > code.end_date, CodeRefusal::Expired(code.end_date))?;
    // Both flags together leave no day.
    let weekend = is_weekend(stay.check_in());
    refuse(code.restrict_weekdays && weekend, CodeRefusal::OnlyWeekdays)?;
    refuse(code.restrict_weekends && !weekend, CodeRefusal::OnlyWeekends)?;
    let limit = code.usage_limit.filter(|limit| *limit > 0);
    refuse(limit.is_some_and(|limit| code.used_count >= u64::from(limit)), CodeRefusal::UsedUp)?;
    refuse(!code.houses.is_empty() && !code.houses.contains(&house), CodeRefusal::OtherHouse)?;
    if let Some(minimum) = code.min_amount_usd {
        let too_little = !subtotal_usd.is_zero() && subtotal_usd < minimum;
        refuse(too_little, CodeRefusal::BelowMinimum(minimum))?;
    }
    refuse(book.special_date(house, stay.check_in()).is_some(), CodeRefusal::SpecialDate)?;
    Ok(amount(code, book.rate, subtotal_usd))
}

/// Dollars a valid code takes off; the cap is for percentages only.
fn amount(code: &DiscountCode, rate: Decimal, subtotal_usd: Decimal) -> Decimal {
    let value = code.discount_value;
    let amount = match code.discount_type {
        CodeKind::Percentage => capped(percent_of(subtotal_usd, value), code.max_discount_usd),
        CodeKind::FixedUsd => value,
        CodeKind::FixedSol => value.checked_div(rate).unwrap_or_default(),
    };
    within(amount, subtotal_usd)
}
