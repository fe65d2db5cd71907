//! What comes instead of a calendar, and calendars that would keep a reader busy.

use std::time::{Duration, Instant};

use super::*;

fn read_all(text: &[u8]) -> Result<Feed, IcalError> {
    read(text, LIMA, (day("2026-01-01"), day("2028-01-01")))
}

#[test]
fn other_things_are_no_calendar() {
    for text in [
        "",
        "\r\n\r\n",
        "<!doctype html><title>Sign in</title>",
        "{\"error\": \"not found\"}",
        "BEGIN:VCARD\nEND:VCARD",
        "BEGIN:VEVENT\nDTSTART:20261202\nEND:VEVENT",
        "PK\u{3}\u{4}",
        "error: BEGIN:VCALENDAR\nEND:VCALENDAR",
    ] {
        assert_eq!(read_all(text.as_bytes()), Err(IcalError::NotACalendar), "{text}");
    }
}

#[test]
fn half_a_calendar_is_an_error_wherever_it_ends() {
    let whole = write(&[stay(1, "2026-12-02", "2026-12-05"), stay(2, "2026-12-05", "2026-12-07")]);
    let end = whole.trim_end().len();
    for length in 1..end {
        let error = read_all(&whole.as_bytes()[..length]).unwrap_err();
        assert!(
            matches!(error, IcalError::Truncated | IcalError::NotACalendar | IcalError::Broken),
            "{length}: {error}"
        );
    }
    assert_eq!(read_all(&whole.as_bytes()[..end]).unwrap().events.len(), 2);
}

#[test]
fn parts_must_fit_into_each_other() {
    for text in [
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261202\nEND:VCALENDAR",
        "BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR",
        "END:VCALENDAR",
    ] {
        assert_eq!(read_all(text.as_bytes()), Err(IcalError::Broken), "{text}");
    }
    let deep = format!("BEGIN:VCALENDAR\n{}", "BEGIN:X\n".repeat(100_000));
    assert_eq!(read_all(deep.as_bytes()), Err(IcalError::Broken));
}

#[test]
fn odd_lines_are_passed_over() {
    let text = "\u{feff}begin:vcalendar\n???\nBEGIN:VEVENT\nUID:uno\nno es una línea\nDTSTART:20261202\n;=:\n:\n\
        END:VEVENT\nEND:VCALENDAR\n<!-- hecho -->\n";
    assert_eq!(stays(&read_all(text.as_bytes()).unwrap()), ["uno 2026-12-02 2026-12-03"]);
}

#[test]
fn events_that_cannot_be_understood_are_reported() {
    for lines in [
        "SUMMARY:sin fechas",
        "DTSTART:",
        "DTSTART:pronto",
        "DTSTART:20261302",
        "DTSTART:20261202\nDTEND:luego",
        "DTSTART:20261202\nDURATION:mucho",
        "DTSTART:20261202\nRDATE:luego",
        "DTSTART:20261202\nEXDATE:luego",
        "DTSTART:20261202\nRECURRENCE-ID:luego",
    ] {
        let feed = feed(&format!("{}\nBEGIN:VEVENT\nUID:dos\nDTSTART:20261203\nEND:VEVENT", one(lines)));
        assert_eq!(feed.events.len(), 1, "{lines}");
        assert_eq!(feed.skipped.len(), 1, "{lines}");
        assert!(feed.has("uno") && feed.has("dos") && !feed.has("tres"), "{lines}");
        assert!(!feed.skipped[0].why.contains("luego"));
    }
}

#[test]
fn the_number_of_events_is_bounded() {
    let event = |n: usize| format!("BEGIN:VEVENT\nUID:{n}\nDTSTART:20261202\nEND:VEVENT\n");
    let most = (0..MOST_EVENTS).map(event).collect::<String>();
    assert_eq!(read_all(calendar(&most).as_bytes()).unwrap().events.len(), MOST_EVENTS);
    let more = format!("{most}{}", event(MOST_EVENTS));
    assert_eq!(read_all(calendar(&more).as_bytes()), Err(IcalError::TooManyEvents));
    let series =
        |n: usize| format!("BEGIN:VEVENT\nUID:{n}\nDTSTART:20260101\nRRULE:FREQ=DAILY\nEND:VEVENT\n");
    let series = (0..9).map(series).collect::<String>();
    assert_eq!(read_all(calendar(&series).as_bytes()), Err(IcalError::TooManyEvents));
}

#[test]
fn rules_that_no_day_fulfils_do_not_keep_a_reader_busy() {
    for rule in [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=YEARLY;BYYEARDAY=1,2,3,4,5,6,7;BYSETPOS=-1",
        "FREQ=DAILY;INTERVAL=65535",
    ] {
        let text = calendar(&one(&format!("DTSTART:19000201\nRRULE:{rule}")));
        let begun = Instant::now();
        let feed = read(text.as_bytes(), LIMA, (day("2026-02-03"), day("2026-02-05"))).unwrap();
        assert_eq!(feed, Feed::default(), "{rule}");
        // Ten times what it takes without optimisation.
        assert!(begun.elapsed() < Duration::from_secs(5), "{rule}: {:?}", begun.elapsed());
    }
}

#[test]
fn the_number_of_rules_and_of_their_days_is_bounded() {
    let series = |first: u32, rule: &str| {
        let event = |n: u32| format!("BEGIN:VEVENT\nUID:{n}\nDTSTART:{first}\nRRULE:{rule}\nEND:VEVENT\n");
        let text = calendar(&(0..150).map(event).collect::<String>());
        read(text.as_bytes(), LIMA, (day("2026-01-01"), day("2026-01-02"))).unwrap()
    };
    let yearly = series(20_260_101, "FREQ=YEARLY");
    assert!(yearly.events.len() > 90 && yearly.skipped.len() >= 50, "{}", yearly.events.len());
    let daily = series(19_200_101, "FREQ=DAILY");
    assert!(daily.events.len() >= 4 && daily.skipped.len() > 140, "{}", daily.events.len());
    assert!(daily.has("149") && daily.has("149#20260101"));
}
