//! OpenPay's charges.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Answer, Delivery, Dialect, Fake, Fate, Happened, Operation, Payment, Refund, Refusal, Shared,
    shape::{self, Field, Kind},
};

/// The merchant that the server knows.
pub const MERCHANT: &str = "mcasa0000000000000000";
/// Its private key.
pub const KEY: &str = "sk_casa0000";
/// The user that the webhook signs in as.
pub const USER: &str = "openpay";
/// That user's password.
pub const PASSWORD: &str = "openpay-webhook-password";
/// The code that the webhook is confirmed with.
pub const CODE: &str = "UY1qqrxw";

const CHARGE: &[Field] = &[
    ("method", Kind::Text, true),
    ("source_id", Kind::Text, true),
    ("amount", Kind::Soles, true),
    ("currency", Kind::Text, true),
    ("description", Kind::Text, true),
    ("order_id", Kind::Text, true),
    ("device_session_id", Kind::Text, true),
    ("customer", Kind::Object(CUSTOMER), true),
    ("payment_plan", Kind::Object(&[("payments", Kind::Count, true)]), false),
];
const CUSTOMER: &[Field] = &[
    ("name", Kind::Text, true),
    ("last_name", Kind::Text, false),
    ("email", Kind::Text, true),
    ("phone_number", Kind::Text, false),
];

/// Starts OpenPay, with [`MERCHANT`], [`KEY`], [`USER`] and [`PASSWORD`].
pub async fn start() -> Fake {
    let shared = Shared::new(Words);
    let router = Router::new()
        .route("/v1/{merchant}/charges", post(create).get(list))
        .route("/v1/{merchant}/charges/{id}", get(look_up))
        .route("/v1/{merchant}/charges/{id}/refund", post(refund))
        .with_state(Arc::clone(&shared));
    Fake::start(shared, router).await
}

/// Settings that lead to this server.
pub fn settings(fake: &Fake) -> Vec<(String, String)> {
    [
        ("OPENPAY_URL", fake.base.as_str()),
        ("OPENPAY_MERCHANT_ID", MERCHANT),
        ("OPENPAY_PRIVATE_KEY", KEY),
        ("OPENPAY_WEBHOOK_USER", USER),
        ("OPENPAY_WEBHOOK_PASSWORD", PASSWORD),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Tries the webhook's address, as registering it does, with [`CODE`]; the status of the answer, 0 for none.
pub async fn verify_webhook(fake: &Fake) -> u16 {
    let body = json!({"type": "verification", "event_date": "2025-01-01T00:00:00-05:00",
        "verification_code": CODE, "id": "w1"});
    let delivery = Delivery { query: String::new(), headers: vec![login(true)], body };
    let address = fake.shared.webhooks.address().unwrap();
    fake.shared.webhooks.send(&address, delivery).await
}

async fn create(
    State(shared): State<Arc<Shared>>,
    Path(merchant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let work = move |shared: &Shared| match allowed(&merchant, &headers, true) {
        Ok(()) => charge(shared, &body),
        Err(answer) => answer,
    };
    shared.serve(Operation::Charge, work).await
}

async fn refund(
    State(shared): State<Arc<Shared>>,
    Path((merchant, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let work = move |shared: &Shared| match allowed(&merchant, &headers, true) {
        Ok(()) => give_back(shared, &id, &body),
        Err(answer) => answer,
    };
    shared.serve(Operation::Refund, work).await
}

async fn look_up(
    State(shared): State<Arc<Shared>>,
    Path((merchant, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let work = move |shared: &Shared| match allowed(&merchant, &headers, false) {
        Ok(()) => {
            let till = shared.till();
            till.get(&id).map_or_else(no_charge, |payment| Answer::new(200, shown(payment)))
        }
        Err(answer) => answer,
    };
    shared.serve(Operation::LookUp, work).await
}

async fn list(
    State(shared): State<Arc<Shared>>,
    Path(merchant): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let work = move |shared: &Shared| match (allowed(&merchant, &headers, false), query.get("order_id")) {
        (Ok(()), Some(order)) => {
            let found: Vec<Value> = shared.till().search(order).iter().map(shown).collect();
            Answer::new(200, json!(found))
        }
        (Ok(()), None) => error(400, 1001, "order_id is missing"),
        (Err(answer), _) => answer,
    };
    shared.serve(Operation::Find, work).await
}

fn charge(shared: &Shared, body: &[u8]) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return error(400, 1001, "not JSON") };
    if let Err(wrong) = shape::check(&body, CHARGE) {
        return error(400, 1001, &format!("{} is wrong", wrong.field));
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    if text("method") != "card" || text("currency") != "PEN" || text("order_id").len() > 100 {
        return error(400, 1003, "method, currency or order_id is wrong");
    }
    let mut till = shared.till();
    if till.payments.iter().any(|payment| payment.reference == text("order_id")) {
        return error(409, 1006, "The order_id has already been processed");
    }
    let fate = match till.swipe(text("source_id")) {
        Ok(fate) => fate,
        Err(Refusal::TokenUsed) => return error(400, 1001, "The token was already used"),
        Err(_) => return error(404, 1005, "The token does not exist"),
    };
    let id = format!("tr{:018}", till.payments.len() + 1);
    till.payments.push(Payment {
        id: id.clone(),
        reference: text("order_id").to_owned(),
        amount: shape::soles(&body["amount"]).unwrap(),
        fate,
        refunds: Vec::new(),
        description: text("description").to_owned(),
        notification_url: None,
    });
    let answer = match fate {
        Fate::Rejected => error(402, 3003, "The card doesn't have sufficient funds"),
        _ => Answer::new(200, shown(till.get(&id).unwrap())),
    };
    answer.telling(Happened::Created, &id)
}

fn give_back(shared: &Shared, id: &str, body: &[u8]) -> Answer {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    if shape::check(&body, &[("description", Kind::Text, false), ("amount", Kind::Soles, false)]).is_err() {
        return error(400, 1001, "the refund is wrong");
    }
    let mut till = shared.till();
    let description = body["description"].as_str().unwrap_or_default();
    match till.refund(id, shape::soles(&body["amount"]), description) {
        Ok(_) => Answer::new(200, shown(till.get(id).unwrap())).telling(Happened::Refunded, id),
        Err(Refusal::NoPayment) => no_charge(),
        Err(Refusal::NoMoney) => error(409, 1018, "The charge cannot be refunded"),
        Err(_) => error(400, 1003, "The amount is more than what is left"),
    }
}

fn allowed(merchant: &str, headers: &HeaderMap, with_body: bool) -> Result<(), Answer> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header("authorization") != basic(KEY, "") || merchant != MERCHANT {
        return Err(error(401, 1002, "The api key or merchant id are invalid"));
    }
    if with_body && header("content-type") != "application/json" {
        return Err(error(415, 1001, "The content type is wrong"));
    }
    Ok(())
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn login(genuine: bool) -> (&'static str, String) {
    ("authorization", basic(USER, if genuine { PASSWORD } else { "somebody else's" }))
}

fn no_charge() -> Answer {
    error(404, 1005, "The requested resource doesn't exist")
}

fn error(status: u16, code: u32, about: &str) -> Answer {
    let body = json!({"category": if status == 402 { "gateway" } else { "request" }, "error_code": code,
        "description": about, "http_code": status, "request_id": "00000000-0000-0000-0000-000000000000",
        "fraud_rules": []});
    Answer::new(status, body)
}

/// A charge as OpenPay shows it.
fn shown(payment: &Payment) -> Value {
    let refund = |refund: &Refund| {
        json!({"id": format!("trf{:017}", refund.id), "amount": shape::number(refund.amount), "currency": "PEN",
            "operation_type": "out", "transaction_type": "refund", "status": "completed",
            "description": refund.description})
    };
    let status = match payment.fate {
        Fate::Approved if payment.refunded() == payment.amount => "refunded",
        Fate::Approved => "completed",
        Fate::Pending => "in_progress",
        Fate::Rejected => "failed",
        Fate::ChargedBack => "chargeback_accepted",
    };
    let failed = payment.fate == Fate::Rejected;
    let mut charge = json!({
        "id": payment.id,
        "status": status,
        "amount": shape::number(payment.amount),
        "currency": "PEN",
        "order_id": payment.reference,
        "description": payment.description,
        "error_message": failed.then_some("The card doesn't have sufficient funds"),
        "error_code": failed.then_some(3003),
        "authorization": "801585",
        "method": "card",
        "operation_type": "in",
        "transaction_type": "charge",
        "conciliated": false,
        "creation_date": "2025-01-01T00:00:00-05:00",
        "operation_date": "2025-01-01T00:00:00-05:00",
        "card": {"card_number": "411111XXXXXX0000", "brand": "visa"},
    });
    if let Some(last) = payment.refunds.last() {
        charge["refund"] = refund(last);
        charge["refunds"] = payment.refunds.iter().map(refund).collect();
    }
    charge
}

struct Words;

impl Dialect for Words {
    fn trouble(&self, status: StatusCode) -> Value {
        error(status.as_u16(), 1000, "An internal error happened").body
    }

    fn tell(&self, happened: Happened, payment: &Payment, genuine: bool) -> Delivery {
        let kind = match (happened, payment.fate) {
            (Happened::Refunded, _) => "charge.refunded",
            (Happened::ChargedBack, _) => "chargeback.accepted",
            (_, Fate::Pending) => "charge.created",
            (_, Fate::Rejected) => "charge.failed",
            _ => "charge.succeeded",
        };
        Delivery {
            query: String::new(),
            headers: vec![login(genuine)],
            body: json!({"type": kind, "event_date": "2025-01-01T00:00:00-05:00", "transaction": shown(payment)}),
        }
    }
}
