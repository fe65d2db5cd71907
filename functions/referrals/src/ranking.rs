//! The rankings (contract 03 §3.4). Everybody may see them, so guests appear with a first name and an initial (§4.G).

use std::collections::HashMap;

use axum::{Json, extract::State};
use casa_domain::{
    Client, ClientId,
    money::{displayed, fixed2},
    referrals::{self, Historical, Ranked, name_in_parts},
    spanish::month_and_year,
    time::Month,
};
use casa_jobs::month;
use casa_store::StoreError;
use casa_web::{ApiResult, AppState, Query, openapi::Detail};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::{ReferralProblem, limit, problem};

/// The ranking of a month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MonthlyRanking {
    /// `monthly` or `current_month`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The month in words.
    ranking_period: String,
    /// The year.
    year: i32,
    /// The month.
    month: u32,
    /// How many rows are shown.
    total_participants: usize,
    /// The rows, by place.
    rankings: Vec<MonthlyRow>,
}

/// A referrer in the ranking of a month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MonthlyRow {
    /// Id of the row.
    id: Uuid,
    /// First name.
    client_name: String,
    /// Initial of the family name.
    client_last_name: Option<String>,
    /// The year.
    year: i32,
    /// The month.
    month: u32,
    /// The month in words.
    ranking_date_display: String,
    /// Approved reservations of guests referred, entered in the month.
    referral_reservations_count: u64,
    /// What they cost, soles, two decimals.
    total_referral_revenue: String,
    /// Guests referred in the month.
    referrals_made_count: u64,
    /// From 1.
    position: Option<u32>,
    /// Points for referring, two decimals.
    points_earned: String,
}

/// The ranking over all months.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoricalRanking {
    /// `global_historical`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// In words.
    ranking_period: &'static str,
    /// Everybody who ranks.
    total_participants: usize,
    /// How many of them are shown.
    showing: usize,
    /// The rows, in order.
    rankings: Vec<HistoricalRow>,
}

/// A referrer in the ranking over all months.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoricalRow {
    /// From 1.
    global_position: usize,
    /// The referrer.
    client_id: Uuid,
    /// First name and initial.
    client_name: String,
    /// Approved reservations of guests referred.
    total_referral_reservations: u64,
    /// What they cost, soles.
    total_referral_revenue: f64,
    /// Guests referred.
    total_new_referrals: u64,
    /// Points for referring.
    total_points_earned: f64,
    /// Months in which the referrer ranked.
    months_active: u64,
    /// The best place of a month.
    best_monthly_position: Option<u32>,
}

/// A ranking.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Ranking {
    /// Of one month.
    #[schema(title = "month")]
    Monthly(MonthlyRanking),
    /// Of all months.
    #[schema(title = "history")]
    Historical(HistoricalRanking),
}

/// The ranking of a month, with `year` and `month`, or over all months.
#[utoipa::path(
    get,
    path = "/api/v1/clients/referral-ranking/",
    tag = "referrals",
    operation_id = "referral_ranking",
    params(
        ("year" = Option<String>, Query, description = "With `month`: the ranking of that month."),
        ("month" = Option<String>, Query, description = "1 to 12."),
        ("limit" = Option<String>, Query, description = "Most rows, default 10."),
    ),
    responses(
        (status = 200, description = "The ranking", body = Ranking),
        (status = 400, description = "A parameter is no number that makes sense.", body = ReferralProblem),
        (status = 503, description = "The table does not answer.", body = Detail),
    ),
)]
pub(crate) async fn ranking(State(state): State<AppState>, query: Query) -> ApiResult<Json<Ranking>> {
    let limit = limit(&query)?;
    let Some((year, month)) = wanted(&query)? else {
        return Ok(Json(Ranking::Historical(historical(&state, limit).await?)));
    };
    let mut rows = state.store.rankings().month(year, month).await?;
    rows.truncate(limit);
    let monthly = monthly(&state, "monthly", (year, month), rows).await?;
    Ok(Json(Ranking::Monthly(monthly)))
}

/// The ranking of the local month that is running, as it stands now.
#[utoipa::path(
    get,
    path = "/api/v1/clients/referral-ranking/current/",
    tag = "referrals",
    operation_id = "referral_ranking_current",
    params(("limit" = Option<String>, Query, description = "Most rows, default 10.")),
    responses(
        (status = 200, description = "The ranking", body = MonthlyRanking),
        (status = 400, description = "The limit is no count.", body = ReferralProblem),
        (status = 503, description = "The table does not answer.", body = Detail),
    ),
)]
pub(crate) async fn current(State(state): State<AppState>, query: Query) -> ApiResult<Json<MonthlyRanking>> {
    let limit = limit(&query)?;
    let month = Month::of(state.clock.today());
    let mut rows = month::ranking(&state, month).await?;
    rows.truncate(limit);
    Ok(Json(monthly(&state, "current_month", (month.year(), month.number()), rows).await?))
}

/// The month asked for; none unless both parts are given. A number that no month has names an empty one, as documented.
fn wanted(query: &Query) -> ApiResult<Option<(i32, u32)>> {
    let (Some(year), Some(month)) = (query.get("year"), query.get("month")) else { return Ok(None) };
    let year = year.trim().parse().ok().filter(|year| (0..=9999).contains(year));
    let month = month.trim().parse().ok().filter(|month| *month <= 99);
    let wrong = || problem(StatusCode::BAD_REQUEST, "El año y el mes deben ser números enteros válidos.");
    year.zip(month).map(Some).ok_or_else(wrong)
}

async fn monthly(
    state: &AppState,
    kind: &'static str,
    (year, month): (i32, u32),
    rows: Vec<Ranked>,
) -> Result<MonthlyRanking, StoreError> {
    let names = clients(state, rows.iter().map(|row| row.client)).await?;
    let period = Month::new(year, month).map_or_else(|| format!("{month} {year}"), month_and_year);
    Ok(MonthlyRanking {
        kind,
        year,
        month,
        total_participants: rows.len(),
        rankings: rows.into_iter().map(|row| MonthlyRow::new(row, &names, &period)).collect(),
        ranking_period: period,
    })
}

async fn historical(state: &AppState, limit: usize) -> Result<HistoricalRanking, StoreError> {
    let mut rows = referrals::history(&state.store.rankings().all().await?);
    let total_participants = rows.len();
    rows.truncate(limit);
    let names = clients(state, rows.iter().map(|row| row.client)).await?;
    Ok(HistoricalRanking {
        kind: "global_historical",
        ranking_period: "Ranking Histórico Global",
        total_participants,
        showing: rows.len(),
        rankings: (1..).zip(rows).map(|(place, row)| HistoricalRow::new(place, &row, &names)).collect(),
    })
}

type Names = HashMap<ClientId, Client>;

async fn clients(state: &AppState, ids: impl Iterator<Item = ClientId>) -> Result<Names, StoreError> {
    let clients = state.store.clients().get_many(&ids.collect::<Vec<_>>()).await?;
    Ok(clients.into_iter().map(|client| (client.id, client)).collect())
}

impl MonthlyRow {
    fn new(row: Ranked, names: &Names, period: &str) -> Self {
        let parts = names.get(&row.client).map(name_in_parts);
        let (client_name, client_last_name) = parts.unwrap_or_else(|| (NOBODY.to_owned(), None));
        Self {
            id: row.id,
            client_name,
            client_last_name,
            year: row.year,
            month: row.month,
            ranking_date_display: period.to_owned(),
            referral_reservations_count: row.referral_reservations_count,
            total_referral_revenue: fixed2(row.total_referral_revenue),
            referrals_made_count: row.referrals_made_count,
            position: row.position,
            points_earned: fixed2(row.points_earned),
        }
    }
}

/// A referrer whose record is gone.
const NOBODY: &str = "Usuario";

impl HistoricalRow {
    fn new(global_position: usize, row: &Historical, names: &Names) -> Self {
        Self {
            global_position,
            client_id: row.client.0,
            client_name: names.get(&row.client).map_or_else(|| NOBODY.to_owned(), Client::short_name),
            total_referral_reservations: row.reservations,
            total_referral_revenue: displayed::number(row.revenue),
            total_new_referrals: row.new_referrals,
            total_points_earned: displayed::number(row.points),
            months_active: row.months,
            best_monthly_position: row.best,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_that_are_asked_for() {
        let of = |query: &str| wanted(&Query::parse(query)).map_err(|error| error.status().as_u16());
        for (query, expected) in [
            ("", Ok(None)),
            ("year=2025", Ok(None)),
            ("year=2025&month=", Ok(None)),
            ("year=2025&month=10", Ok(Some((2025, 10)))),
            ("year=2025&month=13", Ok(Some((2025, 13)))),
            ("year=2025&month=x", Err(400)),
            ("year=x&month=1", Err(400)),
            ("year=-1&month=1", Err(400)),
            ("year=2025&month=-1", Err(400)),
            ("year=99999999999&month=1", Err(400)),
        ] {
            assert_eq!(of(query), expected, "{query}");
        }
    }
}
