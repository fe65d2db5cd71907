//! `GET clients/` (contract 03 §3.1).
//!
//! It reads the whole book, eight partitions at once, and filters and orders it in memory: right for some thousands of
//! guests, until an index for search and order takes the place of this module. Levels are read for the rows shown only,
//! unless they decide the order.

use axum::{Json, extract::State};
use casa_domain::{
    StaffUser,
    client::Client,
    text::{fold, matches_all, search_terms},
};
use casa_web::{
    ApiError, ApiResult, AppState, BaseUrl, PageEnvelope, PageWish, Query, Staff,
    openapi::{Detail, ForStaff},
};
use chrono::{Datelike, NaiveDate};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{body::ClientBody, order::Order};

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

/// What rows must have.
struct Filter {
    terms: Vec<String>,
    birthday: Option<NaiveDate>,
    hidden_name: Option<String>,
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
    let filter = Filter::read(&query, &user, &state)?;
    let order = Order::parse(query.get("ordering").unwrap_or_default());

    let mut clients = state.store.clients().all().await?;
    clients.retain(|client| filter.holds(client));
    let book = state.store.prices().book().await?;
    let clients = order.sort(clients, &book.levels);

    let total = clients.len() as u64;
    let shown = cut(clients, wish, total);
    let row = |client: Client| ClientBody::new(client, &book.levels, &state.clock).in_list();
    let rows: Vec<_> = shown.into_iter().map(row).collect();
    Ok(Json(match wish {
        PageWish::Everything => ClientList::Everything(rows),
        PageWish::Page { .. } => ClientList::Page(PageEnvelope::new(wish, rows, total, &base, PATH, &query)?),
    }))
}

impl Filter {
    fn read(query: &Query, user: &StaffUser, state: &AppState) -> ApiResult<Self> {
        let search = query.get("search").unwrap_or_default();
        if search.contains('\0') {
            return Err(ApiError::new(StatusCode::BAD_REQUEST, json!(["No se permiten caracteres nulos."])));
        }
        Ok(Self {
            terms: search_terms(search),
            birthday: (query.get("bd") == Some("today")).then(|| state.clock.today()),
            hidden_name: (!user.is_admin()).then(|| state.settings.maintenance_name.clone()),
        })
    }

    fn holds(&self, client: &Client) -> bool {
        self.hidden_name.as_ref() != Some(&client.first_name)
            && self.birthday.is_none_or(|today| {
                client.date.is_some_and(|date| (date.month(), date.day()) == (today.month(), today.day()))
            })
            && (self.terms.is_empty() || matches_all(&self.terms, &searched(client)))
    }
}

/// The texts that a search looks at, folded.
fn searched(client: &Client) -> Vec<String> {
    let texts = [
        client.email.as_ref(),
        Some(&client.number_doc),
        Some(&client.first_name),
        client.last_name.as_ref(),
        Some(&client.tel_number),
    ];
    texts.into_iter().flatten().map(|text| fold(text)).collect()
}

/// The rows of the page that is wanted; none behind the last one.
fn cut(clients: Vec<Client>, wish: PageWish, total: u64) -> Vec<Client> {
    let (skip, size) = wish.part(total);
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let size = usize::try_from(size).unwrap_or(usize::MAX).min(MOST_AT_ONCE);
    clients.into_iter().skip(skip).take(size).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client(first_name: &str, last_name: &str, date: &str) -> Client {
        serde_json::from_value(json!({
            "id": uuid::Uuid::nil(), "created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z",
            "document_type": "dni", "number_doc": "50586476", "first_name": first_name, "last_name": last_name,
            "email": "ana@correo.example", "date": date, "tel_number": "51999777111",
        }))
        .unwrap()
    }

    fn filter(search: &str, birthday: Option<&str>, hidden_name: Option<&str>) -> Filter {
        Filter {
            terms: search_terms(search),
            birthday: birthday.map(|day| day.parse().unwrap()),
            hidden_name: hidden_name.map(str::to_owned),
        }
    }

    #[test]
    fn searches() {
        let ana = client("Graciela", "Saldívar Farfán", "1980-11-12");
        for (search, found) in [
            ("saldivar", true),
            ("GRACIELA,99977", true),
            ("\"saldívar farfán\"", true),
            ("\"farfán saldívar\"", false),
            ("5058 correo.example", true),
            ("graciela nadie", false),
            ("  ", true),
        ] {
            assert_eq!(filter(search, None, None).holds(&ana), found, "{search}");
        }
    }

    #[test]
    fn birthdays_and_the_hidden_guest() {
        let leap = client("Ana", "B", "2000-02-29");
        assert!(filter("", Some("2024-02-29"), None).holds(&leap));
        assert!(!filter("", Some("2025-02-28"), None).holds(&leap));
        let maintenance = client("Mantenimiento", "Interno", "2000-01-01");
        assert!(!filter("", None, Some("Mantenimiento")).holds(&maintenance));
        assert!(filter("", None, None).holds(&maintenance));
    }
}
