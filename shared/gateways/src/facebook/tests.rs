use std::time::Duration;

use serde_json::json;

use super::*;
use crate::testing::{NOBODY, PAGE, Vendor, settings, silent};

const BUSY: &str = "Facebook is busy";
const NONSENSE: &str = "Facebook could not be reached: its answer cannot be understood";
const BAD_TOKEN: &str =
    r#"{"error":{"message":"Invalid OAuth access token","type":"OAuthException","code":190}}"#;

async fn facebook(status: u16, text: &str) -> (Facebook, Vendor) {
    let vendor = Vendor::start([(status, text)]).await;
    (Facebook::new(&vendor.base, "55", "55|secret"), vendor)
}

#[tokio::test]
async fn a_profile_is_asked_for_as_documented() {
    let whole = json!({
        "id": "1001",
        "name": "Ana Ñ",
        "email": "ana@mail.example",
        "picture": {"data": {"url": "https://pictures.example/1.jpg", "width": 200}},
    });
    let (facebook, vendor) = facebook(200, &whole.to_string()).await;
    let profile = facebook.profile("USER-token_1|x").await.unwrap().unwrap();
    assert_eq!(
        profile,
        FacebookProfile {
            id: Some("1001".to_owned()),
            name: Some("Ana Ñ".to_owned()),
            picture: Some("https://pictures.example/1.jpg".to_owned()),
            whole,
        }
    );
    let call = vendor.call();
    assert_eq!(call.line, "GET /me?fields=id%2Cname%2Cemail%2Cpicture.type%28large%29");
    assert_eq!(call.header("authorization"), "Bearer USER-token_1|x");
    assert_eq!(call.body, "");
}

#[tokio::test]
async fn a_token_is_inspected_as_documented() {
    let text = r#"{"data":{"is_valid":true,"app_id":"55","user_id":"1001","expires_at":1921489854}}"#;
    let (facebook, vendor) = facebook(200, text).await;
    let facts = facebook.inspect("user&token=1").await.unwrap();
    let (app_id, user_id) = (Some("55".to_owned()), Some("1001".to_owned()));
    assert_eq!(facts, TokenFacts { is_valid: true, app_id, user_id, expires_at: Some(1_921_489_854) });
    let call = vendor.call();
    assert_eq!(call.line, "GET /debug_token?input_token=user%26token%3D1&access_token=55%7Csecret");
    assert_eq!(call.header("authorization"), "");
    assert_eq!(call.body, "");
    assert_eq!(facebook.app_id(), "55");
}

#[tokio::test]
async fn ids_may_be_numbers_and_anything_may_be_missing() {
    for (text, expected) in [
        (r#"{"id":1001}"#, Some("1001")),
        (r#"{"id":"","name":null}"#, None),
        (r#"{"name":7,"picture":"x"}"#, None),
        ("{}", None),
    ] {
        let (facebook, _) = facebook(200, text).await;
        let profile = facebook.profile("user").await.unwrap().unwrap();
        assert_eq!((profile.id.as_deref(), profile.name, profile.picture), (expected, None, None), "{text}");
    }
    for (text, expected) in [
        (
            r#"{"data":{"is_valid":true,"app_id":55,"user_id":1001,"expires_at":0}}"#,
            (true, Some("55"), Some("1001"), Some(0)),
        ),
        (r#"{"data":{"is_valid":false,"error":{"code":190},"scopes":[]}}"#, (false, None, None, None)),
        (r#"{"data":{"is_valid":"yes","app_id":null}}"#, (false, None, None, None)),
        (r#"{"data":{}}"#, (false, None, None, None)),
    ] {
        let (facebook, _) = facebook(200, text).await;
        let facts = facebook.inspect("user").await.unwrap();
        let found = (facts.is_valid, facts.app_id.as_deref(), facts.user_id.as_deref(), facts.expires_at);
        assert_eq!(found, expected, "{text}");
    }
}

#[tokio::test]
async fn a_refused_token_is_no_failure() {
    for (status, text) in [(400, BAD_TOKEN), (401, BAD_TOKEN), (401, ""), (400, PAGE)] {
        let (facebook, vendor) = facebook(status, text).await;
        assert_eq!(facebook.profile("user").await.unwrap(), None, "{status} {text}");
        // Here it is the app's own token that is refused.
        let error = facebook.inspect("user").await.unwrap_err().to_string();
        assert_eq!(error, format!("Facebook refused with status {status}"));
        assert_eq!(vendor.calls().len(), 2);
    }
}

#[tokio::test]
async fn what_no_token_can_be_is_not_sent() {
    let (facebook, vendor) = facebook(200, r#"{"id":"1001"}"#).await;
    for token in ["", "line\nbreak", "line\r\nx-evil: 1", "a b", "nul\0", "ñ", "\u{7f}"] {
        assert_eq!(facebook.profile(token).await.unwrap(), None, "{token:?}");
    }
    assert!(vendor.calls().is_empty());
}

#[tokio::test]
async fn failures_are_told_apart_and_come_once() {
    for (status, text, expected) in [
        (429, "", BUSY),
        (500, PAGE, BUSY),
        (503, BAD_TOKEN, BUSY),
        (400, r#"{"error":{"type":"OAuthException","code":4}}"#, BUSY),
        (401, r#"{"error":{"type":"OAuthException","code":7,"is_transient":true}}"#, BUSY),
        (403, r#"{"error":{"code":10}}"#, "Facebook refused with status 403"),
        (404, "[]", "Facebook refused with status 404"),
        (302, NOBODY, "Facebook refused with status 302"),
        (200, PAGE, NONSENSE),
        (200, "", NONSENSE),
        (200, "[]", NONSENSE),
        (200, r#""1001""#, NONSENSE),
    ] {
        let (facebook, vendor) = facebook(status, text).await;
        for error in
            [facebook.profile("user").await.unwrap_err(), facebook.inspect("user").await.unwrap_err()]
        {
            assert_eq!(error.to_string(), expected, "{status} {text}");
        }
        assert_eq!(vendor.calls().len(), 2, "{status} {text}");
    }
    for text in [r#"{"is_valid":true}"#, r#"{"data":[]}"#, r#"{"data":null}"#] {
        let (facebook, _) = facebook(200, text).await;
        assert_eq!(facebook.inspect("user").await.unwrap_err().to_string(), NONSENSE, "{text}");
    }
}

#[tokio::test]
async fn no_answer_is_not_waited_for_and_nothing_shows_a_token() {
    for base in [silent("").await, NOBODY.to_owned(), "no address".to_owned()] {
        let facebook = Facebook::new(&base, "55", "55|secret").with_timeout(Duration::from_millis(200));
        for error in [
            facebook.profile("USERTOKEN").await.unwrap_err(),
            facebook.inspect("USERTOKEN").await.unwrap_err(),
        ] {
            assert!(matches!(error, GatewayError::Unreachable { .. }), "{error}");
            let shown = format!("{error} {error:?} {facebook:?}");
            assert!(!shown.contains("secret") && !shown.contains("USERTOKEN"), "{shown}");
        }
    }
}

#[test]
fn an_app_and_a_token_or_secret_are_needed() {
    let made = [("FACEBOOK_APP_ID", "55"), ("FACEBOOK_APP_SECRET", "secret")];
    let facebook = Facebook::configured(settings(&made)).unwrap();
    assert_eq!(
        (facebook.app_token.as_str(), facebook.base.as_str()),
        ("55|secret", "https://graph.facebook.com")
    );
    let given = [
        made[0],
        made[1],
        ("FACEBOOK_APP_ACCESS_TOKEN", "given"),
        ("FACEBOOK_GRAPH_URL", "http://graph.example/"),
    ];
    let facebook = Facebook::configured(settings(&given)).unwrap();
    assert_eq!((facebook.app_token.as_str(), facebook.base.as_str()), ("given", "http://graph.example"));
    assert!(Facebook::configured(settings(&[given[0], given[2]])).is_some());
    assert!(Facebook::configured(settings(&given[1..])).is_none());
    assert!(Facebook::configured(settings(&given[..1])).is_none());
}
