//! What the endpoints for special dates read and answer.

use casa_domain::{House, money::fixed2, pricing::book::SpecialDate};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Lines with special dates of a house.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDateLines)]
#[allow(dead_code)] // only its schema is used
pub(crate) struct LinesBody {
    /// The house.
    property: Uuid,
    /// Lines `day,month,description,price_usd`, at most 366; blank lines do not count.
    #[schema(example = "31,12,Año Nuevo,400")]
    bulk_data: String,
    /// Whether dates that the house has already are changed; false when left out.
    overwrite_existing: Option<bool>,
}

/// Lines with special dates of a house, as text or as a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDateFile)]
#[allow(dead_code)] // only its schema is used
pub(crate) struct FileBody {
    /// The house.
    property: Uuid,
    /// Lines `day,month,description,price_usd`, at most 366; blank lines do not count. Not together with a file.
    #[schema(required = false)]
    bulk_data: String,
    /// The same lines as a file `*.csv` in UTF-8 without byte order mark, without header and blank rows.
    #[schema(required = false, value_type = String, format = Binary)]
    csv_file: Vec<u8>,
    /// Whether dates that the house has already are changed; false when left out.
    #[schema(required = false)]
    overwrite_existing: bool,
}

/// The whole set of special dates of a house.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDateSet)]
#[allow(dead_code)] // only its schema is used
pub(crate) struct SetBody {
    /// What the house shall have; dates that are not listed are removed.
    #[schema(max_items = 366)]
    dates_data: Vec<SetEntry>,
}

/// The whole set of special dates of a house, in a form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDateSetText)]
#[allow(dead_code)] // only its schema is used
pub(crate) struct SetTextBody {
    /// The list as JSON text.
    dates_data: String,
}

/// One special date of the set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDateEntry)]
#[allow(dead_code)] // only its schema is used
struct SetEntry {
    #[schema(minimum = 1, maximum = 12)]
    month: u32,
    /// Must exist in that month; 29 February does.
    #[schema(minimum = 1, maximum = 31)]
    day: u32,
    #[schema(min_length = 1, max_length = 100)]
    description: String,
    /// Greater than 0; kept with two decimals.
    price_usd: Amount,
    /// When left out, a date that the house has already keeps its own and a new one gets 1.
    #[schema(minimum = 1, maximum = 366)]
    minimum_consecutive_nights: Option<u32>,
    /// True when left out.
    is_active: Option<bool>,
}

/// An amount as number or text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDateAmount)]
#[serde(untagged)]
#[allow(dead_code)] // only its schema is used
enum Amount {
    /// A number.
    Number(f64),
    /// A number as text.
    Text(String),
}

/// A special date.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDate)]
pub(crate) struct DateBody {
    id: Uuid,
    month: u32,
    day: u32,
    description: Option<String>,
    /// Two decimals.
    price_usd: String,
    minimum_consecutive_nights: u32,
    is_active: bool,
}

/// A house with its special dates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HouseSpecialDates)]
pub(crate) struct HouseDates {
    id: Uuid,
    name: String,
    /// By month and day.
    special_dates: Vec<DateBody>,
}

/// The special dates of every house.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AllSpecialDates)]
pub(crate) struct AllDatesAnswer {
    /// Always true.
    pub success: bool,
    /// The houses that are offered, by name.
    pub properties: Vec<HouseDates>,
}

/// What became of the lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkSpecialDates)]
pub(crate) struct BulkAnswer {
    /// Always true.
    pub success: bool,
    /// Dates that are new.
    pub created: usize,
    /// Dates that were there and changed.
    pub updated: usize,
    /// Dates that were there and stay as they were.
    pub skipped: usize,
    /// All dates of the house now, by month and day.
    pub special_dates: Vec<DateBody>,
}

/// How many special dates a house has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HouseSpecialDateCount)]
pub(crate) struct HouseCount {
    id: Uuid,
    name: String,
    special_dates_count: usize,
}

/// The houses with how many special dates they have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDateHouses)]
pub(crate) struct HousesAnswer {
    /// Always true.
    pub success: bool,
    /// The houses that are offered, by name.
    pub properties: Vec<HouseCount>,
}

/// A house.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDateHouse)]
pub(crate) struct HouseBody {
    id: Uuid,
    name: String,
}

/// The special dates of a house.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpecialDatesOfHouse)]
pub(crate) struct DatesAnswer {
    /// Always true.
    success: bool,
    /// The house.
    property: HouseBody,
    /// By month and day.
    special_dates: Vec<DateBody>,
}

/// Special dates by month and day.
pub(crate) fn dates(rows: &[SpecialDate]) -> Vec<DateBody> {
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by_key(|row| (row.month, row.day, row.id));
    sorted.into_iter().map(DateBody::new).collect()
}

impl DateBody {
    fn new(row: &SpecialDate) -> Self {
        Self {
            id: row.id.0,
            month: row.month,
            day: row.day,
            description: row.description.clone(),
            price_usd: fixed2(row.price_usd),
            minimum_consecutive_nights: row.minimum_consecutive_nights,
            is_active: row.is_active,
        }
    }
}

impl HouseDates {
    /// A house with these special dates.
    pub fn new(house: &House, rows: &[SpecialDate]) -> Self {
        Self { id: house.id.0, name: house.name.clone(), special_dates: dates(rows) }
    }
}

impl HouseCount {
    /// A house with so many special dates.
    pub fn new(house: &House, special_dates_count: usize) -> Self {
        Self { id: house.id.0, name: house.name.clone(), special_dates_count }
    }
}

impl DatesAnswer {
    /// The answer about a house with these special dates.
    pub fn new(house: &House, rows: &[SpecialDate]) -> Self {
        let property = HouseBody { id: house.id.0, name: house.name.clone() };
        Self { success: true, property, special_dates: dates(rows) }
    }
}
