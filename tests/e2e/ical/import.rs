//! Stays come in, follow their events, vanish and come back.

use casa_domain::ids::FeedId;
use casa_tests::{contents::Contents, export::id};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{AIRBNB, DOS, PASSWORD, SELLER, Setting, UNO, enter, shown, stay};

const FEED: &str = "uno.ics";

/// The parts of a report that say what was done.
fn done(report: &Value) -> Vec<(&'static str, u64)> {
    ["created", "moved", "revived", "cancelled", "conflicts"]
        .into_iter()
        .filter_map(|part| report[part].as_u64().filter(|count| *count > 0).map(|count| (part, count)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn stays_follow_their_events() {
    let setting = Setting::new(Vec::new()).await;
    let (platform, feed) = (&setting.platform, setting.feed(UNO, FEED).await);
    platform.serve(
        FEED,
        &[
            ("a@p", "2025-12-10", "2025-12-13"),
            ("b@p", "2025-12-20", "2025-12-22"),
            ("now@p", "2025-11-10", "2025-11-13"),
            ("past@p", "2025-11-01", "2025-11-12"),
        ],
    );
    let rehearsal = {
        let before = Contents::of(&setting.casa.shared).await;
        let report = setting.job("feeds-import?dry_run=true").await;
        assert_eq!(before.differences(&Contents::of(&setting.casa.shared).await), Vec::<String>::new());
        report
    };
    let report = setting.import().await;
    assert_eq!(done(&report), [("created", 3)]);
    assert_eq!(rehearsal, report);
    let approved = |dates| (dates, "approved");
    let first = setting.stays(UNO).await;
    let expected = ["2025-11-10 2025-11-13", "2025-12-10 2025-12-13", "2025-12-20 2025-12-22"].map(approved);
    assert_eq!(shown(&first), expected);
    let (_, detail) = setting.call(Method::GET, &format!("reservations/{}/", first[1].id), None).await;
    assert_eq!(
        (&detail["origin"], &detail["uuid_external"], &detail["price_sol"]),
        (&json!("air"), &json!("a@p"), &json!("0.00"))
    );
    assert_eq!(
        (&detail["client"]["id"], &detail["seller"]["first_name"]),
        (&json!(id(AIRBNB)), &json!("AirBnB"))
    );

    // Nothing changed: the platform need not even send it.
    let contents = Contents::of(&setting.casa.shared).await;
    let report = setting.import().await;
    assert_eq!(done(&report), []);
    let own = report["reports"].as_array().unwrap().iter().find(|one| one["id"] == json!(feed)).unwrap();
    assert_eq!((&own["not_modified"], platform.answers(FEED)), (&json!(true), (2, 1)), "{report}");
    assert_eq!(contents.differences(&Contents::of(&setting.casa.shared).await), Vec::<String>::new());

    // One moves, to nights that another leaves; one vanishes; one is new.
    platform.serve(
        FEED,
        &[
            ("now@p", "2025-11-10", "2025-11-14"),
            ("a@p", "2025-12-20", "2025-12-23"),
            ("c@p", "2025-12-11", "2025-12-12"),
        ],
    );
    let report = setting.import().await;
    assert_eq!(done(&report), [("created", 1), ("moved", 2), ("cancelled", 1)]);
    let moved = setting.stays(UNO).await;
    let a = moved.iter().find(|stay| stay.id == first[1].id).unwrap();
    assert_eq!((a.dates.as_str(), a.status.as_str()), ("2025-12-20 2025-12-23", "approved"));
    let b = moved.iter().find(|stay| stay.id == first[2].id).unwrap();
    assert_eq!((b.dates.as_str(), b.status.as_str()), ("2025-12-20 2025-12-22", "cancelled"));

    // It comes back, elsewhere; the stay under way ends in the calendar but is left to end here.
    platform.serve(FEED, &[("a@p", "2025-12-20", "2025-12-23"), ("b@p", "2026-01-05", "2026-01-07")]);
    let report = setting.import().await;
    assert_eq!(done(&report), [("revived", 1), ("cancelled", 1)]);
    let back = setting.stays(UNO).await;
    let b = back.iter().find(|stay| stay.id == first[2].id).unwrap();
    assert_eq!((b.dates.as_str(), b.status.as_str()), ("2026-01-05 2026-01-07", "approved"));
    assert_eq!(shown(&back)[0], approved("2025-11-10 2025-11-14"));
    assert_eq!(back.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_decide_stays_and_what_they_delete_comes_again() {
    let setting = Setting::new(Vec::new()).await;
    let (platform, feed) = (&setting.platform, setting.feed(UNO, FEED).await);
    let events = [
        ("a@p", "2025-12-10", "2025-12-13"),
        ("b@p", "2025-12-20", "2025-12-22"),
        ("c@p", "2026-01-10", "2026-01-12"),
        ("d@p", "2026-02-10", "2026-02-12"),
    ];
    platform.serve(FEED, &events);
    assert_eq!(done(&setting.import().await), [("created", 4)]);
    let stays = setting.stays(UNO).await;
    let edit = async |stay: usize, body: Value| {
        let path = format!("reservations/{}/", stays[stay].id);
        assert_eq!(setting.call(Method::PATCH, &path, Some(body)).await.0, 200);
    };
    edit(0, json!({"status": "cancelled"})).await;
    edit(1, json!({"check_out_date": "2025-12-24"})).await;
    edit(2, json!({"origin": "aus"})).await;
    assert_eq!(setting.call(Method::DELETE, &format!("reservations/{}/", stays[3].id), None).await.0, 204);

    let (status, report) = setting.call(Method::POST, &format!("calendar-feeds/{feed}/sync/"), None).await;
    assert_eq!(
        (status, &report["created"], &report["left"], &report["unchanged"]),
        (200, &json!(1), &json!(2), &json!(1)),
        "{report}"
    );
    let after = setting.stays(UNO).await;
    assert_eq!(
        shown(&after),
        [
            ("2025-12-10 2025-12-13", "cancelled"),
            ("2025-12-20 2025-12-24", "approved"),
            ("2026-01-10 2026-01-12", "approved"),
            ("2026-02-10 2026-02-12", "approved"),
        ]
    );
    assert!(stays.iter().all(|stay| stay.id != after[3].id), "the deleted one stays deleted");
    // Once more deleted, and once more back.
    assert_eq!(setting.call(Method::DELETE, &format!("reservations/{}/", after[3].id), None).await.0, 204);
    let (_, report) = setting.call(Method::POST, &format!("calendar-feeds/{feed}/sync/"), None).await;
    assert_eq!(report["created"], 1, "{report}");

    // What is staff's own by now does not vanish with its event.
    platform.serve(FEED, &[]);
    assert_eq!(done(&setting.import().await), [("cancelled", 2)]);
    let left: Vec<_> =
        setting.stays(UNO).await.into_iter().filter(|stay| stay.status == "approved").collect();
    assert_eq!(shown(&left), [("2026-01-10 2026-01-12", "approved")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_are_told_once_and_come_in_when_the_way_is_free() {
    let ours = stay(1, UNO, "2025-12-11", "2025-12-14", json!({}));
    let setting = Setting::new(vec![ours]).await;
    let platform = &setting.platform;
    setting.feed(UNO, FEED).await;
    platform.serve(FEED, &[("a@p", "2025-12-10", "2025-12-12"), ("b@p", "2025-12-20", "2025-12-22")]);
    let report = setting.import().await;
    assert_eq!(done(&report), [("created", 1), ("conflicts", 1)]);
    let conflict =
        &report["reports"].as_array().unwrap().iter().find(|one| one["created"] == 1).unwrap()["conflicts"];
    let expected = json!([{"check_in": "2025-12-10", "check_out": "2025-12-12", "held_by": [id(101)]}]);
    assert_eq!(conflict, &expected);
    let notices = platform.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].contains("Casa Uno") && notices[0].contains(&id(101)), "{notices:?}");

    // The same again is known; a stay that would move onto ours stays where it is.
    assert_eq!(done(&setting.import().await), [("conflicts", 1)]);
    assert_eq!(platform.notices().len(), 1);
    platform.serve(FEED, &[("a@p", "2025-12-10", "2025-12-12"), ("b@p", "2025-12-13", "2025-12-15")]);
    assert_eq!(done(&setting.import().await), [("conflicts", 2)]);
    assert_eq!(platform.notices().len(), 2);
    assert_eq!(
        shown(&setting.stays(UNO).await),
        [("2025-12-11 2025-12-14", "approved"), ("2025-12-20 2025-12-22", "approved")]
    );

    // Ours is called off: both come in although the calendar has not changed.
    let path = format!("reservations/{}/", id(101));
    assert_eq!(setting.call(Method::PATCH, &path, Some(json!({"status": "cancelled"}))).await.0, 200);
    assert_eq!(done(&setting.import().await), [("created", 1), ("moved", 1)]);
    assert_eq!(done(&setting.import().await), []);
    assert_eq!(platform.notices().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_at_once_double_nothing() {
    let setting = Setting::new(Vec::new()).await;
    let platform = &setting.platform;
    // Two calendars of the house with the same events, and readers of both at once.
    let (first, second) = (setting.feed(UNO, FEED).await, setting.feed(UNO, "copy.ics").await);
    let uids: Vec<_> = (1..=12)
        .map(|day| (format!("{day}@p"), format!("2026-01-{day:02}"), format!("2026-01-{:02}", day + 1)))
        .collect();
    let events: Vec<_> =
        uids.iter().map(|(uid, from, to)| (uid.as_str(), from.as_str(), to.as_str())).collect();
    platform.serve(FEED, &events);
    platform.serve("copy.ics", &events);
    let sync =
        async |feed: &str| setting.call(Method::POST, &format!("calendar-feeds/{feed}/sync/"), None).await;
    let answers = tokio::join!(
        setting.import(),
        setting.import(),
        sync(&first),
        sync(&second),
        sync(&first),
        sync(&second)
    );
    for (status, answer) in [&answers.2, &answers.3, &answers.4, &answers.5] {
        assert!([200, 409].contains(status), "{answer}");
    }
    let stays = setting.stays(UNO).await;
    assert_eq!(stays.len(), 12, "{stays:#?}");
    assert!(stays.iter().all(|stay| stay.status == "approved"));
    assert_eq!(done(&setting.import().await), [], "nobody is in anybody's way");

    // What one of them loses the other still has.
    platform.serve(FEED, &[]);
    assert_eq!(done(&setting.import().await), []);
    platform.serve("copy.ics", &events[..5]);
    assert_eq!(done(&setting.import().await), [("cancelled", 7)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn calendars_are_the_administrators_and_their_addresses_secret() {
    let setting = Setting::new(Vec::new()).await;
    enter(&setting.casa, SELLER, "Vera", "vendedor").await;
    let seller = setting.casa.sign_in(SELLER, PASSWORD).await;
    let feed = setting.feed(UNO, "uno.ics?s=muy-secreto-1234").await;
    let id_of_dos = id(DOS);
    for (method, path) in [
        (Method::GET, "calendar-feeds/".to_owned()),
        (Method::POST, "calendar-feeds/".to_owned()),
        (Method::DELETE, format!("calendar-feeds/{feed}/")),
        (Method::POST, format!("calendar-feeds/{feed}/sync/")),
    ] {
        let request = || setting.http.request(method.clone(), setting.casa.url(&path)).json(&json!({}));
        assert_eq!(request().bearer_auth(&seller).send().await.unwrap().status(), 403, "{path}");
        assert_eq!(request().send().await.unwrap().status(), 401, "{path}");
    }
    let (_, feeds) = setting.call(Method::GET, "calendar-feeds/", None).await;
    let shown: Vec<_> = feeds.as_array().unwrap().iter().map(|feed| feed["url"].as_str().unwrap()).collect();
    let host = setting.platform.address("").replace("http://", "").replace("/calendars/", "");
    assert_eq!(shown, [format!("{host}/….ics"), format!("{host}/…1234")]);
    assert!(!feeds.to_string().contains("secreto"), "{feeds}");
    let own = &feeds.as_array().unwrap()[0];
    assert_eq!((&own["from_property"], &own["id"]), (&json!(true), &json!(id_of_dos)));

    for (body, field) in [
        (json!({"property": id(UNO), "name": "X", "url": "ftp://host/x.ics"}), "url"),
        (json!({"property": id(UNO), "name": "X", "url": format!("https://h/{}", "x".repeat(2000))}), "url"),
        (json!({"property": id(77), "name": "X", "url": "https://host/x.ics"}), "property"),
        (json!({"property": id(UNO), "name": "", "url": "https://host/x.ics"}), "name"),
        (json!({"property": "x", "name": ["X"], "url": 7}), "property"),
    ] {
        let (status, answer) = setting.call(Method::POST, "calendar-feeds/", Some(body)).await;
        assert!(status == 400 && answer.get(field).is_some(), "{status} {answer}");
    }
    assert_eq!(setting.call(Method::DELETE, &format!("calendar-feeds/{id_of_dos}/"), None).await.0, 400);
    assert_eq!(setting.call(Method::POST, "calendar-feeds/nada/sync/", None).await.0, 404);
    assert_eq!(setting.call(Method::DELETE, &format!("calendar-feeds/{feed}/"), None).await.0, 204);
    assert_eq!(setting.call(Method::DELETE, &format!("calendar-feeds/{feed}/"), None).await.0, 404);
    assert_eq!(setting.call(Method::POST, &format!("calendar-feeds/{feed}/sync/"), None).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_calendar_keeps_its_stays() {
    let setting = Setting::new(Vec::new()).await;
    let feed = setting.feed(UNO, FEED).await;
    setting.platform.serve(FEED, &[("a@p", "2025-12-10", "2025-12-13")]);
    assert_eq!(done(&setting.import().await), [("created", 1)]);
    assert_eq!(setting.call(Method::DELETE, &format!("calendar-feeds/{feed}/"), None).await.0, 204);
    setting.platform.serve(FEED, &[]);
    assert_eq!(done(&setting.import().await), []);
    assert_eq!(shown(&setting.stays(UNO).await), [("2025-12-10 2025-12-13", "approved")]);
    let feeds = setting.casa.shared.store();
    let told = feeds.feeds().told(feed.parse::<FeedId>().unwrap()).await.unwrap();
    assert!(told.is_empty(), "{told:?}");
    // Entered again it knows the stay, and lets it go.
    setting.feed(UNO, FEED).await;
    setting.platform.serve(FEED, &[("a@p", "2025-12-10", "2025-12-13")]);
    assert_eq!(done(&setting.import().await), []);
    setting.platform.serve(FEED, &[]);
    assert_eq!(done(&setting.import().await), [("cancelled", 1)]);
}
