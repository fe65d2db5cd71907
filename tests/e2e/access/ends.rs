//! When the tokens of staff end.

use casa_domain::{StaffUser, password};
use serde_json::json;

use crate::Setting;

#[tokio::test]
async fn tokens_end_with_the_user_and_with_the_password() {
    let setting = Setting::new();
    let store = setting.casa.shared.store();
    let works = |token: String| {
        let request = setting.http.get(setting.casa.url("test/login/")).bearer_auth(token);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let refreshes = |token: String| {
        let request = setting.http.post(setting.casa.url("token/refresh/")).json(&json!({"refresh": token}));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let pair = async |name: &str| {
        let (email, password) = setting.set.staff(name);
        let (status, body) = setting.sign_in(email, password).await;
        assert_eq!(status, 200);
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        (text("access"), text("refresh"))
    };

    let (access, refresh) = pair("vendedor1").await;
    assert_eq!((works(access.clone()).await, refreshes(refresh.clone()).await), (200, 200));
    let user = setting.user("vendedor1").await;
    let off = StaffUser { is_active: false, ..user.clone() };
    store.users().replace(&user, &off).await.unwrap();
    assert_eq!((works(access.clone()).await, refreshes(refresh.clone()).await), (401, 401));
    let (email, password) = setting.set.staff("vendedor1");
    assert_eq!(setting.sign_in(email, password).await.0, 401);
    store.users().replace(&off, &user).await.unwrap();
    assert_eq!((works(access).await, refreshes(refresh).await), (200, 200), "switched on again");

    let (access, refresh) = pair("vendedor2").await;
    let (email, old) = setting.set.staff("vendedor2");
    let hash = password::hash("Otra-clave-2025").unwrap();
    assert!(store.users().set_password(email, &hash).await.unwrap().is_some());
    assert_eq!((works(access).await, refreshes(refresh).await), (401, 401));
    assert_eq!(setting.sign_in(email, old).await.0, 401);
    let (status, body) = setting.sign_in(email, "Otra-clave-2025").await;
    assert_eq!(status, 200);
    assert_eq!(works(body["access"].as_str().unwrap().to_owned()).await, 200);
}
