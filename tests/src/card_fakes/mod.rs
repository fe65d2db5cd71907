//! The two card gateways as servers of our own: strict about what they are sent, exact about whose money they hold, and
//! able to fail in every way that a network and a vendor can. Built from the public description of their APIs.
//!
//! The token says what the card does: `ok-…` pays, `decline-…` is refused by the bank, `pending-…` is decided later
//! ([`Fake::resolve`]), `used-…` was used before, anything else is no token. Every token is good for one charge.

#![allow(clippy::unwrap_used)] // a fake that cannot go on ends its test

mod faults;
pub mod mercado_pago;
pub mod openpay;
mod shape;
mod till;
mod webhooks;

use std::{
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio::net::TcpListener;
use uuid::Uuid;

pub use faults::{Fault, Faults, Operation};
pub use till::{Fate, Payment, Refund};
pub use webhooks::{Sent, WebhookFault};

use till::{Refusal, Till};
use webhooks::{Delivery, Webhooks};

/// A gateway that runs until its test ends.
#[derive(Clone)]
pub struct Fake {
    /// Where it listens, without a path.
    pub base: String,
    shared: Arc<Shared>,
}

/// What makes one gateway's words different from the other's.
trait Dialect: Send + Sync {
    /// The body of an answer that only has a status.
    fn trouble(&self, status: StatusCode) -> Value;

    /// How the webhook tells of something; with a wrong signature where `genuine` is false.
    fn tell(&self, happened: Happened, payment: &Payment, genuine: bool) -> Delivery;
}

/// What a webhook tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happened {
    Created,
    Decided,
    Refunded,
    ChargedBack,
}

/// What an operation comes to.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    body: Value,
    /// What the webhook tells, and of which payment.
    event: Option<(Happened, String)>,
}

impl Answer {
    fn new(status: u16, body: Value) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap(), body, event: None }
    }

    fn telling(self, happened: Happened, payment: &str) -> Self {
        Self { event: Some((happened, payment.to_owned())), ..self }
    }
}

struct Shared {
    dialect: Box<dyn Dialect>,
    till: Mutex<Till>,
    /// One operation works at a time.
    turn: Mutex<()>,
    faults: Mutex<Faults>,
    webhooks: Webhooks,
}

impl Shared {
    fn new(dialect: impl Dialect + 'static) -> Arc<Self> {
        Arc::new(Self {
            dialect: Box::new(dialect),
            till: Mutex::default(),
            turn: Mutex::default(),
            faults: Mutex::default(),
            webhooks: Webhooks::default(),
        })
    }

    fn till(&self) -> MutexGuard<'_, Till> {
        self.till.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does an operation with the fault that is planned for it. The work goes on where the caller gives up, as it does at
    /// a real gateway.
    async fn serve(
        self: Arc<Self>,
        operation: Operation,
        work: impl FnOnce(&Self) -> Answer + Send + 'static,
    ) -> Response {
        let fault = self.faults.lock().unwrap_or_else(PoisonError::into_inner).next(operation);
        let trouble = |status: StatusCode| (status, Json(self.dialect.trouble(status))).into_response();
        match fault {
            Some(Fault::FailBefore) => return trouble(StatusCode::INTERNAL_SERVER_ERROR),
            Some(Fault::Busy) => return trouble(StatusCode::TOO_MANY_REQUESTS),
            _ => {}
        }
        let shared = Arc::clone(&self);
        let work = tokio::spawn(async move {
            if let Some(Fault::SlowBefore(time)) = fault {
                tokio::time::sleep(time).await;
            }
            let answer = {
                let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
                work(&shared)
            };
            if let Some((happened, payment)) = &answer.event {
                shared.tell(*happened, payment).await;
            }
            if let Some(Fault::SlowAfter(time)) = fault {
                tokio::time::sleep(time).await;
            }
            answer
        });
        let answer = work.await.unwrap();
        match fault {
            // Ends the connection's task, and with it the connection.
            Some(Fault::Lost) => resume_unwind(Box::new("the connection is cut")),
            Some(Fault::FailAfter) => trouble(StatusCode::INTERNAL_SERVER_ERROR),
            Some(Fault::Garbage) => Html("<!doctype html><title>Entrar</title>").into_response(),
            _ => (answer.status, Json(answer.body)).into_response(),
        }
    }

    async fn tell(&self, happened: Happened, payment: &str) {
        let payment = self.till().get(payment).cloned().unwrap();
        self.webhooks
            .tell(payment.notification_url.clone(), |genuine| self.dialect.tell(happened, &payment, genuine))
            .await;
    }
}

impl Fake {
    async fn start(shared: Arc<Shared>, router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, shared }
    }

    /// Where the webhook sends to; nothing is sent before, unless a payment names its own address.
    pub fn tell_to(&self, address: &str) {
        self.shared.webhooks.tell_to(address);
    }

    /// What goes wrong from now on.
    pub fn plan(&self, faults: Faults) {
        *self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// What goes wrong with the next webhooks, one entry per event.
    pub fn plan_webhooks(&self, faults: impl IntoIterator<Item = Option<WebhookFault>>) {
        self.shared.webhooks.plan(faults);
    }

    /// The next so many searches do not know any payment yet.
    pub fn lag(&self, searches: usize) {
        self.shared.till().lag = searches;
    }

    /// Decides a payment that is pending, and tells so.
    pub async fn resolve(&self, id: &str, approved: bool) {
        let fate = if approved { Fate::Approved } else { Fate::Rejected };
        self.shared.till().decide(id, Fate::Pending, fate);
        self.shared.tell(Happened::Decided, id).await;
    }

    /// The guest's bank takes the money of a payment back, and the gateway tells so.
    pub async fn charge_back(&self, id: &str) {
        self.shared.till().decide(id, Fate::Approved, Fate::ChargedBack);
        self.shared.tell(Happened::ChargedBack, id).await;
    }

    /// Gives back soles of a payment in the gateway's own panel, and tells so.
    pub async fn refund_in_panel(&self, id: &str, amount: Decimal) {
        self.shared.till().refund(id, Some(amount), "panel").unwrap();
        self.shared.tell(Happened::Refunded, id).await;
    }

    /// Sends the webhooks that were delayed or not taken; the statuses of the answers, 0 for none.
    pub async fn deliver_webhooks(&self) -> Vec<u16> {
        self.shared.webhooks.deliver().await
    }

    /// Waits until the webhooks that nothing holds back were sent and answered.
    pub async fn quiet(&self) {
        self.shared.webhooks.quiet().await;
    }

    /// The webhooks that were sent so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.shared.webhooks.sent()
    }

    /// Every payment, in order.
    pub fn payments(&self) -> Vec<Payment> {
        self.shared.till().payments.clone()
    }

    /// Soles taken under a reference, before refunds.
    pub fn taken(&self, reference: Uuid) -> Decimal {
        self.under(reference)
            .iter()
            .filter(|payment| payment.took_money())
            .map(|payment| payment.amount)
            .sum()
    }

    /// Soles given back under a reference.
    pub fn refunded(&self, reference: Uuid) -> Decimal {
        self.under(reference).iter().map(Payment::refunded).sum()
    }

    /// How many payments took money under a reference: never more than one, if all is well.
    pub fn charges(&self, reference: Uuid) -> usize {
        self.under(reference).iter().filter(|payment| payment.took_money()).count()
    }

    fn under(&self, reference: Uuid) -> Vec<Payment> {
        let reference = reference.to_string();
        self.shared.till().payments.iter().filter(|payment| payment.reference == reference).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
