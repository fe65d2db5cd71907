//! `calendar-feeds/`: the calendars elsewhere whose stays are brought in, for administrators. The job `feeds-import` reads
//! them; their addresses are secrets and never answered.

use axum::{Json, extract::State};
use casa_domain::{
    StaffUser,
    feed::{Feed, FeedAddress},
    ids::FeedId,
    time::local_iso,
};
use casa_jobs::{
    JobError,
    feeds::{self, FeedReport},
};
use casa_store::{Audit, AuditAction, Catalogue};
use casa_web::{
    ApiError, ApiResult, AppState, Clock, Form, IdPath, Staff, error,
    openapi::{Detail, ForStaff, Invalid, Racing, WithBody},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

/// A calendar elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarFeed {
    /// Its id.
    id: Uuid,
    /// The house.
    property: Uuid,
    /// The house's name.
    property_name: Option<String>,
    /// What staff call it.
    name: String,
    /// Host and last letters of its address.
    url: String,
    /// Whether the address is the house's own (`airbnb_url`), which is changed there.
    from_property: bool,
    /// When it was entered, local time.
    created: String,
    /// When it was asked for last, local time.
    checked: Option<String>,
    /// When its stays were brought in last, local time.
    imported: Option<String>,
    /// Why it could not be read last time, in Spanish.
    problem: Option<String>,
    /// How often in a row it could not be read.
    failures: u32,
}

/// A calendar to enter.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, missing_docs)] // only its schema is used
pub struct CalendarFeedInput {
    property: Uuid,
    #[schema(max_length = 100)]
    name: String,
    /// Address of an iCalendar file, `http` or `https`.
    #[schema(max_length = 2000)]
    url: String,
}

impl CalendarFeed {
    fn new(feed: &Feed, houses: &Catalogue, clock: &Clock) -> Self {
        let shown = |at: DateTime<Utc>| local_iso(at, clock.offset(at));
        Self {
            id: feed.id.0,
            property: feed.house.0,
            property_name: houses.house(feed.house).map(|house| house.name.clone()),
            name: feed.name.clone(),
            url: feed.url.shown(),
            from_property: feed.of_house,
            created: shown(feed.created),
            checked: feed.checked.map(shown),
            imported: feed.brought.map(shown),
            problem: feed.problem.clone(),
            failures: feed.failures,
        }
    }
}

/// Only administrators decide whose stays come in.
fn administrator(user: &StaffUser) -> ApiResult<()> {
    if user.is_admin() { Ok(()) } else { Err(error::forbidden()) }
}

/// All calendars that are brought in, those at houses' own addresses included.
#[utoipa::path(
    get,
    path = "/api/v1/calendar-feeds/",
    tag = "reservations",
    operation_id = "calendar_feeds_list",
    responses(
        (status = 200, description = "The calendars, oldest first", body = [CalendarFeed]),
        (status = 403, description = "Not an administrator", body = Detail),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub async fn list(Staff(user): Staff, State(state): State<AppState>) -> ApiResult<Json<Vec<CalendarFeed>>> {
    administrator(&user)?;
    let (feeds, houses) = (feeds::known(&state).await?, state.store.houses().catalogue().await?);
    Ok(Json(feeds.iter().map(|feed| CalendarFeed::new(feed, &houses, &state.clock)).collect()))
}

/// Enters a calendar of a house; a house may have several. Its stays come in within half an hour.
#[utoipa::path(
    post,
    path = "/api/v1/calendar-feeds/",
    tag = "reservations",
    operation_id = "calendar_feeds_create",
    request_body(content(
        (CalendarFeedInput = "application/json"),
        (CalendarFeedInput = "application/x-www-form-urlencoded"),
        (CalendarFeedInput = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "Entered", body = CalendarFeed),
        (status = 400, description = "A field is wrong", body = Invalid),
        (status = 403, description = "Not an administrator", body = Detail),
        ForStaff,
        WithBody,
        Racing,
    ),
    security(("staff" = []))
)]
pub async fn create(
    Staff(user): Staff,
    State(state): State<AppState>,
    form: Form,
) -> ApiResult<(StatusCode, Json<CalendarFeed>)> {
    administrator(&user)?;
    let houses = state.store.houses().catalogue().await?;
    let now = state.clock.now();
    let feed = read(&form, &houses, now)?;
    let audit = Audit::new(Some(user.id), AuditAction::Added, MODEL, feed.id, now);
    state.store.feeds().enter(&feed, &audit).await?;
    Ok((StatusCode::CREATED, Json(CalendarFeed::new(&feed, &houses, &state.clock))))
}

/// Kind of row in the audit log.
const MODEL: &str = "reservation.calendarfeed";

/// The calendar that a body asks to enter.
fn read(form: &Form, houses: &Catalogue, now: DateTime<Utc>) -> ApiResult<Feed> {
    let mut checked = form.check();
    let house = checked.id("property");
    let house = checked.required("property", house);
    let name = checked.text("name", LONGEST_NAME);
    let name = checked.required("name", name);
    let url = checked.text("url", casa_domain::feed::LONGEST_ADDRESS);
    let url = checked.required("url", url).and_then(|url| match FeedAddress::parse(&url) {
        Ok(url) => Some(url),
        Err(problem) => {
            checked.wrong("url", &problem.to_string());
            None
        }
    });
    if let Some(house) = house
        && !houses.live().any(|one| one.id == house)
    {
        checked.wrong("property", "La propiedad no existe.");
    }
    checked.finish()?;
    match (house, name, url) {
        (Some(house), Some(name), Some(url)) => Ok(Feed::new(FeedId(Uuid::new_v4()), house, name, url, now)),
        _ => Err(error::rule("Datos inválidos.")),
    }
}

/// Removes a calendar; the stays that it brought in stay.
#[utoipa::path(
    delete,
    path = "/api/v1/calendar-feeds/{id}/",
    tag = "reservations",
    operation_id = "calendar_feeds_delete",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 400, description = "Its address is the house's own: change it there", body = Invalid),
        (status = 403, description = "Not an administrator", body = Detail),
        (status = 404, description = "No such calendar", body = Detail),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub async fn delete(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<FeedId>,
) -> ApiResult<StatusCode> {
    administrator(&user)?;
    if find(&state, id).await?.of_house {
        return Err(error::rule("La dirección es la de la casa: cámbiela en la casa."));
    }
    let audit = Audit::new(Some(user.id), AuditAction::Deleted, MODEL, id, state.clock.now());
    state.store.feeds().remove(id, &audit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a calendar in now and answers what that did.
#[utoipa::path(
    post,
    path = "/api/v1/calendar-feeds/{id}/sync/",
    tag = "reservations",
    operation_id = "calendar_feeds_sync",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "What it did; `problem` tells why it could not be read", body = FeedReport),
        (status = 403, description = "Not an administrator", body = Detail),
        (status = 404, description = "No such calendar", body = Detail),
        (status = 409, description = "It is just being read", body = Detail),
        ForStaff,
    ),
    security(("staff" = []))
)]
pub async fn sync(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<FeedId>,
) -> ApiResult<Json<FeedReport>> {
    administrator(&user)?;
    find(&state, id).await?;
    let report = Box::pin(feeds::read_now(&state, id)).await.map_err(failure)?;
    let busy = || error::detail(StatusCode::CONFLICT, "El calendario se está leyendo en este momento.");
    report.map(Json).ok_or_else(busy)
}

async fn find(state: &AppState, id: FeedId) -> ApiResult<Feed> {
    let feeds = feeds::known(state).await?;
    feeds.into_iter().find(|feed| feed.id == id).ok_or_else(error::not_found)
}

fn failure(problem: JobError) -> ApiError {
    match problem {
        JobError::Store(problem) => problem.into(),
        other => {
            tracing::error!(error = %other, "a calendar was not brought in");
            error::detail(
                StatusCode::SERVICE_UNAVAILABLE,
                "El servicio no está disponible en este momento. Intente de nuevo.",
            )
        }
    }
}
