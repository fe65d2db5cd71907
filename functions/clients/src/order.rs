//! The order of the list (contract 03 §3.1, `ordering`).

use casa_store::client_book::{By, Order};

/// Reads a comma list of names, each with an optional `-`; unknown names are dropped.
pub(crate) fn parse(ordering: &str) -> Order {
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
    Order(ordering.split(',').map(str::trim).filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_others_dropped() {
        assert_eq!(
            parse("last_name, -level,inventado"),
            Order(vec![(By::LastName, false), (By::Level, true)])
        );
        assert_eq!(parse("-inventado,"), Order::default());
        assert_eq!(parse("--created"), Order::default());
    }
}
