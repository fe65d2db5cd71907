//! Music: what the bridge to the music server tells of players and of itself, which of several bridges acts, and which
//! commands were begun and how they ended (contract 07 §5; DESIGN §5).
//!
//! Instants of leases and claims are those of the machine's clock, whatever the business's clock shows: they are between
//! processes, not between guests.

mod answers;
mod lease;
pub(crate) mod participants;
mod players;

pub use answers::{ANSWER_LIFE, Claim};
pub use lease::{LEASE, Lease, Seen};
pub use participants::{Session, StoredParticipant};

use crate::Store;

/// Music in the houses.
#[derive(Debug)]
pub struct Music<'a>(pub(crate) &'a Store);
