use calamine::Data;
use casa_domain::{ClientId, calendar::Hold};
use casa_store::reservations::Booked;

use super::*;

pub(in crate::reservations) fn known() -> Known {
    let guest = |number: u128, document: &str| ClientCard {
        id: ClientId(Uuid::from_u128(number)),
        first_name: "Ana".to_owned(),
        last_name: None,
        email: None,
        tel_number: "51900000001".to_owned(),
        document_type: "dni".to_owned(),
        number_doc: document.to_owned(),
    };
    let house = |number: u128, name: &str| (HouseId(Uuid::from_u128(number)), name.to_owned());
    let guests =
        [guest(1, "11111111"), guest(2, "22222222"), guest(3, "01234567"), guest(4, "9"), guest(5, "9")];
    Known::with(guests, [house(1, "Casa Ñandú"), house(2, "Casa  2 "), house(3, "Doble"), house(4, "doble")])
}

/// A stay of the first guest in the first house.
pub(in crate::reservations) fn booked(number: u128, from: &str, to: &str) -> Booked {
    let (id, house) = (ReservationId(Uuid::from_u128(number)), HouseId(Uuid::from_u128(1)));
    let now = "2023-01-01T00:00:00Z".parse().unwrap();
    let mut reservation = Reservation::new(id, house, from.parse().unwrap(), to.parse().unwrap(), now);
    (reservation.status, reservation.client) = (Status::Approved, Some(ClientId(Uuid::from_u128(1))));
    let hold = reservation.stay().map(|stay| Hold { house, stay });
    serde_json::from_value(serde_json::json!({ "r": reservation, "c": null, "h": hold })).unwrap()
}

/// A row with house, document and dates as texts.
pub(in crate::reservations) fn row(number: u32, texts: [&str; 4]) -> Row {
    let columns = [Column::House, Column::Document, Column::CheckIn, Column::CheckOut];
    Row::new(number, columns.into_iter().zip(texts.map(|text| Data::String(text.to_owned()))))
}

fn clock() -> Clock {
    Clock::frozen_at("2025-11-12T10:30:00-05:00".parse().unwrap(), "America/Lima".parse().unwrap())
}

fn looked_at(rows: &[Row], known: &Known) -> (Vec<Candidate>, Vec<(u32, Reason, String)>) {
    let (candidates, mut refused) = candidates(rows, known, false, &clock());
    let chosen = choose(candidates, known, &HashSet::new(), &mut refused);
    refused.sort_by_key(|one| one.row);
    (chosen, refused.into_iter().map(|one| (one.row, one.reason, one.detail)).collect())
}

#[test]
fn a_row_becomes_a_paid_and_approved_stay() {
    let full = Row::new(
        2,
        [
            (Column::House, Data::String(" CASA  ñandu".to_owned())),
            (Column::Document, Data::Float(1_234_567.0)),
            (Column::CheckIn, Data::String("13/02/2023".to_owned())),
            (Column::CheckOut, Data::String("2023-02-15".to_owned())),
            (Column::PriceSol, Data::String("S/.1,200.50".to_owned())),
            (Column::PriceUsd, Data::String("$ 310".to_owned())),
        ],
    );
    let mut known = known();
    known.seller = Some(1);
    let (chosen, refused) = looked_at(std::slice::from_ref(&full), &known);
    assert_eq!(refused, []);
    let one = &chosen[0].reservation;
    assert_eq!((one.status, one.origin, one.seller), (Status::Approved, Origin::Staff, Some(1)));
    assert_eq!(one.client, Some(ClientId(Uuid::from_u128(3))));
    assert_eq!((one.guests, one.full_payment), (1, true));
    assert_eq!(one.price_sol, Some("1200.50".parse().unwrap()));
    assert_eq!((one.advance_payment, one.advance_payment_currency.as_str()), (one.price_sol, "sol"));
    assert_eq!(one.price_usd, Some("310".parse().unwrap()));
    assert_eq!(one.tel_contact_number.as_deref(), Some("51900000001"));
    assert_eq!(one.created.to_rfc3339(), "2023-02-13T05:00:00+00:00", "not as of today");
    assert_eq!(chosen[0].warnings, Vec::<&str>::new());
    let again = looked_at(&[full], &known).0;
    assert_eq!(again[0].reservation.id, one.id, "the same row is the same stay");
}

#[test]
fn every_row_says_why_it_is_not_entered() {
    let priced = |number, column, text: &str| {
        let mut cells = vec![(column, Data::String(text.to_owned()))];
        let texts = ["Casa Ñandú", "11111111", "2023-06-01", "2023-06-02"];
        let columns = [Column::House, Column::Document, Column::CheckIn, Column::CheckOut];
        cells.extend(columns.into_iter().zip(texts.map(|text| Data::String(text.to_owned()))));
        Row::new(number, cells)
    };
    let rows = [
        row(2, ["Casa Ñandú", "33333333", "13/02/2023", "15/02/2023"]),
        row(3, ["Casa Ñandú", "9", "13/02/2023", "15/02/2023"]),
        row(4, ["Casa 9", "11111111", "13/02/2023", "15/02/2023"]),
        row(5, ["DOBLE", "11111111", "13/02/2023", "15/02/2023"]),
        row(6, ["Casa Ñandú", "11111111", "ayer", "15/02/2023"]),
        row(7, ["Casa Ñandú", "11111111", "15/02/2023", "15/02/2023"]),
        row(8, ["Casa Ñandú", "11111111", "2022-01-01", "2023-01-03"]),
        row(9, ["Casa Ñandú", "", "13/02/2023", "15/02/2023"]),
        row(10, ["Casa Ñandú", "11111111", "13/02/2023", "nan"]),
        priced(11, Column::PriceSol, "1200,50"),
        priced(12, Column::Guests, "muchos"),
        row(13, ["Casa Ñandú", "11111111", "13/02/2023", "15/02/2023"]),
    ];
    let (chosen, refused) = looked_at(&rows, &known());
    assert_eq!(
        chosen.iter().map(|one| one.row).collect::<Vec<_>>(),
        [13],
        "a blank document spoils no other row"
    );
    let reasons: Vec<_> = refused.iter().map(|(row, reason, _)| (*row, *reason)).collect();
    use Reason::*;
    assert_eq!(
        reasons,
        [
            (2, ClientNotFound),
            (3, ClientNotFound),
            (4, PropertyNotFound),
            (5, PropertyNotFound),
            (6, InvalidDates),
            (7, InvalidDates),
            (8, InvalidDates),
            (9, MissingData),
            (10, MissingData),
            (11, OtherErrors),
            (12, OtherErrors),
        ]
    );
    for (_, _, detail) in &refused {
        assert!(!detail.contains("11111111") && !detail.contains("33333333"), "{detail}");
    }
}

#[test]
fn a_night_is_entered_once() {
    let mut known = known();
    let mut lost = booked(8, "2023-05-01", "2023-05-05");
    lost.hold = None;
    known.stays = vec![booked(7, "2023-02-13", "2023-02-15"), lost];
    let rows = [
        row(2, ["Casa Ñandú", "11111111", "13/02/2023", "15/02/2023"]),
        row(3, ["Casa Ñandú", "22222222", "14/02/2023", "16/02/2023"]),
        row(4, ["Casa Ñandú", "22222222", "15/02/2023", "17/02/2023"]),
        row(5, ["Casa Ñandú", "22222222", "15/02/2023", "17/02/2023"]),
        row(6, ["Casa Ñandú", "11111111", "16/02/2023", "18/02/2023"]),
        row(7, ["Casa 2", "11111111", "16/02/2023", "18/02/2023"]),
        row(8, ["Casa Ñandú", "22222222", "2023-05-01", "2023-05-02"]),
    ];
    let (chosen, refused) = looked_at(&rows, &known);
    assert_eq!(chosen.iter().map(|one| one.row).collect::<Vec<_>>(), [4, 7, 8]);
    let seven = "reservation 00000000-0000-0000-0000-000000000007";
    assert_eq!(
        refused,
        [
            (2, Reason::Duplicates, format!("the same as {seven}")),
            (3, Reason::Overlap, format!("a night is held by {seven}")),
            (5, Reason::Duplicates, "the same as row 4".to_owned()),
            (6, Reason::Overlap, "a night is held by row 4".to_owned()),
        ]
    );
}

#[test]
fn what_was_imported_and_deleted_does_not_come_back() {
    let rows = [row(2, ["Casa Ñandú", "11111111", "13/02/2023", "15/02/2023"])];
    let (candidates, mut refused) = candidates(&rows, &known(), false, &clock());
    let entered = HashSet::from([candidates[0].reservation.id]);
    assert_eq!(choose(candidates, &known(), &entered, &mut refused), []);
    assert_eq!(refused[0].reason, Reason::Duplicates);
}

#[test]
fn what_is_worth_a_look() {
    let of = |from: &str, to: &str, day_first| {
        let rows = [row(2, ["Casa Ñandú", "11111111", from, to])];
        candidates(&rows, &known(), day_first, &clock()).0[0].clone()
    };
    let ambiguous = of("05/02/2023", "05/03/2023", false);
    assert_eq!(ambiguous.stay.check_in().to_string(), "2023-05-02", "example 13");
    assert!(ambiguous.warnings[0].contains("--day-first"));
    let other = of("05/02/2023", "05/03/2023", true);
    assert_eq!(other.stay.check_in().to_string(), "2023-02-05");
    assert_eq!(other.warnings.len(), 1);
    assert!(of("2025-11-11", "2025-11-13", false).warnings[0].contains("not over"));
    assert!(of("2024-04-01", "2024-04-02", false).warnings[0].contains("2024-04-01"));
    assert!(of("2024-03-31", "2024-04-02", false).warnings.is_empty());
}
