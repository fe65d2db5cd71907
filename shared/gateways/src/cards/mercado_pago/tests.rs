use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::{
    cards::{
        Forged, Notice, Payer,
        tests::{calm, charge, hasty, lines},
    },
    testing::{NOBODY, PAGE, Vendor as Server, settings, silent},
};

const REFERENCE: &str = "00000000-0000-0000-0000-000000000007";
const POST: &str = "POST /v1/payments";
const SEARCH: &str = "GET /v1/payments/search?external_reference=00000000-0000-0000-0000-000000000007";
const NONE_FOUND: &str = r#"{"results": []}"#;

fn at(base: &str) -> MercadoPago {
    MercadoPago::new(base, "secret").unwrap().with_patience(calm())
}

async fn gateway<T: Into<String>>(answers: impl IntoIterator<Item = (u16, T)>) -> (MercadoPago, Server) {
    let server = Server::start(answers).await;
    (at(&server.base), server)
}

fn payment(status: &str) -> String {
    json!({
        "id": 123_456, "status": status, "status_detail": "accredited", "transaction_amount": 1500.5,
        "transaction_amount_refunded": 0, "currency_id": "PEN", "external_reference": REFERENCE,
    })
    .to_string()
}

fn found(status: &str) -> String {
    format!(r#"{{"results": [{}]}}"#, payment(status))
}

fn refused(code: i64, about: &str) -> String {
    json!({"message": "no", "status": 400, "cause": [{"code": code, "description": about}]}).to_string()
}

#[tokio::test]
async fn a_charge_is_sent_as_documented() {
    let (gateway, server) = gateway([(201, payment("approved"))]).await;
    let gateway = gateway.with_notification_url("https://casa.example/webhook/");
    let seen = gateway.charge(&charge()).await.unwrap();
    assert_eq!(
        seen,
        Seen {
            transaction: "123456".to_owned(),
            reference: Some(Uuid::from_u128(7)),
            standing: Standing::Approved,
            status: "approved".to_owned(),
            detail: "accredited".to_owned(),
            amount: "1500.5".parse().unwrap(),
            refunded: Decimal::ZERO,
            charged_back: false,
        }
    );
    let call = server.call();
    assert_eq!(call.line, POST);
    assert_eq!(call.header("authorization"), "Bearer secret");
    assert_eq!(call.header("x-idempotency-key"), REFERENCE);
    assert!(call.body.contains(r#""transaction_amount":1500.5,"#), "{}", call.body);
    assert_eq!(
        call.json(),
        json!({
            "transaction_amount": 1500.5, "token": "card-secret", "description": "Pago reserva #1 - Casa Uno",
            "external_reference": REFERENCE, "payment_method_id": "visa", "installments": 1,
            "payer": {
                "email": "ana@personal.example", "first_name": "Ana", "last_name": "Lira",
                "phone": {"area_code": "51", "number": "+51987654321"},
                "address": {"zip_code": "15001", "street_name": "Calle Principal", "street_number": 123},
            },
            "additional_info": {
                "items": [{"id": "house-1", "title": "Casa Uno", "quantity": 1, "unit_price": 1500.5}],
            },
            "notification_url": "https://casa.example/webhook/",
        })
    );
}

#[tokio::test]
async fn what_a_guest_lacks_is_sent_as_documented() {
    let (gateway, server) = gateway([(201, payment("approved"))]).await;
    let payer = Payer { first_name: "Ana".to_owned(), ..Payer::default() };
    gateway.charge(&Charge { payer, ..charge() }).await.unwrap();
    let body = server.call().json();
    assert_eq!(body["payer"]["phone"]["number"], "999888777");
    assert_eq!((&body["payer"]["email"], &body["payer"]["last_name"]), (&Value::Null, &Value::Null));
    assert!(body.get("notification_url").is_none());
}

#[tokio::test]
async fn every_status_has_a_standing() {
    for (status, standing) in [
        ("approved", Standing::Approved),
        ("authorized", Standing::Approved),
        ("in_mediation", Standing::Approved),
        ("refunded", Standing::Approved),
        ("charged_back", Standing::Approved),
        ("pending", Standing::Processing),
        ("in_process", Standing::Processing),
        ("rejected", Standing::Rejected),
        ("cancelled", Standing::Cancelled),
    ] {
        let (gateway, _server) = gateway([(201, payment(status))]).await;
        let seen = gateway.charge(&charge()).await.unwrap();
        assert_eq!((seen.standing, seen.status.as_str()), (standing, status));
        assert_eq!(seen.charged_back, status == "charged_back");
    }
}

#[tokio::test]
async fn a_refusal_says_why_and_is_not_tried_again() {
    for (body, code) in [
        (refused(1, "card_token already_used"), RefusalCode::TokenUsed),
        (refused(1, "invalid_token"), RefusalCode::TokenInvalid),
        (refused(2006, "Card Token not found"), RefusalCode::TokenInvalid),
        (json!({"message": "x", "cause": [{"code": "3003"}]}).to_string(), RefusalCode::TokenInvalid),
        (refused(4050, "payer.email must be a valid email"), RefusalCode::Other),
        (json!({"message": "x", "cause": null}).to_string(), RefusalCode::Other),
        (PAGE.to_owned(), RefusalCode::Other),
    ] {
        let (gateway, server) = gateway([(400, body.clone())]).await;
        let error = gateway.charge(&charge()).await.unwrap_err();
        assert!(
            matches!(&error, ChargeError::Refused { code: c, status: 400 } if *c == code),
            "{body} {error}"
        );
        assert_eq!(lines(&server.calls()), [POST], "{body}");
    }
}

#[tokio::test]
async fn trouble_is_tried_again_under_the_same_key() {
    for trouble in [500, 502, 503, 408, 302] {
        let answers = [(trouble, String::new()), (trouble, String::new()), (201, payment("approved"))];
        let (gateway, server) = gateway(answers).await;
        gateway.charge(&charge()).await.unwrap();
        let calls = server.calls();
        assert_eq!(lines(&calls), [POST, POST, POST], "{trouble}");
        for call in calls {
            assert_eq!(call.header("x-idempotency-key"), REFERENCE);
        }
    }
}

#[tokio::test]
async fn trouble_without_end_is_looked_up() {
    let trouble = || (0..3).map(|_| (500, String::new()));
    let (gateway, server) = gateway(trouble().chain([(200, found("approved"))])).await;
    assert_eq!(gateway.charge(&charge()).await.unwrap().transaction, "123456");
    assert_eq!(lines(&server.calls()), [POST, POST, POST, SEARCH]);

    for last in [(200, NONE_FOUND.to_owned()), (500, String::new()), (200, PAGE.to_owned())] {
        let (gateway, _server) = self::gateway(trouble().chain([last])).await;
        let error = gateway.charge(&charge()).await.unwrap_err();
        assert!(matches!(error, ChargeError::Unknown(GatewayError::Busy { .. })), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_after_trouble_may_be_our_own_doing() {
    let used = || (400, refused(1, "already_used"));
    let answers = [(500, String::new()), used(), (200, found("approved"))];
    let (gateway, server) = gateway(answers).await;
    assert_eq!(gateway.charge(&charge()).await.unwrap().standing, Standing::Approved);
    assert_eq!(lines(&server.calls()), [POST, POST, SEARCH]);

    let answers =
        [(500, String::new()), used(), (200, NONE_FOUND.to_owned()), used(), (200, NONE_FOUND.to_owned())];
    let (gateway, _server) = self::gateway(answers).await;
    let error = gateway.charge(&charge()).await.unwrap_err();
    assert!(matches!(error, ChargeError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn what_the_gateway_has_already_is_looked_up() {
    for (status, body) in [(400, refused(2001, "same request")), (409, String::new()), (423, String::new())] {
        let (gateway, server) = gateway([(status, body), (200, found("in_process"))]).await;
        assert_eq!(gateway.charge(&charge()).await.unwrap().standing, Standing::Processing);
        assert_eq!(lines(&server.calls()), [POST, SEARCH], "{status}");
    }
    let (gateway, server) = gateway([(400, refused(2004, "POST fail")), (201, payment("approved"))]).await;
    gateway.charge(&charge()).await.unwrap();
    assert_eq!(lines(&server.calls()), [POST, POST]);
}

#[tokio::test]
async fn a_success_that_makes_no_sense_is_no_refusal() {
    let dollars = payment("approved").replace("PEN", "USD");
    let another = payment("approved").replace("0007", "0008");
    let unheard = payment("teleported");
    let address = payment("approved").replace("123456", "\"../users\"");
    for body in [PAGE.to_owned(), "{}".to_owned(), dollars, another, unheard, address] {
        let turn = || [(201, body.clone()), (200, NONE_FOUND.to_owned())];
        let (gateway, server) = gateway(turn().into_iter().chain(turn()).chain(turn())).await;
        let error = gateway.charge(&charge()).await.unwrap_err();
        assert!(matches!(error, ChargeError::Unknown(_)), "{body} {error}");
        assert_eq!(lines(&server.calls()), [POST, SEARCH, POST, SEARCH, POST, SEARCH]);
    }
}

#[tokio::test]
async fn what_never_arrived_was_not_charged() {
    let refused = |error: ChargeError, wanted: u16| match error {
        ChargeError::Refused { code: RefusalCode::Unavailable, status } => assert_eq!(status, wanted),
        error => panic!("{error}"),
    };
    refused(at(NOBODY).charge(&charge()).await.unwrap_err(), 0);
    let (gateway, server) = gateway([(429, "")]).await;
    refused(gateway.charge(&charge()).await.unwrap_err(), 429);
    assert_eq!(server.calls().len(), 3);
}

#[tokio::test]
async fn a_silence_ends_in_time_and_is_no_refusal() {
    let begun = Instant::now();
    let error = at(&silent("").await).with_patience(hasty()).charge(&charge()).await.unwrap_err();
    assert!(matches!(error, ChargeError::Unknown(_)), "{error}");
    assert!(begun.elapsed() < hasty().whole + Duration::from_secs(1), "{:?}", begun.elapsed());
    let error = at(&silent("HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{").await)
        .with_patience(hasty())
        .charge(&charge())
        .await;
    assert!(matches!(error, Err(ChargeError::Unknown(_))));
}

#[tokio::test]
async fn parts_of_a_cent_are_not_sent() {
    let (gateway, server) = gateway([(201, payment("approved"))]).await;
    for amount in ["0", "-5", "10.005"] {
        let error =
            gateway.charge(&Charge { amount: amount.parse().unwrap(), ..charge() }).await.unwrap_err();
        assert!(matches!(error, ChargeError::Refused { code: RefusalCode::Other, status: 0 }), "{error}");
        let error = gateway.refund("1", amount.parse().unwrap(), Uuid::from_u128(9)).await.unwrap_err();
        assert!(matches!(error, RefundError::Refused { status: 0 }), "{error}");
    }
    assert!(server.calls().is_empty());
}

#[tokio::test]
async fn the_truth_is_looked_up() {
    let refunded = payment("approved")
        .replace(r#""transaction_amount_refunded":0"#, r#""transaction_amount_refunded":0.3"#);
    let (gateway, server) = gateway([(200, refunded)]).await;
    let seen = gateway.look_up("123456").await.unwrap().unwrap();
    assert_eq!((seen.amount, seen.refunded), ("1500.5".parse().unwrap(), "0.3".parse().unwrap()));
    assert_eq!(server.call().line, "GET /v1/payments/123456");
    assert_eq!(server.call().header("authorization"), "Bearer secret");
    assert!(gateway.look_up("999").await.is_err(), "another payment");
    assert!(gateway.look_up("../users").await.unwrap().is_none());
    assert_eq!(server.calls().len(), 2);

    let (gateway, _server) = self::gateway([(404, "{}")]).await;
    assert!(gateway.look_up("123456").await.unwrap().is_none());
    for (status, busy) in [(500, true), (429, true), (401, false)] {
        let (gateway, _server) = self::gateway([(status, "{}")]).await;
        let error = gateway.look_up("123456").await.unwrap_err();
        assert_eq!(matches!(error, GatewayError::Busy { .. }), busy, "{error}");
    }
}

#[tokio::test]
async fn a_search_takes_only_what_is_ours() {
    let other = payment("approved").replace("0007", "0008");
    let text = payment("approved").replace(REFERENCE, "RES-1-2");
    let ours = payment("rejected");
    let (gateway, server) = gateway([(200, format!(r#"{{"results": [{other}, {text}, {ours}]}}"#))]).await;
    assert_eq!(gateway.find(Uuid::from_u128(7)).await.unwrap().unwrap().standing, Standing::Rejected);
    assert_eq!(server.call().line, SEARCH);
    let (gateway, _server) = self::gateway([(200, NONE_FOUND)]).await;
    assert!(gateway.find(Uuid::from_u128(7)).await.unwrap().is_none());
}

#[tokio::test]
async fn refunds_name_their_amount_and_key() {
    let (gateway, server) = gateway([(201, r#"{"id": 9, "status": "approved"}"#)]).await;
    gateway.refund("123456", "10.10".parse().unwrap(), Uuid::from_u128(9)).await.unwrap();
    let call = server.call();
    assert_eq!(call.line, "POST /v1/payments/123456/refunds");
    assert_eq!(call.header("x-idempotency-key"), Uuid::from_u128(9).to_string());
    assert_eq!(call.body, r#"{"amount":10.1}"#);
}

#[tokio::test]
async fn refunds_that_were_refused_are_told_from_open_ones() {
    for (status, body, refused) in [
        (400, "{}", true),
        (404, "{}", true),
        (201, r#"{"id": 9, "status": "rejected"}"#, true),
        (201, PAGE, false),
        (409, "{}", false),
        (429, "{}", false),
        (500, "{}", false),
        (302, "", false),
    ] {
        let (gateway, _server) = gateway([(status, body)]).await;
        let error = gateway.refund("1", Decimal::ONE, Uuid::from_u128(9)).await.unwrap_err();
        assert_eq!(matches!(error, RefundError::Refused { .. }), refused, "{status} {error}");
    }
    let error = at(&silent("").await)
        .with_patience(hasty())
        .refund("1", Decimal::ONE, Uuid::from_u128(9))
        .await
        .unwrap_err();
    assert!(matches!(error, RefundError::Unknown(_)), "{error}");
}

#[test]
fn settings_decide() {
    assert!(MercadoPago::configured(settings(&[])).is_none());
    let plain = MercadoPago::configured(settings(&[("MERCADOPAGO_ACCESS_TOKEN", "t")])).unwrap();
    assert_eq!(plain.payments, "https://api.mercadopago.com/v1/payments");
    assert_eq!((plain.notification_url.as_deref(), format!("{plain:?}").as_str()), (None, "MercadoPago(…)"));
    let other = MercadoPago::configured(settings(&[
        ("MERCADOPAGO_ACCESS_TOKEN", "t"),
        ("MERCADOPAGO_URL", "http://localhost/"),
        ("MERCADOPAGO_NOTIFICATION_URL", "https://casa.example/"),
    ]));
    let other = other.unwrap();
    assert_eq!(other.payments, "http://localhost/v1/payments");
    assert_eq!(other.notification_url.as_deref(), Some("https://casa.example/"));
    assert!(MercadoPago::new("http://localhost", "a\nb").is_none());
}

/// Sums of an invented secret, computed with Python's `hmac`.
#[test]
fn a_signature_covers_id_request_and_time() {
    let secret = WebhookSecret::new("hook-secret").unwrap();
    let full = "ts=1700000000,v1=bb471c80bfb7f72576528fac78ce735a75fbe7faf1de7127009e1b19ecdb2542";
    let check = |signature: &str, request: Option<&str>, id: Option<&str>| {
        secret.verify(Some(signature), request, id)
    };
    let (request, id) = (Some("req-1"), Some("123456"));
    assert_eq!(check(full, request, id), Ok(()));
    assert_eq!(check(&full.replace(",", " , ").replace("=", " = "), request, id), Ok(()));
    for (signature, request, id) in [
        (full.replace("1700000000", "1700000001"), request, id),
        (full.to_owned(), Some("req-2"), id),
        (full.to_owned(), None, id),
        (full.to_owned(), request, Some("123457")),
        (full.to_owned(), request, None),
        (full.replace("v1=", "v1=00"), request, id),
        ("ts=1700000000".to_owned(), request, id),
        ("ts=1700000000,v1=".to_owned(), request, id),
        ("ts=1700000000,v1=zz".to_owned(), request, id),
        ("ts=1700000000,v1=ñ1".to_owned(), request, id),
        (String::new(), request, id),
    ] {
        assert_eq!(check(&signature, request, id), Err(Forged), "{signature}");
    }
    assert_eq!(secret.verify(None, request, id), Err(Forged));
    // Letters are signed in lower case; what is absent is left out.
    assert_eq!(
        check(
            "ts=1700000000,v1=4571f079620772c03d405492f40b7cbad7ec4e787302a9654d88d67f40c4cf08",
            request,
            Some("AbC1")
        ),
        Ok(())
    );
    assert_eq!(
        check("ts=1700000000,v1=59686d397e3a090ef8e83138bac14bd1b733fce05fb4a6ff87530099f8e8730d", None, id),
        Ok(())
    );
    assert!(WebhookSecret::new("").is_none());
    assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
}

#[test]
fn only_what_is_signed_is_believed() {
    let read = |id: Option<&str>, body: Value| notice(id, body.to_string().as_bytes());
    let payment = || Notice::Payment("123456".to_owned());
    for id in [json!("123456"), json!(123_456), Value::Null] {
        let body = json!({"type": "payment", "action": "payment.updated", "data": {"id": id}});
        assert_eq!(read(Some("123456"), body), payment());
    }
    for (id, body) in [
        (Some("123456"), json!({"type": "payment", "data": {"id": "999"}})),
        (Some("123456"), json!({"type": "order", "data": {"id": "123456"}})),
        (Some("123456"), json!({"topic": "payment", "resource": "https://x.example/123456"})),
        (Some("1/../2"), json!({"type": "payment", "data": {}})),
        (None, json!({"type": "payment", "data": {"id": "123456"}})),
        (Some("123456"), json!([1])),
    ] {
        assert_eq!(read(id, body.clone()), Notice::Other, "{body}");
    }
    assert_eq!(notice(Some("1"), b"\xff"), Notice::Other);
}
