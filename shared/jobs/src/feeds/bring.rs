//! Makes the reservations of a house follow the events of a calendar.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use casa_domain::{
    ReservationId,
    calendar::Hold,
    event,
    feed::{self, Brought, Feed, Step},
    ids::FeedId,
    reservation::Origin,
    stay::{MAX_NIGHTS, Stay},
};
use casa_gateways::ical::{self, FeedEvent};
use casa_store::{
    Audit, AuditAction, RESERVATION_ROWS, StoreError,
    reservations::{Change, Stored},
};
use casa_web::AppState;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::{FeedConflict, FeedReport, Reading, enter::Airbnb};
use crate::{JobError, ending};

/// Tries after losing a race for a reservation.
const TRIES: usize = 6;

/// What an event did.
pub(super) enum Outcome {
    Own,
    Unchanged,
    Left,
    Created,
    Moved,
    Revived,
    Conflict(FeedConflict),
}

/// Events of a calendar being brought in.
pub(super) struct Bringing<'a> {
    pub(super) state: &'a AppState,
    pub(super) feed: &'a Feed,
    others: &'a [FeedId],
    report: &'a mut FeedReport,
    window: (NaiveDate, NaiveDate),
    pub(super) dry_run: bool,
    pub(super) now: DateTime<Utc>,
    /// What the calendar told of its events before.
    pub(super) told: BTreeMap<String, Brought>,
    /// The reservations that stand for them, and those that events are named after.
    pub(super) stored: HashMap<ReservationId, Stored>,
    /// Stays called off by this reading; a rehearsal counts their nights as free.
    gone: BTreeSet<ReservationId>,
    /// Looked up with the first new stay.
    pub(super) airbnb: Option<Airbnb>,
}

impl<'a> Bringing<'a> {
    /// Reads what the calendar told before.
    pub async fn new(
        reading: &'a Reading,
        window: (NaiveDate, NaiveDate),
        report: &'a mut FeedReport,
    ) -> Result<Self, JobError> {
        let state = &reading.state;
        Ok(Self {
            told: state.store.feeds().told(reading.feed.id).await?,
            state,
            feed: &reading.feed,
            others: &reading.others,
            report,
            window,
            dry_run: reading.dry_run,
            now: state.clock.now(),
            stored: HashMap::new(),
            gone: BTreeSet::new(),
            airbnb: None,
        })
    }

    /// Brings everything in: what vanished makes room first. Answers the names of the conflicts, as in the report.
    pub async fn bring(&mut self, calendar: &ical::Feed) -> Result<Vec<String>, JobError> {
        for skipped in &calendar.skipped {
            self.report.skip(skipped.why);
        }
        let mut waiting: Vec<(&FeedEvent, Stay)> = Vec::new();
        for event in &calendar.events {
            match Stay::new(event.check_in, event.check_out) {
                Ok(stay) if stay.check_out() > self.window.0 => waiting.push((event, stay)),
                Ok(_) => {}
                Err(_) => self.report.skip(&format!("Dura más de {MAX_NIGHTS} noches.")),
            }
        }
        self.report.events = waiting.len();
        let mut ids: Vec<_> = self.told.values().map(|told| told.reservation).collect();
        ids.extend(waiting.iter().filter_map(|(event, _)| event.uid.parse::<ReservationId>().ok()));
        ids.sort_unstable();
        ids.dedup();
        self.stored = self.state.store.reservations().get_many(&ids).await?;
        self.let_go(calendar).await?;
        // A stay may wait for nights that another one of the calendar leaves.
        loop {
            let before = waiting.len();
            let mut conflicts = Vec::new();
            for (event, stay) in waiting {
                match self.take(event, stay).await? {
                    Outcome::Conflict(conflict) => conflicts.push((event, stay, conflict)),
                    outcome => self.count(&outcome),
                }
            }
            if conflicts.is_empty() || conflicts.len() == before || self.dry_run {
                let name =
                    |event: &FeedEvent| format!("{} {} {}", event.uid, event.check_in, event.check_out);
                let names = conflicts.iter().map(|(event, ..)| name(event)).collect();
                self.report.conflicts = conflicts.into_iter().map(|(_, _, conflict)| conflict).collect();
                return Ok(names);
            }
            waiting = conflicts.into_iter().map(|(event, stay, _)| (event, stay)).collect();
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        let report = &mut *self.report;
        match outcome {
            Outcome::Own => report.own += 1,
            Outcome::Unchanged => report.unchanged += 1,
            Outcome::Left => report.left += 1,
            Outcome::Created => report.created += 1,
            Outcome::Moved => report.moved += 1,
            Outcome::Revived => report.revived += 1,
            Outcome::Conflict(_) => {}
        }
    }

    /// Calls off what the calendar does not have any more.
    async fn let_go(&mut self, calendar: &ical::Feed) -> Result<(), JobError> {
        let feeds = self.state.store.feeds();
        let gone: Vec<_> = self
            .told
            .iter()
            .filter(|(uid, told)| told.check_in < self.window.1 && !calendar.has(uid))
            .map(|(uid, told)| (uid.clone(), *told))
            .collect();
        for (uid, told) in gone {
            // Another calendar of the house still has it: that one decides.
            if !feeds.is_told_by(self.others, &uid).await? && self.cancel(told.reservation).await? {
                self.report.cancelled += 1;
                self.gone.insert(told.reservation);
            }
            if !self.dry_run {
                feeds.forget(self.feed.id, &uid).await?;
            }
            self.told.remove(&uid);
        }
        Ok(())
    }

    /// Calls a stay off, if it still may be; whether it was.
    async fn cancel(&mut self, id: ReservationId) -> Result<bool, JobError> {
        let (reservations, today) = (self.state.store.reservations(), self.window.0);
        let mut stored = self.stored.remove(&id);
        for _ in 0..TRIES {
            let Some(seen) = stored else { return Ok(false) };
            let before = &seen.booked.reservation;
            let Some(mut after) = feed::vanished(before, today, self.now) else { return Ok(false) };
            if self.dry_run {
                return Ok(true);
            }
            let points = ending::points_back(&self.state.store, &mut after).await?;
            let change = Change {
                points,
                facts: event::facts(Some(before), &after, Decimal::ZERO),
                audit: Some(self.audit(AuditAction::Changed, id)),
                ..Change::new(Some(&seen), after, seen.booked.client.clone())
            };
            match reservations.commit(change, self.now).await {
                Ok(after) => {
                    self.stored.insert(id, after);
                    return Ok(true);
                }
                Err(StoreError::Changed) => stored = reservations.get(id).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Changed.into())
    }

    /// Does what one event says.
    async fn take(&mut self, event: &FeedEvent, stay: Stay) -> Result<Outcome, JobError> {
        let named = event.uid.parse::<ReservationId>().ok().and_then(|id| self.stored.get(&id));
        if named.is_some_and(|one| one.booked.reservation.house == self.feed.house) {
            return Ok(Outcome::Own);
        }
        match self.standing_for(&event.uid).await? {
            Some((stored, told)) => self.follow(event, stay, stored, told).await,
            None => self.enter(event, stay).await,
        }
    }

    /// The live reservation that stands for an event, and what the calendar told of it before.
    pub(super) async fn standing_for(
        &self,
        uid: &str,
    ) -> Result<Option<(Stored, Option<Brought>)>, JobError> {
        if let Some(told) = self.told.get(uid)
            && let Some(stored) = self.stored.get(&told.reservation)
            && !stored.booked.reservation.deleted
        {
            return Ok(Some((stored.clone(), Some(*told))));
        }
        let mut known = self.state.store.reservations().by_external(uid).await?;
        known.retain(|one| {
            let one = &one.booked.reservation;
            !one.deleted && one.house == self.feed.house
        });
        known.sort_by_key(|one| one.booked.reservation.origin != Origin::Airbnb);
        Ok(known.into_iter().next().map(|stored| (stored, None)))
    }

    /// Makes a known stay follow its event.
    pub(super) async fn follow(
        &mut self,
        event: &FeedEvent,
        stay: Stay,
        mut stored: Stored,
        told: Option<Brought>,
    ) -> Result<Outcome, JobError> {
        let reservations = self.state.store.reservations();
        let id = stored.booked.reservation.id;
        for _ in 0..TRIES {
            let before = stored.booked.reservation.clone();
            let after = match feed::step(&before, stay, told.as_ref(), self.now) {
                Step::Keep => {
                    self.note(event, id).await?;
                    let is_followed = before.origin == Origin::Airbnb && before.status.blocks();
                    return Ok(if is_followed { Outcome::Unchanged } else { Outcome::Left });
                }
                Step::Change(after) => *after,
            };
            let outcome = if before.status.blocks() { Outcome::Moved } else { Outcome::Revived };
            let Some(hold) = after.wanted_hold() else { return Ok(Outcome::Left) };
            if self.dry_run {
                let conflict = self.conflict(hold, id).await?;
                return Ok(if conflict.held_by.is_empty() { outcome } else { Outcome::Conflict(conflict) });
            }
            let change = Change {
                facts: event::facts(Some(&before), &after, Decimal::ZERO),
                audit: Some(self.audit(AuditAction::Changed, id)),
                ..Change::new(Some(&stored), after, stored.booked.client.clone())
            };
            match reservations.commit(change, self.now).await {
                Ok(after) => {
                    self.stored.insert(id, after);
                    self.note(event, id).await?;
                    return Ok(outcome);
                }
                Err(StoreError::NightTaken) => return Ok(Outcome::Conflict(self.conflict(hold, id).await?)),
                Err(StoreError::Changed) => match reservations.get(id).await? {
                    Some(again) if !again.booked.reservation.deleted => stored = again,
                    // Deleted this very moment: the next reading sees it gone.
                    _ => return Ok(Outcome::Left),
                },
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Changed.into())
    }

    /// Remembers what the calendar says of an event and which reservation stands for it.
    pub(super) async fn note(&mut self, event: &FeedEvent, id: ReservationId) -> Result<(), StoreError> {
        let brought = Brought { reservation: id, check_in: event.check_in, check_out: event.check_out };
        if !self.dry_run && self.told.get(&event.uid) != Some(&brought) {
            self.state.store.feeds().note(self.feed.id, &event.uid, &brought).await?;
            self.told.insert(event.uid.clone(), brought);
        }
        Ok(())
    }

    /// Who holds nights that `id` wants.
    pub(super) async fn conflict(&self, hold: Hold, id: ReservationId) -> Result<FeedConflict, StoreError> {
        let holders = self.state.store.reservations().in_the_way(hold, id).await?;
        let holders = holders.into_iter().filter(|holder| !self.dry_run || !self.gone.contains(holder));
        Ok(FeedConflict {
            check_in: hold.stay.check_in(),
            check_out: hold.stay.check_out(),
            held_by: holders.map(|holder| holder.0).collect(),
        })
    }

    pub(super) fn audit(&self, action: AuditAction, id: ReservationId) -> Audit {
        Audit::new(None, action, RESERVATION_ROWS, id, self.now)
    }
}
