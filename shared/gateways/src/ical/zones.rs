//! The zones that times in calendars name: by IANA names, by the names of Windows, or defined in the calendar itself.

use std::{collections::HashMap, sync::Arc};

use chrono::{NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::{
    event::{offset, wall},
    lines::ZoneLines,
    repeat::{Budget, dates},
};

/// How the clock on the wall relates to the world.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Zone {
    /// A zone that everybody knows.
    Known(Tz),
    /// One that the calendar defines.
    Defined(Arc<Vec<Change>>),
}

/// A change of the clock in a defined zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    /// When, by the clock before it.
    at: NaiveDateTime,
    /// What the clock was ahead of UTC before it.
    before: TimeDelta,
    /// And after it.
    after: TimeDelta,
}

impl Zone {
    /// The instant, in UTC, at which the wall shows `wall`; the earlier one where it shows it twice. A time that the
    /// clock leaps over is read with the offset before the leap.
    pub(super) fn to_utc(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let ahead = match self {
            Self::Known(zone) => match zone.from_local_datetime(&wall).earliest() {
                Some(instant) => return Some(instant.naive_utc()),
                None => {
                    let before = zone.from_local_datetime(&(wall - TimeDelta::hours(3))).earliest()?;
                    TimeDelta::seconds(i64::from(before.offset().fix().local_minus_utc()))
                }
            },
            Self::Defined(changes) => ahead(changes, |change| change.at <= wall),
        };
        wall.checked_sub_signed(ahead)
    }

    /// What the wall shows at an instant in UTC.
    pub(super) fn to_wall(&self, utc: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Known(zone) => Some(zone.from_utc_datetime(&utc).naive_local()),
            Self::Defined(changes) => {
                utc.checked_add_signed(ahead(changes, |change| change.at - change.before <= utc))
            }
        }
    }
}

/// How far ahead of UTC the clock is after the last of the sorted changes that has `passed`.
fn ahead(changes: &[Change], passed: impl Fn(&Change) -> bool) -> TimeDelta {
    match changes.partition_point(passed) {
        0 => changes.first().map_or(TimeDelta::zero(), |first| first.before),
        count => changes[count - 1].after,
    }
}

/// The zones of one calendar.
pub(super) struct Zones<'a> {
    /// Where the houses stand; also the zone of times without any.
    pub(super) business: Tz,
    defined: &'a [ZoneLines],
    found: HashMap<String, Zone>,
    /// Until when changes of the clock matter.
    horizon: NaiveDateTime,
}

impl<'a> Zones<'a> {
    /// Those that `defined` adds to the known ones, for times up to `horizon`.
    pub(super) fn new(business: Tz, defined: &'a [ZoneLines], horizon: NaiveDateTime) -> Self {
        Self { business, defined, found: HashMap::new(), horizon }
    }

    /// The zone called `name`. One that nobody knows and nothing defines is taken for the business's: then the date
    /// stays as it is written.
    pub(super) fn named(&mut self, name: &str, budget: &mut Budget) -> Zone {
        if let Some(zone) = self.found.get(name) {
            return zone.clone();
        }
        let zone = known(name)
            .map(Zone::Known)
            .or_else(|| self.defined(name, budget))
            .unwrap_or(Zone::Known(self.business));
        self.found.insert(name.to_owned(), zone.clone());
        zone
    }

    fn defined(&self, name: &str, budget: &mut Budget) -> Option<Zone> {
        let is_named = |zone: &&ZoneLines| text(&zone.own, "TZID").is_some_and(|id| id == name);
        let zone = self.defined.iter().find(is_named)?;
        if let Some(place) = text(&zone.own, "X-LIC-LOCATION").and_then(|place| known(&place)) {
            return Some(Zone::Known(place));
        }
        let mut changes = Vec::new();
        for part in &zone.parts {
            let at = wall(&text(part, "DTSTART")?)?;
            let (before, after) =
                (offset(&text(part, "TZOFFSETFROM")?)?, offset(&text(part, "TZOFFSETTO")?)?);
            let mut moments = vec![at];
            if let Some(rule) = text(part, "RRULE") {
                moments.extend(
                    dates(at, &rule, self.horizon, |until| until + before, budget).unwrap_or_default(),
                );
            }
            for line in part.iter().filter(|line| line.name == "RDATE") {
                moments.extend(line.value.split(',').filter_map(wall));
            }
            changes.extend(moments.into_iter().map(|at| Change { at, before, after }));
        }
        changes.sort_by_key(|change| change.at);
        changes.dedup();
        (!changes.is_empty()).then(|| Zone::Defined(Arc::new(changes)))
    }
}

fn text(lines: &[super::lines::Line], name: &str) -> Option<String> {
    lines.iter().find(|line| line.name == name).map(|line| line.text())
}

/// A zone by its IANA name, also behind a prefix (`/example.org/2020/America/Lima`), or by the name Windows gives it.
fn known(name: &str) -> Option<Tz> {
    let name = name.trim().trim_matches('"');
    let windows = WINDOWS.iter().find(|(windows, _)| windows.eq_ignore_ascii_case(name));
    if let Some((_, iana)) = windows {
        return iana.parse().ok();
    }
    let mut rest = name.trim_start_matches('/');
    // A name has three parts at most; what is before them is a prefix.
    loop {
        if let Ok(zone) = rest.parse() {
            return Some(zone);
        }
        rest = rest.split_once('/')?.1;
    }
}

/// What Windows calls the zones that feeds of bookings come from, after the table of Unicode CLDR.
const WINDOWS: &[(&str, &str)] = &[
    ("Alaskan Standard Time", "America/Anchorage"),
    ("Argentina Standard Time", "America/Argentina/Buenos_Aires"),
    ("Atlantic Standard Time", "America/Halifax"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("Bahia Standard Time", "America/Bahia"),
    ("Canada Central Standard Time", "America/Regina"),
    ("Central America Standard Time", "America/Guatemala"),
    ("Central Brazilian Standard Time", "America/Cuiaba"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("Central Standard Time", "America/Chicago"),
    ("Central Standard Time (Mexico)", "America/Mexico_City"),
    ("China Standard Time", "Asia/Shanghai"),
    ("E. Europe Standard Time", "Europe/Chisinau"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("Eastern Standard Time", "America/New_York"),
    ("Eastern Standard Time (Mexico)", "America/Cancun"),
    ("FLE Standard Time", "Europe/Kyiv"),
    ("GMT Standard Time", "Europe/London"),
    ("Greenwich Standard Time", "Atlantic/Reykjavik"),
    ("GTB Standard Time", "Europe/Bucharest"),
    ("Hawaiian Standard Time", "Pacific/Honolulu"),
    ("India Standard Time", "Asia/Kolkata"),
    ("Israel Standard Time", "Asia/Jerusalem"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("Montevideo Standard Time", "America/Montevideo"),
    ("Mountain Standard Time", "America/Denver"),
    ("Mountain Standard Time (Mexico)", "America/Mazatlan"),
    ("New Zealand Standard Time", "Pacific/Auckland"),
    ("Newfoundland Standard Time", "America/St_Johns"),
    ("Pacific SA Standard Time", "America/Santiago"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("Pacific Standard Time (Mexico)", "America/Tijuana"),
    ("Paraguay Standard Time", "America/Asuncion"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Russian Standard Time", "Europe/Moscow"),
    ("SA Eastern Standard Time", "America/Cayenne"),
    ("SA Pacific Standard Time", "America/Bogota"),
    ("SA Western Standard Time", "America/La_Paz"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("South Africa Standard Time", "Africa/Johannesburg"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("Turkey Standard Time", "Europe/Istanbul"),
    ("US Mountain Standard Time", "America/Phoenix"),
    ("UTC", "Etc/UTC"),
    ("Venezuela Standard Time", "America/Caracas"),
    ("W. Europe Standard Time", "Europe/Berlin"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_windows_leads_to_a_zone() {
        for (windows, iana) in WINDOWS {
            assert!(iana.parse::<Tz>().is_ok(), "{windows}: {iana}");
        }
    }

    #[test]
    fn zones_are_known_by_many_names() {
        for (name, zone) in [
            ("America/Lima", Some(Tz::America__Lima)),
            ("\"America/Lima\"", Some(Tz::America__Lima)),
            ("/mozilla.org/20070129_1/America/Lima", Some(Tz::America__Lima)),
            ("/example.org/America/Argentina/Ushuaia", Some(Tz::America__Argentina__Ushuaia)),
            ("sa pacific standard time", Some(Tz::America__Bogota)),
            ("UTC", Some(Tz::Etc__UTC)),
            ("Hora de casa", None),
            ("", None),
        ] {
            assert_eq!(known(name), zone, "{name}");
        }
    }

    #[test]
    fn a_time_that_the_clock_leaps_over_still_has_an_instant() {
        let leap = wall("20260308T023000").unwrap();
        assert_eq!(Zone::Known(Tz::America__New_York).to_utc(leap), wall("20260308T073000"));
    }
}
