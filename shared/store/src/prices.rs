//! Price tables: one partition, read whole and kept by warm processes for as long as its version stands. What one house
//! costs (rates and special dates) is one item, so that it is edited as a whole and hundreds of houses fit one query.

use std::sync::Arc;

use casa_domain::{
    HouseId,
    level::Level,
    pricing::book::{
        AutomaticDiscount, CodeTemplate, DEFAULT_RATE, LateCheckout, Policy, PriceBook, ReferralPercent,
        Season, Service, Tariff,
    },
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    Item, Store, StoreError,
    item::{Span, document, number, read, text},
    keys::{self, Key},
    transaction::{Guards, Transaction, absent, at_version, versioned},
};

/// Tries after losing a race for a tariff.
const TRIES: usize = 8;

/// Price tables.
#[derive(Debug)]
pub struct Prices<'a>(pub(crate) &'a Store);

impl Prices<'_> {
    /// The price book as of now: one small read where a warm copy is current, else two queries more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn book(&self) -> Result<Arc<PriceBook>, StoreError> {
        let version = self.0.get(&Key::new(keys::PRICES, keys::VERSION)).await?;
        self.book_at(version.and_then(|item| number(&item, "v")).unwrap_or_default()).await
    }

    /// The price book, given its version as just read.
    pub(crate) async fn book_at(&self, version: u64) -> Result<Arc<PriceBook>, StoreError> {
        if let Some(book) = self.0.0.prices.at(version) {
            return Ok(book);
        }
        let (prices, levels) = tokio::try_join!(
            self.0.query(keys::PRICES, Span::all()),
            self.0.query(keys::LEVELS, Span::all())
        )?;
        Ok(self.0.0.prices.keep(version, book_from(&prices, &levels)?))
    }

    /// Changes what a house costs, all or nothing: `edit` is given the tariff as stored (an empty one where there is
    /// none) and may run again after a lost race.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when races kept being lost, else [`StoreError`].
    pub async fn edit_tariff<R>(
        &self,
        house: HouseId,
        mut edit: impl FnMut(&mut Tariff) -> R,
    ) -> Result<R, StoreError> {
        let key = keys::tariff(house);
        for _ in 0..TRIES {
            let stored = self.0.get(&key).await?;
            let version = stored.as_ref().and_then(|item| number::<u64>(item, "v"));
            let mut tariff: Tariff = stored.as_ref().map(read).transpose()?.unwrap_or_default();
            let result = edit(&mut tariff);
            let item = versioned(document(&key, &tariff)?, version.unwrap_or_default() + 1);
            let guard = version.map_or_else(absent, at_version);
            let mut transaction = Transaction::default();
            transaction.put(self.0.table(), item, Some(guard), Guards::Version)?;
            transaction.touch(self.0.table(), keys::PRICES)?;
            match transaction.commit(self.0).await {
                Ok(()) => return Ok(result),
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Changed)
    }
}

/// What every row of a price table says of itself.
#[derive(Deserialize)]
struct Row<T> {
    created: DateTime<Utc>,
    #[serde(default)]
    deleted: bool,
    #[serde(default = "yes")]
    is_active: bool,
    #[serde(flatten)]
    value: T,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct Rate {
    usd_to_sol: Decimal,
}

/// Rows of one kind that are not deleted, oldest first.
fn rows<T: DeserializeOwned>(items: &[Item], kind: &str) -> Result<Vec<Row<T>>, StoreError> {
    let mut rows = Vec::new();
    for item in items {
        let own =
            text(item, "sk").and_then(|sk| sk.strip_prefix(kind)).is_some_and(|rest| rest.starts_with('#'));
        if own {
            let row: Row<T> = read(item)?;
            if !row.deleted {
                rows.push(row);
            }
        }
    }
    rows.sort_by_key(|row| row.created);
    Ok(rows)
}

/// Active rows of one kind, oldest first.
fn active<T: DeserializeOwned>(items: &[Item], kind: &str) -> Result<Vec<T>, StoreError> {
    Ok(rows(items, kind)?.into_iter().filter(|row| row.is_active).map(|row| row.value).collect())
}

/// Whether a row of an export can be read back as what its model stands for; models that are no price table pass.
///
/// # Errors
/// What does not fit, in words.
pub(crate) fn check(model: &str, record: serde_json::Value) -> Result<(), String> {
    fn fits<T: DeserializeOwned>(record: serde_json::Value) -> Result<(), String> {
        serde_json::from_value::<Row<T>>(record).map(|_| ()).map_err(|error| error.to_string())
    }
    match model {
        "property.exchangerate" => fits::<Rate>(record),
        "property.seasonpricing" => fits::<Season>(record),
        "property.additionalservice" => fits::<Service>(record),
        "property.cancellationpolicy" => fits::<Policy>(record),
        "property.latecheckoutconfig" => fits::<LateCheckout>(record),
        "property.referraldiscountbylevel" => fits::<ReferralPercent>(record),
        "property.dynamicdiscountconfig" => fits::<CodeTemplate>(record),
        "property.automaticdiscount" => {
            serde_json::from_value::<AutomaticDiscount>(record).map(|_| ()).map_err(|error| error.to_string())
        }
        "clients.referralpointsconfig" => {
            serde_json::from_value::<Share>(record).map(|_| ()).map_err(|error| error.to_string())
        }
        "clients.clientpoints" => serde_json::from_value::<casa_domain::points::Entry>(record)
            .map(|_| ())
            .map_err(|error| error.to_string()),
        "clients.achievement" => {
            serde_json::from_value::<Level>(record).map(|_| ()).map_err(|error| error.to_string())
        }
        _ => Ok(()),
    }
}

fn book_from(items: &[Item], levels: &[Item]) -> Result<PriceBook, StoreError> {
    let mut book = PriceBook {
        rate: active::<Rate>(items, "exchangerate")?.last().map_or(DEFAULT_RATE, |rate| rate.usd_to_sol),
        seasons: active::<Season>(items, "seasonpricing")?,
        services: active::<Service>(items, "additionalservice")?,
        policies: active::<Policy>(items, "cancellationpolicy")?,
        late_checkouts: active::<LateCheckout>(items, "latecheckoutconfig")?,
        referral_percents: active::<ReferralPercent>(items, "referraldiscountbylevel")?,
        code_templates: active::<CodeTemplate>(items, "dynamicdiscountconfig")?,
        levels: levels
            .iter()
            .filter(|item| is(item, "LEVEL#"))
            .map(read::<Level>)
            .collect::<Result<_, _>>()?,
        referral_share: referral_share(levels)?,
        ..PriceBook::default()
    };
    // The discount reads `created` and `is_active` itself, so the common part is read apart.
    for item in items {
        let sk = text(item, "sk").unwrap_or_default();
        if sk.starts_with("automaticdiscount#") {
            let Deleted { deleted } = read(item)?;
            if !deleted {
                book.discounts.push(read::<AutomaticDiscount>(item)?);
            }
        } else if let Some(house) = sk.strip_prefix("HOUSE#").and_then(|id| id.parse().ok()) {
            book.tariffs.insert(house, read::<Tariff>(item)?);
        }
    }
    book.services.sort_by(|a, b| a.name.cmp(&b.name));
    book.policies.sort_by_key(|policy| policy.days_before_checkin);
    book.code_templates.sort_by(|a, b| a.name.cmp(&b.name));
    book.discounts.sort_by(|a, b| (&a.name, a.created, a.id).cmp(&(&b.name, b.created, b.id)));
    Ok(book)
}

fn is(item: &Item, kind: &str) -> bool {
    text(item, "sk").is_some_and(|sk| sk.starts_with(kind))
}

#[derive(Deserialize)]
struct Share {
    percentage: Decimal,
    created: DateTime<Utc>,
    is_active: bool,
}

/// The newest active setting of what referrers get (contract 02 §1.5).
fn referral_share(items: &[Item]) -> Result<Option<Decimal>, StoreError> {
    let shares: Vec<Share> =
        items.iter().filter(|item| is(item, "REFERRAL#")).map(read).collect::<Result<_, _>>()?;
    let current = shares.into_iter().filter(|share| share.is_active).max_by_key(|share| share.created);
    Ok(current.map(|share| share.percentage))
}

#[derive(Deserialize)]
struct Deleted {
    #[serde(default)]
    deleted: bool,
}
