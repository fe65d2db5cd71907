//! `POST clients/reservations/create/` (contract 03 §3.11, §4.F; decisions 9, 10, 11).

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use casa_domain::{
    Client, ReservationId, StaffId, event,
    money::fixed2,
    reservation::{Origin, Reservation, Status},
    stay::{MAX_NIGHTS, Stay, StayError},
};
use casa_jobs::quoted::{NotSold, Price, Wish, sale};
use casa_store::{
    StaffDirectory, StoreError,
    reservations::{Booked, Change, Once, PointsSpent},
};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Guest, error,
    guard::{Guard, Limit, digest},
    json,
    openapi::{ForGuests, Racing, WithBody},
    render,
    reservations::{NIGHTS_TAKEN, ReservationBody, Surroundings},
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use rust_decimal::Decimal;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    body::{Asked, BookingNew},
    refusal::{self, BookingRefusal},
};

/// Bookings a guest may try to make in an hour: each one keeps a house from others for an hour.
const TRIES_AN_HOUR: Limit = Limit { most: 30, window: Duration::from_secs(60 * 60) };
/// Longest idempotency key, in bytes.
const LONGEST_KEY: usize = 255;
/// How far a price may be from the quoted one (decision 9).
const TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// Tries after losing a race for the guest's points.
const TRIES: usize = 6;

/// A booking that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BookingMade)]
pub(crate) struct BookingMade<'a> {
    /// Always true.
    success: bool,
    /// In words.
    message: &'static str,
    /// The booking.
    reservation: ReservationBody<'a>,
}

/// Books a house for the guest who asks. The nights are held at once; for an hour the guest can pay or send a voucher. The
/// price is the quoted one: a body may repeat it, and is refused when it names another. Points, discount code, nights and
/// booking are taken together or not at all. With an `Idempotency-Key` the same request makes one booking, however often it
/// is sent.
#[utoipa::path(
    post,
    path = "/api/v1/clients/reservations/create/",
    tag = "bookings",
    operation_id = "bookings_create",
    params(("Idempotency-Key" = Option<String>, Header, description = "Any text of the caller's, up to 255 bytes")),
    request_body(content(
        (BookingNew = "application/json"),
        (BookingNew = "application/x-www-form-urlencoded"),
        (BookingNew = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "Booked", body = BookingMade<'static>),
        (status = 400, description = "A field, the price or the code is wrong, nights are taken, or points are missing", body = BookingRefusal),
        (status = 429, description = "Too many tries", body = BookingRefusal),
        ForGuests,
        WithBody,
        Racing,
    ),
    security(("client" = []))
)]
pub(crate) async fn create(
    Guest(guest): Guest,
    State(state): State<AppState>,
    headers: HeaderMap,
    form: Form,
) -> ApiResult<Response> {
    let asked = Asked::read(&form)?;
    let guest = guest.client;
    let once = once(&state, &guest, &headers, &asked)?;
    let around = Surroundings::read(&state).await?;
    if let Some(once) = &once
        && let Some(booked) = earlier(&state, once).await?
    {
        return made(&state, &around, booked);
    }
    let guard =
        Guard::of("booking").per_subject(&state.settings.secret, &guest.id.to_string(), TRIES_AN_HOUR);
    guard.obey(&state.store, refusal::wait).await?;
    match book(&state, &guest, &asked, &around.staff, once.as_ref()).await {
        Ok(booked) => made(&state, &around, booked),
        // The same request may have been carried out a moment ago: then it is what stands in its own way.
        Err(refusal) if refusal.status().is_client_error() => match &once {
            Some(once) => match earlier(&state, once).await? {
                Some(booked) => made(&state, &around, booked),
                None => Err(refusal),
            },
            None => Err(refusal),
        },
        Err(failure) => Err(failure),
    }
}

/// Checks and writes, again after a lost race for the guest's points.
async fn book(
    state: &AppState,
    guest: &Client,
    asked: &Asked,
    staff: &StaffDirectory,
    once: Option<&Once>,
) -> ApiResult<Booked> {
    let id = ReservationId(Uuid::new_v4());
    for _ in 0..TRIES {
        let now = state.clock.now();
        let change = Box::pin(decide(state, guest, asked, staff, id, now)).await?;
        let change = Change { once: once.cloned(), ..change };
        match state.store.reservations().commit(change, now).await {
            Ok(stored) => return Ok(stored.booked),
            Err(StoreError::NightTaken) => return Err(refusal::rule(NIGHTS_TAKEN)),
            Err(StoreError::Taken("code")) => {
                let text = "El código de descuento ya alcanzó su límite de usos.";
                return Err(refusal::field("discount_code", text));
            }
            // Only the guest's points can have changed: the booking is new.
            Err(StoreError::Changed) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}

fn made(state: &AppState, around: &Surroundings, booked: Booked) -> ApiResult<Response> {
    let bookings = [booked];
    let houses = around.houses_of(&bookings);
    let [booked] = &bookings;
    let reservation = around.shown(booked, &houses, &state.clock);
    let message = "Reserva creada. Tiene una hora para pagar o subir el voucher de pago.";
    let body = render(&BookingMade { success: true, message, reservation })?;
    Ok((StatusCode::CREATED, json(body)).into_response())
}

/// How a request with an idempotency key is known again.
fn once(state: &AppState, guest: &Client, headers: &HeaderMap, asked: &Asked) -> ApiResult<Option<Once>> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    if key.is_empty() || key.len() > LONGEST_KEY {
        let text = format!("Idempotency-Key debe tener entre 1 y {LONGEST_KEY} caracteres.");
        return Err(refusal::plain(StatusCode::BAD_REQUEST, &text));
    }
    let key = String::from_utf8_lossy(key.as_bytes());
    let subject = format!("booking:{}:{}", guest.id, digest(&state.settings.secret, &key));
    let text = serde_json::to_string(asked).unwrap_or_default();
    Ok(Some(Once { subject, digest: digest(&state.settings.secret, &text) }))
}

/// The booking that the same request made before.
async fn earlier(state: &AppState, once: &Once) -> ApiResult<Option<Booked>> {
    let Some((id, known)) = state.store.reservations().entered_by(&once.subject).await? else {
        return Ok(None);
    };
    if known != *once {
        let text = "Esta Idempotency-Key ya se usó con otros datos.";
        return Err(refusal::plain(StatusCode::BAD_REQUEST, text));
    }
    Ok(state.store.reservations().get(id).await?.map(|stored| stored.booked))
}

/// Checks what is asked against the table and says what to write.
async fn decide(
    state: &AppState,
    guest: &Client,
    asked: &Asked,
    staff: &StaffDirectory,
    id: ReservationId,
    now: DateTime<Utc>,
) -> ApiResult<Change<'static>> {
    let stay = stay(state, asked)?;
    let wish = Wish {
        house: asked.house,
        stay,
        guests: asked.guests,
        client: guest.id,
        code: asked.code.as_deref(),
        pool: asked.pool,
    };
    let price = sale(state, &wish).await.map_err(not_sold)?;
    let guest = price.guest.clone().ok_or_else(error::changed_meanwhile)?;
    if asked.points > Decimal::ZERO {
        spendable(&guest.client, asked.points, price.sol, now)?;
    }
    as_quoted(asked, &price)?;
    let mut one = Reservation::new(id, asked.house, asked.check_in, asked.check_out, now);
    one.client = Some(guest.client.id);
    one.seller = seller(state, staff, asked.seller)?;
    (one.origin, one.status) = (Origin::Client, Status::Incomplete);
    one.guests = asked.guests;
    (one.price_usd, one.price_sol) = (Some(price.usd), Some(price.sol));
    one.temperature_pool = asked.pool;
    one.price_temperature_pool = Some(casa_domain::money::to_cents(price.pool));
    one.advance_payment_currency = asked.currency;
    one.tel_contact_number = asked.phone.clone();
    one.comentarios_reservas = asked.notes.clone();
    one.discount_code_used = price.code.clone();
    one.points_redeemed = asked.points;
    one.start_deadline(now);
    let card = guest.client.card();
    let points = (asked.points > Decimal::ZERO).then(|| PointsSpent {
        client: guest,
        points: asked.points,
        description: format!("Puntos canjeados en la reserva {id}"),
    });
    Ok(Change {
        points,
        takes_code: price.code,
        facts: event::facts(None, &one, Decimal::ZERO),
        ..Change::new(None, one, Some(card))
    })
}

fn stay(state: &AppState, asked: &Asked) -> ApiResult<Stay> {
    let stay = Stay::new(asked.check_in, asked.check_out).map_err(|problem| match problem {
        StayError::NotAfter => refusal::rule("La fecha de salida debe ser posterior a la fecha de entrada."),
        StayError::TooLong => refusal::rule(&format!("Una reserva puede tener hasta {MAX_NIGHTS} noches.")),
    })?;
    if stay.check_in() < state.clock.today() {
        return Err(refusal::rule("La fecha de entrada no puede estar en el pasado."));
    }
    Ok(stay)
}

fn not_sold(reason: NotSold) -> ApiError {
    match reason {
        NotSold::NoSuchHouse => refusal::field("property", "La propiedad no existe."),
        NotSold::NotFree => refusal::rule(NIGHTS_TAKEN),
        NotSold::Protected(text) => refusal::rule(&text),
        NotSold::Code(text) => refusal::field("discount_code", &text),
        NotSold::NoPool => refusal::field("temperature_pool", "Esta casa no ofrece piscina temperada."),
        NotSold::Store(problem) => problem.into(),
    }
}

/// One point is one sol; more points than the price would leave money to give back.
fn spendable(guest: &Client, points: Decimal, price: Decimal, now: DateTime<Utc>) -> ApiResult<()> {
    let available = guest.available_points(now);
    if points > available {
        let text = format!("Tiene {} puntos disponibles y quiso usar {}.", fixed2(available), fixed2(points));
        return Err(refusal::rule(&text));
    }
    if points > price {
        let text = format!("La reserva cuesta S/ {}: no se pueden usar más puntos que eso.", fixed2(price));
        return Err(refusal::rule(&text));
    }
    Ok(())
}

/// Prices that are sent must be the quoted ones (decision 9).
fn as_quoted(asked: &Asked, price: &Price) -> ApiResult<()> {
    let sides = [
        ("price_sol", asked.price_sol, price.sol),
        ("price_usd", asked.price_usd, price.usd),
        ("price_latecheckout", asked.price_late, Decimal::ZERO),
    ];
    for (field, sent, right) in sides {
        if sent.is_some_and(|sent| (sent - right).abs() > TOLERANCE) {
            return Err(refusal::wrong_price(field, &fixed2(price.sol), &fixed2(price.usd)));
        }
    }
    Ok(())
}

/// The member of staff who is named, or the one whom the house names for bookings from the site, if there is one.
fn seller(state: &AppState, staff: &StaffDirectory, named: Option<StaffId>) -> ApiResult<Option<StaffId>> {
    match named {
        Some(id) if staff.user(id).is_none() => Err(refusal::field("seller", "Ese vendedor no existe.")),
        Some(id) => Ok(Some(id)),
        None => Ok(staff.user(state.settings.booking_seller).map(|user| user.id)),
    }
}
