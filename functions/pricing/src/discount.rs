//! `GET property/automaticdiscount/{id}/` (contract 04 §3.9).

use axum::{
    Json,
    extract::{Path, State},
};
use casa_domain::{
    ids::DiscountId,
    level::Level,
    money::fixed2,
    pricing::book::{AutomaticDiscount, PriceBook},
    time::local_iso,
};
use casa_web::{ApiResult, AppState, Clock};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::failure::{NumberedFailure, bad, numbered};

/// An automatic discount.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AutomaticDiscountAnswer {
    /// Always true.
    success: bool,
    /// Whether it applies at all.
    is_active: bool,
    /// The discount.
    data: AutomaticDiscountBody,
    /// In words.
    message: &'static str,
}

/// The discount.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.9)
struct AutomaticDiscountBody {
    id: Uuid,
    name: String,
    description: Option<String>,
    trigger: &'static str,
    trigger_display: &'static str,
    discount_percentage: String,
    max_discount_usd: Option<String>,
    required_achievements: Vec<Uuid>,
    required_achievements_detail: Vec<LevelBody>,
    restrict_weekdays: bool,
    restrict_weekends: bool,
    apply_only_to_base_price: bool,
    is_active: bool,
    created: String,
    updated: String,
}

/// A level it demands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RequiredLevel)]
#[allow(missing_docs)] // the keys are the contract's (04 §3.9)
struct LevelBody {
    id: Uuid,
    name: String,
    description: String,
    icon: Option<String>,
    required_reservations: i64,
    required_referrals: i64,
    required_referral_reservations: i64,
    order: i64,
}

/// An automatic discount, active or not.
#[utoipa::path(
    get,
    path = "/api/v1/property/automaticdiscount/{id}/",
    tag = "pricing",
    operation_id = "pricing_automatic_discount",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "The discount", body = AutomaticDiscountAnswer),
        (status = 400, description = "Not an id (1)", body = NumberedFailure),
        (status = 404, description = "No such discount (2)", body = NumberedFailure),
    ),
)]
pub(crate) async fn detail(
    State(state): State<AppState>,
    id: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> ApiResult<Json<AutomaticDiscountAnswer>> {
    let no_id = || bad(1, "El identificador no es válido.");
    let Path(id) = id.map_err(|_| no_id())?;
    let id: DiscountId = id.parse().map_err(|_| no_id())?;
    let book = state.store.prices().book().await?;
    let found = book.discounts.iter().find(|discount| discount.id == id);
    let discount = found.ok_or_else(|| numbered(StatusCode::NOT_FOUND, 2, "El descuento no existe."))?;
    let data = AutomaticDiscountBody::new(discount, &book, &state.clock);
    let message = if discount.is_active { "Descuento activo." } else { "Descuento inactivo." };
    Ok(Json(AutomaticDiscountAnswer { success: true, is_active: discount.is_active, data, message }))
}

impl AutomaticDiscountBody {
    fn new(discount: &AutomaticDiscount, book: &PriceBook, clock: &Clock) -> Self {
        let local = |instant| local_iso(instant, clock.offset(instant));
        let mut levels: Vec<&Level> =
            discount.required_achievements.iter().filter_map(|id| book.level(*id)).collect();
        levels.sort_by_key(|level| level.place());
        Self {
            id: discount.id.0,
            name: discount.name.clone(),
            description: discount.description.clone(),
            trigger: discount.trigger.as_str(),
            trigger_display: discount.trigger.label(),
            discount_percentage: fixed2(discount.discount_percentage),
            max_discount_usd: discount.max_discount_usd.map(fixed2),
            required_achievements: levels.iter().map(|level| level.id.0).collect(),
            required_achievements_detail: levels.into_iter().map(LevelBody::new).collect(),
            restrict_weekdays: discount.restrict_weekdays,
            restrict_weekends: discount.restrict_weekends,
            apply_only_to_base_price: discount.apply_only_to_base_price,
            is_active: discount.is_active,
            created: local(discount.created),
            updated: local(discount.updated),
        }
    }
}

impl LevelBody {
    fn new(level: &Level) -> Self {
        Self {
            id: level.id.0,
            name: level.name.clone(),
            description: level.description.clone(),
            icon: level.icon.clone(),
            required_reservations: level.required_reservations,
            required_referrals: level.required_referrals,
            required_referral_reservations: level.required_referral_reservations,
            order: level.order,
        }
    }
}
