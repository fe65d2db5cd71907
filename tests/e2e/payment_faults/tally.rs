//! How often what happened: a test in which nothing happens proves nothing.

use std::{collections::BTreeMap, sync::Mutex};

/// Counts by name.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<String, u64>>);

/// What must have happened among a thousand schedules.
const MUST: [&str; 15] = [
    "guest: done",
    "guest: processing",
    "guest: refused",
    "guest: unknown",
    "guest: token used",
    "guest: under way",
    "guest: wrong amount",
    "killed",
    "payment: booked",
    "payment: not booked",
    "payment: rejected",
    "payment: abandoned",
    "refund: staff",
    "refund: unusable",
    "refund: chargeback",
];

impl Tally {
    pub fn count(&self, what: &str) {
        *self.0.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }

    /// Demands that everything happened that can.
    pub fn is_complete(&self) {
        let counts = self.0.lock().unwrap();
        for what in MUST {
            assert!(counts.contains_key(what), "never happened: {what}; {counts:#?}");
        }
    }
}
