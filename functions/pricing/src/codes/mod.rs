//! Discount codes made on request: `properties/generate-simple-discount/` and `properties/generate-discount/`
//! (contract 04 §3.7, §3.8; defect 6 of §8: for staff and the chatbot, and not without limit).

pub(crate) mod simple;
pub(crate) mod template;

use std::time::Duration;

use casa_domain::{
    ids::RowId,
    pricing::code::{CodeKind, DiscountCode},
};
use casa_store::StoreError;
use casa_web::{ApiError, ApiResult, AppState, StaffOrBot, error};
use chrono::{DateTime, Days, NaiveDate, Utc};
use http::StatusCode;
use rand::Rng;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::failure::bad;

/// What the random part of a code is made of.
const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// Length of the random part.
const RANDOM: usize = 6;
/// Tries to find a code that does not exist; there are two thousand million.
const TRIES: usize = 8;
/// Codes per caller and window.
const MOST: u32 = 120;
/// The window.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// A percentage code that is valid from today for so many days.
fn blank(prefix: &str, today: NaiveDate, days: i64, now: DateTime<Utc>) -> ApiResult<DiscountCode> {
    let end = u64::try_from(days).ok().and_then(|days| today.checked_add_days(Days::new(days)));
    let end_date = end.ok_or_else(|| bad(1, "Los días de validez no son posibles."))?;
    Ok(DiscountCode {
        id: RowId(Uuid::new_v4()),
        created: now,
        updated: now,
        deleted: false,
        code: prefix.to_owned(),
        description: String::new(),
        discount_type: CodeKind::Percentage,
        discount_value: Decimal::ZERO,
        min_amount_usd: None,
        max_discount_usd: None,
        start_date: today,
        end_date,
        usage_limit: None,
        used_count: 0,
        is_active: true,
        houses: Vec::new(),
        restrict_weekdays: false,
        restrict_weekends: false,
    })
}

/// Enters the code under a random text that no other has.
async fn enter(state: &AppState, mut code: DiscountCode, prefix: &str) -> ApiResult<DiscountCode> {
    for _ in 0..TRIES {
        code.code = format!("{prefix}{}", random());
        match state.store.codes().enter(&code).await {
            Ok(()) => return Ok(code),
            Err(StoreError::Taken(_)) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}

fn random() -> String {
    let mut source = rand::rng();
    (0..RANDOM).map(|_| char::from(LETTERS[source.random_range(0..LETTERS.len())])).collect()
}

/// Counts the code against the caller's limit.
///
/// # Errors
/// 429.
async fn limit(caller: &StaffOrBot, state: &AppState) -> ApiResult<()> {
    let subject = match caller {
        StaffOrBot::Staff(user) => format!("codes:staff:{}", user.id),
        StaffOrBot::Bot => "codes:bot".to_owned(),
    };
    if state.store.throttle().try_once(&subject, MOST, WINDOW, Utc::now()).await? {
        return Ok(());
    }
    let text = "Se generaron demasiados códigos en una hora. Intente más tarde.";
    Err(error::detail(StatusCode::TOO_MANY_REQUESTS, text))
}

/// A body that cannot be read has its number too in the shape of these endpoints.
fn numbered_body(problem: ApiError, error: u32) -> ApiError {
    if problem.status() == StatusCode::BAD_REQUEST {
        bad(error, "No se pudo leer el cuerpo de la solicitud.")
    } else {
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_random_letters_and_digits() {
        let code = random();
        assert_eq!(code.len(), RANDOM);
        assert!(code.bytes().all(|letter| LETTERS.contains(&letter)));
        assert_ne!(random() + &random(), random() + &random());
    }
}
