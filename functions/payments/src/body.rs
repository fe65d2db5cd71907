//! A payment as staff see it: never the card, never a name.

use casa_domain::{
    StaffId,
    money::fixed2,
    payment::{Payment, Refund, Step},
    time::local_iso,
};
use casa_web::Clock;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A payment by card.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardPayment)]
pub(crate) struct PaymentBody {
    /// Its id: also our reference at the gateway.
    id: Uuid,
    /// When it was started, local time.
    created: String,
    /// When it last changed, local time.
    updated: String,
    /// The reservation it pays.
    reservation: Uuid,
    /// The house of that reservation when it was started.
    property: Uuid,
    /// Who paid.
    client: Uuid,
    /// `reservation`, `temperature_pool` or `late_checkout`.
    purpose: &'static str,
    /// `mercadopago` or `openpay`.
    gateway: &'static str,
    /// Soles.
    amount: String,
    /// Soles that went back.
    refunded: String,
    /// Soles that were taken and neither went back nor are about to.
    left: String,
    /// Pays a part of what was due on purpose.
    partial: bool,
    /// `started`, `processing`, `approved`, `rejected` or `abandoned`.
    status: &'static str,
    /// The gateway's own word for that.
    gateway_status: Option<String>,
    /// The gateway's reason.
    detail: Option<String>,
    /// The gateway's id of it.
    transaction_id: Option<String>,
    /// Whether its money stands in the reservation.
    booked: bool,
    /// What went back, or is to.
    refunds: Vec<RefundBody>,
    /// What became of it, step by step.
    history: Vec<StepBody>,
}

/// Money that went back, or is to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardRefund)]
pub(crate) struct RefundBody {
    /// Its id.
    id: Uuid,
    /// When it was decided, local time.
    created: String,
    /// When the gateway was last asked for it, local time.
    asked: Option<String>,
    /// Soles.
    amount: String,
    /// Id of the member of staff who decided.
    #[schema(value_type = Option<i64>)]
    by: Option<StaffId>,
    /// `staff`, `unusable`, `gateway` or `chargeback`.
    cause: &'static str,
    /// `asked`, `done` or `refused`.
    status: &'static str,
}

/// A step in the life of a payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardPaymentStep)]
pub(crate) struct StepBody {
    /// When, local time.
    at: String,
    /// What became of it.
    status: &'static str,
    /// The gateway's own word, where it said one.
    gateway_status: Option<String>,
}

impl PaymentBody {
    pub(crate) fn new(payment: &Payment, clock: &Clock) -> Self {
        let local = |instant: DateTime<Utc>| local_iso(instant, clock.offset(instant));
        let refund = |refund: &Refund| RefundBody {
            id: refund.id,
            created: local(refund.created),
            asked: refund.asked.map(local),
            amount: fixed2(refund.amount),
            by: refund.by,
            cause: refund.cause.as_str(),
            status: refund.state.as_str(),
        };
        let step = |step: &Step| StepBody {
            at: local(step.at),
            status: step.state.as_str(),
            gateway_status: step.word.clone(),
        };
        Self {
            id: payment.id.0,
            created: local(payment.created),
            updated: local(payment.updated),
            reservation: payment.reservation.0,
            property: payment.house.0,
            client: payment.client.0,
            purpose: payment.purpose.as_str(),
            gateway: payment.vendor.as_str(),
            amount: fixed2(payment.amount),
            refunded: fixed2(payment.refunded()),
            left: fixed2(payment.left()),
            partial: payment.partial,
            status: payment.state.as_str(),
            gateway_status: payment.word.clone(),
            detail: payment.detail.clone(),
            transaction_id: payment.transaction.clone(),
            booked: payment.booked,
            refunds: payment.refunds.iter().map(refund).collect(),
            history: payment.history.iter().map(step).collect(),
        }
    }
}
