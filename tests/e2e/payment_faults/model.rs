//! A gateway in memory. Its clients have given up or got through by the time they answer, as those over HTTP do; what they
//! asked for may still happen after they gave up, as long after as the business's time says.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use casa_gateways::{
    GatewayError,
    cards::{CardGateway, Charge, ChargeError, RefundError, RefusalCode, Seen, Standing, Vendor},
};
use casa_tests::card_fakes::{Fate, Payment, Refund};
use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rust_decimal::Decimal;
use tokio::task::yield_now;
use uuid::Uuid;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing is done, and the caller does not know that.
    Before,
    /// It is done, and the caller does not know that.
    After,
    /// It is done after the caller gave up.
    Slow(TimeDelta),
    /// Nothing is done, and the caller knows it.
    Busy,
}

/// What is still to be done.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one at a time")]
enum Work {
    Charge(Charge),
    Refund { transaction: String, amount: Decimal, key: Uuid },
}

#[derive(Debug)]
struct Inner {
    now: DateTime<Utc>,
    dice: StdRng,
    calm: bool,
    payments: Vec<Payment>,
    /// When the search begins to know a payment.
    searchable: HashMap<String, DateTime<Utc>>,
    tokens: HashSet<String>,
    coming: Vec<(DateTime<Utc>, Work)>,
    /// Transactions that changed after the caller was gone.
    hints: Vec<String>,
    /// What a client that asks the same again under the same key is told.
    refused: HashMap<Uuid, RefusalCode>,
}

/// A gateway in memory.
#[derive(Debug)]
pub struct Model {
    vendor: Vendor,
    inner: Mutex<Inner>,
}

impl Model {
    pub fn new(vendor: Vendor, seed: u64, now: DateTime<Utc>) -> Self {
        let inner = Inner {
            now,
            dice: StdRng::seed_from_u64(seed),
            calm: false,
            payments: Vec::new(),
            searchable: HashMap::new(),
            tokens: HashSet::new(),
            coming: Vec::new(),
            hints: Vec::new(),
            refused: HashMap::new(),
        };
        Self { vendor, inner: Mutex::new(inner) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Time moves on; what was on its way arrives.
    pub fn tick(&self, now: DateTime<Utc>) {
        let mut inner = self.inner();
        let (due, coming): (Vec<_>, Vec<_>) =
            std::mem::take(&mut inner.coming).into_iter().partition(|(at, _)| *at <= now);
        inner.coming = coming;
        for (at, work) in due {
            inner.now = at;
            match work {
                Work::Charge(charge) => {
                    let _ = inner.charge(&charge);
                }
                Work::Refund { transaction, amount, key } => {
                    let _ = inner.refund(self.vendor, &transaction, amount, key);
                    inner.hints.push(transaction);
                }
            }
        }
        inner.now = now;
    }

    pub fn calm(&self) {
        self.inner().calm = true;
    }

    pub fn payments(&self) -> Vec<Payment> {
        self.inner().payments.clone()
    }

    pub fn take_hints(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().hints)
    }

    pub fn decide(&self, id: &str, to: Fate) {
        let mut inner = self.inner();
        inner.payments.iter_mut().find(|payment| payment.id == id).unwrap().fate = to;
    }

    pub fn refund_in_panel(&self, id: &str, amount: Decimal) {
        let key = Uuid::from_u128(self.inner().dice.random());
        self.inner().refund(self.vendor, id, amount, key).unwrap();
    }

    fn fault(&self, of: f64) -> Option<Fault> {
        let mut inner = self.inner();
        if inner.calm || !inner.dice.random_bool(of) {
            return None;
        }
        Some(match inner.dice.random_range(0..4) {
            0 => Fault::Before,
            1 => Fault::After,
            2 => Fault::Slow(TimeDelta::seconds(inner.dice.random_range(1..100))),
            _ => Fault::Busy,
        })
    }

    fn seen(&self, payment: &Payment) -> Seen {
        let (standing, status) = match payment.fate {
            Fate::Approved => (Standing::Approved, "approved"),
            Fate::ChargedBack => (Standing::Approved, "charged_back"),
            Fate::Pending => (Standing::Processing, "in_process"),
            Fate::Rejected => (Standing::Rejected, "rejected"),
        };
        Seen {
            transaction: payment.id.clone(),
            reference: payment.reference.parse().ok(),
            standing,
            status: status.to_owned(),
            detail: String::new(),
            amount: payment.amount,
            refunded: payment.refunded(),
            charged_back: payment.fate == Fate::ChargedBack,
        }
    }
}

fn busy() -> GatewayError {
    GatewayError::Busy { vendor: "model" }
}

impl Inner {
    fn later(&mut self, after: TimeDelta, work: Work) {
        let at = self.now + after;
        self.coming.push((at, work));
    }

    /// The same reference charges once.
    fn charge(&mut self, charge: &Charge) -> Result<Payment, RefusalCode> {
        let reference = charge.reference.to_string();
        if let Some(first) = self.payments.iter().find(|payment| payment.reference == reference) {
            return Ok(first.clone());
        }
        if let Some(refused) = self.refused.get(&charge.reference) {
            return Err(refused.clone());
        }
        let token = charge.token.as_str();
        let fate = match token.split_once('-').map(|(kind, _)| kind) {
            _ if !self.tokens.insert(token.to_owned()) => Err(RefusalCode::TokenUsed),
            Some("ok") => Ok(Fate::Approved),
            Some("decline") => Ok(Fate::Rejected),
            Some("pending") => Ok(Fate::Pending),
            _ => Err(RefusalCode::TokenInvalid),
        };
        let fate = fate.inspect_err(|code| {
            self.refused.insert(charge.reference, code.clone());
        })?;
        let payment = Payment {
            id: format!("{}", 1_000 + self.payments.len()),
            reference,
            amount: charge.amount,
            fate,
            refunds: Vec::new(),
            description: charge.description.clone(),
            notification_url: None,
        };
        // The search lags by minutes, now and then.
        let lag = if self.dice.random_bool(0.1) { self.dice.random_range(1..10) } else { 0 };
        self.searchable.insert(payment.id.clone(), self.now + TimeDelta::minutes(lag));
        self.payments.push(payment.clone());
        Ok(payment)
    }

    /// Only one of the gateways knows its keys; the client of the other one looks before it asks.
    fn refund(
        &mut self,
        vendor: Vendor,
        transaction: &str,
        amount: Decimal,
        key: Uuid,
    ) -> Result<(), RefundError> {
        let refused = RefundError::Refused { status: 400 };
        let key = key.to_string();
        let number = self.payments.iter().map(|payment| payment.refunds.len()).sum();
        let Some(payment) = self.payments.iter_mut().find(|payment| payment.id == transaction) else {
            return Err(refused);
        };
        let known = vendor == Vendor::MercadoPago;
        if known && payment.refunds.iter().any(|refund| refund.description == key) {
            return Ok(());
        }
        if payment.fate != Fate::Approved || amount > payment.amount - payment.refunded() {
            return Err(refused);
        }
        payment.refunds.push(Refund { id: number, amount, description: key });
        Ok(())
    }
}

#[async_trait]
impl CardGateway for Model {
    fn vendor(&self) -> Vendor {
        self.vendor
    }

    async fn charge(&self, charge: &Charge) -> Result<Seen, ChargeError> {
        let fault = self.fault(0.3);
        yield_now().await;
        match fault {
            Some(Fault::Busy) => {
                return Err(ChargeError::Refused { code: RefusalCode::Unavailable, status: 429 });
            }
            Some(Fault::Before) => return Err(ChargeError::Unknown(busy())),
            Some(Fault::Slow(after)) => {
                self.inner().later(after, Work::Charge(charge.clone()));
                yield_now().await;
                return Err(ChargeError::Unknown(busy()));
            }
            Some(Fault::After) | None => {}
        }
        let charged = self.inner().charge(charge);
        yield_now().await;
        if fault.is_some() {
            return Err(ChargeError::Unknown(busy()));
        }
        match charged {
            Ok(payment) if self.vendor == Vendor::OpenPay && payment.fate == Fate::Rejected => {
                let code = RefusalCode::Declined("declined".to_owned());
                Err(ChargeError::Refused { code, status: 402 })
            }
            Ok(payment) => Ok(self.seen(&payment)),
            Err(code) => Err(ChargeError::Refused { code, status: 400 }),
        }
    }

    async fn look_up(&self, transaction: &str) -> Result<Option<Seen>, GatewayError> {
        yield_now().await;
        if self.fault(0.15).is_some() {
            return Err(busy());
        }
        let found = self.payments().into_iter().find(|payment| payment.id == transaction);
        yield_now().await;
        Ok(found.map(|payment| self.seen(&payment)))
    }

    async fn find(&self, reference: Uuid) -> Result<Option<Seen>, GatewayError> {
        yield_now().await;
        if self.fault(0.15).is_some() {
            return Err(busy());
        }
        let found = {
            let inner = self.inner();
            let known = |payment: &&Payment| {
                payment.reference == reference.to_string() && inner.searchable[&payment.id] <= inner.now
            };
            inner.payments.iter().find(known).cloned()
        };
        Ok(found.map(|payment| self.seen(&payment)))
    }

    async fn refund(&self, transaction: &str, amount: Decimal, key: Uuid) -> Result<(), RefundError> {
        yield_now().await;
        let fault = self.fault(0.3);
        if self.vendor == Vendor::OpenPay {
            let text = key.to_string();
            let has = |payment: &Payment| payment.refunds.iter().any(|refund| refund.description == text);
            if self.payments().iter().any(|payment| payment.id == transaction && has(payment)) {
                return Ok(());
            }
        }
        match fault {
            Some(Fault::Busy | Fault::Before) => return Err(RefundError::Unknown(busy())),
            Some(Fault::Slow(after)) => {
                let work = Work::Refund { transaction: transaction.to_owned(), amount, key };
                self.inner().later(after, work);
                yield_now().await;
                return Err(RefundError::Unknown(busy()));
            }
            Some(Fault::After) | None => {}
        }
        let done = self.inner().refund(self.vendor, transaction, amount, key);
        yield_now().await;
        if fault.is_some() { Err(RefundError::Unknown(busy())) } else { done }
    }
}
