//! The worked examples of contract 04 §9, by number, and properties that hold for every price book.
//!
//! Fixture: Monday 2026-06-01; "Casa Demo 1" for 10, 15 dollars per extra guest, "from" 80; weekday and weekend nights
//! 100 and 160, in high season 150 and 220; rate 3.755; high seasons 20 July to 5 August and 15 December to 15 March.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    calendar::Occupancy,
    house::{House, JsonText},
    ids::{DiscountId, HouseId, LevelId, RowId, ServiceId},
    level::Level,
    money::displayed::shown,
    stay::Stay,
};

use super::{
    book::*,
    code::{CodeKind, DiscountCode},
    quote::*,
};

mod automatic;
mod codes;
mod nights;
mod others;
mod properties;
mod protection;

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn stay(check_in: &str, check_out: &str) -> Stay {
    Stay::new(day(check_in), day(check_out)).unwrap()
}

fn row(n: u128) -> RowId {
    RowId(Uuid::from_u128(n))
}

fn instant() -> DateTime<chrono::Utc> {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn house() -> House {
    House {
        id: HouseId(Uuid::from_u128(1)),
        created: instant(),
        deleted: false,
        name: "Casa Demo 1".into(),
        location: None,
        airbnb_url: None,
        capacity_max: Some(10),
        background_color: "#fff".into(),
        on_temperature_pool_url: None,
        off_temperature_pool_url: None,
        titulo: None,
        descripcion: None,
        dormitorios: None,
        banos: None,
        detalle_dormitorios: JsonText::default(),
        hora_ingreso: None,
        hora_salida: None,
        precio_extra_persona: Some(d("15")),
        precio_desde: Some(d("80")),
        caracteristicas: JsonText::default(),
        slug: "casa-demo-1".into(),
        player_id: None,
        swap_group: None,
    }
}

fn season(start: (u32, u32), end: (u32, u32)) -> Season {
    Season {
        id: row(1),
        name: "Alta".into(),
        season_type: SeasonType::High,
        start_month: start.0,
        start_day: start.1,
        end_month: end.0,
        end_day: end.1,
    }
}

fn book() -> PriceBook {
    let rates = Rates {
        id: row(1),
        weekday_low_season_usd: d("100"),
        weekend_low_season_usd: d("160"),
        weekday_high_season_usd: d("150"),
        weekend_high_season_usd: d("220"),
    };
    let tariff = Tariff { rates: Some(rates), special_dates: Vec::new() };
    PriceBook {
        rate: d("3.755"),
        tariffs: [(house().id, tariff)].into(),
        seasons: vec![season((7, 20), (8, 5)), season((12, 15), (3, 15))],
        ..PriceBook::default()
    }
}

/// The fixture with a special date.
fn with_special(month: u32, day: u32, price: &str, minimum: u32) -> PriceBook {
    let mut book = book();
    book.tariffs.get_mut(&house().id).unwrap().special_dates.push(SpecialDate {
        id: row(1),
        month,
        day,
        description: Some("Fiesta".into()),
        price_usd: d(price),
        minimum_consecutive_nights: minimum,
        is_active: true,
    });
    book
}

fn code(name: &str, discount_type: CodeKind, value: &str) -> DiscountCode {
    DiscountCode {
        id: row(9),
        created: instant(),
        updated: instant(),
        deleted: false,
        code: name.into(),
        description: "Campaña".into(),
        discount_type,
        discount_value: d(value),
        min_amount_usd: None,
        max_discount_usd: None,
        start_date: day("2026-01-01"),
        end_date: day("2026-12-31"),
        usage_limit: None,
        used_count: 0,
        is_active: true,
        houses: vec![house().id],
        restrict_weekdays: false,
        restrict_weekends: false,
    }
}

fn percent_code(value: &str) -> DiscountCode {
    code("CODIGO", CodeKind::Percentage, value)
}

fn discount(trigger: Trigger, percent: &str) -> AutomaticDiscount {
    AutomaticDiscount {
        id: DiscountId(Uuid::from_u128(1)),
        created: instant(),
        updated: instant(),
        name: trigger.label().into(),
        description: None,
        trigger,
        discount_percentage: d(percent),
        max_discount_usd: None,
        required_achievements: Vec::new(),
        specific_weekdays: None,
        restrict_weekdays: false,
        restrict_weekends: false,
        start_date: None,
        end_date: None,
        apply_only_to_base_price: false,
        is_active: true,
    }
}

fn level(n: u128, required_reservations: i64) -> Level {
    Level {
        id: LevelId(Uuid::from_u128(n)),
        created: instant(),
        deleted: false,
        name: format!("Nivel {n}"),
        description: String::new(),
        icon: None,
        required_reservations,
        required_referrals: 0,
        required_referral_reservations: 0,
        is_active: true,
        order: 0,
    }
}

fn service(n: u128, name: &str, price: &str) -> Service {
    Service {
        id: ServiceId(Uuid::from_u128(n)),
        name: name.into(),
        description: String::new(),
        price_usd: d(price),
        service_type: "optional".into(),
        is_per_night: false,
        is_per_person: false,
        post_action: None,
        houses: Vec::new(),
    }
}

/// Asked on the fixture's day, without a code, by nobody known.
fn ask(check_in: &str, check_out: &str, guests: u32) -> Request {
    Request {
        stay: stay(check_in, check_out),
        guests,
        today: day("2026-06-01"),
        guest: None,
        code: CodeAsked::None,
        services: Vec::new(),
    }
}

/// The stay of most examples about discounts: two weekday nights, 200 dollars for one guest.
fn usual(guests: u32) -> Request {
    ask("2026-06-10", "2026-06-12", guests)
}

fn with_code(request: Request, sent: &str, code: DiscountCode) -> Request {
    Request { code: CodeAsked::new(sent, Some(code)), ..request }
}

fn by(request: Request, guest: Guest) -> Request {
    Request { guest: Some(guest), ..request }
}

fn quoted<'b>(book: &'b PriceBook, request: &Request) -> Quote<'b> {
    quote(book, &house(), request)
}

/// Final price and discount as they are shown: dollars and soles of each.
#[track_caller]
fn assert_prices(quote: &Quote<'_>, finals: (f64, f64), discounts: (f64, f64)) {
    assert_eq!((shown(quote.final_usd), shown(quote.final_sol())), finals, "final");
    assert_eq!((shown(quote.discount.amount_usd), shown(quote.discount_sol())), discounts, "discount");
}

#[track_caller]
fn assert_final(quote: &Quote<'_>, kind: DiscountKind, usd: f64) {
    assert_eq!((quote.discount.kind, shown(quote.final_usd)), (kind, usd));
}
