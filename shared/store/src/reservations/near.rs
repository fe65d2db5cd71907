//! The stays that a rearrangement may touch: those of some houses around the wanted nights, without reading history.

use std::collections::{BTreeMap, BTreeSet};

use casa_domain::{
    HouseId, ReservationId,
    stay::{MAX_NIGHTS, Stay},
};
use chrono::Days;

use super::{Reservations, Stored};
use crate::StoreError;

impl Reservations<'_> {
    /// The reservations that hold nights of these (distinct) houses and could matter when `wanted` is made free by at
    /// most `moves` moves of stays for which `movable` holds: all that overlap `wanted`, all that overlap a movable one
    /// of those, and so on. Per widening one request (or one per hundred houses and months) for nights and one per
    /// hundred reservations not seen yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn near(
        &self,
        houses: &[HouseId],
        wanted: Stay,
        moves: usize,
        movable: impl Fn(&Stored) -> bool,
    ) -> Result<BTreeMap<ReservationId, Stored>, StoreError> {
        let mut found: BTreeMap<ReservationId, Stored> = BTreeMap::new();
        let mut missing: BTreeSet<ReservationId> = BTreeSet::new();
        let mut span = wanted;
        for _ in 0..=moves {
            let nights = self.0.calendar().held_in(houses, span).await?;
            let holders: BTreeSet<_> = nights.values().flat_map(BTreeMap::values).copied().collect();
            let new: Vec<_> =
                holders.into_iter().filter(|id| !found.contains_key(id) && !missing.contains(id)).collect();
            let read = self.get_many(&new).await?;
            missing.extend(new.iter().filter(|id| !read.contains_key(id)));
            found.extend(read);
            let reach = found.values().filter(|one| movable(one)).filter_map(|one| one.booked.hold);
            let wider = reach.fold(span, |span, hold| hull(span, hold.stay));
            if wider == span {
                break;
            }
            span = wider;
        }
        Ok(found)
    }
}

/// The shortest range that holds both, as far as a stay can reach.
fn hull(one: Stay, other: Stay) -> Stay {
    let from = one.check_in().min(other.check_in());
    let to = one.check_out().max(other.check_out());
    let furthest = from.checked_add_days(Days::new(MAX_NIGHTS.unsigned_abs())).unwrap_or(to);
    Stay::new(from, to.min(furthest)).unwrap_or(one)
}
