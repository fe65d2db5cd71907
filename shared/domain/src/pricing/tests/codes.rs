//! Examples 19 to 29: discount codes.

use super::{super::code::*, *};

#[test]
fn example_19_percentage_with_cap() {
    let mut cap20 = code("Cap20", CodeKind::Percentage, "20");
    cap20.max_discount_usd = Some(d("30"));
    let book = book();
    let quote = quoted(&book, &with_code(usual(1), " cap20 ", cap20));
    assert_prices(&quote, (170.0, 638.35), (30.0, 112.65));
    assert_eq!(quote.discount.kind, DiscountKind::Code);
    assert_eq!(shown(quote.discount.percentage), 20.0);
    assert_eq!(quote.discount.code_used.as_deref(), Some("Cap20"));
    assert_eq!(quote.discount.description, "Campaña");
    assert_eq!(quote.discount.apply_only_to_base_price(), None);
}

#[test]
fn example_20_percentage_of_extra_guests_too() {
    let book = book();
    let quote = quoted(&book, &with_code(usual(4), "codigo", percent_code("12.5")));
    assert_eq!(quote.subtotal_usd, d("290"));
    assert_prices(&quote, (253.75, 952.83), (36.25, 136.12));
}

#[test]
fn example_21_dollars() {
    let book = book();
    let mut fixed = code("FIJO", CodeKind::FixedUsd, "50");
    fixed.max_discount_usd = Some(d("10"));
    let quote = quoted(&book, &with_code(usual(1), "FIJO", fixed));
    assert_prices(&quote, (150.0, 563.25), (50.0, 187.75));
    assert_eq!(quote.discount.percentage, Decimal::ZERO);
    let large = code("FIJO", CodeKind::FixedUsd, "999");
    assert_prices(&quoted(&book, &with_code(usual(1), "FIJO", large)), (0.0, 0.0), (200.0, 751.0));
}

#[test]
fn example_22_soles() {
    let book = book();
    let hundred = with_code(usual(1), "SOLES", code("SOLES", CodeKind::FixedSol, "100"));
    assert_prices(&quoted(&book, &hundred), (173.37, 651.0), (26.63, 100.0));
    let third = with_code(usual(3), "SOLES", code("SOLES", CodeKind::FixedSol, "33.33"));
    assert_prices(&quoted(&book, &third), (251.12, 942.97), (8.88, 33.33));
    let free = PriceBook { rate: Decimal::ZERO, ..book };
    assert_final(&quoted(&free, &hundred), DiscountKind::Code, 200.0);
}

#[test]
fn example_23_valid_today() {
    let book = book();
    let mut dated = percent_code("10");
    dated.end_date = day("2026-06-01");
    assert_final(&quoted(&book, &with_code(usual(1), "codigo", dated.clone())), DiscountKind::Code, 180.0);
    dated.end_date = day("2026-12-31");
    dated.start_date = day("2026-06-02");
    let quote = quoted(&book, &with_code(usual(1), " codigo", dated));
    assert_final(&quote, DiscountKind::Error, 200.0);
    assert_eq!(quote.discount.code_used.as_deref(), Some("CODIGO"));
    assert_eq!(quote.discount.description, "El código de descuento es válido desde el 2 de junio de 2026.");
}

#[test]
fn example_24_minimum_amount() {
    let book = book();
    for (minimum, kind, usd) in [
        ("200.00", DiscountKind::Code, 180.0),
        ("200.01", DiscountKind::Error, 200.0),
        ("0", DiscountKind::Code, 180.0),
    ] {
        let code = DiscountCode { min_amount_usd: Some(d(minimum)), ..percent_code("10") };
        assert_final(&quoted(&book, &with_code(usual(1), "CODIGO", code)), kind, usd);
    }
}

#[test]
fn example_25_and_26_weekdays_of_check_in() {
    let book = book();
    let weekdays = DiscountCode { restrict_weekdays: true, ..percent_code("10") };
    let weekends = DiscountCode { restrict_weekends: true, ..percent_code("10") };
    let never = DiscountCode { restrict_weekdays: true, ..weekends.clone() };
    let thursday = ask("2026-06-11", "2026-06-14", 1);
    let friday = ask("2026-06-12", "2026-06-16", 1);
    let quote = |request: &Request, code: &DiscountCode| {
        quoted(&book, &with_code(request.clone(), "CODIGO", code.clone()))
    };
    assert_prices(&quote(&thursday, &weekdays), (378.0, 1419.39), (42.0, 157.71));
    assert_eq!(quote(&friday, &weekdays).discount.kind, DiscountKind::Error);
    assert_prices(&quote(&friday, &weekends), (468.0, 1757.34), (52.0, 195.26));
    assert_final(&quote(&thursday, &weekends), DiscountKind::Error, 420.0);
    assert_eq!(quote(&friday, &never).discount.kind, DiscountKind::Error);
    assert_eq!(quote(&thursday, &never).discount.kind, DiscountKind::Error);
}

#[test]
fn example_27_special_date_at_check_in() {
    let book = with_special(6, 24, "300", 1);
    let quote = |check_in, check_out| {
        quoted(&book, &with_code(ask(check_in, check_out, 1), "CODIGO", percent_code("12.5")))
    };
    assert_final(&quote("2026-06-24", "2026-06-26"), DiscountKind::Error, 400.0);
    assert_prices(&quote("2026-06-23", "2026-06-25"), (350.0, 1314.25), (50.0, 187.75));
}

#[test]
fn example_28_codes_before_automatic_discounts() {
    let book = PriceBook { discounts: vec![discount(Trigger::GlobalPromotion, "5")], ..book() };
    let unknown = Request { code: CodeAsked::new(" nada ", None), ..usual(1) };
    let quote = quoted(&book, &unknown);
    assert_final(&quote, DiscountKind::Error, 200.0);
    assert_eq!(quote.discount.code_used.as_deref(), Some("NADA"));

    let expired = DiscountCode { end_date: day("2026-05-31"), ..percent_code("50") };
    let request = with_code(usual(1), "CODIGO", expired);
    let quote = quoted(&book, &request);
    assert_eq!(quote.discount.kind, DiscountKind::Automatic);
    assert_prices(&quote, (190.0, 713.45), (10.0, 37.55));
    assert_eq!(quote.discount.code_used, None);

    let soles = with_code(usual(1), "SOLES", code("SOLES", CodeKind::FixedSol, "100"));
    assert_final(&quoted(&book, &soles), DiscountKind::Code, 173.37);

    let blank = Request { code: CodeAsked::new("  ", None), ..usual(1) };
    assert_final(&quoted(&book, &blank), DiscountKind::Automatic, 190.0);
    // Without anything that applies, spaces are answered and nothing is not.
    let plain = PriceBook { discounts: Vec::new(), ..book.clone() };
    let quote = quoted(&plain, &blank);
    assert_final(&quote, DiscountKind::None, 200.0);
    assert!(quote.shows_discount(&blank.code) && !quote.shows_discount(&CodeAsked::new("", None)));
    // Inactive and deleted codes are unknown: no automatic discount either.
    let off = DiscountCode { is_active: false, ..percent_code("10") };
    assert_final(&quoted(&book, &with_code(usual(1), "CODIGO", off)), DiscountKind::Error, 200.0);
    let deleted = DiscountCode { deleted: true, ..percent_code("10") };
    assert_final(&quoted(&book, &with_code(usual(1), "CODIGO", deleted)), DiscountKind::Error, 200.0);
}

/// Decision 10: a code without houses is valid in every house, where the original refused it everywhere.
#[test]
fn example_29_houses_of_a_code() {
    let book = book();
    let simple = DiscountCode { houses: Vec::new(), ..code("SIMPLEAB12CD", CodeKind::Percentage, "10") };
    assert_final(&quoted(&book, &with_code(usual(1), "SIMPLEAB12CD", simple)), DiscountKind::Code, 180.0);
    let generated = code("PREAB12CD", CodeKind::Percentage, "12.5");
    let quote = quoted(&book, &with_code(usual(1), "preab12cd", generated.clone()));
    assert_prices(&quote, (175.0, 657.12), (25.0, 93.88));
    let elsewhere = DiscountCode { houses: vec![HouseId(Uuid::from_u128(2))], ..generated };
    assert_final(&quoted(&book, &with_code(usual(1), "preab12cd", elsewhere)), DiscountKind::Error, 200.0);
}

/// Every reason, in the documented order.
#[test]
fn reasons_in_order() {
    let special = with_special(6, 12, "300", 1);
    let friday = stay("2026-06-12", "2026-06-14");
    let mut code = DiscountCode {
        is_active: false,
        start_date: day("2026-06-02"),
        end_date: day("2026-05-30"),
        restrict_weekdays: true,
        usage_limit: Some(3),
        used_count: 3,
        houses: vec![HouseId(Uuid::from_u128(2))],
        min_amount_usd: Some(d("1000")),
        ..percent_code("10")
    };
    let check =
        |code: &DiscountCode| validate_code(&special, code, house().id, friday, d("460"), day("2026-06-01"));
    assert_eq!(check(&code), Err(CodeRefusal::Inactive));
    code.is_active = true;
    assert_eq!(check(&code), Err(CodeRefusal::NotYet(day("2026-06-02"))));
    code.start_date = day("2026-05-01");
    assert_eq!(check(&code), Err(CodeRefusal::Expired(day("2026-05-30"))));
    code.end_date = day("2026-06-01");
    assert_eq!(check(&code), Err(CodeRefusal::OnlyWeekdays));
    code.restrict_weekdays = false;
    assert_eq!(check(&code), Err(CodeRefusal::UsedUp));
    code.usage_limit = Some(0);
    assert_eq!(check(&code), Err(CodeRefusal::OtherHouse));
    code.houses.push(house().id);
    assert_eq!(check(&code), Err(CodeRefusal::BelowMinimum(d("1000"))));
    let text = CodeRefusal::BelowMinimum(d("1000")).to_string();
    assert_eq!(text, "El código de descuento requiere un monto mínimo de $1000.00.");
    code.min_amount_usd = None;
    assert_eq!(check(&code), Err(CodeRefusal::SpecialDate));
    let elsewhere = book();
    let valid = validate_code(&elsewhere, &code, house().id, friday, d("460"), day("2026-06-01"));
    assert_eq!(valid, Ok(d("46")));
}

/// Defect 16 of 04 §8: more than everything is everything.
#[test]
fn more_than_the_whole_price() {
    let book = book();
    let quote = quoted(&book, &with_code(usual(1), "CODIGO", percent_code("150")));
    assert_prices(&quote, (0.0, 0.0), (200.0, 751.0));
    assert_eq!(shown(quote.discount.percentage), 150.0);
}
