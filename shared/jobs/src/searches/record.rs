//! A search as staff and the sheet see it (contract 03 §3.9).

use std::collections::HashMap;

use casa_domain::{Client, ClientId, HouseId, search::Search, time::utc_offset_iso};
use casa_store::{Catalogue, Store, StoreError};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A search as staff and the sheet see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ExportedSearch)]
pub struct Export {
    /// Its id.
    id: Uuid,
    /// When it was made, UTC.
    search_timestamp: String,
    /// First night.
    check_in_date: NaiveDate,
    /// Day of departure.
    check_out_date: NaiveDate,
    /// How many would come.
    guests: u32,
    /// Who searched.
    client_info: SearchClient,
    /// For which house.
    property_info: SearchProperty,
    /// Where it came from.
    technical_data: SearchOrigin,
    /// The day it was entered, UTC.
    created: NaiveDate,
}

/// Who searched.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchClient {
    /// The guest, or `ANONIMO`.
    id: String,
    /// Given names.
    first_name: String,
    /// Family names.
    last_name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Phone.
    tel_number: String,
}

/// For which house.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchProperty {
    /// The house, or `SIN_PROPIEDAD`.
    id: String,
    /// Its name.
    name: String,
}

/// Where a search came from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchOrigin {
    /// The network; single addresses are not kept, but for those that the original kept.
    ip_address: Option<String>,
    /// The visit.
    session_key: Option<String>,
    /// The browser.
    user_agent: Option<String>,
    /// The page the visitor came from.
    referrer: Option<String>,
}

/// The searches with their guests and houses.
///
/// # Errors
/// [`StoreError`].
pub async fn records(store: &Store, searches: &[Search]) -> Result<Vec<Export>, StoreError> {
    let ids: Vec<ClientId> = searches.iter().filter_map(|search| search.client).collect();
    let (clients, houses) = (store.clients(), store.houses());
    let (clients, houses) = tokio::try_join!(clients.get_many(&ids), houses.catalogue())?;
    let clients: HashMap<ClientId, Client> = clients.into_iter().map(|client| (client.id, client)).collect();
    Ok(searches.iter().map(|search| Export::new(search, &clients, &houses)).collect())
}

impl Export {
    fn new(search: &Search, clients: &HashMap<ClientId, Client>, houses: &Catalogue) -> Self {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Self {
            id: search.id,
            search_timestamp: utc_offset_iso(search.search_timestamp),
            check_in_date: search.check_in_date,
            check_out_date: search.check_out_date,
            guests: search.guests,
            client_info: SearchClient::new(search.client.and_then(|id| clients.get(&id))),
            property_info: SearchProperty::new(search.house, houses),
            technical_data: SearchOrigin {
                ip_address: filled(&search.ip_address),
                session_key: filled(&search.session_key),
                user_agent: filled(&search.user_agent),
                referrer: filled(&search.referrer),
            },
            created: search.created.date_naive(),
        }
    }
}

impl SearchClient {
    fn new(client: Option<&Client>) -> Self {
        match client {
            Some(client) => Self {
                id: client.id.to_string(),
                first_name: client.first_name.clone(),
                last_name: client.last_name.clone(),
                email: client.email.clone(),
                tel_number: client.tel_number.clone(),
            },
            None => Self {
                id: "ANONIMO".to_owned(),
                first_name: "Usuario".to_owned(),
                last_name: Some("Anónimo".to_owned()),
                email: Some("anonimo@casaaustin.pe".to_owned()),
                tel_number: "Sin teléfono".to_owned(),
            },
        }
    }
}

impl SearchProperty {
    fn new(house: Option<HouseId>, houses: &Catalogue) -> Self {
        match house {
            Some(id) => Self {
                id: id.to_string(),
                name: houses.house(id).map(|house| house.name.clone()).unwrap_or_default(),
            },
            None => Self { id: "SIN_PROPIEDAD".to_owned(), name: "Búsqueda general".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Contract 03 §9, example 11.
    #[test]
    fn example_11_the_day_of_entry_is_utc() {
        let at = "2025-09-01T01:30:00Z";
        let search: Search = serde_json::from_value(json!({
            "id": Uuid::nil(), "created": at, "updated": at, "check_in_date": "2025-09-10",
            "check_out_date": "2025-09-12", "guests": 2, "search_timestamp": at, "user_agent": "xxx",
            "referrer": "",
        }))
        .unwrap();
        let shown = Export::new(&search, &HashMap::new(), &Catalogue::default());
        let shown = serde_json::to_value(shown).unwrap();
        assert_eq!(shown["search_timestamp"], "2025-09-01T01:30:00+00:00");
        assert_eq!(shown["created"], "2025-09-01");
        assert_eq!(shown["client_info"]["id"], "ANONIMO");
        assert_eq!(shown["property_info"]["id"], "SIN_PROPIEDAD");
        let origin = json!({"ip_address": null, "session_key": null, "user_agent": "xxx", "referrer": null});
        assert_eq!(shown["technical_data"], origin);
    }
}
