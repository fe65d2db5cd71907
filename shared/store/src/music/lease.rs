//! Which of several bridges acts: a lease in one item.
//!
//! The clocks of two machines differ, so no instant is compared across them. The item carries a count that the holder
//! moves on; another bridge that sees the same count for the whole of [`LEASE`], by its own clock, may take it. The
//! holder counts its own time from before it last asked, and stops a little earlier.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::ReturnValue;
use uuid::Uuid;

use super::Music;
use crate::{
    StoreError,
    item::{Item, key_item, n, number, s, text},
    keys,
};

/// How long the lease holds without being renewed.
pub const LEASE: Duration = Duration::from_secs(5);

/// The right to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who has it.
    pub holder: Uuid,
    /// Grows with every change of holder, so that the later of two holders is known.
    pub fence: u64,
    /// How often it was renewed.
    beat: u64,
}

/// The lease as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nobody has it.
    Free {
        /// Of the last holder; 0 where there never was one.
        fence: u64,
    },
    /// Somebody has it; as long as this stays the same for less than [`LEASE`], it holds.
    Held(Lease),
}

impl Music<'_> {
    /// Who has the lease; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look_at_lease(&self) -> Result<Seen, StoreError> {
        let item = self.0.get(&keys::music_lease()).await?.unwrap_or_default();
        Ok(read_lease(&item).map_or(Seen::Free { fence: fence(&item) }, Seen::Held))
    }

    /// Takes the lease from the state that was seen: a free one, or one that did not move for [`LEASE`]. `None`: it moved
    /// meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_lease(&self, holder: Uuid, seen: &Seen) -> Result<Option<Lease>, StoreError> {
        let ask = self.0.dynamo().update_item().table_name(self.0.table());
        let ask = ask.set_key(Some(key_item(&keys::music_lease())));
        let ask = match seen {
            Seen::Free { fence: 0 } => ask.condition_expression("attribute_not_exists(pk)"),
            Seen::Free { fence } => ask
                .condition_expression("attribute_not_exists(holder) AND fence = :fence")
                .expression_attribute_values(":fence", n(fence)),
            Seen::Held(lease) => ask
                .condition_expression("holder = :held AND fence = :fence AND beat = :beat")
                .expression_attribute_values(":held", s(lease.holder.to_string()))
                .expression_attribute_values(":fence", n(lease.fence))
                .expression_attribute_values(":beat", n(lease.beat)),
        };
        let ask = ask
            .update_expression("SET holder = :holder, beat = :none ADD fence :one")
            .expression_attribute_values(":holder", s(holder.to_string()))
            .expression_attribute_values(":none", n(0))
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew);
        unless_refused(Box::pin(ask.send()).await)
    }

    /// Holds the lease for another while; the lease as it is now. `None`: another has it.
    ///
    /// # Errors
    /// [`StoreError`]: it may or may not have been renewed. Asking again is right.
    pub async fn renew_lease(&self, lease: &Lease) -> Result<Option<Lease>, StoreError> {
        let ask = self
            .0
            .dynamo()
            .update_item()
            .table_name(self.0.table())
            .set_key(Some(key_item(&keys::music_lease())))
            .condition_expression("holder = :holder AND fence = :fence")
            .expression_attribute_values(":holder", s(lease.holder.to_string()))
            .expression_attribute_values(":fence", n(lease.fence))
            .update_expression("ADD beat :one")
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew);
        unless_refused(Box::pin(ask.send()).await)
    }

    /// Gives the lease back, if one still has it, so that another need not wait for its end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_back_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let ask = self
            .0
            .dynamo()
            .update_item()
            .table_name(self.0.table())
            .set_key(Some(key_item(&keys::music_lease())))
            .condition_expression("holder = :holder AND fence = :fence")
            .expression_attribute_values(":holder", s(lease.holder.to_string()))
            .expression_attribute_values(":fence", n(lease.fence))
            .update_expression("REMOVE holder");
        unless_refused(Box::pin(ask.send()).await).map(drop)
    }
}

fn unless_refused<R: std::fmt::Debug>(
    answer: Result<UpdateItemOutput, SdkError<UpdateItemError, R>>,
) -> Result<Option<Lease>, StoreError> {
    match answer {
        Ok(answer) => Ok(read_lease(&answer.attributes.unwrap_or_default())),
        Err(error)
            if matches!(
                error.as_service_error(),
                Some(UpdateItemError::ConditionalCheckFailedException(_))
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn fence(item: &Item) -> u64 {
    number(item, "fence").unwrap_or(0)
}

fn read_lease(item: &Item) -> Option<Lease> {
    let holder = text(item, "holder")?.parse().ok()?;
    Some(Lease { holder, fence: fence(item), beat: number(item, "beat").unwrap_or(0) })
}
