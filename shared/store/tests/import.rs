//! The importer: idempotent, complete, and honest about what it could not bring in.
#![allow(clippy::unwrap_used)] // helpers of tests fail loudly too

mod support;

use casa_domain::{ClientId, HouseId, ReservationId, Stay, ids::RowId, pricing::book::SpecialDate};
use casa_store::{
    Store, Wanted,
    import::{Importer, Report},
    reservations::{Page, Wish},
};
use serde_json::{Value, json};
use support::{held, table};

const HOUSE: &str = "00000000-0000-4000-8000-00000000000a";
const LEVEL: &str = "00000000-0000-4000-8000-0000000000a1";
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
        row("clients.achievement", LEVEL, json!({"name": "Semilla", "required_reservations": 1})),
        row(
            "clients.clientachievement",
            "00000000-0000-4000-8000-0000000000e1",
            json!({"client": CLIENT, "achievement": LEVEL, "earned_at": "2025-02-01T10:00:00Z"}),
        ),
        row(
            "property.exchangerate",
            "00000000-0000-4000-8000-0000000000d1",
            json!({"usd_to_sol": "3.755", "is_active": true}),
        ),
        row(
            "property.exchangerate",
            "00000000-0000-4000-8000-0000000000d2",
            json!({"usd_to_sol": "unreadable", "is_active": true}),
        ),
        row(
            "property.propertypricing",
            "00000000-0000-4000-8000-0000000000d3",
            json!({
                "property": HOUSE, "weekday_low_season_usd": "100.00", "weekend_low_season_usd": "160.00",
                "weekday_high_season_usd": "150.00", "weekend_high_season_usd": "220.00",
            }),
        ),
        row(
            "property.specialdatepricing",
            "00000000-0000-4000-8000-0000000000d4",
            json!({
                "property": HOUSE, "month": 3, "day": 31, "description": null, "price_usd": "300.00",
                "minimum_consecutive_nights": 2, "is_active": true,
            }),
        ),
        row(
            "property.specialdatepricing",
            "00000000-0000-4000-8000-0000000000d5",
            json!({
                "property": HOUSE, "month": 4, "day": 1, "price_usd": "300.00", "deleted": true, "is_active": true,
            }),
        ),
        row(
            "property.discountcode",
            "00000000-0000-4000-8000-0000000000d6",
            json!({
                "code": "Otoño", "discount_type": "percentage", "discount_value": "10.00", "start_date": "2025-01-01",
                "end_date": "2025-12-31", "usage_limit": 5, "used_count": 4, "properties": [],
            }),
        ),
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
    assert_eq!(
        reasons,
        ["?", "not-an-id", "00000000-0000-4000-8000-000000000004", "00000000-0000-4000-8000-0000000000d2"]
    );

    let again = import(&store).await;
    assert_eq!(
        again.imported.keys().collect::<Vec<_>>(),
        ["auth.group"],
        "groups are written again, nothing else"
    );
    assert_eq!(again.unchanged, 16);
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

#[tokio::test]
async fn quotes_stand_on_what_was_brought_in_and_see_edits_at_once() {
    let store = table().await;
    import(&store).await;
    let (house, client): (HouseId, ClientId) = (HOUSE.parse().unwrap(), CLIENT.parse().unwrap());
    let day = |month, day| chrono::NaiveDate::from_ymd_opt(2025, month, day).unwrap();
    let stay = Stay::new(day(3, 29), day(3, 31)).unwrap();
    let wanted = Wanted { stay, client: Some(client), code: Some(" OTOÑO ") };
    let ground = store.quotes().ground(&wanted).await.unwrap();
    assert_eq!(ground.houses.live().map(|house| house.id).collect::<Vec<_>>(), [house]);
    assert_eq!(ground.book.rate.to_string(), "3.755");
    let tariff = &ground.book.tariffs[&house];
    assert_eq!(tariff.rates.as_ref().unwrap().weekend_high_season_usd.to_string(), "220.00");
    assert_eq!(
        tariff.special_dates.iter().map(|date| date.is_active).collect::<Vec<_>>(),
        [true, false],
        "a deleted special date is switched off"
    );
    let code = ground.code.unwrap();
    assert_eq!((code.code.as_str(), code.used_count, code.usage_limit), ("Otoño", 4, Some(5)));
    let (_, guest) = ground.guest.unwrap();
    assert_eq!((guest.reservations, guest.approved, guest.levels.len()), (4, 3, 1));
    assert_eq!(guest.referrer_levels, None);
    assert!(ground.occupancy.is_held(house, day(3, 3)), "the month is read whole");

    // A warm process sees an edit and a change of a reservation with the next quote.
    store.prices().edit_tariff(house, |tariff| tariff.special_dates.clear()).await.unwrap();
    let id: ReservationId = "00000000-0000-4000-8000-000000000002".parse().unwrap();
    let stored = store.reservations().get(id).await.unwrap().unwrap();
    let mut gone = stored.booked.reservation.clone();
    gone.status = casa_domain::Status::Cancelled;
    support::commit(&store, Some(&stored), gone).await.unwrap();
    let ground = store.quotes().ground(&wanted).await.unwrap();
    assert!(ground.book.tariffs[&house].special_dates.is_empty());
    assert!(!ground.occupancy.is_held(house, day(3, 3)));
    assert_eq!(ground.guest.unwrap().1.approved, 2);
    let nobody = Wanted { stay, client: Some(HOUSE.parse().unwrap()), code: Some("nada") };
    let ground = store.quotes().ground(&nobody).await.unwrap();
    assert!(ground.guest.is_none() && ground.code.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_edits_of_a_tariff_lose_nothing() {
    let store = table().await;
    let house: HouseId = HOUSE.parse().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 1..=6u32 {
        let store = store.clone();
        tasks.spawn(async move {
            store
                .prices()
                .edit_tariff(house, |tariff| {
                    tariff.special_dates.push(SpecialDate {
                        id: RowId(uuid::Uuid::from_u128(number.into())),
                        month: number,
                        day: 1,
                        description: None,
                        price_usd: 1.into(),
                        minimum_consecutive_nights: 1,
                        is_active: true,
                    });
                })
                .await
                .unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(store.prices().book().await.unwrap().tariffs[&house].special_dates.len(), 6);
}
