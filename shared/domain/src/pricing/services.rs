//! Services sold beside the stay (contract 04 §4.7).

use rust_decimal::Decimal;

use crate::ids::HouseId;

use super::{
    book::{PriceBook, Service},
    quote::ServiceLine,
};

/// The services offered for a house, in the book's order (by name), with what they cost for the stay.
pub fn offered(
    book: &PriceBook,
    house: HouseId,
    nights: i64,
    guests: u32,
) -> impl Iterator<Item = ServiceLine<'_>> {
    book.services
        .iter()
        .filter(move |service| service.offered_for(house))
        .map(move |service| ServiceLine { service, total_usd: total(service, nights, guests) })
}

fn total(service: &Service, nights: i64, guests: u32) -> Decimal {
    let mut total = service.price_usd;
    if service.is_per_night {
        total *= Decimal::from(nights);
    }
    if service.is_per_person {
        total *= Decimal::from(guests);
    }
    total
}
