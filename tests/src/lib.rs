//! Runs the built `casa` program as clients and operators know it: processes, ports, HTTP.

mod program;

pub use program::{Casa, Options, Shared};
