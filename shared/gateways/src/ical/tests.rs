use chrono::NaiveDate;
use chrono_tz::Tz;

use super::*;

mod any;
mod broken;
mod series;

const LIMA: Tz = Tz::America__Lima;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// All that a calendar with this inside says of 2026 and 2027.
fn feed(inside: &str) -> Feed {
    read(calendar(inside).as_bytes(), LIMA, (day("2026-01-01"), day("2028-01-01"))).unwrap()
}

fn calendar(inside: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{inside}\nEND:VCALENDAR\n").replace('\n', "\r\n")
}

/// A calendar of one event with these lines.
fn one(lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:uno\n{lines}\nEND:VEVENT")
}

/// `uid check-in check-out` of each event.
fn stays(feed: &Feed) -> Vec<String> {
    assert_eq!(feed.skipped, []);
    feed.events.iter().map(|event| format!("{} {} {}", event.uid, event.check_in, event.check_out)).collect()
}

/// Check-in and check-out of the only event.
fn nights(lines: &str) -> String {
    let stays = stays(&feed(&one(lines)));
    let [stay] = stays.as_slice() else { panic!("{lines}: {stays:?}") };
    stay.strip_prefix("uno ").unwrap().to_owned()
}

fn stay(id: u128, check_in: &str, check_out: &str) -> ExportedStay {
    ExportedStay {
        id: uuid::Uuid::from_u128(id),
        check_in: day(check_in),
        check_out: day(check_out),
        created: "2026-11-30T18:05:09.123Z".parse().unwrap(),
        origin: "aus".to_owned(),
    }
}

#[test]
fn a_calendar_is_written_to_the_letter() {
    let text = write(&[stay(7, "2026-12-02", "2026-12-05")]);
    let expected = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Casa Austin//Reservas//ES",
        "BEGIN:VEVENT",
        "UID:00000000-0000-0000-0000-000000000007",
        "DESCRIPTION:Reserva de Casa Austin - 00000000-0000-0000-0000-000000000007 (",
        " aus)",
        "DTSTART:20261202T000000",
        "DTEND:20261205T000000",
        "DTSTAMP:20261130T180509Z",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    assert_eq!(text.split("\r\n").collect::<Vec<_>>(), expected);
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
}

#[test]
fn an_origin_cannot_write_lines_of_its_own() {
    let mut odd = stay(7, "2026-12-02", "2026-12-05");
    odd.origin = "añ,;\\\r\nUID:otra\u{7}".repeat(9);
    let text = write(&[odd]);
    assert_eq!(text.matches("\r\nUID:").count(), 1);
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    let feed = read(text.as_bytes(), LIMA, (day("2026-01-01"), day("2028-01-01"))).unwrap();
    assert_eq!(stays(&feed), ["00000000-0000-0000-0000-000000000007 2026-12-02 2026-12-05"]);
}

#[test]
fn a_calendar_without_events_is_one() {
    let feed = read(write(&[]).as_bytes(), LIMA, (day("2026-01-01"), day("2028-01-01"))).unwrap();
    assert_eq!(feed, Feed::default());
}

#[test]
fn dates_and_times_of_every_kind_become_local_dates() {
    for (lines, expected) in [
        // Dates.
        ("DTSTART;VALUE=DATE:20261202\nDTEND;VALUE=DATE:20261205", "2026-12-02 2026-12-05"),
        ("DTSTART:20261202\nDTEND:20261205", "2026-12-02 2026-12-05"),
        ("DTSTART;VALUE=DATE;TZID=Asia/Tokyo:20261202\nDTEND;VALUE=DATE:20261205", "2026-12-02 2026-12-05"),
        ("DTSTART;VALUE=DATE:20261202T000000\nDTEND;VALUE=DATE:20261205T000000", "2026-12-02 2026-12-05"),
        // Floating.
        ("DTSTART:20261202T150000\nDTEND:20261205T110000", "2026-12-02 2026-12-05"),
        ("DTSTART:20261202T000000\nDTEND:20261205T000000", "2026-12-02 2026-12-05"),
        // UTC: five hours ahead of Lima.
        ("DTSTART:20261202T200000Z\nDTEND:20261205T160000Z", "2026-12-02 2026-12-05"),
        ("DTSTART:20261202T045959Z\nDTEND:20261205T050000Z", "2026-12-01 2026-12-05"),
        ("dtstart:20261202t050000z\ndtend:20261205t045959z", "2026-12-02 2026-12-04"),
        // Zones by name.
        (
            "DTSTART;TZID=America/Lima:20261202T230000\nDTEND;TZID=America/Lima:20261205T003000",
            "2026-12-02 2026-12-05",
        ),
        (
            "DTSTART;TZID=\"Europe/Madrid\":20261202T050000\nDTEND;TZID=\"Europe/Madrid\":20261205T060000",
            "2026-12-01 2026-12-05",
        ),
        (
            "DTSTART;TZID=Tokyo Standard Time:20261202T130000\nDTEND;TZID=Asia/Tokyo:20261205T150000",
            "2026-12-01 2026-12-05",
        ),
        ("DTSTART;TZID=/example.org/2/Europe/Paris:20261202T050000\nDTEND:20261205", "2026-12-01 2026-12-05"),
        // Summer time there: 05:30 is 03:30 UTC in July, 04:30 in December.
        ("DTSTART;TZID=Europe/Madrid:20260702T065900\nDURATION:P2D", "2026-07-01 2026-07-03"),
        ("DTSTART;TZID=Europe/Madrid:20260702T070000\nDURATION:P2D", "2026-07-02 2026-07-04"),
        // A zone that nobody knows: the date stays.
        ("DTSTART;TZID=Mi casa:20261202T010000\nDTEND;TZID=Mi casa:20261205T235900", "2026-12-02 2026-12-05"),
        // Ends: none, a duration, none at all, before the beginning.
        ("DTSTART;VALUE=DATE:20261202", "2026-12-02 2026-12-03"),
        ("DTSTART;VALUE=DATE:20261202\nDTEND;VALUE=DATE:20261202", "2026-12-02 2026-12-03"),
        ("DTSTART;VALUE=DATE:20261202\nDTEND;VALUE=DATE:20261120", "2026-12-02 2026-12-03"),
        ("DTSTART;VALUE=DATE:20261202\nDURATION:P1W", "2026-12-02 2026-12-09"),
        ("DTSTART:20261202T150000\nDURATION:PT68H", "2026-12-02 2026-12-05"),
        ("DTSTART:20261202T150000\nDURATION:-P3D", "2026-12-02 2026-12-03"),
        ("DTSTART:20261202T150000", "2026-12-02 2026-12-03"),
        ("DTSTART:20261202T100000\nDTEND:20261202T180000", "2026-12-02 2026-12-03"),
        ("DTSTART:20261202T220000\nDTEND:20261203T000000", "2026-12-02 2026-12-03"),
        // Mixed.
        ("DTSTART;VALUE=DATE:20261202\nDTEND:20261205T160000Z", "2026-12-02 2026-12-05"),
        ("DTSTART;VALUE=DATE:20261202\nDTEND:20261205T030000Z", "2026-12-02 2026-12-04"),
        ("DTSTART:20261202T150000\nDTEND;VALUE=DATE:20261205", "2026-12-02 2026-12-05"),
        ("DTSTART:20261202T200000Z\nDTEND;VALUE=DATE:20261205", "2026-12-02 2026-12-05"),
    ] {
        assert_eq!(nights(lines), expected, "{lines}");
    }
}

#[test]
fn zones_that_a_calendar_defines_are_used() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Casa\n\
        BEGIN:STANDARD\nDTSTART:16011101T020000\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\n\
        TZOFFSETFROM:-0400\nTZOFFSETTO:-0500\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:16010301T020000\nRRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\n\
        TZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
    let times = "BEGIN:VEVENT\nUID:verano\nDTSTART;TZID=Casa:20260702T003000\nDURATION:P1D\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:invierno\nDTSTART;TZID=Casa:20260112T003000\nDURATION:P1D\nEND:VEVENT\n";
    let expected = ["invierno 2026-01-12 2026-01-13", "verano 2026-07-01 2026-07-02"];
    // Also where the definition stands behind its use.
    assert_eq!(stays(&feed(&format!("{zone}{times}"))), expected);
    assert_eq!(stays(&feed(&format!("{times}{zone}"))), expected);

    let place = "BEGIN:VTIMEZONE\nTZID:Otra\nX-LIC-LOCATION:Asia/Tokyo\nEND:VTIMEZONE\n";
    let event = one("DTSTART;TZID=Otra:20260702T130000\nDURATION:P1D");
    assert_eq!(stays(&feed(&format!("{place}{event}"))), ["uno 2026-07-01 2026-07-02"]);

    let fixed = "BEGIN:VTIMEZONE\nTZID:Fija\nBEGIN:STANDARD\nDTSTART:20300101T000000\n\
        TZOFFSETFROM:+0900\nTZOFFSETTO:+0900\nEND:STANDARD\nEND:VTIMEZONE\n";
    let event = one("DTSTART;TZID=Fija:20260702T130000\nDURATION:P1D");
    assert_eq!(stays(&feed(&format!("{fixed}{event}"))), ["uno 2026-07-01 2026-07-02"]);
}

#[test]
fn what_takes_no_nights_is_left_out() {
    for line in ["STATUS:CANCELLED", "TRANSP:TRANSPARENT", "status:cancelled"] {
        assert_eq!(stays(&feed(&one(&format!("DTSTART;VALUE=DATE:20261202\n{line}")))), [""; 0], "{line}");
    }
    for line in ["STATUS:TENTATIVE", "STATUS:CONFIRMED", "TRANSP:OPAQUE", "X-STATUS:CANCELLED"] {
        assert_eq!(
            nights(&format!("DTSTART;VALUE=DATE:20261202\n{line}")),
            "2026-12-02 2026-12-03",
            "{line}"
        );
    }
}

#[test]
fn texts_come_unfolded_and_without_escapes() {
    let feed = feed(&one("SUMMARY;LANGUAGE=es:Reserva\\, pag\n ada \\; n\n\tiño\\nfin\nDTSTART:20261202"));
    assert_eq!(feed.events[0].summary.as_deref(), Some("Reserva, pagada ; niño\nfin"));
}

#[test]
fn only_the_window_is_told_and_stays_in_it_whole() {
    let inside = ["20251230/20260101", "20251231/20260102", "20271231/20280110", "20280101/20280102"]
        .iter()
        .enumerate()
        .map(|(n, span)| {
            let (from, to) = span.split_once('/').unwrap();
            format!("BEGIN:VEVENT\nUID:{n}\nDTSTART:{from}\nDTEND:{to}\nEND:VEVENT\n")
        })
        .collect::<String>();
    assert_eq!(stays(&feed(&inside)), ["1 2025-12-31 2026-01-02", "2 2027-12-31 2028-01-10"]);
}

#[test]
fn of_two_versions_the_newer_counts() {
    let version = |lines: &str| format!("BEGIN:VEVENT\nUID:uno\n{lines}\nEND:VEVENT\n");
    let old = version("SEQUENCE:9\nDTSTART:20261202");
    let new = version("SEQUENCE:10\nDTSTART:20261210");
    for order in [format!("{old}{new}"), format!("{new}{old}")] {
        assert_eq!(stays(&feed(&order)), ["uno 2026-12-10 2026-12-11"]);
    }
    let gone = version("SEQUENCE:11\nDTSTART:20261210\nSTATUS:CANCELLED");
    assert_eq!(stays(&feed(&format!("{gone}{new}"))), [""; 0]);

    let old = version("LAST-MODIFIED:20260101T000000Z\nDTSTART:20261202");
    let new = version("LAST-MODIFIED:20260102T000000Z\nDTSTART:20261210");
    assert_eq!(stays(&feed(&format!("{new}{old}"))), ["uno 2026-12-10 2026-12-11"]);

    // The same once more is one; two that differ are two, for a night must not be sold twice.
    let same = version("DTSTART:20261202\nDTEND:20261204");
    assert_eq!(stays(&feed(&format!("{same}{same}"))), ["uno 2026-12-02 2026-12-04"]);
    let other = version("DTSTART:20261220");
    assert_eq!(
        stays(&feed(&format!("{same}{other}"))),
        ["uno#20261202 2026-12-02 2026-12-04", "uno#20261220 2026-12-20 2026-12-21"]
    );
}

#[test]
fn events_without_a_usable_name_get_a_stable_one() {
    let named = |lines: &str| feed(&format!("BEGIN:VEVENT\n{lines}\nEND:VEVENT")).events[0].uid.clone();
    let first = named("DTSTART:20261202\nSUMMARY:uno");
    assert_eq!(first, named("SUMMARY:otro\nDTSTAMP:20260101T000000Z\nDTSTART:20261202"));
    assert_ne!(first, named("DTSTART:20261203"));
    let long = named(&format!("UID:{}\nDTSTART:20261202", "x".repeat(247)));
    assert_eq!(long, named(&format!("UID:{}\nDTSTART:20270101", "x".repeat(247))));
    assert_ne!(long, first);
    assert!(long.len() < 64 && long.starts_with("sha256-"), "{long}");
    assert_eq!(named(&format!("UID:{}\nDTSTART:20261202", "x".repeat(246))), "x".repeat(246));
    assert!(named("UID:a\\nb\nDTSTART:20261202").starts_with("sha256-"));
}

#[test]
fn reminders_and_other_parts_do_not_disturb() {
    let feed = feed(
        "X-WR-TIMEZONE:Asia/Tokyo\nBEGIN:VTODO\nUID:tarea\nDTSTART:20261201\nEND:VTODO\n\
         BEGIN:VEVENT\nUID:uno\nBEGIN:VALARM\nUID:aviso\nDTSTART:20260101\nDURATION:PT9H\nEND:VALARM\n\
         DTSTART:20261202\nDTEND:20261204\nEND:VEVENT\nBEGIN:VFREEBUSY\nEND:VFREEBUSY",
    );
    assert_eq!(stays(&feed), ["uno 2026-12-02 2026-12-04"]);
}
