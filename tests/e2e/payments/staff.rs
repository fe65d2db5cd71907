//! What staff see and do.

use casa_domain::payment::Cause;
use casa_tests::card_fakes::{Fault, Faults, WebhookFault};
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{SELLER, Setting, card, member, stay, with};

/// Keys of a payment.
const KEYS: [&str; 19] = [
    "id",
    "created",
    "updated",
    "reservation",
    "property",
    "client",
    "purpose",
    "gateway",
    "amount",
    "refunded",
    "left",
    "partial",
    "status",
    "gateway_status",
    "detail",
    "transaction_id",
    "booked",
    "refunds",
    "history",
];

impl Setting {
    async fn refund(&self, token: &str, payment: &Value, body: Value) -> (u16, Value) {
        let path = format!("payments/{}/refund/", payment.as_str().unwrap());
        let answer = self.send(Some(token), Method::POST, &path, Some(body)).await;
        (answer.status, answer.body)
    }
}

#[tokio::test]
async fn payments_are_listed_newest_first() {
    let set = Setting::new().await;
    let openpay = json!({"gateway": "openpay", "device_session_id": "device-1"});
    set.process(1, card("decline-1")).await;
    let second = set.process(1, with(card("ok-1"), openpay)).await;
    let third = set.process(2, card("pending-2")).await;
    let page = set.get("payments/?page_size=2").await;
    assert_eq!((&page["count"], &page["actual"], &page["total_paginas"]), (&json!(3), &json!(1), &json!(2)));
    assert!(page["next"].as_str().unwrap().contains("page=2") && page["previous"].is_null());
    let rows = page["results"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        let keys: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS, "never more than these");
    }
    let ids = |page: &Value| -> Vec<Value> {
        page["results"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
    };
    let all = ids(&set.get("payments/").await);
    assert!(all.contains(&second.body["payment_id"]) && all.contains(&third.body["payment_id"]));
    for (query, count) in [
        ("status=approved", 1),
        ("status=processing", 1),
        ("gateway=openpay", 1),
        ("gateway=mercadopago", 2),
        ("year=2025&month=11", 3),
        ("month=10", 0),
        ("year=2024", 0),
    ] {
        assert_eq!(set.get(&format!("payments/?{query}")).await["count"], json!(count), "{query}");
    }
    let of_stay = set.get(&format!("payments/?reservation={}", stay(1))).await;
    assert_eq!(of_stay["count"], json!(2));
    let one = set.get(&format!("payments/{}/", second.body["payment_id"].as_str().unwrap())).await;
    assert_eq!(
        (&one["amount"], &one["left"], &one["booked"]),
        (&json!("1000.00"), &json!("1000.00"), &json!(true))
    );
    assert_eq!((&one["reservation"], &one["status"]), (&json!(stay(1)), &json!("approved")));
    assert_eq!(one["created"], json!("2025-11-12T10:30:00-05:00"));

    for (path, status) in [
        ("payments/?status=paid", 400),
        ("payments/?gateway=paypal", 400),
        ("payments/?month=13", 400),
        ("payments/?reservation=x", 400),
        ("payments/?page=9", 404),
        ("payments/none/", 404),
        ("payments/00000000-0000-4000-8000-000000000999/", 404),
    ] {
        let answer = set.send(Some(&set.admin), Method::GET, path, None).await;
        assert_eq!(answer.status, status, "{path} {answer:?}");
        assert!(answer.body["detail"].is_string(), "{answer:?}");
    }
    let seller = member(&set.casa, SELLER, "vendedor").await;
    let nobody = member(&set.casa, "limpieza@personal.example", "mantenimiento").await;
    for (token, status) in [(None, 401), (Some(&set.ana), 401), (Some(&nobody), 403), (Some(&seller), 200)] {
        let answer = set.send(token.map(String::as_str), Method::GET, "payments/", None).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    set.logs_are_clean();
}

#[tokio::test]
async fn administrators_give_money_back() {
    let set = Setting::new().await;
    let paid = set.process(1, card("ok-1")).await.body["payment_id"].clone();
    let declined = set.process(2, card("decline-2")).await.body["payment_id"].clone();
    let seller = member(&set.casa, SELLER, "vendedor").await;
    assert_eq!(set.refund(&seller, &paid, json!({})).await.0, 403);
    assert_eq!(set.refund(&set.ana, &paid, json!({})).await.0, 401);
    assert_eq!(set.refund(&set.admin, &json!(stay(1)), json!({})).await.0, 404);
    assert_eq!(set.refund(&set.admin, &json!("x"), json!({})).await.0, 404);
    assert_eq!(set.refund(&set.admin, &declined, json!({})).await.0, 400);
    for amount in [json!(0), json!(-1), json!(1000.01), json!("mil"), json!(0.001)] {
        let (status, body) = set.refund(&set.admin, &paid, json!({"amount": amount})).await;
        assert_eq!((status, body["detail"].is_string()), (400, true), "{amount} {body}");
    }
    assert_eq!(set.mercado_pago.payments()[0].refunded(), Decimal::ZERO);

    let (status, body) = set.refund(&set.admin, &paid, json!({"amount": "400.50"})).await;
    assert_eq!(
        (status, &body["refunded"], &body["left"]),
        (200, &json!("400.50"), &json!("599.50")),
        "{body}"
    );
    assert_eq!(
        (&body["refunds"][0]["status"], &body["refunds"][0]["cause"]),
        (&json!("done"), &json!("staff"))
    );
    let one = set.stored(1).await;
    assert_eq!((one.full_payment, one.advance_payment), (false, Some("599.50".parse().unwrap())));
    // Nobody knows whether the rest went back; it is not asked for twice.
    set.mercado_pago.plan_webhooks([Some(WebhookFault::Delayed)]);
    set.mercado_pago.plan(Faults::always(Fault::FailAfter));
    let (status, body) = set.refund(&set.admin, &paid, json!({})).await;
    assert_eq!((status, &body["refunds"][1]["status"]), (202, &json!("asked")), "{body}");
    assert_eq!(set.refund(&set.admin, &paid, json!({})).await.0, 409);
    set.mercado_pago.plan(Faults::default());
    let later = set.later();
    let settled = reqwest::Client::new().post(format!("{}/_casa/run/payments-settle", later.base));
    assert_eq!(settled.send().await.unwrap().status(), 200);
    let payment = set.payments(1).await.remove(0);
    assert_eq!(payment.refunded(), Decimal::from(1000));
    assert!(payment.refunds.iter().all(|refund| refund.cause == Cause::Staff), "{payment:?}");
    assert_eq!(set.mercado_pago.payments()[0].refunded(), Decimal::from(1000));
    assert_eq!(set.stored(1).await.advance_payment, Some(Decimal::ZERO));
    let (status, body) = set.refund(&set.admin, &paid, json!({})).await;
    assert_eq!(status, 400, "nothing is left: {body}");
    set.logs_are_clean();
}
