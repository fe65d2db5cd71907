use std::time::Duration;

use super::*;
use crate::testing::{NOBODY, PAGE, Vendor, settings, silent};

const BUSY: &str = "Twilio is busy";
const NONSENSE: &str = "Twilio could not be reached: its answer cannot be understood";
/// `AC1:secret` in base64.
const AUTHORIZATION: &str = "Basic QUMxOnNlY3JldA==";

async fn twilio(status: u16, text: &str) -> (TwilioVerify, Vendor) {
    let vendor = Vendor::start([(status, text)]).await;
    (TwilioVerify::new(&vendor.base, "AC1", "secret", "VA1"), vendor)
}

#[tokio::test]
async fn a_code_is_asked_for_as_documented() {
    let (twilio, vendor) = twilio(201, r#"{"sid":"VE1","status":"pending","valid":false}"#).await;
    assert!(twilio.send("911 111 111").await.unwrap());
    let call = vendor.call();
    assert_eq!(call.line, "POST /v2/Services/VA1/Verifications");
    assert_eq!(call.header("authorization"), AUTHORIZATION);
    assert_eq!(call.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(call.body, "To=%2B51911111111&Channel=sms");
}

#[tokio::test]
async fn a_code_is_checked_as_documented() {
    let (twilio, vendor) = twilio(200, r#"{"sid":"VE1","status":"approved","valid":true}"#).await;
    assert!(twilio.check("+51911111111", "12 &4").await.unwrap());
    let call = vendor.call();
    assert_eq!(call.line, "POST /v2/Services/VA1/VerificationCheck");
    assert_eq!(call.header("authorization"), AUTHORIZATION);
    assert_eq!(call.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(call.body, "To=%2B51911111111&Code=12+%264");
}

#[tokio::test]
async fn only_the_right_status_counts() {
    for (status, sent, right) in
        [("pending", true, false), ("approved", false, true), ("canceled", false, false), ("", false, false)]
    {
        let (twilio, _) = twilio(200, &format!(r#"{{"status":"{status}"}}"#)).await;
        assert_eq!(twilio.send("911111111").await.unwrap(), sent, "{status}");
        assert_eq!(twilio.check("911111111", "123456").await.unwrap(), right, "{status}");
    }
}

#[tokio::test]
async fn a_code_that_is_gone_or_tried_too_often_is_a_wrong_one() {
    for (status, text, sending) in [
        (404, r#"{"code":20404,"status":404}"#, "Twilio refused with status 404"),
        (404, PAGE, "Twilio refused with status 404"),
        (429, r#"{"code":60202,"message":"Max check attempts reached","status":429}"#, BUSY),
        (429, r#"{"code":60203,"message":"Max send attempts reached","status":429}"#, BUSY),
        (400, r#"{"code":60203,"status":400}"#, BUSY),
    ] {
        let (twilio, _) = twilio(status, text).await;
        assert!(!twilio.check("911111111", "123456").await.unwrap(), "{text}");
        assert_eq!(twilio.send("911111111").await.unwrap_err().to_string(), sending, "{text}");
    }
}

#[tokio::test]
async fn failures_are_told_apart_and_come_once() {
    for (status, text, expected) in [
        (429, r#"{"code":20429,"status":429}"#, BUSY),
        (429, "", BUSY),
        (500, PAGE, BUSY),
        (503, r#"{"code":60202}"#, BUSY),
        (400, r#"{"code":60200,"status":400}"#, "Twilio refused with status 400"),
        (401, r#"{"code":20003,"status":401}"#, "Twilio refused with status 401"),
        (307, NOBODY, "Twilio refused with status 307"),
        (200, PAGE, NONSENSE),
        (200, "", NONSENSE),
        (200, r#"{"status":200}"#, NONSENSE),
        (200, r#"["pending"]"#, NONSENSE),
    ] {
        let (twilio, vendor) = twilio(status, text).await;
        assert_eq!(twilio.send("911111111").await.unwrap_err().to_string(), expected, "{status} {text}");
        let error = twilio.check("911111111", "123456").await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{status} {text}");
        assert_eq!(vendor.calls().len(), 2, "{status} {text}");
    }
}

#[tokio::test]
async fn no_answer_is_not_waited_for_and_nothing_shows_the_token() {
    for base in [silent("").await, NOBODY.to_owned()] {
        let twilio =
            TwilioVerify::new(&base, "AC1", "secret", "VA1").with_timeout(Duration::from_millis(200));
        for error in [
            twilio.send("911111111").await.unwrap_err(),
            twilio.check("911111111", "123456").await.unwrap_err(),
        ] {
            assert!(matches!(error, GatewayError::Unreachable { .. }), "{error}");
            let shown = format!("{error} {error:?} {twilio:?}");
            for hidden in ["secret", "AC1", "VA1", "911111111", "123456"] {
                assert!(!shown.contains(hidden), "{shown}");
            }
        }
    }
}

#[test]
fn all_three_settings_are_needed() {
    let all = [
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TWILIO_AUTH_TOKEN", "secret"),
        ("TWILIO_VERIFY_SERVICE_SID", "VA1"),
        ("TWILIO_VERIFY_URL", "http://verify.example/"),
    ];
    let twilio = TwilioVerify::configured(settings(&all)).unwrap();
    assert_eq!(twilio.service, "http://verify.example/v2/Services/VA1");
    let twilio = TwilioVerify::configured(settings(&all[..3])).unwrap();
    assert_eq!(twilio.service, "https://verify.twilio.com/v2/Services/VA1");
    for missing in 0..3 {
        let mut some = all.to_vec();
        some.remove(missing);
        assert!(TwilioVerify::configured(settings(&some)).is_none(), "{missing}");
    }
}
