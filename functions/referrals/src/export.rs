//! The searches for staff, and on wish for the sheet (contract 03 §3.9, §8 D1 and D20).

use axum::{Extension, Json, extract::State};
use casa_domain::{ClientId, HouseId, search::Search, time::utc_offset_iso};
use casa_gateways::Sheets;
use casa_jobs::searches::{self, Export, Pace, SheetResult};
use casa_store::searches::{Mark, Wish};
use casa_web::{
    ApiError, ApiResult, AppState, Clock, Query, Staff,
    openapi::{Detail, ForStaff},
};
use chrono::Datelike;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::tracking::read_date;

/// Most rows of an answer, and how many there are where nothing is said: an answer of a function has a size limit.
const MOST: usize = 5_000;
/// Most bytes of the texts of an answer's rows.
const MOST_BYTES: usize = 4_500_000;
/// About what a row takes without its longer texts.
const ROW_BYTES: usize = 600;
const FIELDS: [&str; 9] = [
    "id",
    "search_timestamp",
    "check_in_date",
    "check_out_date",
    "guests",
    "client_info",
    "property_info",
    "technical_data",
    "created",
];

/// Searches, and what was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchExport {
    /// Always true.
    success: bool,
    /// What was asked for, and what there is.
    metadata: SearchExportMetadata,
    /// The searches, newest first.
    data: Vec<Export>,
    /// What became of the push to the sheet, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    google_sheets_sync: Option<SheetResult>,
}

/// What was asked for, and what there is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchExportMetadata {
    /// Searches in this answer.
    total_records: usize,
    /// Now, UTC.
    export_timestamp: String,
    /// The filters as they were sent.
    filters_applied: SearchFilters,
    /// Names of the fields of a search.
    #[schema(value_type = Vec<String>)]
    fields: [&'static str; 9],
    /// `cursor` of the older searches that did not fit; null when there are none.
    next: Option<String>,
}

/// The filters as they were sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchFilters {
    /// A guest.
    client_id: Option<String>,
    /// First local day.
    date_from: Option<String>,
    /// Last local day.
    date_to: Option<String>,
    /// A house.
    property_id: Option<String>,
}

/// A request that cannot be answered.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code)] // describes an error, which is built by hand
pub(crate) struct SearchRefusal {
    /// Always false.
    success: bool,
    /// What is wrong, in Spanish.
    message: String,
}

/// Searches, newest first, at most 5000 at once. `send_to_sheets=true` hands them to the sheet too.
#[utoipa::path(
    get,
    path = "/api/v1/clients/track-search/export/",
    tag = "referrals",
    operation_id = "search_export",
    params(
        ("client_id" = Option<String>, Query, description = "Only searches of this guest."),
        ("property_id" = Option<String>, Query, description = "Only searches for this house."),
        ("date_from" = Option<String>, Query, description = "First local day; ignored when it is no date."),
        ("date_to" = Option<String>, Query, description = "Last local day; ignored when it is no date."),
        ("limit" = Option<String>, Query, description = "Most rows, 1 to 5000, default 5000."),
        ("cursor" = Option<String>, Query, description = "`metadata.next` of the answer before, with the same filters."),
        ("send_to_sheets" = Option<String>, Query, description = "`true`, in any case, hands the rows to the sheet too."),
    ),
    responses(
        (status = 200, description = "The searches", body = SearchExport),
        (status = 400, description = "An id, the limit or the cursor cannot be read.", body = SearchRefusal),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn list(
    _: Staff,
    State(state): State<AppState>,
    Extension(sheets): Extension<Option<Sheets>>,
    query: Query,
) -> ApiResult<Json<SearchExport>> {
    let push = query.get("send_to_sheets").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    answer(&state, &query, sheets.as_ref().filter(|_| push), push).await
}

/// Hands searches to the sheet, oldest first, and answers them as the list does.
#[utoipa::path(
    post,
    path = "/api/v1/clients/track-search/export/",
    tag = "referrals",
    operation_id = "search_export_push",
    params(
        ("client_id" = Option<String>, Query, description = "Only searches of this guest."),
        ("property_id" = Option<String>, Query, description = "Only searches for this house."),
        ("date_from" = Option<String>, Query, description = "First local day; ignored when it is no date."),
        ("date_to" = Option<String>, Query, description = "Last local day; ignored when it is no date."),
        ("limit" = Option<String>, Query, description = "Most rows, 1 to 5000, default 5000."),
        ("cursor" = Option<String>, Query, description = "`metadata.next` of the answer before, with the same filters."),
    ),
    responses(
        (status = 200, description = "The searches, and what became of the push", body = SearchExport),
        (status = 400, description = "An id, the limit or the cursor cannot be read.", body = SearchRefusal),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn push(
    _: Staff,
    State(state): State<AppState>,
    Extension(sheets): Extension<Option<Sheets>>,
    query: Query,
) -> ApiResult<Json<SearchExport>> {
    answer(&state, &query, sheets.as_ref(), true).await
}

async fn answer(
    state: &AppState,
    query: &Query,
    sheets: Option<&Sheets>,
    push: bool,
) -> ApiResult<Json<SearchExport>> {
    let (wish, most) = wanted(query, &state.clock)?;
    let mut found = state.store.searches().find(&wish, most).await?;
    let fitting = fitting(&found.rows);
    if fitting < found.rows.len() {
        found.rows.truncate(fitting);
        found.next = found.rows.last().map(Mark::of);
    }
    let data = searches::records(&state.store, &found.rows).await?;
    let now = state.clock.now();
    let google_sheets_sync = match push {
        true => Some(searches::push(sheets, &data, now, &Pace::of_a_request()).await),
        false => None,
    };
    let raw = |name: &str| query.get(name).map(str::to_owned);
    let metadata = SearchExportMetadata {
        total_records: data.len(),
        export_timestamp: utc_offset_iso(now),
        filters_applied: SearchFilters {
            client_id: raw("client_id"),
            date_from: raw("date_from"),
            date_to: raw("date_to"),
            property_id: raw("property_id"),
        },
        fields: FIELDS,
        next: found.next.map(|mark| mark.to_string()),
    };
    Ok(Json(SearchExport { success: true, metadata, data, google_sheets_sync }))
}

/// How many of the rows fit into an answer.
fn fitting(rows: &[Search]) -> usize {
    let size = |row: &Search| {
        let texts = [&row.user_agent, &row.referrer, &row.session_key];
        ROW_BYTES + texts.into_iter().flatten().map(String::len).sum::<usize>()
    };
    let mut bytes = 0;
    let too_many = rows.iter().position(|row| {
        bytes += size(row);
        bytes > MOST_BYTES
    });
    too_many.unwrap_or(rows.len())
}

fn wanted(query: &Query, clock: &Clock) -> ApiResult<(Wish, usize)> {
    let client: Option<ClientId> = parsed(query, "client_id", "El identificador del cliente no es válido.")?;
    let house: Option<HouseId> =
        parsed(query, "property_id", "El identificador de la propiedad no es válido.")?;
    let behind: Option<Mark> = parsed(query, "cursor", "El cursor no es válido.")?;
    let limit: Option<usize> = parsed(query, "limit", "El límite no es válido.")?;
    let most = limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&most) {
        return Err(refused("El límite debe estar entre 1 y 5000."));
    }
    let day = |name: &str| query.get(name).and_then(read_date);
    let to = day("date_to").filter(|day| day.year() < 9999).and_then(|day| day.succ_opt());
    let wish = Wish {
        from: day("date_from").map(|day| clock.start_of(day)),
        to: to.map(|day| clock.start_of(day)),
        client,
        house,
        behind,
        oldest_first: false,
    };
    Ok((wish, most))
}

fn parsed<T: std::str::FromStr>(query: &Query, name: &str, problem: &str) -> ApiResult<Option<T>> {
    query.get(name).map(|text| text.trim().parse().map_err(|_| refused(problem))).transpose()
}

fn refused(message: &str) -> ApiError {
    let body = json!({ "success": false, "message": message, "detail": message });
    ApiError::new(StatusCode::BAD_REQUEST, body)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use uuid::Uuid;

    use super::*;

    fn clock() -> Clock {
        Clock::system("America/Lima".parse().unwrap())
    }

    fn asked(query: &str) -> Option<(Wish, usize)> {
        wanted(&Query::parse(query), &clock()).ok()
    }

    fn search(at: &str, agent: usize) -> Search {
        serde_json::from_value(json!({
            "id": Uuid::nil(), "created": at, "updated": at, "check_in_date": "2025-09-10",
            "check_out_date": "2025-09-12", "guests": 2, "search_timestamp": at, "user_agent": "x".repeat(agent),
            "referrer": "",
        }))
        .unwrap()
    }

    /// Contract 03 §9, example 11.
    #[test]
    fn example_11_filters_by_local_days() {
        let at = "2025-09-01T01:30:00Z";
        let (wish, _) = asked("date_from=2025-08-31&date_to=2025-08-31").unwrap();
        let instant: DateTime<Utc> = at.parse().unwrap();
        assert!(wish.from.unwrap() <= instant && instant < wish.to.unwrap());
    }

    #[test]
    fn parameters() {
        let id = "81fe8f4e-a729-43fa-966a-4cde15be1262";
        let (wish, most) = asked(&format!("client_id={id}&property_id=&date_from=mal&limit=7")).unwrap();
        assert_eq!((wish.client.map(|id| id.to_string()).as_deref(), most), (Some(id), 7));
        assert!(wish.house.is_none() && wish.from.is_none() && wish.to.is_none());
        assert!(asked("date_to=9999-12-31").unwrap().0.to.is_none());
        for bad in
            ["client_id=x", "property_id=7", "cursor=x", "limit=0", "limit=5001", "limit=x", "limit=-1"]
        {
            assert!(asked(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_answer_stays_below_its_limit() {
        let rows = vec![search("2025-09-01T01:30:00Z", 2_000); 5_000];
        assert_eq!(fitting(&rows), MOST_BYTES / (ROW_BYTES + 2_000));
        assert_eq!(fitting(&rows[..10]), 10);
        assert_eq!(fitting(&[]), 0);
    }
}
