//! What an import did.

use std::{collections::BTreeMap, fmt};

use casa_domain::{HouseId, ReservationId};
use serde::Serialize;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Rows entered, by model.
    pub imported: BTreeMap<String, usize>,
    /// Rows that were in the table already.
    pub unchanged: usize,
    /// Rows of models this system does not know, kept as they are.
    pub unknown_models: BTreeMap<String, usize>,
    /// Rows of models that only the original's framework needs, left out.
    pub framework: BTreeMap<String, usize>,
    /// Rows that could not be entered as they are.
    pub rejected: Vec<Rejected>,
    /// Reservations entered without their nights.
    pub conflicts: Vec<Conflict>,
}

/// A row that could not be entered as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Its model.
    pub model: String,
    /// Its key in the export.
    pub pk: String,
    /// Why.
    pub reason: String,
}

/// A reservation entered without its nights, because others hold some of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The reservation.
    pub reservation: ReservationId,
    /// Its house.
    pub house: HouseId,
    /// Who holds nights it wanted.
    pub held_by: Vec<ReservationId>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: usize = self.imported.values().sum();
        writeln!(f, "{total} rows entered, {} were there already", self.unchanged)?;
        for (model, rows) in &self.imported {
            writeln!(f, "  {rows:>7}  {model}")?;
        }
        for (model, rows) in &self.unknown_models {
            writeln!(f, "unknown model, kept as it is: {model} ({rows} rows)")?;
        }
        for (model, rows) in &self.framework {
            writeln!(f, "left out, only the old framework needs it: {model} ({rows} rows)")?;
        }
        for row in &self.rejected {
            writeln!(f, "{} {}: {}", row.model, row.pk, row.reason)?;
        }
        for conflict in &self.conflicts {
            let holders: Vec<_> = conflict.held_by.iter().map(ToString::to_string).collect();
            writeln!(
                f,
                "reservation {} holds no night of house {}: held by {}",
                conflict.reservation,
                conflict.house,
                holders.join(", ")
            )?;
        }
        Ok(())
    }
}
