use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::*;

fn payment() -> Value {
    json!({
        "transaction_amount": 10.5, "token": "ok-1", "description": "Pago", "external_reference": "r-1",
        "payment_method_id": "visa", "installments": 1, "payer": {"email": "ana@personal.example"},
    })
}

fn charge() -> Value {
    json!({
        "method": "card", "source_id": "ok-1", "amount": 10.5, "currency": "PEN", "description": "Pago",
        "order_id": "r-1", "device_session_id": "d-1",
        "customer": {"name": "Ana", "email": "ana@personal.example"},
    })
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn to_mercado_pago(fake: &Fake, path: &str, key: &str) -> RequestBuilder {
    let request = Client::new().post(format!("{}/v1/payments{path}", fake.base));
    request.bearer_auth(mercado_pago::TOKEN).header("x-idempotency-key", key)
}

fn to_openpay(fake: &Fake, path: &str) -> RequestBuilder {
    let address = format!("{}/v1/{}/charges{path}", fake.base, openpay::MERCHANT);
    Client::new().post(address).basic_auth(openpay::KEY, Some(""))
}

#[tokio::test]
async fn mercado_pago_takes_only_what_is_documented() {
    let fake = mercado_pago::start().await;
    let address = format!("{}/v1/payments", fake.base);
    let stranger = Client::new().post(&address).header("x-idempotency-key", "k").json(&payment());
    assert_eq!(answer(stranger).await.0, 401);
    let keyless = Client::new().post(&address).bearer_auth(mercado_pago::TOKEN).json(&payment());
    assert_eq!(answer(keyless).await.0, 400);
    let typeless = to_mercado_pago(&fake, "", "k").body(payment().to_string());
    assert_eq!(answer(typeless).await.0, 400);
    for (body, code) in [
        (with(payment(), "transaction_amount", json!("10.50")), 1),
        (with(payment(), "transaction_amount", json!(10.505)), 1),
        (with(payment(), "transaction_amount", json!(0)), 1),
        (with(payment(), "installments", json!(0)), 1),
        (with(payment(), "token", json!(7)), 1),
        (with(payment(), "payer", json!({"email": null})), 1),
        (with(payment(), "payer", json!({"email": "ana"})), 4050),
        (with(payment(), "additional_info", json!({"items": []})), 1),
        (with(payment(), "currency", json!("PEN")), 8),
        (without(payment(), "external_reference"), 1),
        (with(payment(), "token", json!("used-1")), 3003),
        (with(payment(), "token", json!("what")), 2006),
        (json!([]), 1),
    ] {
        let (status, error) = answer(to_mercado_pago(&fake, "", "k").json(&body)).await;
        assert_eq!((status, &error["cause"][0]["code"]), (400, &json!(code)), "{body} {error}");
    }
    assert!(fake.payments().is_empty());
}

#[tokio::test]
async fn mercado_pago_repeats_its_first_answer() {
    let fake = mercado_pago::start().await;
    let first = answer(to_mercado_pago(&fake, "", "k").json(&payment())).await;
    assert_eq!((first.0, &first.1["status"]), (201, &json!("approved")));
    assert_eq!(answer(to_mercado_pago(&fake, "", "k").json(&payment())).await, first);
    let other = with(payment(), "transaction_amount", json!(11));
    assert_eq!(answer(to_mercado_pago(&fake, "", "k").json(&other)).await.0, 409);
    let (status, error) = answer(to_mercado_pago(&fake, "", "k2").json(&payment())).await;
    assert_eq!((status, &error["cause"][0]["code"]), (400, &json!(3003)), "a token is good for one charge");

    let refunds = format!("/{}/refunds", first.1["id"]);
    let half = json!({"amount": 5.5});
    let refund = answer(to_mercado_pago(&fake, &refunds, "r").json(&half)).await;
    assert_eq!(refund.0, 201);
    assert_eq!(answer(to_mercado_pago(&fake, &refunds, "r").json(&half)).await, refund);
    assert_eq!(answer(to_mercado_pago(&fake, &refunds, "r2").json(&half)).await.0, 400, "more than is left");
    assert_eq!(answer(to_mercado_pago(&fake, &refunds, "r3").json(&json!({}))).await.1["amount"], 5);
    assert_eq!(fake.payments()[0].refunded(), fake.payments()[0].amount);
}

#[tokio::test]
async fn openpay_takes_only_what_is_documented() {
    let fake = openpay::start().await;
    let address = format!("{}/v1/{}/charges", fake.base, openpay::MERCHANT);
    assert_eq!(answer(Client::new().post(&address).json(&charge())).await.0, 401);
    let other = Client::new().post(format!("{}/v1/other/charges", fake.base));
    assert_eq!(answer(other.basic_auth(openpay::KEY, Some("")).json(&charge())).await.0, 401);
    assert_eq!(answer(to_openpay(&fake, "").body(charge().to_string())).await.0, 415);
    for (body, status, code) in [
        (with(charge(), "amount", json!("10.5")), 400, 1001),
        (with(charge(), "amount", json!(10.505)), 400, 1001),
        (with(charge(), "currency", json!("USD")), 400, 1003),
        (with(charge(), "installments", json!(1)), 400, 1001),
        (with(charge(), "customer", json!({"name": "Ana"})), 400, 1001),
        (without(charge(), "device_session_id"), 400, 1001),
        (with(charge(), "source_id", json!("what")), 404, 1005),
    ] {
        let (http, error) = answer(to_openpay(&fake, "").json(&body)).await;
        assert_eq!((http, &error["error_code"]), (status, &json!(code)), "{body} {error}");
    }
    assert!(fake.payments().is_empty());
}

#[tokio::test]
async fn openpay_takes_an_order_once() {
    let fake = openpay::start().await;
    let (status, first) = answer(to_openpay(&fake, "").json(&charge())).await;
    assert_eq!((status, &first["status"]), (200, &json!("completed")));
    let again = with(charge(), "source_id", json!("ok-2"));
    let (status, error) = answer(to_openpay(&fake, "").json(&again)).await;
    assert_eq!((status, &error["error_code"]), (409, &json!(1006)));
    let refund = format!("/{}/refund", first["id"].as_str().unwrap());
    let (_, charge) = answer(to_openpay(&fake, &refund).json(&json!({"amount": 0.5}))).await;
    assert_eq!((&charge["status"], &charge["refund"]["amount"]), (&json!("completed"), &json!(0.5)));
    assert_eq!(answer(to_openpay(&fake, &refund).json(&json!({"amount": 10.5}))).await.0, 400);
    assert_eq!(answer(to_openpay(&fake, &refund).json(&json!({}))).await.1["status"], "refunded");
    assert_eq!(answer(to_openpay(&fake, &refund).json(&json!({}))).await.0, 400);
}
