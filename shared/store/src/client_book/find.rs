//! Looking clients up in the book: filter, order, count and one page, without looking at the records themselves.

use std::{cmp::Ordering, collections::HashMap, sync::PoisonError};

use casa_domain::{Client, ClientId, ids::LevelId, level::Level, text::fold};
use chrono::{Datelike, NaiveDate};

use super::{Book, line::Line};

/// What clients are ordered by (contract 03 §3.1, `ordering`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The balance of points.
    Points,
    /// Given names, without case and accents.
    FirstName,
    /// Family names likewise; none comes before all.
    LastName,
    /// When they were entered.
    Created,
    /// The most stays that a level of theirs demands, levels taken away included; none counts as −1.
    Level,
}

/// An order: keys, each ascending or (`true`) descending. Without any key the highest balance comes first and ties go by
/// document, the order in which the original's database happens to give them; other ties go by creation, then id
/// (decision 22).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order(pub Vec<(By, bool)>);

/// What is looked up.
#[derive(Clone, Debug, Default)]
pub struct Lookup<'a> {
    /// Folded terms, each found in e-mail address, document number, names or phone.
    pub terms: &'a [String],
    /// Only those whose birthday is on this date.
    pub birthday: Option<NaiveDate>,
    /// Clients of exactly this first name are left out.
    pub hidden_name: Option<&'a str>,
    /// The order.
    pub order: Order,
    /// Every level, for the order by level.
    pub levels: &'a [Level],
}

/// A page of what was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// How many there are.
    pub total: usize,
    /// Those of the page.
    pub clients: Vec<Client>,
}

impl Book {
    /// The clients who are not deleted and fit, with how many they are. `page` is told that number and says how many to
    /// leave out and how many to give at most.
    pub fn find(&self, lookup: &Lookup<'_>, page: impl FnOnce(usize) -> (usize, usize)) -> Found {
        let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let hidden = lookup.hidden_name.map(fold);
        let terms = finders(lookup.terms);
        let born = lookup.birthday.map(|day| (day.month(), day.day()));
        let fits = |line: &Line| {
            !line.deleted
                && born.is_none_or(|born| line.born.map(|(m, d)| (u32::from(m), u32::from(d))) == Some(born))
                && terms.iter().all(|term| term.find(line.text.as_bytes()).is_some())
                && !hidden.as_deref().is_some_and(|name| {
                    line.first_name() == name
                        && line
                            .client()
                            .is_some_and(|client| Some(client.first_name.as_str()) == lookup.hidden_name)
                })
        };
        let mut found: Vec<&Line> = lines.lines.iter().filter(|line| fits(line)).collect();
        let total = found.len();
        let (skip, size) = page(total);
        let end = skip.saturating_add(size).min(total);
        let demands: HashMap<LevelId, i64> =
            lookup.levels.iter().map(|level| (level.id, level.required_reservations)).collect();
        let order = |a: &&Line, b: &&Line| lookup.order.compare(a, b, &demands);
        // Only the page and what stands before it need to be in order.
        if end < total && end > 0 {
            found.select_nth_unstable_by(end - 1, order);
        }
        found.truncate(end);
        found.sort_unstable_by(order);
        let clients = found.into_iter().skip(skip).filter_map(Line::client).collect();
        Found { total, clients }
    }

    /// The ids of all clients who are not deleted.
    pub fn everybody(&self) -> Vec<ClientId> {
        let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
        lines.lines.iter().filter(|line| !line.deleted).map(|line| line.id).collect()
    }

    /// The clients who are not deleted, have points, and of whom `wanted` holds; for jobs, as it looks at every record.
    pub fn with_points(&self, wanted: impl Fn(&Client) -> bool) -> Vec<Client> {
        let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let held = lines.lines.iter().filter(|line| !line.deleted && line.points > 0);
        held.filter_map(Line::client).filter(|client| wanted(client)).collect()
    }

    /// The clients whose names or e-mail address contain all of these folded terms, deleted ones included: their
    /// reservations still name them.
    pub fn named(&self, terms: &[String]) -> Vec<ClientId> {
        let terms = finders(terms);
        let lines = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let fits = |line: &&Line| {
            let text = line.name_and_email().as_bytes();
            terms.iter().all(|term| term.find(text).is_some())
        };
        lines.lines.iter().filter(fits).map(|line| line.id).collect()
    }
}

/// The terms, prepared once for many texts.
fn finders(terms: &[String]) -> Vec<memchr::memmem::Finder<'_>> {
    terms.iter().map(|term| memchr::memmem::Finder::new(term.as_bytes())).collect()
}

impl Order {
    fn compare(&self, a: &Line, b: &Line, demands: &HashMap<LevelId, i64>) -> Ordering {
        let level = |line: &Line| {
            line.levels.iter().filter_map(|level| demands.get(level)).max().copied().unwrap_or(-1)
        };
        let by = |by: By| match by {
            By::Points => a.points.cmp(&b.points),
            By::FirstName => a.first_name().cmp(b.first_name()),
            By::LastName => (a.has_last_name, a.last_name()).cmp(&(b.has_last_name, b.last_name())),
            By::Created => a.created.cmp(&b.created),
            By::Level => level(a).cmp(&level(b)),
        };
        let mut order = Ordering::Equal;
        for (key, descending) in &self.0 {
            order = if *descending { by(*key).reverse() } else { by(*key) };
            if order.is_ne() {
                return order;
            }
        }
        if self.0.is_empty() {
            order = b.points.cmp(&a.points);
            order = order.then_with(|| a.kind.cmp(&b.kind)).then_with(|| a.number_doc().cmp(b.number_doc()));
        }
        order.then_with(|| (a.created, a.id).cmp(&(b.created, b.id)))
    }
}

#[cfg(test)]
mod tests {
    use casa_domain::text::search_terms;
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

    fn book(clients: &[Client]) -> Book {
        let book = Book::default();
        for client in clients {
            book.0.write().unwrap().take(Line::new(client, 1));
        }
        book
    }

    fn sorted(keys: &[(By, bool)]) -> Vec<u128> {
        let clients = [
            client(1, "Ñandú", "0", 3, "20"),
            client(2, "Oscar", "5.00", 1, "30"),
            client(3, "nadia", "0.00", 2, "40"),
            client(4, "Zoe", "0", 2, "10"),
        ];
        let lookup = Lookup { order: Order(keys.to_vec()), ..Lookup::default() };
        let found = book(&clients).find(&lookup, |_| (0, 10));
        found.clients.iter().map(|client| client.id.0.as_u128()).collect()
    }

    #[test]
    fn orders() {
        assert_eq!(sorted(&[]), [2, 4, 1, 3]);
        assert_eq!(sorted(&[(By::FirstName, false)]), [3, 1, 2, 4]);
        assert_eq!(sorted(&[(By::FirstName, true)]), [4, 2, 1, 3]);
        assert_eq!(sorted(&[(By::Created, true)]), [1, 3, 4, 2]);
        assert_eq!(sorted(&[(By::Points, false), (By::Created, true)]), [1, 3, 4, 2]);
        assert_eq!(sorted(&[(By::Level, true)]), [2, 3, 4, 1]);
    }

    #[test]
    fn a_page_is_cut_from_the_whole_order() {
        let clients: Vec<_> = (0..50).map(|id| client(id, "Ana", &format!("{}", id % 7), 1, "1")).collect();
        let book = book(&clients);
        let all = book.find(&Lookup::default(), |_| (0, 100)).clients;
        assert_eq!(all.len(), 50);
        for (skip, size) in [(0, 3), (10, 7), (45, 10), (49, 1), (50, 5), (0, 0)] {
            let found = book.find(&Lookup::default(), |total| {
                assert_eq!(total, 50);
                (skip, size)
            });
            assert_eq!(found.clients, all[skip.min(50)..(skip + size).min(50)]);
        }
    }

    fn found(search: &str, birthday: Option<&str>, hidden: Option<&str>, client: &Client) -> bool {
        let terms = search_terms(search);
        let lookup = Lookup {
            terms: &terms,
            birthday: birthday.map(|day| day.parse().unwrap()),
            hidden_name: hidden,
            ..Lookup::default()
        };
        book(std::slice::from_ref(client)).find(&lookup, |_| (0, 1)).total == 1
    }

    #[test]
    fn searches() {
        let mut ana = client(1, "Graciela", "0", 1, "50586476");
        ana.last_name = Some("Saldívar Farfán".to_owned());
        ana.email = Some("ana@correo.example".to_owned());
        ana.tel_number = "51999777111".to_owned();
        for (search, expected) in [
            ("saldivar", true),
            ("GRACIELA,99977", true),
            ("\"saldívar farfán\"", true),
            ("\"farfán saldívar\"", false),
            ("5058 correo.example", true),
            ("graciela nadie", false),
            ("farfanana", false),
            ("  ", true),
        ] {
            assert_eq!(found(search, None, None, &ana), expected, "{search}");
        }
        let names = |search: &str| book(std::slice::from_ref(&ana)).named(&search_terms(search)).len();
        assert_eq!((names("farfan ana@"), names("5058"), names("999777")), (1, 0, 0));
    }

    #[test]
    fn birthdays_the_hidden_and_the_deleted() {
        let mut leap = client(1, "Ana", "0", 1, "1");
        leap.date = Some("2000-02-29".parse().unwrap());
        assert!(found("", Some("2024-02-29"), None, &leap));
        assert!(!found("", Some("2025-02-28"), None, &leap));
        let maintenance = client(1, "Mantenimiento", "0", 1, "1");
        assert!(!found("", None, Some("Mantenimiento"), &maintenance));
        assert!(found("", None, Some("mantenimiento"), &maintenance), "exactly this name");
        assert!(found("", None, None, &maintenance));
        let gone = Client { deleted: true, ..leap };
        assert!(!found("", None, None, &gone));
        assert_eq!(book(std::slice::from_ref(&gone)).named(&search_terms("ana")).len(), 1);
    }

    #[test]
    fn a_snapshot_is_the_book() {
        let clients: Vec<_> = (0..20).map(|id| client(id, "Ana", "1", 1, "1")).collect();
        let book = book(&clients);
        let (bytes, from) = book.to_bytes().unwrap();
        assert_eq!(from, None);
        let other = Book::default();
        other.load(&bytes, chrono::DateTime::UNIX_EPOCH).unwrap();
        let all = |book: &Book| book.find(&Lookup::default(), |_| (0, 100));
        assert_eq!(all(&other), all(&book));
        assert!(other.load(&bytes[3..], chrono::DateTime::UNIX_EPOCH).is_err());
        assert!(other.load(&bytes[..bytes.len() - 9], chrono::DateTime::UNIX_EPOCH).is_err());
        assert_eq!(other.len(), 20, "an unreadable file changes nothing");
    }
}
