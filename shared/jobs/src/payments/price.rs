//! What an addition to a stay costs: the same figures that the site shows before the guest pays (contract 06 §3.2, 04 §4.7,
//! §4.12; defects 1 and 9 of 06 §8).

use casa_domain::{
    HouseId, Reservation,
    money::displayed::shown_exact,
    payment::Purpose,
    pricing::{late_checkout::late_checkout, quote::ServiceLine, services},
};
use casa_store::StoreError;
use casa_web::AppState;
use rust_decimal::Decimal;

/// What the front end does with the service that heats the pool.
const POOL: &str = "temperature_pool";

/// Soles that an addition to a reservation costs; `None` when it is not offered for it: no such service in the house, or no
/// late check-out on that day, or the night is sold. The stay itself is no addition.
///
/// # Errors
/// [`StoreError`].
pub async fn addition(
    state: &AppState,
    reservation: &Reservation,
    purpose: Purpose,
) -> Result<Option<Decimal>, StoreError> {
    let (houses, prices) = (state.store.houses(), state.store.prices());
    let (catalogue, book) = tokio::try_join!(houses.catalogue(), prices.book())?;
    let guests = reservation.guests.max(1);
    match purpose {
        Purpose::Reservation => Ok(None),
        Purpose::TemperaturePool => {
            let nights = reservation.nights();
            Ok(pool(&book, reservation.house, nights, guests)
                .map(|line| shown_exact(line.total_usd * book.rate)))
        }
        Purpose::LateCheckout => {
            let Some(house) = catalogue.house(reservation.house).filter(|house| !house.deleted) else {
                return Ok(None);
            };
            let departure = reservation.check_out_date;
            let night = departure.succ_opt().and_then(|next| casa_domain::Stay::new(departure, next).ok());
            let Some(night) = night else { return Ok(None) };
            let calendar = state.store.calendar();
            let is_free = calendar.is_free(reservation.house, night, Some(reservation.id)).await?;
            let offer = late_checkout(&book, house, departure, guests, is_free).ok();
            Ok(offer.map(|offer| shown_exact(offer.in_soles(offer.price_usd))))
        }
    }
}

/// The service that heats the pool of a house, with what it costs for a stay.
pub(crate) fn pool(
    book: &casa_domain::pricing::book::PriceBook,
    house: HouseId,
    nights: i64,
    guests: u32,
) -> Option<ServiceLine<'_>> {
    services::offered(book, house, nights, guests)
        .find(|line| line.service.post_action.as_deref() == Some(POOL))
}
