//! `POST reservations/rearrange/`: carries out a plan that the availability search found (contract 05 §3.12;
//! decision 18), optionally with the booking it makes room for, in one transaction.

use std::collections::{BTreeMap, HashSet};

use axum::{Json, extract::State};
use casa_domain::{HouseId, ReservationId, StaffUser, Stay, calendar::Hold, event, reservation::Reservation};
use casa_store::{
    Audit, AuditAction, Catalogue, RESERVATION_ROWS, StoreError,
    reservations::{Change, Stored},
};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Staff, error,
    openapi::{ForSellers, Invalid, WithBody},
};
use chrono::{DateTime, NaiveDate, Utc};
use http::StatusCode;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::create::Draft;

/// Tries after losing a race for the points of the new booking's guest.
const TRIES: usize = 4;

/// A plan as the search answered it; keys that the search adds for people are ignored.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// The house that becomes free.
    #[schema(value_type = Uuid)]
    pub property_id: HouseId,
    /// First night that becomes free.
    pub check_in: NaiveDate,
    /// First night after it.
    pub check_out: NaiveDate,
    /// Names the state of the moved reservations when the plan was made.
    pub version: String,
    /// The moves, in an order in which they can be told.
    pub moves: Vec<PlannedMove>,
}

/// A move of a plan.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlannedMove {
    /// The reservation.
    #[schema(value_type = Uuid)]
    pub reservation_id: ReservationId,
    /// Where it is.
    #[schema(value_type = Uuid)]
    pub from_property_id: HouseId,
    /// Where it goes, with all its dates.
    #[schema(value_type = Uuid)]
    pub to_property_id: HouseId,
}

/// What is asked.
#[derive(Serialize, ToSchema)]
#[allow(dead_code)] // only its schema is used
pub struct RearrangeBody {
    /// The plan, as answered by the search.
    plan: Plan,
    /// The booking to enter where room was made, as for `POST reservations/`; house and dates default to the plan's.
    booking: Option<HashMapSchema>,
}

/// Any fields of a new reservation.
#[derive(Serialize, ToSchema)]
#[allow(dead_code)] // only its schema is used
pub struct HashMapSchema {
    /// The guest.
    client: Uuid,
    /// Guests.
    #[schema(maximum = 1000)]
    guests: Option<u32>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rearranged {
    /// Always true.
    pub success: bool,
    /// In words.
    pub message: String,
    /// The moved reservations, each with its new house.
    pub moved: Vec<Moved>,
    /// The new reservation, when one was asked for.
    pub booking: Option<Uuid>,
}

/// A moved reservation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Moved {
    /// The reservation.
    pub reservation_id: Uuid,
    /// Its house now.
    pub property_id: Uuid,
}

/// What stands against a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct Overtaken {
    /// In words.
    pub detail: String,
    /// What changed since the plan was made.
    pub changed: Vec<Changed>,
}

/// One thing that changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// The reservation it is about.
    pub reservation_id: Uuid,
    /// `gone`, `changed`, `cannot_move` or `in_the_way`.
    pub reason: &'static str,
    /// In words.
    pub detail: &'static str,
}

/// Carries out a plan, all or nothing.
#[utoipa::path(
    post,
    path = "/api/v1/reservations/rearrange/",
    tag = "reservations",
    operation_id = "reservations_rearrange",
    request_body(content((RearrangeBody = "application/json"))),
    responses(
        (status = 200, description = "Moved", body = Rearranged),
        (status = 400, description = "The plan or the booking makes no sense", body = Invalid),
        (status = 409, description = "Something changed since the plan was made; nothing was moved", body = Overtaken),
        ForSellers,
        WithBody,
    ),
    security(("staff" = []))
)]
pub async fn rearrange(
    Staff(user): Staff,
    State(state): State<AppState>,
    form: Form,
) -> ApiResult<Json<Rearranged>> {
    if !user.may_sell() {
        return Err(error::forbidden());
    }
    let now = state.clock.now();
    let plan = read_plan(&form, state.settings.most_moves)?;
    let mut draft = match form.get("booking") {
        None | Some(Value::Null) => None,
        Some(booking) => Some(booking_of(booking, &plan, &state, &user, now).await?),
    };
    for _ in 0..TRIES {
        match attempt(&state, &user, &plan, draft.as_ref(), now).await? {
            Ok(moved) => {
                let booking = draft.map(|draft| draft.one.id.0);
                let message = "Las reservas se movieron correctamente.".to_owned();
                return Ok(Json(Rearranged { success: true, message, moved, booking }));
            }
            // Either a reservation, which the next try tells, or the points of the new booking's guest.
            Err(StoreError::Changed) => {
                if let Some(draft) = &mut draft {
                    draft.read_guest_again(&state).await?;
                }
            }
            Err(StoreError::NightTaken) => return Err(in_the_way(&state, &plan, draft.as_ref()).await?),
            Err(StoreError::TooLarge) => {
                return Err(error::rule("El plan es demasiado grande para hacerlo de una vez."));
            }
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}

fn read_plan(form: &Form, most: usize) -> ApiResult<Plan> {
    let value = match form.get("plan") {
        // Forms carry it as text.
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(value) => value.clone(),
        None => return Err(error::field("plan", "Este campo es requerido.")),
    };
    let plan: Plan = serde_json::from_value(value)
        .map_err(|_| error::field("plan", "Envíe el plan tal como lo respondió la búsqueda."))?;
    let wrong = |text: &str| Err(error::field("plan", text));
    if plan.moves.is_empty() {
        return wrong("El plan no tiene movimientos.");
    }
    if plan.moves.len() > most {
        return wrong(&format!("Un plan puede tener hasta {most} movimientos."));
    }
    let distinct: HashSet<_> = plan.moves.iter().map(|one| one.reservation_id).collect();
    if distinct.len() < plan.moves.len()
        || plan.moves.iter().any(|one| one.from_property_id == one.to_property_id)
    {
        return wrong("Cada reserva se mueve una sola vez y a otra casa.");
    }
    if Stay::new(plan.check_in, plan.check_out).is_err() {
        return wrong("Las fechas del plan no forman una estadía.");
    }
    Ok(plan)
}

async fn booking_of(
    booking: &Value,
    plan: &Plan,
    state: &AppState,
    user: &StaffUser,
    now: DateTime<Utc>,
) -> ApiResult<Draft> {
    let Value::Object(fields) = booking else {
        return Err(error::field("booking", "Envíe los datos de la reserva como un objeto."));
    };
    let mut whole = Map::from_iter([
        ("property".to_owned(), json!(plan.property_id)),
        ("check_in_date".to_owned(), json!(plan.check_in)),
        ("check_out_date".to_owned(), json!(plan.check_out)),
    ]);
    whole.extend(fields.clone());
    let draft = Draft::read(state, user, &Form::from_json(whole), now).await?;
    let one = &draft.one;
    if (one.house, one.check_in_date) != (plan.property_id, plan.check_in)
        || one.check_out_date > plan.check_out
    {
        return Err(error::field(
            "booking",
            "La reserva debe estar dentro de la casa y las fechas del plan.",
        ));
    }
    Ok(draft)
}

/// One try: checks the plan against what is stored and writes. The inner error is the table's.
async fn attempt(
    state: &AppState,
    user: &StaffUser,
    plan: &Plan,
    draft: Option<&Draft>,
    now: DateTime<Utc>,
) -> ApiResult<Result<Vec<Moved>, StoreError>> {
    let ids: Vec<_> = plan.moves.iter().map(|one| one.reservation_id).collect();
    let stored = state.store.reservations().get_many(&ids).await?;
    let catalogue = state.store.houses().catalogue().await?;
    refuse_if_overtaken(plan, &stored.iter().map(|(id, one)| (*id, one)).collect(), state.clock.today())?;
    let mut changes = Vec::new();
    for planned in &plan.moves {
        let Some(before) = stored.get(&planned.reservation_id) else { continue };
        fits(&catalogue, planned, &before.booked.reservation)?;
        let mut after = before.booked.reservation.clone();
        (after.house, after.updated) = (planned.to_property_id, now);
        changes.push(Change {
            facts: event::facts(Some(&before.booked.reservation), &after, Decimal::ZERO),
            audit: Some(Audit::new(Some(user.id), AuditAction::Changed, RESERVATION_ROWS, after.id, now)),
            ..Change::new(Some(before), after, before.booked.client.clone())
        });
    }
    if let Some(draft) = draft {
        changes.push(draft.change(user, now)?);
    }
    let moved = plan
        .moves
        .iter()
        .map(|one| Moved { reservation_id: one.reservation_id.0, property_id: one.to_property_id.0 })
        .collect();
    Ok(state.store.reservations().commit_all(changes, now).await.map(|_| moved))
}

/// The version of a plan: those of its reservations, in the order of its moves.
fn version_of(plan: &Plan, stored: &BTreeMap<ReservationId, &Stored>) -> Vec<Option<u64>> {
    plan.moves.iter().map(|one| stored.get(&one.reservation_id).map(|stored| stored.version)).collect()
}

fn refuse_if_overtaken(
    plan: &Plan,
    stored: &BTreeMap<ReservationId, &Stored>,
    today: NaiveDate,
) -> ApiResult<()> {
    let seen: Vec<Option<u64>> = plan.version.split('.').map(|one| one.parse().ok()).collect();
    let now = version_of(plan, stored);
    let mut changed = Vec::new();
    for (at, planned) in plan.moves.iter().enumerate() {
        let stored = stored.get(&planned.reservation_id);
        let reason = match stored.map(|one| &one.booked.reservation) {
            None => Some(("gone", "La reserva ya no existe.")),
            Some(one) if one.deleted || !one.status.blocks() => Some(("gone", "La reserva fue anulada.")),
            Some(one) if !one.may_move(today) => Some(("cannot_move", "La reserva ya no puede moverse.")),
            Some(one) if one.house != planned.from_property_id || seen.get(at) != now.get(at) => {
                Some(("changed", "La reserva cambió después de la búsqueda."))
            }
            Some(_) => None,
        };
        changed.extend(reason.map(|(reason, detail)| Changed {
            reservation_id: planned.reservation_id.0,
            reason,
            detail,
        }));
    }
    if changed.is_empty() && seen.len() == now.len() { Ok(()) } else { Err(overtaken(changed)) }
}

fn overtaken(changed: Vec<Changed>) -> ApiError {
    let detail = "Algo cambió desde la búsqueda y no se movió ninguna reserva. Busque de nuevo.".to_owned();
    let body = serde_json::to_value(Overtaken { detail, changed }).unwrap_or_default();
    ApiError::new(StatusCode::CONFLICT, body)
}

/// Demands that the new house may host the guests: of the same swap group and large enough (decision 18).
fn fits(catalogue: &Catalogue, planned: &PlannedMove, one: &Reservation) -> ApiResult<()> {
    let wrong = |text: &str| Err(error::field("plan", text));
    let group = |house: HouseId| catalogue.house(house).and_then(|house| house.swap_group.as_deref());
    let Some(target) = catalogue.live().find(|house| house.id == planned.to_property_id) else {
        return wrong("El plan nombra una casa que no existe.");
    };
    if target.swap_group.is_none() || group(planned.from_property_id) != target.swap_group.as_deref() {
        return wrong("Estas casas no intercambian reservas.");
    }
    if target.capacity_max.is_some_and(|most| i64::from(one.guests) > most) {
        return wrong("La casa de destino no tiene capacidad suficiente.");
    }
    Ok(())
}

/// Names the reservations that hold nights the plan wants.
async fn in_the_way(state: &AppState, plan: &Plan, draft: Option<&Draft>) -> ApiResult<ApiError> {
    let moving: HashSet<_> = plan.moves.iter().map(|one| one.reservation_id).collect();
    let ids: Vec<_> = moving.iter().copied().collect();
    let reservations = state.store.reservations();
    let stored = reservations.get_many(&ids).await?;
    let mut wanted: Vec<Hold> = plan
        .moves
        .iter()
        .filter_map(|one| {
            let stay = stored.get(&one.reservation_id)?.booked.reservation.stay()?;
            Some(Hold { house: one.to_property_id, stay })
        })
        .collect();
    wanted.extend(draft.and_then(|draft| draft.one.wanted_hold()));
    let mut blocking = HashSet::new();
    for hold in wanted {
        blocking.extend(reservations.in_the_way(hold, ReservationId(Uuid::nil())).await?);
    }
    let mut blocking: Vec<_> = blocking.into_iter().filter(|id| !moving.contains(id)).collect();
    blocking.sort();
    let changed = blocking.into_iter().map(|id| Changed {
        reservation_id: id.0,
        reason: "in_the_way",
        detail: "Otra reserva ocupa noches que el plan necesita.",
    });
    Ok(overtaken(changed.collect()))
}
