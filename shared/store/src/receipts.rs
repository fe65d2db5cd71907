//! Receipts (vouchers) of reservations: rows beside the reservation, with a look-up by id.

use casa_domain::{ReceiptId, ReservationId, reservation::Receipt};

use crate::{
    Store, StoreError,
    item::{Span, document, read},
    keys,
    transaction::{Expression, Guards, Transaction},
};

/// Receipts of reservations.
#[derive(Debug)]
pub struct Receipts<'a>(pub(crate) &'a Store);

impl Receipts<'_> {
    /// The receipts of a reservation, oldest first; one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(&self, reservation: ReservationId) -> Result<Vec<Receipt>, StoreError> {
        let items = self.0.query(&format!("RES#{reservation}"), Span::prefix("RECEIPT#")).await?;
        items.iter().map(read).collect()
    }

    /// The receipt with this id; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: ReceiptId) -> Result<Option<Receipt>, StoreError> {
        self.0.get_document(&keys::receipt_lookup(id)).await
    }

    /// Removes a receipt; its file is the caller's to remove afterwards.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is gone already.
    pub async fn delete(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        let there = Expression::new("attribute_exists(pk)");
        transaction.delete_when(self.0.table(), &keys::receipt_lookup(receipt.id), there, Guards::Version)?;
        let row = keys::receipt(receipt.reservation, receipt.created, receipt.id);
        transaction.delete(self.0.table(), &row)?;
        transaction.commit(self.0).await
    }
}

/// Adds a receipt to a transaction.
pub(crate) fn write(
    store: &Store,
    transaction: &mut Transaction,
    receipt: &Receipt,
) -> Result<(), StoreError> {
    let row = keys::receipt(receipt.reservation, receipt.created, receipt.id);
    transaction.put(store.table(), document(&row, receipt)?, None, Guards::Nothing)?;
    let lookup = keys::receipt_lookup(receipt.id);
    transaction.put(store.table(), document(&lookup, receipt)?, None, Guards::Nothing)
}
