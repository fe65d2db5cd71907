//! What guests are answered.

use casa_domain::{payment::State, reservation::Status};
use casa_tests::card_fakes::{Fault, Faults};
use reqwest::{Client, Method, multipart};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{BETO, PASSWORD, Setting, answer, card, document, send, stay, with};

fn soles(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_card_pays_the_stay_and_what_is_beside_it() {
    let set = Setting::new().await;
    let paid = set.process(1, card("ok-1")).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    let id = paid.body["payment_id"].as_str().unwrap().to_owned();
    assert_eq!(
        paid.body,
        json!({
            "success": true, "message": "Pago realizado con éxito.", "reservation_id": stay(1),
            "transaction_id": 1_000_000_001, "payment_status": "approved", "amount": 1000.0, "currency": "SOL",
            "payment_id": id,
        })
    );
    let one = set.stored(1).await;
    assert_eq!(
        (one.status, one.full_payment, one.advance_payment),
        (Status::Approved, true, Some(soles("1000.00")))
    );
    // The same request again, whose answer was lost, and another card for what is paid already.
    let again = set.process(1, card("ok-1")).await;
    assert_eq!((again.status, &again.body["error_code"]), (400, &json!("TOKEN_ALREADY_USED")));
    let again = set.process(1, card("ok-2")).await;
    assert_eq!((again.status, again.body.get("error_code")), (400, None), "{again:?}");
    assert_eq!(set.mercado_pago.payments().len(), 1);

    let night = json!({"token": "ok-3", "amount": "380.00", "service_type": "late_checkout", "gateway": "openpay",
        "device_session_id": "device-1"});
    let bought = set.add(1, night.clone()).await;
    assert_eq!((bought.status, &bought.body["service_type"]), (200, &json!("late_checkout")), "{bought:?}");
    assert!(bought.body["transaction_id"].is_string() && bought.body["amount"] == json!(380.0), "{bought:?}");
    let again = set.add(1, with(night, json!({"token": "ok-4"}))).await;
    assert_eq!((again.status, &again.body["success"]), (400, &json!(false)));
    let pool = json!({"token": "ok-5", "amount": 190, "service_type": "temperature_pool"});
    let bought = set.add(1, pool).await;
    assert_eq!((bought.status, &bought.body["payment_status"]), (200, &json!("approved")), "{bought:?}");
    let one = set.stored(1).await;
    assert!(one.temperature_pool && one.late_checkout && one.full_payment);
    assert_eq!((one.price_sol, one.advance_payment), (Some(soles("1570.00")), Some(soles("1570.00"))));
    assert_eq!(one.price_usd, Some(soles("400.00")));
    assert_eq!(one.check_out_date.to_string(), "2026-03-05");
    set.logs_are_clean();
}

#[tokio::test]
async fn only_the_guest_pays_and_only_the_right_amount() {
    let set = Setting::new().await;
    let path = format!("payment/process/{}/", stay(1));
    let post = |token: Option<String>, path: String| {
        let set = &set;
        async move { set.send(token.as_deref(), Method::POST, &path, Some(card("ok-1"))).await }
    };
    let (beto, _) = set.casa.sign_in_guest(&document(BETO), PASSWORD).await;
    for (token, path, status) in [
        (None, path.clone(), 401),
        (Some(set.admin.clone()), path.clone(), 401),
        (Some("nonsense".to_owned()), path.clone(), 401),
        (Some(beto), path, 404),
        (Some(set.ana.clone()), format!("payment/process/{}/", stay(99)), 404),
        (Some(set.ana.clone()), "payment/process/none/".to_owned(), 404),
        (Some(set.ana.clone()), "payment/additional-services/7/".to_owned(), 404),
    ] {
        let answer = post(token, path.clone()).await;
        assert_eq!(answer.status, status, "{path} {answer:?}");
        assert!(status != 404 || answer.body["success"] == json!(false), "{answer:?}");
    }
    for (body, code) in [
        (json!({}), Value::Null),
        (card(""), Value::Null),
        (with(card("ok-1"), json!({"amount": "mil"})), Value::Null),
        (with(card("ok-1"), json!({"amount": 0})), Value::Null),
        (with(card("ok-1"), json!({"payment_method_id": ""})), Value::Null),
        (with(card("ok-1"), json!({"gateway": "paypal"})), Value::Null),
        (with(card("ok-1"), json!({"amount": 999.99})), json!("WRONG_AMOUNT")),
        (with(card("ok-1"), json!({"amount": 1000.01, "partial": true})), json!("WRONG_AMOUNT")),
    ] {
        let answer = set.process(1, body.clone()).await;
        assert_eq!((answer.status, &answer.body["success"]), (400, &json!(false)), "{body} {answer:?}");
        assert_eq!(answer.body["error_code"], code, "{body} {answer:?}");
        assert!(answer.body["message"].is_string());
        assert!(code.is_null() || answer.body["amount_due"] == json!(1000.0), "{answer:?}");
    }
    assert!(set.mercado_pago.payments().is_empty() && set.payments(1).await.is_empty());

    // A part on purpose, as a form, and the rest as multipart.
    let address = set.casa.url(&format!("payment/process/{}/", stay(2)));
    let part = Client::new().post(&address).bearer_auth(&set.ana);
    let part = answer(part.form(&[("token", "ok-2"), ("amount", "400.50"), ("partial", "true")])).await;
    assert_eq!((part.status, &part.body["amount"]), (200, &json!(400.5)), "{part:?}");
    let one = set.stored(2).await;
    assert_eq!((one.status, one.full_payment), (Status::Pending, false));
    let rest = multipart::Form::new().text("token", "ok-3").text("amount", "599.50");
    let rest = answer(Client::new().post(&address).bearer_auth(&set.ana).multipart(rest)).await;
    assert_eq!(rest.status, 200, "{rest:?}");
    assert_eq!(
        (set.stored(2).await.status, set.stored(2).await.advance_payment),
        (Status::Approved, Some(soles("1000.00")))
    );
    set.logs_are_clean();
}

#[tokio::test]
async fn cards_that_do_not_pay_say_why_and_too_many_wait() {
    let set = Setting::new().await;
    let declined = set.process(1, card("decline-1")).await;
    assert_eq!(
        (declined.status, &declined.body["message"]),
        (400, &json!("Pago no completado. Estado: rejected"))
    );
    assert_eq!(declined.body["payment_detail"], json!("cc_rejected_insufficient_amount"));
    for (token, code) in [("used-1", "TOKEN_ALREADY_USED"), ("what", "INVALID_TOKEN")] {
        let answer = set.process(1, card(token)).await;
        assert_eq!((answer.status, &answer.body["error_code"]), (400, &json!(code)), "{answer:?}");
    }
    let openpay = json!({"gateway": "openpay", "device_session_id": "device-1"});
    let declined = set.process(1, with(card("decline-2"), openpay.clone())).await;
    assert_eq!(
        (declined.status, &declined.body["message"]),
        (400, &json!("Pago no completado. Estado: rejected"))
    );
    assert_eq!(declined.body["payment_detail"], json!("insufficient_funds"));

    let open = set.process(1, with(card("pending-1"), openpay)).await;
    assert_eq!((open.status, &open.body["error_code"]), (400, &json!("PAYMENT_PROCESSING")), "{open:?}");
    assert!(open.body["message"].as_str().unwrap().starts_with("Pago no completado. Estado: "), "{open:?}");
    let other = set.process(1, card("ok-1")).await;
    assert_eq!((other.status, &other.body["error_code"]), (409, &json!("PAYMENT_IN_PROGRESS")), "{other:?}");

    // Six tries at one stay, ten of one guest.
    let limited = set.process(1, card("ok-2")).await;
    assert_eq!(
        (limited.status, &limited.body["error_code"]),
        (429, &json!("TOO_MANY_ATTEMPTS")),
        "{limited:?}"
    );
    assert!(limited.retry_after.unwrap() > 0 && limited.body["success"] == json!(false));
    for number in 2..=4 {
        assert_eq!(set.process(number, card(&format!("ok-stay-{number}"))).await.status, 200);
    }
    let limited = set.process(5, card("ok-3")).await;
    assert_eq!(limited.status, 429, "{limited:?}");
    assert!(set.payments(5).await.is_empty());
    set.logs_are_clean();
}

#[tokio::test]
async fn what_is_not_known_is_found_out_before_anything_else_is_charged() {
    let set = Setting::new().await;
    // The answer is lost, the money is found.
    set.mercado_pago.plan(Faults::of_money([Some(Fault::Lost)]));
    assert_eq!(set.process(1, card("ok-1")).await.status, 200);
    assert_eq!(set.mercado_pago.payments().len(), 1);
    // The gateway fails in every way: nobody knows, and nobody charges again.
    for (number, fault, taken) in [(2, Fault::FailBefore, false), (3, Fault::Garbage, true)] {
        set.mercado_pago.plan(Faults::by(move |_| Some(fault)));
        let unknown = set.process(number, card(&format!("ok-stay-{number}"))).await;
        assert_eq!(
            (unknown.status, &unknown.body["error_code"]),
            (503, &json!("MERCADOPAGO_SERVER_ERROR")),
            "{unknown:?}"
        );
        assert!(unknown.body["payment_id"].is_string());
        let other = set.process(number, card("ok-other")).await;
        assert_eq!(
            (other.status, &other.body["error_code"]),
            (409, &json!("PAYMENT_IN_PROGRESS")),
            "{other:?}"
        );
        set.mercado_pago.plan(Faults::default());
        if taken {
            // The same again is answered with what was paid, whatever card it names.
            let again = set.process(number, card("ok-other")).await;
            assert_eq!(
                (again.status, &again.body["payment_id"]),
                (200, &unknown.body["payment_id"]),
                "{again:?}"
            );
        } else {
            let later = set.later();
            let settled =
                Client::new().post(format!("{}/_casa/run/payments-settle", later.base)).send().await.unwrap();
            assert_eq!(settled.status(), 200);
            assert_eq!(set.payments(number).await[0].state, State::Abandoned);
            let path = format!("payment/process/{}/", stay(number));
            let body = Some(card(&format!("ok-stay-{number}")));
            let again = send(&later, Some(&set.ana), Method::POST, &path, body).await;
            assert_eq!(again.status, 200, "the card was never used: {again:?}");
        }
        assert_eq!(set.stored(number).await.advance_payment, Some(soles("1000.00")));
    }
    let charged = set.mercado_pago.payments();
    assert_eq!(charged.iter().filter(|payment| payment.took_money()).count(), 3);
    set.logs_are_clean();
}
