//! Cleaning: who cleans which house when (contract 10 §4 with the defects of §8 repaired).
//!
//! - [`departures`] says which cleaning each departure must have, whatever happened to bookings;
//! - [`placing`] places one cleaning the moment it is needed, by the documented rules;
//! - [`mod@react`] does both after a change of bookings or people;
//! - [`mod@plan`] finds, nightly, the best plan for the coming [`PLANNED_DAYS`];
//! - [`mod@explain`] says why, in one line per task.

pub mod availability;
mod board;
#[cfg(test)]
mod brute;
pub mod departures;
pub mod explain;
mod flow;
mod improve;
pub mod instance;
pub mod person;
pub mod placing;
pub mod plan;
pub mod priority;
pub mod react;
mod relaxation;
pub mod task;
#[cfg(test)]
mod tests;

pub use availability::{GapReason, Roster};
pub use departures::wanted;
pub use explain::explain;
pub use instance::{Fixed, Goals, Instance, Job, PLANNED_DAYS, Place, Worker};
pub use person::{PersonStatus, StaffMember, StaffType};
pub use placing::{Gap, Placement, place};
pub use plan::{Outcome, Plan, plan};
pub use priority::{next_check_in, priority};
pub use react::react;
pub use task::{Priority, TaskStatus, TaskType, WorkTask};
