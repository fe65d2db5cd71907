//! Examples 9 to 18: special dates and their minimum of nights.

use super::{
    super::protection::{Violation, protected_months, protection},
    *,
};
use crate::{Status, time::Month};

fn violation(book: &PriceBook, check_in: &str, check_out: &str) -> Option<Violation> {
    protection(book, house().id, stay(check_in, check_out), &Occupancy::default())
}

fn price(book: &PriceBook, check_in: &str, check_out: &str, guests: u32) -> Decimal {
    quoted(book, &ask(check_in, check_out, guests)).subtotal_usd
}

/// 31 December at 400, three nights: 29 December to 2 January are protected.
fn new_year() -> PriceBook {
    with_special(12, 31, "400", 3)
}

#[test]
fn example_09_and_11_outside_the_protected_nights() {
    let book = new_year();
    for (number, check_in, check_out, usd) in
        [(9, "2026-12-28", "2026-12-29", "150"), (11, "2026-12-26", "2026-12-29", "520")]
    {
        assert_eq!(violation(&book, check_in, check_out), None, "example {number}");
        assert_eq!(price(&book, check_in, check_out, 1), d(usd), "example {number}");
    }
}

/// The original answered 500; defect 2 of 04 §8 asks for the reason instead.
#[test]
fn example_10_too_short() {
    let book = new_year();
    for (check_in, check_out) in
        [("2026-12-28", "2026-12-30"), ("2026-12-29", "2026-12-31"), ("2026-12-30", "2027-01-01")]
    {
        let violation = violation(&book, check_in, check_out).unwrap();
        assert!(violation.too_short, "{check_in}");
        assert_eq!((violation.date, violation.minimum_nights), (day("2026-12-31"), 3));
        assert_eq!(
            violation.to_string(),
            "Por la fecha especial Fiesta (31 de diciembre de 2026), la estadía mínima en esos días es de 3 noches."
        );
    }
}

#[test]
fn example_12_long_enough_without_the_date() {
    let book = new_year();
    for (check_in, check_out) in [("2026-12-26", "2026-12-30"), ("2026-12-20", "2026-12-31")] {
        let violation = violation(&book, check_in, check_out).unwrap();
        assert!(!violation.too_short, "{check_in}");
        assert_eq!(violation.date, day("2026-12-31"));
        assert_eq!(
            violation.to_string(),
            "Por la fecha especial Fiesta (31 de diciembre de 2026), la estadía en esos días debe incluir esa noche \
             y tener al menos 3 noches."
        );
    }
}

#[test]
fn example_13_and_14_long_enough_with_the_date() {
    let book = new_year();
    for (number, check_in, check_out, guests, usd) in
        [(13, "2026-12-29", "2027-01-01", 1, "700"), (14, "2026-12-30", "2027-01-02", 4, "905")]
    {
        assert_eq!(violation(&book, check_in, check_out), None, "example {number}");
        assert_eq!(price(&book, check_in, check_out, guests), d(usd), "example {number}");
    }
}

/// The original forgot last year's date; decision 25 and defect 4 of 04 §8 do not.
#[test]
fn example_15_last_years_date() {
    let book = new_year();
    assert_eq!(violation(&book, "2027-01-01", "2027-01-02").unwrap().date, day("2026-12-31"));
    assert_eq!(violation(&book, "2027-01-03", "2027-01-04"), None);
    assert_eq!(price(&book, "2027-01-01", "2027-01-02", 1), d("220"));
}

/// Decision 7 and defect 10 of 04 §8: a reservation under review holds its nights too, so nothing is left to protect.
#[test]
fn example_16_the_date_is_held() {
    let book = new_year();
    assert!(Status::Pending.blocks() && Status::UnderReview.blocks() && !Status::Cancelled.blocks());
    let held = stay("2026-12-31", "2027-01-01");
    let mut occupancy = Occupancy::default();
    let december = Month::of(held.check_in());
    occupancy.note(house().id, december, held.nights_in(december));
    assert_eq!(protection(&book, house().id, stay("2026-12-29", "2026-12-30"), &occupancy), None);
    assert_eq!(price(&book, "2026-12-29", "2026-12-30", 1), d("150"));
    // The night of another house says nothing.
    let mut elsewhere = Occupancy::default();
    elsewhere.note(HouseId(Uuid::from_u128(2)), december, u32::MAX);
    assert!(protection(&book, house().id, stay("2026-12-29", "2026-12-30"), &elsewhere).is_some());
}

#[test]
fn example_17_minimum_of_one_night() {
    let book = with_special(12, 31, "400", 1);
    for (check_in, check_out, guests, usd) in
        [("2026-12-30", "2026-12-31", 1, "150"), ("2026-12-31", "2027-01-01", 4, "445")]
    {
        assert_eq!(violation(&book, check_in, check_out), None);
        assert_eq!(price(&book, check_in, check_out, guests), d(usd));
    }
}

/// The original answered 500 to every stay; defect 3 of 04 §8: the day is absent in common years.
#[test]
fn example_18_29_february() {
    let book = with_special(2, 29, "400", 2);
    assert_eq!(violation(&book, "2026-06-10", "2026-06-12"), None);
    assert_eq!(violation(&book, "2027-02-28", "2027-03-01"), None);
    assert_eq!(price(&book, "2027-02-28", "2027-03-01", 1), d("150"));
    assert_eq!(violation(&book, "2028-02-28", "2028-02-29").unwrap().date, day("2028-02-29"));
    assert_eq!(violation(&book, "2028-02-29", "2028-03-02"), None);
    assert_eq!(price(&book, "2028-02-28", "2028-03-01", 1), d("550"));
    let impossible = with_special(4, 31, "400", 2);
    assert_eq!(violation(&impossible, "2027-04-29", "2027-05-02"), None);
}

/// A long minimum reaches further than one year's edge, and no number of nights overflows.
#[test]
fn long_minimums() {
    let book = with_special(1, 1, "400", 200);
    assert_eq!(violation(&book, "2026-07-20", "2026-07-21").unwrap().date, day("2027-01-01"));
    assert_eq!(violation(&book, "2026-06-15", "2026-06-16").unwrap().date, day("2026-01-01"));
    assert_eq!(violation(&book, "2026-07-20", "2027-02-10"), None);
    let endless = with_special(1, 1, "400", u32::MAX);
    assert!(violation(&endless, "2026-06-20", "2027-06-20").unwrap().too_short);
}

#[test]
fn months_to_read() {
    let months = |check_in, check_out| {
        let months = protected_months(&new_year(), [house().id], stay(check_in, check_out));
        months.iter().map(Month::to_string).collect::<Vec<_>>()
    };
    assert_eq!(months("2027-01-01", "2027-01-02"), ["2026-12", "2027-01"]);
    assert_eq!(months("2027-01-03", "2027-01-05"), ["2027-01"]);
    assert_eq!(months("2026-12-30", "2027-01-02"), ["2026-12", "2027-01"]);
    assert_eq!(months("2026-11-10", "2026-11-12"), ["2026-11"]);
}
