//! Houses and photos as answers show them: shared by the catalogue and by everything that embeds a house
//! (contract 04 §3.1, 05 §3.1).

use casa_domain::{
    House,
    house::{JsonText, Photo, main_photo},
    money::fixed2,
};
use casa_store::Catalogue;
use chrono::{NaiveTime, Timelike};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where the files of the bucket are served, without a host (contract 04 §3.1).
const MEDIA: &str = "/media/";

/// A photo of a house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PhotoBody {
    /// Its id.
    pub id: Uuid,
    /// `/media/<path>` of the stored file, else the address elsewhere, else empty.
    pub image_url_final: String,
    /// `/media/<path>` of the 400×300 thumbnail; only of the main photo.
    pub image_thumbnail: Option<String>,
    /// Text for people who do not see it.
    pub alt_text: String,
    /// Position, 0 first.
    pub order: u32,
    /// Whether it is the one main photo of its house.
    pub is_main: bool,
}

/// A house as the calendar embeds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PropertyShort {
    /// Its id.
    pub id: Uuid,
    /// Display name.
    pub name: String,
    /// Colour in the staff calendar.
    pub background_color: String,
    /// Key in addresses.
    pub slug: String,
}

/// A house in the catalogue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PropertyListItem {
    /// Its id.
    pub id: Uuid,
    /// Display name.
    pub name: String,
    /// Key in addresses.
    pub slug: String,
    /// Where it is.
    pub location: Option<String>,
    /// Most guests, advisory.
    pub capacity_max: Option<i64>,
    /// Bedrooms.
    pub dormitorios: Option<i64>,
    /// Bathrooms.
    pub banos: Option<i64>,
    /// Time of check-in, `HH:MM:SS`.
    pub hora_ingreso: Option<String>,
    /// Time of check-out, `HH:MM:SS`.
    pub hora_salida: Option<String>,
    /// List of features.
    #[schema(value_type = Vec<serde_json::Value>)]
    pub caracteristicas: Box<RawValue>,
    /// Colour in the staff calendar.
    pub background_color: String,
    /// "From" price in dollars, two decimals.
    pub precio_desde: Option<String>,
    /// The photo shown first.
    pub main_photo: Option<PhotoBody>,
}

/// A house with everything about it. Its links to Airbnb, the pool heating and the music player are for staff:
/// see [`PropertyDetail::for_strangers`].
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PropertyDetail {
    /// Its id.
    pub id: Uuid,
    /// Its photos in display order.
    pub photos: Vec<PhotoBody>,
    /// The photo shown first.
    pub main_photo: Option<PhotoBody>,
    /// Display name.
    pub name: String,
    /// Where it is.
    pub location: Option<String>,
    /// Suffix of the Airbnb calendar address; staff only.
    pub airbnb_url: Option<String>,
    /// Most guests, advisory.
    pub capacity_max: Option<i64>,
    /// Colour in the staff calendar.
    pub background_color: String,
    /// Address that switches the pool heating on; staff only.
    pub on_temperature_pool_url: Option<String>,
    /// Address that switches the pool heating off; staff only.
    pub off_temperature_pool_url: Option<String>,
    /// Marketing title.
    pub titulo: Option<String>,
    /// Marketing text.
    pub descripcion: Option<String>,
    /// Bedrooms.
    pub dormitorios: Option<i64>,
    /// Bathrooms.
    pub banos: Option<i64>,
    /// Details per bedroom.
    #[schema(value_type = serde_json::Value)]
    pub detalle_dormitorios: Box<RawValue>,
    /// Time of check-in, `HH:MM:SS`.
    pub hora_ingreso: Option<String>,
    /// Time of check-out, `HH:MM:SS`.
    pub hora_salida: Option<String>,
    /// Dollars per guest beyond the first and night, two decimals.
    pub precio_extra_persona: Option<String>,
    /// "From" price in dollars, two decimals.
    pub precio_desde: Option<String>,
    /// List of features.
    #[schema(value_type = Vec<serde_json::Value>)]
    pub caracteristicas: Box<RawValue>,
    /// Key in addresses.
    pub slug: String,
    /// The music player of the house; staff only.
    pub player_id: Option<String>,
}

impl PropertyDetail {
    /// The same without what only staff may see; the keys stay, empty (contract 04 §8, D7).
    #[must_use]
    pub fn for_strangers(self) -> Self {
        Self {
            airbnb_url: None,
            on_temperature_pool_url: None,
            off_temperature_pool_url: None,
            player_id: None,
            ..self
        }
    }
}

/// Whether a photo has an image to show; rows without one stay out of the catalogue (contract 04 §8, D15).
pub fn has_image(photo: &Photo) -> bool {
    photo.image_file.is_some() || photo.image_url.as_deref().is_some_and(|url| !url.is_empty())
}

/// A photo as answers show it; the thumbnail's address only for a main photo (contract 04 §3.1).
pub fn photo_body(photo: &Photo) -> PhotoBody {
    let media = |key: &String| format!("{MEDIA}{key}");
    PhotoBody {
        id: photo.id.0,
        image_url_final: photo
            .image_file
            .as_ref()
            .map(media)
            .or_else(|| photo.image_url.clone())
            .unwrap_or_default(),
        image_thumbnail: photo.thumbnail.as_ref().filter(|_| photo.is_main).map(media),
        alt_text: photo.alt_text.clone(),
        order: photo.order,
        is_main: photo.is_main,
    }
}

/// A house as the calendar embeds it.
pub fn property_short(house: &House) -> PropertyShort {
    PropertyShort {
        id: house.id.0,
        name: house.name.clone(),
        background_color: house.background_color.clone(),
        slug: house.slug.clone(),
    }
}

/// A house as the catalogue lists it.
pub fn property_list_item(catalogue: &Catalogue, house: &House) -> PropertyListItem {
    PropertyListItem {
        id: house.id.0,
        name: house.name.clone(),
        slug: house.slug.clone(),
        location: house.location.clone(),
        capacity_max: house.capacity_max,
        dormitorios: house.dormitorios,
        banos: house.banos,
        hora_ingreso: house.hora_ingreso.map(time),
        hora_salida: house.hora_salida.map(time),
        caracteristicas: json(&house.caracteristicas, "[]"),
        background_color: house.background_color.clone(),
        precio_desde: house.precio_desde.map(fixed2),
        main_photo: main_photo(shown(catalogue, house)).map(photo_body),
    }
}

/// A house with everything about it, as staff see it.
pub fn property_detail(catalogue: &Catalogue, house: &House) -> PropertyDetail {
    PropertyDetail {
        id: house.id.0,
        photos: shown(catalogue, house).map(photo_body).collect(),
        main_photo: main_photo(shown(catalogue, house)).map(photo_body),
        name: house.name.clone(),
        location: house.location.clone(),
        airbnb_url: house.airbnb_url.clone(),
        capacity_max: house.capacity_max,
        background_color: house.background_color.clone(),
        on_temperature_pool_url: house.on_temperature_pool_url.clone(),
        off_temperature_pool_url: house.off_temperature_pool_url.clone(),
        titulo: house.titulo.clone(),
        descripcion: house.descripcion.clone(),
        dormitorios: house.dormitorios,
        banos: house.banos,
        detalle_dormitorios: json(&house.detalle_dormitorios, "{}"),
        hora_ingreso: house.hora_ingreso.map(time),
        hora_salida: house.hora_salida.map(time),
        precio_extra_persona: house.precio_extra_persona.map(fixed2),
        precio_desde: house.precio_desde.map(fixed2),
        caracteristicas: json(&house.caracteristicas, "[]"),
        slug: house.slug.clone(),
        player_id: house.player_id.clone(),
    }
}

/// A house with everything about it that a guest may see: nothing that works the pool or the music
/// (contract 03 §8, D24).
pub fn property_for_guests(catalogue: &Catalogue, house: &House) -> PropertyDetail {
    PropertyDetail {
        airbnb_url: None,
        on_temperature_pool_url: None,
        off_temperature_pool_url: None,
        player_id: None,
        ..property_detail(catalogue, house)
    }
}

/// The photos of a house that the catalogue shows, in display order.
fn shown<'a>(catalogue: &'a Catalogue, house: &House) -> impl Iterator<Item = &'a Photo> + Clone + use<'a> {
    catalogue.photos(house.id).filter(|photo| has_image(photo))
}

/// `HH:MM:SS`, with microseconds only when they are not zero (contract 01 §4.8.3).
fn time(time: NaiveTime) -> String {
    time.format(if time.nanosecond() / 1000 == 0 { "%H:%M:%S" } else { "%H:%M:%S%.6f" }).to_string()
}

/// Stored JSON as it is, or the column's default where nothing readable is stored.
fn json(text: &JsonText, default: &'static str) -> Box<RawValue> {
    RawValue::from_string(text.0.clone())
        .or_else(|_| RawValue::from_string(default.to_owned()))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use casa_domain::{HouseId, PhotoId};
    use serde_json::json;

    use super::*;

    fn photo(is_main: bool) -> Photo {
        Photo {
            id: PhotoId(Uuid::nil()),
            created: chrono::DateTime::UNIX_EPOCH,
            deleted: false,
            house: HouseId(Uuid::nil()),
            image_url: Some("https://img.example.com/1.jpg".to_owned()),
            image_file: None,
            thumbnail: Some("property_photos/x_thumb.webp".to_owned()),
            alt_text: "Frente".to_owned(),
            order: 3,
            is_main,
        }
    }

    #[test]
    fn addresses_of_photos() {
        let mut photo = photo(true);
        assert_eq!(photo_body(&photo).image_url_final, "https://img.example.com/1.jpg");
        assert_eq!(
            photo_body(&photo).image_thumbnail.as_deref(),
            Some("/media/property_photos/x_thumb.webp")
        );
        photo.image_file = Some("property_photos/x.png".to_owned());
        photo.is_main = false;
        assert_eq!(photo_body(&photo).image_url_final, "/media/property_photos/x.png");
        assert_eq!(photo_body(&photo).image_thumbnail, None);
        photo.image_file = None;
        photo.image_url = None;
        assert_eq!(photo_body(&photo).image_url_final, "");
        assert!(!has_image(&photo));
    }

    #[test]
    fn strangers_see_empty_keys() {
        let house: House = serde_json::from_value(json!({
            "id": Uuid::nil(), "created": "2025-01-01T00:00:00Z", "name": "Villa Lúcuma", "slug": "villa-lucuma",
            "airbnb_url": "https://calendar.example.com/2", "player_id": "player_0", "hora_ingreso": "15:00:00",
            "precio_desde": "80", "caracteristicas": "[\"Wifi\"]",
        }))
        .unwrap();
        let detail = property_detail(&Catalogue::default(), &house);
        let seen = serde_json::to_value(&detail).unwrap();
        assert_eq!(seen["airbnb_url"], "https://calendar.example.com/2");
        assert_eq!(seen["hora_ingreso"], "15:00:00");
        assert_eq!(seen["precio_desde"], "80.00");
        assert_eq!(seen["caracteristicas"], json!(["Wifi"]));
        assert_eq!(seen["detalle_dormitorios"], json!({}));
        assert_eq!(seen["background_color"], "#fff");
        let seen = serde_json::to_value(detail.for_strangers()).unwrap();
        for key in ["airbnb_url", "on_temperature_pool_url", "off_temperature_pool_url", "player_id"] {
            assert_eq!(seen.get(key), Some(&serde_json::Value::Null), "{key}");
        }
    }
}
