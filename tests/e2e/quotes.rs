//! Quotes through HTTP: availability follows the decisions, edits are seen at once, and strangers learn of nobody.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use casa_domain::{HouseId, ids::RowId, pricing::book::SpecialDate};
use casa_tests::{
    Casa, Options,
    export::{id, row},
};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

const STATUSES: [&str; 6] = ["approved", "pending", "incomplete", "under_review", "rejected", "cancelled"];

/// One house per status, each with a stay in that status from the 10th to the 12th of June; a guest with points.
fn export() -> Value {
    let mut rows = vec![
        row("property.exchangerate", id(1), json!({"usd_to_sol": "3.755", "is_active": true})),
        row(
            "clients.clients",
            id(50),
            json!({
                "document_type": "dni", "number_doc": "70000001", "first_name": "Aurelia", "last_name": "Secreta",
                "tel_number": "51900000001", "points_balance": "12.00", "referral_code": "AUR001",
            }),
        ),
    ];
    for (number, status) in (10u32..).zip(STATUSES) {
        rows.push(row(
            "property.property",
            id(number),
            json!({
                "name": format!("Casa {number}"), "slug": format!("casa-{number}"), "precio_desde": "100.00",
                "caracteristicas": [], "detalle_dormitorios": {},
            }),
        ));
        rows.push(row("reservation.reservation", id(100 + number), json!({
            "client": id(50), "property": id(number), "check_in_date": "2026-06-10", "check_out_date": "2026-06-12",
            "guests": 2, "price_usd": "1.00", "price_sol": "3.75", "origin": "client", "status": status,
        })));
    }
    Value::Array(rows)
}

struct Setting {
    casa: Casa,
    http: Client,
    _folder: tempfile::TempDir,
}

impl Setting {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.json");
        std::fs::write(&file, export().to_string()).unwrap();
        let arguments =
            ["--memory", "--clock", "2026-06-01T10:00:00-05:00", "--import", file.to_str().unwrap()];
        let arguments = arguments.map(str::to_owned).to_vec();
        let casa = Casa::start(&Options { arguments, ..Options::default() });
        Self { casa, http: Client::new(), _folder: folder }
    }

    async fn quote(&self, from: &str, to: &str, more: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut query = vec![("check_in_date", from), ("check_out_date", to)];
        query.extend(more);
        let request = self.http.get(self.casa.url("properties/calculate-pricing/")).query(&query);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// Which houses are free, in the order of [`STATUSES`].
    async fn free(&self, from: &str, to: &str) -> Vec<bool> {
        let (status, answer) = self.quote(from, to, &[]).await;
        assert_eq!(status, 200);
        let houses = answer["data"]["properties"].as_array().unwrap();
        assert_eq!(houses.len(), STATUSES.len());
        houses.iter().map(|house| house["available"].as_bool().unwrap()).collect()
    }
}

/// Contract 04 §9, example 47, with decision 7: what is under review blocks too.
#[tokio::test]
async fn example_47_what_blocks_and_what_does_not() {
    let setting = Setting::new();
    assert_eq!(setting.free("2026-06-08", "2026-06-10").await, [true; 6]);
    assert_eq!(setting.free("2026-06-12", "2026-06-13").await, [true; 6]);
    assert_eq!(setting.free("2026-06-09", "2026-06-11").await, [false, false, false, false, true, true]);
}

/// Defect 2 of contract 04 §8: a special date refuses one house with its reason, and is told house by house otherwise.
#[tokio::test]
async fn special_dates_are_told_and_edits_seen_at_once() {
    let setting = Setting::new();
    let house: HouseId = id(10).parse().unwrap();
    let one = id(10);
    let only = [("property_id", one.as_str())];
    assert_eq!(setting.quote("2026-12-30", "2026-12-31", &only).await.0, 200);
    let store = setting.casa.shared.store();
    let special = SpecialDate {
        id: RowId("00000000-0000-4000-8000-000000000077".parse().unwrap()),
        month: 12,
        day: 31,
        description: Some("Fin de año".to_owned()),
        price_usd: 400.into(),
        minimum_consecutive_nights: 3,
        is_active: true,
    };
    store.prices().edit_tariff(house, |tariff| tariff.special_dates.push(special.clone())).await.unwrap();
    let (status, refused) = setting.quote("2026-12-30", "2026-12-31", &only).await;
    assert_eq!((status, &refused["error"]), (StatusCode::BAD_REQUEST, &json!(13)));
    assert!(refused["error_message"].as_str().unwrap().contains("Fin de año"));
    let (status, all) = setting.quote("2026-12-30", "2026-12-31", &[]).await;
    assert_eq!((status, &all["data"]["totalCasasDisponibles"]), (StatusCode::OK, &json!(5)));
    assert_eq!(all["data"]["properties"][0]["available"], false);
    assert_eq!(all["data"]["properties"][0]["availability_message"], refused["error_message"]);
    let (status, long) = setting.quote("2026-12-29", "2027-01-01", &only).await;
    assert_eq!((status, &long["data"]["properties"][0]["subtotal_usd"]), (StatusCode::OK, &json!(600.0)));
}

/// Defects 8 of contract 04 and 17 of 05: who asks for a guest by id learns the price, not the person.
#[tokio::test]
async fn strangers_learn_of_nobody() {
    let setting = Setting::new();
    let guest = id(50);
    let known = [("client_id", guest.as_str())];
    let (status, answer) = setting.quote("2026-06-09", "2026-06-11", &known).await;
    assert_eq!(status, 200);
    assert!(answer["data"].get("client_info").is_none());
    let query = [("check_in_date", "2026-06-09"), ("check_out_date", "2026-06-11"), known[0]];
    let request = setting.http.get(setting.casa.url("properties/calculate-pricing-erp/")).query(&query);
    let search = request.send().await.unwrap().text().await.unwrap();
    for text in [answer.to_string(), search] {
        for secret in ["Aurelia", "Secreta", "AUR001", "70000001", "51900000001", "client_benefits"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    let unknown = id(51);
    let (status, refused) =
        setting.quote("2026-06-09", "2026-06-11", &[("client_id", unknown.as_str())]).await;
    assert_eq!((status, &refused["error"]), (StatusCode::NOT_FOUND, &json!(6)));
}

/// Contract 04 §4.11 with defects 3 and 20 of §8.
#[tokio::test]
async fn special_dates_are_edited_whole_and_by_administrators() {
    let setting = Setting::new();
    let store = setting.casa.shared.store();
    for (email, group) in [("jefa@personal.example", "admin"), ("venta@personal.example", "vendedor")] {
        let new = casa_store::NewStaffUser {
            email: email.to_owned(),
            first_name: "Prueba".to_owned(),
            last_name: "Prueba".to_owned(),
            password_hash: casa_domain::password::hash("Prueba-2026").unwrap(),
            groups: vec![group.to_owned()],
            superuser: false,
            is_staff: true,
        };
        store.users().create(new, chrono::Utc::now()).await.unwrap();
    }
    let chief = setting.casa.sign_in("jefa@personal.example", "Prueba-2026").await;
    let seller = setting.casa.sign_in("venta@personal.example", "Prueba-2026").await;
    let post = |path: String, token: Option<String>, body: Value| {
        let request = setting.http.post(setting.casa.url(&path)).json(&body);
        async move {
            let request = match token {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    };
    let bulk = "admin/bulk-special-dates/".to_owned();
    let lines = |text: &str| json!({"property": id(10), "bulk_data": text, "overwrite_existing": true});
    let good = lines("28,7,Fiestas Patrias,150.005\n\n31,12,Fin de año,400");
    assert_eq!(post(bulk.clone(), None, good.clone()).await.0, 401);
    assert_eq!(post(bulk.clone(), Some(seller), good.clone()).await.0, 403);
    let (status, broken) =
        post(bulk.clone(), Some(chief.clone()), lines("28,7,Fiestas,150\n31,2,Nunca,100")).await;
    assert_eq!(status, 400, "{broken}");
    let price = async || {
        let house = id(10);
        let only = [("property_id", house.as_str())];
        setting.quote("2026-07-28", "2026-07-29", &only).await.1["data"]["properties"][0]["subtotal_usd"]
            .clone()
    };
    assert_eq!(price().await, 100.0, "a broken line enters nothing");
    let (status, entered) = post(bulk, Some(chief.clone()), good).await;
    assert_eq!((status, &entered["created"]), (200, &json!(2)), "{entered}");
    assert_eq!(price().await, 150.0);

    let manager = format!("admin/special-dates-manager/{}/", id(10));
    let one = |minimum: Value| {
        let mut date = json!({"month": 12, "day": 31, "description": "Fin de año", "price_usd": 420});
        if minimum.is_number() {
            date["minimum_consecutive_nights"] = minimum;
        }
        json!({"dates_data": [date]})
    };
    let (_, first) = post(manager.clone(), Some(chief.clone()), one(json!(3))).await;
    let (status, second) = post(manager, Some(chief), one(Value::Null)).await;
    assert_eq!(status, 200, "{second}");
    let (before, after) = (&first["special_dates"], &second["special_dates"]);
    assert_eq!(after.as_array().unwrap().len(), 1, "what is not listed is gone");
    assert_eq!((&after[0]["id"], &after[0]["minimum_consecutive_nights"]), (&before[0]["id"], &json!(3)));
    assert_eq!(after[0]["price_usd"], "420.00");
    assert_eq!(price().await, 100.0);
}
