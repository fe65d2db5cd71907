//! Houses, photos and earnings. Houses and photos share one partition, read whole and kept by warm processes for as
//! long as its version stands.

use std::sync::Arc;

use casa_domain::{
    HouseId, PhotoId,
    house::{Earning, House, Photo},
    ids::EarningId,
};

use crate::{
    Item, Store, StoreError,
    item::{Span, document, number, read, text},
    keys::{self, Key},
    transaction::{Expression, Guards, Transaction, absent, pointer},
};

/// Houses and photos as of one version.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    version: u64,
    houses: Vec<House>,
    photos: Vec<Photo>,
}

impl Catalogue {
    /// Grows with every change of a house or photo.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The houses that are offered, by name (plain text order), ties by creation and id.
    pub fn live(&self) -> impl Iterator<Item = &House> + Clone {
        self.houses.iter().filter(|house| !house.deleted)
    }

    /// Every house, deleted ones included.
    pub fn all_houses(&self) -> impl Iterator<Item = &House> + Clone {
        self.houses.iter()
    }

    /// The house with this id, deleted ones included: old reservations still show them.
    pub fn house(&self, id: HouseId) -> Option<&House> {
        self.houses.iter().find(|house| house.id == id)
    }

    /// The offered house with this slug.
    pub fn by_slug(&self, slug: &str) -> Option<&House> {
        self.live().find(|house| house.slug == slug)
    }

    /// The photos of a house in display order, deleted ones left out.
    pub fn photos(&self, house: HouseId) -> impl Iterator<Item = &Photo> + Clone {
        self.photos.iter().filter(move |photo| photo.house == house && !photo.deleted)
    }

    /// All photos that are not deleted, in display order.
    pub fn all_photos(&self) -> impl Iterator<Item = &Photo> + Clone {
        self.photos.iter().filter(|photo| !photo.deleted)
    }

    /// The photo with this id, unless deleted.
    pub fn photo(&self, id: PhotoId) -> Option<&Photo> {
        self.all_photos().find(|photo| photo.id == id)
    }

    fn from_items(items: &[Item]) -> Result<Self, StoreError> {
        let mut catalogue = Self::default();
        for item in items {
            match text(item, "sk").unwrap_or_default() {
                keys::VERSION => {}
                sk if sk.starts_with("H#") => catalogue.houses.push(read(item)?),
                _ => catalogue.photos.push(read(item)?),
            }
        }
        by_name(&mut catalogue.houses);
        catalogue.photos.sort_by_key(|photo| (photo.order, photo.created, photo.id));
        Ok(catalogue)
    }
}

/// The houses without their photos: all that a quote shows of them, in one query however many photos there are.
#[derive(Clone, Debug, Default)]
pub struct HouseList {
    houses: Vec<House>,
}

impl HouseList {
    /// The houses that are offered, by name (plain text order), ties by creation and id.
    pub fn live(&self) -> impl Iterator<Item = &House> + Clone {
        self.houses.iter().filter(|house| !house.deleted)
    }

    /// The offered house with this id.
    pub fn house(&self, id: HouseId) -> Option<&House> {
        self.live().find(|house| house.id == id)
    }
}

/// Houses and photos.
#[derive(Debug)]
pub struct Houses<'a>(pub(crate) &'a Store);

impl Houses<'_> {
    /// The catalogue as of now: one small read where a warm copy is current, else one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn catalogue(&self) -> Result<Arc<Catalogue>, StoreError> {
        let version = self.0.get(&Key::new(keys::CATALOGUE, keys::VERSION)).await?;
        self.catalogue_at(version.and_then(|item| number(&item, "v")).unwrap_or_default()).await
    }

    /// The catalogue, given its version as just read.
    pub(crate) async fn catalogue_at(&self, version: u64) -> Result<Arc<Catalogue>, StoreError> {
        if let Some(warm) = self.0.0.catalogue.at(version) {
            return Ok(warm);
        }
        // The number was read before the rows: a copy may be newer than its number says, never older. (A query may see
        // the version of a change whose rows it passed a moment too early.)
        let rows = Catalogue::from_items(&self.0.query(keys::CATALOGUE, Span::all()).await?)?;
        Ok(self.0.0.catalogue.keep(version, Catalogue { version, ..rows }))
    }

    /// The houses without photos, given the catalogue's version as just read.
    pub(crate) async fn list_at(&self, version: u64) -> Result<Arc<HouseList>, StoreError> {
        if let Some(warm) = self.0.0.houses.at(version) {
            return Ok(warm);
        }
        let items = self.0.query(keys::CATALOGUE, Span::prefix("H#")).await?;
        let mut houses = items.iter().map(read).collect::<Result<Vec<House>, _>>()?;
        by_name(&mut houses);
        Ok(self.0.0.houses.keep(version, HouseList { houses }))
    }

    /// Enters or replaces houses and photos in one transaction (at most 99 together).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save(&self, houses: &[House], photos: &[Photo]) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        for house in houses {
            let item = document(&keys::house(house.id), house)?;
            transaction.put(self.0.table(), item, None, Guards::Nothing)?;
        }
        for photo in photos {
            let item = document(&keys::photo(photo.house, photo.id), photo)?;
            transaction.put(self.0.table(), item, None, Guards::Nothing)?;
        }
        transaction.touch(self.0.table(), keys::CATALOGUE)?;
        transaction.commit(self.0).await
    }

    /// Writes photos that were decided on from `seen`, and nothing if the catalogue changed since.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it did: decide again.
    pub async fn save_photos(&self, seen: &Catalogue, photos: &[Photo]) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        for photo in photos {
            let item = document(&keys::photo(photo.house, photo.id), photo)?;
            transaction.put(self.0.table(), item, None, Guards::Nothing)?;
        }
        let change = Expression::new("ADD v :one")
            .value(":one", crate::item::n(1))
            .value(":seen", crate::item::n(seen.version));
        let key = Key::new(keys::CATALOGUE, keys::VERSION);
        transaction.update(self.0.table(), &key, change, Some("v = :seen"), Guards::Version)?;
        transaction.commit(self.0).await
    }

    /// The earnings row with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn earning(&self, id: EarningId) -> Result<Option<Earning>, StoreError> {
        self.0.get_document(&keys::earning(id)).await
    }

    /// The earnings rows of a year, by month and house; one query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn earnings_of(&self, year: u32) -> Result<Vec<Earning>, StoreError> {
        let rows = self.0.query(&keys::earnings_pk(year), Span::all()).await?;
        rows.iter().map(read).collect()
    }

    /// Enters (`before` absent) or replaces an earnings row; one row per house and month.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another row has that house and month, [`StoreError::Changed`] when `before` is not
    /// what is stored.
    pub async fn save_earning(&self, before: Option<&Earning>, after: &Earning) -> Result<(), StoreError> {
        let table = self.0.table();
        let mut transaction = Transaction::default();
        let by_month = |row: &Earning| keys::earning_of(row.house, row.year, row.month);
        let unchanged = match before {
            None => absent(),
            Some(before) => same_document(before)?,
        };
        transaction.put(
            table,
            document(&keys::earning(after.id), after)?,
            Some(unchanged),
            Guards::Version,
        )?;
        let mut month = document(&by_month(after), after)?;
        month.extend(pointer(&by_month(after), after.id));
        let own = Expression::new("attribute_not_exists(pk) OR #to = :id")
            .name("#to", "to")
            .value(":id", crate::item::s(after.id.to_string()));
        transaction.put(table, month, Some(own), Guards::Unique("month"))?;
        if let Some(before) = before.filter(|before| by_month(before) != by_month(after)) {
            transaction.delete(table, &by_month(before))?;
        }
        transaction.commit(self.0).await
    }

    /// Removes an earnings row.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not what is stored any more.
    pub async fn delete_earning(&self, row: &Earning) -> Result<(), StoreError> {
        let mut transaction = Transaction::default();
        let table = self.0.table();
        transaction.delete_when(table, &keys::earning(row.id), same_document(row)?, Guards::Version)?;
        transaction.delete(table, &keys::earning_of(row.house, row.year, row.month))?;
        transaction.commit(self.0).await
    }
}

fn by_name(houses: &mut [House]) {
    houses.sort_by(|a, b| (&a.name, a.created, a.id).cmp(&(&b.name, b.created, b.id)));
}

/// The stored document must be exactly this value.
fn same_document<T: serde::Serialize>(value: &T) -> Result<Expression, StoreError> {
    let item = document(&Key::new("", ""), value)?;
    let doc = item.get("doc").cloned().unwrap_or_else(|| crate::item::s(""));
    Ok(Expression::new("doc = :seen").value(":seen", doc))
}
