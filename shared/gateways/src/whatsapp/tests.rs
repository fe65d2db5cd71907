use std::time::Duration;

use super::*;
use crate::testing::{NOBODY, PAGE, Vendor, settings, silent};

const BUSY: &str = "WhatsApp is busy";

fn templates() -> Templates {
    Templates {
        otp: "codigo".to_owned(),
        payment_approved: "pago".to_owned(),
        reservation_cancelled: "cancelada".to_owned(),
        welcome: "bienvenida".to_owned(),
    }
}

async fn whatsapp(statuses: &[u16]) -> (WhatsApp, Vendor) {
    let answers = statuses.iter().map(|status| (*status, r#"{"messages":[{"id":"wamid.1"}]}"#));
    let vendor = Vendor::start(answers).await;
    (WhatsApp::new(&vendor.base, "secret", "77", templates()).unwrap(), vendor)
}

/// The template of the only call, after a look at everything around it.
fn template(vendor: &Vendor) -> Value {
    let call = vendor.call();
    assert_eq!(call.line, "POST /77/messages");
    assert_eq!(call.header("authorization"), "Bearer secret");
    let mut body = call.json();
    let template = body["template"].take();
    let around =
        json!({"messaging_product": "whatsapp", "to": "51911111111", "type": "template", "template": null});
    assert_eq!(body, around);
    template
}

#[tokio::test]
async fn a_code_goes_into_the_text_and_the_button() {
    let (whatsapp, vendor) = whatsapp(&[200]).await;
    whatsapp.otp("+51 911-111-111", "123456").await.unwrap();
    let code = json!([{"type": "text", "text": "123456"}]);
    assert_eq!(
        template(&vendor),
        json!({
            "name": "codigo",
            "language": {"code": "es"},
            "components": [
                {"type": "body", "parameters": code},
                {"type": "button", "sub_type": "url", "index": "0", "parameters": code},
            ],
        })
    );
}

#[tokio::test]
async fn the_trial_template_carries_no_code() {
    let vendor = Vendor::start([(200, "{}")]).await;
    let trial = Templates { otp: "hello_world".to_owned(), ..templates() };
    let whatsapp = WhatsApp::new(&vendor.base, "secret", "77", trial).unwrap();
    whatsapp.otp("911111111", "123456").await.unwrap();
    assert_eq!(template(&vendor), json!({"name": "hello_world", "language": {"code": "en_US"}}));
}

#[tokio::test]
async fn a_payment_is_told_with_three_texts() {
    let (whatsapp, vendor) = whatsapp(&[200]).await;
    whatsapp.payment_approved("051911111111", "Ana \"Ñ\"", "S/ 10.00", "1 de mayo").await.unwrap();
    assert_eq!(
        template(&vendor),
        json!({
            "name": "pago",
            "language": {"code": "es"},
            "components": [{"type": "body", "parameters": [
                {"type": "text", "text": "Ana \"Ñ\""},
                {"type": "text", "text": "S/ 10.00"},
                {"type": "text", "text": "1 de mayo"},
            ]}],
        })
    );
}

#[tokio::test]
async fn a_cancellation_is_told_by_name() {
    let (whatsapp, vendor) = whatsapp(&[200]).await;
    whatsapp.reservation_cancelled("911111111", "Ana").await.unwrap();
    let body = json!([{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}]);
    assert_eq!(
        template(&vendor),
        json!({"name": "cancelada", "language": {"code": "es"}, "components": body})
    );
}

#[tokio::test]
async fn a_welcome_that_is_taken_is_sent_once() {
    let (whatsapp, vendor) = whatsapp(&[200]).await;
    whatsapp.welcome("911111111", "Ana").await.unwrap();
    assert_eq!(
        template(&vendor),
        json!({
            "name": "bienvenida",
            "language": {"policy": "deterministic", "code": "es"},
            "components": [{"type": "header", "parameters": [{"type": "text", "text": "Ana"}]}],
        })
    );
}

#[tokio::test]
async fn a_welcome_of_another_shape_is_found_by_refusals() {
    let (whatsapp, vendor) = whatsapp(&[400, 404, 400, 422, 200]).await;
    whatsapp.welcome("911111111", "Ana").await.unwrap();
    let sent: Vec<Value> =
        vendor.calls().iter().map(|call| call.json()["template"]["components"].take()).collect();
    let header = texts("header", &["Ana"]);
    assert_eq!(
        sent,
        [
            json!([header]),
            Value::Null,
            json!([header, texts("body", &["Casa Austin"])]),
            json!([header, texts("body", &["Casa Austin", "Casa Austin"])]),
            json!([header, texts("body", &["Casa Austin", "Casa Austin", "Casa Austin"])]),
        ]
    );
}

#[tokio::test]
async fn a_welcome_ends_where_another_attempt_cannot_help_or_could_double_it() {
    for (statuses, calls, expected) in [
        (&[400, 400, 400, 400, 404, 200][..], 5, "WhatsApp refused with status 404"),
        (&[401, 200], 1, "WhatsApp refused with status 401"),
        (&[400, 403, 200], 2, "WhatsApp refused with status 403"),
        (&[429, 200], 1, BUSY),
        (&[400, 500, 200], 2, BUSY),
        (&[302, 200], 1, "WhatsApp refused with status 302"),
    ] {
        let (whatsapp, vendor) = whatsapp(statuses).await;
        let error = whatsapp.welcome("911111111", "Ana").await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{statuses:?}");
        assert_eq!(vendor.calls().len(), calls, "{statuses:?}");
    }
}

#[tokio::test]
async fn failures_are_told_apart_and_come_once() {
    for (status, expected) in [
        (429, BUSY),
        (500, BUSY),
        (400, "WhatsApp refused with status 400"),
        (401, "WhatsApp refused with status 401"),
        // Success is the status 200 and no other.
        (202, "WhatsApp refused with status 202"),
    ] {
        let (whatsapp, vendor) = whatsapp(&[status]).await;
        for error in [
            whatsapp.otp("911111111", "123456").await.unwrap_err(),
            whatsapp.payment_approved("911111111", "Ana", "x", "y").await.unwrap_err(),
            whatsapp.reservation_cancelled("911111111", "Ana").await.unwrap_err(),
        ] {
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(vendor.calls().len(), 3, "{status}");
    }
}

#[tokio::test]
async fn what_a_200_says_does_not_matter() {
    let vendor = Vendor::start([(200, PAGE)]).await;
    let whatsapp = WhatsApp::new(&vendor.base, "secret", "77", templates()).unwrap();
    whatsapp.otp("911111111", "123456").await.unwrap();
}

#[tokio::test]
async fn no_answer_is_not_waited_for_and_nothing_shows_the_token() {
    for base in [silent("").await, NOBODY.to_owned()] {
        let whatsapp = WhatsApp::new(&base, "secret", "77", templates()).unwrap();
        let whatsapp = whatsapp.with_timeout(Duration::from_millis(150));
        for error in [
            whatsapp.otp("911111111", "123456").await.unwrap_err(),
            // Once: five attempts would take five times as long.
            tokio::time::timeout(Duration::from_millis(600), whatsapp.welcome("911111111", "Ana"))
                .await
                .unwrap()
                .unwrap_err(),
        ] {
            assert!(matches!(error, GatewayError::Unreachable { .. }), "{error}");
            let shown = format!("{error} {error:?} {whatsapp:?}");
            for hidden in ["secret", "911111111", "123456"] {
                assert!(!shown.contains(hidden), "{shown}");
            }
        }
    }
    assert!(WhatsApp::new(NOBODY, "line\nbreak", "77", templates()).is_none());
}

#[test]
fn three_settings_are_needed_and_the_others_have_defaults() {
    let needed = [
        ("WHATSAPP_ACCESS_TOKEN", "secret"),
        ("WHATSAPP_PHONE_NUMBER_ID", "77"),
        ("WHATSAPP_OTP_TEMPLATE_NAME", "codigo"),
    ];
    let whatsapp = WhatsApp::configured(settings(&needed)).unwrap();
    assert_eq!(whatsapp.address, "https://graph.facebook.com/v22.0/77/messages");
    let defaults = Templates {
        otp: "codigo".to_owned(),
        payment_approved: "pago_aprobado_ca".to_owned(),
        reservation_cancelled: "reserva_cancelada_ca".to_owned(),
        welcome: "registro_exitoso".to_owned(),
    };
    assert_eq!(whatsapp.templates, defaults);
    for missing in 0..needed.len() {
        let mut some = needed.to_vec();
        some.remove(missing);
        assert!(WhatsApp::configured(settings(&some)).is_none(), "{missing}");
    }
    let mut all = needed.to_vec();
    all.extend([
        ("WHATSAPP_PAYMENT_APPROVED_TEMPLATE", "pago"),
        ("WHATSAPP_RESERVATION_CANCELLED_TEMPLATE", "cancelada"),
        ("WHATSAPP_SUCCESSFUL_REGISTRATION_TEMPLATE", "bienvenida"),
        ("WHATSAPP_GRAPH_URL", "http://graph.example/v1/"),
    ]);
    let whatsapp = WhatsApp::configured(settings(&all)).unwrap();
    assert_eq!(whatsapp.address, "http://graph.example/v1/77/messages");
    assert_eq!(whatsapp.templates, templates());
}
