//! Calendars that nobody thought of.

use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::*;

/// Pieces that calendars are made of, put together at random.
const PIECES: [&str; 40] = [
    "BEGIN:VCALENDAR",
    "END:VCALENDAR",
    "BEGIN:VEVENT",
    "END:VEVENT",
    "BEGIN:VTIMEZONE",
    "END:VTIMEZONE",
    "BEGIN:STANDARD",
    "END:STANDARD",
    "TZID:Casa",
    "TZOFFSETFROM:+9999",
    "TZOFFSETTO:-9999",
    "UID:uno",
    "UID:",
    "SEQUENCE:-9223372036854775808",
    "DTSTART:19000101T000000Z",
    "DTSTART;TZID=Casa:90001231T235959",
    "DTSTART;TZID=Europe/Madrid:20260329T023000",
    "DTSTART;VALUE=DATE:20261202",
    "DTEND:90001231",
    "DTEND;TZID=\"Casa\":19000101T000000",
    "DURATION:P36524D",
    "DURATION:-P5217W",
    "RRULE:FREQ=DAILY",
    "RRULE:FREQ=YEARLY;BYDAY=-53MO,53TU;UNTIL=19000101T000000Z",
    "RRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU;COUNT=4294967295",
    "RRULE:FREQ=WEEKLY;INTERVAL=65535;WKST=SU",
    "RRULE:FREQ=YEARLY;BYWEEKNO=-53,53;BYYEARDAY=-366,366",
    "RDATE;VALUE=PERIOD:20261202T000000/-P9000D",
    "RDATE:90001231T235959Z,19000101",
    "EXDATE;TZID=Casa:19000101T000000",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20261203",
    "RECURRENCE-ID:19000101T000000Z",
    "STATUS:CANCELLED",
    "TRANSP:OPAQUE",
    "SUMMARY:ni\u{f1}o\\",
    " continuaci\u{f3}n",
    "X;A=\"",
    ";",
    "\u{0}",
    "DTSTART",
];

fn any_stay() -> impl Strategy<Value = ExportedStay> {
    (any::<u128>(), 0..3_000_i32, 1..400_i32, 0..4_000_000_000_i64, "[a-z]{3}|\\PC{0,90}").prop_map(
        |(id, first, nights, created, origin)| {
            let check_in = day("2024-01-01") + chrono::TimeDelta::days(first.into());
            ExportedStay {
                id: Uuid::from_u128(id),
                check_in,
                check_out: check_in + chrono::TimeDelta::days(nights.into()),
                created: chrono::DateTime::from_timestamp(created, 0).unwrap(),
                origin,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_is_written_is_read_again(stays in vec(any_stay(), 0..40)) {
        let text = write(&stays);
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 75));
        let feed = read(text.as_bytes(), LIMA, (day("2020-01-01"), day("2040-01-01"))).unwrap();
        prop_assert_eq!(&feed.skipped, &[]);
        let mut read: Vec<_> =
            feed.events.into_iter().map(|event| (event.uid, event.check_in, event.check_out)).collect();
        let mut written: Vec<_> =
            stays.into_iter().map(|stay| (stay.id.to_string(), stay.check_in, stay.check_out)).collect();
        read.sort();
        written.sort();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn no_bytes_whatever_make_it_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, LIMA, (NaiveDate::MIN, NaiveDate::MAX));
        let inside = [b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n".as_slice(), &bytes, b"\nEND:VEVENT\nEND:VCALENDAR"].concat();
        let _ = read(&inside, LIMA, (day("2026-01-01"), day("2028-01-01")));
    }

    #[test]
    fn no_mixture_of_pieces_makes_it_panic(pieces in vec(0..PIECES.len(), 0..60)) {
        let lines: Vec<_> = pieces.iter().map(|piece| PIECES[*piece]).collect();
        let _ = read(lines.join("\n").as_bytes(), LIMA, (day("2026-01-01"), day("2028-01-01")));
    }

    #[test]
    fn events_of_any_pieces_hold_nights_within_the_window(
        events in vec(vec(8..PIECES.len(), 0..12), 1..5),
        zone in vec(9..11_usize, 0..3),
    ) {
        let lines = |pieces: &[usize]| pieces.iter().map(|piece| format!("{}\n", PIECES[*piece])).collect::<String>();
        let zone = format!("BEGIN:VTIMEZONE\nTZID:Casa\nBEGIN:STANDARD\nDTSTART:19700101T000000\n{}\
            RRULE:FREQ=YEARLY\nEND:STANDARD\nEND:VTIMEZONE\n", lines(&zone));
        let events: String =
            events.iter().map(|event| format!("BEGIN:VEVENT\nX:\n{}Y:\nEND:VEVENT\n", lines(event))).collect();
        let text = format!("BEGIN:VCALENDAR\n{zone}{events}END:VCALENDAR\n");
        let window = (day("2026-06-01"), day("2027-01-01"));
        let feed = match read(text.as_bytes(), LIMA, window) {
            Err(IcalError::TooManyEvents) => return Ok(()),
            outcome => outcome.unwrap(),
        };
        let mut uids = std::collections::HashSet::new();
        for event in &feed.events {
            prop_assert!(event.check_in < event.check_out);
            prop_assert!(event.check_in < window.1 && event.check_out > window.0);
            prop_assert!(event.uid.len() <= 255 && uids.insert(&event.uid));
        }
        // The same text says the same.
        prop_assert_eq!(read(text.as_bytes(), LIMA, window).unwrap(), feed);
    }

    #[test]
    fn a_calendar_with_a_changed_byte_does_not_make_it_panic(
        stays in vec(any_stay(), 1..4), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = write(&stays).into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(&bytes, LIMA, (day("2020-01-01"), day("2040-01-01")));
    }
}
