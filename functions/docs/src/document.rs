//! One OpenAPI document out of those of all functions.

use std::collections::BTreeMap;

use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder, Schema,
    ServerBuilder,
    path::Operation,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::TagBuilder,
};

/// What the tags (one per function) stand for.
const TAGS: [(&str, &str); 12] = [
    ("accounts", "Staff sign in."),
    ("clients", "Guests: their accounts, points and levels, and the book that staff keep."),
    ("properties", "Houses, photos, availability, monthly Airbnb earnings."),
    ("pricing", "Quotes, discount codes, special dates."),
    (
        "reservations",
        "Staff's reservations, calendar, receipts, exports, profit, calendars elsewhere, home automation.",
    ),
    ("bookings", "Bookings that guests make: booking, list, calling off, vouchers."),
    ("payments", "Card payments, refunds, the gateways' webhooks."),
    ("contracts", "The contract of a reservation as a document."),
    ("referrals", "Referring guests: codes, rankings, figures; the QR of a stay; searches for free nights."),
    ("music", "Music in the houses: who takes part in a stay's session, and what guests ask of players."),
    ("bot", "What the chatbot reads: discounts, levels, a guest."),
    ("docs", "This documentation."),
];

/// The document of the whole API: the paths and schemas of `parts`, with title, version, server and the security schemes
/// `staff` and `bot`. The same parts in any order give the same document; what two parts disagree about is in [`clashes`].
pub fn document(mut parts: Vec<OpenApi>) -> OpenApi {
    parts.sort_by_cached_key(|part| part.paths.paths.keys().next().cloned());
    let staff = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The access token of a member of staff, from `POST /api/v1/login/`."))
        .build();
    let mut components = Components::new();
    components.add_security_scheme("staff", SecurityScheme::Http(staff));
    let client = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The access token of a guest, from `POST /api/v1/clients/client-auth/login/`."))
        .build();
    components.add_security_scheme("client", SecurityScheme::Http(client));
    let bot = ApiKeyValue::with_description("X-Bot-Key", "The key of the chatbot, from the settings.");
    components.add_security_scheme("bot", SecurityScheme::ApiKey(ApiKey::Header(bot)));
    let home =
        ApiKeyValue::with_description("X-Home-Key", "The key of the home automation, from the settings.");
    components.add_security_scheme("home", SecurityScheme::ApiKey(ApiKey::Header(home)));
    let music = ApiKeyValue::with_description(
        "X-Music-Key",
        "The key of the clock that switches players on, from the settings.",
    );
    components.add_security_scheme("music", SecurityScheme::ApiKey(ApiKey::Header(music)));
    let info = InfoBuilder::new()
        .title("Casa Austin API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Reservations of a group of holiday homes. Every address works with and without its last slash. Texts meant \
             for people are in Spanish, times are local to Lima (UTC−5), amounts are decimal text.",
        ))
        .build();
    let mut whole = OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .components(Some(components))
        .build();
    for mut part in parts {
        part.servers = None;
        part.tags = None;
        whole.merge(part);
    }
    for item in whole.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            outage(operation);
        }
    }
    let described = TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
    whole.tags = Some(described.into());
    whole
}

/// Every operation can meet an outage of the table or the bucket; those that say nothing of it get the usual answer.
fn outage(operation: &mut Operation) {
    let served_from_memory = operation.tags.iter().flatten().any(|tag| tag == "docs");
    if served_from_memory || operation.responses.responses.contains_key("503") {
        return;
    }
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Detail"))).build();
    let response = ResponseBuilder::new()
        .description("The table or the bucket does not answer. Nothing is known of the change: look before you repeat it.")
        .content("application/json", content)
        .build();
    operation.responses.responses.insert("503".to_owned(), response.into());
}

/// What a merge of `parts` would lose: schemas of one name and two shapes, addresses or operation ids that two
/// operations share. Empty when all is well.
pub fn clashes(parts: &[OpenApi]) -> Vec<String> {
    let mut found = Vec::new();
    let mut schemas: BTreeMap<&str, &RefOr<Schema>> = BTreeMap::new();
    let mut operations: BTreeMap<String, String> = BTreeMap::new();
    for part in parts {
        for (name, schema) in part.components.iter().flat_map(|components| &components.schemas) {
            if schemas.insert(name, schema).is_some_and(|other| other != schema) {
                found.push(format!("schema {name}"));
            }
        }
        for (path, item) in &part.paths.paths {
            let methods = [
                ("GET", &item.get),
                ("PUT", &item.put),
                ("POST", &item.post),
                ("DELETE", &item.delete),
                ("PATCH", &item.patch),
                ("HEAD", &item.head),
                ("OPTIONS", &item.options),
            ];
            for (method, operation) in methods {
                let Some(operation) = operation else { continue };
                let address = format!("{method} {path}");
                let id = operation.operation_id.iter().map(|id| format!("operation id {id}"));
                for key in id.chain([address.clone()]) {
                    if let Some(other) = operations.insert(key.clone(), address.clone()) {
                        found.push(format!("{key}: {other} and {address}"));
                    }
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use utoipa::OpenApi as _;

    use super::*;

    #[derive(utoipa::ToSchema)]
    #[allow(dead_code)]
    struct One {
        text: String,
    }

    #[derive(utoipa::ToSchema)]
    #[schema(as = One)]
    #[allow(dead_code)]
    struct Another {
        number: i64,
    }

    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(One)))]
    struct First;

    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(Another)))]
    struct Second;

    fn own() -> OpenApi {
        crate::routes().into_openapi()
    }

    #[test]
    fn the_parts_make_one_document() {
        let whole = document(vec![First::openapi(), own()]);
        let value = serde_json::to_value(&whole).unwrap();
        assert_eq!(value["openapi"], "3.1.0");
        assert_eq!(value["info"]["title"], "Casa Austin API");
        assert_eq!(value["info"]["version"], env!("CARGO_PKG_VERSION"));
        let staff = &value["components"]["securitySchemes"]["staff"];
        assert_eq!((&staff["type"], &staff["scheme"]), (&Value::from("http"), &Value::from("bearer")));
        let bot = &value["components"]["securitySchemes"]["bot"];
        assert_eq!((&bot["type"], &bot["name"]), (&Value::from("apiKey"), &Value::from("X-Bot-Key")));
        let paths: Vec<_> = value["paths"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(paths, ["/api/v1/", "/api/v1/schema/", "/api/v1/schema/docs/"]);
        assert_eq!(value["servers"], json!([{"url": "/"}]));
        assert!(value["components"]["schemas"]["One"].is_object());
        let turned = document(vec![own(), First::openapi()]);
        assert_eq!(serde_json::to_string(&whole).unwrap(), serde_json::to_string(&turned).unwrap());
    }

    #[test]
    fn clashes_are_told() {
        assert!(clashes(&[own(), First::openapi(), First::openapi()]).is_empty());
        assert_eq!(clashes(&[First::openapi(), Second::openapi()]), ["schema One"]);
        assert!(
            clashes(&[own(), own()]).contains(&"operation id root: GET /api/v1/ and GET /api/v1/".to_owned())
        );
    }
}
