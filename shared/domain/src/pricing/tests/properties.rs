//! What holds for every price book, house and request.

use chrono::{Datelike, Days};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
};

use super::{
    super::{
        code::validate_code,
        late_checkout::late_checkout,
        policy::policy,
        protection::{protected_months, protection},
    },
    *,
};
use crate::time::Month;

/// Amounts as they are stored: two decimals.
fn money(most: i64) -> impl Strategy<Value = Decimal> {
    (0..=most * 100).prop_map(|cents| Decimal::new(cents, 2))
}

/// Often simple, so that ties and limits are met.
fn percent(most: i64) -> impl Strategy<Value = Decimal> {
    prop_oneof![Just(Decimal::ZERO), Just(Decimal::TEN), Just(Decimal::ONE_HUNDRED), money(most)]
}

fn any_date() -> impl Strategy<Value = NaiveDate> {
    (0u64..1500).prop_map(|days| day("2026-01-01") + Days::new(days))
}

fn any_stay() -> impl Strategy<Value = Stay> {
    (any_date(), prop_oneof![1u64..10, 1u64..=366])
        .prop_map(|(check_in, nights)| Stay::new(check_in, check_in + Days::new(nights)).unwrap())
}

fn any_house() -> impl Strategy<Value = House> {
    (option::of(money(50)), option::of(money(300))).prop_map(|(extra, from)| House {
        precio_extra_persona: extra,
        precio_desde: from,
        ..house()
    })
}

prop_compose! {
    fn any_rates()(prices in [money(900), money(900), money(900), money(900)]) -> Rates {
        let [weekday_low, weekend_low, weekday_high, weekend_high] = prices;
        Rates {
            id: row(1),
            weekday_low_season_usd: weekday_low,
            weekend_low_season_usd: weekend_low,
            weekday_high_season_usd: weekday_high,
            weekend_high_season_usd: weekend_high,
        }
    }
}

prop_compose! {
    /// At most one per month and day, impossible days included.
    fn any_special_dates()(
        dates in btree_map((1u32..=12, 1u32..=31), (money(900), 1u32..9, any::<bool>()), 0..9),
    ) -> Vec<SpecialDate> {
        dates
            .into_iter()
            .map(|((month, day), (price_usd, minimum_consecutive_nights, is_active))| {
                let (id, description) = (row(1), None);
                SpecialDate { id, month, day, description, price_usd, minimum_consecutive_nights, is_active }
            })
            .collect()
    }
}

fn any_trigger() -> impl Strategy<Value = Trigger> {
    proptest::sample::select(Trigger::ALL)
}

prop_compose! {
    fn any_discount()(
        trigger in any_trigger(),
        percent in percent(100),
        cap in option::of(money(80)),
        base_only: bool,
        demands: bool,
        flags in proptest::sample::select(vec![(false, false), (true, false), (false, true)]),
    ) -> AutomaticDiscount {
        AutomaticDiscount {
            discount_percentage: percent,
            max_discount_usd: cap,
            apply_only_to_base_price: base_only,
            required_achievements: if demands { vec![level(1, 3).id] } else { vec![] },
            restrict_weekdays: flags.0,
            restrict_weekends: flags.1,
            ..discount(trigger, "0")
        }
    }
}

prop_compose! {
    fn any_book()(
        rates in option::of(any_rates()),
        special_dates in any_special_dates(),
        seasons in vec(((1u32..=12, 1u32..=31), (1u32..=12, 1u32..=31)), 0..4),
        discounts in vec(any_discount(), 0..5),
        late in vec((0u32..7, any::<bool>(), money(300)), 0..4),
        referral in option::of(percent(100)),
        rate in 1i64..9000,
        services in vec((money(50), any::<bool>(), any::<bool>()), 0..4),
    ) -> PriceBook {
        let late_checkout = |(weekday, is_fixed, discount_value): &(u32, bool, Decimal)| LateCheckout {
            id: row(1),
            name: String::new(),
            weekday: *weekday,
            allows_late_checkout: true,
            discount_type: if *is_fixed { LateDiscount::Fixed } else { LateDiscount::Percentage },
            discount_value: *discount_value,
        };
        let mut late_checkouts: Vec<_> = late.iter().map(late_checkout).collect();
        late_checkouts.sort_by_key(|rule| rule.weekday);
        late_checkouts.dedup_by_key(|rule| rule.weekday);
        let of_silver =
            |discount_percentage| ReferralPercent { id: row(1), level: level(1, 3).id, discount_percentage };
        let services = (1u128..).zip(services).map(|(n, (price, is_per_night, is_per_person))| {
            Service { price_usd: price, is_per_night, is_per_person, ..service(n, &format!("S{n}"), "0") }
        });
        PriceBook {
            rate: Decimal::new(rate, 3),
            tariffs: [(house().id, Tariff { rates, special_dates })].into(),
            seasons: seasons.into_iter().map(|(start, end)| season(start, end)).collect(),
            services: services.collect(),
            discounts,
            late_checkouts,
            levels: vec![level(1, 3), level(2, 10)],
            referral_percents: referral.map(of_silver).into_iter().collect(),
            ..PriceBook::default()
        }
    }
}

prop_compose! {
    fn any_code()(
        kind in proptest::sample::select(CodeKind::ALL),
        value in percent(900),
        minimum in option::of(money(2000)),
        cap in option::of(money(100)),
        used in 0u64..4,
        flags in proptest::sample::select(vec![(false, false), (true, false), (false, true)]),
    ) -> DiscountCode {
        DiscountCode {
            discount_value: value,
            min_amount_usd: minimum,
            max_discount_usd: cap,
            usage_limit: Some(3),
            used_count: used,
            restrict_weekdays: flags.0,
            restrict_weekends: flags.1,
            start_date: day("2025-01-01"),
            end_date: day("2035-01-01"),
            ..code("CODIGO", kind, "0")
        }
    }
}

prop_compose! {
    fn any_guest()(
        birth_date in option::of(any_date()),
        holds: bool,
        counts in proptest::sample::select(vec![(0, 0), (0, 1), (1, 1), (3, 5)]),
        referred: bool,
    ) -> Guest {
        Guest {
            birth_date,
            levels: if holds { [level(1, 3).id].into() } else { HashSet::new() },
            approved: counts.0,
            reservations: counts.1,
            referrer_levels: referred.then(|| [level(1, 3).id].into()),
        }
    }
}

prop_compose! {
    fn any_request()(
        stay in any_stay(),
        guests in prop_oneof![1u32..12, 1u32..=u32::MAX - 1],
        early in 0u64..4,
        guest in option::of(any_guest()),
        code in option::of(any_code()),
        services in vec(1u128..6, 0..4),
    ) -> Request {
        Request {
            stay,
            guests,
            today: stay.check_in() - Days::new(early),
            guest,
            code: code.map_or(CodeAsked::None, |code| CodeAsked::new("CODIGO", Some(code))),
            services: services.into_iter().map(|n| ServiceId(Uuid::from_u128(n))).collect(),
        }
    }
}

fn occupied(nights: &[Stay]) -> Occupancy {
    let mut occupancy = Occupancy::default();
    for stay in nights {
        for month in stay.months() {
            occupancy.note(house().id, month, stay.nights_in(month));
        }
    }
    occupancy
}

/// The rule of contract 04 §4.3 word by word, with the years that decision 25 adds.
fn violates_word_by_word(book: &PriceBook, stay: Stay, occupancy: &Occupancy) -> bool {
    let years = stay.check_in().year() - 2..=stay.check_out().year() + 2;
    let special_dates = book.tariffs[&house().id].special_dates.iter().filter(|special| special.is_active);
    special_dates.flat_map(|special| years.clone().map(move |year| (special, year))).any(|(special, year)| {
        let Some(date) = NaiveDate::from_ymd_opt(year, special.month, special.day) else { return false };
        let around = Days::new(u64::from(special.minimum_consecutive_nights) - 1);
        let protected = date - around..=date + around;
        stay.iter().any(|night| protected.contains(&night))
            && !occupancy.is_held(house().id, date)
            && (stay.nights() < i64::from(special.minimum_consecutive_nights)
                || !stay.iter().any(|night| night == date))
    })
}

proptest! {
    /// No price is negative, and a discount is part of the price it lowers.
    #[test]
    fn no_price_is_negative(book in any_book(), house in any_house(), request in any_request()) {
        let quote = quote(&book, &house, &request);
        prop_assert!(quote.final_usd >= Decimal::ZERO);
        prop_assert!(quote.discount.amount_usd >= Decimal::ZERO);
        prop_assert_eq!(quote.final_usd + quote.discount.amount_usd, quote.subtotal_usd);
        prop_assert_eq!(quote.base_usd + quote.extra_usd, quote.subtotal_usd);
        prop_assert!(quote.selected_usd() >= Decimal::ZERO && quote.selected_sol() >= Decimal::ZERO);
        prop_assert!(quote.with_services_usd() >= quote.final_usd);
        prop_assert!(shown(quote.final_sol()) >= 0.0);
        if let Ok(late) = late_checkout(&book, &house, request.stay.check_out(), request.guests, true) {
            prop_assert!(late.price_usd >= Decimal::ZERO && late.discount_usd >= Decimal::ZERO);
            prop_assert_eq!(late.price_usd + late.discount_usd, late.base_usd);
        }
    }

    /// A stay costs what its nights cost, however it is split; before discounts, that is.
    #[test]
    fn splitting_a_stay_changes_nothing(
        book in any_book(),
        house in any_house(),
        stay in any_stay(),
        guests in 1u32..12,
        at in any::<prop::sample::Index>(),
    ) {
        let whole = book.stay_price(&house, stay, guests);
        let nights: Decimal = stay.iter().map(|night| book.night_price(&house, night, guests)).sum();
        prop_assert_eq!(nights, whole.subtotal_usd);
        if stay.nights() > 1 {
            let split = stay.iter().nth(1 + at.index(stay.nights() as usize - 1)).unwrap();
            let first = book.stay_price(&house, Stay::new(stay.check_in(), split).unwrap(), guests);
            let second = book.stay_price(&house, Stay::new(split, stay.check_out()).unwrap(), guests);
            prop_assert_eq!(first.base_usd + second.base_usd, whole.base_usd);
            prop_assert_eq!(first.extra_usd + second.extra_usd, whole.extra_usd);
            prop_assert_eq!(first.subtotal_usd + second.subtotal_usd, whole.subtotal_usd);
        }
    }

    /// One guest more never lowers the price before discounts. It never lowers the final price either, as long as
    /// that guest does not bring the stay over the minimum amount of the code: then the code begins to apply, and the
    /// stay may well become cheaper.
    #[test]
    fn a_guest_more_never_lowers_the_price(
        book in any_book(), house in any_house(), request in any_request(),
    ) {
        let more = Request { guests: request.guests + 1, ..request.clone() };
        let (few, many) = (quote(&book, &house, &request), quote(&book, &house, &more));
        prop_assert!(many.subtotal_usd >= few.subtotal_usd);
        prop_assert!(many.selected_usd() >= few.selected_usd());
        if few.discount.kind == many.discount.kind {
            prop_assert!(many.final_usd >= few.final_usd, "{} < {}", many.final_usd, few.final_usd);
        } else {
            prop_assert_eq!(many.discount.kind, DiscountKind::Code);
        }
    }

    /// No cap is exceeded; and a code that applies gives the amount that booking with it gives.
    #[test]
    fn no_cap_is_exceeded(book in any_book(), house in any_house(), request in any_request()) {
        let quoted = quote(&book, &house, &request);
        if let CodeAsked::Found { code, .. } = &request.code {
            let booked =
                validate_code(&book, code, house.id, request.stay, quoted.subtotal_usd, request.today).ok();
            let applies = quoted.discount.kind == DiscountKind::Code;
            prop_assert_eq!(booked, applies.then_some(quoted.discount.amount_usd));
            let cap = code.max_discount_usd.filter(|cap| !cap.is_zero());
            if let (true, CodeKind::Percentage, Some(cap)) = (applies, code.discount_type, cap) {
                prop_assert!(quoted.discount.amount_usd <= cap);
            }
        }
        for discount in &book.discounts {
            let alone = PriceBook {
                discounts: vec![discount.clone()],
                referral_percents: Vec::new(),
                ..book.clone()
            };
            let without_code = Request { code: CodeAsked::None, ..request.clone() };
            let quote = quote(&alone, &house, &without_code);
            if let Some(cap) = discount.max_discount_usd.filter(|cap| !cap.is_zero()) {
                prop_assert!(quote.discount.amount_usd <= cap);
            }
        }
    }

    /// Without a code the guest gets the largest of the discounts that apply alone.
    #[test]
    fn the_best_discount_wins(book in any_book(), house in any_house(), request in any_request()) {
        let request = Request { code: CodeAsked::None, ..request };
        let best = quote(&book, &house, &request).discount.amount_usd;
        let referral = PriceBook { discounts: Vec::new(), ..book.clone() };
        let mut alone = vec![quote(&referral, &house, &request).discount.amount_usd];
        for discount in &book.discounts {
            let one = PriceBook {
                discounts: vec![discount.clone()],
                referral_percents: Vec::new(),
                ..book.clone()
            };
            alone.push(quote(&one, &house, &request).discount.amount_usd);
        }
        prop_assert_eq!(Some(best), alone.into_iter().max());
    }

    /// The same question has the same answer, whatever the order of the tables.
    #[test]
    fn order_does_not_matter(
        book in any_book(), house in any_house(), request in any_request(), held in vec(any_stay(), 0..2),
    ) {
        let mut shuffled = book.clone();
        shuffled.tariffs.values_mut().for_each(|tariff| tariff.special_dates.reverse());
        shuffled.seasons.reverse();
        shuffled.services.reverse();
        shuffled.discounts.reverse();
        shuffled.late_checkouts.reverse();
        shuffled.levels.reverse();
        shuffled.policies.reverse();
        let (one, other) = (quote(&book, &house, &request), quote(&shuffled, &house, &request));
        prop_assert_eq!(&one, &quote(&book, &house, &request));
        // Which of equally large discounts is named is a matter of their order, how large they are is not.
        prop_assert_eq!(one.discount.kind, other.discount.kind);
        prop_assert_eq!(one.discount.amount_usd, other.discount.amount_usd);
        prop_assert_eq!((one.final_usd, one.subtotal_usd), (other.final_usd, other.subtotal_usd));
        prop_assert_eq!(one.with_services_sol(), other.with_services_sol());
        let departure = request.stay.check_out();
        prop_assert_eq!(
            late_checkout(&book, &house, departure, request.guests, true),
            late_checkout(&shuffled, &house, departure, request.guests, true)
        );
        prop_assert_eq!(policy(&book, house.id, None), policy(&shuffled, house.id, None));
        let occupancy = occupied(&held);
        prop_assert_eq!(
            protection(&book, house.id, request.stay, &occupancy),
            protection(&shuffled, house.id, request.stay, &occupancy)
        );
    }

    /// Protection is the contract's rule, and asks for no month but those it names.
    #[test]
    fn protection_is_the_rule(book in any_book(), stay in any_stay(), held in vec(any_stay(), 0..4)) {
        let occupancy = occupied(&held);
        let violation = protection(&book, house().id, stay, &occupancy);
        prop_assert_eq!(violation.is_some(), violates_word_by_word(&book, stay, &occupancy));
        let months = protected_months(&book, [house().id], stay);
        prop_assert!(stay.months().all(|month| months.contains(&month)));
        let mut read = Occupancy::default();
        for held in &held {
            for month in held.months().filter(|month| months.contains(month)) {
                read.note(house().id, month, held.nights_in(month));
            }
        }
        prop_assert_eq!(&protection(&book, house().id, stay, &read), &violation);
        if let Some(violation) = violation {
            prop_assert!(months.contains(&Month::of(violation.date)));
            prop_assert!(!occupancy.is_held(house().id, violation.date));
        }
    }
}
