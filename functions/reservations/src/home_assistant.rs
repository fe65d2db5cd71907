//! `GET homeassistant/`: who is in a house now, for its home automation (contract 05 §3.11).

use axum::{Json, extract::State};
use casa_domain::{
    Client, HouseId, Reservation, Status,
    level::{self, Level},
    money::displayed,
    presence,
    spanish::month_name,
};
use casa_store::{Catalogue, reservations::Booked};
use casa_web::{ApiError, ApiResult, AppState, HomeAutomation, Query};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use http::StatusCode;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

/// What automations compare with where nobody is in the house.
const NOBODY: &str = "Reserva no activa";

/// The guest who is in a house.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct HomeGuest {
    /// The guest's id, or `Reserva no activa`.
    client_id: String,
    /// First word of the given names, or `Reserva no activa`.
    first_name: String,
    /// First word of the family names, or `Reserva no activa`.
    last_name: String,
    /// "05 de noviembre", or `Reserva no activa`.
    check_in_date: String,
    /// "08 de noviembre", or `Reserva no activa`.
    check_out_date: String,
    /// 1 where the pool is heated for the stay.
    temperature_pool: u8,
    /// 1 where everything is paid.
    full_payment: u8,
    /// Name of the house.
    property_name: String,
    /// The reservation, or `none`.
    reservation_id: String,
    /// Icon and name of the guest's highest level; empty without one, `Sin reserva activa` without a guest.
    highest_achievement: String,
    /// Whole points that can be spent now.
    points_balance: i64,
    /// The guest's approved stays in all houses that end after today, this one included, by check-in.
    upcoming_reservations: Vec<HomeStay>,
}

/// A stay that ends after today.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct HomeStay {
    /// The reservation.
    id: Uuid,
    /// Name of the house.
    property_name: String,
    /// "16 de November".
    check_in_date: String,
    /// "18 de November".
    check_out_date: String,
    /// How many guests.
    guests: u32,
    /// How many nights.
    nights: i64,
    /// Price in soles.
    price_sol: f64,
    /// Always `Aprobada`.
    status: &'static str,
    /// Whether everything is paid.
    payment_full: bool,
    /// Whether the pool is heated.
    temperature_pool: bool,
}

/// The house is not named, or there is none.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub struct HomeProblem {
    /// What is wrong, in Spanish.
    error: String,
}

/// The guest who is in a house now: from 15:00 of the day of arrival to 11:00 of the day of departure. Public, unless a
/// key is set.
#[utoipa::path(
    get,
    path = "/api/v1/homeassistant/",
    tag = "reservations",
    operation_id = "home_assistant",
    params(("property_uuid" = String, Query, description = "The house's id")),
    responses(
        (status = 200, description = "The guest, or that nobody is there", body = HomeGuest),
        (status = 400, description = "No house named", body = HomeProblem),
        (status = 401, description = "A key is set, and neither it nor a token of staff was sent",
            body = casa_web::openapi::Unauthorized),
        (status = 404, description = "No such house", body = HomeProblem),
    ),
    security((), ("home" = []), ("staff" = []))
)]
pub async fn present(
    _: HomeAutomation,
    State(state): State<AppState>,
    query: Query,
) -> ApiResult<Json<HomeGuest>> {
    let named = query.get("property_uuid");
    let named = named.ok_or_else(|| problem(StatusCode::BAD_REQUEST, "Falta el parámetro property_uuid."))?;
    let catalogue = state.store.houses().catalogue().await?;
    let house = named.trim().parse::<HouseId>().ok().and_then(|id| catalogue.house(id));
    let house = house
        .filter(|house| !house.deleted)
        .ok_or_else(|| problem(StatusCode::NOT_FOUND, "La propiedad no existe."))?;
    let (now, today) = (state.clock.now(), state.clock.today());
    let stays = state.store.reservations().around(&[house.id], today).await?;
    let local = state.clock.local(now);
    let Some((stay, guest)) = presence::present(stays.iter().map(|stay| &stay.reservation), local)
        .and_then(|stay| Some((stay, stay.client?)))
    else {
        return Ok(Json(HomeGuest::nobody(&house.name)));
    };
    let (clients, reservations, prices) =
        (state.store.clients(), state.store.reservations(), state.store.prices());
    let (client, own, book) =
        tokio::try_join!(clients.get(guest), reservations.of_client(guest), prices.book())?;
    let Some(client) = client.map(|found| found.client) else {
        return Ok(Json(HomeGuest::nobody(&house.name)));
    };
    let upcoming = upcoming(own, today).iter().map(|stay| HomeStay::new(stay, &catalogue)).collect();
    Ok(Json(HomeGuest::new(stay, &client, &house.name, &book.levels, upcoming, now)))
}

fn problem(status: StatusCode, text: &str) -> ApiError {
    ApiError::new(status, json!({ "error": text }))
}

/// The approved stays that end after today, by check-in (ties: decision 22).
fn upcoming(mut stays: Vec<Booked>, today: NaiveDate) -> Vec<Reservation> {
    stays.retain(|stay| {
        stay.reservation.status == Status::Approved && stay.reservation.check_out_date > today
    });
    let mut stays: Vec<_> = stays.into_iter().map(|stay| stay.reservation).collect();
    stays.sort_by_key(|stay| (stay.check_in_date, stay.created, stay.id));
    stays
}

impl HomeGuest {
    fn nobody(house: &str) -> Self {
        let nobody = || NOBODY.to_owned();
        Self {
            client_id: nobody(),
            first_name: nobody(),
            last_name: nobody(),
            check_in_date: nobody(),
            check_out_date: nobody(),
            temperature_pool: 0,
            full_payment: 0,
            property_name: house.to_owned(),
            reservation_id: "none".to_owned(),
            highest_achievement: "Sin reserva activa".to_owned(),
            points_balance: 0,
            upcoming_reservations: Vec::new(),
        }
    }

    fn new(
        stay: &Reservation,
        client: &Client,
        house: &str,
        levels: &[Level],
        upcoming_reservations: Vec<HomeStay>,
        now: DateTime<Utc>,
    ) -> Self {
        let first_word = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
        Self {
            client_id: client.id.to_string(),
            first_name: first_word(&client.first_name),
            last_name: first_word(client.last_name.as_deref().unwrap_or_default()),
            check_in_date: in_spanish(stay.check_in_date),
            check_out_date: in_spanish(stay.check_out_date),
            temperature_pool: u8::from(stay.temperature_pool),
            full_payment: u8::from(stay.full_payment),
            property_name: house.to_owned(),
            reservation_id: stay.id.to_string(),
            highest_achievement: level::highest(&client.levels, levels)
                .map(|held| held.level.icon_and_name())
                .unwrap_or_default(),
            points_balance: client.available_points(now).trunc().to_i64().unwrap_or(i64::MAX),
            upcoming_reservations,
        }
    }
}

impl HomeStay {
    fn new(stay: &Reservation, catalogue: &Catalogue) -> Self {
        Self {
            id: stay.id.0,
            property_name: catalogue.house(stay.house).map(|house| house.name.clone()).unwrap_or_default(),
            check_in_date: in_english(stay.check_in_date),
            check_out_date: in_english(stay.check_out_date),
            guests: stay.guests,
            nights: stay.nights(),
            price_sol: displayed::number(stay.price_sol.unwrap_or_default()),
            status: stay.status.label(),
            payment_full: stay.full_payment,
            temperature_pool: stay.temperature_pool,
        }
    }
}

/// "05 de noviembre".
fn in_spanish(date: NaiveDate) -> String {
    format!("{:02} de {}", date.day(), month_name(date.month()))
}

/// "05 de November": in the list of stays the running original had English names, and its clients know them so.
fn in_english(date: NaiveDate) -> String {
    date.format("%d de %B").to_string()
}

#[cfg(test)]
mod tests {
    use casa_domain::ReservationId;

    use super::*;

    fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2025, month, day).unwrap()
    }

    fn stay(from: NaiveDate, to: NaiveDate) -> Reservation {
        let now = "2025-01-01T00:00:00Z".parse().unwrap();
        let mut stay = Reservation::new(ReservationId(Uuid::new_v4()), HouseId(Uuid::nil()), from, to, now);
        (stay.status, stay.temperature_pool, stay.price_sol) =
            (Status::Approved, true, Some("979.47".parse().unwrap()));
        stay
    }

    fn client(last_name: serde_json::Value, points: &str) -> Client {
        serde_json::from_value(json!({
            "id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "document_type": "dni", "number_doc": "11111111", "first_name": "Hernán José", "last_name": last_name,
            "tel_number": "51900", "points_balance": points,
        }))
        .unwrap()
    }

    #[test]
    fn a_guest_in_few_words() {
        let (one, now) = (stay(day(11, 5), day(12, 8)), "2025-11-12T15:30:00Z".parse().unwrap());
        let guest = client(json!(" Quiroga Rázuri"), "372.99");
        let told = HomeGuest::new(&one, &guest, "Casa Austin 2", &[], Vec::new(), now);
        assert_eq!((told.first_name.as_str(), told.last_name.as_str()), ("Hernán", "Quiroga"));
        assert_eq!(
            (told.check_in_date.as_str(), told.check_out_date.as_str()),
            ("05 de noviembre", "08 de diciembre")
        );
        assert_eq!((told.points_balance, told.temperature_pool, told.full_payment), (372, 1, 0));
        assert_eq!(told.highest_achievement, "");
        let told = HomeGuest::new(&one, &client(json!(null), "0"), "Casa", &[], Vec::new(), now);
        assert_eq!(told.last_name, "");
    }

    #[test]
    fn stays_that_end_after_today() {
        let booked = |reservation: Reservation| {
            serde_json::from_value::<Booked>(json!({ "r": reservation, "c": null, "h": null })).unwrap()
        };
        let pending = Reservation { status: Status::Pending, ..stay(day(11, 20), day(11, 22)) };
        let stays = vec![
            booked(stay(day(11, 16), day(11, 18))),
            booked(stay(day(11, 10), day(11, 12))),
            booked(stay(day(11, 11), day(11, 13))),
            booked(pending),
        ];
        let dates: Vec<_> = upcoming(stays, day(11, 12)).iter().map(|stay| stay.check_in_date).collect();
        assert_eq!(dates, [day(11, 11), day(11, 16)]);
        let shown = HomeStay::new(&stay(day(11, 3), day(12, 1)), &Catalogue::default());
        assert_eq!(
            (shown.check_in_date.as_str(), shown.check_out_date.as_str()),
            ("03 de November", "01 de December")
        );
        assert_eq!((shown.nights, shown.price_sol, shown.status), (28, 979.47, "Aprobada"));
    }
}
