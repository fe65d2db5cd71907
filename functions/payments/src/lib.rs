//! Payments by card (contract 06 §3.1, §3.2, §5.5, §5.6 and §8; decisions 15 to 17): guests pay, gateways tell what became
//! of payments, staff look at them and give money back. What happens between table and gateway is `casa_jobs::payments`.

mod answer;
mod body;
mod list;
mod pay;
mod problem;
mod refund;
mod webhooks;
mod wish;

use axum::{Extension, extract::DefaultBodyLimit};
use casa_domain::payment::Vendor;
use casa_gateways::Cards;
use casa_web::{AppState, OpenApiRouter};
use utoipa_axum::routes;

/// Most bytes of a body: nothing here needs more.
const LARGEST_BODY: usize = 64 * 1024;

/// The gateway of requests that name none.
#[derive(Clone, Copy, Debug)]
struct Usual(Vendor);

impl Usual {
    /// `CASA_CARD_GATEWAY`; MercadoPago without it (decision 16).
    fn from_env() -> Self {
        let named = std::env::var("CASA_CARD_GATEWAY").unwrap_or_default();
        Self(named.parse().unwrap_or_else(|_| {
            if !named.is_empty() {
                tracing::error!("CASA_CARD_GATEWAY names no gateway");
            }
            Vendor::default()
        }))
    }
}

/// The routes of this function, which charge through these gateways and believe their webhooks.
pub fn routes(cards: Cards) -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(pay::process))
        .routes(routes!(pay::additional_services))
        .routes(routes!(webhooks::mercado_pago))
        .routes(routes!(webhooks::openpay))
        .routes(routes!(list::list))
        .routes(routes!(list::one))
        .routes(routes!(refund::refund))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(Extension(cards))
        .layer(Extension(Usual::from_env()))
}
