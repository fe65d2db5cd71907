//! A sheet of stays: its named columns, row by row.

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{Data, Range, Reader as _, Xlsx, open_workbook};
use casa_domain::text::fold;

use super::cells;
use crate::Failure;

/// The columns that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    House,
    Document,
    CheckIn,
    CheckOut,
    PriceSol,
    PriceUsd,
    Guests,
}

impl Column {
    /// Without these no row says anything.
    const REQUIRED: [(Self, &'static str); 4] = [
        (Self::House, "PROPIEDAD"),
        (Self::Document, "DNI"),
        (Self::CheckIn, "CHECK-IN"),
        (Self::CheckOut, "CHECK-OUT"),
    ];

    /// The column with this heading; case, accents and dashes do not matter.
    fn headed(heading: &str) -> Option<Self> {
        match name(&heading.replace(['-', '_'], " ")).as_str() {
            "propiedad" | "casa" => Some(Self::House),
            "dni" => Some(Self::Document),
            "check in" => Some(Self::CheckIn),
            "check out" => Some(Self::CheckOut),
            "precio s/" => Some(Self::PriceSol),
            "precio $" => Some(Self::PriceUsd),
            "huespedes" => Some(Self::Guests),
            _ => None,
        }
    }
}

/// A name as it is compared: without case, accents and superfluous blanks.
pub(super) fn name(text: &str) -> String {
    fold(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A row with something in a column that matters.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Its number as Excel shows it.
    pub number: u32,
    cells: BTreeMap<Column, Data>,
}

impl Row {
    #[cfg(test)]
    pub(super) fn new(number: u32, cells: impl IntoIterator<Item = (Column, Data)>) -> Self {
        Self { number, cells: cells.into_iter().collect() }
    }

    /// A cell; an absent one is empty.
    pub(super) fn cell(&self, column: Column) -> &Data {
        self.cells.get(&column).unwrap_or(&Data::Empty)
    }
}

/// The rows of a sheet of a workbook, of the first one when none is named.
pub(super) fn read(file: &Path, wanted: Option<&str>) -> Result<Vec<Row>, Failure> {
    let failed = |problem: String| Failure::new(format!("{}: {problem}", file.display()));
    let mut book: Xlsx<_> = open_workbook(file)
        .map_err(|error: calamine::XlsxError| failed(format!("is not a readable workbook ({error})")))?;
    let names = book.sheet_names();
    let sheet = match wanted {
        Some(wanted) => names.iter().find(|name| name.as_str() == wanted),
        None => names.first(),
    };
    let sheet = sheet.ok_or_else(|| failed(format!("has no such sheet; there are: {}", names.join(", "))))?;
    let cells = book.worksheet_range(sheet).map_err(|error| failed(error.to_string()))?;
    rows(&cells).map_err(failed)
}

/// The rows below the headings.
fn rows(cells: &Range<Data>) -> Result<Vec<Row>, String> {
    let first = cells.start().map_or(0, |(row, _)| row);
    let mut lines = cells.rows();
    let headings = lines.next().unwrap_or_default();
    let mut columns: BTreeMap<Column, usize> = BTreeMap::new();
    for (place, heading) in headings.iter().enumerate() {
        if let Some(column) = cells::text(heading).and_then(|text| Column::headed(&text))
            && columns.insert(column, place).is_some()
        {
            return Err(format!("has two columns for the same thing ({column:?})"));
        }
    }
    let missing = Column::REQUIRED.iter().filter(|(column, _)| !columns.contains_key(column));
    let missing: Vec<_> = missing.map(|(_, heading)| *heading).collect();
    if !missing.is_empty() {
        return Err(format!("has no column {}", missing.join(", ")));
    }
    let row = |(number, line): (u32, &[Data])| {
        let cell = |(column, place): (&Column, &usize)| Some((*column, line.get(*place)?.clone()));
        Row { number, cells: columns.iter().filter_map(cell).collect() }
    };
    let rows = (first + 2..).zip(lines).map(row);
    Ok(rows.filter(|row| row.cells.values().any(|cell| cells::text(cell).is_some())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(lines: &[&[&str]]) -> Range<Data> {
        let mut range = Range::new((2, 1), (2 + lines.len() as u32, 9));
        for (row, line) in (2..).zip(lines) {
            for (column, text) in (1..).zip(*line) {
                range.set_value((row, column), Data::String((*text).to_owned()));
            }
        }
        range
    }

    #[test]
    fn columns_are_found_by_their_headings() {
        let headings = ["NOMBRE", "Propiedad ", "dni", "CHECK-IN", "Check out", "Huéspedes", "PRECIO  S/"];
        let rows = rows(&range(&[
            &headings,
            &["Ana", "Casa 1", "1", "a", "b", "3", "10"],
            &["TOTAL"],
            &["", "Casa 2"],
        ]));
        let rows = rows.unwrap();
        let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, [4, 6], "as Excel numbers them, those that say nothing left out");
        assert_eq!(rows[0].cell(Column::Guests), &Data::String("3".to_owned()));
        assert_eq!(rows[0].cell(Column::PriceUsd), &Data::Empty);
        assert_eq!(rows[1].cell(Column::Document), &Data::Empty);
    }

    #[test]
    fn sheets_that_say_nothing_are_refused() {
        assert_eq!(rows(&range(&[&["casa", "DNI"]])).unwrap_err(), "has no column CHECK-IN, CHECK-OUT");
        let twice = range(&[&["casa", "PROPIEDAD", "DNI", "check in", "check out"]]);
        assert!(rows(&twice).unwrap_err().contains("two columns"));
        assert!(rows(&Range::empty()).is_err());
    }
}
