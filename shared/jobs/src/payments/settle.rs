//! What became of payments: from the gateway's mouth into the table.

use casa_domain::{
    ids::PaymentId,
    payment::{self, Payment, State, Truth, Vendor},
};
use casa_gateways::cards::{CardGateway, Cards, Seen, Standing};
use casa_store::{
    StoreError, StoredPayment,
    reservations::{Change, Conflicts, PaymentStep, Stored},
};
use casa_web::AppState;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::refund;
use crate::JobError;

/// Tries after losing a race for the payment or its reservation.
const TRIES: usize = 24;
/// A gateway that has not heard of a charge after this long never will: its search lags by minutes at most.
const GIVE_UP: TimeDelta = TimeDelta::minutes(15);
/// Younger ones are left to the request that makes them.
const OWN_REQUEST: TimeDelta = TimeDelta::minutes(1);

/// What a webhook's call led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is about a payment of ours.
    Ours(Box<Payment>),
    /// It is not, or the gateway knows no such transaction.
    NotOurs,
    /// Its gateway is not configured.
    Off,
}

/// The gateway's words as the business reads them.
pub(super) fn truth(seen: Seen) -> Truth {
    Truth::Seen {
        transaction: seen.transaction,
        standing: match seen.standing {
            Standing::Approved => payment::Standing::Approved,
            Standing::Processing => payment::Standing::Processing,
            Standing::Rejected | Standing::Cancelled => payment::Standing::Rejected,
        },
        word: seen.status,
        detail: seen.detail,
        taken: seen.amount,
        refunded: seen.refunded,
        charged_back: seen.charged_back,
    }
}

/// Writes what a gateway said of a payment, with what it does to the reservation, in one transaction; answers the payment as
/// it is then. `None` when there is no such payment.
///
/// # Errors
/// [`StoreError::Changed`] when races kept being lost, else [`StoreError`].
pub(super) async fn learn(
    state: &AppState,
    id: PaymentId,
    truth: &Truth,
) -> Result<Option<Payment>, StoreError> {
    decide(state, id, |payment, reservation, usable, now| {
        payment::settle(payment, reservation, truth, usable, now)
    })
    .await
}

/// Reads a payment and its reservation, decides, and writes both; again after a lost race. `decide` is told whether the
/// money can be booked: not when the night it buys turns out to be sold.
pub(super) async fn decide(
    state: &AppState,
    id: PaymentId,
    decide: impl Fn(&Payment, Option<&casa_domain::Reservation>, bool, DateTime<Utc>) -> payment::Settled,
) -> Result<Option<Payment>, StoreError> {
    let mut usable = true;
    for _ in 0..TRIES {
        let Some(seen) = state.store.payments().get(id).await? else { return Ok(None) };
        let stored = state.store.reservations().get(seen.payment.reservation).await?;
        let reservation = stored.as_ref().map(|stored| &stored.booked.reservation);
        let settled = decide(&seen.payment, reservation, usable, state.clock.now());
        if settled.payment == seen.payment && settled.reservation.is_none() {
            return Ok(Some(seen.payment));
        }
        let written = match &stored {
            Some(stored) => Box::pin(write(state, &seen, stored, &settled)).await,
            None => state.store.payments().change(&seen, &settled.payment, None).await.map(drop),
        };
        match written {
            Ok(()) => return Ok(Some(settled.payment)),
            Err(StoreError::NightTaken | StoreError::TooLarge) if usable => usable = false,
            Err(StoreError::Changed) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Changed)
}

async fn write(
    state: &AppState,
    seen: &StoredPayment,
    stored: &Stored,
    settled: &payment::Settled,
) -> Result<(), StoreError> {
    let booked = &stored.booked;
    let after = settled.reservation.clone().unwrap_or_else(|| booked.reservation.clone());
    let change = Change {
        facts: settled.facts.clone(),
        payment: Some(PaymentStep::Learn { before: seen.clone(), after: settled.payment.clone() }),
        conflicts: Conflicts::as_held(booked),
        ..Change::new(Some(stored), after, booked.client.clone())
    };
    state.store.reservations().commit(change, state.clock.now()).await.map(drop)
}

/// Asks the gateway what became of one payment and of its refund, and writes it. Answers the payment as it is then.
///
/// # Errors
/// [`JobError`]: the table or the gateway failed; another call goes on.
pub async fn settle_one(state: &AppState, cards: &Cards, id: PaymentId) -> Result<Option<Payment>, JobError> {
    let Some(seen) = state.store.payments().get(id).await? else { return Ok(None) };
    let payment = seen.payment;
    let Some(gateway) = cards.get(payment.vendor) else { return Ok(Some(payment)) };
    let payment = if payment.is_open() {
        match look(state, gateway.as_ref(), &payment).await? {
            Some(truth) => learn(state, id, &truth).await?,
            None => Some(payment),
        }
    } else {
        Some(payment)
    };
    match payment {
        Some(payment) if payment.asked_refund().is_some() => {
            Ok(Some(Box::pin(refund::carry_out(state, gateway.as_ref(), payment)).await?))
        }
        other => Ok(other),
    }
}

/// What the gateway says of an open payment; `None` while it may still hear of it.
async fn look(
    state: &AppState,
    gateway: &dyn CardGateway,
    payment: &Payment,
) -> Result<Option<Truth>, JobError> {
    let seen = match &payment.transaction {
        Some(transaction) => gateway.look_up(transaction).await?,
        None => gateway.find(payment.id.0).await?,
    };
    let given_up = state.clock.now() - payment.created > GIVE_UP && payment.state == State::Started;
    Ok(seen.map(truth).or_else(|| given_up.then_some(Truth::Unheard)))
}

/// Asks about every payment whose outcome is not known. With `dry_run` it only says how many there are.
///
/// # Errors
/// [`JobError::Partly`] when some could not be settled; the next run goes on.
pub async fn settle_all(state: &AppState, cards: &Cards, dry_run: bool) -> Result<Value, JobError> {
    let ids = state.store.payments().unsettled().await?;
    let (mut looked, mut settled, mut failed) = (0, 0, 0);
    for id in &ids {
        let Some(seen) = state.store.payments().get(*id).await? else { continue };
        let young = state.clock.now() - seen.payment.created < OWN_REQUEST;
        if dry_run || !seen.payment.is_unsettled() || (seen.payment.is_open() && young) {
            continue;
        }
        looked += 1;
        match Box::pin(settle_one(state, cards, *id)).await {
            Ok(Some(payment)) if !payment.is_unsettled() => settled += 1,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(payment = %id, %error, "a payment could not be settled");
                failed += 1;
            }
        }
    }
    if failed > 0 {
        return Err(JobError::Partly(format!("{failed} of {looked} payments could not be settled")));
    }
    Ok(json!({ "unsettled": ids.len(), "looked_at": looked, "settled": settled }))
}

/// Acts on a gateway's hint that something happened to a transaction: looks the truth up and writes it. A hint may come
/// any number of times, early, late or for no reason.
///
/// # Errors
/// [`JobError`]: the table or the gateway failed; the hint should come again.
pub async fn hear(
    state: &AppState,
    cards: &Cards,
    vendor: Vendor,
    transaction: &str,
) -> Result<Heard, JobError> {
    let Some(gateway) = cards.get(vendor) else { return Ok(Heard::Off) };
    let Some(seen) = gateway.look_up(transaction).await? else { return Ok(Heard::NotOurs) };
    let Some(id) = seen.reference.map(PaymentId) else { return Ok(Heard::NotOurs) };
    let known = state.store.payments().get(id).await?;
    let Some(known) = known.filter(|known| known.payment.vendor == vendor) else {
        return Ok(Heard::NotOurs);
    };
    let other = known.payment.transaction.as_deref().is_some_and(|ours| ours != seen.transaction);
    if other && known.payment.state == State::Approved {
        // The same reference was charged twice at the gateway, which its keys should make impossible.
        tracing::error!(payment = %id, "a second transaction under the reference of a payment");
        return Ok(Heard::Ours(Box::new(known.payment)));
    }
    let Some(payment) = learn(state, id, &truth(seen)).await? else { return Ok(Heard::NotOurs) };
    let payment = match payment.asked_refund() {
        Some(_) => Box::pin(refund::carry_out(state, gateway.as_ref(), payment)).await?,
        None => payment,
    };
    Ok(Heard::Ours(Box::new(payment)))
}
