//! The public figures of the programme (contract 03 §3.5, §4.D). They come from rows that reactions keep, so that no
//! request counts guests.

use axum::{Json, extract::State};
use casa_domain::referrals::{Order, Referrer, Scope, public_figures};
use casa_web::{ApiResult, AppState, Query, openapi::Detail};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{ReferralProblem, lenient_limit, problem};

/// The public figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReferralFigures {
    /// `all_referrals` or `with_reservations`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `all` or `with_reservations`.
    scope: &'static str,
    /// The scope in words.
    period_display: &'static str,
    /// Referrers who rank.
    total_clients_with_referrals: usize,
    /// Guests they referred; of the scope `all` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_referrals: Option<u64>,
    /// Those of them with an approved reservation.
    total_referrals_with_reservations: u64,
    /// Those without; of the scope `all` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_referrals_without_reservations: Option<u64>,
    /// The first of the referrers.
    top_rankings: Vec<ReferralFigure>,
}

/// A referrer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReferralFigure {
    /// First name and initial.
    client_name: String,
    /// Guests referred.
    total_referrals: u64,
    /// Those of them with an approved reservation.
    referrals_with_reservations: u64,
    /// Those without.
    referrals_without_reservations: u64,
    /// From 1.
    position: usize,
}

/// How many guests were referred by whom, over all time. Nobody in particular is shown: `client_id` finds nobody.
#[utoipa::path(
    get,
    path = "/api/v1/clients/referral-stats/",
    tag = "referrals",
    operation_id = "referral_stats",
    params(
        ("scope" = Option<String>, Query, description = "`all` (default) or `with_reservations`."),
        ("order_by" = Option<String>, Query, description = "`total_referrals` (default) or `referrals_with_reservations`."),
        ("limit" = Option<String>, Query, description = "Most rows, default 10, also for what is no number."),
        ("client_id" = Option<String>, Query, description = "Always answered with 404."),
    ),
    responses(
        (status = 200, description = "The figures", body = ReferralFigures),
        (status = 400, description = "Unknown scope or order", body = ReferralProblem),
        (status = 404, description = "A guest was asked for", body = ReferralProblem),
        (status = 503, description = "The table does not answer.", body = Detail),
    ),
)]
pub(crate) async fn stats(State(state): State<AppState>, query: Query) -> ApiResult<Json<ReferralFigures>> {
    if query.get("client_id").is_some() {
        return Err(problem(StatusCode::NOT_FOUND, "El cliente no existe."));
    }
    let wrong = |text: &str| problem(StatusCode::BAD_REQUEST, text);
    let scope = query.get("scope").map_or(Ok(Scope::default()), str::parse);
    let scope = scope.map_err(|_| wrong("El alcance debe ser all o with_reservations."))?;
    let order = query.get("order_by").map_or(Ok(Order::default()), str::parse);
    let order =
        order.map_err(|_| wrong("El orden debe ser total_referrals o referrals_with_reservations."))?;
    let all = state.store.referrers().all().await?;
    Ok(Json(ReferralFigures::new(&all, scope, order, &query)))
}

impl ReferralFigures {
    fn new(all: &[Referrer], scope: Scope, order: Order, query: &Query) -> Self {
        let figures = public_figures(all, scope, order);
        let whole = scope == Scope::All;
        let limit = lenient_limit(query, figures.referrers.len());
        Self {
            kind: if whole { "all_referrals" } else { "with_reservations" },
            scope: scope.as_str(),
            period_display: if whole {
                "Todos los tiempos - Incluye referidos sin reservas"
            } else {
                "Todos los tiempos - Solo referidos con reservas"
            },
            total_clients_with_referrals: figures.referrers.len(),
            total_referrals: whole.then_some(figures.referrals),
            total_referrals_with_reservations: figures.with_reservations,
            total_referrals_without_reservations: whole
                .then(|| figures.referrals.saturating_sub(figures.with_reservations)),
            top_rankings: (1..)
                .zip(figures.referrers.into_iter().take(limit))
                .map(|(position, one)| ReferralFigure {
                    client_name: one.name.clone(),
                    total_referrals: one.referrals,
                    referrals_with_reservations: one.with_reservations,
                    referrals_without_reservations: one.referrals.saturating_sub(one.with_reservations),
                    position,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use casa_domain::ClientId;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    /// Contract 03 §9, example 3.
    #[test]
    fn example_3() {
        let one = |number: u128, name: &str, with_reservations: u64| Referrer {
            client: ClientId(Uuid::from_u128(number)),
            created: chrono::DateTime::UNIX_EPOCH,
            name: name.to_owned(),
            referrals: 1,
            with_reservations,
        };
        let all = [one(1, "Ana R.", 1), one(2, "Beto", 1), one(3, "Dani Z.", 0)];
        let shown = |scope: Scope, query: &str| {
            let figures = ReferralFigures::new(&all, scope, Order::default(), &Query::parse(query));
            serde_json::to_value(figures).unwrap()
        };
        let whole = shown(Scope::All, "limit=-1");
        let totals = ["", "_with_reservations", "_without_reservations"]
            .map(|which| whole[format!("total_referrals{which}")].clone());
        assert_eq!(totals, [json!(3), json!(2), json!(1)]);
        assert_eq!(whole["top_rankings"].as_array().map(Vec::len), Some(2));
        assert_eq!(whole["top_rankings"][1]["client_name"], "Beto");
        let some = shown(Scope::WithReservations, "");
        assert_eq!(some.get("total_referrals"), None::<&Value>);
        assert_eq!(
            (&some["total_clients_with_referrals"], &some["type"]),
            (&json!(2), &json!("with_reservations"))
        );
    }
}
