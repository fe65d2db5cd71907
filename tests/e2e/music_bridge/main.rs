//! The music bridge between the local queues and table and a simulated music server: every command at most once and in order,
//! whatever breaks.
//!
//! Bounds in seconds are those of the requirements. The machine may be busy with other things: what it was late by is measured
//! beside each test and added, and the true figures are printed.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod answers;
mod connection;
mod exactly_once;
mod memory;
mod mirror;
mod stage;
mod two;
