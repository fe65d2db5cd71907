//! `GET clients/` and `GET clients/search/` (contract 03 §3.1), both from the book of guests in memory.

use axum::{Json, extract::State};
use casa_domain::{StaffUser, text::search_terms};
use casa_store::client_book::{Found, Lookup};
use casa_web::{
    ApiError, ApiResult, AppState, BaseUrl, PageEnvelope, PageWish, Query, Staff,
    openapi::{Detail, ForStaff},
};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{body::ClientBody, order};

const PATH: &str = "/api/v1/clients/";
/// Most rows of an answer without pages (contract 03 §8, D20): an answer of a function has a size limit.
const MOST_AT_ONCE: usize = 1000;

/// A page of guests, or a bare array of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ClientList {
    /// A page.
    #[schema(title = "page")]
    Page(PageEnvelope<ClientBody>),
    /// Rows without pages.
    #[schema(title = "everything")]
    Everything(Vec<ClientBody>),
}

/// Guests, searched, ordered and in pages; `page_size=none` gives a bare array of at most 1000.
#[utoipa::path(
    get,
    path = "/api/v1/clients/",
    tag = "clients",
    operation_id = "clients_list",
    params(
        ("page" = Option<String>, Query, description = "From 1, or `last`."),
        ("page_size" = Option<String>, Query, description = "1 to 1000, default 100; `none` for a bare array."),
        ("search" = Option<String>, Query, description = "Words, or phrases in double quotes, each found in e-mail, document number, names or phone."),
        ("ordering" = Option<String>, Query, description = "Comma list of `points_balance`, `first_name`, `last_name`, `created`, `level`, each with an optional `-`. Default `-points_balance`."),
        ("bd" = Option<String>, Query, description = "`today`: only guests whose birthday is today (local date)."),
    ),
    responses(
        (status = 200, description = "A page, or a bare array for `page_size=none`.", body = ClientList),
        (status = 400, description = "The search has a NUL character.", body = Vec<String>),
        (status = 404, description = "No such page.", body = Detail),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn list(
    Staff(user): Staff,
    State(state): State<AppState>,
    query: Query,
    base: BaseUrl,
) -> ApiResult<Json<ClientList>> {
    let wish = PageWish::read(&query, true)?;
    let birthday = (query.get("bd") == Some("today")).then(|| state.clock.today());
    let page = |total: usize| {
        let (skip, size) = wish.part(total as u64);
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        (whole(skip), whole(size).min(MOST_AT_ONCE))
    };
    let (rows, total) = find(&state, &user, &query, birthday, page).await?;
    let rows: Vec<_> = rows.into_iter().map(ClientBody::in_list).collect();
    Ok(Json(match wish {
        PageWish::Everything => ClientList::Everything(rows),
        PageWish::Page { .. } => {
            ClientList::Page(PageEnvelope::new(wish, rows, total as u64, &base, PATH, &query)?)
        }
    }))
}

/// Guests, searched and ordered, at most 1000 in a bare array; without any parameter none.
#[utoipa::path(
    get,
    path = "/api/v1/clients/search/",
    tag = "clients",
    operation_id = "clients_search",
    params(
        ("search" = Option<String>, Query, description = "As in the list."),
        ("ordering" = Option<String>, Query, description = "As in the list."),
    ),
    responses(
        (status = 200, description = "The guests.", body = Vec<ClientBody>),
        (status = 400, description = "The search has a NUL character.", body = Vec<String>),
        (status = 503, description = "The table does not answer.", body = Detail),
        ForStaff,
    ),
    security(("staff" = [])),
)]
pub(crate) async fn search(
    Staff(user): Staff,
    State(state): State<AppState>,
    query: Query,
) -> ApiResult<Json<Vec<ClientBody>>> {
    if query.is_empty() {
        return Ok(Json(Vec::new()));
    }
    let (rows, _) = find(&state, &user, &query, None, |_| (0, MOST_AT_ONCE)).await?;
    Ok(Json(rows))
}

/// The rows of a page and how many there are in all. Who is no administrator does not see the house's own client for
/// maintenance.
async fn find(
    state: &AppState,
    user: &StaffUser,
    query: &Query,
    birthday: Option<chrono::NaiveDate>,
    page: impl FnOnce(usize) -> (usize, usize),
) -> ApiResult<(Vec<ClientBody>, usize)> {
    let search = query.get("search").unwrap_or_default();
    if search.contains('\0') {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, json!(["No se permiten caracteres nulos."])));
    }
    let terms = search_terms(search);
    let prices = state.store.prices();
    let (guests, book) = tokio::try_join!(state.client_book(), async { Ok(prices.book().await?) })?;
    let lookup = Lookup {
        terms: &terms,
        birthday,
        hidden_name: (!user.is_admin()).then_some(state.settings.maintenance_name.as_str()),
        order: order::parse(query.get("ordering").unwrap_or_default()),
        levels: &book.levels,
    };
    let Found { total, clients } = guests.find(&lookup, page);
    let row = |client| ClientBody::new(client, &book.levels, &state.clock);
    Ok((clients.into_iter().map(row).collect(), total))
}
