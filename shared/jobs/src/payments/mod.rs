//! Payments by card (contract 06; decisions 16, 17): the attempt is written before the gateway is asked, its outcome together
//! with the reservation. What the network left unknown is settled later, by whoever learns of it first: the request itself, a
//! webhook, the guest's next try or the schedule. Everything here can run twice, at once, or stop between any two steps.

mod pay;
mod price;
mod refund;
mod settle;

pub use pay::{Asked, Paid, PayError, pay};
pub use price::addition;
pub(crate) use price::pool;
pub use refund::{RefundOutcome, ask_refund};
pub use settle::{Heard, hear, settle_all, settle_one};
