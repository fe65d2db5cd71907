//! Nightly prices (contract 04 §4.2). All in dollars and exact.

use chrono::{Datelike, NaiveDate, Weekday};
use rust_decimal::Decimal;

use crate::{house::House, ids::HouseId, stay::Stay};

use super::book::{PriceBook, Rates, Season, SeasonType, SpecialDate};

/// What a night costs in high season where a house has no rates, in terms of its "from" price.
const HIGH_SEASON_FACTOR: Decimal = Decimal::from_parts(15, 0, 0, false, 1);

/// What a stay costs before discounts and services, in dollars (contract 04 §4.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StayPrice {
    /// Nights.
    pub nights: i64,
    /// All nights for one guest.
    pub base_usd: Decimal,
    /// One guest beyond the first, one night; also told where there is no such guest.
    pub extra_per_night_usd: Decimal,
    /// All guests beyond the first, all nights.
    pub extra_usd: Decimal,
    /// `base + extra`.
    pub subtotal_usd: Decimal,
}

impl PriceBook {
    /// Whether a night is in high season; only month and day count (contract 04 §4.2.5).
    pub fn is_high_season(&self, night: NaiveDate) -> bool {
        let day = (night.month(), night.day());
        self.seasons.iter().any(|season| season.season_type == SeasonType::High && season.contains(day))
    }

    /// The active special date of a house on a night (contract 04 §4.2.2).
    pub fn special_date(&self, house: HouseId, night: NaiveDate) -> Option<&SpecialDate> {
        let (month, day) = (night.month(), night.day());
        self.special_dates(house)
            .iter()
            .find(|special| special.is_active && special.day == day && special.month == month)
    }

    /// Every special date of a house, inactive ones too.
    pub(super) fn special_dates(&self, house: HouseId) -> &[SpecialDate] {
        self.tariffs.get(&house).map(|tariff| tariff.special_dates.as_slice()).unwrap_or_default()
    }

    /// Dollars for one night of a house (contract 04 §4.2). `guests` counts the first one too.
    pub fn night_price(&self, house: &House, night: NaiveDate, guests: u32) -> Decimal {
        HousePrices::of(self, house).base(night) + extra_per_night(house) * beyond_first(guests)
    }

    /// Dollars for a stay in a house, before discounts and services (contract 04 §4.2.7).
    pub fn stay_price(&self, house: &House, stay: Stay, guests: u32) -> StayPrice {
        let prices = HousePrices::of(self, house);
        let base_usd: Decimal = stay.iter().map(|night| prices.base(night)).sum();
        let nights = stay.nights();
        let extra_per_night_usd = extra_per_night(house);
        let extra_usd = extra_per_night_usd * beyond_first(guests) * Decimal::from(nights);
        StayPrice { nights, base_usd, extra_per_night_usd, extra_usd, subtotal_usd: base_usd + extra_usd }
    }
}

impl Season {
    /// Whether it holds a (month, day), both ends included; it crosses New Year when it starts after it ends.
    fn contains(&self, day: (u32, u32)) -> bool {
        let start = (self.start_month, self.start_day);
        let end = (self.end_month, self.end_day);
        if start <= end { start <= day && day <= end } else { start <= day || day <= end }
    }
}

/// Whether a night or check-in counts as weekend: Friday and Saturday (contract 04 §4.2.3).
pub(super) fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Fri | Weekday::Sat)
}

fn extra_per_night(house: &House) -> Decimal {
    house.precio_extra_persona.unwrap_or_default()
}

fn beyond_first(guests: u32) -> Decimal {
    Decimal::from(guests.saturating_sub(1))
}

/// What the nights of one house depend on, looked up once per stay.
struct HousePrices<'b> {
    book: &'b PriceBook,
    rates: Option<&'b Rates>,
    /// The nightly price where there are no rates.
    fallback: Decimal,
    special_dates: &'b [SpecialDate],
    /// Days with an active special date by month, bit 1 is the 1st: most nights need no search.
    special_days: [u32; 12],
}

impl<'b> HousePrices<'b> {
    fn of(book: &'b PriceBook, house: &House) -> Self {
        let tariff = book.tariffs.get(&house.id);
        let special_dates = tariff.map(|tariff| tariff.special_dates.as_slice()).unwrap_or_default();
        let mut special_days = [0u32; 12];
        for special in special_dates.iter().filter(|special| special.is_active && special.day < 32) {
            if let Some(days) = special_days.get_mut(special.month.wrapping_sub(1) as usize) {
                *days |= 1 << special.day;
            }
        }
        Self {
            book,
            rates: tariff.and_then(|tariff| tariff.rates.as_ref()),
            fallback: house.precio_desde.filter(|price| !price.is_zero()).unwrap_or(Decimal::ONE_HUNDRED),
            special_dates,
            special_days,
        }
    }

    /// Dollars for a night and one guest.
    fn base(&self, night: NaiveDate) -> Decimal {
        let (month, day) = (night.month(), night.day());
        if self.special_days[night.month0() as usize] >> day & 1 == 1
            && let Some(special) = self
                .special_dates
                .iter()
                .find(|special| special.is_active && special.day == day && special.month == month)
        {
            return special.price_usd;
        }
        let high = self.book.is_high_season(night);
        match self.rates {
            Some(rates) => match (is_weekend(night), high) {
                (false, false) => rates.weekday_low_season_usd,
                (true, false) => rates.weekend_low_season_usd,
                (false, true) => rates.weekday_high_season_usd,
                (true, true) => rates.weekend_high_season_usd,
            },
            None if high => self.fallback * HIGH_SEASON_FACTOR,
            None => self.fallback,
        }
    }
}
