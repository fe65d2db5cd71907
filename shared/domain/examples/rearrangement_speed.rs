//! How long the search for room takes: fifty houses of one group, a year of stays, several occupancies. Prints
//! percentiles; judges nothing.
//!
//! `cargo run --release -p casa-domain --example rearrangement_speed`
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::float_arithmetic)] // a program for the desk

use std::time::Instant;

use casa_domain::{
    HouseId, ReservationId, Stay,
    rearrangement::{DEFAULT_MOVES, Place, Placed, Room, search},
};
use chrono::{NaiveDate, TimeDelta};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rust_decimal::Decimal;
use uuid::Uuid;

const HOUSES: usize = 50;
const DAYS: i64 = 365;
const REQUESTS: usize = 600;

fn stay(from: i64, nights: i64) -> Stay {
    let day = |offset| NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + TimeDelta::days(offset);
    Stay::new(day(from), day(from + nights)).unwrap()
}

fn year(random: &mut StdRng, occupancy: f64) -> (Vec<Place>, Vec<Placed>) {
    let places: Vec<_> = (0..HOUSES)
        .map(|number| Place {
            id: HouseId(Uuid::from_u128(number as u128)),
            name: format!("Casa {number}"),
            group: Some("a".to_owned()),
            capacity: Some(random.random_range(6..16)),
        })
        .collect();
    let mut stays = Vec::new();
    for place in &places {
        let mut at = 0;
        while at < DAYS {
            let nights = random.random_range(1..=7);
            if random.random_bool(occupancy) {
                stays.push(Placed {
                    id: ReservationId(Uuid::from_u128(random.random())),
                    house: place.id,
                    stay: stay(at, nights),
                    guests: random.random_range(1..12),
                    movable: random.random_bool(0.9),
                });
            }
            at += nights;
        }
    }
    (places, stays)
}

fn main() {
    println!("occupancy  moves  free  plans  none   p50 ms   p99 ms   max ms");
    for (occupancy, most) in [(0.85, DEFAULT_MOVES), (0.95, DEFAULT_MOVES), (1.0, DEFAULT_MOVES), (0.95, 5)] {
        let mut random = StdRng::seed_from_u64(7);
        let (places, stays) = year(&mut random, occupancy);
        let price = |placed: &Placed, to: HouseId| {
            let of = |house: HouseId| Decimal::from((house.0.as_u128() * 37 % 90 + 80) as i64);
            (of(to) - of(placed.house)) * Decimal::from(placed.stay.nights())
        };
        let mut times = Vec::new();
        let (mut free, mut plans, mut none) = (0, 0, 0);
        for _ in 0..REQUESTS {
            let wanted = stay(random.random_range(0..DAYS - 5), random.random_range(2..=5));
            let start = Instant::now();
            let rooms = search(&places, &stays, wanted, most, price);
            times.push(start.elapsed().as_micros());
            for (_, room) in rooms {
                match room {
                    Room::Free => free += 1,
                    Room::Plan(_) => plans += 1,
                    Room::Impossible => none += 1,
                }
            }
        }
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100] as f64 / 1000.0;
        println!(
            "{:>8}%  {most:>5} {free:>5} {plans:>6} {none:>5} {:>8.2} {:>8.2} {:>8.2}",
            occupancy * 100.0,
            at(50),
            at(99),
            at(100)
        );
    }
}
