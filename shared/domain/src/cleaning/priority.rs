//! How urgent a cleaning is (rule P, contract 10 §4.2).

use chrono::NaiveDate;

use crate::{
    ids::HouseId,
    reservation::{Reservation, Status},
};

use super::task::Priority;

/// The next check-in of a house on or after `date`: approved stays only.
pub fn next_check_in<'a>(
    stays: impl IntoIterator<Item = &'a Reservation>,
    house: HouseId,
    date: NaiveDate,
) -> Option<NaiveDate> {
    stays
        .into_iter()
        .filter(|stay| !stay.deleted && stay.status == Status::Approved && stay.house == house)
        .map(|stay| stay.check_in_date)
        .filter(|check_in| *check_in >= date)
        .min()
}

/// Rule P: the priority of a cleaning on `date` when the next guest comes on `next`.
pub fn priority(date: NaiveDate, next: Option<NaiveDate>) -> Priority {
    match next.map(|next| (next - date).num_days()) {
        Some(..=0) => Priority::Urgent,
        Some(1) => Priority::High,
        Some(2..=3) => Priority::Medium,
        Some(_) | None => Priority::Low,
    }
}
