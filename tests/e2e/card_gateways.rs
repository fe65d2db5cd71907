//! The clients of both card gateways against gateways that fail in every way: no card is charged twice, and nothing that
//! took money is called refused.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use casa_gateways::cards::{
    CardGateway, CardToken, Charge, ChargeError, MercadoPago, Notice, OpenPay, Patience, Payer, RefundError,
    RefusalCode, Seen, Standing, WebhookLogin, WebhookSecret, mercado_pago as mercado_pago_client,
    openpay as openpay_client,
};
use casa_tests::card_fakes::{
    Fake, Fault, Faults, Operation, WebhookFault, mercado_pago, mercado_pago::SECRET, openpay,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rust_decimal::Decimal;
use tokio::net::TcpListener;
use uuid::Uuid;

/// Longer than [`hasty`] waits.
const SLOW: Duration = Duration::from_millis(1000);

/// A gateway with its client.
struct Pair {
    fake: Fake,
    gateway: Arc<dyn CardGateway>,
}

/// For tests in which nothing is slow.
fn calm() -> Patience {
    let pauses = [Duration::from_millis(5), Duration::from_millis(10)];
    Patience { each: Duration::from_secs(5), pauses, whole: Duration::from_secs(20) }
}

fn hasty() -> Patience {
    Patience { each: Duration::from_millis(600), whole: Duration::from_secs(4), ..calm() }
}

async fn pairs(patience: Patience) -> [Pair; 2] {
    let fake = mercado_pago::start().await;
    let gateway = MercadoPago::new(&fake.base, mercado_pago::TOKEN).unwrap().with_patience(patience);
    let first = Pair { fake, gateway: Arc::new(gateway) };
    let fake = openpay::start().await;
    let gateway = OpenPay::new(&fake.base, openpay::MERCHANT, openpay::KEY).unwrap().with_patience(patience);
    [first, Pair { fake, gateway: Arc::new(gateway) }]
}

fn soles(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn charge(token: &str) -> Charge {
    Charge {
        reference: Uuid::new_v4(),
        amount: soles("1500.10"),
        token: CardToken::new(token),
        method: "visa".to_owned(),
        installments: 1,
        device_session: Some("device-1".to_owned()),
        description: "Pago reserva #1 - Casa Uno".to_owned(),
        item_id: "1".to_owned(),
        item_title: "Casa Uno".to_owned(),
        payer: Payer {
            email: Some("ana@personal.example".to_owned()),
            first_name: "Ana".to_owned(),
            last_name: Some("Lira".to_owned()),
            phone: Some("987654321".to_owned()),
        },
    }
}

/// What the gateway says of a charge in the end.
async fn truth(pair: &Pair, charge: &Charge) -> Option<Seen> {
    pair.fake.plan(Faults::default());
    pair.gateway.find(charge.reference).await.unwrap()
}

#[tokio::test]
async fn a_card_pays_once_to_the_cent() {
    for pair in pairs(calm()).await {
        let charge = charge("ok-1");
        let seen = pair.gateway.charge(&charge).await.unwrap();
        assert_eq!((seen.standing, seen.amount), (Standing::Approved, charge.amount));
        assert_eq!(pair.fake.taken(charge.reference), charge.amount);
        assert_eq!(pair.gateway.look_up(&seen.transaction).await.unwrap().as_ref(), Some(&seen));
        assert_eq!(truth(&pair, &charge).await.as_ref(), Some(&seen));
        // The same attempt again, as a restarted process would make it.
        assert_eq!(pair.gateway.charge(&charge).await.unwrap(), seen);
        assert_eq!((pair.fake.charges(charge.reference), pair.fake.payments().len()), (1, 1));
        // The same attempt with another amount is still the first one.
        let changed = Charge { amount: soles("1"), ..charge.clone() };
        assert_eq!(pair.gateway.charge(&changed).await.unwrap(), seen);
        assert_eq!(pair.fake.taken(charge.reference), charge.amount);
        assert!(pair.gateway.look_up("999").await.unwrap().is_none());
        assert!(pair.gateway.find(Uuid::new_v4()).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn cards_that_do_not_pay_say_why() {
    for pair in pairs(calm()).await {
        pair.gateway.charge(&charge("ok-twice")).await.unwrap();
        for (token, code) in [
            ("used-1", RefusalCode::TokenUsed),
            ("ok-twice", RefusalCode::TokenUsed),
            ("invalid-1", RefusalCode::TokenInvalid),
        ] {
            let charge = charge(token);
            let error = pair.gateway.charge(&charge).await.unwrap_err();
            assert!(matches!(&error, ChargeError::Refused { code: c, .. } if *c == code), "{error}");
            assert_eq!(pair.fake.charges(charge.reference), 0);
        }
        let declined = charge("decline-1");
        match pair.gateway.charge(&declined).await {
            Ok(seen) => {
                assert_eq!(seen.standing, Standing::Rejected);
                assert_eq!(seen.detail, "cc_rejected_insufficient_amount");
            }
            Err(ChargeError::Refused { code: RefusalCode::Declined(word), status: 402 }) => {
                assert_eq!(word, "insufficient_funds");
            }
            Err(error) => panic!("{error}"),
        }
        assert_eq!(pair.fake.taken(declined.reference), Decimal::ZERO);
        assert_eq!(truth(&pair, &declined).await.unwrap().standing, Standing::Rejected);
    }
}

#[tokio::test]
async fn a_pending_card_is_decided_later() {
    for (approved, standing) in [(true, Standing::Approved), (false, Standing::Rejected)] {
        for pair in pairs(calm()).await {
            let charge = charge("pending-1");
            let seen = pair.gateway.charge(&charge).await.unwrap();
            assert_eq!(seen.standing, Standing::Processing);
            assert_eq!(pair.fake.taken(charge.reference), Decimal::ZERO);
            pair.fake.resolve(&seen.transaction, approved).await;
            let seen = pair.gateway.look_up(&seen.transaction).await.unwrap().unwrap();
            assert_eq!(seen.standing, standing);
            assert_eq!(pair.fake.charges(charge.reference), usize::from(approved));
        }
    }
}

/// Each fault, once and for good: what is called refused took nothing, what is seen is true, and there is one charge.
#[tokio::test]
async fn no_fault_charges_twice_or_hides_a_charge() {
    let faults = [
        Fault::Lost,
        Fault::FailBefore,
        Fault::FailAfter,
        Fault::SlowBefore(SLOW),
        Fault::SlowAfter(SLOW),
        Fault::Garbage,
        Fault::Busy,
    ];
    let mut meetings = Vec::new();
    for fault in faults {
        meetings.extend(pairs(hasty()).await.map(|pair| tokio::spawn(meet(pair, fault))));
    }
    for meeting in meetings {
        meeting.await.unwrap();
    }
}

async fn meet(pair: Pair, fault: Fault) {
    pair.fake.plan(Faults::of_money([Some(fault)]));
    let once = charge("ok-once");
    let seen = pair.gateway.charge(&once).await.unwrap_or_else(|error| panic!("{fault:?} {error}"));
    assert_eq!(seen.standing, Standing::Approved, "{fault:?}");

    pair.fake.plan(Faults::always(fault));
    let always = charge("ok-always");
    let outcome = pair.gateway.charge(&always).await;
    if matches!(fault, Fault::SlowBefore(_)) {
        // Work that outlives its caller is done by then.
        tokio::time::sleep(SLOW * 2).await;
    }
    let taken = usize::from(!matches!(fault, Fault::FailBefore | Fault::Busy));
    for (charge, charges) in [(&once, 1), (&always, taken)] {
        assert_eq!(pair.fake.charges(charge.reference), charges, "{fault:?}");
        assert_eq!(truth(&pair, charge).await.is_some(), charges == 1, "{fault:?}");
    }
    match (fault, outcome) {
        (Fault::Busy, Err(ChargeError::Refused { code: RefusalCode::Unavailable, status: 429 }))
        | (Fault::FailBefore | Fault::SlowBefore(_), Err(ChargeError::Unknown(_))) => {}
        // The search finds what no answer told.
        (_, Ok(seen)) => assert_eq!((seen.standing, taken), (Standing::Approved, 1), "{fault:?}"),
        (_, outcome) => panic!("{fault:?} {outcome:?}"),
    }
}

#[tokio::test]
async fn a_charge_that_cannot_be_found_yet_is_unknown() {
    for pair in pairs(calm()).await {
        pair.fake.plan(Faults::always(Fault::Lost));
        pair.fake.lag(3);
        let charge = charge("ok-1");
        let error = pair.gateway.charge(&charge).await.unwrap_err();
        assert!(matches!(error, ChargeError::Unknown(_)), "{error}");
        pair.fake.lag(0);
        assert_eq!(truth(&pair, &charge).await.unwrap().standing, Standing::Approved);
        assert_eq!(pair.fake.charges(charge.reference), 1);
    }
}

/// Whatever goes wrong in whatever order, the ledger and the answers agree in the end.
#[tokio::test]
async fn dice_find_no_order_of_faults_that_loses_money() {
    for seed in 0..3 {
        for pair in pairs(Patience { each: Duration::from_secs(2), ..calm() }).await {
            let mut dice = StdRng::seed_from_u64(seed);
            let mut charges = Vec::new();
            for number in 0..40 {
                let mut faults = StdRng::seed_from_u64(dice.random());
                pair.fake.plan(Faults::by(move |operation: Operation| match faults.random_range(0..10) {
                    0 | 1 => Some(Fault::Lost),
                    2 => Some(Fault::FailBefore),
                    3 => Some(Fault::FailAfter),
                    4 => Some(Fault::Busy),
                    5 if operation == Operation::Charge => Some(Fault::Garbage),
                    6 => Some(Fault::SlowAfter(Duration::from_millis(3))),
                    _ => None,
                }));
                pair.fake.lag(dice.random_range(0..3));
                let kind =
                    ["ok", "ok", "ok", "decline", "pending", "used", "invalid"][dice.random_range(0..7)];
                let charge = charge(&format!("{kind}-{number}"));
                let outcome = pair.gateway.charge(&charge).await;
                let charged = pair.fake.charges(charge.reference);
                assert_eq!(pair.fake.taken(charge.reference), charge.amount * Decimal::from(charged));
                match &outcome {
                    Ok(seen) => {
                        assert_eq!(seen.standing == Standing::Approved, charged == 1, "{kind} {seed}")
                    }
                    Err(ChargeError::Refused { .. }) => assert_eq!(charged, 0, "{kind} {seed}"),
                    Err(ChargeError::Unknown(_)) => {}
                }
                charges.push((charge, charged));
            }
            pair.fake.lag(0);
            for (charge, charged) in charges {
                assert!(charged <= 1);
                let seen = truth(&pair, &charge).await;
                let approved = seen.is_some_and(|seen| seen.standing == Standing::Approved);
                assert_eq!(approved, charged == 1);
            }
        }
    }
}

#[tokio::test]
async fn a_refund_goes_back_once_per_key() {
    for pair in pairs(calm()).await {
        let charge = charge("ok-1");
        let transaction = pair.gateway.charge(&charge).await.unwrap().transaction;
        for fault in [None, Some(Fault::Lost), Some(Fault::FailBefore), Some(Fault::FailAfter)] {
            pair.fake.plan(Faults::of_money([fault]));
            let before = pair.fake.refunded(charge.reference);
            let key = Uuid::new_v4();
            let first = pair.gateway.refund(&transaction, soles("100.10"), key).await;
            assert_eq!(first.is_ok(), fault.is_none(), "{fault:?} {first:?}");
            assert!(!matches!(first, Err(RefundError::Refused { .. })), "{fault:?}");
            for _ in 0..2 {
                pair.gateway.refund(&transaction, soles("100.10"), key).await.unwrap();
            }
            assert_eq!(pair.fake.refunded(charge.reference) - before, soles("100.10"), "{fault:?}");
        }
        let seen = pair.gateway.look_up(&transaction).await.unwrap().unwrap();
        assert_eq!((seen.standing, seen.refunded), (Standing::Approved, soles("400.40")));
        for amount in ["1099.71", "5000"] {
            let error = pair.gateway.refund(&transaction, soles(amount), Uuid::new_v4()).await.unwrap_err();
            assert!(matches!(error, RefundError::Refused { status: 400 }), "{error}");
        }
        let left = soles("1099.70");
        pair.gateway.refund(&transaction, left, Uuid::new_v4()).await.unwrap();
        let seen = truth(&pair, &charge).await.unwrap();
        assert_eq!((seen.standing, seen.status.as_str()), (Standing::Approved, "refunded"));
        assert_eq!((seen.refunded, pair.fake.refunded(charge.reference)), (charge.amount, charge.amount));
        let error = pair.gateway.refund("999", left, Uuid::new_v4()).await.unwrap_err();
        assert!(matches!(error, RefundError::Refused { status: 404 }), "{error}");
    }
}

/// What a receiver of webhooks noted: what was said, or that it was forged.
type Heard = Arc<Mutex<Vec<Option<Notice>>>>;

async fn receiver() -> (String, Heard) {
    let heard = Heard::default();
    let router = Router::new()
        .route("/mercadopago", post(hear_mercado_pago))
        .route("/openpay", post(hear_openpay))
        .with_state(Arc::clone(&heard));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (base, heard)
}

fn note(heard: &Heard, notice: Option<Notice>) -> StatusCode {
    let status = if notice.is_some() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    heard.lock().unwrap().push(notice);
    status
}

async fn hear_mercado_pago(
    State(heard): State<Heard>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let id = query.get("data.id").map(String::as_str);
    let secret = WebhookSecret::new(SECRET).unwrap();
    let genuine = secret.verify(header("x-signature"), header("x-request-id"), id).is_ok();
    note(&heard, genuine.then(|| mercado_pago_client::notice(id, &body)))
}

async fn hear_openpay(State(heard): State<Heard>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let login = WebhookLogin::new(openpay::USER, openpay::PASSWORD).unwrap();
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    note(&heard, login.verify(header).is_ok().then(|| openpay_client::notice(&body)))
}

#[tokio::test]
async fn webhooks_come_signed_forged_twice_early_and_late() {
    let (base, heard) = receiver().await;
    for (pair, path) in pairs(calm()).await.into_iter().zip(["mercadopago", "openpay"]) {
        pair.fake.tell_to(&format!("{base}/{path}"));
        let take = async |count: usize| {
            for _ in 0..200 {
                if heard.lock().unwrap().len() >= count {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            std::mem::take(&mut *heard.lock().unwrap())
        };
        let pay = async |token: &str, fault: Option<WebhookFault>| {
            pair.fake.plan_webhooks([fault]);
            pair.gateway.charge(&charge(token)).await.unwrap().transaction
        };
        let said = |id: &str| Some(Notice::Payment(id.to_owned()));

        let id = pay("ok-1", None).await;
        assert_eq!(take(1).await, [said(&id)]);
        let id = pay("ok-2", Some(WebhookFault::Duplicate)).await;
        assert_eq!(take(2).await, [said(&id), said(&id)]);
        let id = pay("pending-3", Some(WebhookFault::BeforeResponse)).await;
        assert_eq!(*heard.lock().unwrap(), [said(&id)], "told before the answer");
        pair.fake.resolve(&id, true).await;
        assert_eq!(take(2).await, [said(&id), said(&id)]);
        pair.fake.charge_back(&id).await;
        assert_eq!(take(1).await, [said(&id)]);
        assert!(pair.gateway.look_up(&id).await.unwrap().unwrap().charged_back);

        let id = pay("ok-4", Some(WebhookFault::Delayed)).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert!(heard.lock().unwrap().is_empty());
        assert_eq!(pair.fake.deliver_webhooks().await, [200]);
        assert_eq!(take(1).await, [said(&id)]);
        pair.fake.refund_in_panel(&id, soles("0.10")).await;
        assert_eq!(take(1).await, [said(&id)]);
        assert_eq!(pair.gateway.look_up(&id).await.unwrap().unwrap().refunded, soles("0.10"));

        pay("ok-5", Some(WebhookFault::WrongSignature)).await;
        assert_eq!(take(1).await, [None]);
        while pair.fake.sent().last().is_none_or(|sent| sent.status != 401) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(pair.fake.deliver_webhooks().await, [401], "what was not taken comes again");
        assert_eq!(take(1).await, [None]);
        if path == "openpay" {
            assert_eq!(openpay::verify_webhook(&pair.fake).await, 200);
            assert_eq!(take(1).await, [Some(Notice::Verification(openpay::CODE.to_owned()))]);
        }
    }
}
