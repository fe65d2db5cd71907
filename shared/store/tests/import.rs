//! The importer: idempotent, complete, and honest about what it could not bring in.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use casa_domain::{ClientId, HouseId, ReservationId};
use casa_store::{
    Store,
    import::{Importer, Report},
    reservations::{Page, Wish},
};
use serde_json::{Value, json};
use support::{held, table};

const HOUSE: &str = "00000000-0000-4000-8000-00000000000a";
const CLIENT: &str = "00000000-0000-4000-8000-00000000000b";

fn row(model: &str, pk: impl Into<Value>, fields: Value) -> Value {
    let mut all =
        json!({"created": "2025-01-01T10:00:00.250Z", "updated": "2025-01-01T10:00:00Z", "deleted": false});
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({"model": model, "pk": pk.into(), "fields": all})
}

fn stay(number: u32, check_in: &str, check_out: &str, status: &str, created: &str) -> Value {
    row(
        "reservation.reservation",
        format!("00000000-0000-4000-8000-0000000000{number:02}"),
        json!({
            "created": created, "client": CLIENT, "property": HOUSE, "seller": 1, "check_in_date": check_in,
            "check_out_date": check_out, "guests": 2, "price_usd": "100.00", "price_sol": null, "origin": "aus",
            "advance_payment_currency": "sol", "status": status, "points_redeemed": "0.00",
        }),
    )
}

fn export() -> Vec<Value> {
    vec![
        row("auth.group", 1, json!({"name": "admin", "permissions": []})),
        row(
            "accounts.customuser",
            1,
            json!({"email": "Ana@personal.example", "username": "ana", "password": "x", "is_active": true, "groups": [1]}),
        ),
        row(
            "property.property",
            HOUSE,
            json!({"name": "Casa Austin 2", "slug": null, "detalle_dormitorios": {"h": {"camas": 2}}, "caracteristicas": ["Wifi"]}),
        ),
        row(
            "clients.clients",
            CLIENT,
            json!({"document_type": "dni", "number_doc": "1", "first_name": "Rosa", "last_name": null, "tel_number": "9"}),
        ),
        stay(1, "2025-03-01", "2025-03-04", "approved", "2025-01-02T10:00:00Z"),
        stay(2, "2025-03-03", "2025-03-05", "approved", "2025-01-01T10:00:00Z"),
        stay(3, "2025-03-02", "2025-03-04", "cancelled", "2025-01-03T10:00:00Z"),
        stay(4, "2025-05-09", "2025-05-09", "approved", "2025-01-03T10:00:00Z"),
        row("clients.achievement", "a1", json!({"name": "Semilla", "required_reservations": 1})),
        row(
            "reservation.rentalreceipt",
            "00000000-0000-4000-8000-0000000000cc",
            json!({"reservation": "00000000-0000-4000-8000-000000000001", "file": "rental_recipt/x.png"}),
        ),
        row("later.invention", 7, json!({"x": 1})),
        json!({"model": "clients.clients", "pk": "not-an-id", "fields": {}}),
        json!("nonsense"),
    ]
}

async fn import(store: &Store) -> Report {
    Importer::new(store.clone()).run(export(), &mut |_, _| {}).await.unwrap()
}

#[tokio::test]
async fn brings_everything_in_once() {
    let store = table().await;
    let first = import(&store).await;
    assert_eq!(first.imported["reservation.reservation"], 4);
    assert_eq!(first.imported["clients.achievement"], 1);
    assert_eq!(first.unknown_models["later.invention"], 1);
    let reasons: Vec<_> = first.rejected.iter().map(|row| row.pk.as_str()).collect();
    assert_eq!(reasons, ["?", "not-an-id", "00000000-0000-4000-8000-000000000004"]);

    let again = import(&store).await;
    assert_eq!(
        again.imported.keys().collect::<Vec<_>>(),
        ["auth.group"],
        "groups are written again, nothing else"
    );
    assert_eq!(again.unchanged, 10);
    assert!(again.conflicts.is_empty());

    let user = store.users().by_email("ana@PERSONAL.example").await.unwrap().unwrap();
    assert!(user.is_admin());
    let client: ClientId = CLIENT.parse().unwrap();
    assert_eq!(store.clients().get(client).await.unwrap().unwrap().client.first_name, "Rosa");
    let catalogue = store.houses().catalogue().await.unwrap();
    let house = catalogue.by_slug("casa-austin-2").unwrap();
    assert_eq!((house.caracteristicas.0.as_str(), house.swap_group.is_some()), ("[\"Wifi\"]", true));
}

#[tokio::test]
async fn double_booked_imports_are_reported_and_hold_nothing() {
    let store = table().await;
    let report = import(&store).await;
    let (older, newer): (ReservationId, ReservationId) = (
        "00000000-0000-4000-8000-000000000002".parse().unwrap(),
        "00000000-0000-4000-8000-000000000001".parse().unwrap(),
    );
    assert_eq!(report.conflicts.len(), 1);
    assert_eq!((report.conflicts[0].reservation, report.conflicts[0].held_by.clone()), (newer, vec![older]));
    let house: HouseId = HOUSE.parse().unwrap();
    let nights = held(&store, house).await;
    assert_eq!(nights.len(), 2);
    assert!(nights.values().all(|holder| *holder == older));
    let heads = store.reservations().heads().await.unwrap();
    let listed = store.reservations().list(&heads, &Wish::default(), Page::Everything).await.unwrap();
    assert_eq!(listed.total, 4, "all of them are in the list");

    // Once the way is free, an edit of the conflicting one claims its nights.
    let stored = store.reservations().get(older).await.unwrap().unwrap();
    let mut gone = stored.booked.reservation.clone();
    gone.deleted = true;
    support::commit(&store, Some(&stored), gone).await.unwrap();
    let stored = store.reservations().get(newer).await.unwrap().unwrap();
    let same = stored.booked.reservation.clone();
    support::commit(&store, Some(&stored), same).await.unwrap();
    assert_eq!(held(&store, house).await.len(), 3);
}
