//! Discounts that need no code (contract 04 §4.5).

use std::{cmp::Reverse, collections::HashSet};

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use crate::{
    ids::{HouseId, LevelId},
    money::fixed2,
};

use super::{
    book::{AutomaticDiscount, PriceBook, Trigger},
    capped,
    nights::{StayPrice, is_weekend},
    percent_of,
    quote::{Discount, DiscountKind, Guest, Request},
    within,
};

/// What may be the discount of a quote.
#[derive(Clone, Copy)]
enum Candidate<'b> {
    Referral(Decimal),
    Configured(&'b AutomaticDiscount),
}

/// The one discount that applies without a code: the largest in dollars; of equal ones the referral discount, then the
/// first in the book (contract 04 §4.5.7).
pub fn automatic(book: &PriceBook, house: HouseId, request: &Request, price: &StayPrice) -> Option<Discount> {
    let guest = request.guest.as_ref();
    let referral = guest
        .filter(|guest| guest.approved == 0)
        .and_then(|guest| guest.referrer_levels.as_ref())
        .and_then(|levels| referral_percent(book, levels))
        .map(|percent| (Candidate::Referral(percent), percent_of(price.subtotal_usd, percent)));

    // Only the night of check-in is asked for; special dates on later nights do not matter.
    let on_special_date = book.special_date(house, request.stay.check_in()).is_some();
    let configured = book
        .discounts
        .iter()
        .filter(|discount| !on_special_date && applies(discount, request))
        .map(|discount| (Candidate::Configured(discount), amount(discount, price)));

    let (best, amount_usd) = referral.into_iter().chain(configured).reduce(|best, next| {
        // Strictly more, so that the first of equal ones stays.
        if next.1 > best.1 { next } else { best }
    })?;
    let (percentage, base_only) = match best {
        Candidate::Referral(percent) => (percent, false),
        Candidate::Configured(discount) => (discount.discount_percentage, discount.apply_only_to_base_price),
    };
    Some(Discount {
        kind: DiscountKind::Automatic,
        description: description(best, guest.is_some()),
        percentage,
        amount_usd: within(amount_usd, price.subtotal_usd),
        code_used: None,
        base_only,
    })
}

/// The percentage of a referred guest's first booking: that of the referrer's highest level and of no lower one
/// (contract 04 §4.5.5). `None` when nothing is configured for it.
pub fn referral_percent(book: &PriceBook, referrer_levels: &HashSet<LevelId>) -> Option<Decimal> {
    let highest = book
        .levels
        .iter()
        .filter(|level| referrer_levels.contains(&level.id))
        .max_by_key(|level| (level.rank(), Reverse(level.id)))?;
    let row = book.referral_percents.iter().find(|row| row.level == highest.id)?;
    Some(row.discount_percentage)
}

/// Whether a discount applies to the date of check-in and to whoever asks; special dates apart (contract 04 §4.5.1 to
/// §4.5.4).
fn applies(discount: &AutomaticDiscount, request: &Request) -> bool {
    let check_in = request.stay.check_in();
    discount.is_active
        && discount.start_date.is_none_or(|start| start <= check_in)
        && discount.end_date.is_none_or(|end| check_in <= end)
        && is_for_weekday(discount, check_in)
        && match &request.guest {
            Some(guest) => is_for_guest(discount, guest, check_in, request.today),
            None => is_for_anybody(discount, check_in, request.today),
        }
}

/// Strangers get promotions, and last-minute discounts that demand no level. As documented, the levels that a
/// promotion demands are not asked of strangers.
fn is_for_anybody(discount: &AutomaticDiscount, check_in: NaiveDate, today: NaiveDate) -> bool {
    match discount.trigger {
        Trigger::GlobalPromotion => true,
        Trigger::LastMinute => discount.required_achievements.is_empty() && is_last_minute(check_in, today),
        Trigger::Birthday | Trigger::Returning | Trigger::FirstTime | Trigger::Loyalty => false,
    }
}

fn is_for_guest(discount: &AutomaticDiscount, guest: &Guest, check_in: NaiveDate, today: NaiveDate) -> bool {
    let required = &discount.required_achievements;
    if !required.is_empty() && !required.iter().any(|level| guest.levels.contains(level)) {
        return false;
    }
    match discount.trigger {
        Trigger::Birthday => guest.birth_date.is_some_and(|birth| birth.month() == check_in.month()),
        Trigger::Returning => guest.approved > 0,
        Trigger::FirstTime => guest.reservations == 0,
        Trigger::Loyalty => !required.is_empty(),
        Trigger::LastMinute => is_last_minute(check_in, today),
        Trigger::GlobalPromotion => true,
    }
}

fn is_last_minute(check_in: NaiveDate, today: NaiveDate) -> bool {
    check_in == today || Some(check_in) == today.succ_opt()
}

/// The weekday test of check-in (contract 04 §4.5.3).
fn is_for_weekday(discount: &AutomaticDiscount, check_in: NaiveDate) -> bool {
    if let Some(listed) = discount.specific_weekdays.as_deref().filter(|listed| !listed.is_empty()) {
        let weekday = check_in.weekday().num_days_from_monday();
        // What is no number is passed over; a list without numbers leaves no day.
        let mut items = listed.split(',').map(str::trim);
        return items
            .any(|item| item.bytes().all(|byte| byte.is_ascii_digit()) && item.parse() == Ok(weekday));
    }
    let weekend = is_weekend(check_in);
    !(discount.restrict_weekdays && weekend || discount.restrict_weekends && !weekend)
}

fn amount(discount: &AutomaticDiscount, price: &StayPrice) -> Decimal {
    let of = if discount.apply_only_to_base_price { price.base_usd } else { price.subtotal_usd };
    capped(percent_of(of, discount.discount_percentage), discount.max_discount_usd)
}

/// The text shown with the discount (contract 04 §4.5.8).
fn description(candidate: Candidate<'_>, is_guest_known: bool) -> String {
    match candidate {
        Candidate::Referral(percent) => {
            format!("Descuento por referido: {}% en la primera reserva", fixed2(percent))
        }
        Candidate::Configured(discount) if is_guest_known => {
            format!("{}: {}% de descuento", discount.name.trim(), fixed2(discount.discount_percentage))
        }
        Candidate::Configured(discount) => {
            let percent = discount.discount_percentage;
            let percent =
                if percent.fract().is_zero() { percent.trunc().to_string() } else { fixed2(percent) };
            let suffix = if discount.apply_only_to_base_price { " sobre el precio base" } else { "" };
            format!("El precio incluye {percent}% de descuento{suffix}")
        }
    }
}
