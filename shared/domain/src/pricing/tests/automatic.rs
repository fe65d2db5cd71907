//! Examples 30 to 41: automatic discounts and referrals.

use super::{super::automatic::referral_percent, *};

fn book_with(discounts: Vec<AutomaticDiscount>) -> PriceBook {
    PriceBook { discounts, ..book() }
}

fn guest(approved: u64, reservations: u64) -> Guest {
    Guest { approved, reservations, ..Guest::default() }
}

#[test]
fn example_30_birthday() {
    let birthday = AutomaticDiscount { max_discount_usd: Some(d("15")), ..discount(Trigger::Birthday, "10") };
    let book = book_with(vec![birthday]);
    let june = Guest { birth_date: Some(day("1990-06-24")), ..guest(1, 1) };
    let quote = quoted(&book, &by(usual(1), june.clone()));
    assert_prices(&quote, (185.0, 694.67), (15.0, 56.33));
    assert_eq!(shown(quote.discount.percentage), 10.0);
    assert_eq!(quote.discount.description, "Mes de Cumpleaños: 10.00% de descuento");
    assert_eq!((quote.discount.code_used, quote.discount.base_only), (None, false));
    assert_final(
        &quoted(&book, &by(ask("2026-06-30", "2026-07-02", 1), june.clone())),
        DiscountKind::Automatic,
        185.0,
    );
    assert_final(&quoted(&book, &by(ask("2026-07-01", "2026-07-03", 1), june)), DiscountKind::None, 200.0);
    assert_final(&quoted(&book, &usual(1)), DiscountKind::None, 200.0);
}

/// Deleted reservations are counted nowhere, so "one approved but deleted" is a guest without reservations.
#[test]
fn example_31_returning_and_first_time() {
    let book = book_with(vec![discount(Trigger::Returning, "5"), discount(Trigger::FirstTime, "15")]);
    for (situation, guest, usd) in [
        ("no reservations", guest(0, 0), 170.0),
        ("one cancelled", guest(0, 1), 200.0),
        ("one approved", guest(1, 1), 190.0),
        ("one approved but deleted", guest(0, 0), 170.0),
    ] {
        assert_eq!(shown(quoted(&book, &by(usual(1), guest)).final_usd), usd, "{situation}");
    }
}

#[test]
fn example_32_last_minute() {
    let mut book = book_with(vec![discount(Trigger::LastMinute, "20")]);
    let night = |day: u32| ask(&format!("2026-06-{day:02}"), &format!("2026-06-{:02}", day + 1), 1);
    assert_prices(&quoted(&book, &night(1)), (80.0, 300.40), (20.0, 75.10));
    for (check_in, usd) in [(1, 80.0), (2, 80.0), (3, 100.0)] {
        assert_eq!(shown(quoted(&book, &by(night(check_in), guest(0, 0))).final_usd), usd);
        assert_eq!(shown(quoted(&book, &night(check_in)).final_usd), usd);
    }
    book.discounts[0].required_achievements = vec![level(1, 3).id];
    assert_final(&quoted(&book, &night(1)), DiscountKind::None, 100.0);
}

#[test]
fn example_33_promotion_that_demands_a_level() {
    let gold = level(1, 10).id;
    let promotion =
        AutomaticDiscount { required_achievements: vec![gold], ..discount(Trigger::GlobalPromotion, "8") };
    let book = book_with(vec![promotion]);
    let anonymous = quoted(&book, &usual(1));
    assert_prices(&anonymous, (184.0, 690.92), (16.0, 60.08));
    assert_eq!(anonymous.discount.description, "El precio incluye 8% de descuento");
    assert_final(&quoted(&book, &by(usual(1), guest(0, 0))), DiscountKind::None, 200.0);
    let holder = Guest { levels: [gold].into(), ..guest(0, 0) };
    assert_final(&quoted(&book, &by(usual(1), holder)), DiscountKind::Automatic, 184.0);
}

#[test]
fn example_34_the_largest_amount_wins() {
    let cap = |cap| AutomaticDiscount {
        max_discount_usd: Some(d(cap)),
        ..discount(Trigger::GlobalPromotion, "50")
    };
    let mut book = book_with(vec![discount(Trigger::GlobalPromotion, "8"), cap("12")]);
    assert_final(&quoted(&book, &usual(1)), DiscountKind::Automatic, 184.0);
    let quote = quoted(&book, &ask("2026-06-10", "2026-06-11", 1));
    assert_final(&quote, DiscountKind::Automatic, 88.0);
    assert_eq!(shown(quote.discount.percentage), 50.0);
    book.discounts[1] = cap("0");
    assert_final(&quoted(&book, &usual(1)), DiscountKind::Automatic, 100.0);
}

#[test]
fn example_35_and_36_base_price_only() {
    let base_only = |percent| AutomaticDiscount {
        apply_only_to_base_price: true,
        ..discount(Trigger::GlobalPromotion, percent)
    };
    let book = book_with(vec![discount(Trigger::GlobalPromotion, "8"), base_only("10")]);
    let quote = quoted(&book, &usual(6));
    assert_prices(&quote, (322.0, 1209.11), (28.0, 105.14));
    assert_eq!(quote.discount.apply_only_to_base_price(), Some(false));
    let quote = quoted(&book, &usual(1));
    assert_prices(&quote, (180.0, 675.90), (20.0, 75.10));
    assert_eq!(quote.discount.apply_only_to_base_price(), Some(true));

    let book = book_with(vec![base_only("7.5")]);
    let quote = quoted(&book, &usual(5));
    assert_prices(&quote, (305.0, 1145.28), (15.0, 56.33));
    assert_eq!(shown(quote.subtotal_sol()), 1201.60);
    assert_eq!(quote.discount.description, "El precio incluye 7.50% de descuento sobre el precio base");
}

#[test]
fn example_37_listed_weekdays() {
    let listed = |listed: &str| AutomaticDiscount {
        specific_weekdays: Some(listed.into()),
        restrict_weekdays: true,
        ..discount(Trigger::GlobalPromotion, "8")
    };
    let (thursday, friday) = (ask("2026-06-11", "2026-06-14", 1), ask("2026-06-12", "2026-06-16", 1));
    let book = book_with(vec![listed("4, 5,x")]);
    assert_eq!(quoted(&book, &thursday).discount.kind, DiscountKind::None);
    assert_prices(&quoted(&book, &friday), (478.40, 1796.39), (41.60, 156.21));
    for never in ["x", " ", ","] {
        let book = book_with(vec![listed(never)]);
        assert_eq!(quoted(&book, &friday).discount.kind, DiscountKind::None, "{never:?}");
        assert_eq!(quoted(&book, &thursday).discount.kind, DiscountKind::None, "{never:?}");
    }
    let book = book_with(vec![listed("")]);
    assert_eq!(quoted(&book, &thursday).discount.kind, DiscountKind::Automatic);
    assert_eq!(quoted(&book, &friday).discount.kind, DiscountKind::None);
}

#[test]
fn example_38_window_of_check_in() {
    let book = book_with(vec![AutomaticDiscount {
        start_date: Some(day("2026-06-10")),
        end_date: Some(day("2026-06-11")),
        ..discount(Trigger::GlobalPromotion, "8")
    }]);
    assert_eq!(quoted(&book, &ask("2026-06-09", "2026-06-11", 1)).discount.kind, DiscountKind::None);
    assert_final(&quoted(&book, &usual(1)), DiscountKind::Automatic, 184.0);
    let long = quoted(&book, &ask("2026-06-11", "2026-06-20", 1));
    assert_eq!(long.subtotal_usd, d("1080"));
    assert_prices(&long, (993.60, 3730.97), (86.40, 324.43));
    assert_eq!(quoted(&book, &ask("2026-06-12", "2026-06-14", 1)).discount.kind, DiscountKind::None);
}

fn referral_row(level: &Level, percent: &str) -> ReferralPercent {
    ReferralPercent { id: row(1), level: level.id, discount_percentage: d(percent) }
}

fn referred_by(levels: &[&Level], approved: u64, reservations: u64) -> Guest {
    let referrer_levels = Some(levels.iter().map(|level| level.id).collect());
    Guest { referrer_levels, ..guest(approved, reservations) }
}

#[test]
fn example_39_referral() {
    let silver = level(1, 3);
    let book = PriceBook {
        levels: vec![silver.clone()],
        referral_percents: vec![referral_row(&silver, "10")],
        discounts: vec![discount(Trigger::GlobalPromotion, "9")],
        ..with_special(6, 24, "300", 1)
    };
    let guest = referred_by(&[&silver], 0, 0);
    let quote = quoted(&book, &by(usual(1), guest.clone()));
    assert_prices(&quote, (180.0, 675.90), (20.0, 75.10));
    assert_eq!(quote.discount.description, "Descuento por referido: 10.00% en la primera reserva");
    // The special date stops the promotion, not the referral.
    let special = ask("2026-06-24", "2026-06-26", 1);
    assert_final(&quoted(&book, &by(special.clone(), guest)), DiscountKind::Automatic, 360.0);
    assert_final(&quoted(&book, &special), DiscountKind::None, 400.0);
}

#[test]
fn example_40_the_referrers_highest_level() {
    let (silver, gold) = (level(1, 3), level(2, 10));
    let mut book = PriceBook {
        levels: vec![gold.clone(), silver.clone()],
        referral_percents: vec![referral_row(&silver, "10")],
        ..book()
    };
    let asked = |approved, reservations| by(usual(1), referred_by(&[&silver, &gold], approved, reservations));
    assert_final(&quoted(&book, &asked(0, 0)), DiscountKind::None, 200.0);
    book.referral_percents.push(referral_row(&gold, "20"));
    assert_final(&quoted(&book, &asked(0, 0)), DiscountKind::Automatic, 160.0);
    assert_final(&quoted(&book, &asked(0, 1)), DiscountKind::Automatic, 160.0);
    assert_final(&quoted(&book, &asked(1, 1)), DiscountKind::None, 200.0);
    // A referrer without a level gives nothing, and an equal level is settled by its id.
    assert_eq!(referral_percent(&book, &HashSet::new()), None);
    book.levels[0].required_reservations = 3;
    assert_eq!(referral_percent(&book, &[silver.id, gold.id].into()), Some(d("10")));
}

#[test]
fn example_41_ties_and_codes() {
    let silver = level(1, 3);
    let mut book = PriceBook {
        levels: vec![silver.clone()],
        referral_percents: vec![referral_row(&silver, "20")],
        discounts: vec![discount(Trigger::GlobalPromotion, "20")],
        ..book()
    };
    let request = by(usual(1), referred_by(&[&silver], 0, 0));
    let quote = quoted(&book, &request);
    assert_final(&quote, DiscountKind::Automatic, 160.0);
    assert!(quote.discount.description.starts_with("Descuento por referido"));
    book.discounts[0].discount_percentage = d("25");
    let quote = quoted(&book, &request);
    assert_final(&quote, DiscountKind::Automatic, 150.0);
    assert!(quote.discount.description.starts_with("Promoción Global"));
    assert_final(&quoted(&book, &with_code(request, "CODIGO", percent_code("5"))), DiscountKind::Code, 190.0);
}

/// Of equal ones the first in the book; a discount of 0 % still is one.
#[test]
fn equal_and_empty_discounts() {
    let named = |name: &str, percent| AutomaticDiscount {
        name: name.into(),
        ..discount(Trigger::FirstTime, percent)
    };
    let book = book_with(vec![named("Uno", "10"), named("Dos", "10")]);
    let quote = quoted(&book, &by(usual(1), guest(0, 0)));
    assert_eq!(quote.discount.description, "Uno: 10.00% de descuento");
    let book =
        book_with(vec![named("Nada", "0"), AutomaticDiscount { is_active: false, ..named("No", "90") }]);
    assert_final(&quoted(&book, &by(usual(1), guest(0, 0))), DiscountKind::Automatic, 200.0);
}

#[test]
fn loyalty_demands_a_level() {
    let level = level(1, 3).id;
    let mut book = book_with(vec![discount(Trigger::Loyalty, "10")]);
    let holder = by(usual(1), Guest { levels: [level].into(), ..guest(5, 5) });
    assert_final(&quoted(&book, &holder), DiscountKind::None, 200.0);
    book.discounts[0].required_achievements = vec![level];
    assert_final(&quoted(&book, &holder), DiscountKind::Automatic, 180.0);
    assert_final(&quoted(&book, &by(usual(1), guest(5, 5))), DiscountKind::None, 200.0);
    assert_final(&quoted(&book, &usual(1)), DiscountKind::None, 200.0);
}
