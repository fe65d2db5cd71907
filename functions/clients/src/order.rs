//! The order of the list (contract 03 §3.1, `ordering`).

use std::cmp::{Ordering, Reverse};

use casa_domain::{
    client::Client,
    level::{self, Level},
    text::fold,
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

/// What the list can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Points,
    FirstName,
    LastName,
    Created,
    Level,
}

/// An order: keys, each ascending or (`true`) descending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order(Vec<(By, bool)>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Points(Decimal),
    Name(Option<String>),
    Created(DateTime<Utc>),
    Level(i64),
}

impl Order {
    /// Reads a comma list of names, each with an optional `-`; unknown names are dropped.
    pub fn parse(ordering: &str) -> Self {
        let read = |term: &str| {
            let name = term.strip_prefix('-').unwrap_or(term);
            let by = match name {
                "points_balance" => By::Points,
                "first_name" => By::FirstName,
                "last_name" => By::LastName,
                "created" => By::Created,
                "level" => By::Level,
                _ => return None,
            };
            Some((by, name.len() < term.len()))
        };
        Self(ordering.split(',').map(str::trim).filter_map(read).collect())
    }

    /// Puts guests in order. Without any key the highest balance comes first and ties go by document, the order in
    /// which the original's database happens to give them; other ties go by creation, then id (decision 22).
    pub fn sort(&self, clients: Vec<Client>, levels: &[Level]) -> Vec<Client> {
        let mut keyed: Vec<_> =
            clients.into_iter().map(|client| (self.keys(&client, levels), client)).collect();
        keyed.sort_by(|(a_keys, a), (b_keys, b)| {
            let by_keys = self
                .0
                .iter()
                .zip(a_keys.iter().zip(b_keys))
                .map(|((_, descending), (a, b))| if *descending { b.cmp(a) } else { a.cmp(b) });
            let by_default = || {
                let default = |client: &Client| {
                    (Reverse(client.points_balance), client.document_type.clone(), client.number_doc.clone())
                };
                if self.0.is_empty() { default(a).cmp(&default(b)) } else { Ordering::Equal }
            };
            by_keys
                .fold(Ordering::Equal, Ordering::then)
                .then_with(by_default)
                .then_with(|| (a.created, a.id).cmp(&(b.created, b.id)))
        });
        keyed.into_iter().map(|(_, client)| client).collect()
    }

    fn keys(&self, client: &Client, levels: &[Level]) -> Vec<Key> {
        let key = |(by, _): &(By, bool)| match by {
            By::Points => Key::Points(client.points_balance),
            By::FirstName => Key::Name(Some(fold(&client.first_name))),
            By::LastName => Key::Name(client.last_name.as_deref().map(fold)),
            By::Created => Key::Created(client.created),
            // Levels that were taken away count here (contract 03 §3.1); no level at all comes below every level.
            By::Level => Key::Level(
                level::reached(&client.levels, levels)
                    .first()
                    .map_or(-1, |one| one.level.required_reservations),
            ),
        };
        self.0.iter().map(key).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn client(id: u128, name: &str, points: &str, day: u32, number: &str) -> Client {
        serde_json::from_value(json!({
            "id": Uuid::from_u128(id), "created": format!("2025-01-{day:02}T00:00:00Z"),
            "updated": "2025-01-01T00:00:00Z", "document_type": "dni", "number_doc": number, "first_name": name,
            "tel_number": "9", "points_balance": points,
        }))
        .unwrap()
    }

    fn sorted(ordering: &str) -> Vec<u128> {
        let clients = vec![
            client(1, "Ñandú", "0", 3, "20"),
            client(2, "Oscar", "5.00", 1, "30"),
            client(3, "nadia", "0.00", 2, "40"),
            client(4, "Zoe", "0", 2, "10"),
        ];
        let order = Order::parse(ordering);
        order.sort(clients, &[]).iter().map(|client| client.id.0.as_u128()).collect()
    }

    #[test]
    fn orders() {
        assert_eq!(sorted(""), [2, 4, 1, 3]);
        assert_eq!(sorted("inventado"), [2, 4, 1, 3]);
        assert_eq!(sorted("first_name"), [3, 1, 2, 4]);
        assert_eq!(sorted("-first_name"), [4, 2, 1, 3]);
        assert_eq!(sorted("-created"), [1, 3, 4, 2]);
        assert_eq!(sorted("points_balance, -created"), [1, 3, 4, 2]);
        assert_eq!(sorted("-level"), [2, 3, 4, 1]);
    }
}
