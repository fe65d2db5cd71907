//! An event of a calendar, and the forms that its dates and durations come in (RFC 5545 §3.3).

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::{
    lines::Line,
    repeat::Budget,
    zones::{Zone, Zones},
};

/// Longest uid that is kept as it is, in bytes, with room for the day of an occurrence.
const LONGEST_UID: usize = 246;
/// Most extra or left out days of a series.
const MOST_DAYS: usize = 5_000;

pub(super) const NO_START: &str = "El evento no tiene una fecha de inicio válida.";
const NO_END: &str = "El evento no tiene una fecha de fin válida.";
const NO_SERIES: &str = "Las fechas adicionales o excluidas del evento no son válidas.";

/// A date, or a time on a wall somewhere.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment {
    /// What the calendar or the clock on the wall shows.
    pub(super) wall: NaiveDateTime,
    /// Where the wall is.
    pub(super) zone: Zone,
    /// A date without a time of day; the same everywhere.
    pub(super) is_day: bool,
}

impl Moment {
    /// The date at the houses.
    pub(super) fn local(&self, business: Tz) -> Option<NaiveDate> {
        if self.is_day || self.zone == Zone::Known(business) {
            return Some(self.wall.date());
        }
        Some(Zone::Known(business).to_wall(self.zone.to_utc(self.wall)?)?.date())
    }

    /// What the wall shows where `other` is. A date stays that date.
    pub(super) fn on_the_wall_of(&self, other: &Self) -> Option<NaiveDateTime> {
        if self.is_day || other.is_day || self.zone == other.zone {
            return Some(self.wall);
        }
        other.zone.to_wall(self.zone.to_utc(self.wall)?)
    }

    /// What the wall shows where `start` is when an event ends that began there. Where one is a date and the other a
    /// time, the date is one at the houses.
    fn as_end_of(&self, start: &Self, business: Tz) -> Option<NaiveDateTime> {
        match (self.is_day, start.is_day) {
            (false, true) => Some(self.local(business)?.and_time(NaiveTime::MIN)),
            (true, false) => start.zone.to_wall(self.zone.to_utc(self.wall)?),
            _ => self.on_the_wall_of(start),
        }
    }

    /// The same place at another time.
    pub(super) fn at(&self, wall: NaiveDateTime) -> Self {
        Self { wall, ..self.clone() }
    }
}

/// An event, as far as it says which nights are taken.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) uid: String,
    pub(super) summary: Option<String>,
    pub(super) start: Moment,
    /// By the clock on the wall.
    pub(super) length: TimeDelta,
    pub(super) rule: Option<String>,
    /// Days that a series has besides its rule, with their own lengths.
    pub(super) extra: Vec<(Moment, Option<TimeDelta>)>,
    /// Days that a series leaves out.
    pub(super) except: Vec<Moment>,
    /// Which occurrence of a series this replaces.
    pub(super) replaces: Option<Moment>,
    /// And all after it.
    pub(super) and_later: bool,
    /// What tells the newer of two versions: the sequence, then the time of the change.
    pub(super) version: (i64, String),
    pub(super) is_cancelled: bool,
    /// It takes nights: neither cancelled nor marked as free time.
    pub(super) blocks: bool,
}

impl Event {
    /// Whether it happens on more than one day, or may.
    pub(super) fn is_series(&self) -> bool {
        self.rule.is_some() || !self.extra.is_empty()
    }
}

/// The event's name; one that is missing or unwieldy is made of what it says, so that it is the same next time.
pub(super) fn uid(lines: &[Line]) -> String {
    let own = find(lines, "UID").map(Line::text).unwrap_or_default();
    if !own.is_empty() && own.len() <= LONGEST_UID && !own.chars().any(char::is_control) {
        return own;
    }
    let mut hash = Sha256::new();
    if own.is_empty() {
        for name in ["DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID"] {
            hash.update(find(lines, name).map_or("", |line| &line.value));
            hash.update("\n");
        }
    }
    hash.update(&own);
    hash.finalize().iter().take(16).fold("sha256-".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Reads an event.
///
/// # Errors
/// Why it cannot be understood, for staff.
pub(super) fn event(lines: &[Line], zones: &mut Zones, budget: &mut Budget) -> Result<Event, &'static str> {
    let start = find(lines, "DTSTART").and_then(|line| moment(line, &line.value, zones, budget));
    let start = start.ok_or(NO_START)?;
    let length = length(lines, &start, zones, budget).ok_or(NO_END)?;
    let replaces = find(lines, "RECURRENCE-ID");
    let status =
        |name, value| find(lines, name).is_some_and(|line| line.value.trim().eq_ignore_ascii_case(value));
    let sequence = find(lines, "SEQUENCE").and_then(|line| line.value.trim().parse().ok()).unwrap_or(0);
    let changed = find(lines, "LAST-MODIFIED").map_or(String::new(), |line| line.value.trim().to_owned());
    let is_cancelled = status("STATUS", "CANCELLED");
    let (extra, except) = series(lines, zones, budget).ok_or(NO_SERIES)?;
    Ok(Event {
        uid: uid(lines),
        summary: find(lines, "SUMMARY").map(Line::text).filter(|text| !text.is_empty()),
        length,
        rule: find(lines, "RRULE").map(|line| line.value.trim().to_owned()),
        extra,
        except,
        replaces: match replaces {
            Some(line) => Some(moment(line, &line.value, zones, budget).ok_or(NO_SERIES)?),
            None => None,
        },
        and_later: replaces
            .and_then(|line| line.param("RANGE"))
            .is_some_and(|range| range == "THISANDFUTURE"),
        version: (sequence, changed),
        is_cancelled,
        blocks: !is_cancelled && !status("TRANSP", "TRANSPARENT"),
        start,
    })
}

fn find<'a>(lines: &'a [Line], name: &str) -> Option<&'a Line> {
    lines.iter().find(|line| line.name == name)
}

/// How long the event is; a date without an end is that day, a time without one no time at all (RFC 5545 §3.6.1).
fn length(lines: &[Line], start: &Moment, zones: &mut Zones, budget: &mut Budget) -> Option<TimeDelta> {
    if let Some(line) = find(lines, "DTEND") {
        let end = moment(line, &line.value, zones, budget)?;
        return Some(end.as_end_of(start, zones.business)? - start.wall);
    }
    match find(lines, "DURATION") {
        Some(line) => duration(&line.value),
        None => Some(if start.is_day { TimeDelta::days(1) } else { TimeDelta::zero() }),
    }
}

type Extra = Vec<(Moment, Option<TimeDelta>)>;

/// The days that a series has besides its rule and those that it leaves out.
fn series(lines: &[Line], zones: &mut Zones, budget: &mut Budget) -> Option<(Extra, Vec<Moment>)> {
    let (mut extra, mut except) = (Vec::new(), Vec::new());
    for line in lines.iter().filter(|line| matches!(line.name.as_str(), "RDATE" | "EXDATE")) {
        for value in line.value.split(',').filter(|value| !value.trim().is_empty()) {
            if extra.len() + except.len() == MOST_DAYS {
                return None;
            }
            let (start, end) = value.split_once('/').map_or((value, None), |(start, end)| (start, Some(end)));
            let start = moment(line, start, zones, budget)?;
            let length = match end {
                None => None,
                Some(end) if end.trim().starts_with(['P', 'p', '+', '-']) => Some(duration(end)?),
                Some(end) => {
                    Some(moment(line, end, zones, budget)?.as_end_of(&start, zones.business)? - start.wall)
                }
            };
            if line.name == "RDATE" { extra.push((start, length)) } else { except.push(start) }
        }
    }
    Some((extra, except))
}

/// A date or time as a line gives it, with the zone that its parameter names.
fn moment(line: &Line, value: &str, zones: &mut Zones, budget: &mut Budget) -> Option<Moment> {
    let value = value.trim();
    let is_day = !value.contains(['T', 't']) || line.param("VALUE") == Some("DATE");
    let mut wall = wall(value)?;
    if is_day {
        wall = wall.date().and_time(NaiveTime::MIN);
    }
    let zone = match line.param("TZID") {
        _ if is_day => Zone::Known(zones.business),
        _ if value.ends_with(['Z', 'z']) => Zone::Known(Tz::UTC),
        Some(name) => zones.named(name, budget),
        None => Zone::Known(zones.business),
    };
    Some(Moment { wall, zone, is_day })
}

/// `20261202`, `20261202T150000` and `20261202T150000Z`, also without seconds and with the separators of ISO 8601. The
/// zone is left to others.
pub(super) fn wall(value: &str) -> Option<NaiveDateTime> {
    let value = value.trim().trim_end_matches(['Z', 'z']);
    let (date, time) = value.split_once(['T', 't']).map_or((value, None), |(date, time)| (date, Some(time)));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    // Outlook lets its zones begin in 1601. Calendars have no use for other years, and arithmetic with these is safe.
    if !(1600..=9000).contains(&year) {
        return None;
    }
    let time = match time {
        None => NaiveTime::MIN,
        Some(time) => match numbers(time, ':', [2, 2, 2]) {
            // A leap second is the last second of its minute here.
            Some([hour, minute, second]) => NaiveTime::from_hms_opt(hour, minute, second.min(59))?,
            None => numbers(time, ':', [2, 2]).and_then(|[h, m]| NaiveTime::from_hms_opt(h, m, 0))?,
        },
    };
    Some(date.and_time(time))
}

/// Numbers of fixed widths, with or without a separator between them.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[u32; N]> {
    let mut rest = text;
    let mut numbers = [0; N];
    for (place, width) in widths.into_iter().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix(separator).unwrap_or(rest);
        }
        let digits = rest.get(..width).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        numbers[place] = digits.parse().ok()?;
        rest = &rest[width..];
    }
    rest.is_empty().then_some(numbers)
}

/// `P3D`, `PT2H30M`, `P1W`, with a sign too (RFC 5545 §3.3.6).
fn duration(value: &str) -> Option<TimeDelta> {
    let value = value.trim().to_ascii_uppercase();
    let (is_negative, value) = match value.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, value.strip_prefix('+').unwrap_or(&value)),
    };
    let mut seconds: i64 = 0;
    let (mut number, mut any, mut in_time) = (String::new(), false, false);
    for letter in value.strip_prefix('P')?.chars() {
        let unit = match letter {
            '0'..='9' => {
                number.push(letter);
                continue;
            }
            'T' if number.is_empty() && !in_time => {
                in_time = true;
                continue;
            }
            'W' if !in_time => 7 * 86_400,
            'D' if !in_time => 86_400,
            'H' if in_time => 3_600,
            'M' if in_time => 60,
            'S' if in_time => 1,
            _ => return None,
        };
        let count: i64 = number.parse::<u32>().ok()?.into();
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
        number.clear();
        any = true;
    }
    let known = any && number.is_empty();
    // Longer than any calendar needs is as wrong as no number.
    (known && seconds < 36_525 * 86_400)
        .then(|| TimeDelta::seconds(if is_negative { -seconds } else { seconds }))
}

/// `-0500`: how far a clock is ahead of UTC.
pub(super) fn offset(value: &str) -> Option<TimeDelta> {
    let value = value.trim();
    let (sign, digits) = value.split_at_checked(1)?;
    let [hours, minutes, seconds] = numbers(digits, ':', [2, 2, 2])
        .or_else(|| numbers(digits, ':', [2, 2]).map(|[hours, minutes]| [hours, minutes, 0]))?;
    let ahead = i64::from(hours * 3_600 + minutes * 60 + seconds);
    match sign {
        "+" => Some(TimeDelta::seconds(ahead)),
        "-" => Some(TimeDelta::seconds(-ahead)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_come_in_many_forms() {
        let time = "2026-12-02T15:04:00".parse().ok();
        for form in ["20261202T150400Z", "20261202T1504", "2026-12-02T15:04:00", " 20261202t150400 "] {
            assert_eq!(wall(form), time, "{form}");
        }
        assert_eq!(wall("20261202"), "2026-12-02T00:00:00".parse().ok());
        assert_eq!(wall("20261231T235960Z"), "2026-12-31T23:59:59".parse().ok());
        for none in [
            "",
            "T",
            "2026",
            "20261301",
            "20260230",
            "20261202T25",
            "20261202T240000",
            "ñ0261202",
            "20261202T150400-0500",
            "00011202",
            "+2026122",
            "202612021",
        ] {
            assert_eq!(wall(none), None, "{none}");
        }
    }

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("P1D", Some(86_400)),
            ("P2W", Some(14 * 86_400)),
            ("PT36H", Some(36 * 3_600)),
            ("P1DT2H3M4S", Some(86_400 + 7_384)),
            ("-PT15M", Some(-900)),
            ("+P3D", Some(3 * 86_400)),
            ("P", None),
            ("PT", None),
            ("P3", None),
            ("PD", None),
            ("P1H", None),
            ("PT1D", None),
            ("P99999999999D", None),
            ("P4294967295W", None),
            ("3D", None),
        ] {
            assert_eq!(duration(text).map(|length| length.num_seconds()), seconds, "{text}");
        }
    }

    #[test]
    fn offsets_are_read() {
        for (text, seconds) in [
            ("-0500", Some(-18_000)),
            ("+0530", Some(19_800)),
            ("+01:00", Some(3_600)),
            ("-045602", Some(-17_762)),
            ("0500", None),
            ("", None),
            ("ñ", None),
        ] {
            assert_eq!(offset(text).map(|ahead| ahead.num_seconds()), seconds, "{text}");
        }
    }
}
