//! Request and response shapes of this function that no other function shares.

use std::collections::HashMap;

use casa_web::{
    PageEnvelope,
    houses::{PropertyDetail, PropertyListItem},
    openapi::{Failure, Invalid, TextOrTexts},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The catalogue: a page, or everything with `page_size=none`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum PropertyList {
    /// A page.
    Page(PageEnvelope<PropertyListItem>),
    /// All houses.
    Everything(Vec<PropertyListItem>),
}

/// What can be changed of a photo.
#[derive(Debug, ToSchema)]
pub struct PhotoFields {
    /// Text for people who do not see it, may be empty.
    #[schema(required = false, max_length = 200)]
    pub alt_text: String,
    /// Position, 0 first.
    #[schema(required = false, minimum = 0, maximum = 2_147_483_647)]
    pub order: u32,
    /// Makes it the one main photo of its house. Absent in PUT and POST means false.
    #[schema(required = false)]
    pub is_main: bool,
}

/// A new photo.
#[derive(Debug, ToSchema)]
pub struct NewPhoto {
    /// The house it shows.
    pub property_id: Uuid,
    /// Text for people who do not see it, may be empty.
    #[schema(required = false, max_length = 200)]
    pub alt_text: String,
    /// Position, 0 first.
    #[schema(required = false, minimum = 0, maximum = 2_147_483_647)]
    pub order: u32,
    /// Makes it the one main photo of its house.
    #[schema(required = false)]
    pub is_main: bool,
    /// Address of an image elsewhere, `http` or `https`.
    #[schema(required = false, max_length = 200, format = "uri")]
    pub image_url: String,
    /// JPEG, PNG, WebP or GIF of at most 20 MiB, 12,000 pixels a side and 50 megapixels.
    #[schema(required = false, value_type = String, format = Binary)]
    pub image_file: Vec<u8>,
}

/// A file to try the upload with.
#[derive(Debug, ToSchema)]
pub struct TestFile {
    /// Any file.
    #[schema(value_type = String, format = Binary)]
    pub test_file: Vec<u8>,
}

/// What arrived of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestAnswer {
    /// Always true.
    pub success: bool,
    /// Its name as sent.
    pub file_name: String,
    /// Bytes.
    pub file_size: u64,
    /// Its media type as sent.
    pub content_type: String,
    /// In words, Spanish.
    pub message: String,
}

/// Monthly Airbnb earnings of a house (contract 04 §3.3).
#[derive(Debug, Serialize, ToSchema)]
pub struct EarningBody {
    /// Its id.
    pub id: Uuid,
    /// The house.
    pub property: Option<PropertyDetail>,
    /// 1 to 12.
    pub month: u32,
    /// The year.
    pub year: u32,
    /// Soles, two decimals.
    pub profit_sol: String,
}

/// All fields of monthly earnings; absent month and year mean 1.
#[derive(Debug, ToSchema)]
pub struct EarningFields {
    /// 1 to 12.
    #[schema(required = false, minimum = 1, maximum = 12)]
    pub month: u32,
    /// The year.
    #[schema(required = false, minimum = 1, maximum = 9999)]
    pub year: u32,
    /// Soles: at most 18 digits before and two behind the point.
    pub profit_sol: Amount,
}

/// Fields of monthly earnings to change.
#[derive(Debug, ToSchema)]
pub struct EarningChanges {
    /// 1 to 12.
    #[schema(required = false, minimum = 1, maximum = 12)]
    pub month: u32,
    /// The year.
    #[schema(required = false, minimum = 1, maximum = 9999)]
    pub year: u32,
    /// Soles: at most 18 digits before and two behind the point.
    #[schema(required = false)]
    pub profit_sol: Amount,
}

/// A question whether a house is free.
#[derive(Debug, ToSchema)]
pub struct DateCheck {
    /// The house.
    pub property: Uuid,
    /// Arrival, `YYYY-MM-DD`.
    #[schema(format = Date)]
    pub check_in_date: String,
    /// Departure, `YYYY-MM-DD`.
    #[schema(format = Date)]
    pub check_out_date: String,
}

/// A question whether a house is free apart from one reservation.
#[derive(Debug, ToSchema)]
pub struct DateCheckExcept {
    /// The house.
    pub property: Uuid,
    /// Arrival, `YYYY-MM-DD`.
    #[schema(format = Date)]
    pub check_in_date: String,
    /// Departure, `YYYY-MM-DD`.
    #[schema(format = Date)]
    pub check_out_date: String,
    /// The reservation whose nights do not count.
    pub reservation_id: Uuid,
}

/// Whether a house is free.
#[derive(Debug, Serialize, ToSchema)]
pub struct DateAnswer {
    /// In words, Spanish; the panel shows it.
    pub message: String,
    /// Whether every night is free.
    pub condition: bool,
}

/// A question that makes no sense: `message`, `condition` false, and the errors by field.
#[derive(Debug, Serialize, ToSchema)]
pub struct DateRefusal {
    /// In words, Spanish; the panel shows it.
    pub message: String,
    /// Always false.
    pub condition: bool,
    /// The errors by field.
    #[serde(flatten)]
    pub errors: HashMap<String, TextOrTexts>,
}

/// Why a photo was not entered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum UploadRefusal {
    /// No usable house or file.
    Failure(Failure),
    /// Unusable fields.
    Invalid(Invalid),
}

/// An amount of money, as text or number.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Amount {
    /// Text such as `"742.24"`.
    Text(String),
    /// A number.
    Number(f64),
}
