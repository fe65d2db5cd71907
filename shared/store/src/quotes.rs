//! Everything a quote stands on, in one request where the process is warm: versions of houses and prices, the held
//! nights of all houses, the guest and the code.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use casa_domain::{
    ClientId, Stay,
    calendar::Occupancy,
    pricing::{book::PriceBook, code::DiscountCode, protection::protected_months, quote::Guest},
    time::Month,
};

use crate::{
    Item, Store, StoreError, StoredClient, calendar, codes,
    houses::HouseList,
    item::number,
    keys::{self, Key},
    reservations::counts,
};

/// What a quote is about.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The nights.
    pub stay: Stay,
    /// The guest who asks, if known.
    pub client: Option<ClientId>,
    /// The code that was sent, as sent.
    pub code: Option<&'a str>,
}

/// What a quote stands on.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The houses.
    pub houses: Arc<HouseList>,
    /// The price tables.
    pub book: Arc<PriceBook>,
    /// The held nights of all houses, in the months of the stay and those that special dates look at.
    pub occupancy: Occupancy,
    /// The guest with what a quote needs to know; `None` also when unknown or deleted.
    pub guest: Option<(StoredClient, Guest)>,
    /// The code, when there is an active one.
    pub code: Option<DiscountCode>,
}

/// Quotes.
#[derive(Debug)]
pub struct Quotes<'a>(pub(crate) &'a Store);

type Items = HashMap<Key, Item>;

impl Quotes<'_> {
    /// Reads what a quote stands on. A warm process needs one request; a cold one three queries more; a guest who was
    /// referred and has no approved reservation one more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ground(&self, wanted: &Wanted<'_>) -> Result<Ground, StoreError> {
        let store = self.0;
        let (houses_at, prices_at) =
            (Key::new(keys::CATALOGUE, keys::VERSION), Key::new(keys::PRICES, keys::VERSION));
        // What a warm copy says may be out of date; whatever is missing then is read afterwards.
        let warm = store.0.prices.last();
        let mut months: BTreeSet<Month> = wanted.stay.months().collect();
        if let Some(book) = &warm {
            months.extend(protected_months(book, book.tariffs.keys().copied(), wanted.stay));
        }
        let mut ask = vec![houses_at.clone(), prices_at.clone()];
        ask.extend(months.iter().map(|month| keys::occupancy(*month)));
        let code = wanted.code.filter(|code| codes::is_possible(code)).map(keys::code);
        ask.extend(code.clone());
        if let Some(client) = wanted.client {
            ask.extend([keys::client(client), keys::client_counts(client)]);
        }
        let mut items = store.get_many(&ask).await?;
        let version = |key: &Key| items.get(key).and_then(|item| number(item, "v")).unwrap_or_default();
        let (houses_at, prices_at) = (version(&houses_at), version(&prices_at));
        let (lists, prices) = (store.houses(), store.prices());
        let (houses, book) = tokio::try_join!(lists.list_at(houses_at), prices.book_at(prices_at))?;

        // What was asked on the word of an outdated copy may lack something.
        if !warm.is_some_and(|warm| Arc::ptr_eq(&warm, &book)) {
            let asked: HashSet<Key> = ask.into_iter().collect();
            months.extend(protected_months(&book, book.tariffs.keys().copied(), wanted.stay));
            let mut more: BTreeSet<Key> = months.iter().map(|month| keys::occupancy(*month)).collect();
            more.retain(|key| !asked.contains(key));
            if !more.is_empty() {
                items.extend(store.get_many(&more.into_iter().collect::<Vec<_>>()).await?);
            }
        }

        let mut occupancy = Occupancy::default();
        for month in months {
            if let Some(item) = items.get(&keys::occupancy(month)) {
                calendar::read_occupancy(&mut occupancy, month, item);
            }
        }
        let code = match code.and_then(|key| items.get(&key)) {
            Some(item) => Some(codes::from_item(item)?).filter(|code| code.is_active && !code.deleted),
            None => None,
        };
        let guest = match wanted.client {
            Some(client) => self.guest(client, &items).await?,
            None => None,
        };
        Ok(Ground { houses, book, occupancy, guest, code })
    }

    async fn guest(
        &self,
        client: ClientId,
        items: &Items,
    ) -> Result<Option<(StoredClient, Guest)>, StoreError> {
        let Some(item) = items.get(&keys::client(client)) else { return Ok(None) };
        let stored = StoredClient::from_item(item)?;
        if stored.client.deleted {
            return Ok(None);
        }
        let (reservations, approved) =
            items.get(&keys::client_counts(client)).map(counts::of_client).unwrap_or_default();
        // Levels that were taken away count for the guest's own discounts, not for those of guests they referred.
        let levels = stored.client.levels.iter().map(|held| held.level).collect();
        let referrer_levels = match stored.client.referred_by {
            // Only a first booking can be cheaper because of who referred the guest (contract 04 §4.5.5).
            Some(referrer) if approved == 0 => {
                let referrer = self.0.clients().get(referrer).await?;
                let held = referrer.map(|stored| stored.client.levels).unwrap_or_default();
                Some(held.into_iter().filter(|held| !held.revoked).map(|held| held.level).collect())
            }
            _ => None,
        };
        let birth_date = stored.client.date;
        Ok(Some((stored, Guest { birth_date, levels, approved, reservations, referrer_levels })))
    }
}
