//! What guests do, and processes that end in the middle of it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use casa_domain::{
    ClientId, ReservationId,
    money::to_cents,
    payment::{Purpose, Vendor},
};
use casa_gateways::{Cards, cards::CardToken};
use casa_jobs::payments::{Asked, Paid, PayError, pay};
use casa_store::StoredClient;
use casa_web::AppState;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::json;

/// What a step does; answers what came of it in a few words.
pub type Deed = Pin<Box<dyn Future<Output = String> + Send>>;

/// A deed that ends after so many polls, as a process that is killed does.
pub struct Cut {
    deed: Deed,
    left: u32,
}

/// The deed, cut short.
pub fn cut(deed: Deed, after: u32) -> Deed {
    Box::pin(Cut { deed, left: after })
}

impl Future for Cut {
    type Output = String;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<String> {
        if self.left == 0 {
            return Poll::Ready("killed".to_owned());
        }
        self.left -= 1;
        self.deed.as_mut().poll(context)
    }
}

/// A guest of a stay.
pub fn guest(number: usize, now: DateTime<Utc>) -> StoredClient {
    let client = serde_json::from_value(json!({
        "id": uuid::Uuid::from_u128(5_000 + number as u128), "created": now, "updated": now, "document_type": "dni",
        "number_doc": format!("{number:08}"), "first_name": "Ana", "last_name": "Lira",
        "email": "ana@personal.example", "tel_number": "987654321",
    }));
    StoredClient { client: client.unwrap(), version: 1 }
}

/// The guest's id.
pub fn guest_id(number: usize) -> ClientId {
    ClientId(uuid::Uuid::from_u128(5_000 + number as u128))
}

/// How a guest wants to pay.
#[derive(Clone, Debug)]
pub struct Wish {
    pub purpose: Purpose,
    /// Half of what is due.
    pub half: bool,
    /// Another amount than the right one.
    pub wrong: bool,
    pub vendor: Vendor,
    pub token: String,
}

/// Looks what is due, and pays.
pub fn pays(
    state: AppState,
    cards: Cards,
    guest: StoredClient,
    reservation: ReservationId,
    wish: Wish,
) -> Deed {
    Box::pin(async move {
        let stored = state.store.reservations().get(reservation).await.unwrap().unwrap();
        let due = stored.booked.reservation.due_in_soles();
        let right = match wish.purpose {
            Purpose::Reservation if wish.half => to_cents(due / Decimal::TWO),
            Purpose::Reservation => due,
            Purpose::TemperaturePool => Decimal::from(190),
            Purpose::LateCheckout => Decimal::from(380),
        };
        let amount = if wish.wrong { right + Decimal::new(5, 2) } else { right };
        let told = format!("{} {} {} {amount}", wish.vendor, wish.purpose, wish.token);
        let asked = Asked {
            guest,
            reservation,
            purpose: wish.purpose,
            amount,
            partial: wish.half,
            vendor: wish.vendor,
            token: CardToken::new(wish.token),
            method: "visa".to_owned(),
            installments: 1,
            device_session: Some("device-1".to_owned()),
        };
        let outcome = match pay(&state, &cards, asked).await {
            Ok(Paid::Done(payment)) => {
                assert!(payment.booked && (wish.half || !wish.wrong), "{told}: {payment:?}");
                "done"
            }
            Ok(Paid::Returned(_)) => "returned",
            Ok(Paid::Processing(_)) => "processing",
            Ok(Paid::Refused(..)) => "refused",
            Ok(Paid::Unknown(_)) => "unknown",
            Err(PayError::Store(problem)) => panic!("{told}: {problem}"),
            Err(PayError::NotPayable(_)) => "not payable",
            Err(PayError::WrongAmount(_)) => "wrong amount",
            Err(PayError::AlreadyBought) => "already bought",
            Err(PayError::NotOffered) => "not offered",
            Err(PayError::TokenUsed) => "token used",
            Err(PayError::UnderWay) => "under way",
            Err(PayError::NotFound) => "not found",
            Err(PayError::Off) => "off",
        };
        format!("{told}: {outcome}")
    })
}
