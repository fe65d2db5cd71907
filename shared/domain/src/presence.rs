//! Who is in a house at a moment of a day (contract 05 §3.11).

use chrono::{NaiveDateTime, NaiveTime};

use crate::reservation::{Reservation, Status};

/// Guests enter their house at 15:00, local.
pub const CHECK_IN_TIME: NaiveTime = at(15);
/// Guests leave it at 11:00, local.
pub const CHECK_OUT_TIME: NaiveTime = at(11);

/// A full hour; midnight for what is none.
pub(crate) const fn at(hour: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, 0, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

/// The stay whose guest is in the house at the local moment `local`; `stays` are those of the house. On the day when one
/// guest leaves and the next one comes, it is the one until 11:00, nobody, and from 15:00 on the other (example 8 of
/// contract 05 §9 has nobody in the morning, which is the quirk described in §3.11). `None` too where the stay has no
/// guest.
///
/// Only imported stays can share a night. Of those the one that arrives today goes before those in the middle and those
/// before the one that leaves today, each by check-in.
pub fn present<'a>(
    stays: impl IntoIterator<Item = &'a Reservation>,
    local: NaiveDateTime,
) -> Option<&'a Reservation> {
    let is_there = |stay: &&Reservation| {
        !stay.deleted
            && stay.status == Status::Approved
            && stay.check_in_date.and_time(CHECK_IN_TIME) <= local
            && local < stay.check_out_date.and_time(CHECK_OUT_TIME)
    };
    let order = |stay: &&Reservation| {
        let (arrives, leaves) = (stay.check_in_date == local.date(), stay.check_out_date == local.date());
        (!arrives, leaves, stay.check_in_date, stay.created, stay.id)
    };
    stays.into_iter().filter(is_there).min_by_key(order).filter(|stay| stay.client.is_some())
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;
    use crate::ids::{ClientId, HouseId, ReservationId};

    fn stay(number: u128, from: u32, to: u32) -> Reservation {
        let day = |day| NaiveDate::from_ymd_opt(2025, 11, day).unwrap();
        let (id, house) = (ReservationId(Uuid::from_u128(number)), HouseId(Uuid::nil()));
        let entered = "2025-01-01T00:00:00Z".parse().unwrap();
        let mut stay = Reservation::new(id, house, day(from), day(to), entered);
        (stay.status, stay.client) = (Status::Approved, Some(ClientId(Uuid::nil())));
        stay
    }

    fn who(stays: &[Reservation], local: &str) -> Option<u128> {
        present(stays, local.parse().unwrap()).map(|stay| stay.id.0.as_u128())
    }

    #[test]
    fn a_guest_is_there_from_check_in_to_check_out() {
        let stays = [stay(1, 10, 12)];
        for (local, there) in [
            ("2025-11-10T14:59:59", None),
            ("2025-11-10T15:00:00", Some(1)),
            ("2025-11-11T00:00:00", Some(1)),
            ("2025-11-12T10:59:59", Some(1)),
            ("2025-11-12T11:00:00", None),
        ] {
            assert_eq!(who(&stays, local), there, "{local}");
        }
    }

    /// Contract 05 §9, example 8, with the quirk of §3.11 repaired.
    #[test]
    fn guests_follow_each_other_on_one_day() {
        let stays = [stay(1, 10, 12), stay(2, 12, 14)];
        for (local, there) in [
            ("2025-11-12T10:59:59", Some(1)),
            ("2025-11-12T11:00:00", None),
            ("2025-11-12T14:59:59", None),
            ("2025-11-12T15:00:00", Some(2)),
        ] {
            assert_eq!(who(&stays, local), there, "{local}");
        }
    }

    #[test]
    fn others_are_not_there() {
        let noon = "2025-11-11T12:00:00";
        let one = stay(1, 10, 12);
        assert_eq!(who(&[Reservation { status: Status::Pending, ..one.clone() }], noon), None);
        assert_eq!(who(&[Reservation { deleted: true, ..one.clone() }], noon), None);
        assert_eq!(who(&[Reservation { client: None, ..one }], noon), None);
    }

    #[test]
    fn of_stays_that_share_a_night_the_newest_counts() {
        let stays = [stay(1, 9, 12), stay(2, 10, 15), stay(3, 12, 13)];
        assert_eq!(who(&stays, "2025-11-12T10:00:00"), Some(2), "before the one that leaves");
        assert_eq!(who(&stays, "2025-11-12T15:00:00"), Some(3), "arrives today");
        assert_eq!(who(&stays, "2025-11-11T10:00:00"), Some(1), "by check-in");
    }
}
