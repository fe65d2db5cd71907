//! `POST reservations/` (contract 05 §3.1).

use axum::{extract::State, response::Response};
use casa_domain::{
    Client, ReservationId, StaffUser, event,
    reservation::{Origin, Receipt, Reservation, Status},
};
use casa_store::{
    Audit, AuditAction, RESERVATION_ROWS, StoreError, StoredClient,
    reservations::{Change, PointsSpent},
};
use casa_web::{
    ApiError, ApiResult, AppState, Form, Staff, error, json,
    openapi::{ForSellers, Invalid, Racing, WithBody},
    receipts::{self, CheckedFile},
    render,
    reservations::{NIGHTS_TAKEN, WrittenBody},
};
use chrono::{DateTime, Datelike, Utc};
use http::StatusCode;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    fields::{self, ReservationNew},
    price,
    receipts::sent,
};

/// Dates have four digits of year.
const LAST_YEAR: i32 = 9999;
/// Tries after losing a race for a guest's points.
const TRIES: usize = 4;

/// Enters a reservation; it is approved at once and holds its nights. A body that names neither price gets the quoted
/// one; staff may set any other.
#[utoipa::path(
    post,
    path = "/api/v1/reservations/",
    tag = "reservations",
    operation_id = "reservations_create",
    request_body(content(
        (ReservationNew = "multipart/form-data"),
        (ReservationNew = "application/x-www-form-urlencoded"),
        (ReservationNew = "application/json"),
    )),
    responses(
        (status = 201, description = "Entered", body = WrittenBody<'static>),
        (status = 400, description = "A field is wrong, nights are taken, or points are missing", body = Invalid),
        ForSellers,
        WithBody,
        Racing,
    ),
    security(("staff" = []))
)]
pub async fn create(Staff(user): Staff, State(state): State<AppState>, form: Form) -> ApiResult<Response> {
    if !user.may_sell() {
        return Err(error::forbidden());
    }
    let now = state.clock.now();
    let mut draft = Draft::read(&state, &user, &form, now).await?;
    draft.store_receipts(&state, now).await?;
    match commit(&state, &user, &mut draft, now).await {
        Ok(stored) => {
            let mut answer = json(render(&WrittenBody::new(&stored, &state.clock))?);
            *answer.status_mut() = StatusCode::CREATED;
            Ok(answer)
        }
        Err(problem) => {
            receipts::forget(&state, &problem, &draft.receipts).await;
            Err(problem)
        }
    }
}

/// A reservation that a body asks to enter, checked but not written.
#[derive(Debug)]
pub struct Draft {
    /// The reservation as it would be entered.
    pub one: Reservation,
    /// Its guest, as read.
    pub client: StoredClient,
    /// Points the guest spends on it.
    points: Decimal,
    /// Receipts that came with it.
    files: Vec<CheckedFile>,
    /// The same once their files are stored.
    receipts: Vec<Receipt>,
}

impl Draft {
    /// Reads and checks a body.
    ///
    /// # Errors
    /// 400 with what is wrong; failures of the table.
    pub async fn read(
        state: &AppState,
        user: &StaffUser,
        form: &Form,
        now: DateTime<Utc>,
    ) -> ApiResult<Self> {
        let fields = fields::read(form, &state.clock, |checked, fields| {
            checked.required("property", fields.house.clone());
            checked.required("client", fields.client.clone());
            checked.required("check_in_date", fields.check_in.clone());
            checked.required("check_out_date", fields.check_out.clone());
        })?;
        fields::check_seller(&fields, state).await?;
        let files = sent(form).await?;
        let (Some(house), Some(client), Some(check_in), Some(check_out)) = (
            fields.house.clone().value(),
            fields.client.clone().value(),
            fields.check_in.clone().value(),
            fields.check_out.clone().value(),
        ) else {
            return Err(error::rule("Datos inválidos."));
        };
        let catalogue = state.store.houses().catalogue().await?;
        if !catalogue.live().any(|one| one.id == house) {
            return Err(error::field("property", "La propiedad no existe."));
        }
        let client = state.store.clients().get(client).await?.ok_or_else(no_such_client)?;

        let mut one = Reservation::new(ReservationId(Uuid::new_v4()), house, check_in, check_out, now);
        let points = fields.points_to_redeem.clone().value().unwrap_or_default();
        let late = fields.late_checkout.clone().value().unwrap_or_default();
        let names_no_price = !form.has("price_usd") && !form.has("price_sol");
        fields.apply(&mut one, user);
        one.client = Some(client.client.id);
        one.status = Status::Approved;
        one.points_redeemed = Decimal::ZERO;
        (one.late_checkout, one.late_check_out_date) = (false, None);
        recognise(&mut one, &client.client, user, state)?;
        one.seller = Some(seller(&one, user, state).await?);
        if names_no_price && let Some(stay) = one.stay() {
            price::price(state, &mut one, stay, client.client.id).await?;
        }
        spendable(&client.client, points, now)?;
        if one.full_payment {
            one.pay_in_full();
        }
        if late {
            // The dates sent must make a stay by themselves: late check-out does not repair them.
            as_sent_is_a_stay(&one)?;
            one.grant_late_checkout();
        }
        as_sent_is_a_stay(&one)?;
        one.points_redeemed = points;
        one.note_approval();
        Ok(Self { one, client, points, files, receipts: Vec::new() })
    }

    /// Stores the files of its receipts.
    async fn store_receipts(&mut self, state: &AppState, now: DateTime<Utc>) -> ApiResult<()> {
        self.receipts = receipts::store(state, self.one.id, std::mem::take(&mut self.files), now).await?;
        Ok(())
    }

    /// The change that enters it.
    ///
    /// # Errors
    /// 400 when the guest's points do not suffice.
    pub fn change(&self, user: &StaffUser, now: DateTime<Utc>) -> ApiResult<Change<'static>> {
        spendable(&self.client.client, self.points, now)?;
        Ok(Change {
            receipts: self.receipts.clone(),
            points: (self.points > Decimal::ZERO).then(|| PointsSpent {
                client: self.client.clone(),
                points: self.points,
                description: "Puntos canjeados en una reserva".to_owned(),
            }),
            facts: event::facts(None, &self.one, Decimal::ZERO),
            audit: Some(Audit::new(Some(user.id), AuditAction::Added, RESERVATION_ROWS, self.one.id, now)),
            ..Change::new(None, self.one.clone(), Some(self.client.client.card()))
        })
    }

    /// Reads the guest again, whose points changed meanwhile.
    ///
    /// # Errors
    /// 400 when the guest is gone; failures of the table.
    pub async fn read_guest_again(&mut self, state: &AppState) -> ApiResult<()> {
        let again = state.store.clients().get(self.client.client.id).await?;
        self.client = again.ok_or_else(no_such_client)?;
        Ok(())
    }
}

fn no_such_client() -> ApiError {
    error::field("client", "El cliente no existe.")
}

async fn commit(
    state: &AppState,
    user: &StaffUser,
    draft: &mut Draft,
    now: DateTime<Utc>,
) -> ApiResult<Reservation> {
    for _ in 0..TRIES {
        match state.store.reservations().commit(draft.change(user, now)?, now).await {
            Ok(stored) => return Ok(stored.booked.reservation),
            Err(StoreError::NightTaken) => return Err(error::rule(NIGHTS_TAKEN)),
            // Only the guest's points can have changed: the reservation is new.
            Err(StoreError::Changed) => draft.read_guest_again(state).await?,
            Err(problem) => return Err(problem.into()),
        }
    }
    Err(error::changed_meanwhile())
}

/// Applies what the magic guests mean (contract 05 §3.1, step 1 and 3; decision 19).
///
/// # Errors
/// 400 when maintenance is entered by somebody who is not an administrator.
pub fn recognise(
    one: &mut Reservation,
    client: &Client,
    user: &StaffUser,
    state: &AppState,
) -> ApiResult<()> {
    if client.first_name == state.settings.maintenance_name {
        one.origin = Origin::Maintenance;
        (one.price_usd, one.price_sol, one.advance_payment) =
            (Some(Decimal::ZERO), Some(Decimal::ZERO), Some(Decimal::ZERO));
        (one.full_payment, one.temperature_pool) = (false, false);
    } else if client.first_name == state.settings.airbnb_name {
        one.origin = Origin::Airbnb;
    }
    if one.origin == Origin::Maintenance && !user.is_admin() {
        return Err(maintenance_refused());
    }
    Ok(())
}

/// 400: maintenance is the administrators' to enter.
pub fn maintenance_refused() -> ApiError {
    error::rule("Solo un administrador puede registrar mantenimientos.")
}

/// Who sells: the caller, or for Airbnb the staff user that stands for it, when there is exactly one.
async fn seller(one: &Reservation, user: &StaffUser, state: &AppState) -> ApiResult<i64> {
    if one.origin == Origin::Airbnb {
        let staff = state.store.users().directory().await?;
        if let Some(airbnb) = staff.by_first_name(&state.settings.airbnb_name) {
            return Ok(airbnb.id);
        }
    }
    Ok(user.id)
}

fn spendable(client: &Client, points: Decimal, now: DateTime<Utc>) -> ApiResult<()> {
    if points > client.available_points(now) {
        return Err(error::rule("El cliente no tiene puntos suficientes."));
    }
    Ok(())
}

/// Demands that the dates make a stay.
///
/// # Errors
/// 400 with the reason.
pub fn as_sent_is_a_stay(one: &Reservation) -> Result<(), ApiError> {
    use casa_domain::stay::{MAX_NIGHTS, Stay, StayError};
    match Stay::new(one.check_in_date, one.check_out_date) {
        // Late check-out can lead beyond the last date that answers and keys can name.
        Ok(stay) if stay.check_out().year() > LAST_YEAR => {
            Err(error::rule(&format!("La fecha de salida no puede pasar del año {LAST_YEAR}.")))
        }
        Ok(_) => Ok(()),
        Err(StayError::NotAfter) => {
            Err(error::rule("La fecha de salida debe ser posterior a la fecha de entrada."))
        }
        Err(StayError::TooLong) => {
            Err(error::rule(&format!("Una reserva puede tener hasta {MAX_NIGHTS} noches.")))
        }
    }
}
