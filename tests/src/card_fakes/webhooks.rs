//! The webhook of a gateway: told to us after the answer, before it, twice, late, or by somebody else.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use reqwest::Client;
use serde_json::Value;

/// How long the receiver may take.
const PATIENCE: Duration = Duration::from_secs(22);
/// After the answer of the operation.
const SOON: Duration = Duration::from_millis(50);

/// What goes wrong with the webhook of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookFault {
    /// It comes twice.
    Duplicate,
    /// It comes from somebody else.
    WrongSignature,
    /// It comes before the operation is answered.
    BeforeResponse,
    /// It waits for [`super::Fake::deliver_webhooks`].
    Delayed,
}

/// A webhook as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    /// After the receiver's address, with its question mark; may be empty.
    pub(super) query: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Value,
}

/// A webhook that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// What it said.
    pub body: Value,
    /// The status of the answer; 0 for none.
    pub status: u16,
}

#[derive(Clone, Default)]
pub(super) struct Webhooks(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    address: Option<String>,
    faults: VecDeque<Option<WebhookFault>>,
    waiting: Vec<(String, Delivery)>,
    sent: Vec<Sent>,
    /// Events whose webhooks are still to be sent by themselves.
    under_way: usize,
}

impl Webhooks {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell_to(&self, address: &str) {
        self.inner().address = Some(address.to_owned());
    }

    pub(super) fn plan(&self, faults: impl IntoIterator<Item = Option<WebhookFault>>) {
        self.inner().faults = faults.into_iter().collect();
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.inner().sent.clone()
    }

    /// Tells of an event, to an address of its own or the usual one.
    pub(super) async fn tell(&self, own: Option<String>, make: impl Fn(bool) -> Delivery) {
        let (address, fault) = {
            let mut inner = self.inner();
            let Some(address) = own.or_else(|| inner.address.clone()) else { return };
            (address, inner.faults.pop_front().flatten())
        };
        let delivery = make(fault != Some(WebhookFault::WrongSignature));
        match fault {
            Some(WebhookFault::Delayed) => self.inner().waiting.push((address, delivery)),
            Some(WebhookFault::BeforeResponse) => {
                self.send(&address, delivery).await;
            }
            _ => {
                let times = if fault == Some(WebhookFault::Duplicate) { 2 } else { 1 };
                let webhooks = self.clone();
                self.inner().under_way += 1;
                tokio::spawn(async move {
                    tokio::time::sleep(SOON).await;
                    for _ in 0..times {
                        webhooks.send(&address, delivery.clone()).await;
                    }
                    webhooks.inner().under_way -= 1;
                });
            }
        }
    }

    /// Waits until everything that is sent by itself was sent and answered.
    pub(super) async fn quiet(&self) {
        while self.inner().under_way > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(super) async fn deliver(&self) -> Vec<u16> {
        let waiting = std::mem::take(&mut self.inner().waiting);
        let mut statuses = Vec::new();
        for (address, delivery) in waiting {
            statuses.push(self.send(&address, delivery).await);
        }
        statuses
    }

    /// Sends one; what is not taken waits for the next delivery.
    pub(super) async fn send(&self, address: &str, delivery: Delivery) -> u16 {
        let request = Client::new().post(format!("{address}{}", delivery.query)).timeout(PATIENCE);
        let request = request.json(&delivery.body);
        let request =
            delivery.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let status = request.send().await.map_or(0, |answer| answer.status().as_u16());
        let mut inner = self.inner();
        inner.sent.push(Sent { body: delivery.body.clone(), status });
        if !(200..300).contains(&status) {
            inner.waiting.push((address.to_owned(), delivery));
        }
        status
    }

    /// Where the webhook usually goes.
    pub(super) fn address(&self) -> Option<String> {
        self.inner().address.clone()
    }
}
