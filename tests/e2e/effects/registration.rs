//! A guest who registers: what each vendor is sent, to the letter, and what the table keeps.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    ANA, SEED, Setting, Stranger, id, send,
    table::{facts, feed},
    vendors::{ALL, META, TELEGRAM, WHATSAPP},
};

/// What a registration must have left behind, once: at every vendor and in the table.
pub async fn is_complete(setting: &Setting, stranger: Stranger, guest: &str) {
    for vendor in ALL {
        let calls = stranger.calls(&setting.vendors, vendor);
        assert_eq!(calls.iter().filter(|call| call.fault.is_none()).count(), 1, "{vendor}: {calls:?}");
    }
    in_the_table(setting, guest).await;
}

/// What of it is in the table.
pub async fn in_the_table(setting: &Setting, guest: &str) {
    let shared = &setting.casa.shared;
    assert_eq!(feed(shared, guest, "client_registered").await.len(), 1);
    let levels = setting.record(guest).await.levels;
    assert_eq!(levels.len(), 1);
    assert_eq!((levels[0].level.to_string(), levels[0].revoked), (id(SEED), false));
    let facts = facts(shared).await;
    for kind in ["client_created", "levels_reached"] {
        let own = facts.iter().filter(|fact| fact.doc["kind"] == kind && fact.doc["client"] == guest);
        assert_eq!(own.count(), 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_vendor_is_called_as_it_documents() {
    let setting = Setting::new(&[]).await;
    let body = json!({
        "document_type": "dni", "number_doc": "71111111", "first_name": "Ana Lucía", "last_name": "Rojas",
        "sex": "f", "email": "Ana@Example.com", "tel_number": "911111111",
    });
    let (status, answer) = setting.send(Method::POST, "clients/", Some(body)).await;
    assert_eq!(status, 201, "{answer}");
    let guest = answer["id"].as_str().unwrap().to_owned();
    setting.settle().await;

    let only = |vendor: &str| {
        let calls = setting.vendors.calls(vendor);
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!(calls[0].method, "POST");
        assert_eq!(calls[0].header("content-type"), Some("application/json"));
        calls[0].clone()
    };
    let meta = only(META);
    assert_eq!((meta.path.as_str(), meta.query.as_str()), ("/5678/users", "access_token=meta-secret"));
    assert_eq!(meta.header("authorization"), None);
    // Contract 02 §9, example 11.
    let row = [
        "8e43ca37701228e74983efdbd0cff5c16b3b1e5d4e29a7c05626d4d25a018e11",
        "529ce76fac7f6ce5629a65988e370f6ee09f18873b87ed8588e9e0d38ffa38e0",
    ];
    let expected = json!({"payload": {"schema": ["EMAIL_SHA256", "PHONE_SHA256"], "data": [row]}});
    assert_eq!(meta.body, expected);

    let welcome = only(WHATSAPP);
    assert_eq!((welcome.path.as_str(), welcome.query.as_str()), ("/1234/messages", ""));
    assert_eq!(welcome.header("authorization"), Some("Bearer whatsapp-secret"));
    let expected = json!({
        "messaging_product": "whatsapp", "to": "51911111111", "type": "template",
        "template": {
            "name": "registro_exitoso", "language": {"policy": "deterministic", "code": "es"},
            "components": [{"type": "header", "parameters": [{"type": "text", "text": "Ana"}]}],
        },
    });
    assert_eq!(welcome.body, expected);

    let notice = only(TELEGRAM);
    assert_eq!((notice.path.as_str(), notice.query.as_str()), ("/botbot-secret/sendMessage", ""));
    assert_eq!((notice.header("authorization"), &notice.body["chat_id"]), (None, &json!("clients")));
    assert_eq!(notice.body.as_object().unwrap().len(), 2, "plain text: {}", notice.body);
    let code = answer["referral_code"].as_str().unwrap();
    for part in ["Ana Lucía Rojas", "71111111", "Ana@Example.com", "+911111111", code] {
        assert!(notice.text().contains(part), "{part}: {}", notice.text());
    }

    in_the_table(&setting, &guest).await;
    let entry = feed(&setting.casa.shared, &guest, "client_registered").await.remove(0);
    assert_eq!((&entry["is_public"], &entry["importance_level"]), (&json!(true), &json!(2)));
    let data = json!({"referral_info": "", "referred_by_info": null, "registration_method": "web_form"});
    assert_eq!(entry["activity_data"], data);
    assert!(setting.told_of_levels().is_empty(), "everybody begins with the lowest level");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_registers_alone_is_met_the_same_way() {
    let setting = Setting::new(&[]).await;
    let stranger = Stranger(1);
    let mut body = stranger.body();
    body["referral_code"] = json!(format!("cod{ANA:03}"));
    let register = |body: Value| {
        send(&setting.http, &setting.casa, None, Method::POST, "clients/public-register/", Some(body))
    };
    let (status, answer) = register(body.clone()).await;
    assert_eq!(status, 201, "{answer}");
    let guest = answer["client_id"].as_str().unwrap().to_owned();
    setting.settle().await;
    is_complete(&setting, stranger, &guest).await;
    let entry = feed(&setting.casa.shared, &guest, "client_registered").await.remove(0);
    let referrer = &entry["activity_data"]["referred_by_info"];
    let expected = json!({
        "id": id(ANA), "name": "Ana L.", "referral_code": format!("COD{ANA:03}"), "points_percentage": 10.0,
    });
    assert_eq!(*referrer, expected);
    // The referrer's own standing moved with it: a second friend.
    let figures = setting.get("clients/referral-stats/").await;
    assert_eq!(figures["top_rankings"][0]["total_referrals"], 2, "{figures}");

    // The same again is refused and causes nothing.
    setting.vendors.forget();
    assert_eq!(register(body).await.0, 400);
    setting.settle().await;
    assert!(ALL.iter().all(|vendor| setting.vendors.calls(vendor).is_empty()));
    in_the_table(&setting, &guest).await;

    // Without a phone there is nobody to welcome; without an e-mail address half a row goes to the audience.
    let bare = Stranger(2);
    let mut body = bare.body();
    body["email"] = json!("");
    assert_eq!(setting.send(Method::POST, "clients/", Some(body)).await.0, 201);
    setting.settle().await;
    assert_eq!(bare.calls(&setting.vendors, META)[0].body["payload"]["data"][0][0], "");
    assert_eq!(bare.calls(&setting.vendors, WHATSAPP).len(), 1);
}
