//! What gateways tell.

use casa_domain::{payment::State, reservation::Status};
use casa_tests::card_fakes::{Fault, Faults, WebhookFault, openpay};
use reqwest::Client;
use rust_decimal::Decimal;
use serde_json::json;

use crate::{Setting, answer, card, with};

#[tokio::test]
async fn a_payment_is_decided_by_webhook_once() {
    let set = Setting::new().await;
    let openpay = json!({"gateway": "openpay", "device_session_id": "device-1"});
    for (number, fake, more) in [(1, &set.mercado_pago, json!({})), (2, &set.openpay, openpay.clone())] {
        let open = set.process(number, with(card(&format!("pending-{number}")), more.clone())).await;
        assert_eq!(open.body["error_code"], json!("PAYMENT_PROCESSING"), "{open:?}");
        let id = fake.payments()[0].id.clone();
        // Twice, and once more by somebody else.
        fake.plan_webhooks([Some(WebhookFault::Duplicate), Some(WebhookFault::WrongSignature)]);
        fake.resolve(&id, true).await;
        set.until(number, |one, payments| one.status == Status::Approved && payments[0].booked).await;
        let one = set.stored(number).await;
        assert_eq!((one.full_payment, one.advance_payment), (true, Some(Decimal::from(1000))));
        // The second call would rightly learn what happens below.
        fake.quiet().await;
        fake.refund_in_panel(&id, Decimal::from(100)).await;
        fake.quiet().await;
        assert!(fake.sent().iter().any(|sent| sent.status == 401), "{:?}", fake.sent());
        assert_eq!(set.payments(number).await[0].refunded(), Decimal::ZERO, "forged");
        // The gateway knows nothing now: the call is to come again.
        fake.plan(Faults::by(|_| Some(Fault::FailBefore)));
        fake.plan_webhooks([Some(WebhookFault::Delayed)]);
        fake.charge_back(&id).await;
        let refused = fake.deliver_webhooks().await;
        assert!(refused.contains(&503), "{refused:?}");
        fake.plan(Faults::default());
        fake.deliver_webhooks().await;
        set.until(number, |_, payments| payments[0].refunded() == Decimal::from(1000)).await;
        let one = set.stored(number).await;
        assert_eq!((one.full_payment, one.advance_payment), (false, Some(Decimal::ZERO)));
        let before = set.payments(number).await;
        fake.deliver_webhooks().await;
        assert_eq!(set.payments(number).await, before, "an old call changes nothing");
    }
    // Told before the guest is answered.
    set.mercado_pago.plan_webhooks([Some(WebhookFault::BeforeResponse)]);
    let early = set.process(3, card("ok-3")).await;
    assert_eq!(early.status, 200, "{early:?}");
    assert_eq!(set.payments(3).await[0].history.len(), 1);
    // Refused by the bank after all.
    set.process(4, card("pending-4")).await;
    let id = set.mercado_pago.payments().last().unwrap().id.clone();
    set.mercado_pago.resolve(&id, false).await;
    set.until(4, |_, payments| payments[0].state == State::Rejected).await;
    assert_eq!(set.stored(4).await.status, Status::Incomplete);
    set.logs_are_clean();
}

#[tokio::test]
async fn only_gateways_are_believed() {
    let set = Setting::new().await;
    assert_eq!(openpay::verify_webhook(&set.openpay).await, 200);
    let printed = set.casa.printed();
    assert!(printed.iter().any(|line| line.contains(openpay::CODE)), "{printed:?}");

    let post = |path: &str| Client::new().post(set.casa.url(path));
    let body = json!({"type": "payment", "data": {"id": "1000000001"}});
    let address = "payment/webhooks/mercadopago/?data.id=1000000001&type=payment";
    let unsigned = answer(post(address).json(&body)).await;
    assert_eq!(unsigned.status, 401, "{unsigned:?}");
    let signed = post(address).header("x-request-id", "r-1").header("x-signature", "ts=1700000000,v1=00ff");
    assert_eq!(answer(signed.json(&body)).await.status, 401);
    assert_eq!(answer(post("payment/webhooks/mercadopago/?topic=payment&id=1")).await.status, 401);
    let charge = json!({"type": "charge.succeeded", "transaction": {"id": "x1"}});
    assert_eq!(answer(post("payment/webhooks/openpay/").json(&charge)).await.status, 401);
    let login = |password: &str| post("payment/webhooks/openpay/").basic_auth(openpay::USER, Some(password));
    assert_eq!(answer(login("wrong").json(&charge)).await.status, 401);
    // What is nothing to us, and what nobody knows.
    assert_eq!(answer(login(openpay::PASSWORD).json(&charge)).await.status, 200);
    assert_eq!(answer(login(openpay::PASSWORD).json(&json!({"type": "payout.created"}))).await.status, 200);
    assert_eq!(answer(login(openpay::PASSWORD).body("no json")).await.status, 200);
    assert_eq!(answer(login(openpay::PASSWORD).body("x".repeat(70_000))).await.status, 413);
    // A process without secrets believes nobody.
    let later = set.later();
    let address = later.url("payment/webhooks/openpay/");
    let stranger = Client::new().post(address).basic_auth(openpay::USER, Some(openpay::PASSWORD));
    assert_eq!(answer(stranger.json(&charge)).await.status, 401);
    set.logs_are_clean();
}
