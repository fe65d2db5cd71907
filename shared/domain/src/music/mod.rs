//! Music in the houses (contract 07): who may steer it and when, what can be asked of a player, and what is known of it.

pub mod command;
mod houses;
pub mod names;
pub mod player;
pub mod power;
pub mod session;

pub use command::{
    Action, Answer, Command, Failure, Found, MediaKind, Outcome, Piece, QueueOption, QueuePage, Reply,
};
pub use houses::{house_of, with_players};
pub use player::{Bridge, Media, Playback, Player, QueueState};
pub use session::{Access, Participant, Role, State};
