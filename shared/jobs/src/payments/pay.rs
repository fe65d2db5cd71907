//! A guest pays by card.

use casa_domain::{
    ClientId, Reservation, ReservationId, Status,
    ids::PaymentId,
    money::to_cents,
    payment::{Payment, Purpose, State, Truth, Vendor},
};
use casa_gateways::cards::{CardGateway, CardToken, Cards, Charge, ChargeError, Payer, RefusalCode};
use casa_store::{
    StoreError, StoredClient,
    reservations::{Change, Conflicts, PaymentStep, Stored},
};
use casa_web::AppState;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{price, settle};
use crate::JobError;

/// Tries after losing a race for the reservation.
const TRIES: usize = 8;

/// What a guest asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who pays.
    pub guest: StoredClient,
    /// The reservation.
    pub reservation: ReservationId,
    /// What for.
    pub purpose: Purpose,
    /// Soles, as sent.
    pub amount: Decimal,
    /// Only a part of what is due, on purpose (decision 17).
    pub partial: bool,
    /// Through whom.
    pub vendor: Vendor,
    /// The card.
    pub token: CardToken,
    /// The gateway's word for the kind of card.
    pub method: String,
    /// Parts.
    pub installments: u32,
    /// What OpenPay knows the browser by.
    pub device_session: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Paid {
    /// The money was taken and booked.
    Done(Payment),
    /// The money was taken, could not be booked any more, and goes back.
    Returned(Payment),
    /// The gateway has not decided.
    Processing(Payment),
    /// The gateway refused; with its reason where it is one of the documented ones.
    Refused(Payment, Option<RefusalCode>),
    /// Not known: it will be found out, and must not be paid again until then.
    Unknown(Payment),
}

/// Why it was not even tried.
#[derive(Debug, thiserror::Error)]
pub enum PayError {
    /// No such reservation of this guest.
    #[error("no such reservation")]
    NotFound,
    /// It cannot be paid; why, for the guest.
    #[error("{0}")]
    NotPayable(&'static str),
    /// Another amount is due.
    #[error("another amount is due: {0}")]
    WrongAmount(Decimal),
    /// What is to be paid for is there already.
    #[error("already bought")]
    AlreadyBought,
    /// It is not offered for this stay.
    #[error("not offered")]
    NotOffered,
    /// The card token was used.
    #[error("the token was used")]
    TokenUsed,
    /// Another payment of the reservation has no outcome yet.
    #[error("a payment is under way")]
    UnderWay,
    /// The gateway is not configured.
    #[error("the gateway is off")]
    Off,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Pays a reservation or an addition to it. Checks, writes the attempt, asks the gateway, writes the outcome.
///
/// # Errors
/// [`PayError`]: nothing was asked of the gateway.
pub async fn pay(state: &AppState, cards: &Cards, asked: Asked) -> Result<Paid, PayError> {
    let gateway = cards.get(asked.vendor).ok_or(PayError::Off)?;
    let payment = match begin(state, cards, &asked).await? {
        Begun::New(payment) => payment,
        Begun::Earlier(payment) => return Ok(outcome(payment, None)),
    };
    let charge = charge_of(state, &asked, &payment).await;
    let (truth, code) = match gateway.charge(&charge).await {
        Ok(seen) => (Some(settle::truth(seen)), None),
        // It never got there: the card can be used again.
        Err(ChargeError::Refused { code: RefusalCode::Unavailable, .. }) => {
            (Some(Truth::Unheard), Some(RefusalCode::Unavailable))
        }
        Err(ChargeError::Refused { code, .. }) => (Some(refused(&code)), Some(code)),
        Err(ChargeError::Unknown(error)) => {
            tracing::warn!(payment = %payment.id, %error, "a charge without a known outcome");
            (None, None)
        }
    };
    let Some(truth) = truth else { return Ok(Paid::Unknown(payment)) };
    // From here on money may have been taken: a failure to write leaves the rest to webhook and schedule.
    match Box::pin(conclude(state, gateway.as_ref(), payment.id, &truth)).await {
        Ok(Some(settled)) => Ok(outcome(settled, code)),
        Ok(None) => Ok(Paid::Unknown(payment)),
        Err(error) => {
            tracing::error!(payment = %payment.id, %error, "the outcome of a charge could not be written");
            Ok(Paid::Unknown(payment))
        }
    }
}

async fn conclude(
    state: &AppState,
    gateway: &dyn CardGateway,
    id: PaymentId,
    truth: &Truth,
) -> Result<Option<Payment>, JobError> {
    match settle::learn(state, id, truth).await? {
        Some(payment) if payment.asked_refund().is_some() => {
            // That the money goes back is written; when, is not for the guest to wait for in vain.
            let back = super::refund::carry_out(state, gateway, payment.clone()).await;
            Ok(Some(back.unwrap_or(payment)))
        }
        other => Ok(other),
    }
}

fn outcome(payment: Payment, code: Option<RefusalCode>) -> Paid {
    match payment.state {
        State::Approved if payment.booked => Paid::Done(payment),
        State::Approved => Paid::Returned(payment),
        State::Processing => Paid::Processing(payment),
        State::Started => Paid::Unknown(payment),
        State::Rejected | State::Abandoned => Paid::Refused(payment, code),
    }
}

fn refused(code: &RefusalCode) -> Truth {
    let detail = match code {
        RefusalCode::Declined(detail) => detail.clone(),
        RefusalCode::TokenUsed => "token_used".to_owned(),
        RefusalCode::TokenInvalid => "token_invalid".to_owned(),
        RefusalCode::Unavailable | RefusalCode::Other => "other".to_owned(),
    };
    Truth::Refused { detail }
}

enum Begun {
    New(Payment),
    /// The same was paid by an earlier request, whose answer the guest may not have seen.
    Earlier(Payment),
}

async fn begin(state: &AppState, cards: &Cards, asked: &Asked) -> Result<Begun, PayError> {
    let digest = digest(&asked.token);
    for _ in 0..TRIES {
        let stored = own(state, asked.reservation, asked.guest.client.id).await?;
        if let Some(paying) = stored.booked.paying {
            match Box::pin(settle::settle_one(state, cards, paying.payment)).await {
                Ok(Some(earlier)) if !earlier.is_open() => {
                    let same = (earlier.purpose, earlier.amount) == (asked.purpose, to_cents(asked.amount));
                    if same && earlier.state == State::Approved && earlier.client == asked.guest.client.id {
                        return Ok(Begun::Earlier(earlier));
                    }
                    continue;
                }
                Err(JobError::Store(error)) => return Err(error.into()),
                Ok(_) | Err(_) => return Err(PayError::UnderWay),
            }
        }
        let amount = match due(state, &stored.booked.reservation, asked).await {
            Ok(amount) => amount,
            Err(problem) => return Err(repeated(state, asked, &digest, problem).await?),
        };
        let payment = attempt(state, asked, &stored.booked.reservation, amount, &digest).await?;
        match state.store.reservations().commit(start(&stored, &payment), state.clock.now()).await {
            Ok(_) => return Ok(Begun::New(payment)),
            Err(StoreError::Changed | StoreError::Taken("paying")) => {}
            Err(StoreError::Taken("token")) => return Err(PayError::TokenUsed),
            Err(StoreError::NightTaken | StoreError::TooLarge) => return Err(PayError::NotOffered),
            Err(error) => return Err(error.into()),
        }
    }
    Err(PayError::UnderWay)
}

/// What a guest hears who cannot pay the stay: that the card was used comes first, because it is what somebody hears who
/// sends a request that went through once more (contract 06 §9, example 3).
async fn repeated(
    state: &AppState,
    asked: &Asked,
    digest: &str,
    problem: PayError,
) -> Result<PayError, StoreError> {
    let refused = matches!(problem, PayError::NotPayable(_) | PayError::WrongAmount(_));
    let stay = asked.purpose == Purpose::Reservation;
    let used = refused && stay && state.store.payments().is_used(digest, state.clock.now()).await?;
    Ok(if used { PayError::TokenUsed } else { problem })
}

fn start<'a>(stored: &'a Stored, payment: &Payment) -> Change<'a> {
    let booked = &stored.booked;
    Change {
        payment: Some(PaymentStep::Begin(payment.clone())),
        conflicts: Conflicts::as_held(booked),
        ..Change::new(Some(stored), booked.reservation.clone(), booked.client.clone())
    }
}

async fn own(state: &AppState, id: ReservationId, client: ClientId) -> Result<Stored, PayError> {
    let stored = state.store.reservations().get(id).await?;
    stored.filter(|stored| stored.booked.reservation.is_of(client)).ok_or(PayError::NotFound)
}

/// What is to be charged, in soles: what is due, or the addition's price.
async fn due(state: &AppState, one: &Reservation, asked: &Asked) -> Result<Decimal, PayError> {
    let today = state.clock.today();
    if one.wanted_hold().is_none() || one.check_out_date < today {
        return Err(PayError::NotPayable("Esta reserva ya no se puede pagar."));
    }
    if one.lapses_at().is_some_and(|deadline| deadline < state.clock.now()) {
        return Err(PayError::NotPayable("El plazo para pagar esta reserva ya venció."));
    }
    match asked.purpose {
        Purpose::Reservation => {
            let due = one.due_in_soles();
            if due <= Decimal::ZERO {
                let text = if one.status == Status::Approved {
                    "Esta reserva ya está pagada."
                } else {
                    "No hay un monto por pagar."
                };
                return Err(PayError::NotPayable(text));
            }
            let fits = if asked.partial {
                asked.amount <= due && asked.amount == to_cents(asked.amount)
            } else {
                asked.amount == due
            };
            if fits { Ok(to_cents(asked.amount)) } else { Err(PayError::WrongAmount(due)) }
        }
        purpose @ (Purpose::TemperaturePool | Purpose::LateCheckout) => {
            let bought = match purpose {
                Purpose::TemperaturePool => one.temperature_pool,
                _ => one.late_checkout,
            };
            if bought {
                return Err(PayError::AlreadyBought);
            }
            let price = price::addition(state, one, purpose).await?.ok_or(PayError::NotOffered)?;
            let fits = (asked.amount - price).abs() <= Decimal::new(1, 2) && price > Decimal::ZERO;
            if fits { Ok(price) } else { Err(PayError::WrongAmount(price)) }
        }
    }
}

async fn attempt(
    state: &AppState,
    asked: &Asked,
    one: &Reservation,
    amount: Decimal,
    digest: &str,
) -> Result<Payment, PayError> {
    let now = state.clock.now();
    let rate = state.store.prices().book().await?.rate;
    Ok(Payment {
        id: PaymentId(Uuid::new_v4()),
        created: now,
        updated: now,
        reservation: one.id,
        house: one.house,
        client: asked.guest.client.id,
        purpose: asked.purpose,
        vendor: asked.vendor,
        amount,
        dollars: amount.checked_div(rate).unwrap_or_default(),
        partial: asked.partial,
        state: State::Started,
        transaction: None,
        word: None,
        detail: None,
        token: digest.to_owned(),
        booked: false,
        refunds: Vec::new(),
        history: Vec::new(),
    })
}

/// What the gateway is told (contract 06 §5.1).
async fn charge_of(state: &AppState, asked: &Asked, payment: &Payment) -> Charge {
    let catalogue = state.store.houses().catalogue().await.ok();
    let house = catalogue.as_ref().and_then(|catalogue| catalogue.house(payment.house));
    let house = house.map(|house| house.name.as_str()).unwrap_or("Casa Austin");
    let service = match payment.purpose {
        Purpose::Reservation => None,
        Purpose::TemperaturePool => Some("Temperado de piscina"),
        Purpose::LateCheckout => Some("Late checkout"),
    };
    let id = payment.reservation;
    let (description, item_id, item_title) = match service {
        None => (format!("Pago reserva #{id} - {house}"), payment.house.to_string(), house.to_owned()),
        Some(service) => (
            format!("{service} - Reserva #{id} - {house}"),
            format!("{}-{}", payment.house, payment.purpose),
            format!("{service} - {house}"),
        ),
    };
    let guest = &asked.guest.client;
    Charge {
        reference: payment.id.0,
        amount: payment.amount,
        token: asked.token.clone(),
        method: asked.method.clone(),
        installments: asked.installments,
        device_session: asked.device_session.clone(),
        description,
        item_id,
        item_title,
        payer: Payer {
            email: guest.email.clone(),
            first_name: guest.first_name.clone(),
            last_name: guest.last_name.clone(),
            phone: Some(guest.tel_number.clone()).filter(|phone| !phone.is_empty()),
        },
    }
}

/// A digest by which a card token is known again.
fn digest(token: &CardToken) -> String {
    Sha256::digest(token.as_str().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
