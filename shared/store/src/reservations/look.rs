//! Looking reservations up by other things than their id.

use casa_domain::ReservationId;
use casa_domain::time::sortable;
use chrono::{DateTime, Utc};

use super::{Once, Reservations, Stored};
use crate::{
    StoreError,
    item::{Span, s, text},
    keys,
};

/// Most bookings that one look at the deadlines answers.
const AT_ONCE: i32 = 200;

impl Reservations<'_> {
    /// The live reservations that another calendar (or an old address) knows under this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_external(&self, uid: &str) -> Result<Vec<Stored>, StoreError> {
        if uid.is_empty() || uid.len() > LONGEST_UID {
            return Ok(Vec::new());
        }
        let rows = self.0.query(&keys::external_pk(uid), Span::all()).await?;
        let ids: Vec<ReservationId> = rows.iter().filter_map(|row| text(row, "sk")?.parse().ok()).collect();
        let mut found: Vec<_> = self.get_many(&ids).await?.into_values().collect();
        found.retain(|one| one.booked.reservation.uuid_external.as_deref() == Some(uid));
        found.sort_by_key(|one| (one.booked.reservation.created, one.booked.reservation.id));
        Ok(found)
    }

    /// Ids of bookings whose deadline is before `now`, the longest overdue first, at most two hundred. An index tells: read
    /// each again before acting on it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overdue(&self, now: DateTime<Utc>) -> Result<Vec<ReservationId>, StoreError> {
        let ask = self
            .0
            .dynamo()
            .query()
            .table_name(self.0.table())
            .index_name("gsi1")
            .key_condition_expression("gsi1pk = :pk AND gsi1sk < :now")
            .expression_attribute_values(":pk", s(keys::DEADLINES))
            .expression_attribute_values(":now", s(sortable(now)))
            .limit(AT_ONCE);
        let items = Box::pin(ask.send()).await?.items.unwrap_or_default();
        Ok(items.iter().filter_map(|item| text(item, "pk")?.strip_prefix("RES#")?.parse().ok()).collect())
    }

    /// The reservation that a request with this idempotency key entered, and the digest of that request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entered_by(&self, subject: &str) -> Result<Option<(ReservationId, Once)>, StoreError> {
        let Some(item) = self.0.get(&keys::once(subject)).await? else { return Ok(None) };
        let id = text(&item, "to").and_then(|id| id.parse().ok());
        let digest = text(&item, "digest").unwrap_or_default().to_owned();
        Ok(id.map(|id| (id, Once { subject: subject.to_owned(), digest })))
    }
}

/// Longest id that is looked up, in bytes: the column's 100 characters.
const LONGEST_UID: usize = 400;
