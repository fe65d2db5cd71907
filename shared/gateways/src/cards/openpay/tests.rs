use serde_json::json;

use super::*;
use crate::{
    cards::{
        self, Forged, Notice,
        tests::{calm, charge, hasty, lines},
    },
    testing::{NOBODY, PAGE, Vendor as Server, settings, silent},
};

const REFERENCE: &str = "00000000-0000-0000-0000-000000000007";
const POST: &str = "POST /v1/m1/charges";
const SEARCH: &str = "GET /v1/m1/charges?order_id=00000000-0000-0000-0000-000000000007";
/// `sk_1:` in base64.
const LOGIN: &str = "Basic c2tfMTo=";

fn at(base: &str) -> OpenPay {
    OpenPay::new(base, "m1", "sk_1").unwrap().with_patience(calm())
}

async fn gateway<T: Into<String>>(answers: impl IntoIterator<Item = (u16, T)>) -> (OpenPay, Server) {
    let server = Server::start(answers).await;
    (at(&server.base), server)
}

fn told(status: &str) -> String {
    json!({
        "id": "tr1", "status": status, "amount": 1500.5, "currency": "PEN", "order_id": REFERENCE,
        "error_message": null,
    })
    .to_string()
}

fn refused(http: u16, code: i64, about: &str) -> (u16, String) {
    let body = json!({"category": "request", "error_code": code, "description": about, "http_code": http});
    (http, body.to_string())
}

#[tokio::test]
async fn a_charge_is_sent_as_documented() {
    let (gateway, server) = gateway([(200, told("completed"))]).await;
    let seen = gateway.charge(&Charge { installments: 3, ..charge() }).await.unwrap();
    assert_eq!(
        (seen.transaction.as_str(), seen.standing, seen.detail.as_str()),
        ("tr1", Standing::Approved, "")
    );
    assert_eq!((seen.reference, seen.amount), (Some(Uuid::from_u128(7)), "1500.5".parse().unwrap()));
    let call = server.call();
    assert_eq!((call.line.as_str(), call.header("authorization")), (POST, LOGIN));
    assert!(call.body.contains(r#""amount":1500.5,"#), "{}", call.body);
    assert_eq!(
        call.json(),
        json!({
            "method": "card", "source_id": "card-secret", "amount": 1500.5, "currency": "PEN",
            "description": "Pago reserva #1 - Casa Uno", "order_id": REFERENCE, "device_session_id": "device-1",
            "customer": {
                "name": "Ana", "last_name": "Lira", "email": "ana@personal.example",
                "phone_number": "+51987654321",
            },
            "payment_plan": {"payments": 3},
        })
    );
}

#[tokio::test]
async fn what_there_is_not_is_left_out() {
    let (gateway, server) = gateway([(200, told("completed"))]).await;
    let payer = cards::Payer { first_name: "Ana".to_owned(), ..cards::Payer::default() };
    gateway.charge(&Charge { payer, device_session: None, ..charge() }).await.unwrap();
    let body = server.call().json();
    assert_eq!(body["customer"], json!({"name": "Ana"}));
    assert!(body.get("device_session_id").is_none() && body.get("payment_plan").is_none());
}

#[tokio::test]
async fn every_status_has_a_standing() {
    for (status, standing) in [
        ("completed", Standing::Approved),
        ("refunded", Standing::Approved),
        ("chargeback_pending", Standing::Approved),
        ("chargeback_accepted", Standing::Approved),
        ("chargeback_adjustment", Standing::Approved),
        ("in_progress", Standing::Processing),
        ("charge_pending", Standing::Processing),
        ("failed", Standing::Rejected),
        ("cancelled", Standing::Cancelled),
        ("expired", Standing::Cancelled),
    ] {
        let (gateway, _server) = gateway([(200, told(status))]).await;
        let seen = gateway.charge(&charge()).await.unwrap();
        assert_eq!((seen.standing, seen.status.as_str()), (standing, status));
        assert_eq!(seen.charged_back, status.starts_with("chargeback"));
    }
}

#[tokio::test]
async fn a_refusal_says_why_and_is_not_tried_again() {
    let declined = |word: &str| RefusalCode::Declined(word.to_owned());
    for ((http, body), code) in [
        (refused(402, 3001, "The card was declined"), declined("declined")),
        (refused(402, 3003, "no funds"), declined("insufficient_funds")),
        (refused(402, 3005, "fraud"), declined("high_risk")),
        (refused(402, 3999, "new"), declined("other")),
        (refused(402, 1, "new"), declined("other")),
        (refused(400, 2005, "date"), declined("card_data")),
        (refused(404, 1005, "The token does not exist"), RefusalCode::TokenInvalid),
        (refused(400, 1001, "The token was already used"), RefusalCode::TokenUsed),
        (refused(400, 1003, "amount"), RefusalCode::Other),
        (refused(401, 1002, "key"), RefusalCode::Other),
        ((403, PAGE.to_owned()), RefusalCode::Other),
    ] {
        let (gateway, server) = gateway([(http, body.clone())]).await;
        let error = gateway.charge(&charge()).await.unwrap_err();
        let same =
            matches!(&error, ChargeError::Refused { code: c, status } if *c == code && *status == http);
        assert!(same, "{body} {error}");
        assert_eq!(lines(&server.calls()), [POST], "{body}");
    }
}

#[tokio::test]
async fn an_order_that_is_there_is_our_own_charge() {
    for status in ["completed", "in_progress", "failed"] {
        let answers =
            [(500, String::new()), refused(409, 1006, "order_id"), (200, format!("[{}]", told(status)))];
        let (gateway, server) = gateway(answers).await;
        assert_eq!(gateway.charge(&charge()).await.unwrap().status, status);
        assert_eq!(lines(&server.calls()), [POST, POST, SEARCH]);
    }
    let turn = || [refused(409, 1006, "order_id"), (200, "[]".to_owned())];
    let (gateway, _server) = gateway(turn().into_iter().chain(turn()).chain(turn())).await;
    let error = gateway.charge(&charge()).await.unwrap_err();
    assert!(matches!(error, ChargeError::Unknown(_)), "{error}");
}

#[tokio::test]
async fn trouble_and_nonsense_are_no_refusals() {
    for (http, body) in [refused(503, 1004, "down"), refused(400, 1004, "down"), (500, String::new())] {
        let (gateway, _server) = gateway([(http, body), (200, told("completed"))]).await;
        assert_eq!(gateway.charge(&charge()).await.unwrap().standing, Standing::Approved, "{http}");
    }
    let dollars = told("completed").replace("PEN", "USD");
    for body in [PAGE.to_owned(), dollars, told("teleported"), told("completed").replace("0007", "0008")] {
        let (gateway, _server) = gateway([(200, body)]).await;
        let error = gateway.charge(&charge()).await.unwrap_err();
        assert!(matches!(error, ChargeError::Unknown(_)), "{error}");
    }
    let error = at(&silent("").await).with_patience(hasty()).charge(&charge()).await.unwrap_err();
    assert!(matches!(error, ChargeError::Unknown(_)), "{error}");
    let error = at(NOBODY).charge(&charge()).await.unwrap_err();
    assert!(matches!(error, ChargeError::Refused { code: RefusalCode::Unavailable, status: 0 }), "{error}");
}

#[tokio::test]
async fn the_truth_is_looked_up() {
    let failed = told("failed").replace(r#""error_message""#, r#""error_code":3003,"error_message""#);
    let (gateway, server) = gateway([(200, failed)]).await;
    let seen = gateway.look_up("tr1").await.unwrap().unwrap();
    assert_eq!((seen.standing, seen.detail.as_str()), (Standing::Rejected, "insufficient_funds"));
    assert_eq!(server.call().line, "GET /v1/m1/charges/tr1");
    assert_eq!(server.call().header("authorization"), LOGIN);
    assert!(gateway.look_up("tr2").await.is_err(), "another charge");
    assert!(gateway.look_up("tr1/refund").await.unwrap().is_none());
    assert_eq!(server.calls().len(), 2);
    let (gateway, _server) = self::gateway([refused(404, 1005, "none")]).await;
    assert!(gateway.look_up("tr1").await.unwrap().is_none());
}

#[tokio::test]
async fn what_went_back_is_summed() {
    let refund = |amount: &str, status: &str| format!(r#"{{"amount":{amount},"status":"{status}"}}"#);
    let (ten, lost, five) = (refund("10.10", "completed"), refund("7", "failed"), refund("5", "completed"));
    for (extra, status, refunded) in [
        (String::new(), "completed", "0"),
        (String::new(), "refunded", "1500.5"),
        (format!(r#","refund":{ten}"#), "completed", "10.10"),
        (format!(r#","refund":{five},"refunds":[{ten},{lost},{five}]"#), "completed", "15.10"),
        (r#","refund":null,"refunds":[]"#.to_owned(), "completed", "0"),
    ] {
        let body =
            told(status).replace(r#""error_message":null"#, &format!(r#""error_message":null{extra}"#));
        let (gateway, _server) = gateway([(200, body)]).await;
        let seen = gateway.look_up("tr1").await.unwrap().unwrap();
        assert_eq!(seen.refunded, refunded.parse().unwrap(), "{extra}");
    }
}

#[tokio::test]
async fn a_refund_is_asked_for_once_per_key() {
    let key = Uuid::from_u128(9);
    let refunded = told("completed").replace(
        r#""error_message":null"#,
        &format!(r#""refund":{{"amount":10.1,"status":"completed","description":"Devolución {key}"}}"#),
    );
    let (gateway, server) =
        gateway([(200, told("completed")), (200, refunded.clone()), (200, refunded)]).await;
    gateway.refund("tr1", "10.10".parse().unwrap(), key).await.unwrap();
    let call = server.calls().pop().unwrap();
    assert_eq!(call.line, "POST /v1/m1/charges/tr1/refund");
    assert_eq!(call.json(), json!({"description": format!("Devolución {key}"), "amount": 10.1}));
    gateway.refund("tr1", "10.10".parse().unwrap(), key).await.unwrap();
    assert_eq!(server.calls().len(), 3, "the second time is only a look");
    assert_eq!(server.calls()[2].line, "GET /v1/m1/charges/tr1");
}

#[tokio::test]
async fn refunds_that_were_refused_are_told_from_open_ones() {
    for (answer, refused) in [
        (refused(400, 1003, "amount"), true),
        (refused(402, 3001, "no"), true),
        (refused(409, 1006, "again"), false),
        (refused(500, 1000, "oops"), false),
        ((200, PAGE.to_owned()), false),
    ] {
        let (gateway, _server) = gateway([(200, told("completed")), answer]).await;
        let error = gateway.refund("tr1", Decimal::ONE, Uuid::from_u128(9)).await.unwrap_err();
        assert_eq!(matches!(error, RefundError::Refused { .. }), refused, "{error}");
    }
    let (gateway, server) = gateway([refused(404, 1005, "none")]).await;
    let error = gateway.refund("tr1", Decimal::ONE, Uuid::from_u128(9)).await.unwrap_err();
    assert!(matches!(error, RefundError::Refused { status: 404 }), "{error}");
    assert_eq!(server.calls().len(), 1);
}

#[test]
fn settings_decide() {
    let at = |table: &[(&str, &str)]| OpenPay::configured(settings(table)).map(|gateway| gateway.charges);
    let (merchant, key) = (("OPENPAY_MERCHANT_ID", "m1"), ("OPENPAY_PRIVATE_KEY", "k"));
    assert_eq!(at(&[merchant]), None);
    assert_eq!(at(&[key]), None);
    assert_eq!(at(&[key, ("OPENPAY_MERCHANT_ID", "../m2")]), None);
    assert_eq!(at(&[merchant, key]).unwrap(), "https://sandbox-api.openpay.pe/v1/m1/charges");
    for (sandbox, host) in [("false", "api"), ("False", "api"), ("0", "api"), ("true", "sandbox-api")] {
        let charges = at(&[merchant, key, ("OPENPAY_SANDBOX", sandbox)]).unwrap();
        assert_eq!(charges, format!("https://{host}.openpay.pe/v1/m1/charges"));
    }
    let own = at(&[merchant, key, ("OPENPAY_URL", "http://localhost/")]);
    assert_eq!(own.unwrap(), "http://localhost/v1/m1/charges");
    assert_eq!(format!("{:?}", self::at("http://localhost")), "OpenPay(…)");
}

#[test]
fn a_webhook_signs_in() {
    let login = WebhookLogin::new("casa", "pass:word").unwrap();
    // `casa:pass:word` in base64.
    assert_eq!(login.verify(Some("Basic Y2FzYTpwYXNzOndvcmQ=")), Ok(()));
    assert_eq!(login.verify(Some("basic  Y2FzYTpwYXNzOndvcmQ= ")), Ok(()));
    for header in ["Basic Y2FzYTpwYXNz", "Bearer Y2FzYTpwYXNzOndvcmQ=", "Basic", "Basic ñ", "", "Basic Og=="]
    {
        assert_eq!(login.verify(Some(header)), Err(Forged), "{header}");
    }
    assert_eq!(login.verify(None), Err(Forged));
    assert!(WebhookLogin::new("", "x").is_none() && WebhookLogin::new("x", "").is_none());
    assert_eq!(format!("{login:?}"), "WebhookLogin(…)");
}

#[test]
fn a_webhook_says_which_charge_or_which_code() {
    let read = |body: Value| notice(body.to_string().as_bytes());
    for kind in ["charge.succeeded", "charge.refunded", "chargeback.created", "charge.teleported"] {
        let body = json!({"type": kind, "transaction": {"id": "tr1", "amount": 5}});
        assert_eq!(read(body), Notice::Payment("tr1".to_owned()));
    }
    let code = json!({"type": "verification", "verification_code": "UY1qqrxw"});
    assert_eq!(read(code), Notice::Verification("UY1qqrxw".to_owned()));
    assert_eq!(
        read(json!({"type": "charge.failed", "transaction": {"id": 5}})),
        Notice::Payment("5".to_owned())
    );
    for body in [
        json!({"type": "payout.created", "transaction": {"id": "tr1"}}),
        json!({"type": "charge.succeeded", "transaction": {"id": "../x"}}),
        json!({"type": "charge.succeeded"}),
        json!({"type": "verification", "verification_code": "<script>"}),
        json!(null),
    ] {
        assert_eq!(read(body.clone()), Notice::Other, "{body}");
    }
    assert_eq!(notice(b"{"), Notice::Other);
}
