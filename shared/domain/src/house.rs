//! Houses and their photos (contract 04 §2).

use chrono::{DateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::{HouseId, PhotoId};

/// A rental house.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct House {
    /// Its id.
    pub id: HouseId,
    /// When it was entered.
    pub created: DateTime<Utc>,
    /// Soft-deleted: offered nowhere.
    #[serde(default)]
    pub deleted: bool,
    /// Display name, at most 150 characters.
    pub name: String,
    /// Where it is.
    pub location: Option<String>,
    /// Suffix of the Airbnb calendar address.
    pub airbnb_url: Option<String>,
    /// Most guests, advisory.
    pub capacity_max: Option<i64>,
    /// Colour in the staff calendar.
    #[serde(default = "white")]
    pub background_color: String,
    /// Address that switches the pool heating on.
    pub on_temperature_pool_url: Option<String>,
    /// Address that switches the pool heating off.
    pub off_temperature_pool_url: Option<String>,
    /// Marketing title.
    pub titulo: Option<String>,
    /// Marketing text.
    pub descripcion: Option<String>,
    /// Bedrooms.
    pub dormitorios: Option<i64>,
    /// Bathrooms.
    pub banos: Option<i64>,
    /// Free JSON text: details per bedroom.
    #[serde(default)]
    pub detalle_dormitorios: JsonText,
    /// Time of check-in.
    pub hora_ingreso: Option<NaiveTime>,
    /// Time of check-out.
    pub hora_salida: Option<NaiveTime>,
    /// Dollars per guest beyond the first and night.
    pub precio_extra_persona: Option<Decimal>,
    /// "From" price in dollars, also the fallback nightly price.
    pub precio_desde: Option<Decimal>,
    /// Free JSON text: list of features.
    #[serde(default)]
    pub caracteristicas: JsonText,
    /// Key in addresses, unique.
    #[serde(default)]
    pub slug: String,
    /// The music player of the house.
    pub player_id: Option<String>,
    /// Houses with the same value may host each other's guests (decision 18).
    #[serde(default)]
    pub swap_group: Option<String>,
}

/// A JSON value kept as its text, so that the business need not know its shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonText(pub String);

fn white() -> String {
    "#fff".to_owned()
}

/// A photo of a house.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    /// Its id.
    pub id: PhotoId,
    /// When it was entered.
    pub created: DateTime<Utc>,
    /// Soft-deleted.
    #[serde(default)]
    pub deleted: bool,
    /// The house it shows.
    #[serde(rename = "property")]
    pub house: HouseId,
    /// An image elsewhere.
    pub image_url: Option<String>,
    /// Key of the stored image in the bucket.
    #[serde(default, deserialize_with = "empty_is_none")]
    pub image_file: Option<String>,
    /// Key of the stored 400×300 WebP thumbnail.
    #[serde(default, deserialize_with = "empty_is_none")]
    pub thumbnail: Option<String>,
    /// Text for people who do not see it.
    #[serde(default)]
    pub alt_text: String,
    /// Position, 0 first.
    #[serde(default)]
    pub order: u32,
    /// The one main photo of its house.
    #[serde(default)]
    pub is_main: bool,
}

/// Reads `""` as absent: exports write empty file fields that way.
pub fn empty_is_none<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(source)?.filter(|text| !text.is_empty()))
}

/// Monthly Airbnb earnings of a house, typed in by staff; one row per house and month (contract 04 §2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earning {
    /// Its id.
    pub id: crate::ids::EarningId,
    /// The house.
    #[serde(rename = "property")]
    pub house: HouseId,
    /// 1 to 12.
    pub month: u32,
    /// The year.
    pub year: u32,
    /// Soles.
    pub profit_sol: Decimal,
}

/// The photo shown first: the main one, else the first by order (contract 04 §3.1). `photos` must be in display order.
pub fn main_photo<'a>(photos: impl Iterator<Item = &'a Photo> + Clone) -> Option<&'a Photo> {
    let mut live = photos.filter(|photo| !photo.deleted);
    live.clone().find(|photo| photo.is_main).or_else(|| live.next())
}
