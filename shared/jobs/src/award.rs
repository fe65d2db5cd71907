//! Points of finished stays, credited from wherever a stay is found to be due.

use casa_domain::{
    points::{self, Entry},
    reservation::Reservation,
};
use casa_store::{Award, StoreError};
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
    let award = Award {
        house: catalogue.house(stay.house).map(|house| house.name.as_str()).unwrap_or("la casa"),
        lapses: state.clock.start_of(points::last_day(stay.check_out_date)),
        share: book.referral_share,
        never_for: [&state.settings.maintenance_name, &state.settings.airbnb_name],
        now: state.clock.now(),
    };
    // On the heap: it is a large future inside larger ones.
    Box::pin(state.store.points().award(stay, award)).await
}
