//! Stays of the past from a sheet, and what is entered twice.

use std::collections::BTreeMap;

use casa_domain::ReservationId;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::{
    commands::{command, reported},
    *,
};

const CLOCK: [&str; 2] = ["--clock", EARLY];

/// Two stays that share nights, and two that do not.
fn table() -> Vec<Value> {
    let at = |number: u32, house: u32, from: &str, to: &str, more: Value| {
        let [_, mut stay] = stay(number, BETO, from, to, more);
        stay["fields"]["property"] = json!(id(1000 + house));
        stay
    };
    let [house, first] = stay(1, BETO, "2023-03-01", "2023-03-05", json!({}));
    let [other, _] = stay(2, BETO, "2023-03-01", "2023-03-05", json!({}));
    vec![
        house,
        other,
        first,
        at(3, 1, "2023-03-04", "2023-03-08", json!({})),
        at(4, 1, "2023-03-07", "2023-03-09", json!({"status": "pending"})),
        at(5, 2, "2023-03-04", "2023-03-08", json!({})),
    ]
}

fn workbook(folder: &Path) -> PathBuf {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Notas").unwrap();
    let sheet = book.add_worksheet().set_name("Historia").unwrap();
    let headings = [
        "NOMBRE",
        "TELEFONO",
        "PROPIEDAD",
        "DNI",
        "CHECK-IN",
        "CHECK-OUT",
        "PRECIO S/",
        "PRECIO $",
        "huespedes",
        "ADELANTO %",
    ];
    for (column, heading) in (0..).zip(headings) {
        sheet.write_string(0, column, heading).unwrap();
    }
    let rows = [
        ["casa 1", "60000052", "13/02/2023", "15/02/2023", "S/.1,200.50"],
        ["CASA 2", "60000052", "05/02/2023", "05/03/2023", "S/ 900"],
        ["Casa 2", "60000052", "05/02/2023", "05/03/2023", "S/ 900"],
        ["Casa 1", "60000052", "2023-03-04", "2023-03-06", "1"],
        ["Casa 1", "60000051", "2023-03-01", "2023-03-05", "1"],
        ["Casa 1", "", "2023-06-01", "2023-06-02", "1"],
        ["Casa 7", "60000052", "2023-06-01", "2023-06-02", "1"],
        ["Casa 1", "99999999", "2023-06-01", "2023-06-02", "1"],
        ["Casa 1", "60000052", "2023-06-02", "2023-06-02", "1"],
    ];
    for (row, texts) in (1..).zip(rows) {
        for (column, text) in (2..).zip(texts) {
            sheet.write_string(row, column, text).unwrap();
        }
    }
    // One with cells of their own types.
    let day = Format::new().set_num_format("dd/mm/yyyy");
    sheet.write_string(10, 2, "Casa 2").unwrap();
    sheet.write_number(10, 3, 60_000_052).unwrap();
    for (column, date) in [(4, 2), (5, 4)] {
        let date = ExcelDateTime::from_ymd(2023, 7, date).unwrap();
        sheet.write_datetime_with_format(10, column, &date, &day).unwrap();
    }
    sheet.write_number(10, 6, 380.5).unwrap();
    sheet.write_number(10, 8, 4).unwrap();
    let file = folder.join("historia.xlsx");
    book.save(&file).unwrap();
    file
}

fn reasons(report: &Value) -> BTreeMap<u64, String> {
    let refused = report["refused"].as_array().unwrap();
    refused
        .iter()
        .map(|one| (one["row"].as_u64().unwrap(), one["reason"].as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn stays_of_a_sheet_come_in_once_and_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let export = write(folder.path(), &export(table()));
    assert!(command(&data, &["import", export.to_str().unwrap()]).0);
    let file = workbook(folder.path());
    let file = file.to_str().unwrap();
    let import = |more: &[&str]| {
        let words = [&["reservations", "import", file, "--sheet", "Historia"][..], &CLOCK, more].concat();
        reported(&data, &words)
    };

    let rehearsal = import(&[]);
    assert_eq!(
        (&rehearsal["rows"], &rehearsal["importable"], &rehearsal["imported"], &rehearsal["committed"]),
        (&json!(10), &json!(3), &json!(0), &json!(false)),
        "{rehearsal}"
    );
    let expected = [
        (4, "duplicates"),
        (5, "overlap"),
        (6, "duplicates"),
        (7, "missing_data"),
        (8, "property_not_found"),
        (9, "client_not_found"),
        (10, "invalid_dates"),
    ];
    assert_eq!(reasons(&rehearsal), expected.map(|(row, reason)| (row, reason.to_owned())).into());
    assert_eq!(rehearsal["errors"]["duplicates"], 2);
    assert_eq!(rehearsal["errors"]["other_errors"], 0);
    assert_eq!(rehearsal["warnings"].as_array().unwrap().len(), 1, "one date can be read in two ways");
    assert!(!rehearsal.to_string().contains("99999999"));
    assert_eq!(import(&["--limit", "1"])["rows"], 1);

    let duplicates = |more: &[&str]| {
        reported(&data, &[&["reservations", "duplicates", file, "--sheet", "Historia"][..], more].concat())
    };
    let rows = |found: &Value| -> Vec<u64> {
        found["duplicates"].as_array().unwrap().iter().map(|one| one["row"].as_u64().unwrap()).collect()
    };
    let before = duplicates(&[]);
    assert_eq!((rows(&before), &before["new"]), (vec![6], &json!(6)), "{before}");

    let done = import(&["--commit"]);
    assert_eq!((&done["imported"], &done["refused"]), (&json!(3), &rehearsal["refused"]));
    let again = import(&["--commit"]);
    assert_eq!((&again["importable"], &again["imported"]), (&json!(0), &json!(0)));
    assert_eq!(rows(&duplicates(&[])), [2, 3, 4, 6, 11]);

    let arguments = ["--data", data.to_str().unwrap(), "--clock", EARLY].map(str::to_owned).to_vec();
    let casa = Casa::start(&Options { arguments, ..Options::default() });
    let token = administrator(&casa).await;
    let ask = |path: &str| {
        let request = Client::new().get(casa.url(path)).bearer_auth(&token);
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let listed = ask("reservations/?year=2023&month=5").await;
    assert_eq!(listed["count"], 1, "month first");
    let one = &listed["results"][0];
    let shown =
        ["check_in_date", "check_out_date", "price_sol", "advance_payment", "status", "origin", "seller"]
            .map(|key| one[key].clone());
    let nobody = json!({"first_name": "", "last_name": ""});
    let expected = json!(["2023-05-02", "2023-05-03", "900.00", "900.00", "approved", "aus", nobody]);
    assert_eq!(Value::from(shown.to_vec()), expected);
    assert_eq!((&one["full_payment"], &one["resta_pagar"]), (&json!(true), &json!("0.00")));
    // The nights are sold, nobody is told, no points move.
    let reservation: ReservationId = one["id"].as_str().unwrap().parse().unwrap();
    let stored = casa.shared.store().reservations().get(reservation).await.unwrap().unwrap();
    assert_eq!(stored.booked.hold, stored.booked.reservation.wanted_hold());
    assert!(stored.booked.hold.is_some());
    assert_eq!(ledger(&casa.shared, CARO).await, []);
    assert_eq!(ask("reservations/?created_today=true").await["count"], 0);
    // While a process serves the folder, the command asks it.
    assert_eq!(import(&[])["importable"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn reservations_that_share_nights_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let export = write(folder.path(), &export(table()));
    assert!(command(&data, &["import", export.to_str().unwrap()]).0);
    let pairs = |more: &[&str]| -> Vec<(String, String, u64)> {
        let found = reported(&data, &[&["reservations", "overlaps"], more].concat());
        let pair = |one: &Value| {
            let text = |half: &str| one[half]["id"].as_str().unwrap().to_owned();
            (text("first"), text("second"), one["nights"].as_u64().unwrap())
        };
        found["overlaps"].as_array().unwrap().iter().map(pair).collect()
    };
    let (first, second) = ((id(101), id(103), 1), (id(103), id(104), 1));
    assert_eq!(pairs(&[]), std::slice::from_ref(&first));
    assert_eq!(pairs(&["--status", "all"]), [first.clone(), second.clone()]);
    assert_eq!(pairs(&["--status", "all", "--house", "casa 1"]), [first.clone(), second]);
    assert_eq!(pairs(&["--house", &id(1001)]), [first]);
    assert_eq!(pairs(&["--house", "Casa 2"]), []);
    assert!(!command(&data, &["reservations", "overlaps", "--house", "Casa 9"]).0);
}

#[test]
fn files_that_cannot_be_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("nada.xlsx");
    std::fs::write(&file, "no es una hoja").unwrap();
    let real = workbook(folder.path());
    for (file, sheet) in [(&file, "Historia"), (&real, "Notas"), (&real, "Otra")] {
        let words = ["reservations", "import", file.to_str().unwrap(), "--sheet", sheet];
        assert!(!command(&data, &words).0, "{words:?}");
    }
    assert!(!data.exists(), "nothing was opened");
}
