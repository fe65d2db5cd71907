//! When the player of a house is switched by the clock: on once when a stay begins, off once when it ends (contract 07 §3.9
//! and §8, defect 18).
//!
//! Once, not for as long as it lasts: a guest who switches the player off shall not find it on again five minutes later.

use chrono::{Days, NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::{
    ids::ReservationId,
    music::session::{current, ends},
    reservation::{Reservation, Status},
};

/// Days after departure during which it is remembered what was done.
const REMEMBERED: u64 = 7;

/// What was done for a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The stay.
    pub reservation: ReservationId,
    /// Its departure when last looked at.
    pub check_out: NaiveDate,
    /// The player was switched on for it, or was on.
    pub on: bool,
    /// The player was switched off after the departure of that day. A stay that is extended afterwards ends once more.
    pub off: Option<NaiveDate>,
}

impl Mark {
    /// Whether it still keeps anything from being done again.
    #[must_use]
    pub fn is_needed(&self, today: NaiveDate) -> bool {
        self.check_out.checked_add_days(Days::new(REMEMBERED)).is_none_or(|end| today <= end)
    }
}

/// What to do with a player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Switch it on: a stay began.
    On,
    /// Stop it and switch it off: a stay ended, and nobody is there.
    Off,
}

/// What is due in a house at the local moment `local`, and for which stay; `stays` are those of the house. What could not be
/// done stays due: switching on while the stay lasts, switching off on the day of departure until the next guest comes.
pub fn due<'a>(
    stays: impl IntoIterator<Item = &'a Reservation, IntoIter: Clone>,
    marks: &[Mark],
    local: NaiveDateTime,
) -> Option<(&'a Reservation, Due)> {
    let stays = stays.into_iter();
    let mark = |stay: &Reservation| marks.iter().find(|mark| mark.reservation == stay.id);
    if let Some(stay) = current(stays.clone(), local) {
        let done = mark(stay).is_some_and(|mark| mark.on);
        return (!done).then_some((stay, Due::On));
    }
    let has_ended = |stay: &&Reservation| {
        !stay.deleted
            && stay.status == Status::Approved
            && stay.check_out_date == local.date()
            && ends(stay) <= local
    };
    let stay = stays.filter(has_ended).max_by_key(|stay| (stay.check_in_date, stay.created, stay.id))?;
    let done = mark(stay).is_some_and(|mark| mark.off == Some(stay.check_out_date));
    (!done).then_some((stay, Due::Off))
}

/// Notes that what was due is done.
pub fn note(marks: &mut Vec<Mark>, stay: &Reservation, done: Due) {
    let old = marks.iter().position(|mark| mark.reservation == stay.id).map(|at| marks.swap_remove(at));
    let old =
        old.unwrap_or(Mark { reservation: stay.id, check_out: stay.check_out_date, on: false, off: None });
    marks.push(match done {
        Due::On => Mark { on: true, check_out: stay.check_out_date, ..old },
        Due::Off => Mark { off: Some(stay.check_out_date), check_out: stay.check_out_date, ..old },
    });
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::HouseId;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
    }

    fn stay(number: u128, from: u32, to: u32) -> Reservation {
        let (id, entered) = (ReservationId(Uuid::from_u128(number)), "2026-01-01T00:00:00Z".parse().unwrap());
        let mut stay = Reservation::new(id, HouseId(Uuid::nil()), day(from), day(to), entered);
        stay.status = Status::Approved;
        stay
    }

    /// What is done when the clock strikes at these moments, all of it successfully.
    fn done(stays: &[Reservation], moments: &[&str]) -> Vec<(u128, Due)> {
        let (mut marks, mut all) = (Vec::new(), Vec::new());
        for moment in moments {
            if let Some((stay, what)) = due(stays, &marks, moment.parse().unwrap()) {
                note(&mut marks, stay, what);
                all.push((stay.id.0.as_u128(), what));
            }
        }
        all
    }

    #[test]
    fn once_on_and_once_off() {
        let stays = [stay(1, 10, 12), stay(2, 12, 14)];
        let moments = [
            "2026-03-10T14:55:00",
            "2026-03-10T15:00:00",
            "2026-03-10T15:05:00",
            "2026-03-11T11:00:00",
            "2026-03-12T10:55:00",
            "2026-03-12T11:00:00",
            "2026-03-12T11:05:00",
            "2026-03-12T15:00:00",
            "2026-03-12T15:05:00",
            "2026-03-14T11:00:00",
            "2026-03-14T23:55:00",
            "2026-03-15T00:00:00",
        ];
        let wanted = [(1, Due::On), (1, Due::Off), (2, Due::On), (2, Due::Off)];
        assert_eq!(done(&stays, &moments), wanted);
    }

    #[test]
    fn nothing_is_switched_off_while_somebody_is_there() {
        let overlapping = [stay(1, 10, 12), stay(2, 11, 14)];
        assert_eq!(
            due(&overlapping, &[], "2026-03-12T12:00:00".parse().unwrap()).map(|due| due.1),
            Some(Due::On)
        );
        let waiting = Reservation { status: Status::Pending, ..stay(1, 10, 12) };
        assert_eq!(done(&[waiting], &["2026-03-11T12:00:00", "2026-03-12T11:00:00"]), []);
        let gone = Reservation { deleted: true, ..stay(1, 10, 12) };
        assert_eq!(done(&[gone], &["2026-03-11T12:00:00", "2026-03-12T11:00:00"]), []);
    }

    #[test]
    fn a_stay_that_is_extended_ends_once_more() {
        let one = stay(1, 10, 12);
        let mut marks = Vec::new();
        for what in [Due::On, Due::Off] {
            note(&mut marks, &one, what);
        }
        let longer = Reservation { check_out_date: day(13), ..one };
        assert_eq!(due([&longer], &marks, "2026-03-12T12:00:00".parse().unwrap()), None);
        let again = due([&longer], &marks, "2026-03-13T11:00:00".parse().unwrap());
        assert_eq!(again.map(|due| due.1), Some(Due::Off));
        assert_eq!(marks.len(), 1);
        assert!(marks[0].is_needed(day(19)) && !marks[0].is_needed(day(20)));
    }
}
