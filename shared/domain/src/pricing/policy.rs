//! Which cancellation policy applies (contract 04 §4.8; defect 1 of 04 §8).

use std::cmp::Reverse;

use crate::ids::HouseId;

use super::book::{Policy, PriceBook};

/// The policy of a house: its own ones if it has any, else the general ones. With `days_before` check-in the strictest
/// that is reached; if there is none, or without days (as in quotes), the default one.
pub fn policy(book: &PriceBook, house: HouseId, days_before: Option<i64>) -> Option<&Policy> {
    let has_own = book.policies.iter().any(|policy| policy.houses.contains(&house));
    let candidates = || {
        book.policies.iter().filter(move |policy| {
            if has_own { policy.houses.contains(&house) } else { policy.houses.is_empty() }
        })
    };
    days_before
        .and_then(|days| {
            // The first of equal ones, hence not `max_by_key`.
            candidates()
                .filter(|policy| policy.days_before_checkin <= days)
                .min_by_key(|policy| Reverse(policy.days_before_checkin))
        })
        .or_else(|| {
            candidates().filter(|policy| policy.is_default).min_by_key(|policy| policy.days_before_checkin)
        })
}
