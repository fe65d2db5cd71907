//! What a stay is sold for: the quote that the site shows (contract 04 §4; decisions 9, 10). Guests pay exactly that; staff
//! may set another price.

use casa_domain::{
    ClientId, HouseId, Stay,
    money::displayed::shown_exact,
    pricing::{
        code::validate_code,
        protection::protection,
        quote::{CodeAsked, DiscountKind, Request, quote},
    },
};
use casa_store::{Ground, StoreError, StoredClient, Wanted};
use casa_web::AppState;
use rust_decimal::Decimal;

use crate::payments::pool;

/// What is to be sold.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Where.
    pub house: HouseId,
    /// When.
    pub stay: Stay,
    /// For how many, at least 1.
    pub guests: u32,
    /// To whom.
    pub client: ClientId,
    /// With this code, as sent.
    pub code: Option<&'a str>,
    /// With the heated pool.
    pub pool: bool,
}

/// What it is sold for.
#[derive(Clone, Debug)]
pub struct Price {
    /// Dollars, the pool included.
    pub usd: Decimal,
    /// Soles, the pool included.
    pub sol: Decimal,
    /// Soles of it for the pool.
    pub pool: Decimal,
    /// The code that lowered it, as stored.
    pub code: Option<String>,
    /// The guest's record, as read with it.
    pub guest: Option<StoredClient>,
}

/// Why it is not sold.
#[derive(Debug, thiserror::Error)]
pub enum NotSold {
    /// There is no such house.
    #[error("no such house")]
    NoSuchHouse,
    /// A night is held.
    #[error("a night is held")]
    NotFree,
    /// A special date wants a longer stay; why, for the guest.
    #[error("{0}")]
    Protected(String),
    /// The code does not apply; why, for the guest.
    #[error("{0}")]
    Code(String),
    /// The house has no heated pool to sell.
    #[error("no heated pool")]
    NoPool,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a stay is sold for on the clock's day. Whether its nights are free is only looked at; booking claims them.
///
/// # Errors
/// [`NotSold`], the first reason in the order of its kinds.
pub async fn sale(state: &AppState, wish: &Wish<'_>) -> Result<Price, NotSold> {
    let Wish { house, stay, guests, client, code: sent, pool: with_pool } = *wish;
    let wanted = Wanted { stay, client: Some(client), code: sent };
    let Ground { houses, book, occupancy, guest, code } = state.store.quotes().ground(&wanted).await?;
    let house = houses.house(house).filter(|house| !house.deleted).ok_or(NotSold::NoSuchHouse)?;
    if !occupancy.is_free(house.id, stay) {
        return Err(NotSold::NotFree);
    }
    if let Some(violation) = protection(&book, house.id, stay, &occupancy) {
        return Err(NotSold::Protected(violation.to_string()));
    }
    let heating = match with_pool {
        true => Some(pool(&book, house.id, stay.nights(), guests).ok_or(NotSold::NoPool)?),
        false => None,
    };
    let today = state.clock.today();
    let asked = CodeAsked::new(sent.unwrap_or_default(), code);
    let (stored, guest) = guest.unzip();
    let services = heating.iter().map(|line| line.service.id).collect();
    let request = Request { stay, guests, today, guest, code: asked, services };
    let quote = quote(&book, house, &request);
    let code = match (&request.code, quote.discount.kind) {
        (CodeAsked::None | CodeAsked::Blank, _) => None,
        (_, DiscountKind::Code) => quote.discount.code_used.clone(),
        // A known code that does not apply leaves the field to other discounts; a booking says why.
        (CodeAsked::Found { code, .. }, _) => {
            let refusal = validate_code(&book, code, house.id, stay, quote.subtotal_usd, today).err();
            let text =
                refusal.map_or_else(|| quote.discount.description.clone(), |refusal| refusal.to_string());
            return Err(NotSold::Code(text));
        }
        (CodeAsked::Unknown(_), _) => return Err(NotSold::Code(quote.discount.description.clone())),
    };
    Ok(Price {
        usd: shown_exact(quote.with_services_usd()),
        sol: shown_exact(quote.with_services_sol()),
        pool: quote.selected_sol(),
        code,
        guest: stored,
    })
}
