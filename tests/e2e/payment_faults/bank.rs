//! A gateway as a world sees it: in memory or over HTTP.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use casa_gateways::cards::{CardGateway, MercadoPago, OpenPay, Patience, Vendor};
use casa_tests::card_fakes::{Fake, Fate, Fault, Faults, Operation, Payment, mercado_pago, openpay};
use chrono::{DateTime, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rust_decimal::Decimal;

use crate::{Wire, model::Model};

/// Longer than the clients wait.
const SLOW: Duration = Duration::from_millis(160);
/// After this nothing is on its way any more.
pub const STILL: Duration = Duration::from_millis(240);

/// For gateways on the same machine.
const HASTY: Patience = Patience {
    each: Duration::from_millis(100),
    pauses: [Duration::from_millis(1), Duration::from_millis(2)],
    whole: Duration::from_millis(600),
};

/// The clients of a gateway: while it fails, and once it is calm. The second one bears with a machine that is busy with
/// other things.
pub struct Clients {
    pub hasty: Arc<dyn CardGateway>,
    pub patient: Arc<dyn CardGateway>,
}

/// A gateway.
#[derive(Clone)]
pub enum Bank {
    Memory(Arc<Model>),
    Http(Fake, Arc<AtomicBool>),
}

impl Bank {
    /// A gateway that fails at random, and the clients for it.
    pub async fn start(wire: Wire, vendor: Vendor, seed: u64, now: DateTime<Utc>) -> (Self, Clients) {
        if wire == Wire::Memory {
            let model = Arc::new(Model::new(vendor, seed, now));
            let clients = Clients { hasty: Arc::clone(&model) as _, patient: Arc::clone(&model) as _ };
            return (Self::Memory(model), clients);
        }
        let (fake, clients) = match vendor {
            Vendor::MercadoPago => {
                let fake = mercado_pago::start().await;
                let client = || MercadoPago::new(&fake.base, mercado_pago::TOKEN).unwrap();
                let hasty = Arc::new(client().with_patience(HASTY));
                let clients = Clients { hasty, patient: Arc::new(client()) };
                (fake, clients)
            }
            Vendor::OpenPay => {
                let fake = openpay::start().await;
                let client = || OpenPay::new(&fake.base, openpay::MERCHANT, openpay::KEY).unwrap();
                let hasty = Arc::new(client().with_patience(HASTY));
                let clients = Clients { hasty, patient: Arc::new(client()) };
                (fake, clients)
            }
        };
        let calm = Arc::new(AtomicBool::new(false));
        let (mut dice, still) = (StdRng::seed_from_u64(seed), Arc::clone(&calm));
        fake.plan(Faults::by(move |operation| {
            let often = if matches!(operation, Operation::Charge | Operation::Refund) { 0.5 } else { 0.2 };
            if still.load(Ordering::Relaxed) || !dice.random_bool(often) {
                return None;
            }
            Some(match dice.random_range(0..8) {
                0 => Fault::Lost,
                1 => Fault::FailBefore,
                2 => Fault::FailAfter,
                3 => Fault::SlowBefore(SLOW),
                4 => Fault::SlowAfter(SLOW),
                5 => Fault::Garbage,
                _ => Fault::Busy,
            })
        }));
        (Self::Http(fake, calm), clients)
    }

    /// Time moves on.
    pub fn tick(&self, now: DateTime<Utc>) {
        if let Self::Memory(model) = self {
            model.tick(now);
        }
    }

    /// From now on nothing goes wrong.
    pub fn calm(&self) {
        match self {
            Self::Memory(model) => model.calm(),
            Self::Http(fake, calm) => {
                calm.store(true, Ordering::Relaxed);
                fake.lag(0);
            }
        }
    }

    /// The next searches know nothing yet. The gateway in memory sees to that itself.
    pub fn lag(&self, searches: usize) {
        if let Self::Http(fake, _) = self {
            fake.lag(searches);
        }
    }

    /// Every payment.
    pub fn payments(&self) -> Vec<Payment> {
        match self {
            Self::Memory(model) => model.payments(),
            Self::Http(fake, _) => fake.payments(),
        }
    }

    /// Transactions that changed without anybody waiting for it.
    pub fn take_hints(&self) -> Vec<String> {
        match self {
            Self::Memory(model) => model.take_hints(),
            // Which ones, nobody noted: all of those that money went back from.
            Self::Http(fake, _) => {
                let back = fake.payments().into_iter().filter(|payment| !payment.refunds.is_empty());
                back.map(|payment| payment.id).collect()
            }
        }
    }

    /// Decides a pending payment.
    pub async fn resolve(&self, id: &str, approved: bool) {
        match self {
            Self::Memory(model) => model.decide(id, if approved { Fate::Approved } else { Fate::Rejected }),
            Self::Http(fake, _) => fake.resolve(id, approved).await,
        }
    }

    /// The guest's bank takes the money back.
    pub async fn charge_back(&self, id: &str) {
        match self {
            Self::Memory(model) => model.decide(id, Fate::ChargedBack),
            Self::Http(fake, _) => fake.charge_back(id).await,
        }
    }

    /// Somebody gives money back in the gateway's panel.
    pub async fn refund_in_panel(&self, id: &str, amount: Decimal) {
        match self {
            Self::Memory(model) => model.refund_in_panel(id, amount),
            Self::Http(fake, _) => fake.refund_in_panel(id, amount).await,
        }
    }
}
