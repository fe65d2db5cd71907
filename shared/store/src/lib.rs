//! The single DynamoDB table: keys, items, typed reads and transactions, one module per aggregate.
//!
//! This is the only crate that names an attribute. `README.md` beside it lists every access pattern with its key and
//! what it costs. It must not know HTTP or vendors.

mod audit;
mod batch;
mod calendar;
pub mod client_book;
mod clients;
mod codes;
mod error;
mod feeds;
mod houses;
pub mod import;
mod item;
mod jobs;
mod keys;
mod levels;
pub mod music;
mod one_time;
mod outbox;
mod payments;
mod points;
mod prices;
mod quotes;
mod rankings;
mod receipts;
mod records;
mod referrers;
pub mod reservations;
pub mod searches;
mod table;
mod texts;
mod throttle;
mod transaction;
mod users;
mod warm;

use std::sync::Arc;

use aws_sdk_dynamodb::Client as Dynamo;

pub use audit::{Audit, AuditAction, RESERVATION_ROWS};
pub use calendar::Calendar;
pub use clients::{Clients, StoredClient};
pub use codes::Codes;
pub use error::StoreError;
pub use feeds::Feeds;
pub use houses::{Catalogue, HouseList, Houses};
pub use item::Item;
pub use jobs::Jobs;
pub use levels::{Circle, Levels, Referred};
pub use music::Music;
pub use one_time::{CODE_LIFE, CODE_TRIES, CodeTry, OneTime};
pub use outbox::Outbox;
pub use payments::{Payments, StoredPayment};
pub use points::{Award, Moved, Points};
pub use prices::Prices;
pub use quotes::{Ground, Quotes, Wanted};
pub use rankings::{Rankings, Saved};
pub use receipts::Receipts;
pub use records::{Activity, ActivitySettings, Records};
pub use referrers::Referrers;
pub use reservations::Reservations;
pub use searches::Searches;
pub use texts::Texts;
pub use throttle::Throttle;
pub use users::{NewStaffUser, StaffDirectory, Users};

/// The table, with what a warm process remembers of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dynamo: Dynamo,
    table: String,
    catalogue: warm::Warm<Catalogue>,
    houses: warm::Warm<HouseList>,
    prices: warm::Warm<casa_domain::pricing::book::PriceBook>,
    directory: warm::Warm<StaffDirectory>,
    rankings: warm::Warm<Vec<casa_domain::referrals::Ranked>>,
    referrers: warm::Warm<Vec<casa_domain::referrals::Referrer>>,
    search_months: searches::Months,
    years: reservations::Years,
    year_rows: reservations::YearRows,
}

impl Store {
    /// The table `table` as reached by `dynamo`.
    pub fn new(dynamo: Dynamo, table: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            dynamo,
            table: table.into(),
            catalogue: warm::Warm::default(),
            houses: warm::Warm::default(),
            prices: warm::Warm::default(),
            directory: warm::Warm::default(),
            rankings: warm::Warm::default(),
            referrers: warm::Warm::default(),
            search_months: searches::Months::default(),
            years: reservations::Years::default(),
            year_rows: reservations::YearRows::default(),
        }))
    }

    /// The table `table` with the endpoints and credentials of `sdk`.
    pub fn connect(sdk: &aws_config::SdkConfig, table: impl Into<String>) -> Self {
        Self::new(Dynamo::new(sdk), table)
    }

    pub(crate) fn dynamo(&self) -> &Dynamo {
        &self.0.dynamo
    }

    pub(crate) fn table(&self) -> &str {
        &self.0.table
    }

    /// Houses and photos.
    pub fn houses(&self) -> Houses<'_> {
        Houses(self)
    }

    /// Staff who can sign in.
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }

    /// Guests' records.
    pub fn clients(&self) -> Clients<'_> {
        Clients(self)
    }

    /// Levels that guests reach.
    pub fn levels(&self) -> Levels<'_> {
        Levels(self)
    }

    /// Loyalty points.
    pub fn points(&self) -> Points<'_> {
        Points(self)
    }

    /// Price tables.
    pub fn prices(&self) -> Prices<'_> {
        Prices(self)
    }

    /// Discount codes.
    pub fn codes(&self) -> Codes<'_> {
        Codes(self)
    }

    /// What quotes stand on.
    pub fn quotes(&self) -> Quotes<'_> {
        Quotes(self)
    }

    /// Reservations.
    pub fn reservations(&self) -> Reservations<'_> {
        Reservations(self)
    }

    /// Receipts of reservations.
    pub fn receipts(&self) -> Receipts<'_> {
        Receipts(self)
    }

    /// Payments by card.
    pub fn payments(&self) -> Payments<'_> {
        Payments(self)
    }

    /// Who holds which night.
    pub fn calendar(&self) -> Calendar<'_> {
        Calendar(self)
    }

    /// Calendars elsewhere.
    pub fn feeds(&self) -> Feeds<'_> {
        Feeds(self)
    }

    /// Facts waiting for their effects.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox(self)
    }

    /// Rows of the imported data that have no aggregate of their own yet.
    pub fn records(&self) -> Records<'_> {
        Records(self)
    }

    /// Music in the houses.
    pub fn music(&self) -> Music<'_> {
        Music(self)
    }

    /// One-time codes.
    pub fn one_time(&self) -> OneTime<'_> {
        OneTime(self)
    }

    /// Monthly rankings of referrers.
    pub fn rankings(&self) -> Rankings<'_> {
        Rankings(self)
    }

    /// Public figures per referrer.
    pub fn referrers(&self) -> Referrers<'_> {
        Referrers(self)
    }

    /// Searches for free nights.
    pub fn searches(&self) -> Searches<'_> {
        Searches(self)
    }

    /// What scheduled jobs remember.
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs(self)
    }

    /// Small texts that staff keep.
    pub fn texts(&self) -> Texts<'_> {
        Texts(self)
    }

    /// Counters that slow guessing down.
    pub fn throttle(&self) -> Throttle<'_> {
        Throttle(self)
    }
}
