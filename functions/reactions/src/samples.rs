//! Invented things for the tests of texts.

use casa_domain::{
    HouseId, ReservationId,
    event::{Event, What},
    payment::Payment,
    reservation::{Origin, Reservation},
};
use casa_store::Catalogue;
use casa_web::Clock;
use serde_json::json;
use uuid::Uuid;

use crate::stays::Scene;

const ID: Uuid = Uuid::from_u128(0x101);

/// Ana's booking of three nights from the fifth of January 2026, 1000 soles, in a house that nobody knows.
pub(crate) fn scene() -> Scene {
    let day = |day| chrono::NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
    let now = event().at;
    let mut one = Reservation::new(ReservationId(ID), HouseId(Uuid::nil()), day(5), day(8), now);
    (one.origin, one.price_sol) = (Origin::Client, Some("1000".parse().unwrap()));
    let client = json!({
        "id": Uuid::nil(), "created": now, "updated": now, "document_type": "dni", "number_doc": "60000050",
        "first_name": "Ana María", "last_name": "Lira Paz", "tel_number": "+51900000050", "date": "1990-03-09",
    });
    let clock = Clock::system("America/Lima".parse().unwrap());
    Scene::new(one, Some(serde_json::from_value(client).unwrap()), Catalogue::default(), clock)
}

/// A fact, in December.
pub(crate) fn event() -> Event {
    let what = What::ReservationLapsed { reservation: ReservationId(ID) };
    Event { id: Uuid::nil(), at: "2025-12-28T15:30:00Z".parse().unwrap(), what }
}

/// A payment of 350 soles.
pub(crate) fn payment() -> Payment {
    serde_json::from_value(json!({
        "id": Uuid::nil(), "created": event().at, "updated": event().at, "reservation": ID, "house": Uuid::nil(),
        "client": Uuid::nil(), "purpose": "reservation", "vendor": "mercadopago", "amount": "350.00",
        "dollars": "92.11", "state": "approved", "transaction": "123456", "token": "digest", "booked": true,
    }))
    .unwrap()
}
