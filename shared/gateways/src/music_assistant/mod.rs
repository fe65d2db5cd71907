//! The music server: a client of the WebSocket protocol of Music Assistant, schema 24 and newer (contract 07 §5, §6).
//!
//! [`connect`] gives a [`Connection`] for commands and its [`Events`]; [`run`] carries out one command of a guest or a
//! schedule; [`Mirror`] puts the events together. Nothing here reconnects or repeats: whoever holds the connection knows what
//! may be repeated, and every [`Error`] says whether the server may have acted.

mod commands;
mod connect;
mod connection;
mod error;
mod events;
mod frame;
mod image;
mod mirror;
mod objects;
mod run;
mod settings;
mod socket;

pub use commands::Transport;
pub use connect::{NEWEST_SCHEMA, connect};
pub use connection::{Closed, Connection, ServerInfo};
pub use error::{ConnectError, Error};
pub use events::{Event, Events};
pub use mirror::Mirror;
pub use objects::{KnownPlayer, KnownQueue};
pub use run::run;
pub use settings::{Settings, SettingsError, Token};
