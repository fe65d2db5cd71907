//! The errors of this function, and the limits that lists take.

use casa_web::{ApiError, ApiResult, Query};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Rows of a list that names no limit.
const USUAL: usize = 10;

/// A request that cannot be answered.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct ReferralProblem {
    /// What is wrong, in Spanish.
    error: String,
}

pub(crate) fn problem(status: StatusCode, text: &str) -> ApiError {
    ApiError::new(status, json!({ "error": text }))
}

/// How many rows are wanted.
///
/// # Errors
/// 400 for what is no count.
pub(crate) fn limit(query: &Query) -> ApiResult<usize> {
    let text = query.get("limit").map(str::trim);
    let read = |text: &str| text.parse().ok();
    text.map_or(Some(USUAL), read).ok_or_else(|| {
        problem(StatusCode::BAD_REQUEST, "El límite debe ser un número entero que no sea negativo.")
    })
}

/// How many of so many rows the public figures show: their limit falls back to the usual one, and one below zero leaves
/// out that many at the end (contract 03 §3.5).
pub(crate) fn lenient_limit(query: &Query, rows: usize) -> usize {
    let wanted = query.get("limit").and_then(|text| text.trim().parse::<i64>().ok());
    match wanted.map(|wanted| (wanted < 0, usize::try_from(wanted.unsigned_abs()).unwrap_or(usize::MAX))) {
        None => USUAL,
        Some((false, most)) => most,
        Some((true, fewer)) => rows.saturating_sub(fewer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        let of = |query: &str| limit(&Query::parse(query)).ok();
        for (query, expected) in [
            ("", Some(10)),
            ("limit=", Some(10)),
            ("limit=0", Some(0)),
            ("limit=+7", Some(7)),
            ("limit=-1", None),
            ("limit=x", None),
            ("limit=1.5", None),
            ("limit=99999999999999999999999", None),
        ] {
            assert_eq!(of(query), expected, "{query}");
        }
        let of = |query: &str| lenient_limit(&Query::parse(query), 13);
        for (query, expected) in
            [("", 10), ("limit=x", 10), ("limit=3", 3), ("limit=-3", 10), ("limit=-20", 0), ("limit=0", 0)]
        {
            assert_eq!(of(query), expected, "{query}");
        }
    }
}
