//! `GET profit/` and `GET profit-resume/`: what each month of a year was billed (contract 05 §3.6, §4.8).

use axum::{Json, extract::State};
use casa_domain::{HouseId, house::Earning, money::fixed2, spanish::month_name};
use casa_store::reservations::Billed;
use casa_web::{
    ApiResult, AppState, Query, Staff, error,
    openapi::{ForStaff, Invalid},
};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// What each month of a year was billed in the houses that are offered, Airbnb's earnings included.
#[utoipa::path(
    get,
    path = "/api/v1/profit/",
    tag = "reservations",
    operation_id = "profit_by_month",
    params(("year" = u32, Query, description = "1 to 9999", minimum = 1, maximum = 9999)),
    responses(
        (status = 200, description = "Soles with two decimals by month: `enero` to `diciembre`", body = std::collections::BTreeMap<String, String>),
        (status = 400, description = "Bad year", body = Invalid),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub async fn by_month(
    _: Staff,
    State(state): State<AppState>,
    query: Query,
) -> ApiResult<Json<Map<String, Value>>> {
    months(&state, &query).await.map(Json)
}

/// The same (the address of the panel's chart).
#[utoipa::path(
    get,
    path = "/api/v1/profit-resume/",
    tag = "reservations",
    operation_id = "profit_for_chart",
    params(("year" = u32, Query, description = "1 to 9999", minimum = 1, maximum = 9999)),
    responses(
        (status = 200, description = "Soles with two decimals by month: `enero` to `diciembre`", body = std::collections::BTreeMap<String, String>),
        (status = 400, description = "Bad year", body = Invalid),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub async fn for_chart(
    _: Staff,
    State(state): State<AppState>,
    query: Query,
) -> ApiResult<Json<Map<String, Value>>> {
    months(&state, &query).await.map(Json)
}

/// Three small reads at once, however many reservations there are.
async fn months(state: &AppState, query: &Query) -> ApiResult<Map<String, Value>> {
    let year = query.get("year").and_then(|year| year.trim().parse::<u16>().ok());
    let year = year.filter(|year| (1..=9999).contains(year)).ok_or_else(|| {
        error::parameter("year", "El año es obligatorio y debe ser un número entre 1 y 9999.")
    })?;
    let (reservations, houses) = (state.store.reservations(), state.store.houses());
    let (billed, earnings, catalogue) = tokio::try_join!(
        reservations.billed(i32::from(year)),
        houses.earnings_of(u32::from(year)),
        houses.catalogue()
    )?;
    let is_offered = |house: HouseId| catalogue.live().any(|one| one.id == house);
    Ok(totals(&billed, &earnings, is_offered))
}

/// The twelve months in their order.
fn totals(
    billed: &[Billed],
    earnings: &[Earning],
    is_offered: impl Fn(HouseId) -> bool,
) -> Map<String, Value> {
    (1..=12)
        .map(|month| {
            let billed = billed.iter().filter(|row| row.month.number() == month && is_offered(row.house));
            let earned = earnings.iter().filter(|row| row.month == month && is_offered(row.house));
            let soles: Decimal = billed.map(|row| row.soles).chain(earned.map(|row| row.profit_sol)).sum();
            (month_name(month).to_owned(), Value::String(fixed2(soles)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use casa_domain::{ids::EarningId, time::Month};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn months_in_order_of_offered_houses_only() {
        let house = |number| HouseId(Uuid::from_u128(number));
        let billed = |number, month, soles: &str| Billed {
            house: house(number),
            month: Month::new(2025, month).unwrap(),
            soles: soles.parse().unwrap(),
        };
        let earned = Earning {
            id: EarningId(Uuid::nil()),
            house: house(1),
            month: 12,
            year: 2025,
            profit_sol: "0.5".parse().unwrap(),
        };
        let gone = Earning { house: house(2), ..earned.clone() };
        let rows = [billed(1, 12, "10.25"), billed(2, 12, "99"), billed(3, 12, "1"), billed(1, 1, "-3")];
        let totals = totals(&rows, &[earned, gone], |one| one != house(2));
        let months: Vec<_> = totals.keys().map(String::as_str).collect();
        assert_eq!((months[0], months[8], months.len()), ("enero", "septiembre", 12));
        assert_eq!((&totals["enero"], &totals["febrero"]), (&"-3.00".into(), &"0.00".into()));
        assert_eq!(totals["diciembre"], "11.75");
    }
}
