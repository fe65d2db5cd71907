//! Rearrangement against brute force on small instances and against a patient random search on larger ones.
#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::{cmp::Reverse, collections::BTreeMap};

use casa_domain::{
    HouseId, ReservationId, Stay,
    rearrangement::{DEFAULT_MOVES, Move, Place, Placed, Plan, Room, search},
};
use chrono::{NaiveDate, TimeDelta};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use rust_decimal::Decimal;
use uuid::Uuid;

fn stay(from: i64, nights: i64) -> Stay {
    let day = |offset| NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + TimeDelta::days(offset);
    Stay::new(day(from), day(from + nights)).unwrap()
}

fn house(number: usize) -> HouseId {
    HouseId(Uuid::from_u128(1000 + number as u128))
}

/// A price that depends on stay and house, often equal, so that ties occur.
fn difference(placed: &Placed, to: HouseId) -> Decimal {
    let price = |house: HouseId| (house.0.as_u128() * 7 % 4) as i64 * 10 * placed.stay.nights();
    Decimal::from(price(to) - price(placed.house))
}

struct Instance {
    places: Vec<Place>,
    stays: Vec<Placed>,
    wanted: Stay,
}

/// Houses in one or two groups (some in none), filled with stays as densely as `density` says.
fn instance(random: &mut StdRng, houses: usize, most: usize, days: i64, density: f64) -> Instance {
    let names = ["Anexo", "Casa 1", "Casa 2", "Villa", "Villa"];
    let places: Vec<_> = (0..houses)
        .map(|number| Place {
            id: house(number),
            name: names[random.random_range(0..names.len())].to_owned(),
            group: match random.random_range(0..10) {
                0 => None,
                1 => Some("b".to_owned()),
                _ => Some("a".to_owned()),
            },
            capacity: random.random_bool(0.7).then(|| random.random_range(3..9)),
        })
        .collect();
    let mut stays = Vec::new();
    for place in &places {
        let mut at = random.random_range(0..3);
        while at < days && stays.len() < most {
            let nights = random.random_range(1..5);
            if random.random_bool(density) {
                stays.push(Placed {
                    id: ReservationId(Uuid::from_u128(random.random_range(1..u128::MAX))),
                    house: place.id,
                    stay: stay(at, nights),
                    guests: random.random_range(1..8),
                    movable: random.random_bool(0.85),
                });
            }
            at += nights;
        }
    }
    let wanted = stay(random.random_range(0..days), random.random_range(1..5));
    Instance { places, stays, wanted }
}

/// Whether these moves are allowed, lead to no overlap, and make the target free for the wanted stay.
fn holds(instance: &Instance, target: HouseId, moves: &[(usize, HouseId)]) -> bool {
    let mut at: Vec<HouseId> = instance.stays.iter().map(|stay| stay.house).collect();
    let place = |id: HouseId| instance.places.iter().find(|place| place.id == id).unwrap();
    for (index, to) in moves {
        let (one, from) = (&instance.stays[*index], place(instance.stays[*index].house));
        let to = place(*to);
        let fits = to.capacity.is_none_or(|most| i64::from(one.guests) <= most);
        if !one.movable || to.id == from.id || from.group.is_none() || from.group != to.group || !fits {
            return false;
        }
        at[*index] = to.id;
    }
    let stays = &instance.stays;
    let overlaps = |a: usize, b: usize| at[a] == at[b] && stays[a].stay.overlaps(stays[b].stay);
    // Unmoved stays were apart before, so only pairs with a moved one can clash.
    moves.iter().all(|(index, _)| (0..stays.len()).all(|other| other == *index || !overlaps(*index, other)))
        && (0..stays.len()).all(|one| at[one] != target || !stays[one].stay.overlaps(instance.wanted))
}

type Rank = (usize, Decimal, Reverse<Vec<NaiveDate>>, Vec<String>, Vec<(ReservationId, HouseId)>);

/// How good a plan is, smaller is better, written down apart from the code under test.
fn rank(instance: &Instance, moves: &[(usize, HouseId)]) -> Rank {
    let mut moves = moves.to_vec();
    let one = |index: usize| &instance.stays[index];
    moves.sort_by_key(|(index, _)| (Reverse(one(*index).stay.check_in()), one(*index).id));
    let name = |id: HouseId| instance.places.iter().find(|place| place.id == id).unwrap().name.clone();
    (
        moves.len(),
        moves.iter().map(|(index, to)| difference(one(*index), *to).abs()).sum(),
        Reverse(moves.iter().map(|(index, _)| one(*index).stay.check_in()).collect()),
        moves.iter().map(|(_, to)| name(*to)).collect(),
        moves.iter().map(|(index, to)| (one(*index).id, *to)).collect(),
    )
}

/// Tries every choice of at most `most` stays and every house for each, fewest first.
fn brute_force(instance: &Instance, target: HouseId, most: usize) -> Option<Rank> {
    let movable: Vec<_> = (0..instance.stays.len()).filter(|index| instance.stays[*index].movable).collect();
    // Whoever holds a wanted night must be among the chosen.
    let needed = in_the_way(instance, target);
    for size in 1..=most {
        let mut best = None;
        choose(&movable, size, 0, &mut Vec::new(), &mut |chosen| {
            if needed.iter().all(|index| chosen.contains(index)) {
                assign(instance, target, chosen, &mut Vec::new(), &mut best);
            }
        });
        if best.is_some() {
            return best;
        }
    }
    None
}

fn in_the_way(instance: &Instance, target: HouseId) -> Vec<usize> {
    let stays = &instance.stays;
    let holds = |index: &usize| stays[*index].house == target && stays[*index].stay.overlaps(instance.wanted);
    (0..stays.len()).filter(holds).collect()
}

fn choose(
    from: &[usize],
    size: usize,
    start: usize,
    chosen: &mut Vec<usize>,
    found: &mut impl FnMut(&[usize]),
) {
    if chosen.len() == size {
        found(chosen);
        return;
    }
    for at in start..from.len() {
        chosen.push(from[at]);
        choose(from, size, at + 1, chosen, found);
        chosen.pop();
    }
}

fn assign(
    instance: &Instance,
    target: HouseId,
    chosen: &[usize],
    moves: &mut Vec<(usize, HouseId)>,
    best: &mut Option<Rank>,
) {
    if moves.len() == chosen.len() {
        if holds(instance, target, moves) {
            let rank = rank(instance, moves);
            if best.as_ref().is_none_or(|best| rank < *best) {
                *best = Some(rank);
            }
        }
        return;
    }
    let index = chosen[moves.len()];
    for place in &instance.places {
        if place.id != instance.stays[index].house {
            moves.push((index, place.id));
            assign(instance, target, chosen, moves, best);
            moves.pop();
        }
    }
}

fn indexed(instance: &Instance, plan: &Plan) -> Vec<(usize, HouseId)> {
    let index = |id: ReservationId| instance.stays.iter().position(|one| one.id == id).unwrap();
    plan.moves.iter().map(|one: &Move| (index(one.reservation), one.to)).collect()
}

fn rooms(instance: &Instance, most: usize) -> BTreeMap<HouseId, Room> {
    search(&instance.places, &instance.stays, instance.wanted, most, difference).into_iter().collect()
}

#[test]
fn equals_brute_force_on_ten_thousand_small_instances() {
    let mut seen = BTreeMap::new();
    for seed in 0..10_000u64 {
        let mut random = StdRng::seed_from_u64(seed);
        let houses = random.random_range(2..=5);
        let (days, density) = (random.random_range(5..12), random.random_range(0.5..1.0));
        let small = instance(&mut random, houses, 14, days, density);
        // One house per instance keeps brute force quick; which one is random.
        let target = house(random.random_range(0..houses));
        let room = &rooms(&small, DEFAULT_MOVES)[&target];
        let busy = !in_the_way(&small, target).is_empty();
        match room {
            Room::Free => assert!(!busy, "seed {seed}"),
            Room::Plan(plan) => {
                let moves = indexed(&small, plan);
                assert!(busy && holds(&small, target, &moves), "seed {seed}");
                let own = rank(&small, &moves);
                assert_eq!(plan.difference, own.1);
                assert_eq!(Some(own), brute_force(&small, target, DEFAULT_MOVES), "seed {seed}");
            }
            Room::Impossible => {
                assert!(busy, "seed {seed}");
                assert_eq!(brute_force(&small, target, DEFAULT_MOVES), None, "seed {seed}");
            }
        }
        let kind = match room {
            Room::Free => "free".to_owned(),
            Room::Impossible => "impossible".to_owned(),
            Room::Plan(plan) => plan.moves.len().to_string(),
        };
        *seen.entry(kind).or_insert(0) += 1;
    }
    println!("{seen:?}");
    for kind in ["free", "impossible", "1", "2", "3", "4"] {
        assert!(seen.get(kind).is_some_and(|count| *count > 0), "{kind}: {seen:?}");
    }
}

/// A search of another make: random displacement from the wanted nights, many times over.
fn patient(instance: &Instance, target: HouseId, most: usize, random: &mut StdRng) -> Option<Rank> {
    let mut best: Option<Rank> = None;
    for _ in 0..4_000 {
        let mut moves: Vec<(usize, HouseId)> = Vec::new();
        let mut open = in_the_way(instance, target);
        while let Some(index) = open.pop() {
            if moves.len() + open.len() + 1 > most {
                open.push(index);
                break;
            }
            let to = instance.places[random.random_range(0..instance.places.len())].id;
            let one = &instance.stays[index];
            for (other, there) in instance.stays.iter().enumerate() {
                let displaced =
                    other == index || open.contains(&other) || moves.iter().any(|(moved, _)| *moved == other);
                if !displaced && there.house == to && there.stay.overlaps(one.stay) {
                    open.push(other);
                }
            }
            moves.push((index, to));
        }
        if open.is_empty() && !moves.is_empty() && holds(instance, target, &moves) {
            let rank = rank(instance, &moves);
            if best.as_ref().is_none_or(|best| rank < *best) {
                best = Some(rank);
            }
        }
    }
    best
}

#[test]
fn no_patient_search_beats_it_on_larger_instances() {
    let (mut plans, mut found) = (0, 0);
    for seed in 0..60u64 {
        let mut random = StdRng::seed_from_u64(1_000_000 + seed);
        let houses = random.random_range(8..=16);
        let large = instance(&mut random, houses, 150, 30, 0.85);
        let rooms = rooms(&large, DEFAULT_MOVES);
        for place in large.places.iter().take(4) {
            let room = &rooms[&place.id];
            if let Some(plan) = room.plan() {
                plans += 1;
                assert!(holds(&large, place.id, &indexed(&large, plan)), "seed {seed}");
            }
            if *room == Room::Free {
                continue;
            }
            let Some(other) = patient(&large, place.id, DEFAULT_MOVES, &mut random) else { continue };
            found += 1;
            let own = room.plan().map(|plan| rank(&large, &indexed(&large, plan)));
            assert!(own.is_some_and(|own| own <= other), "seed {seed}: the patient search found {other:?}");
        }
    }
    println!("{plans} plans, {found} found by the patient search");
    assert!(plans > 50 && found > 20, "{plans} {found}");
}

#[test]
fn the_order_of_the_input_says_nothing_and_bounds_hold() {
    for seed in 0..300u64 {
        let mut random = StdRng::seed_from_u64(2_000_000 + seed);
        let mut one = instance(&mut random, 6, 40, 14, 0.8);
        let before = rooms(&one, DEFAULT_MOVES);
        for most in 0..=2 {
            let plans = rooms(&one, most).into_values().filter_map(|room| room.plan().cloned());
            assert!(plans.into_iter().all(|plan| plan.moves.len() <= most), "{most}");
        }
        one.places.shuffle(&mut random);
        one.stays.shuffle(&mut random);
        assert_eq!(rooms(&one, DEFAULT_MOVES), before, "seed {seed}");
    }
}

/// Each move of a plan is told once its target is free, unless stays swap.
#[test]
fn moves_are_told_in_an_order_that_works() {
    let place = |number, name: &str| Place {
        id: house(number),
        name: name.to_owned(),
        group: Some("a".to_owned()),
        capacity: None,
    };
    let placed = |number: u128, at, from, nights| Placed {
        id: ReservationId(Uuid::from_u128(number)),
        house: house(at),
        stay: stay(from, nights),
        guests: 2,
        movable: true,
    };
    let mut chain = Instance {
        places: vec![place(0, "A"), place(1, "B"), place(2, "C")],
        // The one in A fits nowhere as it is; the one in B fits into C behind one that stays.
        stays: vec![placed(1, 0, 0, 4), placed(2, 1, 3, 3), placed(3, 2, 0, 3)],
        wanted: stay(1, 2),
    };
    chain.stays[2].movable = false;
    let rooms = rooms(&chain, DEFAULT_MOVES);
    let plan = rooms[&house(0)].plan().unwrap();
    let told: Vec<_> = plan.moves.iter().map(|one| (one.reservation.0.as_u128(), one.from, one.to)).collect();
    assert_eq!(told, [(2, house(1), house(2)), (1, house(0), house(1))]);
}

/// How many of these moves, one after the other, go where a stay still holds their nights.
fn early(instance: &Instance, moves: &[(usize, HouseId)]) -> usize {
    let mut at: Vec<HouseId> = instance.stays.iter().map(|stay| stay.house).collect();
    let mut count = 0;
    for (index, to) in moves {
        let own = instance.stays[*index].stay;
        let held = |other: usize| at[other] == *to && instance.stays[other].stay.overlaps(own);
        count += usize::from((0..at.len()).any(|other| other != *index && held(other)));
        at[*index] = *to;
    }
    count
}

/// The least of that over all orders of the moves.
fn least_early(instance: &Instance, moves: &mut [(usize, HouseId)], settled: usize) -> usize {
    if settled == moves.len() {
        return early(instance, moves);
    }
    let mut least = usize::MAX;
    for next in settled..moves.len() {
        moves.swap(settled, next);
        least = least.min(least_early(instance, moves, settled + 1));
        moves.swap(settled, next);
    }
    least
}

/// Chains are told in an order that works; beside swaps no move is told too early that need not be.
#[test]
fn no_order_of_a_plan_works_better_than_the_one_told() {
    let (mut chains, mut mixed) = (0, 0);
    for seed in 0..2_000u64 {
        let mut random = StdRng::seed_from_u64(3_000_000 + seed);
        let one = instance(&mut random, 5, 24, 12, 0.9);
        for plan in rooms(&one, DEFAULT_MOVES).values().filter_map(Room::plan) {
            let mut moves = indexed(&one, plan);
            let (told, backwards) = (early(&one, &moves), {
                let reversed: Vec<_> = moves.iter().rev().copied().collect();
                early(&one, &reversed)
            });
            assert_eq!(told, least_early(&one, &mut moves, 0), "seed {seed}: {plan:?}");
            chains += usize::from(told == 0 && backwards > 0);
            mixed += usize::from(told > 0 && moves.len() > 2);
        }
    }
    println!("{chains} chains, {mixed} plans of more than two moves with a swap");
    assert!(chains > 50 && mixed > 50, "{chains} {mixed}");
}
