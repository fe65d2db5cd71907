//! Examples 42 to 49: services, late check-out, availability and texts; and cancellation policies.

use super::{
    super::{late_checkout::*, policy::policy, words},
    *,
};
use crate::{Status, time::Month};

#[test]
fn example_42_services() {
    let breakfast = Service { is_per_night: true, is_per_person: true, ..service(1, "A", "7.77") };
    let elsewhere = Service { houses: vec![HouseId(Uuid::from_u128(2))], ..service(3, "C", "9") };
    let book =
        PriceBook { services: vec![breakfast.clone(), service(2, "B", "3.33"), elsewhere.clone()], ..book() };
    let mut request = with_code(ask("2026-06-10", "2026-06-13", 2), "CODIGO", percent_code("10"));
    // Whatever the order, and counted once.
    request.services = vec![service(2, "B", "0").id, breakfast.id, breakfast.id, elsewhere.id];
    let quote = quoted(&book, &request);
    assert_eq!(quote.subtotal_usd, d("405"));
    let lines: Vec<_> = quote
        .selected
        .iter()
        .map(|line| {
            (line.service.name.as_str(), shown(line.total_usd), shown(quote.in_soles(line.total_usd)))
        })
        .collect();
    assert_eq!(lines, [("A", 46.62, 175.06), ("B", 3.33, 12.50)]);
    assert_eq!(quote.services, quote.selected);
    assert!(!quote.none_of_the_services);
    assert_eq!((shown(quote.selected_usd()), shown(quote.selected_sol())), (49.95, 187.56));
    assert_prices(&quote, (364.50, 1368.70), (40.50, 152.08));
    assert_eq!((shown(quote.with_services_usd()), shown(quote.with_services_sol())), (414.45, 1556.26));

    request.services = vec![elsewhere.id];
    let quote = quoted(&book, &request);
    assert!(quote.none_of_the_services && quote.selected.is_empty());
    assert_eq!(quote.with_services_usd(), quote.final_usd);
}

fn late_rule(weekday: u32, discount_type: LateDiscount, value: &str) -> LateCheckout {
    LateCheckout {
        id: row(1),
        name: String::new(),
        weekday,
        allows_late_checkout: true,
        discount_type,
        discount_value: d(value),
    }
}

fn late_with(rule: LateCheckout) -> PriceBook {
    PriceBook { late_checkouts: vec![rule], ..book() }
}

/// Base, discount and price as they are shown: dollars and soles of each.
fn late(book: &PriceBook, departure: &str, guests: u32) -> Result<[(f64, f64); 3], LateRefusal> {
    let quote = late_checkout(book, &house(), day(departure), guests, true)?;
    let both = |usd| (shown(usd), shown(quote.in_soles(usd)));
    Ok([both(quote.base_usd), both(quote.discount_usd), both(quote.price_usd)])
}

#[test]
fn example_43_late_checkout_without_rules() {
    let (book, house) = (book(), house());
    let sunday = day("2026-06-14");
    assert_eq!(late(&book, "2026-06-14", 4), Ok([(145.0, 544.48), (0.0, 0.0), (145.0, 544.48)]));
    assert_eq!(late(&book, "2026-06-12", 4), Err(LateRefusal::Weekday));
    assert_eq!(words::english_weekday(sunday), "Sunday");
    let offer = late_checkout(&book, &house, sunday, 4, true);
    assert_eq!(
        words::late_checkout_message(&house.name, sunday, &offer),
        "Salida tardía disponible en Casa Demo 1 el 14 de junio de 2026 por $145.00."
    );
    assert_eq!(late_checkout(&book, &house, sunday, 4, false), Err(LateRefusal::Taken));
}

#[test]
fn example_44_and_46_late_checkout_percentages() {
    let sunday = late_with(late_rule(6, LateDiscount::Percentage, "15"));
    assert_eq!(late(&sunday, "2026-06-14", 4), Ok([(145.0, 544.48), (21.75, 81.67), (123.25, 462.80)]));

    let late_checkouts = vec![late_rule(0, LateDiscount::Percentage, "12.5")];
    let monday = PriceBook { late_checkouts, ..with_special(6, 15, "300", 4) };
    assert_eq!(late(&monday, "2026-06-15", 3), Ok([(330.0, 1239.15), (41.25, 154.89), (288.75, 1084.26)]));
}

/// The original's price was −40.00; defect 16 of 04 §8 stops at 0. An inactive rule is not in the book.
#[test]
fn example_45_late_checkout_worth_more_than_the_night() {
    let friday = late_with(late_rule(4, LateDiscount::Fixed, "200"));
    assert_eq!(late(&friday, "2026-06-12", 1), Ok([(160.0, 600.80), (160.0, 600.80), (0.0, 0.0)]));
    let quote = late_checkout(&friday, &house(), day("2026-06-12"), 1, true).unwrap();
    assert_eq!(quote.percentage, Decimal::ZERO);
    assert_eq!(late(&book(), "2026-06-12", 1), Err(LateRefusal::Weekday));
    let refused = LateCheckout { allows_late_checkout: false, ..late_rule(0, LateDiscount::Fixed, "1") };
    assert_eq!(late(&late_with(refused), "2026-06-15", 1), Err(LateRefusal::Weekday));
}

/// Decision 7: under_review is busy, where the original's quote called it free; rejected and cancelled are free, which
/// the original's check in example 48 did not know.
#[test]
fn example_47_and_48_availability() {
    let free = |status: Status, check_in, check_out| {
        let mut occupancy = Occupancy::default();
        if status.blocks() {
            let held = stay("2026-06-10", "2026-06-12");
            let june = Month::of(held.check_in());
            occupancy.note(house().id, june, held.nights_in(june));
        }
        occupancy.is_free(house().id, stay(check_in, check_out))
    };
    for (status, busy) in [
        (Status::Approved, true),
        (Status::UnderReview, true),
        (Status::Rejected, false),
        (Status::Cancelled, false),
    ] {
        assert!(free(status, "2026-06-08", "2026-06-10"), "{status}");
        assert_eq!(!free(status, "2026-06-09", "2026-06-11"), busy, "{status}");
        assert_eq!(!free(status, "2026-06-11", "2026-06-13"), busy, "{status}");
        assert!(free(status, "2026-06-12", "2026-06-13"), "{status}");
    }
}

#[test]
fn example_49_dates_in_words() {
    let book = book();
    for (check_in, check_out, expected) in [
        ("2026-12-30", "2027-01-02", "Del 30 de diciembre de 2026 al 2 de enero de 2027"),
        ("2026-06-29", "2026-07-02", "Del 29 de junio al 2 de julio de 2026"),
        ("2026-06-10", "2026-06-12", "Del 10 al 12 de junio de 2026"),
    ] {
        let request = ask(check_in, check_out, 5);
        let quote = quoted(&book, &request);
        let answer = words::Answer { name: "Casa", available: true, quote: &quote };
        assert_eq!(words::message1(request.stay, 5, &[answer]), format!("📅 {expected}"));
        let none = words::Answer { available: false, ..answer };
        let message = words::message1(request.stay, 1, &[none]);
        assert!(message.starts_with("📅 Disponibilidad del "), "{message}");
        assert!(message.ends_with("\n❌ No tenemos casas disponibles en esas fechas."), "{message}");
    }
}

#[test]
fn messages_tell_the_discount_of_the_first_available_house() {
    let book = book();
    let soles = with_code(usual(1), "soles", code("SOLES", CodeKind::FixedSol, "100"));
    let percent = with_code(usual(1), "codigo", percent_code("20"));
    let (soles, percent) = (quoted(&book, &soles), quoted(&book, &percent));
    let answer = |name, available, quote| words::Answer { name, available, quote };
    let stay = stay("2026-06-10", "2026-06-12");
    let answers = [answer("A", false, &percent), answer("B", true, &soles), answer("C", true, &percent)];
    assert_eq!(
        words::message1(stay, 1, &answers),
        "📅 Del 10 al 12 de junio de 2026\n✨ Descuento de $26.63 con el código SOLES"
    );
    assert_eq!(words::message2(&answers), "🏠 B: *$173.37* ó *S/.651.00*\n🏠 C: *$160.00* ó *S/.600.80*");
    assert_eq!(
        words::message1(stay, 1, &answers[2..]),
        "📅 Del 10 al 12 de junio de 2026\n✨ Descuento de 20.0% con el código CODIGO"
    );
    assert!(!words::message2(&answers[..1]).contains('🏠'));
    let promotion = PriceBook { discounts: vec![discount(Trigger::GlobalPromotion, "8")], ..book.clone() };
    let quote = quoted(&promotion, &usual(1));
    assert_eq!(
        words::message1(stay, 1, &[answer("A", true, &quote)]),
        "📅 Del 10 al 12 de junio de 2026\n✨ El precio incluye 8% de descuento"
    );
}

#[test]
fn recommendations_in_order() {
    let book = book();
    let mut house = house();
    house.on_temperature_pool_url = Some("https://pool.example/on".into());
    let quote = quote(&book, &house, &ask("2026-06-10", "2026-06-24", 11));
    let advice = words::house_recommendations(&house, false, &quote);
    for (text, word) in advice.iter().zip(["no está disponible", "10 personas", "semana", "monto", "piscina"])
    {
        assert!(text.contains(word), "{text}");
    }
    assert_eq!(advice.len(), 5);
    assert_eq!(words::general_recommendations(2, 5, 14, 8).len(), 3);
    assert_eq!(words::general_recommendations(1, 5, 1, 1), ["Está disponible 1 de 5 casas: reserve pronto."]);
    assert!(words::general_recommendations(5, 5, 13, 7).is_empty());
    assert_eq!(words::general_recommendations(0, 5, 1, 1).len(), 1);
}

#[test]
fn membership_by_approved_reservations() {
    let levels: Vec<_> = [0, 1, 2, 4, 5, 9, 10, 99].map(words::membership_level).into();
    assert_eq!(levels, ["bronze", "bronze", "silver", "silver", "gold", "gold", "platinum", "platinum"]);
}

#[test]
fn cancellation_policies() {
    let policy_of = |n: u128, days: i64, is_default: bool, houses: Vec<HouseId>| Policy {
        id: row(n),
        name: format!("Política {n}"),
        description: String::new(),
        days_before_checkin: days,
        refund_percentage: d("50"),
        is_default,
        houses,
    };
    let chosen = |policies: &[Policy], days| {
        let book = PriceBook { policies: policies.to_vec(), ..book() };
        policy(&book, house().id, days).map(|policy| policy.id)
    };
    let general =
        [policy_of(1, 3, false, vec![]), policy_of(2, 7, true, vec![]), policy_of(3, 15, true, vec![])];
    assert_eq!(chosen(&general, None), Some(row(2)));
    assert_eq!(chosen(&general, Some(20)), Some(row(3)));
    assert_eq!(chosen(&general, Some(6)), Some(row(1)));
    assert_eq!(chosen(&general, Some(1)), Some(row(2)));
    let mut own = general.to_vec();
    own.push(policy_of(4, 30, false, vec![house().id]));
    assert_eq!(chosen(&own, Some(40)), Some(row(4)));
    assert_eq!(chosen(&own, None), None);
    assert_eq!(chosen(&[policy_of(5, 1, true, vec![HouseId(Uuid::from_u128(2))])], None), None);
}

/// The largest values that the tables and a request can hold still have a price.
#[test]
fn the_largest_values() {
    let most = "99999999.99";
    let house = House { precio_extra_persona: Some(d(most)), precio_desde: Some(d(most)), ..house() };
    let dear = Service { is_per_night: true, is_per_person: true, ..service(1, "A", most) };
    let book = PriceBook {
        rate: d("999.999"),
        services: vec![dear.clone()],
        late_checkouts: vec![late_rule(0, LateDiscount::Percentage, most)],
        ..PriceBook::default()
    };
    let mut request = with_code(ask("2026-06-01", "2027-06-01", u32::MAX), "CODIGO", percent_code(most));
    request.services = vec![dear.id];
    let quote = quote(&book, &house, &request);
    assert_prices(&quote, (0.0, 0.0), (shown(quote.subtotal_usd), shown(quote.subtotal_sol())));
    assert!(quote.with_services_sol() > d("10000000000000000000000"));
    assert!(late_checkout(&book, &house, day("2026-06-01"), u32::MAX, true).is_ok());
}
