use std::time::Duration;

use super::*;
use crate::testing::{NOBODY, PAGE, Vendor, settings, silent};

/// The hashes of contract 02 §9, example 11.
const EMAIL: &str = "8e43ca37701228e74983efdbd0cff5c16b3b1e5d4e29a7c05626d4d25a018e11";
const PHONE: &str = "529ce76fac7f6ce5629a65988e370f6ee09f18873b87ed8588e9e0d38ffa38e0";

fn person(email: Option<&str>, phone: Option<&str>) -> Person {
    Person { email: email.map(str::to_owned), phone: phone.map(str::to_owned) }
}

async fn audience(statuses: &[u16]) -> (MetaAudience, Vendor) {
    let vendor = Vendor::start(statuses.iter().map(|status| (*status, PAGE))).await;
    (MetaAudience::new(&vendor.base, "99", "se&cret"), vendor)
}

#[tokio::test]
async fn people_are_added_as_documented() {
    let (audience, vendor) = audience(&[200]).await;
    audience
        .add(&[
            person(Some(" Ana@Example.com "), Some("911111111")),
            person(None, Some(" +911111111\n")),
            person(Some("ana@example.com"), Some("")),
            person(Some(" "), Some(" ")),
        ])
        .await
        .unwrap();
    let call = vendor.call();
    assert_eq!(call.line, "POST /99/users?access_token=se%26cret");
    assert_eq!(call.header("authorization"), "");
    assert_eq!(
        call.json(),
        json!({"payload": {
            "schema": ["EMAIL_SHA256", "PHONE_SHA256"],
            "data": [[EMAIL, PHONE], ["", PHONE], [EMAIL, ""], ["", ""]],
        }})
    );
}

#[tokio::test]
async fn nobody_is_no_call_and_many_are_several() {
    let (audience, vendor) = audience(&[200]).await;
    audience.add(&[]).await.unwrap();
    assert!(vendor.calls().is_empty());
    let mut people = vec![Person::default(); MOST];
    people.push(person(None, Some("911111111")));
    audience.add(&people).await.unwrap();
    let calls = vendor.calls();
    let rows: Vec<_> =
        calls.iter().map(|call| call.json()["payload"]["data"].as_array().unwrap().clone()).collect();
    assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [MOST, 1]);
    assert_eq!(rows[1], [json!(["", PHONE])]);
}

#[tokio::test]
async fn failures_are_told_apart_and_end_the_adding() {
    for (status, expected) in [
        (429, "Meta is busy"),
        (500, "Meta is busy"),
        (400, "Meta refused with status 400"),
        (401, "Meta refused with status 401"),
        (307, "Meta refused with status 307"),
        // Success is the status 200 and no other.
        (204, "Meta refused with status 204"),
    ] {
        let (audience, vendor) = audience(&[status]).await;
        let error = audience.add(&vec![Person::default(); MOST + 1]).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(vendor.calls().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn no_answer_is_not_waited_for_and_nothing_shows_the_token() {
    for base in [silent("").await, NOBODY.to_owned(), "no address".to_owned()] {
        let audience = MetaAudience::new(&base, "99", "secret").with_timeout(Duration::from_millis(200));
        let error = audience.add(&[person(Some("ana@mail.example"), None)]).await.unwrap_err();
        assert!(matches!(error, GatewayError::Unreachable { .. }), "{error}");
        let shown = format!("{error} {error:?} {audience:?}");
        assert!(!shown.contains("secret") && !shown.contains("mail.example"), "{shown}");
    }
}

#[test]
fn both_settings_are_needed() {
    let all = [
        ("META_AUDIENCE_ID", "99"),
        ("META_AUDIENCE_TOKEN", "secret"),
        ("META_GRAPH_URL", "http://graph.example/"),
    ];
    assert_eq!(MetaAudience::configured(settings(&all)).unwrap().address, "http://graph.example/99/users");
    let default = MetaAudience::configured(settings(&all[..2])).unwrap().address;
    assert_eq!(default, "https://graph.facebook.com/v19.0/99/users");
    assert!(MetaAudience::configured(settings(&all[..1])).is_none());
    assert!(MetaAudience::configured(settings(&all[1..])).is_none());
}
