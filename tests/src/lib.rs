//! Runs the built `casa` program as clients and operators know it: processes, ports, HTTP.

pub mod bookings;
pub mod card_fakes;
pub mod contents;
pub mod document;
pub mod export;
mod program;
pub mod replay;

pub use program::{Casa, Options, Shared, program};
