//! Which members of staff may do what.

use casa_tests::{
    contents::Contents,
    document::{Operation, operations},
};
use serde_json::{Value, json};

use crate::Setting;

#[tokio::test]
async fn roles() {
    let setting = Setting::new();
    let maintenance = setting.token("mant1").await;
    let (own, other) = (setting.token("vendedor1").await, setting.token("vendedor2").await);
    let manager = setting.token("gerente").await;
    let operations = operations(&setting.casa).await;
    let before = Contents::of(&setting.casa.shared).await;

    // Maintenance writes neither reservations nor photos. Nor does anything else that names 403 let it in.
    let guarded: Vec<_> =
        operations.iter().filter(|one| one.staff && one.answers.contains_key(&403)).collect();
    for wanted in [
        "POST /api/v1/reservations/",
        "PATCH /api/v1/reservations/{id}/",
        "DELETE /api/v1/reservations/{id}/",
        "PUT /api/v1/reservations/{id}/",
        "POST /api/v1/photos/",
        "DELETE /api/v1/photos/{id}/",
        "DELETE /api/v1/recipt/{id}/",
        "POST /api/v1/photos/upload_photo/",
        "GET /api/v1/clients/points/balance/",
        "GET /api/v1/clients/points/history/",
        "POST /api/v1/clients/points/adjust/",
        "POST /api/v1/clients/points/redeem/",
        "POST /api/v1/properties/{number}/photos/",
        "DELETE /api/v1/delete-recipe/{id}/",
        "GET /api/v1/payments/",
        "GET /api/v1/payments/{id}/",
        "POST /api/v1/payments/{id}/refund/",
        "GET /api/v1/calendar-feeds/",
        "POST /api/v1/calendar-feeds/",
        "DELETE /api/v1/calendar-feeds/{id}/",
        "POST /api/v1/calendar-feeds/{id}/sync/",
    ] {
        assert!(guarded.iter().any(|one| one.name() == wanted), "{wanted} is guarded");
    }
    for operation in guarded {
        let answer = setting.request(operation).bearer_auth(&maintenance).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{}", operation.name());
        // The dialog for points shows `message` (contract 02 §3.12).
        let body: Value = answer.json().await.unwrap();
        assert!(body["detail"].is_string() || body["message"].is_string(), "{}: {body}", operation.name());
    }
    // It reads them.
    let contract = format!("reservations/{}/contrato/", setting.set.reservation());
    let read = ["reservations/", "vistacalendario/?year=2025", "property/", "profit/?year=2025", &contract];
    for path in read {
        let answer = setting.http.get(setting.casa.url(path)).bearer_auth(&maintenance).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }

    // Sellers see payments. Giving money back, and whose stays come in from elsewhere, is for administrators.
    let answer = setting.http.get(setting.casa.url("payments/")).bearer_auth(&own).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let of_administrators =
        |one: &&Operation| one.path.contains("/calendar-feeds/") || one.path.ends_with("/refund/");
    for operation in operations.iter().filter(of_administrators) {
        let answer = setting.request(operation).bearer_auth(&own).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{}", operation.name());
        let answer = setting.request(operation).bearer_auth(&manager).send().await.unwrap();
        assert!([200, 400, 404, 415].contains(&answer.status().as_u16()), "{}: {answer:?}", operation.name());
    }

    // Somebody else's reservation can be read but is not there to be changed.
    let path = setting.casa.url(&format!("reservations/{}/", setting.set.reservation()));
    let change = json!({"comentarios_reservas": "x"});
    let whole = json!({"property": setting.set.rows("property.property")[0].0, "check_in_date": "2033-01-01",
        "check_out_date": "2033-01-03"});
    for request in [
        setting.http.patch(&path).json(&change),
        setting.http.put(&path).json(&whole),
        setting.http.delete(&path),
    ] {
        assert_eq!(request.bearer_auth(&other).send().await.unwrap().status(), 404);
    }
    assert_eq!(setting.http.get(&path).bearer_auth(&other).send().await.unwrap().status(), 200);
    assert_eq!(before.differences(&Contents::of(&setting.casa.shared).await), Vec::<String>::new());

    let answer = setting.http.patch(&path).bearer_auth(&own).json(&change).send().await.unwrap();
    assert_eq!(answer.status(), 200, "its own seller changes it");
    // A seller books no maintenance and does not hand reservations to others.
    let answer =
        setting.http.patch(&path).bearer_auth(&own).json(&json!({"origin": "man"})).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let other_id = setting.user("vendedor2").await.id;
    let _ =
        setting.http.patch(&path).bearer_auth(&own).json(&json!({"seller": other_id})).send().await.unwrap();
    let answer = setting.http.patch(&path).bearer_auth(&other).json(&change).send().await.unwrap();
    assert_eq!(answer.status(), 404, "it stays its seller's");
}
