//! Facebook accounts of guests.

use reqwest::Method;
use serde_json::json;

use super::{Answer, Setting};

async fn link(setting: &Setting, at: usize, guest: &str, token: &str) -> Answer {
    let body = json!({ "access_token": token });
    setting.send((at, 81), Method::POST, "client-auth/link-facebook/", Some(body), Some(guest)).await
}

async fn unlink(setting: &Setting, guest: &str) -> Answer {
    setting.send((0, 81), Method::DELETE, "client-auth/unlink-facebook/", None, Some(guest)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_belongs_to_one_guest() {
    let setting = Setting::new("twilio").await;
    let (ana, bea) = (setting.guest("40000081", 81).await, setting.guest("40000082", 81).await);

    for token in [
        "",
        "refused-1",
        "nameless-1",
        "invalid-1",
        "foreign-1",
        "swapped-1",
        "expired-1",
        "with blanks",
        "ñandú",
        &"x".repeat(5_000),
    ] {
        let answer = link(&setting, 0, &ana, token).await;
        assert_eq!(answer.status, 400, "{token}: {answer:?}");
        assert!(answer.body["message"].is_string());
    }
    assert!(!setting.record("40000081").await.unwrap().facebook_linked);
    assert_eq!(unlink(&setting, &ana).await.status, 400, "nothing is linked");

    let linked = link(&setting, 0, &ana, "good-1").await;
    assert_eq!(
        (linked.status, &linked.body["profile_data"]["name"]),
        (200, &json!("Perfil 1")),
        "{linked:?}"
    );
    let profile = setting.profile(1, &ana).await.body;
    assert_eq!(profile["facebook_profile_picture"], "https://fotos.example/1.jpg");
    assert!(profile["facebook_linked"] == true && profile["facebook_linked_at"].is_string());
    // The same again asks nothing more of the token, and changes nothing.
    let again = link(&setting, 1, &ana, "expired-1").await;
    assert_eq!((again.status, &again.body), (200, &linked.body));
    assert_eq!(setting.profile(1, &ana).await.body, profile);

    assert_eq!(link(&setting, 1, &bea, "good-1").await.status, 409);
    assert_eq!(link(&setting, 1, &ana, "good-2").await.status, 200, "another account takes its place");
    assert_eq!(link(&setting, 1, &bea, "good-1").await.status, 200, "the old one is free");
    let gone = unlink(&setting, &ana).await;
    assert_eq!((gone.status, &gone.body["facebook_linked"]), (200, &json!(false)));
    assert_eq!(unlink(&setting, &ana).await.status, 400);
    assert_eq!(setting.profile(1, &ana).await.body["facebook_name"], json!(null));

    // Both at once: one of them.
    assert_eq!(unlink(&setting, &bea).await.status, 200);
    for round in 0..10 {
        let token = format!("good-{}", 100 + round);
        let (one, other) = tokio::join!(link(&setting, 0, &ana, &token), link(&setting, 1, &bea, &token));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
    // A guest who is deleted lets go of the account.
    let holder = setting.record("40000081").await.unwrap();
    let (deleted, other) =
        if holder.facebook_id.as_deref() == Some("109") { ("40000081", &bea) } else { ("40000082", &ana) };
    setting.delete(deleted).await;
    assert_eq!(link(&setting, 0, other, "good-109").await.status, 200);
}

#[tokio::test]
async fn only_guests_link() {
    let setting = Setting::new("twilio").await;
    for token in [None, Some("garbage")] {
        for (method, path) in [
            (Method::POST, "client-auth/link-facebook/"),
            (Method::DELETE, "client-auth/unlink-facebook/"),
            (Method::GET, "client-auth/profile/"),
        ] {
            let answer = setting.send((0, 91), method, path, None, token).await;
            assert_eq!(answer.status, 401, "{path}");
        }
    }
    let wrong = setting.send((0, 91), Method::POST, "client-auth/unlink-facebook/", None, None).await;
    assert_eq!(wrong.status, 405);
    let one = setting.send((0, 91), Method::GET, "csrf-token/", None, None).await;
    assert_eq!((one.status, one.body["csrfToken"].as_str().unwrap().len()), (200, 64));
}
