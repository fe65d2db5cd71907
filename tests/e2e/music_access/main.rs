//! Who may do what with the music, and when: every endpoint, as everybody who could want it, at every moment that matters. Also
//! races of those who take part, bodies that make no sense, and what `/players/` shows whom (contract 07 §3, §4, §8).
//!
//! A stand-in answers for the bridge, so that whoever gets through is told so. The servers run inside the tests, which therefore
//! need a second thread while they wait for a program to start.

#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

mod bodies;
mod bridge;
mod machines;
mod players;
mod races;
mod sessions;
mod walk;
mod world;
