//! `PATCH`, `PUT` and `DELETE reservations/{id}/` (contract 05 §3.1).

use axum::{extract::State, response::Response};
use casa_domain::{
    ReservationId, StaffUser, event,
    reservation::{Origin, Receipt, Reservation, Status},
};
use casa_jobs::{ending, standing};
use casa_store::{
    Audit, AuditAction, RESERVATION_ROWS, StoreError,
    reservations::{Change, Conflicts, Stored},
};
use casa_web::{
    ApiResult, AppState, Form, IdPath, Query, Staff, error, json,
    openapi::{Detail, ForSellers, Invalid, Racing, WithBody},
    receipts, render,
    reservations::{NIGHTS_TAKEN, WrittenBody},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use rust_decimal::Decimal;

use crate::{
    create::{as_sent_is_a_stay, maintenance_refused, recognise},
    fields::{self, Fields, ReservationWrite},
    list::find,
    receipts::sent,
};

/// Tries after losing a race against another edit.
const TRIES: usize = 6;

/// Whether a write says everything anew or only what changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Part,
    Whole,
}

/// Changes the fields that are sent; files sent as `file` are added to the receipts.
#[utoipa::path(
    patch,
    path = "/api/v1/reservations/{id}/",
    tag = "reservations",
    operation_id = "reservations_change",
    params(("id" = String, Path, description = "Its id"), ("exclude" = Option<String>, Query, description = "Not found when it has this origin")),
    request_body(content(
        (ReservationWrite = "multipart/form-data"),
        (ReservationWrite = "application/x-www-form-urlencoded"),
        (ReservationWrite = "application/json"),
    )),
    responses(
        (status = 200, description = "Changed", body = WrittenBody<'static>),
        (status = 400, description = "A field is wrong, or nights are taken", body = Invalid),
        (status = 404, description = "No such reservation, or not for this user", body = Detail),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = []))
)]
pub async fn patch(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<ReservationId>,
    query: Query,
    form: Form,
) -> ApiResult<Response> {
    write(&state, &user, id, &query, &form, Extent::Part).await
}

/// Replaces the fields once: what is left out goes back to its default.
#[utoipa::path(
    put,
    path = "/api/v1/reservations/{id}/",
    tag = "reservations",
    operation_id = "reservations_replace",
    params(("id" = String, Path, description = "Its id"), ("exclude" = Option<String>, Query, description = "Not found when it has this origin")),
    request_body(content(
        (ReservationWrite = "multipart/form-data"),
        (ReservationWrite = "application/x-www-form-urlencoded"),
        (ReservationWrite = "application/json"),
    )),
    responses(
        (status = 200, description = "Replaced", body = WrittenBody<'static>),
        (status = 400, description = "A field is wrong, or nights are taken", body = Invalid),
        (status = 404, description = "No such reservation, or not for this user", body = Detail),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = []))
)]
pub async fn put(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<ReservationId>,
    query: Query,
    form: Form,
) -> ApiResult<Response> {
    write(&state, &user, id, &query, &form, Extent::Whole).await
}

/// Deletes a reservation: its nights become free, redeemed points go back to the guest once (decision 11).
#[utoipa::path(
    delete,
    path = "/api/v1/reservations/{id}/",
    tag = "reservations",
    operation_id = "reservations_delete",
    params(("id" = String, Path, description = "Its id"), ("exclude" = Option<String>, Query, description = "Not found when it has this origin")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "No such reservation, or not for this user", body = Detail),
        ForSellers,
        Racing,
    ),
    security(("staff" = []))
)]
pub async fn delete(
    Staff(user): Staff,
    State(state): State<AppState>,
    IdPath(id): IdPath<ReservationId>,
    query: Query,
) -> ApiResult<StatusCode> {
    let now = state.clock.now();
    for _ in 0..TRIES {
        let stored = visible(&state, &user, id, &query).await?;
        let audit = Audit::new(Some(user.id), AuditAction::Deleted, RESERVATION_ROWS, id, now);
        let change = Change { audit: Some(audit), ..ending::deleted(&state.store, &stored, now).await? };
        match state.store.reservations().commit(change, now).await {
            Ok(_) => return Ok(StatusCode::NO_CONTENT),
            Err(StoreError::Changed) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}

/// The reservation, if this user may change it.
async fn visible(state: &AppState, user: &StaffUser, id: ReservationId, query: &Query) -> ApiResult<Stored> {
    if !user.may_sell() {
        return Err(error::forbidden());
    }
    let stored = find(state, id, query).await?;
    if !user.may_change(&stored.booked.reservation) {
        return Err(error::not_found());
    }
    Ok(stored)
}

async fn write(
    state: &AppState,
    user: &StaffUser,
    id: ReservationId,
    query: &Query,
    form: &Form,
    extent: Extent,
) -> ApiResult<Response> {
    let now = state.clock.now();
    // Not found comes before what is wrong with the body.
    let mut stored = visible(state, user, id, query).await?;
    let fields = fields::read(form, &state.clock, |checked, fields| {
        if extent == Extent::Whole {
            checked.required("property", fields.house.clone());
            checked.required("check_in_date", fields.check_in.clone());
            checked.required("check_out_date", fields.check_out.clone());
        }
        checked.not_null("property", fields.house.clone());
        checked.not_null("check_in_date", fields.check_in.clone());
        checked.not_null("check_out_date", fields.check_out.clone());
        if form.get("client").is_some() {
            checked.required("client", fields.client.clone());
        }
    })?;
    fields::check_seller(&fields, state).await?;
    let files = if extent == Extent::Part { sent(form).await? } else { Vec::new() };
    let receipts = receipts::store(state, id, files, now).await?;
    let written = async {
        for _ in 0..TRIES {
            let written = attempt(state, user, &stored, fields.clone(), extent, &receipts, now).await?;
            if let Some(written) = written {
                return Ok(written);
            }
            stored = visible(state, user, id, query).await?;
        }
        Err(error::changed_meanwhile())
    };
    match written.await {
        Ok(one) => Ok(json(render(&WrittenBody::new(&one, &state.clock))?)),
        Err(problem) => {
            receipts::forget(state, &problem, &receipts).await;
            Err(problem)
        }
    }
}

/// One try; `None` when the reservation changed meanwhile.
async fn attempt(
    state: &AppState,
    user: &StaffUser,
    stored: &Stored,
    fields: Fields,
    extent: Extent,
    receipts: &[Receipt],
    now: DateTime<Utc>,
) -> ApiResult<Option<Reservation>> {
    let before = &stored.booked.reservation;
    let mut after = if extent == Extent::Whole { defaults(before) } else { before.clone() };
    if let Some(house) = fields.house.clone().value() {
        let catalogue = state.store.houses().catalogue().await?;
        if house != before.house && !catalogue.live().any(|one| one.id == house) {
            return Err(error::field("property", "La propiedad no existe."));
        }
        after.house = house;
    }
    let new_client = fields.client.clone().value();
    let pays_in_full = fields.full_payment.clone().value() == Some(true);
    let enters_maintenance = fields.origin.clone().value() == Some(Origin::Maintenance);
    fields.apply(&mut after, user);
    after.updated = now;
    let mut card = stored.booked.client.clone();
    if let Some(client) = new_client {
        let client = state.store.clients().get(client).await?;
        let client = client.ok_or_else(|| error::field("client", "El cliente no existe."))?.client;
        after.client = Some(client.id);
        recognise(&mut after, &client, user, state)?;
        card = Some(client.card());
    } else if enters_maintenance && before.origin != Origin::Maintenance && !user.is_admin() {
        return Err(maintenance_refused());
    }
    if pays_in_full && after.full_payment {
        after.pay_in_full();
    }
    after.settle_late_checkout(before);
    after.note_approval();
    let same_dates =
        (before.check_in_date, before.check_out_date) == (after.check_in_date, after.check_out_date);
    if !same_dates || before.stay().is_some() {
        as_sent_is_a_stay(&after)?;
    }
    // Imported stays that hold no night stay editable where they are: their nights are claimed once the way is free.
    let waits = Conflicts::as_held(&stored.booked) == Conflicts::HoldNothing
        && before.wanted_hold() == after.wanted_hold();
    // Called off or refused: points go back as they do when it is deleted.
    let ends = before.status.blocks() && !after.status.blocks();
    let points = if ends { ending::points_back(&state.store, &mut after).await? } else { None };
    let change = |conflicts| Change {
        receipts: receipts.to_vec(),
        points: points.clone(),
        facts: event::facts(Some(before), &after, Decimal::ZERO),
        audit: Some(Audit::new(Some(user.id), AuditAction::Changed, RESERVATION_ROWS, after.id, now)),
        conflicts,
        ..Change::new(Some(stored), after.clone(), card.clone())
    };
    let reservations = state.store.reservations();
    let mut written = reservations.commit(change(Conflicts::Refuse), now).await;
    if waits && matches!(written, Err(StoreError::NightTaken)) {
        written = reservations.commit(change(Conflicts::HoldNothing), now).await;
    }
    match written {
        Ok(written) => {
            let one = written.booked.reservation;
            let was_approved = before.status == Status::Approved;
            if let Some(guest) = one.client.filter(|_| was_approved != (one.status == Status::Approved)) {
                // Guests look at their level right after; should this fail, the fact brings it about a moment later.
                if let Err(problem) = Box::pin(standing::renew(state, guest)).await {
                    tracing::warn!(%problem, "a guest's standing waits for its fact");
                }
            }
            Ok(Some(one))
        }
        Err(StoreError::NightTaken) => Err(error::rule(NIGHTS_TAKEN)),
        Err(StoreError::Changed) => Ok(None),
        Err(problem) => Err(problem.into()),
    }
}

/// What a replacement starts from: defaults, but identity, guest, seller, points already moved and late check-out as
/// they are.
fn defaults(before: &Reservation) -> Reservation {
    let mut one = Reservation::new(
        before.id,
        before.house,
        before.check_in_date,
        before.check_out_date,
        before.created,
    );
    one.client = before.client;
    one.seller = before.seller;
    one.points_redeemed = before.points_redeemed;
    (one.late_checkout, one.late_check_out_date) = (before.late_checkout, before.late_check_out_date);
    one.tel_contact_number = before.tel_contact_number.clone();
    one.comentarios_reservas = before.comentarios_reservas.clone();
    one
}
