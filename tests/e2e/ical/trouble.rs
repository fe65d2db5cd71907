//! Calendars that cannot be read: nothing is concluded from them, and one does not stop another.

use casa_tests::export::id;
use serde_json::{Value, json};

use crate::{DOS, Setting, UNO, platform::calendar_of, shown};

fn of(report: &Value, house: u32) -> &Value {
    report["reports"].as_array().unwrap().iter().find(|one| one["property"] == id(house)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_vanishes_with_a_calendar_that_cannot_be_read() {
    let setting = Setting::new(Vec::new()).await;
    let platform = &setting.platform;
    setting.feed(UNO, "uno.ics").await;
    let events = [("a@p", "2025-12-10", "2025-12-13")];
    platform.serve("uno.ics", &events);
    platform.serve("casa-dos.ics", &events);
    setting.import().await;
    let whole = calendar_of(&[("b@p", "2026-01-10", "2026-01-13")]);
    let huge = format!("BEGIN:VCALENDAR\r\n{}", "X-JUNK:0123456789\r\n".repeat(120_000));
    for (status, body) in [
        (500, whole.as_str()),
        (404, ""),
        (200, "<html><body>Inicie sesión</body></html>"),
        (200, ""),
        (200, whole.strip_suffix("END:VCALENDAR\r\n").unwrap()),
        (200, huge.as_str()),
    ] {
        platform.answer("uno.ics", status, body);
        let report = setting.import().await;
        let uno = of(&report, UNO);
        assert!(uno["problem"].is_string(), "{status}: {uno}");
        assert_eq!((&uno["cancelled"], &uno["created"]), (&json!(0), &json!(0)));
        assert_eq!(of(&report, DOS)["problem"], Value::Null, "the other one is read all the same");
        assert_eq!(shown(&setting.stays(UNO).await), [("2025-12-10 2025-12-13", "approved")]);
    }
    // After three failures in a row staff are told, once, without the address.
    let notices = platform.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].contains("3 veces") && !notices[0].contains("http"), "{notices:?}");
    let (_, feeds) = setting.call(reqwest::Method::GET, "calendar-feeds/", None).await;
    let uno = feeds.as_array().unwrap().iter().find(|feed| feed["property"] == id(UNO)).unwrap();
    assert_eq!(uno["failures"], 6, "{uno}");

    platform.serve("uno.ics", &events);
    let report = setting.import().await;
    assert_eq!(of(&report, UNO)["unchanged"], 1, "{report}");
    platform.answer("uno.ics", 500, "");
    for _ in 0..3 {
        setting.import().await;
    }
    assert_eq!(platform.notices().len(), 2, "trouble that begins anew is told anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_understood_keeps_its_stay() {
    let setting = Setting::new(Vec::new()).await;
    setting.feed(UNO, "uno.ics").await;
    let platform = &setting.platform;
    platform.serve("uno.ics", &[("a@p", "2025-12-10", "2025-12-13"), ("b@p", "2025-12-20", "2025-12-21")]);
    setting.import().await;
    let broken = calendar_of(&[("a@p", "2025-12-10", "2025-12-13"), ("b@p", "2025-12-20", "2025-12-21")])
        .replace("DTSTART;VALUE=DATE:20251220", "DTSTART;VALUE=DATE:mañana");
    platform.answer("uno.ics", 200, &broken);
    let report = setting.import().await;
    assert_eq!(
        (&of(&report, UNO)["skipped"], &of(&report, UNO)["cancelled"]),
        (&json!(1), &json!(0)),
        "{report}"
    );
    // Neither does one that no stay can be made of.
    platform.serve("uno.ics", &[("a@p", "2025-12-10", "2025-12-13"), ("b@p", "2025-12-20", "2028-12-21")]);
    let report = setting.import().await;
    assert_eq!(
        (&of(&report, UNO)["skipped"], &of(&report, UNO)["cancelled"]),
        (&json!(1), &json!(0)),
        "{report}"
    );
    assert_eq!(setting.stays(UNO).await.iter().filter(|stay| stay.status == "approved").count(), 2);
}
