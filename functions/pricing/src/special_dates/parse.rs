//! Reads special dates from lines, CSV files and JSON lists, and tells everything that is wrong with them at once
//! (contract 04 §4.11; defect 3 of §8).

use std::collections::HashMap;

use casa_domain::money::to_cents;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// Most dates at once: every day of a leap year.
const MOST: usize = 366;
/// Most characters of a description.
const LONGEST: usize = 100;
/// Prices stay below this: ten digits, two of them behind the point.
const PRICE_LIMIT: Decimal = Decimal::from_parts(100_000_000, 0, 0, false, 0);
/// Most nights that a date can demand.
const MOST_NIGHTS: u32 = 366;

/// A special date as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// 1 to 12.
    pub month: u32,
    /// A day that the month has, at least in leap years.
    pub day: u32,
    /// What is celebrated.
    pub description: String,
    /// Dollars, two decimals, more than nothing.
    pub price_usd: Decimal,
}

/// A special date of a whole set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SetEntry {
    /// The date.
    pub entry: Entry,
    /// Least nights, where given.
    pub minimum: Option<u32>,
    /// Whether it counts.
    pub is_active: bool,
}

/// What was read, or every reason against it in Spanish.
pub(super) type Parsed<T> = Result<Vec<T>, Vec<String>>;
/// The cells of a line, or what is wrong with it.
type Cells = Result<Vec<String>, &'static str>;

/// Lines `day,month,description,price_usd` without quoting; blank lines are skipped.
pub(super) fn lines(text: &str) -> Parsed<Entry> {
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let rows = numbered.map(|(at, line)| (at + 1, Ok(line.split(',').map(str::to_owned).collect())));
    entries(rows.collect())
}

/// The same as a CSV file: quoted cells, no blank rows.
pub(super) fn csv(bytes: &[u8]) -> Parsed<Entry> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.starts_with('\u{feff}'));
    let mut rest = text.ok_or_else(|| vec!["El archivo debe estar en UTF-8 sin BOM.".to_owned()])?;
    let (mut rows, mut line) = (Vec::new(), 1);
    while !rest.is_empty() {
        let (cells, left) = record(rest);
        let blank = |cells: &[String]| matches!(cells, [only] if only.trim().is_empty());
        rows.push((line, cells.and_then(|cells| if blank(&cells) { Err("está vacía.") } else { Ok(cells) })));
        line += rest[..rest.len() - left.len()].matches('\n').count();
        rest = left;
    }
    entries(rows)
}

/// The first record of a CSV text (RFC 4180) and the text after it.
fn record(text: &str) -> (Cells, &str) {
    let (mut cells, mut rest) = (Vec::new(), text);
    loop {
        let (cell, left) = match rest.strip_prefix('"') {
            Some(quoted) => match unquoted(quoted) {
                Some(found) => found,
                None => return (Err("las comillas no se cierran."), ""),
            },
            None => {
                let (cell, left) = rest.split_at(rest.find([',', '\n']).unwrap_or(rest.len()));
                (cell.to_owned(), left)
            }
        };
        cells.push(cell);
        match left.strip_prefix(',') {
            Some(next) => rest = next,
            None => {
                let (tail, next) = left.split_once('\n').unwrap_or((left, ""));
                let clean = tail.trim().is_empty();
                return (if clean { Ok(cells) } else { Err("hay texto después de las comillas.") }, next);
            }
        }
    }
}

/// A cell whose opening quote was just read, and the text after its closing quote.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let (mut cell, mut rest) = (String::new(), text);
    loop {
        let (part, left) = rest.split_once('"')?;
        cell.push_str(part);
        match left.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Some((cell, left)),
        }
    }
}

fn entries(rows: Vec<(usize, Cells)>) -> Parsed<Entry> {
    if rows.is_empty() {
        return Err(vec!["Indique al menos una fecha.".to_owned()]);
    }
    let rows = rows.into_iter().map(|(line, cells)| (line, cells.and_then(|cells| of_cells(&cells))));
    collected("Línea", rows, |entry| entry)
}

fn of_cells(cells: &[String]) -> Result<Entry, &'static str> {
    let [day, month, description, price] = cells else {
        return Err("debe tener cuatro partes: día, mes, descripción y precio.");
    };
    entry(day, month, description, price)
}

/// Checks a date.
fn entry(day: &str, month: &str, description: &str, price: &str) -> Result<Entry, &'static str> {
    let within = |text: &str, most: u32| whole(text).filter(|number| (1..=most).contains(number));
    let day = within(day, 31).ok_or("el día debe estar entre 1 y 31.")?;
    let month = within(month, 12).ok_or("el mes debe estar entre 1 y 12.")?;
    // A leap year has every date that exists in some year.
    NaiveDate::from_ymd_opt(2024, month, day).ok_or("ese día no existe en ese mes.")?;
    let description = description.trim();
    if description.is_empty() {
        return Err("indique una descripción.");
    }
    if description.chars().count() > LONGEST {
        return Err("la descripción no debe tener más de 100 caracteres.");
    }
    if description.chars().any(char::is_control) {
        return Err("la descripción tiene caracteres no permitidos.");
    }
    let price_usd =
        amount(price).ok_or("el precio debe ser un número mayor que 0, con no más de 10 dígitos.")?;
    Ok(Entry { month, day, description: description.to_owned(), price_usd })
}

fn whole(text: &str) -> Option<u32> {
    let text = text.trim();
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// A price in plain digits, rounded half to even to two decimals.
fn amount(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let exact = Decimal::from_str_exact(text).ok().filter(|_| plain)?;
    Some(to_cents(exact)).filter(|cents| *cents > Decimal::ZERO && *cents < PRICE_LIMIT)
}

/// The whole set of a house: a JSON list, or a text that is one.
pub(super) fn set(value: &Value) -> Parsed<SetEntry> {
    let read;
    let list = match value {
        Value::String(text) => {
            read = serde_json::from_str(text).unwrap_or(Value::Null);
            &read
        }
        other => other,
    };
    let list = list.as_array().ok_or_else(|| vec!["Se requiere una lista de fechas en JSON.".to_owned()])?;
    let rows = list.iter().enumerate().map(|(at, item)| (at + 1, set_entry(item)));
    collected("Fecha", rows, |one| &one.entry)
}

fn set_entry(item: &Value) -> Result<SetEntry, &'static str> {
    let item = item.as_object().ok_or("debe ser un objeto.")?;
    let text = |name: &str| scalar(item, name).unwrap_or_default();
    let described = item.get("description").and_then(Value::as_str).unwrap_or_default();
    let entry = entry(&text("day"), &text("month"), described, &text("price_usd"))?;
    let minimum = match item.get("minimum_consecutive_nights") {
        None | Some(Value::Null) => None,
        Some(_) => {
            let nights = whole(&text("minimum_consecutive_nights"));
            let nights = nights.filter(|nights| (1..=MOST_NIGHTS).contains(nights));
            Some(nights.ok_or("el mínimo de noches debe estar entre 1 y 366.")?)
        }
    };
    let is_active = match item.get("is_active") {
        None | Some(Value::Null) => true,
        Some(Value::Bool(is_active)) => *is_active,
        Some(_) => return Err("el campo is_active debe ser verdadero o falso."),
    };
    Ok(SetEntry { entry, minimum, is_active })
}

/// A text or number as text.
fn scalar(item: &Map<String, Value>, name: &str) -> Option<String> {
    match item.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// All rows, or every row that is wrong or repeats the date of an earlier one.
fn collected<T>(
    what: &str,
    rows: impl ExactSizeIterator<Item = (usize, Result<T, &'static str>)>,
    entry: impl Fn(&T) -> &Entry,
) -> Parsed<T> {
    if rows.len() > MOST {
        return Err(vec![format!("No se admiten más de {MOST} fechas a la vez.")]);
    }
    let (mut good, mut problems, mut seen) = (Vec::new(), Vec::new(), HashMap::new());
    for (number, row) in rows {
        match row {
            Err(problem) => problems.push(format!("{what} {number}: {problem}")),
            Ok(one) => {
                let Entry { month, day, .. } = *entry(&one);
                match seen.insert((month, day), number) {
                    Some(first) => problems
                        .push(format!("{what} {number}: el {day}/{month} ya se indicó antes (n.º {first}).")),
                    None => good.push(one),
                }
            }
        }
    }
    if problems.is_empty() { Ok(good) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn short(parsed: Parsed<Entry>) -> Vec<String> {
        let show = |one: Entry| format!("{}/{} {} {}", one.day, one.month, one.description, one.price_usd);
        parsed.unwrap().into_iter().map(show).collect()
    }

    fn problem(parsed: Parsed<Entry>) -> String {
        parsed.unwrap_err().join(" | ")
    }

    /// Contract 04 §9, example 53, with defect 3 of §8.
    #[test]
    fn prices_are_rounded_and_impossible_dates_refused() {
        assert_eq!(short(lines("31,12,Año Nuevo,150.005")), ["31/12 Año Nuevo 150.00"]);
        assert_eq!(short(lines("31,12,Año Nuevo,150.015")), ["31/12 Año Nuevo 150.02"]);
        assert_eq!(short(lines("29,2,Bisiesto,1")), ["29/2 Bisiesto 1.00"]);
        assert_eq!(problem(lines("31,2,Nunca,150")), "Línea 1: ese día no existe en ese mes.");
    }

    #[test]
    fn blank_lines_are_skipped_and_still_counted() {
        let text = "\r\n 24 , 6 , San Juan , 300 \r\n\n  \n1,1,Año Nuevo,99999999.99\r\n";
        assert_eq!(short(lines(text)), ["24/6 San Juan 300.00", "1/1 Año Nuevo 99999999.99"]);
        let text = "\n24,6,San Juan,300\n\n24,6,Otra vez,1\n0,6,x,1\n1,13,x,1\n1,1, ,1\n1,1,a,b,1\n1,1,x";
        let problems = lines(text).unwrap_err();
        let numbers: Vec<_> = problems.iter().filter_map(|one| one.split(':').next()).collect();
        assert_eq!(numbers, ["Línea 4", "Línea 5", "Línea 6", "Línea 7", "Línea 8", "Línea 9"]);
        assert_eq!(problems[0], "Línea 4: el 24/6 ya se indicó antes (n.º 2).");
        assert_eq!(problem(lines(" \n\n")), "Indique al menos una fecha.");
    }

    #[test]
    fn unusable_prices_and_descriptions() {
        for price in ["0", "0.005", "-1", "99999999.995", "100000000", "1e2", "1_0", "x", "", "NaN", "."] {
            assert!(problem(lines(&format!("1,1,x,{price}"))).contains("precio"), "{price}");
        }
        assert!(lines(&format!("1,1,{},1", "ñ".repeat(100))).is_ok());
        for description in ["ñ".repeat(101), "a\0b".to_owned()] {
            assert!(problem(lines(&format!("1,1,{description},1"))).contains("descripción"));
        }
    }

    #[test]
    fn too_many_lines() {
        let text = "1,1,x,1\n".repeat(367);
        assert_eq!(problem(lines(&text)), "No se admiten más de 366 fechas a la vez.");
        let february = |month: u32| {
            if month == 2 { 29 } else { 30 + u32::from([1, 3, 5, 7, 8, 10, 12].contains(&month)) }
        };
        let all =
            (1..=12).flat_map(|month| (1..=february(month)).map(move |day| format!("{day},{month},x,1\n")));
        assert_eq!(lines(&all.collect::<String>()).unwrap().len(), 366);
    }

    #[test]
    fn csv_cells_may_be_quoted() {
        let text =
            "28,7,\"Fiestas Patrias, día 1\",350\r\n29,7,\"El \"\"gran\"\" día\",350.5\n30,7,a\"b,\"1\"";
        let expected =
            ["28/7 Fiestas Patrias, día 1 350.00", "29/7 El \"gran\" día 350.50", "30/7 a\"b 1.00"];
        assert_eq!(short(csv(text.as_bytes())), expected);
        assert!(problem(lines("28,7,\"Fiestas Patrias, día 1\",350")).contains("cuatro partes"));
    }

    #[test]
    fn csv_files_that_are_refused() {
        for (text, expected) in [
            ("\u{feff}1,1,x,1", "El archivo debe estar en UTF-8 sin BOM."),
            ("1,1,x,1\n\n2,1,x,1", "Línea 2: está vacía."),
            ("1,1,x,1\n \r\n", "Línea 2: está vacía."),
            ("1,1,\"x,1\n2,1,x,1", "Línea 1: las comillas no se cierran."),
            ("día,mes,descripción,precio\n", "Línea 1: el día debe estar entre 1 y 31."),
            ("", "Indique al menos una fecha."),
        ] {
            assert_eq!(problem(csv(text.as_bytes())), expected);
        }
        assert_eq!(problem(csv(b"1,1,A\xf1o,1")), "El archivo debe estar en UTF-8 sin BOM.");
        let problems = csv(b"1,1,\"x\"y,1\n2,1,\"a\nb\",1\n3,1,x,0").unwrap_err();
        let told = ["Línea 1: hay texto", "Línea 2: la descripción", "Línea 4: el precio"];
        assert!(problems.len() == 3 && problems.iter().zip(told).all(|(one, start)| one.starts_with(start)));
    }

    #[test]
    fn sets_are_lists_or_texts_of_lists() {
        let list = json!([
            {"month": 12, "day": 31, "description": "Año Nuevo", "price_usd": 150.005},
            {"month": "6", "day": "24", "description": " San Juan ", "price_usd": "300",
             "minimum_consecutive_nights": 3, "is_active": false},
        ]);
        let read = set(&list).unwrap();
        assert_eq!(read[0].entry.price_usd.to_string(), "150.00");
        assert_eq!((read[0].minimum, read[0].is_active), (None, true));
        assert_eq!(read[1].entry.description, "San Juan");
        assert_eq!((read[1].minimum, read[1].is_active), (Some(3), false));
        assert_eq!(set(&Value::String(list.to_string())), Ok(read));
        assert_eq!(set(&json!([])), Ok(Vec::new()));
        for junk in [json!(null), json!({}), json!(3), json!("["), json!("\"[]\"")] {
            assert_eq!(set(&junk).unwrap_err(), ["Se requiere una lista de fechas en JSON."], "{junk}");
        }
    }

    #[test]
    fn every_bad_date_of_a_set_is_told() {
        let good = json!({"month": 1, "day": 1, "description": "x", "price_usd": 1});
        let with = |name: &str, value: Value| {
            let mut one = good.clone();
            one[name] = value;
            one
        };
        let bad = [
            json!(7),
            with("description", json!(null)),
            with("price_usd", json!(null)),
            with("day", json!(1.5)),
            with("month", json!(true)),
            with("minimum_consecutive_nights", json!(0)),
            with("minimum_consecutive_nights", json!(367)),
            with("is_active", json!("x")),
            good.clone(),
        ];
        let list: Vec<_> = std::iter::once(good.clone()).chain(bad).collect();
        let problems = set(&Value::Array(list)).unwrap_err();
        assert_eq!(problems.len(), 9, "{problems:?}");
        assert_eq!(problems[8], "Fecha 10: el 1/1 ya se indicó antes (n.º 1).");
    }
}
