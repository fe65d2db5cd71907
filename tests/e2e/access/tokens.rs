//! Tokens that are worth nothing.

use casa_domain::client::Client as Record;
use casa_tests::replay::NOBODY;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::Setting;

/// The secret of the servers under test.
const SECRET: &str = "only-for-tests-only-for-tests-only-for-tests";

/// The document of a guest of the set whom these tests delete.
const DELETED: &str = "36428990";

fn signed(claims: &Value, secret: &str, algorithm: Algorithm) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .unwrap()
}

/// Tokens that look more or less like those of the manager, none of which is one.
pub(crate) async fn bad_tokens(setting: &Setting) -> Vec<(&'static str, String)> {
    let (email, password) = setting.set.staff("gerente");
    let (_, answer) = setting.sign_in(email, password).await;
    let user = setting.user("gerente").await;
    let now = chrono::DateTime::parse_from_rfc3339(setting.set.clock()).unwrap().timestamp();
    let good = json!({
        "token_type": "access", "exp": now + 3600, "iat": now, "jti": "0123456789abcdef", "user_id": user.id,
        "session": user.session, "kind": "staff",
    });
    let with = |change: Value| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        signed(&claims, SECRET, Algorithm::HS256)
    };
    // The claims themselves are right: what follows is refused for what is changed.
    let request = setting.http.get(setting.casa.url("test/login/")).bearer_auth(with(json!({})));
    assert_eq!(request.send().await.unwrap().status(), 200);
    let (access, refresh) = setting.sign_in_guest().await;
    vec![
        ("garbage", "garbage".to_owned()),
        ("a refresh token", answer["refresh"].as_str().unwrap().to_owned()),
        ("another secret", signed(&good, &SECRET.replace("only", "also"), Algorithm::HS256)),
        ("another algorithm", signed(&good, SECRET, Algorithm::HS512)),
        ("a guest's token", access),
        ("a guest's refresh token", refresh),
        ("a guest's token with the id of staff", with(json!({"kind": "client", "client_id": user.id}))),
        ("no kind", with(json!({"kind": null}))),
        ("expired", with(json!({"exp": now}))),
        ("ended session", with(json!({"session": user.session + 1}))),
        ("nobody", with(json!({"user_id": 999_999}))),
        ("a refresh token in disguise", with(json!({"token_type": "refresh"}))),
        ("a text as id", with(json!({"user_id": user.id.to_string()}))),
    ]
}

/// Tokens that look more or less like those of a guest who has reservations, none of which is one.
pub(crate) async fn bad_tokens_of_guests(setting: &Setting) -> Vec<(&'static str, String)> {
    let (_, refresh) = setting.sign_in_guest().await;
    let (guest, user) = (setting.guest().await, setting.user("gerente").await);
    let now = chrono::DateTime::parse_from_rfc3339(setting.set.clock()).unwrap().timestamp();
    let good = json!({
        "token_type": "access", "exp": now + 3600, "iat": now, "jti": "0123456789abcdef", "client_id": guest.id,
        "user_id": guest.id, "document_type": guest.document_type, "number_doc": guest.number_doc,
        "session": guest.session, "kind": "client",
    });
    let with = |change: Value| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        signed(&claims, SECRET, Algorithm::HS256)
    };
    let profile = setting.http.get(setting.casa.url("clients/client-auth/profile/"));
    assert_eq!(profile.bearer_auth(with(json!({}))).send().await.unwrap().status(), 200);
    let store = setting.casa.shared.store();
    let deleted = store.clients().by_document("dni", DELETED).await.unwrap().unwrap();
    let gone = Record { deleted: true, ..deleted.client.clone() };
    let gone = store.clients().change(&deleted, &gone, None, Vec::new()).await.unwrap().client;
    vec![
        ("garbage", "garbage".to_owned()),
        ("a refresh token", refresh),
        ("another secret", signed(&good, &SECRET.replace("only", "also"), Algorithm::HS256)),
        ("another algorithm", signed(&good, SECRET, Algorithm::HS512)),
        ("a token of staff", setting.token("gerente").await),
        ("a token of staff with the id of a guest", with(json!({"kind": "staff"}))),
        ("the id of staff", with(json!({"client_id": user.id, "user_id": user.id}))),
        ("no kind", with(json!({"kind": null}))),
        ("no guest", with(json!({"client_id": null}))),
        ("expired", with(json!({"exp": now}))),
        ("ended session", with(json!({"session": guest.session + 1}))),
        ("no session", with(json!({"session": null}))),
        ("nobody", with(json!({"client_id": NOBODY, "user_id": NOBODY}))),
        ("a deleted guest", with(json!({"client_id": gone.id, "user_id": gone.id, "session": gone.session}))),
        ("a refresh token in disguise", with(json!({"token_type": "refresh"}))),
    ]
}
