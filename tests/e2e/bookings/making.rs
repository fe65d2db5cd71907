//! Making and calling off.

use casa_domain::Status;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::{CODE, Setting, booked, id, stay, with};

#[tokio::test]
async fn the_price_is_ours() {
    let setting = Setting::new().await;
    // Two guests, two nights at 100 dollars, at 3.75.
    let made = setting.book(0, stay(10, 2)).await;
    let one = setting.reservation(&booked(&made)).await;
    assert_eq!(
        (one.price_usd.unwrap().to_string(), one.price_sol.unwrap().to_string()),
        ("200.00".into(), "750.00".into())
    );
    assert_eq!(one.seller, Some(14), "the house's own seller");
    let shown = &made.1["reservation"];
    assert_eq!((&shown["status"], &shown["origin"]), (&json!("incomplete"), &json!("client")));
    assert_eq!(shown["payment_voucher_deadline"], "2026-06-01T11:00:00-05:00");
    assert_eq!(shown["property"]["on_temperature_pool_url"], json!(null));
    for wrong in [json!({"price_sol": "749.98"}), json!({"price_usd": 0}), json!({"price_latecheckout": "5"})]
    {
        let refused = setting.book(0, with(stay(14, 2), wrong)).await;
        assert_eq!(refused.0, 400);
        assert_eq!((&refused.1["price_sol"], &refused.1["price_usd"]), (&json!("750.00"), &json!("200.00")));
    }
    let right = with(stay(14, 2), json!({"price_sol": "750.01", "price_usd": 200}));
    assert_eq!(setting.book(0, right).await.0, 201, "a cent is let pass");
}

#[tokio::test]
async fn the_pool_is_sold_with_the_stay_where_there_is_one() {
    let setting = Setting::new().await;
    let made = setting.book(0, with(stay(10, 2), json!({"temperature_pool": true}))).await;
    let one = setting.reservation(&booked(&made)).await;
    assert!(one.temperature_pool);
    assert_eq!(
        (one.price_usd.unwrap().to_string(), one.price_temperature_pool.unwrap().to_string()),
        ("240.00".into(), "150.00".into())
    );
    let elsewhere = with(stay(10, 2), json!({"temperature_pool": true, "property": id(11)}));
    let refused = setting.book(0, elsewhere).await;
    assert_eq!(refused.0, 400);
    assert!(refused.1["errors"]["temperature_pool"].is_array(), "{}", refused.1);
}

#[tokio::test]
async fn what_cannot_be_sold_is_refused_and_changes_nothing() {
    let setting = Setting::new().await;
    let before = setting.casa.shared.clone();
    for (body, field) in [
        (with(stay(10, 2), json!({"check_in_date": "2026-05-31"})), "detail"),
        (with(stay(10, 2), json!({"check_out_date": "2026-06-10"})), "detail"),
        (with(stay(10, 2), json!({"property": id(99)})), "property"),
        (with(stay(10, 2), json!({"seller": 99})), "seller"),
        (with(stay(10, 2), json!({"discount_code": "NADIE"})), "discount_code"),
        (with(stay(10, 2), json!({"points_to_redeem": "500.01"})), "detail"),
        (with(stay(10, 1), json!({"points_to_redeem": "400"})), "detail"),
        (with(stay(10, 2), json!({"points_to_redeem": "-1"})), "points_to_redeem"),
        (with(stay(10, 2), json!({"guests": 0})), "guests"),
        (with(stay(10, 2), json!({"origin": "marte"})), "origin"),
        (
            json!({"property": id(11), "check_in_date": "2026-07-27", "check_out_date": "2026-07-29"}),
            "detail",
        ),
    ] {
        let refused = setting.book(0, body.clone()).await;
        assert_eq!(refused.0, 400, "{body}");
        assert!(refused.1["errors"][field].is_array(), "{body}: {}", refused.1);
        assert_eq!(refused.1["success"], false);
    }
    let entered = before.store().reservations().of_client(setting.guest(0).await.id).await.unwrap();
    assert!(entered.is_empty());
    assert_eq!((setting.points(0).await, setting.code_uses().await), ("500.00".to_owned(), 0));
}

#[tokio::test]
async fn points_code_and_nights_are_taken_together_and_given_back_once() {
    let setting = Setting::new().await;
    let body = with(stay(10, 2), json!({"points_to_redeem": "60.25", "discount_code": "tres"}));
    let made = setting.book(0, body.clone()).await;
    let booking = booked(&made);
    let shown = &made.1["reservation"];
    assert_eq!((&shown["points_redeemed"], &shown["discount_code_used"]), (&json!("60.25"), &json!(CODE)));
    assert_eq!(shown["resta_pagar"], "614.75", "675.00 less the points");
    assert_eq!((setting.points(0).await, setting.code_uses().await), ("439.75".to_owned(), 1));
    // Somebody else's booking of the same nights takes nothing.
    assert_eq!(setting.book(1, body.clone()).await.0, 400);
    assert_eq!((setting.points(1).await, setting.code_uses().await), ("500.00".to_owned(), 1));

    assert_eq!(setting.cancel(1, &booking).await.0, 404, "not theirs");
    let cancelled = setting.cancel(0, &booking).await;
    assert_eq!(
        (cancelled.0.as_u16(), &cancelled.1["points_returned"]),
        (200, &json!("60.25")),
        "{}",
        cancelled.1
    );
    assert_eq!(cancelled.1["refund_percentage"], 50.0);
    assert_eq!((setting.points(0).await, setting.code_uses().await), ("500.00".to_owned(), 0));
    let again = setting.cancel(0, &booking).await;
    assert_eq!((again.0.as_u16(), &again.1["points_returned"]), (200, &json!("0.00")));
    assert_eq!(setting.points(0).await, "500.00");
    // Deleting it afterwards gives nothing back a second time.
    let address = setting.casa.url(&format!("reservations/{booking}/"));
    let deleted = setting.http.delete(address).bearer_auth(&setting.staff).send().await.unwrap();
    assert_eq!((deleted.status().as_u16(), setting.points(0).await), (204, "500.00".to_owned()));
    booked(&setting.book(1, body).await);
}

#[tokio::test]
async fn the_same_request_books_once() {
    let setting = Setting::new().await;
    let body = with(stay(10, 2), json!({"points_to_redeem": "10"}));
    let answers = join_all((0..8).map(|_| setting.book_once(0, Some("clic-1"), body.clone()))).await;
    let first = booked(&answers[0]);
    assert!(answers.iter().all(|answer| booked(answer) == first), "{answers:?}");
    assert_eq!(setting.points(0).await, "490.00");
    let other = setting.book_once(0, Some("clic-1"), stay(20, 1)).await;
    assert_eq!(other.0, 400, "the key stands for another request: {}", other.1);
    // Keys are each guest's own.
    booked(&setting.book_once(1, Some("clic-1"), stay(20, 1)).await);
}

#[tokio::test]
async fn one_of_many_gets_the_nights_and_a_code_is_used_no_more_than_it_may() {
    let setting = Setting::new().await;
    let answers = join_all((0..10).map(|guest| setting.book(guest, stay(10, 3)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.0 == 201).count(), 1, "{answers:?}");
    let body = |guest: u32| with(stay(14 + guest, 1), json!({"discount_code": CODE}));
    let answers = join_all((0..10).map(|guest| setting.book(guest, body(guest as u32)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.0 == 201).count(), 3, "{answers:?}");
    let refused = answers.iter().filter(|answer| answer.1["errors"]["discount_code"].is_array()).count();
    assert_eq!((refused, setting.code_uses().await), (7, 3));
}

#[tokio::test]
async fn a_guest_s_points_are_spent_once_however_many_bookings_want_them() {
    let setting = Setting::new().await;
    let body = |day: u32| with(stay(day, 1), json!({"points_to_redeem": "200"}));
    let answers = join_all((10..18).map(|day| setting.book(0, body(day)))).await;
    let made = answers.iter().filter(|answer| answer.0 == 201).count();
    assert!((1..=2).contains(&made), "{answers:?}");
    assert!(answers.iter().all(|answer| [201, 400, 409].contains(&answer.0.as_u16())), "{answers:?}");
    assert_eq!(setting.points(0).await, format!("{}.00", 500 - 200 * made));
}

#[tokio::test]
async fn lists_file_bookings_by_what_is_waited_for() {
    let setting = Setting::new().await;
    let first = booked(&setting.book(0, stay(10, 2)).await);
    let second = booked(&setting.book(0, stay(14, 2)).await);
    assert_eq!(setting.change(&first, json!({"status": "approved"})).await, 200);
    let (status, list) = setting.ask(0, Method::GET, "clients/reservations/list/").await;
    assert_eq!(status, 200);
    let ids = |group: &str| -> Vec<String> {
        let rows = list[group].as_array().unwrap();
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("upcoming_reservations"), [first]);
    assert_eq!(ids("pending_reservations"), [second]);
    assert_eq!(ids("past_reservations"), [""; 0]);
    let (_, other) = setting.ask(1, Method::GET, "clients/reservations/list/").await;
    assert_eq!(other["pending_reservations"], json!([]));
}

#[tokio::test]
async fn calling_off_ends_with_the_day_of_arrival() {
    let setting = Setting::new().await;
    let today = booked(&setting.book(0, stay(1, 2)).await);
    let refused = setting.cancel(0, &today).await;
    assert_eq!((refused.0.as_u16(), &refused.1["success"]), (400, &json!(false)), "{}", refused.1);
    let rejected = booked(&setting.book(0, with(stay(10, 2), json!({"points_to_redeem": "5"}))).await);
    assert_eq!(setting.change(&rejected, json!({"status": "rejected"})).await, 200);
    assert_eq!(setting.points(0).await, "500.00", "refusing gives points back");
    assert_eq!(setting.cancel(0, &rejected).await.0, 400);
    assert_eq!(setting.reservation(&rejected).await.status, Status::Rejected);
    assert_eq!(setting.cancel(0, "no-es-un-id").await.0, 404);
}
