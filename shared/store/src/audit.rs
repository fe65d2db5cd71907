//! The audit log: who changed what, written with the change (contract 01 §2.4).

use casa_domain::ids::StaffId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    item::document,
    keys,
    transaction::{Guards, Transaction},
};

/// The kind of row that reservations are in the log, and in the original's exports.
pub const RESERVATION_ROWS: &str = "reservation.reservation";

/// What was done, numbered as the original's log numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditAction {
    /// A row was entered.
    Added = 1,
    /// A row was changed.
    Changed = 2,
    /// A row was deleted.
    Deleted = 3,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Who; `None` for the system itself.
    pub user: Option<StaffId>,
    /// What.
    pub action: AuditAction,
    /// The kind of row.
    pub model: String,
    /// Its id.
    pub object: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Audit {
    /// An entry for a row of kind `model`.
    pub fn new(
        user: Option<StaffId>,
        action: AuditAction,
        model: &str,
        object: impl ToString,
        at: DateTime<Utc>,
    ) -> Self {
        Self { user, action, model: model.to_owned(), object: object.to_string(), at }
    }

    pub(crate) fn write(&self, store: &Store, transaction: &mut Transaction) -> Result<(), StoreError> {
        let key = keys::audit(self.at, Uuid::new_v4());
        transaction.put(store.table(), document(&key, self)?, None, Guards::Nothing)
    }
}
