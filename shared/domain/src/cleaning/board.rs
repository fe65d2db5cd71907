//! An instance in numbers, for the search: people, days and tasks by their position.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::{
    availability::Places,
    flow::Cost,
    instance::{Goals, Instance, Place},
};

/// A person's day: their number and that of the day.
pub(super) type Slot = (usize, usize);

/// A task to be placed.
pub(super) struct Piece {
    pub(super) large: bool,
    pub(super) minutes: Cost,
    /// First and last day on which it can be done.
    pub(super) window: Option<(usize, usize)>,
    /// Whether its house is not ready when it is left out.
    pub(super) due: bool,
    /// What was announced, `Some(None)` when that cannot be kept.
    pub(super) announced: Option<Option<Slot>>,
}

/// What each goal weighs in one number: more than all that follow can sum up to.
pub(super) struct Weights {
    pub(super) not_ready: Cost,
    pub(super) unplanned: Cost,
    pub(super) moved: Cost,
    pub(super) imbalance: Cost,
    pub(super) delay: Cost,
    pub(super) crowded: Cost,
}

pub(super) struct Board {
    pub(super) days: usize,
    pub(super) workers: usize,
    pub(super) pieces: Vec<Piece>,
    /// Minutes of each person that stand.
    pub(super) base: Vec<Cost>,
    pub(super) weights: Weights,
    places: Vec<Places>,
    filled: Vec<u32>,
}

impl Board {
    pub(super) fn new(instance: &Instance) -> Self {
        let (days, workers) = (instance.days as usize, instance.workers.len());
        let number: BTreeMap<_, _> =
            instance.workers.iter().enumerate().map(|(number, worker)| (worker.person, number)).collect();
        let day = |date: NaiveDate| usize::try_from((date - instance.first).num_days()).ok();
        let slot =
            |place: Place| Some((*number.get(&place.person)?, day(place.date).filter(|day| *day < days)?));
        let mut base = vec![0; workers];
        let (mut filled, mut large) = (vec![0; days * workers], vec![false; days * workers]);
        for fixed in &instance.fixed {
            let Some((worker, day)) = slot(fixed.place) else { continue };
            base[worker] += Cost::from(fixed.minutes);
            if fixed.fills {
                filled[worker * days + day] += 1;
                large[worker * days + day] |= fixed.large;
            }
        }
        let dates: Vec<_> = (0..instance.days)
            .filter_map(|day| instance.first.checked_add_days(Days::new(day.into())))
            .collect();
        let mut places = vec![Places::default(); days * workers];
        for (number, worker) in instance.workers.iter().enumerate() {
            for (day, date) in dates.iter().enumerate() {
                let at = number * days + day;
                if !worker.days_off.contains(date) {
                    places[at] = Places::left(worker.most_small, filled[at], large[at]);
                }
            }
        }
        let pieces: Vec<_> = instance
            .jobs
            .iter()
            .map(|job| {
                let from = day(job.departure.max(instance.first)).unwrap_or(0);
                let last = days.checked_sub(1);
                let until = match job.arrival {
                    Some(arrival) => day(arrival).and_then(|arrival| Some(arrival.min(last?))),
                    None => last,
                };
                Piece {
                    large: job.large,
                    minutes: job.minutes.into(),
                    window: until.filter(|until| from <= *until).map(|until| (from, until)),
                    due: job.arrival.is_some_and(|arrival| day(arrival).is_none_or(|day| day < days)),
                    announced: job.announced.map(slot),
                }
            })
            .collect();
        let weights = Weights::new(&pieces, &base);
        Self { days, workers, pieces, base, weights, places, filled }
    }

    /// What is free of a slot before anything is placed.
    pub(super) fn places(&self, (worker, day): Slot) -> Places {
        self.places[worker * self.days + day]
    }

    /// How many tasks stand in a slot.
    pub(super) fn filled(&self, (worker, day): Slot) -> u32 {
        self.filled[worker * self.days + day]
    }

    /// What it costs to leave a piece out.
    pub(super) fn without(&self, piece: &Piece) -> Cost {
        let missing = if piece.due { self.weights.not_ready } else { self.weights.unplanned };
        missing + if piece.announced.is_some() { self.weights.moved } else { 0 }
    }

    /// What a slot costs a piece by itself, whatever else is placed.
    pub(super) fn within(&self, piece: &Piece, slot: Slot) -> Cost {
        let kept = piece.announced.is_none_or(|announced| announced == Some(slot));
        let delay = piece.window.map_or(0, |(from, _)| cost(slot.1.saturating_sub(from)));
        self.weights.delay * delay + if kept { 0 } else { self.weights.moved }
    }

    /// The goals of a complete placement.
    pub(super) fn goals(&self, placed: &[Option<Slot>]) -> Goals {
        let mut goals = Goals::default();
        let mut minutes = self.base.clone();
        let mut filled = self.filled.clone();
        for (piece, place) in self.pieces.iter().zip(placed) {
            goals.moved +=
                u32::from(piece.announced.is_some_and(|announced| place.is_none() || announced != *place));
            match *place {
                Some((worker, day)) => {
                    let at = worker * self.days + day;
                    minutes[worker] += piece.minutes;
                    goals.crowded += u32::from(filled[at] > 0);
                    filled[at] += 1;
                    let delay = piece.window.map_or(0, |(from, _)| day.saturating_sub(from));
                    goals.delay += u32::try_from(delay).unwrap_or(u32::MAX);
                }
                None if piece.due => goals.not_ready += 1,
                None => goals.unplanned += 1,
            }
        }
        let squares: Cost = minutes.iter().map(|minutes| minutes * minutes).sum();
        goals.imbalance = u64::try_from(squares).unwrap_or(u64::MAX);
        goals
    }

    /// Goals as one number that compares as they do.
    pub(super) fn cost(&self, goals: &Goals) -> Cost {
        let weights = &self.weights;
        Cost::from(goals.not_ready) * weights.not_ready
            + Cost::from(goals.unplanned) * weights.unplanned
            + Cost::from(goals.moved) * weights.moved
            + Cost::from(goals.imbalance) * weights.imbalance
            + Cost::from(goals.delay) * weights.delay
            + Cost::from(goals.crowded) * weights.crowded
    }
}

impl Weights {
    fn new(pieces: &[Piece], base: &[Cost]) -> Self {
        let count = cost(pieces.len()) + 1;
        let days: Cost =
            pieces.iter().filter_map(|piece| piece.window).map(|(from, until)| cost(until - from)).sum();
        // No sum of squares is above the square of the sum.
        let minutes: Cost =
            pieces.iter().map(|piece| piece.minutes).sum::<Cost>() + base.iter().sum::<Cost>();
        let crowded = 1;
        let delay = crowded * count;
        let imbalance = delay * (days + 1);
        let moved = imbalance * (minutes * minutes + 1);
        let unplanned = moved * count;
        let not_ready = unplanned * count;
        Self { not_ready, unplanned, moved, imbalance, delay, crowded }
    }

    /// More than any placement costs.
    pub(super) fn forbidden(&self, pieces: usize) -> Cost {
        self.not_ready * (cost(pieces) + 2)
    }
}

/// A count as a cost.
pub(super) fn cost(count: usize) -> Cost {
    Cost::try_from(count).unwrap_or(Cost::MAX)
}
