use super::*;
use crate::testing::{NOBODY, PAGE, Vendor, settings, silent};

const BUSY: &str = "Google Sheets is busy";
const TAKEN: &str = r#"{"success":true,"records_processed":1,"records_skipped":0}"#;
const NOW: &str = "2026-05-10T17:00:00+00:00";

async fn sheets(answers: &[(u16, &str)]) -> (Sheets, Vendor) {
    let vendor = Vendor::start(answers.iter().copied()).await;
    (Sheets::new(&format!("{}/macros/s/secret/exec", vendor.base)).unwrap(), vendor)
}

fn lines(vendor: &Vendor) -> Vec<String> {
    vendor.calls().into_iter().map(|call| call.line).collect()
}

#[tokio::test]
async fn records_are_handed_over_as_documented() {
    let (sheets, vendor) = sheets(&[(200, TAKEN)]).await;
    let reply = sheets.insert(&[json!({"id": 1}), json!({"id": "ñ"})], NOW).await.unwrap();
    assert_eq!(reply, SheetReply::Taken { reply: serde_json::from_str(TAKEN).unwrap() });
    let call = vendor.call();
    assert_eq!(call.line, "POST /macros/s/secret/exec");
    assert_eq!(call.header("authorization"), "");
    assert_eq!(
        call.json(),
        json!({"action": "insert_search_tracking", "data": [{"id": 1}, {"id": "ñ"}], "timestamp": NOW})
    );
}

#[tokio::test]
async fn redirects_are_followed_with_get() {
    for status in [302, 303, 307] {
        let elsewhere = Vendor::start([(200, TAKEN)]).await;
        let once = format!("{}/echo?key=once", elsewhere.base);
        let (sheets, vendor) = sheets(&[(status, &once)]).await;
        let reply = sheets.insert(&[json!({"id": 1})], NOW).await.unwrap();
        assert!(matches!(reply, SheetReply::Taken { .. }), "{status} {reply:?}");
        assert_eq!(lines(&vendor), ["POST /macros/s/secret/exec"]);
        let call = elsewhere.call();
        assert_eq!((call.line.as_str(), call.body.as_str()), ("GET /echo?key=once", ""));
    }
}

#[tokio::test]
async fn five_hops_are_followed_and_no_more() {
    let hop = (302, "next?key=1");
    let (five, vendor) = sheets(&[hop, hop, hop, hop, hop, (200, TAKEN)]).await;
    assert!(matches!(five.insert(&[], NOW).await.unwrap(), SheetReply::Taken { .. }));
    let calls = lines(&vendor);
    assert_eq!(calls.len(), 6);
    assert!(calls[1..].iter().all(|line| line == "GET /macros/s/secret/next?key=1"), "{calls:?}");

    let (endless, vendor) = sheets(&[hop]).await;
    let error = endless.insert(&[], NOW).await.unwrap_err().to_string();
    assert_eq!(error, "Google Sheets refused with status 302");
    assert_eq!(vendor.calls().len(), 6);
}

#[tokio::test]
async fn redirects_to_nowhere_are_refusals() {
    for (status, to) in
        [(302, ""), (302, "file:///etc/passwd"), (303, "http://"), (301, "/x"), (308, "/x"), (304, "")]
    {
        let (sheets, vendor) = sheets(&[(status, to), (200, TAKEN)]).await;
        let error = sheets.insert(&[], NOW).await.unwrap_err().to_string();
        assert_eq!(error, format!("Google Sheets refused with status {status}"), "{to}");
        assert_eq!(vendor.calls().len(), 1, "{to}");
    }
}

#[test]
fn encryption_is_not_given_up_on_the_way() {
    for (from, to, goes) in [
        ("https://a.example", "https://b.example/x", true),
        ("https://a.example", "http://a.example/x", false),
        ("http://a.example", "https://b.example/x", true),
        ("http://a.example", "http://b.example/x", true),
        ("https://a.example", "ftp://b.example/x", false),
    ] {
        let allowed = allowed(&from.parse().unwrap(), to.parse().unwrap());
        assert_eq!(allowed.is_some(), goes, "{from} {to}");
    }
}

#[tokio::test]
async fn only_the_script_itself_can_say_yes() {
    let declined = |message: Option<&str>| SheetReply::Declined { message: message.map(str::to_owned) };
    let too_long = format!("{}{TAKEN}", " ".repeat(wire::LONGEST_ANSWER));
    for (text, expected) in [
        (r#"{"success":false,"message":"Sin datos"}"#, declined(Some("Sin datos"))),
        (r#"{"success":false,"message":7}"#, declined(None)),
        (r#"{"success":false}"#, declined(None)),
        (PAGE, SheetReply::NotUnderstood),
        ("", SheetReply::NotUnderstood),
        ("[true]", SheetReply::NotUnderstood),
        (r#"{"success":"true"}"#, SheetReply::NotUnderstood),
        (r#"{"status":"ok"}"#, SheetReply::NotUnderstood),
        (&too_long, SheetReply::NotUnderstood),
    ] {
        let (sheets, _) = sheets(&[(302, "/echo"), (200, text)]).await;
        assert_eq!(sheets.insert(&[json!({"id": 1})], NOW).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn failures_are_told_apart_at_every_hop() {
    for (status, expected) in [
        (429, BUSY),
        (500, BUSY),
        (400, "Google Sheets refused with status 400"),
        (401, "Google Sheets refused with status 401"),
        (404, "Google Sheets refused with status 404"),
        (204, "Google Sheets refused with status 204"),
    ] {
        for answers in [&[(status, TAKEN)][..], &[(302, "/echo"), (status, TAKEN)]] {
            let (sheets, vendor) = sheets(answers).await;
            assert_eq!(sheets.insert(&[], NOW).await.unwrap_err().to_string(), expected);
            assert_eq!(vendor.calls().len(), answers.len());
        }
    }
}

#[tokio::test]
async fn no_answer_is_not_waited_for_and_nothing_shows_the_address() {
    let silence = silent("").await;
    let halfway = silent("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await;
    let (_, leads_to_silence) = sheets(&[(302, &silence)]).await;
    for base in [silence, halfway, leads_to_silence.base.clone(), NOBODY.to_owned()] {
        let sheets = Sheets::new(&format!("{base}/secret")).unwrap().with_timeout(Duration::from_millis(200));
        let start = Instant::now();
        let error = sheets.insert(&[], NOW).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(1), "{base}");
        assert!(matches!(error, GatewayError::Unreachable { .. }), "{error}");
        let shown = format!("{error} {error:?} {sheets:?}");
        assert!(!shown.contains("secret") && !shown.contains("127.0.0.1"), "{shown}");
    }
}

#[test]
fn a_web_address_is_needed() {
    let sheets = Sheets::configured(settings(&[("GOOGLE_SCRIPT_WEBHOOK", "https://script.example/exec")]));
    assert_eq!(sheets.unwrap().webhook.as_str(), "https://script.example/exec");
    assert!(Sheets::configured(settings(&[])).is_none());
    for nothing in ["", "script.example/exec", "file:///tmp/x", "mailto:a@mail.example"] {
        assert!(Sheets::new(nothing).is_none(), "{nothing}");
    }
}
