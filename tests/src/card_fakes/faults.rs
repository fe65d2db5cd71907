//! What goes wrong, and when.

use std::{collections::VecDeque, time::Duration};

/// What a gateway is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Take money.
    Charge,
    /// Tell about a payment.
    LookUp,
    /// Search by our reference.
    Find,
    /// Give money back.
    Refund,
}

/// What goes wrong with one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The work is done, then the connection closes without an answer.
    Lost,
    /// Status 500, nothing is done.
    FailBefore,
    /// The work is done, then comes status 500.
    FailAfter,
    /// The work is done after this time, also where the caller does not wait.
    SlowBefore(Duration),
    /// The work is done at once, the answer comes after this time.
    SlowAfter(Duration),
    /// The work is done, the answer is a page with status 200.
    Garbage,
    /// Status 429, nothing is done.
    Busy,
}

/// A plan of faults.
pub struct Faults(Box<dyn FnMut(Operation) -> Option<Fault> + Send>);

impl Default for Faults {
    fn default() -> Self {
        Self::by(|_| None)
    }
}

impl Faults {
    /// Whatever a function says, for example one that rolls seeded dice.
    pub fn by(choose: impl FnMut(Operation) -> Option<Fault> + Send + 'static) -> Self {
        Self(Box::new(choose))
    }

    /// These faults in this order for the charges and refunds to come, then none.
    pub fn of_money(faults: impl IntoIterator<Item = Option<Fault>>) -> Self {
        let mut faults: VecDeque<_> = faults.into_iter().collect();
        Self::by(move |operation| {
            let money = matches!(operation, Operation::Charge | Operation::Refund);
            money.then(|| faults.pop_front()).flatten().flatten()
        })
    }

    /// This fault with every charge and refund.
    pub fn always(fault: Fault) -> Self {
        Self::by(move |operation| matches!(operation, Operation::Charge | Operation::Refund).then_some(fault))
    }

    pub(super) fn next(&mut self, operation: Operation) -> Option<Fault> {
        (self.0)(operation)
    }
}
