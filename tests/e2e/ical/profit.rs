//! What months were billed.

use casa_tests::export::{id, row};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{DOS, Setting, UNO, house, stay};

fn earned(number: u32, in_house: u32, month: u32, year: u32, soles: &str) -> Value {
    let fields = json!({"property": id(in_house), "month": month, "year": year, "profit_sol": soles});
    row("property.profitpropertyairbnb", id(300 + number), fields)
}

#[tokio::test(flavor = "multi_thread")]
async fn months_are_billed_by_arrival_in_offered_houses() {
    let mut gone = house(3, "Casa Tres", None);
    gone["fields"]["deleted"] = json!(true);
    let setting = Setting::new(vec![
        gone,
        stay(1, UNO, "2025-11-28", "2025-12-03", json!({"price_sol": "1000.10"})),
        stay(2, DOS, "2025-11-01", "2025-11-03", json!({"price_sol": "500.05", "status": "cancelled"})),
        stay(3, DOS, "2025-11-05", "2025-11-06", json!({"price_sol": "77.00", "deleted": true})),
        stay(4, 3, "2025-11-05", "2025-11-06", json!({"price_sol": "88.00"})),
        stay(5, UNO, "2026-11-05", "2026-11-06", json!({"price_sol": null, "price_usd": "0.00", "advance_payment": "5.00", "advance_payment_currency": "usd"})),
        earned(1, UNO, 11, 2025, "20.00"),
        earned(2, UNO, 2, 2025, "7.50"),
        earned(3, 3, 11, 2025, "99.00"),
        earned(4, UNO, 11, 2024, "5.00"),
    ])
    .await;
    let months = async |path: &str| setting.call(Method::GET, path, None).await;
    let (status, year) = months("profit/?year=2025").await;
    assert_eq!(status, 200);
    let keys: Vec<_> = year.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre"
        ]
    );
    let sums: Vec<_> =
        ["enero", "febrero", "noviembre", "diciembre"].map(|month| year[month].as_str().unwrap()).into();
    assert_eq!(sums, ["0.00", "7.50", "1520.15", "0.00"]);
    assert_eq!(months("profit-resume/?year=2025").await, (200, year));
    assert_eq!(months("profit-resume/?year=2026").await.1["noviembre"], "0.00");

    // It moves with the reservation.
    let path = format!("reservations/{}/", id(101));
    let body = json!({"check_in_date": "2025-12-01", "price_sol": "900.00", "property": id(DOS)});
    assert_eq!(setting.call(Method::PATCH, &path, Some(body)).await.0, 200);
    let (_, year) = months("profit/?year=2025").await;
    assert_eq!((&year["noviembre"], &year["diciembre"]), (&json!("520.05"), &json!("900.00")));
    assert_eq!(setting.call(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(months("profit/?year=2025").await.1["diciembre"], "0.00");

    for query in ["", "?year=", "?year=0", "?year=10000", "?year=x", "?year=-1", "?year=2025.5"] {
        let (status, answer) = months(&format!("profit/{query}")).await;
        assert!(
            status == 400 && answer["year"].is_string() && answer["detail"].is_string(),
            "{query} {answer}"
        );
    }
    for path in ["profit/?year=2025", "profit-resume/?year=2025"] {
        assert_eq!(setting.http.get(setting.casa.url(path)).send().await.unwrap().status(), 401);
    }
}
