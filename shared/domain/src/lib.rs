//! The business of the holiday homes: stays and nights, money, reservations, people, passwords and texts.
//!
//! Everything here is pure and synchronous: it takes values and "now", and returns values and decisions. It must
//! not know AWS, HTTP, the JSON of any client, clocks or randomness.

pub mod calendar;
pub mod cleaning;
pub mod client;
pub mod event;
pub mod feed;
pub mod heating;
pub mod house;
pub mod ids;
pub mod level;
pub mod money;
pub mod music;
pub mod password;
pub mod payment;
pub mod points;
pub mod presence;
pub mod pricing;
pub mod rearrangement;
pub mod referrals;
pub mod reservation;
pub mod search;
pub mod spanish;
pub mod staff;
pub mod stay;
pub mod text;
pub mod time;

pub use client::{Client, ClientCard};
pub use house::{House, Photo};
pub use ids::{ClientId, HouseId, PhotoId, ReceiptId, ReservationId, StaffId};
pub use reservation::{Currency, Origin, Reservation, Status};
pub use staff::StaffUser;
pub use stay::{Stay, StayError};
