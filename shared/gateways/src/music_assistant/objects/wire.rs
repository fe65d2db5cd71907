//! The server's objects as they come, each with the fields that are needed.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// A value whose type differs between servers: ids come as numbers too, truths as 0 and 1, whole numbers as fractions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) enum Scalar {
    /// Absent, null, or a list or an object where none is expected.
    #[default]
    Nothing,
    Truth(bool),
    Whole(i64),
    Fraction(f64),
    Text(String),
}

impl Scalar {
    /// A text that is not empty; numbers as they are written.
    pub(in super::super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            Self::Whole(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A text that is not empty, where it is one.
    pub(in super::super) fn text_ref(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(in super::super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(*truth),
            Self::Whole(number) => Some(*number != 0),
            _ => None,
        }
    }

    pub(in super::super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A number from 0, without its fraction.
    pub(in super::super) fn whole(&self) -> Option<u32> {
        match self {
            Self::Whole(number) => u32::try_from(*number).ok(),
            // `as` keeps to the bounds, and makes 0 of what is no number.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Self::Fraction(number) if *number >= 0.0 => Some(*number as u32),
            _ => None,
        }
    }

    pub(in super::super) fn number(&self) -> Option<f64> {
        match self {
            #[allow(clippy::cast_precision_loss)]
            Self::Whole(number) => Some(*number as f64),
            Self::Fraction(number) => Some(*number),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Scalar, E> {
                Ok(Scalar::Truth(truth))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Whole(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar::Whole(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar::Fraction(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Nothing)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Nothing)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Scalar, A::Error> {
                while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Nothing)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// The elements of a list, without those that cannot be understood; none of `null`.
pub(in super::super) fn list<'a, T: Deserialize<'a>>(json: &'a str) -> serde_json::Result<Vec<T>> {
    let elements: Option<Vec<&'a RawValue>> = serde_json::from_str(json)?;
    let elements = elements.unwrap_or_default();
    Ok(elements.into_iter().filter_map(|element| serde_json::from_str(element.get()).ok()).collect())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Player {
    pub(super) player_id: Scalar,
    pub(super) name: Scalar,
    pub(super) display_name: Scalar,
    #[serde(rename = "type")]
    pub(super) kind: Scalar,
    pub(super) available: Scalar,
    pub(super) powered: Scalar,
    pub(super) playback_state: Scalar,
    pub(super) state: Scalar,
    pub(super) volume_level: Scalar,
    pub(super) active_source: Scalar,
    pub(super) synced_to: Scalar,
    pub(super) active_group: Scalar,
    pub(super) current_media: Option<PlayerMedia>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PlayerMedia {
    pub(super) title: Scalar,
    pub(super) artist: Scalar,
    pub(super) image_url: Scalar,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Queue {
    pub(super) queue_id: Scalar,
    pub(super) state: Scalar,
    pub(super) current_index: Scalar,
    pub(super) items: Scalar,
    pub(super) current_item: Option<QueueItem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct QueueItem {
    pub(super) queue_item_id: Scalar,
    pub(super) name: Scalar,
    pub(super) duration: Scalar,
    pub(super) media_item: Option<Item>,
    pub(super) image: Option<Image>,
}

/// A track, an artist, an album or a playlist, whole or reduced.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Item {
    pub(super) item_id: Scalar,
    pub(super) provider: Scalar,
    pub(super) name: Scalar,
    pub(super) uri: Scalar,
    pub(super) media_type: Scalar,
    /// Whole items have them, reduced ones do not.
    pub(super) provider_mappings: Option<IgnoredAny>,
    pub(super) duration: Scalar,
    pub(super) image: Option<Image>,
    pub(super) metadata: Option<Metadata>,
    pub(super) album: Option<Box<Item>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) images: Option<Vec<Image>>,
}

/// A picture.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct Image {
    #[serde(rename = "type")]
    pub(in super::super) kind: String,
    pub(in super::super) path: String,
    pub(in super::super) provider: String,
    pub(in super::super) remotely_accessible: bool,
    pub(in super::super) proxy_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct SearchResults<'a> {
    #[serde(borrow)]
    pub(super) tracks: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) artists: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) albums: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) playlists: Option<&'a RawValue>,
}
