//! The stays that a rearrangement may touch: those of some houses around the wanted nights, without reading history.

use std::collections::{BTreeMap, BTreeSet};

use casa_domain::{HouseId, ReservationId, stay::Stay};

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
    ///
    /// With each comes whether it may be moved: it is movable, and all its nights lie in the span that was looked at.
    /// (Only stays of many months, which would widen the span beyond a year, do not.)
    pub async fn near(
        &self,
        houses: &[HouseId],
        wanted: Stay,
        moves: usize,
        movable: impl Fn(&Stored) -> bool,
    ) -> Result<BTreeMap<ReservationId, (Stored, bool)>, StoreError> {
        let mut found: BTreeMap<ReservationId, Stored> = BTreeMap::new();
        let mut missing: BTreeSet<ReservationId> = BTreeSet::new();
        let mut span = wanted;
        for hop in 0..=moves {
            let nights = self.0.calendar().held_in(houses, span).await?;
            let holders: BTreeSet<_> = nights.values().flat_map(BTreeMap::values).copied().collect();
            let new: Vec<_> =
                holders.into_iter().filter(|id| !found.contains_key(id) && !missing.contains(id)).collect();
            let read = self.get_many(&new).await?;
            missing.extend(new.iter().filter(|id| !read.contains_key(id)));
            found.extend(read);
            let reach = found.values().filter(|one| movable(one)).filter_map(|one| one.booked.hold);
            let wider = reach.fold(span, |span, hold| hull(span, hold.stay).unwrap_or(span));
            if wider == span || hop == moves {
                break;
            }
            span = wider;
        }
        let within = |stay: Stay| hull(span, stay) == Some(span);
        let told = |one: Stored| {
            let may_move = movable(&one) && one.booked.hold.is_some_and(|hold| within(hold.stay));
            (one, may_move)
        };
        Ok(found.into_iter().map(|(id, one)| (id, told(one))).collect())
    }
}

/// The shortest range that holds both; `None` beyond what one look at the calendar can span.
fn hull(one: Stay, other: Stay) -> Option<Stay> {
    Stay::new(one.check_in().min(other.check_in()), one.check_out().max(other.check_out())).ok()
}
