//! Reservations: the aggregate, its list rows and counts, and the nights it holds.
//!
//! `write` changes them in one transaction, `counts` keeps how many there are per month, `list` reads pages.

mod around;
mod billed;
mod card;
pub(crate) mod counts;
mod list;
mod look;
mod near;
mod prepare;
mod write;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use casa_domain::{
    ClientId, ReservationId, calendar::Hold, client::ClientCard, ids::PaymentId, reservation::Reservation,
};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Store, StoreError,
    item::{Span, number, read},
    keys,
};

pub use billed::Billed;
pub use counts::Heads;
pub use list::{Listed, Page, Search, Window, Wish};
pub use write::{Change, Conflicts, Once, PaymentStep, PointsSpent};

/// A reservation with what its rows repeat of others: the guest's card and the nights it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Booked {
    /// The reservation.
    #[serde(rename = "r")]
    pub reservation: Reservation,
    /// Its guest.
    #[serde(rename = "c")]
    pub client: Option<ClientCard>,
    /// The nights it holds in the calendar. Absent for a blocking status only where imported data double-booked.
    #[serde(rename = "h")]
    pub hold: Option<Hold>,
    /// The discount code of which it holds a counted use.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The card payment under way. As long as its outcome is not known the booking does not lapse and no other payment
    /// starts.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub paying: Option<Paying>,
}

/// A card payment under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paying {
    /// Which.
    pub payment: PaymentId,
    /// It buys late check-out: the night after the stay is held until its outcome is known (defect 9 of contract 06 §8).
    pub night: bool,
}

/// A reservation as read, with the version a change must name.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The reservation and what belongs to it.
    pub booked: Booked,
    /// Its version.
    pub version: u64,
}

/// The years that have list rows, as far as this process knows.
#[derive(Debug, Default)]
pub(crate) struct Years(Mutex<BTreeSet<i32>>);

impl Years {
    fn known(&self) -> BTreeSet<i32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn learn(&self, years: impl IntoIterator<Item = i32>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(years);
    }
}

/// Rows of whole years as last read, by year with the year's version: what searches and the year calendar look at.
#[derive(Debug, Default)]
pub(crate) struct YearRows(Mutex<HashMap<i32, Versioned>>);

/// Rows and the version they were read at.
type Versioned = (u64, Arc<Vec<Booked>>);

impl YearRows {
    /// Years a process keeps; a year of a busy group is a few megabytes.
    const MOST: usize = 12;

    fn at(&self, year: i32, version: u64) -> Option<Arc<Vec<Booked>>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&year).filter(|(seen, _)| *seen == version).map(|(_, rows)| Arc::clone(rows))
    }

    fn keep(&self, year: i32, version: u64, rows: Arc<Vec<Booked>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= Self::MOST && !kept.contains_key(&year) {
            kept.clear();
        }
        kept.insert(year, (version, rows));
    }
}

/// Reservations.
#[derive(Debug)]
pub struct Reservations<'a>(pub(crate) &'a Store);

pub(crate) fn stored(item: &Item) -> Result<Stored, StoreError> {
    Ok(Stored { booked: read(item)?, version: number(item, "v").unwrap_or_default() })
}

impl Reservations<'_> {
    /// The reservation with this id, deleted ones included; one read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: ReservationId) -> Result<Option<Stored>, StoreError> {
        self.0.get(&keys::reservation(id)).await?.as_ref().map(stored).transpose()
    }

    /// Every reservation of a client that is not deleted, by check-in; one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_client(&self, client: ClientId) -> Result<Vec<Booked>, StoreError> {
        let rows = self.0.query(&format!("CLIENT#{client}"), Span::prefix("STAY#")).await?;
        rows.iter().map(read).collect()
    }

    /// The reservations with these (distinct) ids, by id; one request per hundred.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_many(
        &self,
        ids: &[ReservationId],
    ) -> Result<HashMap<ReservationId, Stored>, StoreError> {
        let wanted: Vec<_> = ids.iter().map(|id| keys::reservation(*id)).collect();
        let items = self.0.get_many(&wanted).await?;
        items.values().map(|item| stored(item).map(|one| (one.booked.reservation.id, one))).collect()
    }
}
