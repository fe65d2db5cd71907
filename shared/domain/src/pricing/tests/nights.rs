//! Examples 1 to 8: nightly prices.

use super::{super::words, *};

/// Subtotal as it is shown, dollars and soles.
fn subtotal(book: &PriceBook, check_in: &str, check_out: &str, guests: u32) -> (f64, f64) {
    let request = ask(check_in, check_out, guests);
    let quote = quoted(book, &request);
    (shown(quote.subtotal_usd), shown(quote.subtotal_sol()))
}

#[test]
fn example_01_weekday_and_weekend_nights() {
    let (book, house) = (book(), house());
    let request = ask("2026-06-11", "2026-06-15", 1);
    let nights: Vec<_> = request.stay.iter().map(|night| book.night_price(&house, night, 1)).collect();
    assert_eq!(nights, [d("100"), d("160"), d("160"), d("100")]);
    let quote = quoted(&book, &request);
    assert_eq!((shown(quote.subtotal_usd), shown(quote.subtotal_sol())), (520.0, 1952.60));
    assert_eq!(shown(quote.rate), 3.75);
    assert_eq!(words::house_recommendations(&house, true, &quote).len(), 1, "only that it is 500 or more");
    let answer = words::Answer { name: &house.name, available: true, quote: &quote };
    assert_eq!(
        words::message1(request.stay, 1, &[answer]),
        "📅 Del 11 al 15 de junio de 2026\n💡 De domingo a jueves las noches cuestan menos."
    );
    assert_eq!(words::message2(&[answer]), "🏠 Casa Demo 1: *$520.00* ó *S/.1952.60*");
}

#[test]
fn example_02_extra_guests() {
    let book = book();
    let quote = quoted(&book, &ask("2026-06-11", "2026-06-15", 4));
    assert_eq!((quote.base_usd, quote.extra_usd, quote.extra_per_night_usd), (d("520"), d("180"), d("15")));
    assert_eq!((shown(quote.subtotal_usd), shown(quote.subtotal_sol())), (700.0, 2628.50));
}

#[test]
fn example_03_to_05_seasons() {
    let book = book();
    for (number, check_in, check_out, expected) in [
        (3, "2026-07-18", "2026-07-22", (560.0, 2102.80)),
        (4, "2026-08-05", "2026-08-07", (250.0, 938.75)),
        (5, "2026-12-14", "2026-12-16", (250.0, 938.75)),
        (5, "2027-03-15", "2027-03-17", (250.0, 938.75)),
    ] {
        assert_eq!(subtotal(&book, check_in, check_out, 1), expected, "example {number}");
    }
}

#[test]
fn example_06_without_rates() {
    let price = |from: Option<&str>, extra: Option<&str>, night: &str, guests| {
        let mut house = house();
        house.precio_desde = from.map(d);
        house.precio_extra_persona = extra.map(d);
        let book = PriceBook { tariffs: [].into(), ..book() };
        let usd = book.night_price(&house, day(night), guests);
        (shown(usd), shown(usd * book.rate))
    };
    assert_eq!(price(Some("90"), None, "2026-06-10", 1).0, 90.0);
    assert_eq!(price(None, None, "2026-06-10", 1).0, 100.0);
    assert_eq!(price(Some("0"), None, "2026-06-10", 1).0, 100.0);
    assert_eq!(price(None, Some("10"), "2026-06-10", 3), (120.0, 450.60));
    assert_eq!(price(Some("90"), None, "2026-07-21", 1).0, 135.0);
    assert_eq!(price(None, None, "2026-07-21", 1).0, 150.0);
    // No weekend difference.
    assert_eq!(price(Some("90"), None, "2026-06-12", 1).0, 90.0);
}

#[test]
fn example_07_order_of_houses() {
    let mut names = ["Villa3", "Casa Demo 10", "Anexo", "Casa Demo 2", "Casa Demo 1"];
    names.sort_by_key(|name| words::natural_key(name));
    assert_eq!(names, ["Anexo", "Casa Demo 1", "Casa Demo 2", "Casa Demo 10", "Villa3"]);
    assert_eq!(words::natural_key("Ático 007"), ("ático ".to_owned(), 7));
}

#[test]
fn example_08_rates() {
    for (rate, display, soles) in [
        ("3.745", 3.75, 374.50),
        ("3.755", 3.75, 375.50),
        ("3.765", 3.77, 376.50),
        ("3.775", 3.77, 377.50),
        ("3.785", 3.79, 378.50),
    ] {
        let book = PriceBook { rate: d(rate), ..book() };
        assert_eq!(shown(book.rate), display, "{rate}");
        assert_eq!(subtotal(&book, "2026-06-10", "2026-06-11", 1), (100.0, soles), "{rate}");
    }
    let none = PriceBook { rate: PriceBook::default().rate, ..book() };
    assert_eq!(shown(none.rate), 3.8);
    assert_eq!(subtotal(&none, "2026-06-10", "2026-06-11", 1), (100.0, 380.0));
}

/// A rate of zero is a price of zero; inactive special dates do not count.
#[test]
fn zero_rates_and_inactive_special_dates() {
    let mut book = with_special(6, 10, "300", 1);
    let tariff = book.tariffs.get_mut(&house().id).unwrap();
    tariff.special_dates[0].is_active = false;
    tariff.rates.as_mut().unwrap().weekday_low_season_usd = Decimal::ZERO;
    assert_eq!(book.night_price(&house(), day("2026-06-10"), 2), d("15"));
    book.tariffs.get_mut(&house().id).unwrap().special_dates[0].is_active = true;
    assert_eq!(book.night_price(&house(), day("2026-06-10"), 2), d("315"));
}
