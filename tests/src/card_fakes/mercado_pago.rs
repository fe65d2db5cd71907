//! MercadoPago's payments.

use std::{
    fmt::Write,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{get, post},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::HashMap;
use uuid::Uuid;

use super::{
    Answer, Delivery, Dialect, Fake, Fate, Happened, Operation, Payment, Refusal, Shared,
    shape::{self, Field, Kind},
};

/// The access token that the server takes.
pub const TOKEN: &str = "TEST-casa-0000";
/// The secret that webhooks are signed with.
pub const SECRET: &str = "mercadopago-webhook-secret";

const PAYMENT: &[Field] = &[
    ("transaction_amount", Kind::Soles, true),
    ("token", Kind::Text, true),
    ("description", Kind::Text, true),
    ("external_reference", Kind::Text, true),
    ("payment_method_id", Kind::Text, true),
    ("installments", Kind::Count, true),
    ("payer", Kind::Object(PAYER), true),
    ("additional_info", Kind::Object(&[("items", Kind::List(ITEM), true)]), false),
    ("notification_url", Kind::Text, false),
];
const PAYER: &[Field] = &[
    ("email", Kind::Text, true),
    ("first_name", Kind::TextOrNull, false),
    ("last_name", Kind::TextOrNull, false),
    ("phone", Kind::Object(&[("area_code", Kind::Text, true), ("number", Kind::Text, true)]), false),
    ("address", Kind::Object(ADDRESS), false),
];
const ADDRESS: &[Field] = &[
    ("zip_code", Kind::Text, true),
    ("street_name", Kind::Text, true),
    ("street_number", Kind::Count, true),
];
const ITEM: &[Field] = &[
    ("id", Kind::Text, true),
    ("title", Kind::Text, true),
    ("quantity", Kind::Count, true),
    ("unit_price", Kind::Soles, true),
];

/// Starts MercadoPago, with [`TOKEN`] and [`SECRET`].
pub async fn start() -> Fake {
    let shared = Shared::new(Words);
    let router = Router::new()
        .route("/v1/payments", post(create))
        .route("/v1/payments/search", get(search))
        .route("/v1/payments/{id}", get(look_up))
        .route("/v1/payments/{id}/refunds", post(refund))
        .with_state(Arc::clone(&shared));
    Fake::start(shared, router).await
}

/// Settings that lead to this server.
pub fn settings(fake: &Fake) -> Vec<(String, String)> {
    [
        ("MERCADOPAGO_URL", fake.base.as_str()),
        ("MERCADOPAGO_ACCESS_TOKEN", TOKEN),
        ("MERCADOPAGO_WEBHOOK_SECRET", SECRET),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

async fn create(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let work = move |shared: &Shared| once(shared, "payments", &headers, &body, charge);
    shared.serve(Operation::Charge, work).await
}

async fn refund(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let work = move |shared: &Shared| {
        once(shared, &id, &headers, &body, |shared, body| give_back(shared, &id, body))
    };
    shared.serve(Operation::Refund, work).await
}

async fn look_up(State(shared): State<Arc<Shared>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let work = move |shared: &Shared| {
        if let Err(answer) = authorized(&headers) {
            return answer;
        }
        let till = shared.till();
        till.get(&id).map_or_else(no_payment, |payment| Answer::new(200, shown(payment)))
    };
    shared.serve(Operation::LookUp, work).await
}

async fn search(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let work = move |shared: &Shared| {
        if let Err(answer) = authorized(&headers) {
            return answer;
        }
        let Some(reference) = query.get("external_reference") else { return error(400, 1, "Params Error") };
        let found: Vec<Value> = shared.till().search(reference).iter().map(shown).collect();
        let paging = json!({"total": found.len(), "limit": 30, "offset": 0});
        Answer::new(200, json!({"paging": paging, "results": found}))
    };
    shared.serve(Operation::Find, work).await
}

/// Does something once per idempotency key: the same key gets the first answer again, and conflicts with another body.
fn once(
    shared: &Shared,
    what: &str,
    headers: &HeaderMap,
    body: &Bytes,
    work: impl FnOnce(&Shared, &[u8]) -> Answer,
) -> Answer {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Err(answer) = authorized(headers) {
        return answer;
    }
    if header("content-type") != "application/json" {
        return error(400, 1, "Params Error: content type");
    }
    let key = header("x-idempotency-key");
    if key.is_empty() || key.len() > 128 {
        return error(400, 4, "Header X-Idempotency-Key can't be null");
    }
    let first = shared.till().answers.get(key).cloned();
    match first {
        Some((asked, first, answer)) if asked == what && first == *body => Answer { event: None, ..answer },
        Some(_) => error(409, 5, "Header X-Idempotency-Key was used with another request"),
        None => {
            let answer = work(shared, body);
            // A body that was never understood leaves its key free.
            if answer.status != StatusCode::BAD_REQUEST {
                let entry = (what.to_owned(), body.clone(), answer.clone());
                shared.till().answers.insert(key.to_owned(), entry);
            }
            answer
        }
    }
}

fn charge(shared: &Shared, body: &[u8]) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return error(400, 1, "Params Error") };
    if let Err(wrong) = shape::check(&body, PAYMENT) {
        let about =
            if wrong.unknown { "The name of the following parameters is wrong" } else { "Params Error" };
        return error(400, if wrong.unknown { 8 } else { 1 }, &format!("{about} [{}]", wrong.field));
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    if !body["payer"]["email"].as_str().is_some_and(|email| email.contains('@')) {
        return error(400, 4050, "payer.email must be a valid email");
    }
    let mut till = shared.till();
    let fate = match till.swipe(text("token")) {
        Ok(fate) => fate,
        Err(Refusal::TokenUsed) => return error(400, 3003, "card_token_id already_used"),
        Err(_) => return error(400, 2006, "Card Token not found"),
    };
    let id = (1_000_000_001 + till.payments.len()).to_string();
    till.payments.push(Payment {
        id: id.clone(),
        reference: text("external_reference").to_owned(),
        amount: shape::soles(&body["transaction_amount"]).unwrap(),
        fate,
        refunds: Vec::new(),
        description: text("description").to_owned(),
        notification_url: body["notification_url"].as_str().map(str::to_owned),
    });
    Answer::new(201, shown(till.get(&id).unwrap())).telling(Happened::Created, &id)
}

fn give_back(shared: &Shared, id: &str, body: &[u8]) -> Answer {
    let body = if body.is_empty() { json!({}) } else { serde_json::from_slice(body).unwrap_or_default() };
    if shape::check(&body, &[("amount", Kind::Soles, false)]).is_err() {
        return error(400, 1, "Params Error");
    }
    match shared.till().refund(id, shape::soles(&body["amount"]), "") {
        Ok(refund) => {
            let number: u64 = id.parse().unwrap_or_default();
            let amount = shape::number(refund.amount);
            let refund =
                json!({"id": refund.id, "payment_id": number, "amount": amount, "status": "approved"});
            Answer::new(201, refund).telling(Happened::Refunded, id)
        }
        Err(Refusal::NoPayment) => no_payment(),
        Err(Refusal::NoMoney) => error(400, 2063, "The action requested is not valid for the current state"),
        Err(_) => error(400, 4040, "Amount to refund is invalid"),
    }
}

fn authorized(headers: &HeaderMap) -> Result<(), Answer> {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    if given == Some(&format!("Bearer {TOKEN}")) {
        Ok(())
    } else {
        Err(error(401, 5, "Must provide your access_token to proceed"))
    }
}

fn no_payment() -> Answer {
    error(404, 2000, "Payment not found")
}

fn error(status: u16, code: u32, about: &str) -> Answer {
    let error = StatusCode::from_u16(status).unwrap().canonical_reason().unwrap_or_default();
    let error = error.to_lowercase().replace(' ', "_");
    let cause = json!([{"code": code, "description": about, "data": null}]);
    Answer::new(status, json!({"message": about, "error": error, "status": status, "cause": cause}))
}

/// A payment as MercadoPago shows it.
fn shown(payment: &Payment) -> Value {
    let refunded = payment.refunded();
    let (status, detail) = match payment.fate {
        Fate::Approved if refunded == payment.amount => ("refunded", "refunded"),
        Fate::Approved if !refunded.is_zero() => ("approved", "partially_refunded"),
        Fate::Approved => ("approved", "accredited"),
        Fate::Pending => ("in_process", "pending_contingency"),
        Fate::Rejected => ("rejected", "cc_rejected_insufficient_amount"),
        Fate::ChargedBack => ("charged_back", "settled"),
    };
    json!({
        "id": payment.id.parse::<u64>().unwrap(),
        "status": status,
        "status_detail": detail,
        "transaction_amount": shape::number(payment.amount),
        "transaction_amount_refunded": shape::number(refunded),
        "currency_id": "PEN",
        "external_reference": payment.reference,
        "description": payment.description,
        "payment_method_id": "visa",
        "payment_type_id": "credit_card",
        "payer": {"id": "1", "email": null},
        "card": {"last_four_digits": "0000"},
        "live_mode": false,
    })
}

struct Words;

impl Dialect for Words {
    fn trouble(&self, status: StatusCode) -> Value {
        error(status.as_u16(), 0, "internal_error").body
    }

    fn tell(&self, happened: Happened, payment: &Payment, genuine: bool) -> Delivery {
        let action = if happened == Happened::Created { "payment.created" } else { "payment.updated" };
        let request = Uuid::new_v4();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let secret = if genuine { SECRET } else { "somebody else's" };
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let sum = mac.chain_update(format!("id:{};request-id:{request};ts:{now};", payment.id)).finalize();
        let hex = sum.into_bytes().iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        Delivery {
            query: format!("?data.id={}&type=payment", payment.id),
            headers: vec![
                ("x-request-id", request.to_string()),
                ("x-signature", format!("ts={now},v1={hex}")),
            ],
            body: json!({
                "id": 1, "live_mode": false, "type": "payment", "api_version": "v1", "action": action,
                "user_id": "1", "data": {"id": payment.id},
            }),
        }
    }
}
