//! What a reservation costs when staff do not say: the same quote that the site shows (contract 04 §4).

use casa_domain::{
    ClientId, Stay,
    money::displayed::shown_exact,
    pricing::quote::{CodeAsked, Request, quote},
    reservation::{Origin, Reservation},
};
use casa_store::Wanted;
use casa_web::{ApiResult, AppState};

/// Sets both prices from a quote of the stay in its house, for its guests and its guest; leaves Airbnb's and
/// maintenance as they are.
///
/// # Errors
/// Failures of the table.
pub async fn price(state: &AppState, one: &mut Reservation, stay: Stay, client: ClientId) -> ApiResult<()> {
    if matches!(one.origin, Origin::Airbnb | Origin::Maintenance) {
        return Ok(());
    }
    let ground = state.store.quotes().ground(&Wanted { stay, client: Some(client), code: None }).await?;
    let Some(house) = ground.houses.house(one.house) else { return Ok(()) };
    let request = Request {
        stay,
        guests: one.guests.max(1),
        today: state.clock.today(),
        guest: ground.guest.map(|(_, guest)| guest),
        code: CodeAsked::None,
        services: Vec::new(),
    };
    let quote = quote(&ground.book, house, &request);
    one.price_usd = Some(shown_exact(quote.final_usd));
    one.price_sol = Some(shown_exact(quote.final_sol()));
    Ok(())
}
