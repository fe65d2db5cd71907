//! The stays that a calendar tells of (contract 05 §4.7).

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use super::{
    Feed, FeedEvent, IcalError, MOST_EVENTS, Skipped,
    event::{Event, Moment, NO_START, event, uid},
    lines::content,
    repeat::{Budget, Occurrence, occurrences},
    zones::Zones,
};

/// Reads the calendar that another platform keeps of a house.
///
/// * `zone` is the zone of the business: check-in is the date there when an event begins, check-out the date when it
///   ends. Times without a zone are local, dates stay dates. An event that ends on the day on which it begins, or not at
///   all, holds one night.
/// * `window` bounds the nights of interest, the second date is no longer in it. Series are spelt out within it, and only
///   events with a night in it are told, whole.
/// * Cancelled events and those marked as free time are left out. Of two versions of an event the one with the higher
///   sequence counts, then the one changed later. Where nothing tells which is newer, both count: a night too many
///   blocked is better than one sold twice.
///
/// # Errors
/// [`IcalError`] where the text is no whole calendar. An event that cannot be understood is none: see [`Feed::skipped`].
pub fn read(text: &[u8], zone: Tz, window: (NaiveDate, NaiveDate)) -> Result<Feed, IcalError> {
    let content = content(text)?;
    let horizon = window.1.checked_add_days(Days::new(2)).unwrap_or(window.1).and_time(NaiveTime::MIN);
    let mut budget = Budget::new();
    let mut zones = Zones::new(zone, &content.zones, horizon);
    let mut reading = Reading { zone, window, horizon, feed: Feed::default(), told: HashSet::new() };
    let mut order = Vec::new();
    let mut groups: HashMap<String, Vec<Event>> = HashMap::new();
    for lines in &content.events {
        match event(lines, &mut zones, &mut budget) {
            Ok(event) => {
                let group = groups.entry(event.uid.clone()).or_default();
                if group.is_empty() {
                    order.push(event.uid.clone());
                }
                group.push(event);
            }
            Err(why) => reading.skip(&uid(lines), why),
        }
    }
    for uid in &order {
        let events = groups.remove(uid).unwrap_or_default();
        match reading.group(uid, events, &mut budget) {
            Ok(()) => {}
            Err(Problem::Event(why)) => reading.skip(uid, why),
            Err(Problem::Calendar(error)) => return Err(error),
        }
    }
    reading.feed.events.sort_by(|a, b| (a.check_in, &a.uid).cmp(&(b.check_in, &b.uid)));
    Ok(reading.feed)
}

/// What is wrong with an event, or through it with the whole calendar.
enum Problem {
    Event(&'static str),
    Calendar(IcalError),
}

impl From<&'static str> for Problem {
    fn from(why: &'static str) -> Self {
        Self::Event(why)
    }
}

impl From<IcalError> for Problem {
    fn from(error: IcalError) -> Self {
        Self::Calendar(error)
    }
}

/// A calendar that is being read.
struct Reading {
    zone: Tz,
    window: (NaiveDate, NaiveDate),
    horizon: NaiveDateTime,
    feed: Feed,
    /// Uids that the feed has.
    told: HashSet<String>,
}

impl Reading {
    fn skip(&mut self, uid: &str, why: &'static str) {
        self.feed.skipped.push(Skipped { uid: uid.to_owned(), why });
    }

    /// Tells the events of one uid: one, several versions of one, or a series and what replaces its parts.
    fn group(&mut self, uid: &str, events: Vec<Event>, budget: &mut Budget) -> Result<(), Problem> {
        let (changes, heads): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.replaces.is_some());
        let heads = newest(heads);
        if heads.iter().any(|head| head.is_cancelled) {
            return Ok(());
        }
        let changes = by_day(&heads, changes)?;
        if let [head] = heads.as_slice()
            && changes.is_empty()
            && !head.is_series()
        {
            return self.tell(uid.to_owned(), head, &head.start, head.length);
        }
        for head in &heads {
            for day in occurrences(head, self.horizon, budget)? {
                if !changes.contains_key(&day.at.date()) {
                    let (event, start, length) = shifted(head, &day, &changes);
                    self.tell(occurrence(uid, day.at.date()), event, &start, length)?;
                }
            }
        }
        for (day, change) in &changes {
            self.tell(occurrence(uid, *day), change, &change.start, change.length)?;
        }
        Ok(())
    }

    /// Check-in and check-out of what begins at `start` and lasts for `length`.
    fn nights(&self, start: &Moment, length: TimeDelta) -> Option<(NaiveDate, NaiveDate)> {
        let check_in = start.local(self.zone)?;
        let end = start.at(start.wall.checked_add_signed(length)?).local(self.zone)?;
        Some((check_in, end.max(check_in.succ_opt()?)))
    }

    /// Tells that `event`, beginning at `start` and lasting for `length`, holds nights, if it does.
    fn tell(&mut self, uid: String, event: &Event, start: &Moment, length: TimeDelta) -> Result<(), Problem> {
        let (check_in, check_out) = self.nights(start, length).ok_or(NO_START)?;
        let is_inside = check_in < self.window.1 && check_out > self.window.0;
        if !event.blocks || !is_inside || !self.told.insert(uid.clone()) {
            return Ok(());
        }
        if self.feed.events.len() == MOST_EVENTS {
            return Err(IcalError::TooManyEvents.into());
        }
        self.feed.events.push(FeedEvent { uid, check_in, check_out, summary: event.summary.clone() });
        Ok(())
    }
}

/// Name of one occurrence of a series.
fn occurrence(uid: &str, day: NaiveDate) -> String {
    format!("{uid}#{}", day.format("%Y%m%d"))
}

/// The newest version; several where they differ in their beginning and nothing tells which is newer.
fn newest(events: Vec<Event>) -> Vec<Event> {
    let Some(version) = events.iter().map(|event| event.version.clone()).max() else { return events };
    let mut newest: Vec<Event> = Vec::new();
    for event in events.into_iter().filter(|event| event.version == version) {
        match newest.iter_mut().find(|other| other.start == event.start) {
            Some(other) => *other = event,
            None => newest.push(event),
        }
    }
    newest
}

/// What replaces parts of a series, by the day that the series would have it.
fn by_day(heads: &[Event], changes: Vec<Event>) -> Result<BTreeMap<NaiveDate, Event>, &'static str> {
    let mut days: BTreeMap<NaiveDate, Event> = BTreeMap::new();
    for change in changes {
        let Some(replaces) = &change.replaces else { continue };
        let head = heads.first().map_or(&change.start, |head| &head.start);
        let day = replaces.on_the_wall_of(head).ok_or(NO_START)?.date();
        if days.get(&day).is_none_or(|other| other.version <= change.version) {
            days.insert(day, change);
        }
    }
    Ok(days)
}

/// An occurrence, as the last change that holds from some day on has it: moved and lengthened like that day.
fn shifted<'a>(
    head: &'a Event,
    day: &Occurrence,
    changes: &'a BTreeMap<NaiveDate, Event>,
) -> (&'a Event, Moment, TimeDelta) {
    let plain = (head, day.start.clone(), day.length);
    let Some((_, change)) = changes.range(..day.at.date()).rev().find(|(_, change)| change.and_later) else {
        return plain;
    };
    let moved = change.replaces.as_ref().and_then(|replaces| {
        let by = change.start.wall - replaces.on_the_wall_of(&change.start)?;
        day.start.on_the_wall_of(&change.start)?.checked_add_signed(by)
    });
    moved.map_or(plain, |wall| (change, change.start.at(wall), change.length))
}
