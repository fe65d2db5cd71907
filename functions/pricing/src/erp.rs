//! `GET properties/calculate-pricing-erp/`: which houses are free, and which could be made free by moving stays
//! (contract 05 §3.12 with defect 17 of §8; decision 18).

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use casa_domain::{
    House, HouseId, ReservationId, Stay,
    pricing::{
        book::PriceBook,
        quote::{CodeAsked, Quote, Request, quote},
        words::{self, Answer},
    },
    rearrangement::{self, Place, Placed, Plan, Room},
};
use casa_store::{Ground, HouseList, Wanted, reservations::Stored};
use casa_web::{ApiResult, AppState, MaybeStaff, Query};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ask::{self, Asked},
    failure::QuoteFailure,
    moves::{MoveBody, PlanBody},
    shapes::{BenefitsBody, HouseQuoteBody},
};

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AvailabilitySearchAnswer)]
pub(crate) struct SearchAnswer<'a> {
    /// Always true.
    success: bool,
    /// Always 0.
    error: u32,
    /// In words.
    message: &'static str,
    /// What was found.
    data: SearchData<'a>,
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AvailabilitySearchData)]
#[allow(missing_docs)] // the keys are the contract's (05 §3.12)
struct SearchData<'a> {
    requested_dates: RequestedDates,
    direct_available: Vec<DirectOption<'a>>,
    options_with_movements: Vec<MoveOption<'a>>,
    summary: Summary,
    message1: String,
    message2: String,
}

/// What was asked.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)] // the keys are the contract's (05 §3.12)
struct RequestedDates {
    check_in: NaiveDate,
    check_out: NaiveDate,
    nights: i64,
    guests: u32,
}

/// A free house.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DirectOption)]
struct DirectOption<'a> {
    /// Its quote.
    #[serde(flatten)]
    quote: HouseQuoteBody<'a>,
    /// Always `direct`.
    option_type: &'static str,
}

/// A house that a plan makes free. Its quote says `available: false` until the plan is carried out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoveOption)]
struct MoveOption<'a> {
    /// Its quote.
    #[serde(flatten)]
    quote: HouseQuoteBody<'a>,
    /// Always `move_required`.
    option_type: &'static str,
    /// The move, when there is exactly one.
    #[serde(skip_serializing_if = "Option::is_none")]
    movement_required: Option<MoveBody>,
    /// The moves, when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    movements_required: Option<Vec<MoveBody>>,
    /// How many, when there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_movements: Option<usize>,
    /// The same for `POST reservations/rearrange/`, which carries it out.
    plan: PlanBody,
}

/// How many of each.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AvailabilitySearchSummary)]
#[allow(missing_docs)] // the keys are the contract's (05 §3.12)
struct Summary {
    total_direct_available: usize,
    total_options_with_movements: usize,
    total_properties_checked: usize,
}

/// Free houses, and houses that moving other stays would free. Guests' names are for staff only.
#[utoipa::path(
    get,
    path = "/api/v1/properties/calculate-pricing-erp/",
    tag = "pricing",
    operation_id = "pricing_search",
    params(
        ("check_in_date" = String, Query, description = "`YYYY-MM-DD`, today or later"),
        ("check_out_date" = String, Query, description = "`YYYY-MM-DD`, at most 366 nights later"),
        ("guests" = Option<String>, Query, description = "1 to 1000; 1 when left out"),
        ("client_id" = Option<String>, Query, description = "The guest, whose discounts then apply"),
    ),
    responses(
        (status = 200, description = "What was found", body = SearchAnswer),
        (status = 400, description = "A check failed: 1, 2, 3, 7, 8, 9; 14: the stay is too long", body = QuoteFailure),
        (status = 404, description = "No such client (6)", body = QuoteFailure),
    ),
    security((), ("staff" = [])),
)]
pub(crate) async fn search(
    MaybeStaff(staff): MaybeStaff,
    State(state): State<AppState>,
    query: Query,
) -> ApiResult<Response> {
    let today = state.clock.today();
    let Asked { stay, guests } = Asked::read(&query, today)?;
    let client = ask::client(&query)?;
    let wanted = Wanted { stay, client, code: None };
    let Ground { houses, book, occupancy, guest, .. } = state.store.quotes().ground(&wanted).await?;
    let (who, guest) = ask::known(client, guest)?;
    let request = Request { stay, guests, today, guest, code: CodeAsked::None, services: Vec::new() };
    let now = state.clock.now();
    let known = who.as_ref().filter(|_| staff.is_some()).zip(request.guest.as_ref());
    let benefits = known.map(|(stored, guest)| BenefitsBody::new(&stored.client, guest, &book, now));

    let taken: Vec<&House> = houses.live().filter(|house| !occupancy.is_free(house.id, stay)).collect();
    let found = plans(&state, &houses, &book, &taken, stay).await?;
    let quotes: Vec<_> = houses
        .live()
        .map(|house| (house, occupancy.is_free(house.id, stay), quote(&book, house, &request)))
        .collect();
    let mut direct_available = Vec::new();
    let mut options_with_movements = Vec::new();
    for (house, free, quote) in &quotes {
        if *free {
            direct_available.push(DirectOption {
                quote: shown(house, quote, &book, true, benefits.clone()),
                option_type: "direct",
            });
        } else if let Some(plan) = found.plans.get(&house.id) {
            let plan = Found { plan, stays: &found.stays };
            options_with_movements.push(plan.option(
                house,
                &houses,
                &book,
                stay,
                shown(house, quote, &book, false, benefits.clone()),
                staff.is_some(),
            ));
        }
    }
    let mut answers: Vec<_> = quotes
        .iter()
        .filter(|(_, free, _)| *free)
        .map(|(house, _, quote)| Answer { name: &house.name, available: true, quote })
        .collect();
    answers.sort_by_cached_key(|answer| words::natural_key(answer.name));
    let data = SearchData {
        requested_dates: RequestedDates {
            check_in: stay.check_in(),
            check_out: stay.check_out(),
            nights: stay.nights(),
            guests,
        },
        summary: Summary {
            total_direct_available: direct_available.len(),
            total_options_with_movements: options_with_movements.len(),
            total_properties_checked: quotes.len(),
        },
        direct_available,
        options_with_movements,
        message1: words::message1(stay, guests, &answers),
        message2: words::message2(&answers),
    };
    let message = "Búsqueda de disponibilidad completada.";
    Ok(Json(SearchAnswer { success: true, error: 0, message, data }).into_response())
}

fn shown<'a>(
    house: &'a House,
    quote: &Quote<'a>,
    book: &'a PriceBook,
    free: bool,
    benefits: Option<BenefitsBody>,
) -> HouseQuoteBody<'a> {
    let message = words::availability(free, None);
    let body = HouseQuoteBody::new(house, quote, &CodeAsked::None, book, free, message);
    HouseQuoteBody { client_benefits: benefits, ..body }
}

/// The plans that make houses free, by house, and the stays they move.
#[derive(Default)]
struct Plans {
    plans: BTreeMap<HouseId, Plan>,
    stays: BTreeMap<ReservationId, Stored>,
}

/// Looks for plans for the houses that are taken and belong to a swap group.
async fn plans(
    state: &AppState,
    houses: &HouseList,
    book: &PriceBook,
    taken: &[&House],
    stay: Stay,
) -> ApiResult<Plans> {
    let groups: BTreeSet<&str> = taken.iter().filter_map(|house| house.swap_group.as_deref()).collect();
    let swapping: Vec<&House> = houses
        .live()
        .filter(|house| house.swap_group.as_deref().is_some_and(|group| groups.contains(group)))
        .collect();
    let (most, today) = (state.settings.most_moves, state.clock.today());
    if swapping.len() < 2 || most == 0 {
        return Ok(Plans::default());
    }
    let ids: Vec<_> = swapping.iter().map(|house| house.id).collect();
    let movable = |stored: &Stored| stored.booked.reservation.may_move(today);
    let stays = state.store.reservations().near(&ids, stay, most, movable).await?;
    let places: Vec<_> = swapping
        .iter()
        .map(|house| Place {
            id: house.id,
            name: house.name.clone(),
            group: house.swap_group.clone(),
            capacity: house.capacity_max,
        })
        .collect();
    let placed: Vec<_> = stays
        .values()
        .filter_map(|(stored, movable)| {
            let hold = stored.booked.hold?;
            Some(Placed {
                id: stored.booked.reservation.id,
                house: hold.house,
                stay: hold.stay,
                guests: stored.booked.reservation.guests,
                movable: *movable,
            })
        })
        .collect();
    // Before discounts: what the house is worth for those nights and guests, not what a promotion makes of it.
    let price = |placed: &Placed, house: HouseId| {
        let house = houses.house(house);
        house
            .map(|house| book.stay_price(house, placed.stay, placed.guests.max(1)).subtotal_usd)
            .unwrap_or_default()
    };
    let rooms = rearrangement::search(&places, &placed, stay, most, |placed, to| {
        price(placed, to) - price(placed, placed.house)
    });
    let plans = rooms.into_iter().filter_map(|(house, room)| match room {
        Room::Plan(plan) => Some((house, plan)),
        Room::Free | Room::Impossible => None,
    });
    let stays = stays.into_iter().map(|(id, (stored, _))| (id, stored));
    Ok(Plans { plans: plans.collect(), stays: stays.collect() })
}

/// A plan with the stays that plans move.
struct Found<'p> {
    plan: &'p Plan,
    stays: &'p BTreeMap<ReservationId, Stored>,
}

impl Found<'_> {
    fn option<'a>(
        &self,
        house: &House,
        houses: &HouseList,
        book: &PriceBook,
        stay: Stay,
        quote: HouseQuoteBody<'a>,
        names: bool,
    ) -> MoveOption<'a> {
        let plan = PlanBody::new(house.id, stay, self.plan, self.stays, book);
        let mut moves: Vec<_> = self
            .plan
            .moves
            .iter()
            .filter_map(|one| Some(MoveBody::new(one, self.stays.get(&one.reservation)?, houses, names)))
            .collect();
        let single = if moves.len() == 1 { moves.pop() } else { None };
        let several = single.is_none().then_some(moves);
        MoveOption {
            quote,
            option_type: "move_required",
            movement_required: single,
            total_movements: several.as_ref().map(Vec::len),
            movements_required: several,
            plan,
        }
    }
}
