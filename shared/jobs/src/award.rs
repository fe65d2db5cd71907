//! Points of finished stays, credited from wherever a stay is found to be due.

use casa_domain::{
    points::{self, Entry, Movement},
    pricing::book::PriceBook,
    reservation::Reservation,
};
use casa_store::{Award, Catalogue, StoreError};
use casa_web::AppState;

/// Credits a stay to its guest and the referrer's share to the referrer, once ever, when it is due on the clock's day and
/// its guest is none of the house's own (contract 02 §4.7; decision 11). Answers the entries written.
///
/// # Errors
/// [`StoreError`].
pub async fn if_due(state: &AppState, stay: &Reservation) -> Result<Vec<Entry>, StoreError> {
    if !points::is_due(stay, state.clock.today()) {
        return Ok(Vec::new());
    }
    let (houses, prices) = (state.store.houses(), state.store.prices());
    let (catalogue, book) = tokio::try_join!(houses.catalogue(), prices.book())?;
    // On the heap: it is a large future inside larger ones.
    Box::pin(state.store.points().award(stay, terms(state, stay, &catalogue, &book))).await
}

/// What [`if_due`] would move now: the guest's points first, the referrer's share behind them.
///
/// # Errors
/// [`StoreError`].
pub async fn rehearsed(state: &AppState, stay: &Reservation) -> Result<Vec<Movement>, StoreError> {
    if !points::is_due(stay, state.clock.today()) {
        return Ok(Vec::new());
    }
    let (houses, prices) = (state.store.houses(), state.store.prices());
    let (catalogue, book) = tokio::try_join!(houses.catalogue(), prices.book())?;
    let planned = state.store.points().planned(stay, terms(state, stay, &catalogue, &book)).await?;
    Ok(planned.into_iter().map(|(_, movement)| movement).collect())
}

/// On what terms a stay is credited.
fn terms<'a>(
    state: &'a AppState,
    stay: &Reservation,
    catalogue: &'a Catalogue,
    book: &PriceBook,
) -> Award<'a> {
    Award {
        house: catalogue.house(stay.house).map(|house| house.name.as_str()).unwrap_or("la casa"),
        lapses: state.clock.start_of(points::last_day(stay.check_out_date)),
        share: book.referral_share,
        never_for: [&state.settings.maintenance_name, &state.settings.airbnb_name],
        now: state.clock.now(),
    }
}
