//! `GET payments/` and `GET payments/{id}/`: payments by card, for sellers and administrators.

use std::str::FromStr;

use axum::{Json, extract::State};
use casa_domain::{
    ReservationId, StaffUser,
    ids::PaymentId,
    payment::{self, Payment, Vendor},
    time::Month,
};
use casa_web::{
    ApiResult, AppState, BaseUrl, IdPath, PageEnvelope, PageWish, Query, Staff, error,
    openapi::{Detail, ForSellers},
};

use crate::body::PaymentBody;

const PATH: &str = "/api/v1/payments/";

/// Payments by card, newest first: those started in a month (UTC), or those of a reservation.
#[utoipa::path(
    get,
    path = "/api/v1/payments/",
    tag = "payments",
    operation_id = "payments_list",
    params(
        ("year" = Option<String>, Query, description = "Default: the current year, or any with `reservation`."),
        ("month" = Option<String>, Query, description = "1 to 12. Default: the current month, or any with `reservation`."),
        ("reservation" = Option<String>, Query, description = "Id of a reservation."),
        ("status" = Option<String>, Query, description = "`started`, `processing`, `approved`, `rejected` or `abandoned`."),
        ("gateway" = Option<String>, Query, description = "`mercadopago` or `openpay`."),
        ("page" = Option<String>, Query, description = "From 1, or `last`."),
        ("page_size" = Option<String>, Query, description = "1 to 1000, default 100."),
    ),
    responses(
        (status = 200, description = "A page.", body = PageEnvelope<PaymentBody>),
        (status = 400, description = "A parameter cannot be read.", body = Detail),
        (status = 404, description = "No such page.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForSellers,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn list(
    Staff(user): Staff,
    State(state): State<AppState>,
    query: Query,
    base: BaseUrl,
) -> ApiResult<Json<PageEnvelope<PaymentBody>>> {
    may_see(&user)?;
    let wish = PageWish::read(&query, false)?;
    let reservation: Option<ReservationId> =
        read(&query, "reservation", "El identificador de la reserva no es válido.")?;
    let status: Option<payment::State> = read(&query, "status", "El estado del pago no es válido.")?;
    let vendor: Option<Vendor> = read(&query, "gateway", "La pasarela no es válida.")?;
    let month = month(&query, Month::of(state.clock.now().date_naive()))?;
    let payments = state.store.payments();
    let found = match reservation {
        Some(reservation) => {
            let mut found = payments.of(reservation).await?;
            let dated = query.get("year").is_some() || query.get("month").is_some();
            found.retain(|payment| !dated || Month::of(payment.created.date_naive()) == month);
            found.reverse();
            found
        }
        None => payments.of_month(month).await?,
    };
    let wanted = |payment: &&Payment| {
        status.is_none_or(|status| status == payment.state)
            && vendor.is_none_or(|vendor| vendor == payment.vendor)
    };
    let found: Vec<_> = found.iter().filter(wanted).collect();
    let total = found.len() as u64;
    let (skip, size) = wish.part(total);
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let rows = found.into_iter().skip(whole(skip)).take(whole(size));
    let rows = rows.map(|payment| PaymentBody::new(payment, &state.clock)).collect();
    Ok(Json(PageEnvelope::new(wish, rows, total, &base, PATH, &query)?))
}

/// A payment by card.
#[utoipa::path(
    get,
    path = "/api/v1/payments/{id}/",
    tag = "payments",
    operation_id = "payments_one",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "The payment.", body = PaymentBody),
        (status = 404, description = "No such payment.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForSellers,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn one(
    Staff(user): Staff,
    State(state): State<AppState>,
    id: ApiResult<IdPath<PaymentId>>,
) -> ApiResult<Json<PaymentBody>> {
    may_see(&user)?;
    let IdPath(id) = id?;
    let found = state.store.payments().get(id).await?.ok_or_else(error::not_found)?;
    Ok(Json(PaymentBody::new(&found.payment, &state.clock)))
}

fn may_see(user: &StaffUser) -> ApiResult<()> {
    if user.may_sell() { Ok(()) } else { Err(error::forbidden()) }
}

/// A parameter, if it is given.
fn read<T: FromStr>(query: &Query, name: &str, problem: &str) -> ApiResult<Option<T>> {
    let text = query.get(name).map(|text| text.trim().parse());
    text.transpose().map_err(|_| error::parameter(name, problem))
}

/// The month that is asked for; what is left out is the current one's.
fn month(query: &Query, current: Month) -> ApiResult<Month> {
    let year = read(query, "year", "El año no es válido.")?.unwrap_or_else(|| current.year());
    let number = read(query, "month", "El mes no es válido.")?.unwrap_or_else(|| current.number());
    Month::new(year, number).ok_or_else(|| error::parameter("month", "El mes o el año no son válidos."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_checked() {
        let current = Month::new(2025, 11).unwrap();
        let of = |query: &str| month(&Query::parse(query), current).ok();
        for (query, expected) in [
            ("", Some((2025, 11))),
            ("month=", Some((2025, 11))),
            ("month=3", Some((2025, 3))),
            ("year=2024&month=12", Some((2024, 12))),
            ("year=2024", Some((2024, 11))),
            ("month=13", None),
            ("month=0", None),
            ("month=x", None),
            ("year=0", None),
            ("year=99999999999", None),
        ] {
            assert_eq!(of(query), expected.and_then(|(year, month)| Month::new(year, month)), "{query}");
        }
    }
}
