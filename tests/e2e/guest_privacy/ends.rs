//! Tokens end when they must, and live on where they may.

use serde_json::json;

use crate::{
    Setting,
    seed::{CURIOUS, PASSWORD, PRIVATE, Person},
};

impl Setting {
    /// Status of a request with a guest's token, and with a refresh token.
    async fn alive(&self, tokens: &(String, String)) -> (u16, u16) {
        let profile = self.get("clients/client-auth/profile/", &tokens.0).await;
        let refreshed = self.post("token/refresh/", &json!({"refresh": tokens.1})).await;
        (profile.status, refreshed.status)
    }

    async fn sign_in_status(&self, who: &Person, password: &str) -> u16 {
        let body = json!({"document_type": "dni", "number_doc": who.number, "password": password});
        self.post("clients/client-auth/login/", &body).await.status
    }
}

#[tokio::test]
async fn tokens_of_guests_end_with_the_password_and_with_the_guest() {
    let setting = Setting::new().await;
    let (first, second) = (setting.sign_in(&PRIVATE).await, setting.sign_in(&PRIVATE).await);
    let other = setting.sign_in(&CURIOUS).await;
    for tokens in [&first, &second, &other] {
        assert_eq!(setting.alive(tokens).await, (200, 200));
    }

    // A new password ends every sign-in of that guest.
    let document = json!({"document_type": "dni", "number_doc": PRIVATE.number});
    assert_eq!(setting.post("clients/client-auth/forgot-password/", &document).await.status, 200);
    let mut reset = document.clone();
    reset["otp_code"] = json!(setting.vendors.code(PRIVATE.phone));
    reset["password"] = json!("Otra-clave-1");
    let answer = setting.post("clients/client-auth/reset-password/", &reset).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for tokens in [&first, &second] {
        assert_eq!(setting.alive(tokens).await, (401, 401));
    }
    assert_eq!(setting.alive(&other).await, (200, 200), "others stay signed in");
    assert_eq!(setting.sign_in_status(&PRIVATE, PASSWORD).await, 401);
    let anew = setting.casa.sign_in_guest(PRIVATE.number, "Otra-clave-1").await;
    assert_eq!(setting.alive(&anew).await, (200, 200));

    // So does deletion, by whatever token.
    let staff = setting.staff("gerente").await;
    let path = format!("/api/v1/clients/{}/", PRIVATE.id);
    let gone = setting.request("DELETE", &path).bearer_auth(&staff).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    for operation in setting.operations.iter().filter(|one| one.guest) {
        let request = setting.request(&operation.method, &operation.path_with(crate::seed::STAYS[0]));
        let status = request.bearer_auth(&anew.0).send().await.unwrap().status();
        assert_eq!(status, 401, "{}", operation.name());
    }
    assert_eq!(setting.alive(&anew).await, (401, 401));
    assert_eq!(setting.sign_in_status(&PRIVATE, "Otra-clave-1").await, 401);
    assert_eq!(setting.post("clients/verify-document/", &document).await.status, 404);
}

#[tokio::test]
async fn both_kinds_of_refresh_tokens_give_tokens_of_their_own_kind() {
    let setting = Setting::new().await;
    let (email, password) = setting.set.staff("vendedor1");
    let pair = setting.post("login/", &json!({"email": email, "password": password})).await.json();
    let (_, guest) = setting.sign_in(&CURIOUS).await;
    let staff = pair["refresh"].as_str().unwrap().to_owned();
    // Twice: a refresh token is not used up.
    for _ in 0..2 {
        for (refresh, own, foreign) in [
            (&staff, "reservations/?page_size=1", "clients/client-auth/profile/"),
            (&guest, "clients/client-auth/profile/", "reservations/?page_size=1"),
        ] {
            let answer = setting.post("token/refresh/", &json!({"refresh": refresh})).await.json();
            let access = answer["access"].as_str().unwrap();
            assert_eq!(setting.get(own, access).await.status, 200);
            assert_eq!(setting.get(foreign, access).await.status, 401);
            assert_eq!(setting.get(own, refresh).await.status, 401, "a refresh token opens nothing itself");
            let again = setting.post("token/refresh/", &json!({"refresh": access})).await;
            assert_eq!(again.status, 401, "nor does an access token make others");
        }
    }
}
