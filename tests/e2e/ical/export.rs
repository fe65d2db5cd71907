//! Our own calendars: what others may see, and what becomes of it when it comes back.

use casa_tests::{contents::Contents, export::id};
use reqwest::{Method, header};
use serde_json::json;

use crate::{DOS, Setting, UNO, shown, stay};

/// A calendar with what was said of it.
struct Answer {
    status: u16,
    text: String,
    etag: String,
}

async fn calendar(setting: &Setting, query: &str, seen: &str) -> Answer {
    let request =
        setting.http.get(setting.casa.url(&format!("get-ics/{query}"))).header(header::IF_NONE_MATCH, seen);
    let answer = request.send().await.unwrap();
    let etag = answer.headers().get(header::ETAG).map(|tag| tag.to_str().unwrap().to_owned());
    let (status, etag) = (answer.status().as_u16(), etag.unwrap_or_default());
    Answer { status, etag, text: answer.text().await.unwrap() }
}

fn uids(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("UID:")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn others_see_what_is_taken_and_by_nobody() {
    let setting = Setting::new(vec![
        stay(1, UNO, "2025-11-05", "2025-11-12", json!({})), // leaves today
        stay(2, UNO, "2025-11-01", "2025-11-05", json!({})),
        stay(3, UNO, "2031-03-01", "2031-03-04", json!({"status": "pending", "origin": "client"})),
        stay(4, UNO, "2025-12-01", "2025-12-04", json!({"origin": "air"})),
        stay(5, UNO, "2025-12-05", "2025-12-07", json!({"status": "cancelled"})),
        stay(6, UNO, "2025-12-08", "2025-12-09", json!({"deleted": true})),
        stay(7, DOS, "2025-12-08", "2025-12-09", json!({})),
        stay(8, UNO, "2025-12-20", "2025-12-22", json!({"origin": "man", "status": "under_review"})),
    ])
    .await;
    let first = calendar(&setting, "?q=Casa%20Uno", "").await;
    assert_eq!((first.status, uids(&first.text)), (200, vec![id(101).as_str(), &id(108), &id(103)]));
    let unfolded = first.text.replace("\r\n ", "");
    assert!(!unfolded.contains("Ana") && unfolded.contains(&format!("{} (client)", id(103))), "{unfolded}");
    for query in ["?q=casa-uno", "?q=CASA%20UNO", "?q=%20casa%20uno"] {
        assert_eq!(calendar(&setting, query, "").await.text, first.text, "{query}");
    }
    assert_eq!(calendar(&setting, "?q=casa-uno", &first.etag).await.status, 304);
    for (query, status) in
        [("", 400), ("?q=", 400), ("?q=%20", 400), ("?q=Casa%20Tres", 404), ("?q=---", 404)]
    {
        let answer = calendar(&setting, query, "").await;
        assert_eq!(answer.status, status, "{query}");
        assert!(serde_json::from_str::<serde_json::Value>(&answer.text).unwrap()["detail"].is_string());
    }
    // Made when it is asked for.
    let path = format!("reservations/{}/", id(108));
    assert_eq!(setting.call(Method::PATCH, &path, Some(json!({"status": "rejected"}))).await.0, 200);
    let again = calendar(&setting, "?q=casa-uno", &first.etag).await;
    assert_eq!((again.status, uids(&again.text).len()), (200, 2));
    let (status, note) = setting.call(Method::GET, "update-ics/", None).await;
    assert_eq!((status, note), (200, json!({"message": "ok"})));
    let anonymous = setting.http.get(setting.casa.url("update-ics/")).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_calendar_changes_nothing_here_and_holds_nights_elsewhere() {
    let setting = Setting::new(vec![
        stay(1, UNO, "2025-12-01", "2025-12-04", json!({})),
        stay(2, UNO, "2025-12-10", "2025-12-12", json!({"status": "pending", "origin": "client"})),
    ])
    .await;
    let export = calendar(&setting, "?q=casa-uno", "").await.text;
    setting.platform.answer("uno.ics", 200, &export);
    setting.platform.serve("casa-dos.ics", &[]);
    let feed = setting.feed(UNO, "uno.ics").await;
    setting.import().await;
    let contents = Contents::of(&setting.casa.shared).await;
    let (status, report) = setting.call(Method::POST, &format!("calendar-feeds/{feed}/sync/"), None).await;
    assert_eq!((status, &report["own"], &report["events"]), (200, &json!(2), &json!(2)), "{report}");
    assert_eq!(contents.differences(&Contents::of(&setting.casa.shared).await), Vec::<String>::new());

    // The same calendar at another house is somebody else's: its nights are held there too.
    setting.platform.answer("casa-dos.ics", 200, &export);
    setting.import().await;
    let held = [("2025-12-01 2025-12-04", "approved"), ("2025-12-10 2025-12-12", "approved")];
    let dos = setting.stays(DOS).await;
    assert_eq!(shown(&dos), held);
    assert!(dos.iter().all(|stay| stay.origin == "air"), "{dos:?}");
    assert_eq!(setting.stays(UNO).await.len(), 2);
    // And it does not go round: what came from elsewhere is not told again.
    assert_eq!(uids(&calendar(&setting, "?q=casa-dos", "").await.text), Vec::<&str>::new());
    // The second one is called off: it vanishes from the export, and there.
    let path = format!("reservations/{}/", id(102));
    assert_eq!(setting.call(Method::PATCH, &path, Some(json!({"status": "cancelled"}))).await.0, 200);
    let export = calendar(&setting, "?q=casa-uno", "").await.text;
    setting.platform.answer("uno.ics", 200, &export);
    setting.platform.answer("casa-dos.ics", 200, &export);
    let report = setting.import().await;
    assert_eq!(report["cancelled"], 1, "{report}");
    assert_eq!(shown(&setting.stays(DOS).await)[1].1, "cancelled");
}
