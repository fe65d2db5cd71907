//! Recurring events.

use super::*;

/// Check-ins of a series that begins with these lines.
fn check_ins(lines: &str) -> Vec<String> {
    feed(&one(lines)).events.iter().map(|event| event.check_in.format("%m%d").to_string()).collect()
}

#[test]
fn rules_are_spelt_out() {
    for (lines, expected) in [
        ("RRULE:FREQ=DAILY;COUNT=3", "1202 1203 1204"),
        ("RRULE:FREQ=DAILY;INTERVAL=3;UNTIL=20261208", "1202 1205 1208"),
        ("RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=WE,FR", "1202 1204 1209 1211"),
        ("RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3;WKST=SU", "1202 1216 1230"),
        ("RRULE:FREQ=MONTHLY;BYDAY=1WE;UNTIL=20270301", "1202 0106 0203"),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", "1202 1231 0131"),
        ("RRULE:FREQ=YEARLY;COUNT=2", "1202 1202"),
        ("RRULE:freq=daily;count=2", "1202 1203"),
        // With days left out and added.
        ("RRULE:FREQ=DAILY;COUNT=4\nEXDATE;VALUE=DATE:20261203,20261205", "1202 1204"),
        ("RRULE:FREQ=DAILY;COUNT=2\nEXDATE;VALUE=DATE:20261202", "1203"),
        ("RRULE:FREQ=DAILY;COUNT=2\nRDATE;VALUE=DATE:20261220,20261203", "1202 1203 1220"),
        ("RDATE;VALUE=DATE:20261210\nRDATE;VALUE=DATE:20261220", "1202 1210 1220"),
        // An end before the beginning leaves the beginning.
        ("RRULE:FREQ=DAILY;UNTIL=20251208", "1202"),
    ] {
        let lines = format!("DTSTART;VALUE=DATE:20261202\n{lines}");
        assert_eq!(check_ins(&lines).join(" "), expected, "{lines}");
    }
}

#[test]
fn occurrences_have_names_of_their_own_and_the_length_of_the_first() {
    let feed = feed(&one("DTSTART:20261204T150000\nDTEND:20261206T110000\nRRULE:FREQ=WEEKLY;COUNT=2"));
    assert_eq!(stays(&feed), ["uno#20261204 2026-12-04 2026-12-06", "uno#20261211 2026-12-11 2026-12-13"]);
    assert!(feed.has("uno#20261204") && !feed.has("uno#20261218") && !feed.has("uno"));
}

#[test]
fn a_series_without_end_is_told_within_the_window() {
    let weekly = one("DTSTART;VALUE=DATE:20190104\nRRULE:FREQ=WEEKLY");
    let text = calendar(&weekly);
    let feed = read(text.as_bytes(), LIMA, (day("2026-12-01"), day("2026-12-19"))).unwrap();
    assert_eq!(
        stays(&feed),
        [
            "uno#20261204 2026-12-04 2026-12-05",
            "uno#20261211 2026-12-11 2026-12-12",
            "uno#20261218 2026-12-18 2026-12-19"
        ]
    );
}

#[test]
fn series_keep_the_clock_of_their_zone_and_become_local_dates() {
    // 05:30 in Madrid is 23:30 of the day before in Lima in winter, 22:30 in summer: the day does not move.
    let lines = "DTSTART;TZID=Europe/Madrid:20260325T053000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2";
    assert_eq!(check_ins(lines), ["0324", "0331"]);
    // 06:30 is 00:30 in winter, 23:30 of the day before in summer: the day moves.
    let lines = "DTSTART;TZID=Europe/Madrid:20260325T063000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2";
    assert_eq!(check_ins(lines), ["0325", "0331"]);
    // The end is given in UTC: 04:30 is the second, not the third.
    let lines = "DTSTART;TZID=Europe/Madrid:20261202T053000\nRRULE:FREQ=DAILY;UNTIL=20261203T043000Z";
    assert_eq!(check_ins(lines), ["1201", "1202"]);
    let lines = "DTSTART;TZID=Europe/Madrid:20261202T053000\nRRULE:FREQ=DAILY;UNTIL=20261203T042959Z";
    assert_eq!(check_ins(lines), ["1201"]);
    // In UTC: 03:00 is the evening before.
    assert_eq!(check_ins("DTSTART:20261202T030000Z\nRRULE:FREQ=DAILY;COUNT=2"), ["1201", "1202"]);
    // Left out by instant, in another zone.
    let lines =
        "DTSTART;TZID=Europe/Madrid:20261202T053000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20261203T043000Z";
    assert_eq!(check_ins(lines), ["1201", "1203"]);
    // Another time of that day leaves nothing out.
    let lines = "DTSTART:20261202T150000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20261203T160000";
    assert_eq!(check_ins(lines), ["1202", "1203"]);
    let lines = "DTSTART:20261202T150000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;VALUE=DATE:20261203";
    assert_eq!(check_ins(lines), ["1202"]);
}

#[test]
fn added_periods_have_their_own_length() {
    let feed = feed(&one("DTSTART:20261202T150000\nDTEND:20261203T110000\n\
         RDATE;VALUE=PERIOD:20261210T150000/20261213T110000,20261220T150000/P2D"));
    assert_eq!(
        stays(&feed),
        [
            "uno#20261202 2026-12-02 2026-12-03",
            "uno#20261210 2026-12-10 2026-12-13",
            "uno#20261220 2026-12-20 2026-12-22"
        ]
    );
}

#[test]
fn occurrences_can_be_moved_and_cancelled() {
    let series = one("DTSTART;VALUE=DATE:20261202\nDTEND;VALUE=DATE:20261204\nRRULE:FREQ=WEEKLY;COUNT=4");
    let change = |lines: &str| format!("BEGIN:VEVENT\nUID:uno\n{lines}\nEND:VEVENT\n");
    let moved =
        change("RECURRENCE-ID;VALUE=DATE:20261209\nDTSTART;VALUE=DATE:20261211\nDTEND;VALUE=DATE:20261215");
    let gone = change("RECURRENCE-ID;VALUE=DATE:20261216\nDTSTART;VALUE=DATE:20261216\nSTATUS:CANCELLED");
    let expected = [
        "uno#20261202 2026-12-02 2026-12-04",
        "uno#20261209 2026-12-11 2026-12-15",
        "uno#20261223 2026-12-23 2026-12-25",
    ];
    for order in [format!("{series}\n{moved}{gone}"), format!("{gone}{moved}{series}")] {
        assert_eq!(stays(&feed(&order)), expected);
    }
    // A change of a change: the higher sequence counts.
    let again = change("SEQUENCE:2\nRECURRENCE-ID;VALUE=DATE:20261209\nDTSTART;VALUE=DATE:20261230");
    let feed_again = feed(&format!("{series}\n{again}{moved}{gone}"));
    assert!(stays(&feed_again).contains(&"uno#20261209 2026-12-30 2026-12-31".to_owned()));
    // Without the series itself the changes stand alone; a cancelled series takes them along.
    assert_eq!(stays(&feed(&format!("{moved}{gone}"))), expected[1..2]);
    let cancelled = series.replace("RRULE", "STATUS:CANCELLED\nRRULE");
    assert_eq!(stays(&feed(&format!("{cancelled}\n{moved}"))), [""; 0]);
    // Named by another clock.
    let timed = one("DTSTART;TZID=Europe/Madrid:20261202T053000\nRRULE:FREQ=DAILY;COUNT=2");
    let moved = change("RECURRENCE-ID:20261203T043000Z\nDTSTART:20261220T150000");
    assert_eq!(
        stays(&feed(&format!("{timed}\n{moved}"))),
        ["uno#20261202 2026-12-01 2026-12-02", "uno#20261203 2026-12-20 2026-12-21"]
    );
}

#[test]
fn a_change_can_hold_for_all_later_occurrences() {
    let series = one("DTSTART:20261202T150000\nDTEND:20261203T110000\nRRULE:FREQ=WEEKLY;COUNT=4");
    let later = "BEGIN:VEVENT\nUID:uno\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261216T150000\n\
        DTSTART:20261217T150000\nDTEND:20261219T110000\nEND:VEVENT\n";
    assert_eq!(
        stays(&feed(&format!("{series}\n{later}"))),
        [
            "uno#20261202 2026-12-02 2026-12-03",
            "uno#20261209 2026-12-09 2026-12-10",
            "uno#20261216 2026-12-17 2026-12-19",
            "uno#20261223 2026-12-24 2026-12-26",
        ]
    );
    let gone = later.replace("DTEND", "STATUS:CANCELLED\nDTEND");
    assert_eq!(stays(&feed(&format!("{series}\n{gone}"))).len(), 2);
}

#[test]
fn rules_that_make_no_sense_are_reported_and_not_taken_for_vanished() {
    for rule in [
        "FREQ=HOURLY;COUNT=3",
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;UNTIL=mañana",
        "FREQ=WEEKLY;BYDAY=ñ",
        "COUNT=3",
        "siempre",
        "",
    ] {
        let feed = feed(&one(&format!("DTSTART;VALUE=DATE:20261202\nRRULE:{rule}")));
        assert_eq!(feed.events, [], "{rule}");
        assert_eq!(feed.skipped.len(), 1, "{rule}");
        assert!(feed.has("uno") && feed.has("uno#20261202") && !feed.has("dos"), "{rule}");
    }
}
