//! Bookings that guests made on the site and their card payments, written past the HTTP API at whatever point of their life
//! a test begins.

use casa_domain::{
    ClientId, HouseId, ReservationId, event,
    event::What,
    ids::PaymentId,
    payment::{Payment, Truth, settle},
    pricing::code::DiscountCode,
    reservation::{Origin, Receipt, Reservation},
};
use casa_store::{
    Store, StoreError, StoredPayment,
    reservations::{Change, PaymentStep, PointsSpent, Stored},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use crate::export::id;

/// The text of [`enter_code`].
pub const CODE: &str = "VERANO";

/// A booking of 1000 soles for two nights whose hour ended a minute before `now`.
///
/// # Panics
/// When there is no such date.
pub fn overdue(number: u32, house: u32, guest: u32, check_in: &str, now: DateTime<Utc>) -> Reservation {
    let day: NaiveDate = check_in.parse().unwrap_or_else(|_| panic!("no date: {check_in}"));
    let mut one = Reservation::new(
        key::<ReservationId>(number),
        key::<HouseId>(house),
        day,
        day + TimeDelta::days(2),
        now - TimeDelta::minutes(61),
    );
    one.origin = Origin::Client;
    one.client = Some(key::<ClientId>(guest));
    (one.price_sol, one.price_usd) = (Some(Decimal::from(1000)), Some(Decimal::from(250)));
    one.start_deadline(one.created);
    one
}

/// Enters a booking that took `points` of its guest and, where `code` says so, a use of [`CODE`].
///
/// # Panics
/// When the table refuses it.
pub async fn enter(store: &Store, mut one: Reservation, points: u32, code: bool) -> Stored {
    let guest = one.client.unwrap_or_else(|| panic!("a booking has a guest"));
    let guest = store.clients().get(guest).await.ok().flatten().unwrap_or_else(|| panic!("no guest {guest}"));
    one.points_redeemed = Decimal::from(points);
    one.discount_code_used = code.then(|| CODE.to_owned());
    let card = guest.client.card();
    let description = "Puntos usados".to_owned();
    let spent = PointsSpent { client: guest, points: one.points_redeemed, description };
    let (now, facts) = (one.created, event::facts(None, &one, Decimal::ZERO));
    let change = Change {
        points: (points > 0).then_some(spent),
        takes_code: code.then(|| CODE.to_owned()),
        facts,
        ..Change::new(None, one, Some(card))
    };
    done(store.reservations().commit(change, now).await)
}

/// Enters a code with ten uses.
///
/// # Panics
/// When the table refuses it.
pub async fn enter_code(store: &Store) {
    let row = json!({
        "id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z", "code": CODE,
        "discount_type": "percentage", "discount_value": "10.00", "start_date": "2025-01-01",
        "end_date": "2026-12-31", "usage_limit": 10,
    });
    let code: DiscountCode = serde_json::from_value(row).unwrap_or_else(|problem| panic!("{problem}"));
    done(store.codes().enter(&code).await);
}

/// How many uses of [`CODE`] are taken.
///
/// # Panics
/// When there is no such code.
pub async fn uses(store: &Store) -> u64 {
    done(store.codes().find(CODE).await).map_or_else(|| panic!("no code"), |code| code.used_count)
}

/// Changes a booking, with the facts that follow from the change and `facts`.
///
/// # Errors
/// [`StoreError::Changed`] where it is not as read any more.
pub async fn change(
    store: &Store,
    before: &Stored,
    after: Reservation,
    receipts: Vec<Receipt>,
    facts: Vec<What>,
    now: DateTime<Utc>,
) -> Result<Stored, StoreError> {
    let mut all = event::facts(Some(&before.booked.reservation), &after, Decimal::ZERO);
    all.extend(facts);
    let card = before.booked.client.clone();
    let change = Change { receipts, facts: all, ..Change::new(Some(before), after, card) };
    store.reservations().commit(change, now).await
}

/// Starts the card payment `number` of all that is due for a booking.
///
/// # Errors
/// [`StoreError::Changed`] where the booking is not as read any more.
pub async fn begin_payment(
    store: &Store,
    before: &Stored,
    number: u32,
    now: DateTime<Utc>,
) -> Result<Stored, StoreError> {
    let one = &before.booked.reservation;
    let payment = json!({
        "id": id(number), "created": now, "updated": now, "reservation": one.id, "house": one.house,
        "client": one.client, "purpose": "reservation", "vendor": "mercadopago", "amount": one.due_in_soles(),
        "dollars": "0.00", "state": "started", "token": format!("digest {number}"),
    });
    let payment: Payment = serde_json::from_value(payment).unwrap_or_else(|problem| panic!("{problem}"));
    let change = Change {
        payment: Some(PaymentStep::Begin(payment)),
        ..Change::new(Some(before), one.clone(), before.booked.client.clone())
    };
    store.reservations().commit(change, now).await
}

/// Writes what a gateway says of the payment `number` of a booking.
///
/// # Panics
/// When the table refuses it, or there is no such payment.
pub async fn hear(store: &Store, before: &Stored, number: u32, truth: &Truth, now: DateTime<Utc>) -> Stored {
    let payment = done(store.payments().get(key::<PaymentId>(number)).await);
    let payment: StoredPayment = payment.unwrap_or_else(|| panic!("no payment {number}"));
    let one = &before.booked.reservation;
    let settled = settle(&payment.payment, Some(one), truth, true, now);
    let change = Change {
        facts: settled.facts,
        payment: Some(PaymentStep::Learn { before: payment, after: settled.payment }),
        ..Change::new(
            Some(before),
            settled.reservation.unwrap_or_else(|| one.clone()),
            before.booked.client.clone(),
        )
    };
    done(store.reservations().commit(change, now).await)
}

/// The typed id of a number (see [`id`]).
pub fn key<T: From<Uuid>>(number: u32) -> T {
    T::from(id(number).parse().unwrap_or_default())
}

fn done<T>(outcome: Result<T, StoreError>) -> T {
    outcome.unwrap_or_else(|problem| panic!("the table refused: {problem}"))
}
