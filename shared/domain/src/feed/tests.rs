use uuid::Uuid;

use super::*;

fn now() -> DateTime<Utc> {
    "2025-11-12T15:30:00Z".parse().unwrap()
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 12, day).unwrap()
}

fn stay(from: u32, to: u32) -> Stay {
    Stay::new(day(from), day(to)).unwrap()
}

/// A stay from the 10th to the 13th that was brought in.
fn brought_in() -> Reservation {
    let mut one = Reservation::new(
        ReservationId(Uuid::from_u128(1)),
        HouseId(Uuid::from_u128(2)),
        day(10),
        day(13),
        now(),
    );
    (one.origin, one.status) = (Origin::Airbnb, Status::Approved);
    one
}

fn said(from: u32, to: u32) -> Brought {
    Brought { reservation: ReservationId(Uuid::from_u128(1)), check_in: day(from), check_out: day(to) }
}

/// Dates and status that an event leads to; `None` where nothing changes.
fn after(one: &Reservation, event: Stay, told: Option<Brought>) -> Option<(NaiveDate, NaiveDate, Status)> {
    match step(one, event, told.as_ref(), now()) {
        Step::Keep => None,
        Step::Change(after) => Some((after.check_in_date, after.check_out_date, after.status)),
    }
}

#[test]
fn the_calendar_moves_only_what_it_changed_itself() {
    let one = brought_in();
    assert_eq!(after(&one, stay(10, 13), Some(said(10, 13))), None);
    assert_eq!(after(&one, stay(11, 14), Some(said(10, 13))), Some((day(11), day(14), Status::Approved)));
    // Staff moved it by a day: the calendar repeats itself.
    let mut moved = one.clone();
    moved.check_in_date = day(9);
    assert_eq!(after(&moved, stay(10, 13), Some(said(10, 13))), None);
    // Imported: nobody knows what the calendar said before.
    assert_eq!(after(&one, stay(10, 12), None), Some((day(10), day(12), Status::Approved)));
}

#[test]
fn late_check_out_stays_with_a_moved_stay() {
    let mut one = brought_in();
    one.grant_late_checkout();
    assert_eq!(after(&one, stay(10, 13), Some(said(10, 13))), None);
    assert_eq!(after(&one, stay(10, 13), None), None);
    let Step::Change(moved) = step(&one, stay(20, 22), Some(&said(10, 13)), now()) else { panic!("kept") };
    assert_eq!((moved.check_out_date, moved.late_check_out_date), (day(23), Some(day(22))));
}

#[test]
fn what_comes_back_is_revived_and_what_staff_decided_stays() {
    let mut one = brought_in();
    one.status = Status::Cancelled;
    assert_eq!(after(&one, stay(10, 13), None), Some((day(10), day(13), Status::Approved)));
    assert_eq!(after(&one, stay(10, 14), Some(said(10, 13))), None, "called off by staff");
    one.status = Status::Incomplete;
    assert_eq!(after(&one, stay(10, 13), None), Some((day(10), day(13), Status::Approved)), "as imported");
    let mut theirs = brought_in();
    theirs.origin = Origin::Staff;
    assert_eq!(after(&theirs, stay(1, 2), None), None);
}

#[test]
fn only_future_stays_vanish() {
    let one = brought_in();
    assert_eq!(vanished(&one, day(10), now()).map(|after| after.status), Some(Status::Cancelled));
    assert_eq!(vanished(&one, day(11), now()), None, "it has begun");
    for change in [
        |one: &mut Reservation| one.origin = Origin::Staff,
        |one: &mut Reservation| one.deleted = true,
        |one: &mut Reservation| one.status = Status::Rejected,
    ] {
        let mut other = brought_in();
        change(&mut other);
        assert_eq!(vanished(&other, day(1), now()), None);
    }
}

#[test]
fn addresses_are_of_the_web_and_hidden() {
    for good in ["https://www.airbnb.example/calendar/ical/1.ics?s=abc", "HTTP://host:8080", " http://a/b "] {
        assert!(FeedAddress::parse(good).is_ok(), "{good}");
    }
    for bad in
        ["", "ftp://a/b", "file:///etc/passwd", "https://", "https:///x", "http://a b", "airbnb.com/x.ics"]
    {
        assert_eq!(FeedAddress::parse(bad), Err(NotAnAddress::NotWeb), "{bad}");
    }
    let long = format!("https://a/{}", "x".repeat(LONGEST_ADDRESS));
    assert_eq!(FeedAddress::parse(&long), Err(NotAnAddress::TooLong));
    let address =
        FeedAddress::parse("https://ana:clave@host.example/calendar/ical/1.ics?s=secreto9").unwrap();
    assert_eq!(address.shown(), "host.example/…eto9");
    assert!(!format!("{address:?}").contains("host"));
}

#[test]
fn a_house_has_a_calendar_where_its_address_is_one() {
    let house = |address: Option<&str>| House {
        airbnb_url: address.map(str::to_owned),
        ..serde_json::from_str(
            r#"{"id":"00000000-0000-0000-0000-000000000007","created":"2025-01-01T00:00:00Z","name":"Casa"}"#,
        )
        .unwrap()
    };
    let feed = |address| Feed::of_house(&house(Some(address)));
    assert!(feed("https://www.airbnb.example/calendar/ical/77.ics?s=1").is_some());
    assert!(feed("https://host.example/feeds/casa.ICS").is_some());
    assert!(feed("https://host.example/calendar/ical/77").is_some());
    assert_eq!(feed("https://calendar.example.com/4"), None);
    assert_eq!(feed("77.ics?s=1"), None, "the end of another service's address");
    assert_eq!(Feed::of_house(&house(None)), None);
}

#[test]
fn a_calendar_is_read_whole_from_time_to_time() {
    let house = HouseId(Uuid::from_u128(2));
    let url = FeedAddress::parse("https://host.example/1.ics").unwrap();
    let mut feed = Feed::new(FeedId(Uuid::from_u128(3)), house, "Airbnb".to_owned(), url, now());
    feed.etag = Some("\"1\"".to_owned());
    assert_eq!(feed.validators(now()), (None, None), "never brought in");
    feed.brought = Some(now());
    assert_eq!(feed.validators(now() + TimeDelta::hours(5)), (Some("\"1\""), None));
    assert_eq!(feed.validators(now() + TimeDelta::hours(6)), (None, None));
    feed.fail("No se pudo.".to_owned(), now());
    feed.fail("No se pudo.".to_owned(), now());
    assert_eq!((feed.failures, feed.validators(now())), (2, (None, None)));
    feed.succeed(now());
    assert_eq!((feed.failures, feed.problem), (0, None));
}
