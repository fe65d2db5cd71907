//! Strangers without a token, who know whatever can be known of a guest.

use casa_tests::document::Operation;
use serde_json::json;

use crate::{
    Answer, Setting, filling,
    seed::{Kind, PRIVATE, STAYS, traces},
};

/// What the contract shows to anybody.
fn shown(operation: &Operation) -> &'static [Kind] {
    match operation.path.strip_prefix("/api/v1/").unwrap() {
        // The whole name, and the code (contract 05 §3.10).
        "qr/{reservation_id}/" => &[Kind::FirstName, Kind::LastName, Kind::FurtherNames, Kind::Code],
        // The first of each name, and the stay that is going on (contract 03 §3.6).
        "clients/by-referral-code/{code}/" => &[Kind::FirstName, Kind::LastName, Kind::Stay],
        // `Zoraida Q.`, and the stay (contract 05 §3.9).
        "property/{slug}/calendar-occupancy/" => &[Kind::FirstName, Kind::Stay],
        // The ids of the stays to come: other platforms know them again by these (contract 05 §4.6).
        "get-ics/" => &[Kind::Stay],
        // Who is in the house now, and the stays to come with their prices (contract 05 §3.11). Without a key it is open.
        "homeassistant/" => &[Kind::FirstName, Kind::LastName, Kind::Id, Kind::Stay, Kind::Price],
        // `Zoraida Q.` (contract 03 §4.G); the history names the id.
        "clients/referral-ranking/" => &[Kind::FirstName, Kind::Id],
        "clients/referral-ranking/current/" | "clients/referral-stats/" | "clients/verify-document/" => {
            &[Kind::FirstName]
        }
        _ => &[],
    }
}

#[tokio::test]
async fn strangers_see_what_the_contract_shows() {
    let setting = Setting::new().await;
    let (mut complaints, mut seen) = (Vec::new(), Vec::new());
    for operation in setting.operations.iter().filter(|one| one.is_public()) {
        let allowed = shown(operation);
        let query = filling::query(&setting, operation);
        let of_all: Vec<_> = query.iter().filter(|(name, _)| name != "client_id").cloned().collect();
        let body = filling::body(&setting, operation);
        let mut found_any = false;
        for path in filling::paths(&setting, operation) {
            for query in [&Vec::new(), &of_all, &query, &[of_all.clone(), filling::undocumented()].concat()] {
                let mut request = setting.request(&operation.method, &path).query(query);
                if let Some(body) = &body {
                    request = request.json(body);
                }
                let Answer { status, text } = Answer::to(request).await;
                let found = traces(&text, allowed);
                found_any |= traces(&text, &[]) != found;
                if !found.is_empty() || status >= 500 || !operation.answers.contains_key(&status) {
                    complaints.push(format!(
                        "{} {path} {query:?}: {status} shows {found:?}: {text:.600}",
                        operation.method
                    ));
                }
            }
        }
        if found_any {
            seen.push(operation.path.as_str());
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    // Where something may be shown it was shown, so the questions were the right ones.
    let may: Vec<_> = setting
        .operations
        .iter()
        .filter(|one| one.is_public() && !shown(one).is_empty())
        .map(|one| &one.path)
        .collect();
    assert_eq!(seen, may);
}

#[tokio::test]
async fn names_are_cut_and_documents_answered_with_masks() {
    let setting = Setting::new().await;
    let document = json!({"document_type": "dni", "number_doc": PRIVATE.number});
    let answer = setting.post("clients/verify-document/", &document).await;
    let masked = json!({
        "first_name": "Zoraida", "last_name": "Q.", "email": "z***@reservada.example", "phone": "***0846",
        "has_password": true,
    });
    assert_eq!((answer.status, answer.json()), (200, json!({"exists": true, "client": masked})));

    let code = format!("clients/by-referral-code/{}/", PRIVATE.code);
    let page = Answer::to(setting.request("GET", &format!("/api/v1/{code}"))).await.json();
    assert_eq!(
        (&page["client"]["first_name"], &page["client"]["last_name"]),
        (&json!("Zoraida"), &json!("Quispichuco"))
    );
    assert_eq!(page["active_reservations"][0]["id"], STAYS[0]);
    assert_eq!(page["active_reservations"].as_array().unwrap().len(), 1, "only the stay that is going on");

    for path in ["request-otp/", "forgot-password/"] {
        let answer = setting.post(&format!("clients/client-auth/{path}"), &document).await;
        assert!(answer.status == 200 && answer.text.contains("***0846"), "{path}: {}", answer.text);
    }
}
