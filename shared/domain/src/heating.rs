//! When the heating of a house's pool is switched: on once per stay that has the pool, off once after it.
//!
//! What was switched is remembered by marks, so that a step that failed is taken the next time and one that was taken
//! is not repeated.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{HouseId, ReservationId},
    presence::{self, CHECK_OUT_TIME},
    reservation::{Reservation, Status},
};

/// The water takes hours: the heating goes on at 08:00 of the day of arrival, local.
const WARM_FROM: NaiveTime = presence::at(8);

/// For how long an "off" is remembered. One day would do: it is not repeated on the day of the check-out.
const REMEMBERED: TimeDelta = TimeDelta::days(3);

/// A position of the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// Heating.
    On,
    /// Not heating.
    Off,
}

/// What was done last for a stay in a house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The stay.
    pub reservation: ReservationId,
    /// The house whose pool it was done to.
    pub house: HouseId,
    /// To which position.
    pub last: Switch,
    /// When.
    pub at: DateTime<Utc>,
}

impl Mark {
    /// Whether it is still needed at `now`.
    pub fn is_needed(&self, now: DateTime<Utc>) -> bool {
        self.last == Switch::On || now < self.at + REMEMBERED
    }
}

/// A step to take for a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The house.
    pub house: HouseId,
    /// The stay.
    pub reservation: ReservationId,
    /// The position that is due.
    pub to: Switch,
    /// Whether the switch is to be moved. Not where another stay needs the warm pool just now: the step is only marked
    /// as taken, and the other stay's "off" comes in its time.
    pub moves: bool,
}

/// Whether the pool of its house is to be warm for a stay at the local moment `local`: approved, with the pool, from
/// 08:00 on the day of arrival until check-out.
pub fn needs_heat(stay: &Reservation, local: NaiveDateTime) -> bool {
    has_pool(stay)
        && stay.check_in_date.and_time(WARM_FROM) <= local
        && local < stay.check_out_date.and_time(CHECK_OUT_TIME)
}

/// The steps due at the local moment `local`, by house and stay. `stays` are those around this day and all that have a
/// mark. A stay that is called off, loses its pool or changes the house after "on" gets its "off" at once.
pub fn steps(stays: &[Reservation], marks: &[Mark], local: NaiveDateTime) -> Vec<Step> {
    let last: BTreeMap<(HouseId, ReservationId), Switch> =
        marks.iter().map(|mark| ((mark.house, mark.reservation), mark.last)).collect();
    let by_id: BTreeMap<ReservationId, &Reservation> = stays.iter().map(|stay| (stay.id, stay)).collect();
    let warm: BTreeSet<HouseId> =
        stays.iter().filter(|stay| needs_heat(stay, local)).map(|stay| stay.house).collect();
    let mut pairs: BTreeSet<(HouseId, ReservationId)> = last.keys().copied().collect();
    pairs.extend(stays.iter().map(|stay| (stay.house, stay.id)));
    let due = |(house, reservation): (HouseId, ReservationId)| {
        let stay = by_id.get(&reservation).filter(|stay| stay.house == house);
        let last = last.get(&(house, reservation));
        if stay.is_some_and(|stay| needs_heat(stay, local)) {
            return (last != Some(&Switch::On)).then_some(Step {
                house,
                reservation,
                to: Switch::On,
                moves: true,
            });
        }
        let is_over = match last {
            Some(last) => *last == Switch::On,
            // Somebody may have switched it on by hand.
            None => stay.is_some_and(|stay| has_pool(stay) && leaves_today(stay, local)),
        };
        is_over.then(|| Step { house, reservation, to: Switch::Off, moves: !warm.contains(&house) })
    };
    pairs.into_iter().filter_map(due).collect()
}

fn has_pool(stay: &Reservation) -> bool {
    stay.temperature_pool && stay.status == Status::Approved && !stay.deleted
}

fn leaves_today(stay: &Reservation, local: NaiveDateTime) -> bool {
    stay.check_out_date == local.date() && CHECK_OUT_TIME <= local.time()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;

    fn house(number: u128) -> HouseId {
        HouseId(Uuid::from_u128(number))
    }

    fn stay(number: u128, from: u32, to: u32) -> Reservation {
        let day = |day| NaiveDate::from_ymd_opt(2025, 11, day).unwrap();
        let entered = "2025-01-01T00:00:00Z".parse().unwrap();
        let id = ReservationId(Uuid::from_u128(number));
        let mut stay = Reservation::new(id, house(1), day(from), day(to), entered);
        (stay.status, stay.temperature_pool) = (Status::Approved, true);
        stay
    }

    /// Takes what is due at each of these moments and writes down what moved the switch.
    fn life(moments: &[(&str, &[Reservation])]) -> Vec<String> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut moved = Vec::new();
        for (local, stays) in moments {
            let local: NaiveDateTime = format!("2025-11-{local}:05:00").parse().unwrap();
            marks.retain(|mark| mark.is_needed(local.and_utc()));
            for step in steps(stays, &marks, local) {
                marks.retain(|mark| (mark.house, mark.reservation) != (step.house, step.reservation));
                let Step { house, reservation, to, .. } = step;
                marks.push(Mark { reservation, house, last: to, at: local.and_utc() });
                if step.moves {
                    let place = house.0.as_u128();
                    moved.push(format!(
                        "{} {to:?} {place} for {}",
                        local.format("%d %H"),
                        reservation.0.as_u128()
                    ));
                }
            }
        }
        moved
    }

    /// The same stays at these hours of these days.
    fn during(stays: &[Reservation], hours: &[&'static str]) -> Vec<String> {
        life(&hours.iter().map(|hour| (*hour, stays)).collect::<Vec<_>>())
    }

    #[test]
    fn on_in_the_morning_of_arrival_and_off_after_check_out() {
        let hours = ["10T07", "10T08", "10T09", "11T12", "12T10", "12T11", "12T12", "13T08", "17T09"];
        assert_eq!(during(&[stay(1, 10, 12)], &hours), ["10 08 On 1 for 1", "12 11 Off 1 for 1"]);
    }

    #[test]
    fn a_stay_that_never_was_switched_on_is_switched_off_on_its_last_day_only() {
        assert_eq!(during(&[stay(1, 10, 12)], &["12T11", "12T12"]), ["12 11 Off 1 for 1"]);
        assert_eq!(during(&[stay(1, 10, 12)], &["13T11"]), Vec::<String>::new());
    }

    #[test]
    fn only_approved_stays_with_the_pool() {
        let one = stay(1, 10, 12);
        let others = [
            Reservation { temperature_pool: false, ..one.clone() },
            Reservation { status: Status::Pending, ..one.clone() },
            Reservation { deleted: true, ..one },
        ];
        for other in others {
            assert_eq!(during(&[other], &["10T09", "12T11"]), Vec::<String>::new());
        }
    }

    #[test]
    fn the_next_guest_with_the_pool_keeps_it_warm() {
        let both = [stay(1, 10, 12), stay(2, 12, 14)];
        let hours = ["10T08", "12T08", "12T11", "12T12", "14T10", "14T11"];
        assert_eq!(during(&both, &hours), ["10 08 On 1 for 1", "12 08 On 1 for 2", "14 11 Off 1 for 2"]);
        let cold = Reservation { temperature_pool: false, ..stay(2, 12, 14) };
        assert_eq!(during(&[stay(1, 10, 12), cold], &hours), ["10 08 On 1 for 1", "12 11 Off 1 for 1"]);
        let elsewhere = Reservation { house: house(2), ..stay(2, 12, 14) };
        let hours = ["10T08", "12T08", "12T11"];
        assert_eq!(
            during(&[stay(1, 10, 12), elsewhere], &hours),
            ["10 08 On 1 for 1", "12 08 On 2 for 2", "12 11 Off 1 for 1"]
        );
    }

    #[test]
    fn changes_during_the_stay_count() {
        let with = stay(1, 10, 13);
        let without = Reservation { temperature_pool: false, ..with.clone() };
        let cancelled = Reservation { status: Status::Cancelled, ..with.clone() };
        let moved = Reservation { house: house(2), ..with.clone() };
        let longer = stay(1, 10, 14);
        let then = |first: &Reservation, second: &Reservation| {
            life(&[
                ("11T20", std::slice::from_ref(first)),
                ("11T21", std::slice::from_ref(second)),
                ("11T22", std::slice::from_ref(second)),
                ("13T11", std::slice::from_ref(second)),
                ("14T11", std::slice::from_ref(second)),
            ])
        };
        assert_eq!(then(&without, &with), ["11 21 On 1 for 1", "13 11 Off 1 for 1"], "bought later");
        assert_eq!(then(&with, &without), ["11 20 On 1 for 1", "11 21 Off 1 for 1"], "given back");
        assert_eq!(then(&with, &cancelled), ["11 20 On 1 for 1", "11 21 Off 1 for 1"]);
        assert_eq!(
            then(&with, &moved),
            ["11 20 On 1 for 1", "11 21 Off 1 for 1", "11 21 On 2 for 1", "13 11 Off 2 for 1"]
        );
        assert_eq!(then(&with, &longer), ["11 20 On 1 for 1", "14 11 Off 1 for 1"]);
    }
}
