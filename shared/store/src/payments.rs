//! Payments by card: one record per attempt, a row in the list of its month, a pointer beside its reservation, and an index
//! of those whose outcome is not known.

use casa_domain::{
    ReservationId,
    ids::PaymentId,
    payment::{Payment, State},
    time::{Month, sortable},
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    Audit, Item, Store, StoreError,
    item::{Span, document, key_item, n, number, read, s, text},
    keys,
    transaction::{Expression, Guards, Transaction, absent, at_version, versioned},
};

/// For how long a used card token is remembered (contract 06 §4.3).
const TOKEN_HOURS: i64 = 24;
/// Most unsettled payments that one look answers.
const AT_ONCE: i32 = 100;

/// A payment as read, with the version a change must name.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredPayment {
    /// The payment.
    pub payment: Payment,
    /// Its version.
    pub version: u64,
}

/// Payments by card. They start and learn of their outcome together with their reservation: see
/// [`crate::reservations::PaymentStep`].
#[derive(Debug)]
pub struct Payments<'a>(pub(crate) &'a Store);

fn stored(item: &Item) -> Result<StoredPayment, StoreError> {
    Ok(StoredPayment { payment: read(item)?, version: number(item, "v").unwrap_or_default() })
}

impl Payments<'_> {
    /// The payment with this id; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: PaymentId) -> Result<Option<StoredPayment>, StoreError> {
        self.0.get(&keys::payment(id)).await?.as_ref().map(stored).transpose()
    }

    /// The payments of a reservation, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(&self, reservation: ReservationId) -> Result<Vec<Payment>, StoreError> {
        let rows = self.0.query(&format!("RES#{reservation}"), Span::prefix(keys::PAYMENT_OF)).await?;
        let ids = rows.iter().filter_map(|row| text(row, "to")?.parse().ok().map(keys::payment));
        let items = self.0.get_many(&ids.collect::<Vec<_>>()).await?;
        let mut payments = items.values().map(read::<Payment>).collect::<Result<Vec<_>, _>>()?;
        payments.sort_by_key(|payment| (payment.created, payment.id));
        Ok(payments)
    }

    /// The payments started in a month (UTC), newest first; one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_month(&self, month: Month) -> Result<Vec<Payment>, StoreError> {
        let span = Span { backwards: true, ..Span::all() };
        self.0.query(&keys::payments_pk(month), span).await?.iter().map(read).collect()
    }

    /// Ids of payments whose outcome, or the outcome of whose refund, is not known, the oldest first, at most a hundred. An
    /// index tells: read each again before acting on it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unsettled(&self) -> Result<Vec<PaymentId>, StoreError> {
        let ask = self
            .0
            .dynamo()
            .query()
            .table_name(self.0.table())
            .index_name("gsi1")
            .key_condition_expression("gsi1pk = :pk")
            .expression_attribute_values(":pk", s(keys::PAYMENTS_UNSETTLED))
            .limit(AT_ONCE);
        let items = Box::pin(ask.send()).await?.items.unwrap_or_default();
        Ok(items.iter().filter_map(|item| text(item, "pk")?.strip_prefix("PAYMENT#")?.parse().ok()).collect())
    }

    /// Whether a card token, by its digest, was used for another payment not long ago; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_used(&self, token: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let item = self.0.get(&keys::card_token(token)).await?;
        let until = item.and_then(|item| number::<i64>(&item, "until"));
        Ok(until.is_some_and(|until| until >= now.timestamp()))
    }

    /// Writes what became known of a payment that does not touch its reservation: a refund that is asked for, and that it was.
    /// With an entry of the audit log where a member of staff decided it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when the payment is not as read.
    pub async fn change(
        &self,
        before: &StoredPayment,
        after: &Payment,
        audit: Option<&Audit>,
    ) -> Result<StoredPayment, StoreError> {
        let mut transaction = Transaction::default();
        learn(self.0, &mut transaction, before, after)?;
        if let Some(audit) = audit {
            audit.write(self.0, &mut transaction)?;
        }
        transaction.commit(self.0).await?;
        Ok(StoredPayment { payment: after.clone(), version: before.version + 1 })
    }
}

fn item_of(payment: &Payment, version: u64) -> Result<Item, StoreError> {
    let mut item = versioned(document(&keys::payment(payment.id), payment)?, version);
    if payment.is_unsettled() {
        item.insert("gsi1pk".to_owned(), s(keys::PAYMENTS_UNSETTLED));
        item.insert("gsi1sk".to_owned(), s(sortable(payment.created)));
    }
    Ok(item)
}

/// Adds the start of a payment to a transaction.
pub(crate) fn begin(
    store: &Store,
    transaction: &mut Transaction,
    payment: &Payment,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let table = store.table();
    transaction.put(table, item_of(payment, 1)?, Some(absent()), Guards::Unique("payment"))?;
    let row = keys::payment_row(payment.created, payment.id);
    transaction.put(table, document(&row, payment)?, None, Guards::Nothing)?;
    let mut pointer = key_item(&keys::payment_of(payment.reservation, payment.created, payment.id));
    pointer.insert("to".to_owned(), s(payment.id.to_string()));
    transaction.put(table, pointer, None, Guards::Nothing)?;
    let mut token = key_item(&keys::card_token(&payment.token));
    let until = now + TimeDelta::hours(TOKEN_HOURS);
    token.insert("until".to_owned(), n(until.timestamp()));
    // The business clock may stand still; the table's own never does.
    token.insert("ttl".to_owned(), n((Utc::now().max(until) + TimeDelta::hours(TOKEN_HOURS)).timestamp()));
    // The name is a word of the table's own language.
    let free = Expression::new("attribute_not_exists(pk) OR #until < :now")
        .name("#until", "until")
        .value(":now", n(now.timestamp()));
    transaction.put(table, token, Some(free), Guards::Unique("token"))
}

/// Adds what became known of a payment to a transaction. The token of a payment that never reached its gateway can be used
/// again.
pub(crate) fn learn(
    store: &Store,
    transaction: &mut Transaction,
    before: &StoredPayment,
    after: &Payment,
) -> Result<(), StoreError> {
    let table = store.table();
    let item = item_of(after, before.version + 1)?;
    transaction.put(table, item, Some(at_version(before.version)), Guards::Version)?;
    let row = keys::payment_row(after.created, after.id);
    transaction.put(table, document(&row, after)?, None, Guards::Nothing)?;
    if after.state == State::Abandoned && before.payment.state != State::Abandoned {
        transaction.delete(table, &keys::card_token(&after.token))?;
    }
    Ok(())
}
