//! Series: which days a rule means (RFC 5545 §3.3.10).

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use rrule::{RRule, RRuleSet, Tz as RuleZone, Unvalidated};

use super::event::{Event, Moment, wall};

/// Most days that all rules of a calendar may yield, and what every rule costs besides: a rule that matches nothing
/// takes its time too.
const MOST_DAYS: u32 = 200_000;
const COST_OF_A_RULE: u32 = 2_000;
/// Last year in which the crate counts, and the length of 400 years.
const LAST_YEAR: i32 = 9_999;
const DAYS_OF_A_CYCLE: i64 = 146_097;

const NO_RULE: &str = "La regla de repetición del evento no se entiende.";
const TOO_MUCH: &str = "El calendario tiene demasiadas repeticiones.";

/// What a calendar may still cost.
pub(super) struct Budget(u32);

impl Budget {
    /// For one calendar.
    pub(super) fn new() -> Self {
        Self(MOST_DAYS)
    }

    fn spend(&mut self, cost: u32) -> Result<(), &'static str> {
        self.0 = self.0.checked_sub(cost).ok_or(TOO_MUCH)?;
        Ok(())
    }
}

/// One occurrence of a series.
pub(super) struct Occurrence {
    /// When the series puts it, by the clock of its zone.
    pub(super) at: NaiveDateTime,
    /// When it begins.
    pub(super) start: Moment,
    /// How long it is, by the clock of its zone.
    pub(super) length: TimeDelta,
}

/// The occurrences of a series up to `horizon`, without those that it leaves out. The first is always its own start, as
/// the format has it.
///
/// # Errors
/// Why the series cannot be understood, for staff.
pub(super) fn occurrences(
    event: &Event,
    horizon: NaiveDateTime,
    budget: &mut Budget,
) -> Result<Vec<Occurrence>, &'static str> {
    let start = &event.start;
    let mut days = vec![(start.wall, event.length)];
    if let Some(rule) = &event.rule {
        let in_zone = |until| start.zone.to_wall(until).unwrap_or(until);
        let until = |until| if start.is_day { until } else { in_zone(until) };
        let more = dates(start.wall, rule, horizon, until, budget)?;
        days.extend(more.into_iter().map(|at| (at, event.length)));
    }
    for (extra, length) in &event.extra {
        let mut at = extra.on_the_wall_of(start).ok_or(NO_RULE)?;
        if extra.is_day {
            at = at.date().and_time(start.wall.time());
        }
        days.push((at, length.unwrap_or(event.length)));
    }
    days.sort_by_key(|(at, _)| *at);
    days.dedup_by_key(|(at, _)| *at);
    let (mut left_out, mut left_out_days) = (HashSet::new(), HashSet::new());
    for except in &event.except {
        let at = except.on_the_wall_of(start).ok_or(NO_RULE)?;
        if except.is_day || start.is_day {
            left_out_days.insert(at.date());
        } else {
            left_out.insert(at);
        }
    }
    days.retain(|(at, _)| !left_out.contains(at) && !left_out_days.contains(&at.date()));
    Ok(days.into_iter().map(|(at, length)| Occurrence { at, start: start.at(at), length }).collect())
}

/// The times that a rule means, by one clock, from `start` to `horizon`. `until` turns the end that a rule gives in UTC
/// into a time of that clock.
///
/// # Errors
/// Why the rule cannot be understood, for staff.
pub(super) fn dates(
    start: NaiveDateTime,
    rule: &str,
    horizon: NaiveDateTime,
    until: impl Fn(NaiveDateTime) -> NaiveDateTime,
    budget: &mut Budget,
) -> Result<Vec<NaiveDateTime>, &'static str> {
    budget.spend(COST_OF_A_RULE)?;
    let (rule, end) = taken_apart(rule).ok_or(NO_RULE)?;
    let end = match end {
        None => horizon,
        Some(End::Day(day)) => day.and_time(NaiveTime::MIN) + TimeDelta::seconds(86_399),
        Some(End::Wall(end)) => end,
        Some(End::Utc(end)) => until(end),
    };
    let end = end.min(horizon);
    if end < start {
        return Ok(Vec::new());
    }
    // The crate counts in UTC as if the wall were there, so that summer time moves nothing. It looks for a day until the
    // year 10000, which for a rule that no day fulfils takes long; the calendar repeats itself every 400 years, weekdays
    // included, so the counting is done as late as possible.
    let cycles = (LAST_YEAR - end.year()).max(0) / 400;
    let later = TimeDelta::days(DAYS_OF_A_CYCLE) * cycles;
    let as_utc = |wall: &NaiveDateTime| RuleZone::UTC.from_utc_datetime(&(*wall + later));
    let rule: RRule<Unvalidated> = rule.parse().map_err(|_| NO_RULE)?;
    let rule = rule.until(as_utc(&end)).validate(as_utc(&start)).map_err(|_| NO_RULE)?;
    let series = RRuleSet::new(as_utc(&start)).rrule(rule).limit();
    let mut dates = Vec::new();
    for date in &series {
        budget.spend(1)?;
        dates.push(date.naive_utc() - later);
    }
    Ok(dates)
}

/// The end that a rule gives.
enum End {
    Day(NaiveDate),
    Wall(NaiveDateTime),
    Utc(NaiveDateTime),
}

/// A rule without its end, and that. `None` for rules that repeat within a day: no stay does, and they could keep a
/// reader busy for long.
fn taken_apart(rule: &str) -> Option<(String, Option<End>)> {
    let rule = rule.to_ascii_uppercase();
    if !rule.is_ascii() {
        return None;
    }
    let (mut rest, mut end) = (Vec::new(), None);
    for part in rule.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        match name {
            "FREQ" if !matches!(value, "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY") => return None,
            "BYHOUR" | "BYMINUTE" | "BYSECOND" if value.contains(',') => return None,
            // So that a rule without any meaning is not mistaken for one that ends.
            "INTERVAL" | "COUNT" if value.parse::<u32>().is_ok_and(|count| count == 0) => return None,
            "UNTIL" => {
                let at = wall(value)?;
                end = Some(match value {
                    value if !value.contains('T') => End::Day(at.date()),
                    value if value.ends_with('Z') => End::Utc(at),
                    _ => End::Wall(at),
                });
            }
            _ => rest.push(part),
        }
    }
    Some((rest.join(";"), end))
}
