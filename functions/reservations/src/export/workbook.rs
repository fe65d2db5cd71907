//! The arrivals of a month as an Excel workbook: one row per reservation, dates as dates, money as numbers. What people
//! typed is always text, however much it looks like a formula.

use casa_domain::{spanish::month_and_year, time::Month};
use chrono::DateTime;
use rust_xlsxwriter::{Color, Format, FormatBorder, Workbook, Worksheet, XlsxError};

use super::ExportedBody;

/// The media type of the file.
pub(super) const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Most characters a cell can hold.
const LONGEST: usize = 32_767;

/// Headings with the widths of their columns, in characters.
const COLUMNS: [(&str, u16); 23] = [
    ("Cliente", 28),
    ("Correo", 28),
    ("Teléfono", 16),
    ("Casa", 20),
    ("Llegada", 12),
    ("Salida", 12),
    ("Noches", 8),
    ("Huéspedes", 10),
    ("Precio S/", 12),
    ("Precio US$", 12),
    ("Adelanto", 12),
    ("Moneda del adelanto", 10),
    ("Pago completo", 10),
    ("Piscina temperada", 10),
    ("Origen", 14),
    ("Estado", 14),
    ("Vendedor", 20),
    ("Puntos canjeados", 12),
    ("Código de descuento", 16),
    ("Teléfono de contacto", 16),
    ("Comentarios", 40),
    ("Registrada (UTC)", 18),
    ("Id", 38),
];

/// The workbook of a month.
///
/// # Errors
/// [`XlsxError`] when it has more rows than a sheet can hold.
pub(super) fn of(month: Month, reservations: &[ExportedBody<'_>]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(month_and_year(month))?;
    let heading = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_background_color(Color::RGB(0x00E7_E6E6))
        .set_border_bottom(FormatBorder::Thin);
    for ((heading_text, width), column) in COLUMNS.iter().zip(0..) {
        sheet.set_column_width(column, *width)?;
        sheet.write_string_with_format(0, column, *heading_text, &heading)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    for (one, row) in reservations.iter().zip(1..) {
        Line::new(sheet, row).write(one)?;
    }
    workbook.save_to_buffer()
}

/// The cells of a row, written from left to right.
struct Line<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
    column: u16,
    text: Format,
}

impl<'a> Line<'a> {
    fn new(sheet: &'a mut Worksheet, row: u32) -> Self {
        // The mark keeps a text a text even when somebody edits its cell.
        Self { sheet, row, column: 0, text: Format::new().set_quote_prefix() }
    }

    fn write(mut self, one: &ExportedBody<'_>) -> Result<(), XlsxError> {
        let (date, money) =
            (Format::new().set_num_format("dd/mm/yyyy"), Format::new().set_num_format("#,##0.00"));
        let instant = Format::new().set_num_format("dd/mm/yyyy hh:mm");
        self.text(&one.client_name)?;
        self.text(one.client_email)?;
        self.text(one.client_phone)?;
        self.text(one.property_name)?;
        self.cell(|sheet, row, column| sheet.write_date_with_format(row, column, one.check_in_date, &date))?;
        self.cell(|sheet, row, column| sheet.write_date_with_format(row, column, one.check_out_date, &date))?;
        self.cell(|sheet, row, column| sheet.write_number(row, column, count(one.number_nights)))?;
        self.cell(|sheet, row, column| sheet.write_number(row, column, one.guests))?;
        for amount in [one.price_sol, one.price_usd, one.advance_payment] {
            self.cell(|sheet, row, column| sheet.write_number_with_format(row, column, amount, &money))?;
        }
        self.text(if one.advance_payment_currency == "usd" { "Dólares" } else { "Soles" })?;
        self.text(yes_or_no(one.full_payment))?;
        self.text(yes_or_no(one.temperature_pool))?;
        self.text(one.origin)?;
        // The JSON keeps the original's untranslated word; people read this one.
        self.text(if one.status == "under_review" { "En revisión" } else { one.status })?;
        self.text(&one.seller_name)?;
        self.cell(|sheet, row, column| {
            sheet.write_number_with_format(row, column, one.points_redeemed, &money)
        })?;
        self.text(one.discount_code_used)?;
        self.text(one.tel_contact_number)?;
        self.text(one.comentarios_reservas)?;
        match DateTime::parse_from_rfc3339(&one.created) {
            Ok(created) => {
                let created = created.naive_utc();
                self.cell(|sheet, row, column| {
                    sheet.write_datetime_with_format(row, column, created, &instant)
                })?;
            }
            Err(_) => self.text(&one.created)?,
        }
        self.text(&one.id.to_string())
    }

    fn text(&mut self, text: &str) -> Result<(), XlsxError> {
        let format = self.text.clone();
        let text: String = text.chars().take(LONGEST).collect();
        self.cell(|sheet, row, column| sheet.write_string_with_format(row, column, text, &format))
    }

    fn cell(
        &mut self,
        write: impl for<'s> FnOnce(&'s mut Worksheet, u32, u16) -> Result<&'s mut Worksheet, XlsxError>,
    ) -> Result<(), XlsxError> {
        write(self.sheet, self.row, self.column)?;
        self.column += 1;
        Ok(())
    }
}

/// Nights as a cell takes them.
fn count(nights: i64) -> i32 {
    i32::try_from(nights).unwrap_or_default()
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "Sí" } else { "No" }
}

#[cfg(test)]
mod tests {
    use calamine::{Data, DataType, Reader as _, Xlsx};
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;

    fn exported<'a>(name: &str, notes: &'a str) -> ExportedBody<'a> {
        ExportedBody {
            id: Uuid::nil(),
            client_name: name.to_owned(),
            client_email: "ana@personal.example",
            client_phone: "+51900000001",
            property_name: "Casa Ñandú",
            check_in_date: NaiveDate::from_ymd_opt(2026, 2, 28).unwrap(),
            check_out_date: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap(),
            guests: 4,
            price_usd: 100.0,
            price_sol: 380.5,
            advance_payment: 33.33,
            advance_payment_currency: "usd",
            full_payment: false,
            temperature_pool: true,
            origin: "Austin",
            status: "under_review",
            seller_name: String::new(),
            created: "2026-01-05T11:17:58.602891+00:00".to_owned(),
            number_nights: 2,
            points_redeemed: 0.0,
            discount_code_used: "",
            tel_contact_number: "",
            comentarios_reservas: notes,
        }
    }

    fn read(reservations: &[ExportedBody<'_>]) -> (Vec<Vec<Data>>, usize) {
        let bytes = of(Month::new(2026, 2).unwrap(), reservations).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
        assert_eq!(book.sheet_names(), ["Febrero 2026"]);
        let formulas = book.worksheet_formula("Febrero 2026").unwrap();
        let cells = book.worksheet_range("Febrero 2026").unwrap();
        (cells.rows().map(<[Data]>::to_vec).collect(), formulas.used_cells().count())
    }

    fn at<'a>(row: &'a [Data], heading: &str) -> &'a Data {
        &row[COLUMNS.iter().position(|(text, _)| *text == heading).unwrap()]
    }

    #[test]
    fn cells_have_their_types() {
        let (rows, _) = read(&[exported("Ana Soto", "con cuna")]);
        let [headings, row] = rows.as_slice() else { panic!("{rows:?}") };
        let names: Vec<_> = headings.iter().filter_map(DataType::as_string).collect();
        assert_eq!(names, COLUMNS.map(|(text, _)| text));
        assert_eq!(row.len(), COLUMNS.len());
        assert_eq!(at(row, "Casa"), &Data::String("Casa Ñandú".to_owned()));
        assert!(at(row, "Llegada").is_datetime() && at(row, "Registrada (UTC)").is_datetime());
        assert_eq!(at(row, "Llegada").as_date().unwrap().to_string(), "2026-02-28");
        assert_eq!(at(row, "Registrada (UTC)").as_date().unwrap().to_string(), "2026-01-05");
        for (heading, number) in [("Precio S/", 380.5), ("Adelanto", 33.33), ("Noches", 2.0)] {
            assert_eq!(at(row, heading), &Data::Float(number), "{heading}");
        }
        assert_eq!(at(row, "Teléfono"), &Data::String("+51900000001".to_owned()));
        assert_eq!(at(row, "Moneda del adelanto"), &Data::String("Dólares".to_owned()));
        assert_eq!(at(row, "Piscina temperada"), &Data::String("Sí".to_owned()));
        assert_eq!(at(row, "Estado"), &Data::String("En revisión".to_owned()));
    }

    #[test]
    fn what_people_typed_is_text() {
        let trap = "=HYPERLINK(\"http://malo.example\",\"clic\")";
        let (rows, formulas) = read(&[exported(trap, "+1+1"), exported("@SUM(A1)", "-2 <b>&amp;</b> \u{1}")]);
        assert_eq!(formulas, 0);
        assert_eq!(at(&rows[1], "Cliente"), &Data::String(trap.to_owned()));
        assert_eq!(at(&rows[1], "Comentarios"), &Data::String("+1+1".to_owned()));
        assert_eq!(at(&rows[2], "Cliente"), &Data::String("@SUM(A1)".to_owned()));
        assert!(at(&rows[2], "Comentarios").as_string().unwrap().starts_with("-2 <b>&amp;</b>"));
    }

    #[test]
    fn texts_that_no_cell_holds_are_cut_and_no_month_is_too_empty() {
        let long = "ñ".repeat(LONGEST + 1);
        let (rows, _) = read(&[exported("Ana", &long)]);
        assert_eq!(at(&rows[1], "Comentarios").as_string().unwrap().chars().count(), LONGEST);
        assert_eq!(read(&[]).0.len(), 1);
    }
}
