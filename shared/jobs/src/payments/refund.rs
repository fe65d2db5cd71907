//! Money that goes back: by staff, or because its reservation could not take it.

use casa_domain::{
    StaffId,
    ids::PaymentId,
    payment::{self, NoRefund, Payment},
};
use casa_gateways::cards::{CardGateway, Cards, RefundError};
use casa_store::{Audit, AuditAction, StoreError};
use casa_web::AppState;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::settle::{decide, learn, truth};
use crate::JobError;

/// Kind of row in the audit log.
const MODEL: &str = "payment.payment";
/// Tries after losing a race for the payment.
const TRIES: usize = 8;
/// Nobody else asks for a refund while one who does may still be waiting for the answer.
const LEASE: TimeDelta = TimeDelta::minutes(2);

/// What became of a wish to give money back.
#[derive(Clone, Debug, PartialEq)]
pub enum RefundOutcome {
    /// The payment as it is now: the refund is done, refused, or still without an outcome.
    Asked(Box<Payment>),
    /// It cannot be asked for.
    Impossible(NoRefund),
    /// There is no such payment.
    NoPayment,
    /// Its gateway is not configured.
    Off,
}

/// Gives back `amount` soles of a payment, or all that is left, because a member of staff says so. The decision is written
/// before the gateway is asked.
///
/// # Errors
/// [`JobError`] when the table fails; a gateway's failure leaves the refund without an outcome, to be settled later.
pub async fn ask_refund(
    state: &AppState,
    cards: &Cards,
    id: PaymentId,
    amount: Option<Decimal>,
    by: StaffId,
) -> Result<RefundOutcome, JobError> {
    let refund = Uuid::new_v4();
    for _ in 0..TRIES {
        let Some(seen) = state.store.payments().get(id).await? else { return Ok(RefundOutcome::NoPayment) };
        let Some(gateway) = cards.get(seen.payment.vendor) else { return Ok(RefundOutcome::Off) };
        let asked = match payment::ask_refund(&seen.payment, refund, amount, by, state.clock.now()) {
            Ok(asked) => asked,
            Err(refusal) => return Ok(RefundOutcome::Impossible(refusal)),
        };
        let audit = Audit::new(Some(by), AuditAction::Changed, MODEL, id, asked.updated);
        match state.store.payments().change(&seen, &asked, Some(&audit)).await {
            Ok(_) => {
                let payment = match Box::pin(carry_out(state, gateway.as_ref(), asked.clone())).await {
                    Ok(payment) => payment,
                    Err(JobError::Store(error)) => return Err(error.into()),
                    // The schedule goes on with it.
                    Err(_) => asked,
                };
                return Ok(RefundOutcome::Asked(Box::new(payment)));
            }
            Err(StoreError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Changed.into())
}

/// Asks the gateway for the refund that a payment waits for, unless somebody else is asking right now, and writes the
/// outcome. Who asks again looks first what became of the earlier request, because not every gateway knows a repeated one.
///
/// # Errors
/// [`JobError`]: the table or the gateway failed; another call goes on.
pub(super) async fn carry_out(
    state: &AppState,
    gateway: &dyn CardGateway,
    mut payment: Payment,
) -> Result<Payment, JobError> {
    for _ in 0..TRIES {
        let now = state.clock.now();
        let Some(seen) = state.store.payments().get(payment.id).await? else { return Ok(payment) };
        payment = seen.payment.clone();
        let (Some(refund), Some(transaction)) =
            (payment.asked_refund().cloned(), payment.transaction.clone())
        else {
            return Ok(payment);
        };
        if refund.asked.is_some_and(|asked| now - asked < LEASE) {
            return Ok(payment);
        }
        if refund.asked.is_some()
            && let Some(found) = gateway.look_up(&transaction).await?
            && let Some(known) = learn(state, payment.id, &truth(found)).await?
            && known.asked_refund().is_none()
        {
            return Ok(known);
        }
        let Some(seen) = state.store.payments().get(payment.id).await? else { return Ok(payment) };
        let mut claimed = seen.payment.clone();
        match claimed.refunds.iter_mut().find(|one| one.id == refund.id && one.asked == refund.asked) {
            Some(one) => one.asked = Some(now),
            None => continue,
        }
        match state.store.payments().change(&seen, &claimed, None).await {
            Ok(_) => return ask(state, gateway, claimed, &transaction, refund.amount, refund.id).await,
            Err(StoreError::Changed) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Changed.into())
}

async fn ask(
    state: &AppState,
    gateway: &dyn CardGateway,
    payment: Payment,
    transaction: &str,
    amount: Decimal,
    refund: Uuid,
) -> Result<Payment, JobError> {
    let id = payment.id;
    let done = match gateway.refund(transaction, amount, refund).await {
        Ok(()) => true,
        Err(RefundError::Refused { status }) => {
            tracing::warn!(payment = %id, status, "a gateway refused a refund");
            // It may have gone back before, whoever asked for it.
            if let Some(found) = gateway.look_up(transaction).await? {
                let known = learn(state, id, &truth(found)).await?;
                if let Some(known) = known.filter(|known| known.asked_refund().is_none()) {
                    return Ok(known);
                }
            }
            false
        }
        Err(RefundError::Unknown(error)) => return Err(error.into()),
    };
    let settled = decide(state, id, |payment, reservation, _, now| {
        // Settled by somebody else meanwhile: nothing is left to note.
        if payment.asked_refund().is_none_or(|asked| asked.id != refund) {
            return payment::Settled { payment: payment.clone(), reservation: None, facts: Vec::new() };
        }
        payment::settle_refund(payment, reservation, done, now)
    });
    Ok(settled.await?.unwrap_or(payment))
}
